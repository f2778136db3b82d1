"""The formats that can be read: one reader each, which maps its files onto the canonical tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from loaders.raw import Source
from loaders.sources.annex_a import looks_like_annex_a, read_annex_a
from loaders.sources.canonical import read_canonical
from loaders.sources.cin import looks_like_cin, read_cin
from loaders.sources.csww import looks_like_csww, read_csww
from loaders.sources.dfe_api import looks_like_dfe_api, read_dfe_api
from loaders.sources.fhir import looks_like_fhir, read_fhir
from loaders.sources.send import looks_like_send, read_send
from loaders.sources.spreadsheet import is_mapping, looks_like_spreadsheet, read_spreadsheet
from loaders.sources.ssd import looks_like_ssd, read_ssd
from loaders.sources.ssda903 import looks_like_ssda903, read_ssda903


@dataclass(frozen=True)
class Reading:
    """What a reader may need beside the path.

    `key` is the data folder's, which makes ids of names; `with_file` is what `--with` names: the role map
    of a case system, the mapping of a partner's spreadsheet. `home` is the data folder, `source` whose facts
    these are, where `--source` says it.
    """

    key: bytes
    with_file: Path | None = None
    home: Path | None = None
    source: str | None = None


Reader = Callable[[Path, Reading], Source]


def _never(_: Path) -> bool:
    return False


@dataclass(frozen=True)
class Format:
    """One format: its name in `--format`, what it is in words, its reader and what it is known by.

    `read` takes a path and what else there is to a reading, and raises `SourceError` where nothing of the
    format is there. `looks_like` opens as little as it can and never raises.
    """

    name: str
    what: str
    read: Reader
    looks_like: Callable[[Path], bool] = _never


FORMATS: Final[dict[str, Format]] = {
    known.name: known
    for known in (
        Format(
            "canonical", "the import format: CSV files or a workbook", lambda path, _: read_canonical(path)
        ),
        Format(
            "ssd",
            "the Standard Safeguarding Dataset: CSV or Parquet files, or a .toml that names its database",
            lambda p, r: read_ssd(p, r.with_file),
            looks_like_ssd,
        ),
        Format("cin", "the children in need census, XML", lambda path, _: read_cin(path), looks_like_cin),
        Format(
            "csww", "the social work workforce census, XML", lambda path, _: read_csww(path), looks_like_csww
        ),
        Format(
            "dfe_api",
            "the Department for Education's daily payloads: JSON, or a CSV or Parquet dump of them",
            lambda path, _: read_dfe_api(path),
            looks_like_dfe_api,
        ),
        Format(
            "ssda903",
            "the SSDA903 return of looked after children, CSV files or a workbook",
            lambda path, _: read_ssda903(path),
            looks_like_ssda903,
        ),
        Format(
            "send", "the SEND Annex A: EHC plans and SEN support", lambda p, _: read_send(p), looks_like_send
        ),
        Format(
            "annex_a", "Ofsted's Annex A workbook", lambda p, r: read_annex_a(p, r.key), looks_like_annex_a
        ),
        Format(
            "fhir",
            "FHIR R4 care teams and episodes of care: Bundles or resources, JSON, NDJSON or XML",
            lambda p, r: read_fhir(p, r.key, r.with_file),
            looks_like_fhir,
        ),
        # last, as whatever is no other format may be a partner's own list
        Format(
            "spreadsheet",
            "a partner's own list, by a mapping",
            lambda p, r: read_spreadsheet(p, r.key, r.with_file, r.home, r.source),
            looks_like_spreadsheet,
        ),
    )
}
"""Every format, by name."""


def guess_format(path: Path, with_file: Path | None = None) -> str:
    """The format that the thing at `path` looks like; the canonical one where nothing else fits.

    A mapping in `with_file` says that it is a partner's spreadsheet, whatever it looks like.
    """
    if with_file is not None and is_mapping(with_file):
        return "spreadsheet"
    return next((known.name for known in FORMATS.values() if known.looks_like(path)), "canonical")
