"""The Annex A workbook of an Ofsted inspection: child-level lists of one authority's children's services.

This module finds the lists and reads their rows; `annex_a_tables` maps them onto the canonical tables.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from graphmodel.errors import SourceError
from loaders.raw import Source
from loaders.sheets import Book, cell_text

HEADERS: Final = Path(__file__).with_name("headers.toml")
DATES: Final = frozenset({"birth_date", "started_on", "completed_on", "ended_on", "reversed_on"})
NO_ANSWER: Final = frozenset(
    {"#n/a", "#ref!", "#value!", "#name?", "n/a", "na", "none", "null", "unknown", "not known", "-", "."}
)
"""What people and formulas leave in a cell that has no answer."""

_CHILDREN: Final = 10
_LEAST_LISTS: Final = 2


def plain_words(heading: object) -> str:
    """A heading or sheet name in small letters, single spaces, no signs; CamelCase taken apart."""
    text = unicodedata.normalize("NFKC", str(heading or ""))
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", text)
    return " ".join(re.sub(r"[^0-9a-z]+", " ", text.lower()).split())


@lru_cache(maxsize=1)
def patterns() -> tuple[dict[str, str], dict[int, dict[str, str]]]:
    """Patterns of the fields common to all lists, and by list."""
    read = tomllib.loads(HEADERS.read_text(encoding="utf-8"))
    return read["common"], {int(number): fields for number, fields in read["list"].items()}


def list_of(sheet: str) -> int | None:
    """The number of the list that a sheet of this name holds."""
    words = plain_words(sheet)
    _, lists = patterns()
    return next((n for n, fields in lists.items() if re.fullmatch(fields["sheet"], words)), None)


@dataclass
class ListRow:
    """One row of a list: its place in the workbook and its cells as text, by field; absent ones empty."""

    row: int
    cells: dict[str, str]

    def get(self, name: str) -> str | None:
        return self.cells.get(name) or None


@dataclass
class ChildList:
    """One list as it stands in the workbook."""

    number: int
    sheet: str
    headings: dict[str, str]
    rows: list[ListRow] = field(default_factory=list)


def looks_like_annex_a(path: Path) -> bool:
    """Whether a workbook has sheets that are lists of Annex A, and is none of the canonical format."""
    from loaders.sources.canonical import WORKBOOKS, table_of  # noqa: PLC0415  (canonical is the other reader)

    if not path.is_file() or path.suffix.lower() not in WORKBOOKS:
        return False
    try:
        sheets = Book(path).sheets
    except SourceError:
        return False
    numbers = {list_of(sheet) for sheet in sheets} - {None}
    numbered = any(re.fullmatch(r"list \d+", plain_words(sheet)) for sheet in sheets)
    named = len(numbers) >= _LEAST_LISTS and not any(table_of(s) in ("children", "tacs") for s in sheets)
    return named or (numbered and bool(numbers))


def read_annex_a(path: Path, key: bytes) -> Source:
    """The children, assessments, statuses, teams and workers of an Annex A workbook.

    `key` makes the workers' ids, because the lists know them by name alone. Raises `SourceError` where the
    file is no workbook or has none of the lists.
    """
    from loaders.sources.annex_a.tables import map_lists  # noqa: PLC0415  (it needs this module's types)

    if not path.is_file():
        raise SourceError(str(path), "is not a file", "Name the Annex A workbook.")
    book = Book(path)
    lists, notes, strange = [], [], []
    for sheet in book.sheets:
        number = list_of(sheet)
        if number is None:
            strange.append(sheet)
        elif number <= _CHILDREN:
            found = _read_list(book, sheet, number)
            if isinstance(found, str):
                notes.append(found)
            else:
                lists.append(found)
    if not lists:
        raise SourceError(
            path.name,
            "has none of the child-level lists of Annex A",
            "Its sheets must be named List 1 and so on.",
        )
    if strange:
        notes.append(f"sheets left out, no list of Annex A: {', '.join(strange)}")
    return map_lists(path.name, lists, key, notes)


def _read_list(book: Book, sheet: str, number: int) -> ChildList | str:
    """One list, or in words why it cannot be read."""
    rows = list(book.rows(sheet))
    common, lists = patterns()
    wanted = {**common, **{k: v for k, v in lists[number].items() if k not in ("sheet", "name")}}
    at, places = _find_header(rows, wanted)
    if "child_id" not in places:
        return f"sheet {sheet} left out: none of its headings is a child's unique id"
    headings = {name: " ".join(str(rows[at][place]).split()) for name, place in places.items()}
    found = ChildList(number, sheet, headings)
    formulas = {p: text for p, text in book.suspects(sheet).items() if text.startswith("=")}
    for row_no, row in enumerate(rows[at + 1 :], start=at + 2):
        cells = {
            name: _cell(name, row[place]) or _formula(name, formulas.get((row_no, place)))
            for name, place in places.items()
        }
        if any(cells.values()):
            found.rows.append(ListRow(row_no, cells))
    return found


def _find_header(rows: Sequence[Sequence[Any]], wanted: dict[str, str]) -> tuple[int, dict[str, int]]:
    """The row, among the first ten, that has most of the wanted headings, and where each of them stands."""
    best: tuple[int, dict[str, int]] = (0, {})
    for at, row in enumerate(rows[:10]):
        words = [plain_words(cell) for cell in row]
        places: dict[str, int] = {}
        for name, pattern in wanted.items():
            for place, word in enumerate(words):
                if word and re.fullmatch(pattern, word):
                    places.setdefault(name, place)
        if len(places) > len(best[1]):
            best = (at, places)
    return best


def _formula(name: str, text: str | None) -> str:
    """A formula without a value, where a day is wanted: it is rejected as what it is, not taken as empty."""
    return text if text is not None and name in DATES else ""


def _cell(name: str, value: object) -> str:
    """A cell as text: spaces of all kinds single, no answer empty, days ISO (also from dd/mm/yyyy)."""
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    text = " ".join(cell_text(value).split())
    if text.lower() in NO_ANSWER:
        return ""
    british = re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})( 00:00(:00)?)?", text) if name in DATES else None
    if british:
        day, month, year = british.group(1, 2, 3)
        return f"{year}-{int(month):02}-{int(day):02}"
    return text
