"""Registries kept in the data folder, so that agencies and headings are known without the files at hand."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from graphmodel.errors import SourceError
from loaders.registries.record import Establishment, Registry, Succession
from loaders.sources.spreadsheet.cells import plain_words

FOLDER: Final = "registries"
_ESTABLISHMENTS: Final = "establishments.parquet"
_SUCCESSIONS: Final = "successions.parquet"


def keep(home: Path, registry: Registry) -> None:
    """Keep what was read; of an establishment that is kept already the new entry counts."""
    before = known(home)
    entries = {one.ident: one for one in (*before.establishments, *registry.establishments)}
    links = {(one.before, one.after): one for one in (*before.successions, *registry.successions)}
    _write(home, _ESTABLISHMENTS, Establishment, list(entries.values()))
    _write(home, _SUCCESSIONS, Succession, list(links.values()))


def _write(home: Path, name: str, kind: type, rows: list[Establishment] | list[Succession]) -> None:
    folder = home / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    columns = [f.name for f in dataclasses.fields(kind)]
    schema = pa.schema([(column, pa.string()) for column in columns])
    table = pa.Table.from_pydict({c: [getattr(row, c) for row in rows] for c in columns}, schema=schema)
    fresh = folder / f"{name}.new"
    pq.write_table(table, fresh)
    fresh.replace(folder / name)


def known(home: Path) -> Registry:
    """What is kept; nothing where nothing was read yet."""
    folder = home / FOLDER
    if not (folder / _ESTABLISHMENTS).exists():
        return Registry()
    try:
        entries = pq.read_table(folder / _ESTABLISHMENTS).to_pylist()
        links = pq.read_table(folder / _SUCCESSIONS).to_pylist()
        return Registry([Establishment(**row) for row in entries], [Succession(**row) for row in links])
    except (OSError, pa.ArrowException, TypeError) as fault:
        raise SourceError(
            str(folder), f"cannot be read ({fault})", "Take it out and resolve again."
        ) from None


def school_names(home: Path) -> frozenset[str]:
    """The names of the schools that are kept, as headings and cells are compared."""
    return frozenset(plain_words(one.name) for one in known(home).establishments if one.scheme == "urn")
