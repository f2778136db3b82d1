"""Workbooks: one sheet a table. Values as Excel last saved them; a formula never saved is no value."""

from __future__ import annotations

import datetime as dt
import itertools
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from openpyxl import load_workbook
from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum

from graphmodel.errors import SourceError
from graphmodel.relationships import TABLES
from loaders.bounds import check_workbook, column_number
from loaders.csv_text import check_header
from loaders.raw import CHUNK_ROWS, Chunk, RawTable, RowFault, Source, declared_columns, plain_header

NO_VALUE: Final = (
    "formula without a value, or with an error as its value: open the workbook in Excel and save it"
)
_EXACT_INTEGER: Final = 10**15
_DAMAGED: Final = (
    *(zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, LookupError, TypeError, AttributeError),
    *(RuntimeError, SyntaxError),
)
"""What the readers of the parts of a damaged workbook raise."""

_SUSPECT_MARKS: Final = (b"<f>", b"<f ", b"<f/", b't="e"')
_SAVED_TEXT: Final = re.compile(rb'<(?:\w+:)?c\s(?=[^>]*\bt="str")[^>]*?\br="([A-Z]{1,3})([0-9]{1,7})"')
"""A cell whose formula has a text as its value: also the empty text, which is a value like others."""

_LONGEST_TAG: Final = 1 << 10


def cell_text(value: object) -> str:
    """A cell as the format writes it: dates ISO, whole numbers without a point, true and false small.

    A number as id (12.0) becomes `12`; an empty cell the empty text.
    """
    match value:
        case None | "":
            return ""
        case bool():
            return "true" if value else "false"
        case float():
            whole = value.is_integer() and abs(value) < _EXACT_INTEGER
            return str(int(value)) if whole else repr(value)
        case dt.datetime():
            midnight = value.time() == dt.time()
            return value.date().isoformat() if midnight else value.isoformat(sep=" ")
        case dt.date():
            return value.isoformat()
        case _:
            return str(value)


class Book:
    """An open workbook. Raises `SourceError` where it is none."""

    def __init__(self, path: Path) -> None:
        self.path = path
        check_workbook(path)
        try:
            self._book = CalamineWorkbook.from_path(str(path))
        except (CalamineError, OSError, ValueError) as fault:
            raise SourceError(
                path.name, f"cannot be read as a workbook ({_short(fault)})", "Save it as .xlsx in Excel."
            ) from None
        told = self._book.sheets_metadata
        self.sheets: list[str] = [one.name for one in told if one.typ != SheetTypeEnum.ChartSheet]

    def rows(self, sheet: str) -> Iterator[list[Any]]:
        """All rows from the sheet's first one on, empty ones too, each from its first column on."""
        try:
            found = self._book.get_sheet_by_name(sheet)
            before = [""] * (found.start[1] if found.start else 0)
            for row in found.iter_rows():
                yield before + row
        except (CalamineError, ValueError) as fault:
            raise SourceError(
                f"{self.path.name}, sheet {sheet}",
                f"cannot be read ({_short(fault)})",
                "Save it again in Excel.",
            ) from None

    def merged(self, sheet: str) -> list[tuple[tuple[int, int], tuple[int, int]]]:
        """Ranges of merged cells: (first row, first column), (last row, last column), all from 0."""
        try:
            ranges = self._book.get_sheet_by_name(sheet).merged_cell_ranges
        except (CalamineError, ValueError) as fault:
            raise self._damaged(fault) from None
        return [((top, left), (bottom, right)) for (top, left), (bottom, right) in ranges or ()]

    @cached_property
    def has_suspects(self) -> bool:
        """Whether any sheet has a formula or an error at all: the look for them is slow."""
        try:
            with zipfile.ZipFile(self.path) as archive:
                names = archive.namelist()
                sheets = [n for n in names if n.startswith("xl/worksheets/") and n.endswith(".xml")]
                return any(self._has_suspects(archive, name) for name in sheets)
        except _DAMAGED as fault:
            raise self._damaged(fault) from None

    @staticmethod
    def _has_suspects(archive: zipfile.ZipFile, name: str) -> bool:
        with archive.open(name) as sheet:
            before = b""
            while part := sheet.read(1 << 20):
                if any(mark in before + part for mark in _SUSPECT_MARKS):
                    return True
                before = part[-8:]
        return False

    def suspects(self, sheet: str) -> dict[tuple[int, int], str]:
        """Formulas and errors (`#N/A`) as they stand, by row (from 1) and column (from 0)."""
        if not self.has_suspects:
            return {}
        try:
            book = load_workbook(self.path, read_only=True, data_only=False)
        except _DAMAGED as fault:
            raise self._damaged(fault) from None
        try:
            found: Any = book[sheet]
            saved = self._saved_texts(getattr(found, "_worksheet_path", ""))
            found.reset_dimensions()  # what a sheet says of its own size need not be so
            return {
                (number, place): str(cell.value)
                for number, row in enumerate(found.iter_rows(), start=1)
                for place, cell in enumerate(row)
                if cell.data_type in ("f", "e") and (number, place) not in saved
            }
        except _DAMAGED as fault:
            raise self._damaged(fault) from None
        finally:
            book.close()

    def _saved_texts(self, part: str) -> set[tuple[int, int]]:
        """Cells of a sheet whose formulas came to a text, by row (from 1) and column (from 0)."""
        found: set[tuple[int, int]] = set()
        before = b""
        with zipfile.ZipFile(self.path) as archive, archive.open(part.lstrip("/")) as sheet:
            while more := sheet.read(1 << 20):
                cells = _SAVED_TEXT.findall(before + more)
                found |= {(int(row), column_number(letters) - 1) for letters, row in cells}
                before = more[-_LONGEST_TAG:]
        return found

    def _damaged(self, fault: Exception) -> SourceError:
        words = f"is damaged and cannot be read to its end ({_short(fault)})"
        return SourceError(self.path.name, words, "Save it again in Excel.")


def _short(fault: Exception) -> str:
    return (str(fault).strip().splitlines() or [type(fault).__name__])[0][:120]


@dataclass
class SheetTable:
    """One sheet as a table of the format. Made by `open_workbook`."""

    name: str
    file: str
    columns: tuple[str, ...]
    unknown: tuple[str, ...]
    book: Book
    sheet: str
    header: tuple[str, ...]
    header_row: int
    notes: list[str] = field(default_factory=list)

    def chunks(self) -> Iterator[Chunk]:
        rows = enumerate(self.book.rows(self.sheet), start=1)
        below = itertools.islice(rows, self.header_row, None)
        suspects = self._suspects()
        while part := list(itertools.islice(below, CHUNK_ROWS)):
            yield self._chunk(part, suspects)

    def _chunk(self, part: list[tuple[int, list[Any]]], suspects: dict[int, dict[int, str]]) -> Chunk:
        kept: list[list[str]] = []
        numbers: list[int] = []
        faults: list[RowFault] = []
        for number, row in part:
            fault = self._without_value(number, row, suspects.get(number, {}))
            if fault is not None:
                faults.append(fault)
            elif any(cell not in ("", None) for cell in row):
                kept.append([cell_text(cell) for cell in row])
                numbers.append(number)
        places = {column: self.header.index(column) for column in self.columns}
        return Chunk(numbers, {c: [row[place] for row in kept] for c, place in places.items()}, faults)

    def _suspects(self) -> dict[int, dict[int, str]]:
        """Formulas and errors in the format's columns, by row and column."""
        places = {self.header.index(column) for column in self.columns}
        found: dict[int, dict[int, str]] = {}
        for (number, place), text in self.book.suspects(self.sheet).items():
            if place in places:
                found.setdefault(number, {})[place] = text
        return found

    def _without_value(self, number: int, row: list[Any], suspects: dict[int, str]) -> RowFault | None:
        """The first cell of the row that has no value but a formula or an error."""
        for place, text in suspects.items():
            if row[place] in ("", None):
                reason = NO_VALUE if text.startswith("=") else "is an error of Excel's, not a value"
                return RowFault(number, self.header[place], text, reason)
        return None


def open_workbook(path: Path) -> Source:
    """The sheets of a workbook that are named as tables of the format.

    Raises `SourceError` where there is none, or a sheet has no usable header.
    """
    from loaders.sources.canonical import table_of  # noqa: PLC0415  (canonical opens workbooks through here)

    book = Book(path)
    tables: dict[str, RawTable] = {}
    strange = []
    for sheet in book.sheets:
        table = table_of(sheet)
        if table is None:
            strange.append(sheet)
        elif table in tables:
            raise SourceError(path.name, f"has two sheets for the table {table}", "Keep one of them.")
        else:
            tables[table] = _sheet_table(book, sheet, table)
    if not tables:
        raise SourceError(
            path.name,
            "has no sheet named as a table of the import format",
            "Name the sheets agencies, practitioners, posts, children and so on. A partner's own list is "
            "read by a mapping: tacgraph map FILE.",
        )
    notes = [f"{path.name}: sheets left out, no table of the format: {', '.join(strange)}"] if strange else []
    return Source("canonical", path.name, [tables[t] for t in TABLES if t in tables], notes)


def _sheet_table(book: Book, sheet: str, table: str) -> SheetTable:
    file = f"{book.path.name}, sheet {sheet}"
    filled = (
        (number, row)
        for number, row in enumerate(book.rows(sheet), start=1)
        if any(cell not in ("", None) for cell in row)
    )
    header_row, cells = next(filled, (0, []))
    if not cells:
        raise SourceError(file, "is empty: it has not even a header row", "Fill it, or take the sheet out.")
    header = tuple(plain_header(cell) for cell in cells)
    check_header(file, table, header)
    known = declared_columns(table)
    columns = tuple(c for c in known if c in header)
    unknown = tuple(c for c in header if c and c not in known)
    return SheetTable(table, file, columns, unknown, book, sheet, header, header_row)
