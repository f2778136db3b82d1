"""Tables of the report: one description that both the HTML and the workbook are written from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import pandas as pd

from reports.words import NOT_DEFINED, SUPPRESSED

Kind = Literal["text", "count", "mean", "points", "share", "ratio", "change"]
Cell = str | float

FORMATS: Final[dict[Kind, str]] = {
    "text": "@",
    "count": "#,##0",
    "mean": "#,##0.0",
    "points": "#,##0.0",
    "share": "0.0%",
    "ratio": "0.000",
    "change": "+#,##0;-#,##0;0",
}


@dataclass(frozen=True)
class Column:
    """A heading, what it means, and how its numbers are written."""

    name: str
    heading: str
    kind: Kind = "text"


@dataclass(frozen=True)
class Table:
    """A table to circulate: cells are text, or numbers; "c" and "n/a" stand where there is no number."""

    name: str
    caption: str
    note: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    after: str = ""

    def texts(self) -> list[list[str]]:
        """The rows as people read them."""
        kinds = [column.kind for column in self.columns]
        return [[written(c, k) for c, k in zip(row, kinds, strict=True)] for row in self.rows]


def written(cell: Cell, kind: Kind) -> str:
    """A cell as text, in the format of its column."""
    if isinstance(cell, str):
        return cell
    match kind:
        case "share":
            return f"{100 * cell:.1f}%"
        case "ratio":
            return f"{cell:.3f}"
        case "mean" | "points":
            return f"{cell:,.1f}"
        case "change":
            return f"{cell:+,.0f}" if cell else "0"
        case _:
            return f"{cell:,.0f}"


def table(
    name: str,
    caption: str,
    columns: tuple[Column, ...],
    frame: pd.DataFrame,
    hidden: pd.DataFrame | None = None,
    *,
    note: str = "",
) -> Table:
    """A table of a frame's columns; a missing number is "c" or a text where `hidden` says so, or "n/a"."""
    rows = []
    for position in range(len(frame)):
        row: list[Cell] = []
        for column in columns:
            value = frame[column.name].iloc[position]
            if column.kind == "text":
                row.append("" if pd.isna(value) else str(value))
            elif not math.isnan(value):
                row.append(float(value))
            else:
                gone = False if hidden is None else hidden[column.name].iloc[position]
                row.append(str(gone) if isinstance(gone, str) else SUPPRESSED if gone else NOT_DEFINED)
        rows.append(tuple(row))
    return Table(name, caption, note, columns, tuple(rows))
