"""A slice as a folder of CSV files in the import format, which loads back as it was."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path
from typing import Any, Final

from analysis.tables import Slice

_ROWS: Final = 20_000


def write_canonical(slice_: Slice, folder: Path) -> dict[str, int]:
    """Write a file for each table that has rows; gives the rows by table."""
    rows = {}
    for name, table in slice_.arrow.items():
        if not table.num_rows:
            continue
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as text:
            writer = csv.writer(text, lineterminator="\r\n")
            writer.writerow(table.column_names)
            for batch in table.to_batches(_ROWS):
                columns = [column.to_pylist() for column in batch.columns]
                writer.writerows([cell(value) for value in row] for row in zip(*columns, strict=True))
        rows[name] = table.num_rows
    return rows


def cell(value: Any) -> str:
    """A value as the import format writes it; empty where it is absent."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case dt.date():
            return value.isoformat()
        case _:
            return str(value)
