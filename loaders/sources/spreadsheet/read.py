"""A partner's own list, read as its mapping says: one file, or a folder with the lists of several days."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from graphmodel.errors import SourceError, TacgraphError
from graphmodel.settings import data_folder
from loaders.raw import Source
from loaders.sources.canonical import table_of
from loaders.sources.spreadsheet import lists
from loaders.sources.spreadsheet.fitting import fit, fitting_sheets, must_fit
from loaders.sources.spreadsheet.gather import Gatherer
from loaders.sources.spreadsheet.grid import TEXTS, WORKBOOKS, Grid, Sheet, open_grid
from loaders.sources.spreadsheet.mapping import EVERYBODY, MAPPINGS, Mapping, is_mapping, read_mapping
from loaders.sources.spreadsheet.rows import Unread, lines
from loaders.sources.spreadsheet.simple import ORGANISATION, simple_mapping
from loaders.sources.spreadsheet.tables import Read, to_source
from loaders.sources.values import parse_day

SHEETS_A_FILE: Final = 1_000
_CLOSE: Final = 0.6
_MONTHS: Final = {name.lower(): n for n, name in enumerate(calendar.month_name) if name}


def read_spreadsheet(
    path: Path,
    key: bytes,
    with_file: Path | None = None,
    home: Path | None = None,
    source: str | None = None,
) -> Source:
    """The canonical tables of a partner's list, by the mapping in `with_file`, else by a saved one.

    The simple template belongs to no one partner, so `source` or its first row must say whose it is. Raises
    `SourceError` where there is no mapping, where the file lacks a column of it, or where the mapping
    needs the list's day and there is none.
    """
    files = _files(path)
    grids = [open_grid(file) for file in files]
    mapping = read_mapping(with_file) if with_file is not None else _saved_for(grids[0], home)
    if mapping == simple_mapping():
        mapping = replace(mapping, source=_whose(grids[0], source))
    return read_mapped(path.name, grids, mapping, key, home)


def read_mapped(
    path_name: str, grids: list[Grid], mapping: Mapping, key: bytes, home: Path | None = None
) -> Source:
    """The canonical tables of lists that are open already."""
    mapping = mapping.compared()
    gatherer, unread = Gatherer(mapping, key), Unread()
    places: dict[int, str] = {}
    notes = [f"read by the mapping {mapping.source}: {len(mapping.used())} of {len(mapping.columns)} columns"]
    for number, grid in enumerate(grids):
        sheets = must_fit(mapping, grid)
        day = list_day(mapping, grid, sheets)
        notes += grid.notes
        left = [s.name for s in grid.sheets if s not in sheets]
        if left:
            notes.append(
                f"{grid.path.name}: sheets left out, without the mapping's headings: {', '.join(left)}"
            )
        said = []
        for sheet in sheets:
            placed = replace(sheet, number=number * SHEETS_A_FILE + sheet.number)
            places[placed.number] = (
                f"sheet {sheet.name}" if len(grids) == 1 else f"{grid.path.name} {sheet.name}"
            )
            notes += [f"{grid.path.name}, {sheet.name}: {note}" for note in sheet.notes]
            said += list(lines(mapping, placed, unread))
        gatherer.take(said, day)
    gatherer.homonyms()
    numbers = list(places)
    if len(places) == 1 and grids[0].path.suffix.lower() in TEXTS:
        places = {}
    source, now = to_source(Read(mapping, path_name, gatherer.found, unread, places, numbers, home), notes)
    if now and home is not None:
        source.when_loaded = partial(lists.keep, home, mapping.source, now)
    source.whose = mapping.source
    return source


def _whose(grid: Grid, source: str | None) -> str:
    """Whose simple template this is, as a source's name."""
    said = source or next((t for s in grid.sheets if (t := s.title.partition(ORGANISATION)[2].strip())), "")
    name = re.sub(r"[^a-z0-9]+", "_", said.lower()).strip("_")[:40]
    if not name:
        mend = (
            f"Fill in the first row ({ORGANISATION}), or name it: tacgraph load FILE --source brook_school."
        )
        raise SourceError(grid.path.name, "does not say whose list it is", mend)
    return name


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    known = (*TEXTS, *WORKBOOKS)
    found = sorted(
        p for p in path.iterdir() if p.suffix.lower() in known and not p.name.startswith((".", "~"))
    )
    if not found:
        raise SourceError(f"folder {path.name}", "has no list in it", f"Put in files of {', '.join(known)}.")
    return found


# -- the list's own day ----------------------------------------------------------------------------


def list_day(mapping: Mapping, grid: Grid, sheets: list[Sheet]) -> str:
    """The day for which a list holds; empty where the mapping needs none."""
    if mapping.as_at not in ("file name", "title", ""):
        return mapping.as_at
    text = grid.path.stem if mapping.as_at == "file name" else " ".join(s.title for s in sheets)
    day = day_in(text) if mapping.as_at else None
    if day is None and (mapping.list_is == EVERYBODY or mapping.since_is == "as_at"):
        where = f"its {mapping.as_at} has no day" if mapping.as_at else "the mapping has no as_at"
        mend = 'Write as_at = "2026-10-31" into the mapping, or put the day into the file\'s name.'
        raise SourceError(grid.path.name, f"is a list of one day, but {where}", mend)
    return day or ""


def day_in(text: str) -> str | None:
    """The first day that a title or file name has; the last day of a month, where it has that alone."""
    plain = re.sub(r"[_\s]+", " ", text)
    for found in re.finditer(r"\d{4}-\d{2}-\d{2}|\d{8}|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}", plain):
        if day := parse_day(found[0]):
            return day
    for found in re.finditer(r"(\d{1,2})(?:st|nd|rd|th)?[ -]([A-Za-z]{3,9})[ -,]+(\d{4}|\d{2})\b", plain):
        if day := parse_day(f"{found[1]} {found[2]} {found[3]}"):
            return day
    for found in re.finditer(r"\b([A-Za-z]{3,9})[ -]*(\d{4})\b|\b(\d{4})[-. ](\d{2})\b", plain):
        month = next((n for m, n in _MONTHS.items() if found[1] and m.startswith(found[1].lower())), 0)
        month, year = month or int(found[4] or 0), int(found[2] or found[3])
        if 1 <= month <= len(_MONTHS) and year:
            return dt.date(year, month, calendar.monthrange(year, month)[1]).isoformat()
    return None


# -- the saved mapping that fits -------------------------------------------------------------------


def saved_mappings(home: Path) -> list[tuple[Path, Mapping]]:
    """The mappings in the data folder that can be read."""
    found = []
    for path in sorted((home / MAPPINGS).glob("*.toml")):
        try:
            found.append((path, read_mapping(path)))
        except SourceError:
            continue
    return found


def _candidates(home: Path | None) -> list[Mapping]:
    return [*(m for _, m in saved_mappings(home or data_folder())), simple_mapping()]


def _saved_for(grid: Grid, home: Path | None) -> Mapping:
    """The saved mapping that fits best; where none does wholly, the closest, which says what is gone."""
    known = _candidates(home)
    fitting = [m for m in known if fitting_sheets(m, grid)]
    if fitting:
        return max(fitting, key=lambda m: len(m.used()))
    closest = max(known, key=lambda m: fit(m, grid))
    if fit(closest, grid) < _CLOSE:
        mend = "Make one with `tacgraph map FILE`, edit it and name it with --with."
        raise SourceError(grid.path.name, "fits no saved mapping", mend)
    return closest


def looks_like_spreadsheet(path: Path) -> bool:
    """Whether a saved mapping fits a file, wholly or nearly; never a file named as a canonical table."""
    if not path.is_file() or path.suffix.lower() not in (*TEXTS, *WORKBOOKS) or table_of(path.stem):
        return False
    try:
        grid = open_grid(path)
        if any(table_of(sheet.name) for sheet in grid.sheets):
            return False
        return max((fit(m, grid) for m in _candidates(None)), default=0.0) >= _CLOSE
    except (TacgraphError, OSError):
        return False


__all__ = ["is_mapping", "looks_like_spreadsheet", "read_mapped", "read_spreadsheet"]
