"""The Annex A workbook of an Ofsted inspection: child-level lists of one authority's children's services.

This module finds the lists and reads their rows; `tables` maps them onto the canonical tables.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from graphmodel.errors import SourceError
from loaders.csv_text import ragged
from loaders.raw import PLACE, RowFault, Seen, Source
from loaders.sheets import Book
from loaders.sources.annex_a import cells
from loaders.sources.annex_a.grids import BOOKS, MOST_FILES, Grid, files_of, open_grids
from loaders.sources.annex_a.headings import (
    Header,
    header_of,
    list_by_headings,
    list_of,
    own_found,
    patterns,
    plain_words,
)

__all__ = [
    "ChildList",
    "ListRow",
    "list_of",
    "looks_like_annex_a",
    "plain_words",
    "read_annex_a",
    "read_rows",
]

_CHILDREN: Final = 10
_LEAST_LISTS: Final = 2
_LOOKED_AT: Final = 4
_SWAPPED: Final = 3
_TWELVE: Final = 12


@dataclass
class ListRow:
    """One row of a list: its place in the workbook and its cells as text, by field; absent ones empty."""

    row: int
    cells: dict[str, str]

    def get(self, name: str) -> str | None:
        return self.cells.get(name) or None


@dataclass
class ChildList:
    """One list as it stands in the workbook; `place` is its sheet's number in the reading, from 1."""

    number: int
    place: int
    label: str
    headings: dict[str, str]
    header_row: int
    rows: list[ListRow] = field(default_factory=list)
    faults: list[RowFault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    findings: list[Seen] = field(default_factory=list)
    unread: bool = False


def looks_like_annex_a(path: Path) -> bool:
    """Whether lists of Annex A lie at a path: sheets or files so named, with such a list's own headings."""
    try:
        files = files_of(path)
        if path.is_dir() and len(files) == 1:
            path = files[0]
        if not files or len(files) > MOST_FILES or _canonical(files):
            return False
        names = [n for f in files for n in (_sheets(f) if path.is_file() else [f.stem])]
        if not any(list_of(name) for name in names) and (path.is_dir() or len(names) > _CHILDREN + 1):
            return False
        grids = open_grids(path if path.is_file() else next(f for f in files if list_of(f.stem)))
    except (SourceError, OSError, ValueError, StopIteration):
        return False
    named = [g for g in grids if list_of(g.name)] or grids
    return any(_is_list(grid) for grid in named[:_LOOKED_AT])


def _sheets(path: Path) -> list[str]:
    return Book(path).sheets if path.suffix.lower() in BOOKS else [path.stem]


def _canonical(files: Sequence[Path]) -> bool:
    """Whether tables of the import format lie there, some of which are called like lists."""
    from loaders.sources.canonical import table_of  # noqa: PLC0415  (canonical is the other reader)

    ours = {table_of(f.stem) for f in files if f.suffix.lower() not in BOOKS}
    ours |= {table_of(s) for f in files[:_LOOKED_AT] if f.suffix.lower() in BOOKS for s in Book(f).sheets}
    return bool(ours & {"children", "tacs", "practitioners", "statuses", "memberships"})


def _is_list(grid: Grid) -> bool:
    number = list_of(grid.name)
    if number is None:
        return list_by_headings(grid.rows) is not None
    header = header_of(grid.rows, number)
    fits = "child_id" in header.columns and own_found(header, number) > 0
    return fits or list_by_headings(grid.rows) is not None


def read_annex_a(path: Path, key: bytes) -> Source:
    """The children, assessments, statuses, teams and workers of Annex A: a workbook, or a file for each list.

    `key` makes the workers' ids, because the lists know them by name alone. Raises `SourceError` where
    nothing can be opened or none of the lists is there.
    """
    from loaders.sources.annex_a.tables import map_lists  # noqa: PLC0415  (it needs this module's types)

    lists: list[ChildList] = []
    notes: list[str] = []
    strange: list[str] = []
    for place, grid in enumerate(open_grids(path), start=1):
        notes += grid.notes
        number = list_of(grid.name)
        if number is not None and number > _CHILDREN:
            continue
        found = _as_list(grid, number, place)
        if isinstance(found, ChildList):
            lists.append(found)
        elif number is None:
            strange.append(grid.label)
        else:
            notes.append(found)
    if all(found.unread for found in lists):
        raise SourceError(
            path.name,
            "has none of the child-level lists of Annex A",
            "Its sheets or files must be named List 1 and so on, and have the lists' headings.",
        )
    if strange:
        notes.append(f"left out, no list of Annex A: {', '.join(strange)}")
    twice = [n for n, times in Counter(found.number for found in lists).items() if times > 1]
    notes += [f"List {n} stands on several sheets: all of them are read" for n in sorted(twice)]
    return map_lists(path.name, lists, key, notes)


def _as_list(grid: Grid, number: int | None, place: int) -> ChildList | str:
    """One list, or in words why it cannot be read; headings that are another list's count, not the name."""
    if number is not None:
        header = header_of(grid.rows, number)
        if "child_id" in header.columns and own_found(header, number):
            return read_rows(grid, number, place, header)
    other = list_by_headings(grid.rows)
    if other is not None and other <= _CHILDREN:
        found = read_rows(grid, other, place, header_of(grid.rows, other))
        title = f"List {other} ({patterns()[1][other]['name']})"
        found.notes.append(f"{grid.label} has the headings of {title}: read as that list")
        return found
    if number is None:
        return ""
    if grid.fault is not None:
        # a chart may be called anything; a list that is damaged must not look as if it had no rows
        raise grid.fault
    if "child_id" not in header.columns:
        reason = "none of its headings is a child's unique id"
        found = ChildList(number, place, grid.label, {}, 1, unread=True)
        found.notes.append(f"sheet {grid.label} left out: {reason}")
        found.faults.append(RowFault(place * PLACE + 1, "", "", f"{reason}: no row of the list is read"))
        return found
    found = read_rows(grid, number, place, header)
    found.notes.append(f"{grid.label} has none of the headings of List {number} but the child's and worker's")
    return found


def read_rows(grid: Grid, number: int, place: int, header: Header) -> ChildList:
    """The rows under a header, each as a record, a fault of its own, or left out and counted."""
    found = ChildList(number, place, grid.label, header.called, header.at + 1)
    broken = dict(grid.broken)
    torn = ragged(_filled(grid, header), len(grid.rows[header.at])) if grid.text and grid.rows else {}
    month_first = {name for name in header.columns if _is_day(name) and _order(found, grid, header, name)}
    left_out: Counter[str] = Counter()
    title = [plain_words(cell) for cell in grid.rows[header.at]] if grid.rows else []
    for row_no, row in enumerate(grid.rows[header.at + 1 :], start=header.at + 2):
        if row_no in broken:
            found.faults.append(RowFault(place * PLACE + row_no, "", "", broken[row_no]))
        elif any(cell not in ("", None) for cell in row):
            record = _Record(row_no, row, header, grid.formulas, month_first)
            reason = record.left_out(title)
            if reason:
                left_out[reason] += 1
            elif row_no in torn:
                found.faults.append(RowFault(place * PLACE + row_no, "", "", torn[row_no]))
            else:
                record.into(found)
    words = {
        "total": "totals and footnotes",
        "header": "the header again",
        "blank": "nothing in the columns of the list",
    }
    for reason, times in left_out.items():
        found.notes.append(f"{grid.label}: {times} rows left out: {words[reason]}")
    twice = [header.called[n] for n, columns in header.columns.items() if len(columns) > 1]
    if twice:
        found.notes.append(
            f"{grid.label} has twice: {', '.join(twice)}; rows where the two differ are rejected"
        )
    return found


def _filled(grid: Grid, header: Header) -> list[tuple[int, list[Any]]]:
    """The rows below the header that have more than one cell filled: fewer have remarks."""
    below = enumerate(grid.rows[header.at + 1 :], start=header.at + 2)
    return [(n, row) for n, row in below if sum(cell not in ("", None) for cell in row) > 1]


def _is_day(name: str) -> bool:
    return name == "birth_date" or name.endswith("_on")


def _order(found: ChildList, grid: Grid, header: Header, name: str) -> bool:
    """Whether a column is written month first throughout; where it is mixed, or looks swapped, a finding."""
    values = [row[p] for row in grid.rows[header.at + 1 :] for p in header.columns[name][:1] if p < len(row)]
    orders = Counter(cells.order_of(value) for value in values)
    called = header.called[name]
    if orders["month"] and not orders["day"]:
        found.notes.append(
            f"{grid.label}, {called}: written month first ({orders['month']} dates cannot be day first), so "
            "none of its dates that could be either is taken: write them as YYYY-MM-DD"
        )
        return True
    if orders["month"] and orders["either"]:
        what = f"{grid.label}, {called}: {orders['either']} dates could be read in two ways, some others are "
        found.findings.append(
            Seen("ambiguous_dates", "statuses", name, what + "month first: taken as day first")
        )
    real = [value for value in values if hasattr(value, "day")]
    alone = len(real) >= _SWAPPED and all(value.day <= _TWELVE for value in real)
    if alone and orders["day"] >= _SWAPPED and not orders["either"]:
        what = f"{grid.label}, {called}: no real date has a day over 12 and all texts have: probably swapped "
        found.findings.append(Seen("dates_perhaps_swapped", "statuses", name, what + "by an American Excel"))
    return False


class _Record:
    """One filled row on its way to a `ListRow`."""

    def __init__(
        self,
        row_no: int,
        row: Sequence[Any],
        header: Header,
        formulas: Mapping[tuple[int, int], str],
        month_first: set[str],
    ) -> None:
        self.row_no, self.row, self.header, self.formulas = row_no, row, header, formulas
        self.differing = ""
        self.cells = {name: self._cell(name, places) for name, places in header.columns.items()}
        for name in month_first:
            if cells.order_of(self._raw(header.columns[name][0])) == "either":
                self.cells[name] = cells.text_of(self._raw(header.columns[name][0]))

    def _raw(self, place: int) -> Any:
        return self.row[place] if place < len(self.row) else ""

    def _cell(self, name: str, places: Sequence[int]) -> str:
        read = cells.day_of if _is_day(name) else cells.id_text if name == "child_id" else cells.text_of
        texts = list(dict.fromkeys(t for t in (read(self._raw(place)) for place in places) if t))
        if len(texts) > 1:
            self.differing = name
        if not texts and _is_day(name):
            # a formula without a value is rejected as what it is, not taken as empty
            texts = [f for f in (self.formulas.get((self.row_no, place)) for place in places) if f]
        return texts[0] if texts else ""

    def left_out(self, title: Sequence[str]) -> str:
        """Why a row is no record; empty where it is one."""
        first = next((cells.text_of(c) for c in self.row if cells.text_of(c)), "")
        formula = self.formulas.get((self.row_no, self.header.columns["child_id"][0]))
        if cells.is_no_record(first, self.cells, formula):
            return "total"
        if not any(self.cells.values()):
            return "blank"
        words = [plain_words(cell) if isinstance(cell, str) else "" for cell in self.row]
        return "header" if words[: len(title)] == list(title) else ""

    def into(self, found: ChildList) -> None:
        at = found.place * PLACE + self.row_no
        called = self.header.called
        strange = cells.misfits(self.cells)
        if strange:
            names = ", ".join(called[name] for name in strange)
            reason = f"cells do not fit their headings ({names}): is the row shifted?"
            found.faults.append(RowFault(at, called[strange[0]], self.cells[strange[0]], reason))
        elif self.differing:
            reason = "stands in two columns so headed, which differ: keep one of them"
            found.faults.append(RowFault(at, called[self.differing], self.cells[self.differing], reason))
        elif cells.lost_digits(self.cells.get("child_id", "")):
            reason = "is a number whose last digits the spreadsheet has lost: export ids as text"
            found.faults.append(RowFault(at, called["child_id"], self.cells["child_id"], reason))
        else:
            found.rows.append(ListRow(self.row_no, self.cells))
