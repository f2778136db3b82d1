"""A mapping tried on a file, without a graph: rows read and rejected, and what stays open."""

from __future__ import annotations

import secrets
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from graphmodel.relationships import TABLES
from loaders.checks import check_rows, drop_blank_rows
from loaders.raw import PLACE
from loaders.references import check_references
from loaders.sources.spreadsheet.grid import Grid, open_grid
from loaders.sources.spreadsheet.mapping import Mapping
from loaders.sources.spreadsheet.read import read_mapped
from loaders.staging import Staging

MOST_FAULTS: Final = 20


@dataclass(frozen=True)
class Fault:
    """Rows of one table rejected for one reason; `column` is the list's own heading."""

    table: str
    column: str
    reason: str
    rows: int
    first_row: str


@dataclass(frozen=True)
class Checked:
    """What a load would read of a file by a mapping: rows by table, of them rejected, faults, words."""

    read: dict[str, int]
    rejected: dict[str, int]
    faults: tuple[Fault, ...]
    notes: tuple[str, ...]
    findings: dict[str, int]


def check(mapping: Mapping, path: Path) -> Checked:
    """Try a mapping on the file at `path`. Raises `SourceError` where it does not fit."""
    return check_grid(mapping, open_grid(path))


def check_grid(mapping: Mapping, grid: Grid) -> Checked:
    """The same for a file that is open. Ids are made with a key of its own and thrown away."""
    key = secrets.token_bytes(32)
    source = read_mapped(grid.path.name, [grid], mapping, key)
    with tempfile.TemporaryDirectory(prefix="tacgraph-check-") as folder, Staging(Path(folder)) as stage:
        for raw in source.tables:
            stage.take(raw, key, lambda _: None)
            drop_blank_rows(stage, raw.name)
        stage.describe(source)
        for raw in source.tables:
            check_rows(stage, raw.name)
        for table in TABLES:
            check_references(stage, table, lambda _label, _ids: [])
        rejected = dict(
            stage.rows("SELECT tbl, count(DISTINCT row_no) FROM rejects GROUP BY tbl ORDER BY tbl")
        )
        listed = stage.rows(
            "SELECT r.tbl, coalesce(h.heading, r.col), r.reason, count(*), min(r.row_no) FROM rejects r "
            f"LEFT JOIN headings h ON h.place = r.row_no // {PLACE} AND h.tbl = r.tbl AND h.col = r.col "
            "GROUP BY ALL ORDER BY 4 DESC, 1, 2, 3 LIMIT $most",
            {"most": MOST_FAULTS},
        )
        read = {raw.name: stage.read[raw.name] for raw in source.tables}
    faults = tuple(Fault(t, c or "", r, n, f"row {row % PLACE}") for t, c, r, n, row in listed)
    return Checked(
        read, rejected, faults, tuple(source.notes), dict(Counter(f.kind for f in source.findings))
    )
