"""A spreadsheet as people keep it → sheets with one heading a column and the rows below it.

Found here: the header behind title rows, headings in two rows with merged cells, rows of notes and totals
below, headings repeated from page to page. Nothing is understood yet.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final

from graphmodel.errors import SourceError
from loaders.csv_text import ragged
from loaders.sources.spreadsheet.cells import (
    is_postcode,
    looks_like_name,
    plain_words,
    role_of,
    tick,
    word_lists,
)
from loaders.sources.spreadsheet.opened import (
    HEADER_WITHIN,
    MOST_COLUMNS,
    MOST_ROWS,
    Opened,
    Row,
    csv_rows,
    workbook_sheets,
)
from loaders.sources.values import clean, parse_day

WORKBOOKS: Final = (".xlsx", ".xlsm", ".xls", ".ods")
TEXTS: Final = (".csv", ".txt", ".tsv")
_LONGEST_HEADING: Final = 120
_SPREADSHEET_NOTE: Final = re.compile(
    r"(total|totals|sub ?total|note|notes|key|source|count|end of|nb)\b.*", re.IGNORECASE
)


@dataclass
class Sheet:
    """One sheet: the headings by column, and the rows below as (row number, cells); absent cells empty.

    `lower` are the headings without the group above them, where headings stand in two rows; `broken` rows
    that cannot be read, by number; `formulas` cells (row number, column) with a formula and no value of it.
    """

    number: int
    name: str
    headings: tuple[str, ...]
    rows: list[tuple[int, Row]]
    header_row: int
    title: str = ""
    notes: list[str] = field(default_factory=list)
    lower: tuple[str, ...] = ()
    broken: dict[int, str] = field(default_factory=dict)
    formulas: set[tuple[int, int]] = field(default_factory=set)

    def column(self, place: int) -> list[str]:
        return [row[place] for _, row in self.rows]


@dataclass
class Grid:
    """A file: the sheets that have a header and rows, and what was left out."""

    path: Path
    sheets: list[Sheet]
    notes: list[str] = field(default_factory=list)


def open_grid(path: Path) -> Grid:
    """All sheets of a CSV file or a workbook that have rows below a header.

    Raises `SourceError` where the file is no spreadsheet, has no such sheet or is beyond the bounds.
    """
    if not path.is_file():
        raise SourceError(str(path), "is no file", "Name a CSV file or a workbook.")
    suffix = path.suffix.lower()
    if suffix in WORKBOOKS:
        sheets = list(workbook_sheets(path))
    elif suffix in TEXTS:
        sheets = [csv_rows(path)]
    else:
        fault = f"is neither CSV nor a workbook ({suffix or 'no ending'})"
        raise SourceError(path.name, fault, f"Save it as one of {', '.join((*TEXTS, *WORKBOOKS))}.")
    found = Grid(path, [], [one.note for one in sheets if one.note])
    for number, one in enumerate(sheets, start=1):
        _check_bounds(path, one.name, one.rows)
        sheet = _sheet(number, one)
        if sheet is None:
            found.notes.append(f"sheet {one.name} left out: no row of headings with rows below")
        else:
            found.sheets.append(sheet)
    if not found.sheets:
        mend = "Put one heading above each column, and the rows below."
        raise SourceError(path.name, "has no table: no row of headings with rows below it", mend)
    return found


def _check_bounds(path: Path, name: str, rows: Sequence[Row]) -> None:
    width = max((len(row) for row in rows), default=0)
    if len(rows) > MOST_ROWS or width > MOST_COLUMNS:
        fault = f"has a sheet ({name}) of {len(rows):,} rows and {width:,} columns"
        mend = (
            f"At most {MOST_ROWS:,} rows and {MOST_COLUMNS} columns are read: leave out what is not needed."
        )
        raise SourceError(path.name, fault, mend)


# -- finding the table -----------------------------------------------------------------------------


def _sheet(number: int, raw: Opened) -> Sheet | None:
    rows = raw.rows
    at = _header_at(rows)
    if at is None:
        return None
    headings, lower, first, last = _headings(rows, at)
    used = [p for p, heading in enumerate(headings) if heading]
    kept, notes = _table_rows(rows, last, used, headings)
    broken = {row: why for row, why in raw.broken.items() if row > last + 1}
    if raw.text:
        broken.update(ragged(kept, len(rows[last])))
        kept = [(n, row) for n, row in kept if n not in broken]
    if not (kept or broken):
        return None
    titles = dict.fromkeys(clean(cell) for row in rows[:first] for cell in row if clean(cell))
    found = [(n, [row[p] if p < len(row) else "" for p in used]) for n, row in kept]
    filled = [
        i
        for i, p in enumerate(used)
        if any(row[i] for _, row in found) or not headings[p].startswith("(column")
    ]
    found = [(n, [row[i] for i in filled]) for n, row in found]
    named = tuple(headings[used[i]] for i in filled)
    below = tuple(lower[used[i]] for i in filled)
    places = {used[i]: at for at, i in enumerate(filled)}
    formulas = {(n, places[c]) for n, c in raw.formulas if c in places}
    title = " ".join(titles)[:500]
    return Sheet(number, raw.name, named, found, last + 1, title, notes, below, broken, formulas)


def _known_heading(text: str) -> bool:
    words = plain_words(text)
    return words in _heading_words() or role_of(text) is not None


@lru_cache(maxsize=1)
def _heading_words() -> frozenset[str]:
    return frozenset(w for known in word_lists()["field"].values() for w in known["words"])


def _is_value(text: str) -> bool:
    """Whether a cell is rather a value than a heading."""
    plain = clean(text)
    return bool(
        len(plain) > _LONGEST_HEADING
        or parse_day(plain)
        or re.fullmatch(r"[\d., %£-]+", plain)
        or is_postcode(plain)
        or (tick(plain) is not None and not _known_heading(plain))
        or re.search(r"\d{3}", plain)
    )


def _header_at(rows: Sequence[Row]) -> int | None:
    """The row of headings among the first ones: most known headings, many cells, few values."""
    best, best_score = None, 0.0
    for at, row in enumerate(rows[:HEADER_WITHIN]):
        cells = [clean(cell) for cell in row if clean(cell)]
        distinct = len({plain_words(cell) for cell in cells})
        if (
            not cells
            or (distinct < len(("child", "lead")) and len(cells) > 1)
            or not any(any(below) for below in rows[at + 1 :])
        ):
            continue
        known = sum(_known_heading(cell) for cell in cells)
        values = sum(_is_value(cell) for cell in cells) + 0.5 * sum(
            looks_like_name(c) and not _known_heading(c) for c in cells
        )
        score = 3.0 * known + distinct - 5.0 * values - 0.01 * at
        if len(cells) > 1 and score > best_score:
            best, best_score = at, score
    return best


def _headings(rows: Sequence[Row], at: int) -> tuple[list[str], list[str], int, int]:
    """The headings of the table with its best row at `at`; those without groups; its first and last row."""
    width = max(len(row) for row in rows)
    low = [clean(cell) for cell in rows[at]] + [""] * (width - len(rows[at]))
    first, lower = at, list(low)
    above = _group_row(rows, at, width)
    if above is not None:
        first = at - 1
        low = [
            f"{group} {cell}" if group and cell and group != cell else cell or group
            for group, cell in zip(above, low, strict=True)
        ]
    taken: set[str] = set()
    for place, text in enumerate(low):
        filled = any(place < len(row) and clean(row[place]) for row in rows[at + 1 :])
        named = text or (f"(column {letters(place)})" if filled else "")
        low[place] = _unlike(named, taken)
    return low, lower, first, at


def _unlike(heading: str, taken: set[str]) -> str:
    """A heading that is none of those `taken` in plain words, which are what mappings know headings by."""
    fresh, times = heading, 1
    while heading and (plain_words(fresh) or fresh) in taken:
        times += 1
        fresh = f"{heading} ({times})"
    taken.add(plain_words(fresh) or fresh)
    return fresh


def _group_row(rows: Sequence[Row], at: int, width: int) -> list[str] | None:
    """The row above, where it groups the headings: two or more different labels, none of them a value."""
    if at == 0:
        return None
    cells = [clean(cell) for cell in rows[at - 1]] + [""] * (width - len(rows[at - 1]))
    labels = {cell for cell in cells if cell}
    below = [clean(cell) for cell in rows[at]] + [""] * (width - len(rows[at]))
    if len(labels) < 2 or any(_is_value(cell) for cell in labels):  # noqa: PLR2004  (two labels make groups)
        return None
    repeated = len({cell for cell in below if cell}) < sum(1 for cell in below if cell)
    bridges = any(cell and not low for cell, low in zip(cells, below, strict=True))
    if not (repeated or bridges or len(labels) < sum(1 for c in cells if c)):
        return None
    filled: list[str] = []
    for place, cell in enumerate(cells):
        # a label reaches over the blanks to its right, as a merged cell does in a CSV export
        filled.append(cell or (filled[-1] if filled and below[place] else ""))
    return filled


def letters(place: int) -> str:
    """A column's letters as a spreadsheet shows them, from its place (from 0)."""
    text, number = "", place + 1
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(65 + rest) + text
    return text


def _table_rows(
    rows: Sequence[Row], header: int, used: Sequence[int], headings: Sequence[str]
) -> tuple[list[tuple[int, Row]], list[str]]:
    """The rows below the header that are rows of the table, and what was left out."""
    found: list[tuple[int, Row]] = []
    again, notes = 0, 0
    plain = [plain_words(headings[p]) for p in used]
    after_blank = False
    for number, row in enumerate(rows[header + 1 :], start=header + 2):
        cells = [clean(row[p]) if p < len(row) else "" for p in used]
        filled = [cell for cell in cells if cell]
        if not filled:
            after_blank = bool(found)
            continue
        if sum(plain_words(c) == h for c, h in zip(cells, plain, strict=True) if c) >= max(
            2, len(filled) // 2
        ):
            again += 1
        elif _is_note(filled, len(used), after_blank=after_blank):
            notes += 1
        else:
            found.append((number, list(row)))
            after_blank = False
    said = []
    if again:
        said.append(f"{again} rows that repeat the headings left out")
    if notes:
        said.append(f"{notes} rows of notes or totals left out")
    return found, said


def _is_note(filled: Sequence[str], width: int, *, after_blank: bool) -> bool:
    """A row that only remarks on the table: one cell filled below a gap, or a total."""
    few = len(set(filled)) == 1 and width > 2  # noqa: PLR2004  (in a table of two columns one is half a row)
    wordy = len(filled[0].split()) > 3 or _SPREADSHEET_NOTE.fullmatch(filled[0]) is not None  # noqa: PLR2004
    if few and (after_blank or len(filled[0]) > _LONGEST_HEADING // 3):
        return wordy or not re.search(r"\d", filled[0])
    return bool(_SPREADSHEET_NOTE.fullmatch(filled[0])) and len(filled) <= max(2, width // 2)
