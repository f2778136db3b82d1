"""Where the tables of an SSDA903 return lie: CSV files or sheets of any name, known by their columns."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from graphmodel.errors import SourceError
from loaders.csv_text import CsvTable, detect_encoding, read_header
from loaders.raw import RowFault, plain_header
from loaders.sheets import NO_VALUE, Book, cell_text

TABLES: Final[dict[str, tuple[str, ...]]] = {
    "header": ("child", "sex", "dob", "ethnic", "upn", "mother", "mc_dob"),
    "episodes": (
        "child",
        "decom",
        "rne",
        "ls",
        "cin",
        "place",
        "place_provider",
        "dec",
        "rec",
        "reason_place_change",
        "home_post",
        "pl_post",
        "urn",
    ),
    "uasc": ("child", "sex", "dob", "duc"),
    "reviews": ("child", "dob", "review", "review_code"),
    "oc2": (
        "child",
        "dob",
        "sdq_score",
        "sdq_reason",
        "convicted",
        "health_check",
        "immunisations",
        "teeth_check",
        "health_assessment",
        "substance_misuse",
        "intervention_received",
        "intervention_offered",
    ),
    "oc3": ("child", "dob", "in_touch", "activ", "accom"),
    "ad1": ("child", "dob", "date_int", "date_match", "foster_care", "nb_adoptr", "sex_adoptr", "ls_adoptr"),
    "placed_for_adoption": ("child", "dob", "date_placed", "date_placed_ceased", "reason_placed_ceased"),
    "previous_permanence": ("child", "dob", "prev_perm", "la_perm", "date_perm"),
    "missing": ("child", "dob", "missing", "mis_start", "mis_end"),
    "social_worker": ("child", "dob", "sw_id", "sw_decom", "sw_dec", "sw_reason"),
    "deprivation_of_liberty_order": ("child", "dob", "dolo_start", "dolo_end"),
}
"""The tables of the return and their columns, in small letters (the Department's guides, 2017 to 2027)."""

MARKS: Final[dict[str, tuple[str, ...]]] = {
    "social_worker": ("sw_id", "sw_decom"),
    "episodes": ("decom",),
    "placed_for_adoption": ("date_placed",),
    "ad1": ("date_int",),
    "previous_permanence": ("prev_perm",),
    "missing": ("mis_start",),
    "deprivation_of_liberty_order": ("dolo_start",),
    "oc2": ("sdq_score", "health_check", "convicted", "immunisations"),
    "oc3": ("in_touch", "activ", "accom"),
    "uasc": ("duc",),
    "reviews": ("review",),
    "header": ("upn", "mother", "mc_dob", "ethnic"),
}
"""Columns of which any one makes a table with a column CHILD the table; the first table that fits counts."""

NEEDED: Final[dict[str, tuple[str, ...]]] = {
    "episodes": ("decom", "dec"),
    "social_worker": ("sw_id", "sw_decom", "sw_dec"),
    "placed_for_adoption": ("date_placed", "date_placed_ceased"),
    "ad1": ("date_int",),
    "reviews": ("review",),
}
"""Columns without which a table would say something else than its authors meant."""

BOOKS: Final = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
TEXTS: Final = (".csv", ".txt", ".tsv")
MOST_FILES: Final = 400
_SURE: Final = 3
_HEADER_ROWS: Final = 10
_HEAD: Final = 1 << 14
_CHILD: Final = re.compile(rb'(?:^|[,;\t|"\n\xbf\xfe])\s*child\s*["\r\n,;\t|]')


@dataclass(frozen=True)
class Row:
    """One row of a table: its number and its cells as text by column."""

    number: int
    cells: dict[str, str | None]


@dataclass(frozen=True)
class Found:
    """A table where it lies. `year` is the one in the file's or folder's name, else empty."""

    table: str
    label: str
    year: str
    columns: tuple[str, ...]
    path: Path
    sheet: str | None
    notes: tuple[str, ...]

    def rows(self) -> Iterator[Row | RowFault]:
        """The rows in order, and those that cannot be read."""
        return _sheet_rows(self) if self.sheet is not None else _text_rows(self)


def recognise(columns: Iterable[str], *, sure: bool = False) -> str | None:
    """The table that has these columns, in small letters; `sure`: only where none has them by luck."""
    have = set(columns)
    if "child" not in have:
        return None
    for table, marks in MARKS.items():
        enough = len(have & set(TABLES[table])) >= _SURE or len(TABLES[table]) <= _SURE
        if have & set(marks) and (enough or not sure):
            return table
    return None


def looks_like_ssda903(path: Path) -> bool:
    """Whether a file, or a file of the folder, has a table of the return."""
    try:
        return any(_look(file) for file in _files(path))
    except (SourceError, OSError, ValueError):
        return False


def _look(path: Path) -> bool:
    try:
        if path.suffix.lower() in TEXTS:
            with path.open("rb") as file:
                head = file.read(_HEAD).replace(b"\0", b"").lower()
            return _CHILD.search(head) is not None and recognise(_text_header(path)[1], sure=True) is not None
        book = Book(path)
        names = {plain_header(sheet) for sheet in book.sheets}
        named = any(words in name for name in names for words in ("episodes", "header", "oc3", "903", "ad1"))
        return named and any(recognise(_sheet_header(book, s)[1], sure=True) for s in book.sheets)
    except (SourceError, OSError, ValueError):
        return False


def _files(path: Path) -> list[Path]:
    """Tables and workbooks at a path, in folders of years too."""
    known = (*TEXTS, *BOOKS)
    if path.is_file():
        return [path] if path.suffix.lower() in known else []
    found: list[Path] = []
    for pattern in ("*", "*/*"):
        for file in path.glob(pattern):
            if file.suffix.lower() in known and not file.name.startswith((".", "~")) and file.is_file():
                found.append(file)
                if len(found) > MOST_FILES:
                    raise SourceError(str(path), f"holds more than {MOST_FILES} tables", "Name one return.")
    return sorted(found, key=lambda file: (_year(path, file), str(file)))


def find(path: Path) -> tuple[list[Found], list[str]]:
    """The tables at a path, by year and name, and what was left out.

    Raises `SourceError` where there is none, or one lacks a column without which it would mislead.
    """
    found: list[Found] = []
    strange: list[str] = []
    for file in _files(path):
        label = file.name if file.parent in (path, path.parent) else f"{file.parent.name}/{file.name}"
        for sheet, columns, notes in _grids(file):
            name = label if sheet is None else f"{label}, sheet {sheet}"
            table = recognise(columns)
            if table is None:
                strange.append(name)
                continue
            _check_columns(name, table, columns)
            # the file is named anyway, where it is the whole source
            told = name if path.is_dir() else "" if sheet is None else f"sheet {sheet}"
            found.append(Found(table, told, _year(path, file), columns, file, sheet, tuple(notes)))
    if not found:
        raise SourceError(
            path.name or str(path),
            "has no table of the SSDA903 return",
            "Name the return's CSV files' folder, a workbook with its tables as sheets, or one CSV file; "
            "each has a column CHILD.",
        )
    strange += _others(path)
    left = [f"left out, no table of the SSDA903 return: {', '.join(strange)}"] if strange else []
    return found, left


def _others(path: Path) -> list[str]:
    """Files of a folder that are no tables at all."""
    if not path.is_dir():
        return []
    known = (*TEXTS, *BOOKS)
    files = (p for p in sorted(path.iterdir()) if p.is_file() and not p.name.startswith((".", "~")))
    return [p.name for p in files if p.suffix.lower() not in known]


def _check_columns(name: str, table: str, columns: tuple[str, ...]) -> None:
    """Refuse a table that lacks a column it needs, or has one twice."""
    lacking = [c.upper() for c in NEEDED.get(table, ()) if c not in columns]
    if lacking:
        raise SourceError(
            name,
            f"is the table {table} but has no column {', '.join(lacking)}",
            "Export it with all columns of the return.",
        )
    twice = [c.upper() for c in TABLES[table] if columns.count(c) > 1]
    if twice:
        raise SourceError(name, f"has the column {', '.join(twice)} twice", "Keep one of them.")


def _year(path: Path, file: Path) -> str:
    for name in (file.name, file.parent.name if file.parent != path else "", path.name):
        years = re.findall(r"(?<!\d)20\d\d(?!\d)", name)
        if years:
            return str(max(years))
    return ""


def _grids(path: Path) -> Iterator[tuple[str | None, tuple[str, ...], list[str]]]:
    """Sheet (None of a text), columns in small letters, notes."""
    if path.suffix.lower() in TEXTS:
        encoding, header = _text_header(path)
        yield None, header, [f"{path.name} {encoding}"] if encoding else []
        return
    book = Book(path)
    for sheet in book.sheets:
        yield sheet, _sheet_header(book, sheet)[1], []


def _text_header(path: Path) -> tuple[str, tuple[str, ...]]:
    encoding = detect_encoding(path)
    try:
        _, header, _ = read_header(path, encoding, {c for columns in TABLES.values() for c in columns})
    except (csv.Error, UnicodeError) as fault:
        raise SourceError(
            path.name, f"has a header that cannot be read ({fault})", "Export it again."
        ) from None
    return encoding.note, header


def _text_rows(found: Found) -> Iterator[Row | RowFault]:
    encoding = detect_encoding(found.path)
    separator, header, first = read_header(found.path, encoding, TABLES[found.table])
    columns = tuple(dict.fromkeys(c for c in header if c))
    table = CsvTable(
        found.table, found.path.name, columns, (), found.path, encoding, separator, header, first
    )
    for chunk in table.chunks():
        yield from chunk.faults
        cells = list(zip(*(chunk.columns[c] for c in columns), strict=True))
        for number, row in zip(chunk.rows, cells, strict=True):
            yield Row(number, dict(zip(columns, row, strict=True)))


def _sheet_header(book: Book, sheet: str) -> tuple[int, tuple[str, ...]]:
    """The row, among the first ten, that is the header of a table of the return, and its cells."""
    for number, row in enumerate(book.rows(sheet), start=1):
        cells = tuple(plain_header(cell) for cell in row)
        if recognise(cells):
            return number, cells
        if number >= _HEADER_ROWS:
            break
    return 0, ()


def _sheet_rows(found: Found) -> Iterator[Row | RowFault]:
    book, sheet = Book(found.path), found.sheet or ""
    first, header = _sheet_header(book, sheet)
    formulas = book.suspects(sheet)
    for number, row in enumerate(book.rows(sheet), start=1):
        if number <= first:
            continue
        cells: dict[str, str | None] = {}
        fault = None
        for place, (column, value) in enumerate(zip(header, row, strict=False)):
            text = cell_text(value)
            if not text and column in TABLES[found.table] and (number, place) in formulas:
                fault = RowFault(number, column.upper(), formulas[number, place], NO_VALUE)
            if column:
                cells.setdefault(column, text)
        if fault is not None:
            yield fault
        elif any(cells.values()):
            yield Row(number, cells)
