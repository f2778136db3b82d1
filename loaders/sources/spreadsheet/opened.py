"""A CSV file or a workbook as it stands: its rows as text, and those that cannot be read."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from python_calamine import CalamineError

from graphmodel.errors import SourceError
from loaders.csv_text import Lines, detect_encoding, reading_fault
from loaders.sheets import Book, cell_text

MOST_ROWS: Final = 200_000
MOST_COLUMNS: Final = 400
MOST_BYTES: Final = 200 << 20
HEADER_WITHIN: Final = 40
_LONGEST_CELL: Final = 1 << 16
_SEPARATORS: Final = ",;\t|"

Row = list[str]


@dataclass
class Opened:
    """A sheet or a CSV file (`text`), columns from its first one.

    `broken` are rows that cannot be read, by number, and why; `formulas` are cells (row number, column) with
    a formula and no value of it.
    """

    name: str
    rows: list[Row] = field(default_factory=list)
    broken: dict[int, str] = field(default_factory=dict)
    formulas: set[tuple[int, int]] = field(default_factory=set)
    text: bool = False
    note: str = ""


def csv_rows(path: Path) -> Opened:
    """The rows of a CSV file; one that is no CSV or has bytes that are no text is empty and `broken`."""
    if path.stat().st_size > MOST_BYTES:
        raise SourceError(path.name, f"has more than {MOST_BYTES >> 20} MiB", "Leave out what is not needed.")
    encoding = detect_encoding(path)
    csv.field_size_limit(_LONGEST_CELL)
    found = Opened(path.stem, text=True, note=f"{path.name} {encoding.note}" if encoding.note else "")
    try:
        with path.open(encoding=encoding.name, errors="surrogateescape", newline="") as file:
            separator = _separator([line for line, _ in zip(file, range(HEADER_WITHIN), strict=False)])
            file.seek(0)
            lines = Lines(file, path.name)
            reader = csv.reader(lines, delimiter=separator, strict=True)
            while len(found.rows) <= MOST_ROWS and (row := _next_row(reader, lines, found)) is not None:
                found.rows.append(row)
    except (csv.Error, UnicodeError) as fault:
        raise SourceError(path.name, f"cannot be read as CSV ({fault})", "Save it as CSV again.") from None
    if found.rows and len(found.rows[0]) == 1 and re.fullmatch(r"sep=.", found.rows[0][0].strip()):
        found.rows[0] = []
    return found


def _next_row(reader: Iterator[Row], lines: Lines, found: Opened) -> Row | None:
    """The next row, empty where it cannot be read; None behind the last one."""
    lines.taken.clear()
    try:
        row = next(reader, None)
    except csv.Error as fault:
        lines.give_back()
        found.broken[len(found.rows) + 1] = reading_fault(fault)
        return []
    for cell in row or ():
        if "\0" in cell:
            found.broken[len(found.rows) + 1] = "has a NUL: the file is damaged here"
            return []
        if not cell.isascii() and any("\ud800" <= letter <= "\udfff" for letter in cell):
            found.broken[len(found.rows) + 1] = "has bytes that are not UTF-8: export as CSV UTF-8"
            return []
    return row


def _separator(head: Sequence[str]) -> str:
    """The separator that makes most rows of more than one cell, and of the same width."""
    if head and (said := re.match(r"sep=(.)", head[0])):
        return said[1]

    def fit(separator: str) -> tuple[int, int]:
        try:
            widths = Counter(len(row) for row in csv.reader(head, delimiter=separator) if len(row) > 1)
        except csv.Error:
            return (0, 0)
        width, rows = max(widths.items(), key=lambda item: item[0] * item[1], default=(0, 0))
        return (width * rows, width)

    return max(_SEPARATORS, key=fit)


def workbook_sheets(path: Path) -> Iterator[Opened]:
    """Every sheet of a workbook, merged cells filled; formulas that were never reckoned out are text."""
    book = Book(path)
    for name in book.sheets:
        found = Opened(name, [[_cell(cell) for cell in row] for row in book.rows(name)])
        rows = found.rows
        if path.suffix.lower() in (".xlsx", ".xlsm"):
            for (row, column), text in book.suspects(name).items():
                if row <= len(rows) and column < len(rows[row - 1]) and not rows[row - 1][column]:
                    rows[row - 1][column] = text
                    if text.startswith("="):
                        found.formulas.add((row, column))
        _unmerge(rows, _merged(book, name))
        yield found


def _merged(book: Book, name: str) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    try:
        return book.merged(name)
    except (CalamineError, ValueError):
        return []


def _unmerge(rows: list[Row], ranges: Sequence[tuple[tuple[int, int], tuple[int, int]]]) -> None:
    """Write a merged cell's text into every cell that it covers: a child over its practitioners' rows."""
    for (top, left), (bottom, right) in ranges:
        if top >= len(rows) or left >= len(rows[top]) or right - left > MOST_COLUMNS:
            continue
        for row in rows[top : bottom + 1]:
            for place in range(left, min(right + 1, len(row))):
                row[place] = row[place] or rows[top][left]


def _cell(value: object) -> str:
    text = cell_text(value)
    return "" if not text.strip() else text
