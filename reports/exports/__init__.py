"""The partnership as files for other systems: the import format, or FHIR bundles. Identifying, so guarded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa

from analysis.tables import Slice
from graphmodel.access import Viewer
from graphmodel.audit_log import AuditLog
from graphmodel.beside import workplace
from graphmodel.disk import on_disk
from graphmodel.errors import SettingsError
from reports.exports.canonical import write_canonical
from reports.exports.fhir import write_fhir

Writer = Callable[[Slice, Path], "dict[str, int]"]
EXPORTS: Final[Mapping[str, Writer]] = {"canonical": write_canonical, "fhir": write_fhir}
"""What can be written: a slice into a folder that is there and empty; gives the rows by table."""


@dataclass(frozen=True)
class Exported:
    """What an export holds: rows by table, and rows that were left out."""

    folder: Path
    format: str
    tables: dict[str, int]
    withheld: int

    @property
    def rows(self) -> int:
        return sum(self.tables.values())


def export(slice_: Slice, out: Path, *, format: str, viewer: Viewer, home: Path) -> Exported:  # noqa: A002
    """Write everything that the slice holds into the new folder `out`, whole or not at all.

    Children and practitioners stand in it by id, practitioners by name: the viewer needs both rights and a
    reason (`AccessRefused`), and the audit record of `home` gets an entry before the folder appears. Columns
    for identity matching are not in the graph, so not here. What a sensitive service does for a child
    without recorded consent is left out and counted. Files are readable by their owner only. Raises
    `SettingsError` where the format is not known or `out` is there already.
    """
    viewer.must_see_children()
    viewer.must_see_names()
    if format not in EXPORTS:
        raise SettingsError(f"format {format}", "cannot be written", f"Use one of: {', '.join(EXPORTS)}.")
    if out.exists():
        raise SettingsError(str(out), "is there already", "Name a folder that is not there yet.")
    with on_disk(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        # what a killed export left beside it goes too: it may hold every child
        with workplace(out.parent, f".{out.name}-", ".partial") as beside:
            kept, withheld = without_unconsented(slice_)
            tables = EXPORTS[format](kept, beside)
            for file in beside.iterdir():
                file.chmod(0o600)
            done = Exported(out, format, tables, withheld)
            about = f"all children and practitioners, as {format}"
            AuditLog(home).record(viewer, "export", about=about, rows=done.rows, load_id=slice_.load_id)
            beside.rename(out)
    return done


def without_unconsented(slice_: Slice) -> tuple[Slice, int]:
    """The slice without interventions of sensitive services that lack consent, and how many there are."""
    services, interventions = slice_.table("services"), slice_.table("interventions")
    sensitive = set(services.loc[services["sensitive"].fillna(value=True).astype(bool), "service_id"])
    consent = interventions["consent"].fillna(value=False).astype(bool)
    gone = interventions["service_id"].isin(sensitive) & ~consent
    if not gone.any():
        return slice_, 0
    kept = slice_.arrow["interventions"].filter(pa.array(~gone.to_numpy()))
    return slice_.replaced({"interventions": kept}), int(gone.sum())
