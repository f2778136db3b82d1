"""Where lists lie: sheets of a workbook, or one CSV or workbook a list in a folder; cells as they stand."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from graphmodel.errors import SourceError
from loaders.csv_text import Lines, detect_encoding
from loaders.raw import PLACE
from loaders.sheets import Book

ZIPPED: Final = (".xlsx", ".xlsm")
BOOKS: Final = (*ZIPPED, ".xls", ".xlsb", ".ods")
TEXTS: Final = (".csv", ".txt", ".tsv")
MOST_FILES: Final = 60
"""A folder with more files than this holds something else."""

MOST_TEXT: Final = 512 << 20
"""Bytes of one CSV file: the lists of the largest authority have some ten million."""

MOST_MERGED: Final = 100_000
_SEPARATORS: Final = ",;\t|"
_HEAD_LINES: Final = 30
_LONGEST_CELL: Final = 1 << 16
_DEFAULT_SHEET: Final = re.compile(
    r"(sheet|worksheet|tabelle|export|results?|data|query)[ _]?\d*", re.IGNORECASE
)


@dataclass
class Grid:
    """One sheet or one CSV file.

    `name` is what tells which list it is, `label` what reports call it. `rows` start at row 1 of the sheet.
    `formulas` are texts of formulas by row (from 1) and column (from 0); `broken` rows that are no CSV;
    `fault` says why a sheet cannot be read (it may be a chart); `text`: it is a CSV file.
    """

    name: str
    label: str
    rows: list[list[Any]] = field(default_factory=list)
    formulas: dict[tuple[int, int], str] = field(default_factory=dict)
    broken: list[tuple[int, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    filled: int = 0
    fault: SourceError | None = None
    text: bool = False


def files_of(path: Path) -> list[Path]:
    """The files at a path that may hold lists, in order of name."""
    if path.is_file():
        return [path] if path.suffix.lower() in (*BOOKS, *TEXTS) else []
    if not path.is_dir():
        return []
    found = [p for p in sorted(path.iterdir()) if p.is_file() and not p.name.startswith((".", "~"))]
    return [p for p in found if p.suffix.lower() in (*BOOKS, *TEXTS)]


def open_grids(path: Path) -> list[Grid]:
    """Every sheet and CSV file at a path. Raises `SourceError` where a file cannot be read at all."""
    files = files_of(path)
    if not files:
        raise SourceError(
            str(path), "is no workbook, no CSV file and no folder with some", "Name the workbook or folder."
        )
    if len(files) > MOST_FILES:
        raise SourceError(str(path), f"holds {len(files)} files", "Name a folder with the lists alone.")
    found: list[Grid] = []
    for file in files:
        found += _csv(file) if file.suffix.lower() in TEXTS else _book(file, alone=path.is_file())
    return found


def _book(path: Path, *, alone: bool) -> list[Grid]:
    book = Book(path)
    found = []
    for sheet in book.sheets:
        unnamed = len(book.sheets) == 1 and (not alone or _DEFAULT_SHEET.fullmatch(sheet.strip()))
        name = f"{path.stem} {sheet}" if unnamed else sheet
        label = sheet if alone else path.name if len(book.sheets) == 1 else f"{path.name}, sheet {sheet}"
        try:
            grid, merged = Grid(name, label, list(book.rows(sheet))), book.merged(sheet)
        except SourceError as fault:
            grid = Grid(name, label, notes=[f"sheet left out: {fault}"], fault=fault)
            merged = []
        if path.suffix.lower() in ZIPPED:
            grid.formulas = {at: t for at, t in book.suspects(sheet).items() if t.startswith("=")}
        _fill_merged(grid, merged)
        found.append(grid)
    return found


def _fill_merged(grid: Grid, ranges: list[tuple[tuple[int, int], tuple[int, int]]]) -> None:
    """A cell merged over several rows says the same of each of them; merged over columns it is a title."""
    for (top, left), (bottom, right) in ranges:
        if left != right or grid.filled > MOST_MERGED or top >= len(grid.rows):
            continue
        value = grid.rows[top][left] if left < len(grid.rows[top]) else ""
        for row in grid.rows[top + 1 : bottom + 1]:
            if left < len(row) and row[left] in ("", None):
                row[left] = value
                grid.filled += 1
    if grid.filled:
        grid.notes.append(f"{grid.label}: {grid.filled} cells filled from cells merged over several rows")


def _csv(path: Path) -> list[Grid]:
    if path.stat().st_size > MOST_TEXT:
        raise SourceError(path.name, f"is larger than {MOST_TEXT >> 20} MiB", "Export one list a file.")
    encoding = detect_encoding(path)
    notes = [f"{path.name} {encoding.note}"] if encoding.note else []
    grid = Grid(path.stem, path.name, notes=notes, text=True)
    csv.field_size_limit(_LONGEST_CELL)
    with path.open(encoding=encoding.name, errors="surrogateescape", newline="") as file:
        lines = Lines(file, path.name)
        try:
            separator = _separator([line for _, line in zip(range(_HEAD_LINES), lines, strict=False)])
            file.seek(0)
            lines = Lines(file, path.name)
            _records(grid, lines, separator)
        except UnicodeError:
            raise SourceError(
                path.name, "is damaged in the middle of a character", "Export it again."
            ) from None
    return [grid]


def _separator(lines: list[str]) -> str:
    """The sign that stands most often in any one of the first lines; a comma on equal terms."""
    return max(_SEPARATORS, key=lambda sign: max((line.count(sign) for line in lines), default=0))


def _records(grid: Grid, lines: Lines, separator: str) -> None:
    reader = csv.reader(lines, delimiter=separator, strict=True)
    while len(grid.rows) < PLACE:
        lines.taken.clear()
        try:
            row = next(reader, None)
        except csv.Error as fault:
            lines.give_back()
            grid.rows.append([])
            grid.broken.append((len(grid.rows), f"cannot be read as CSV ({fault})"))
            continue
        if row is None:
            return
        if any("\0" in cell or (not cell.isascii() and _torn(cell)) for cell in row):
            grid.rows.append([])
            grid.broken.append((len(grid.rows), "has bytes that are no text: export as CSV UTF-8"))
            continue
        grid.rows.append(list(row))


def _torn(cell: str) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in cell)
