"""What the statutory returns share: children, their statuses, their social workers, said once.

The same child stands in several files and years of a return; here each fact becomes one row, and what the
files say differently becomes a finding. Statuses are those of the guidance's allocation table.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from loaders.raw import Identifier, RowFault, Seen
from loaders.sources.made import MadeTable

SHORT_BREAKS: Final = frozenset({"V1", "V3", "V4"})
"""Legal statuses of short breaks: no looked after child of the need-status ladder."""

RESIDENTIAL: Final = frozenset({"K1", "K2", "R1", "R2", "R3", "R5", "S1"})
"""Placements in a residential setting: secure and other children's homes, care homes, hospitals, family
centres, youth offender institutions and residential schools. Semi-independent living and supported
accommodation (H5, K3) are none."""

ADOPTED: Final = frozenset({"E1", "E11", "E12"})
"""Reasons with which an episode of care ends because the child is adopted."""

COLUMNS: Final = {
    "agencies": ("agency_id", "name", "sector"),
    "practitioners": ("practitioner_id", "role", "newly_qualified_until"),
    "posts": ("practitioner_id", "agency_id", "started_on", "ended_on", "fte", "home"),
    "children": ("child_id", "birth_date", "upn", "first_name", "last_name", "postcode"),
    "statuses": ("child_id", "status", "started_on", "ended_on"),
    "tacs": ("tac_id", "child_id", "opened_on", "closed_on", "model"),
    "memberships": ("tac_id", "practitioner_id", "started_on", "ended_on"),
    "leads": ("tac_id", "practitioner_id", "started_on", "ended_on", "reason"),
    "reviews": ("tac_id", "held_on"),
}

_CARE_LEAVER_FROM: Final = 18


def is_day(text: str | None) -> bool:
    """Whether a text is a real day, written YYYY-MM-DD."""
    if text is None or len(text) != len("YYYY-MM-DD"):
        return False
    try:
        return dt.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def years_after(day: str | None, years: int) -> str | None:
    """The same day years later; 1 March where there is no 29 February. None of what is no day."""
    if day is None or not is_day(day):
        return None
    first = dt.date.fromisoformat(day)
    if first.year + years > dt.MAXYEAR:
        return None
    try:
        return first.replace(year=first.year + years).isoformat()
    except ValueError:
        return dt.date(first.year + years, 3, 1).isoformat()


def birthday_18(born: str | None) -> str | None:
    """The 18th birthday; None where no day of birth is known."""
    return years_after(born, _CARE_LEAVER_FROM)


@dataclass(frozen=True)
class Interval:
    """Part of a child's story: [from, to), None is still running; `place` is the row that says so."""

    start: str
    end: str | None
    place: int


def united(parts: Iterable[Interval]) -> list[Interval]:
    """Intervals that overlap or touch as one, in order; the place is that of the earliest one."""
    found: list[Interval] = []
    for part in sorted(parts, key=lambda p: (p.start, p.place)):
        last = found[-1] if found else None
        if last is not None and (last.end is None or part.start <= last.end):
            end = None if last.end is None or part.end is None else max(last.end, part.end)
            found[-1] = Interval(last.start, end, last.place)
        else:
            found.append(part)
    return found


@dataclass
class _Status:
    end: str | None
    place: int
    rank: str


def _says_more(name: str, known: tuple[str, str] | None, said: tuple[str, str]) -> bool:
    """Whether a later row's value counts instead: no day of birth that is none instead of one that is."""
    if known is None:
        return True
    if name == "birth_date" and is_day(known[1]) != is_day(said[1]):
        return is_day(said[1])
    return known[0] < said[0]


@dataclass
class _Child:
    place: int
    values: dict[str, tuple[str, str]] = field(default_factory=dict)
    births: set[str] = field(default_factory=set)


class Care:
    """Children, statuses and workers of one return on their way into tables.

    `rank` orders what several returns say of one thing: the highest (the latest year) stands; of equal
    ones a day of ending stands against none.
    """

    def __init__(self, path_name: str) -> None:
        self.tables = {name: MadeTable(name, path_name, columns) for name, columns in COLUMNS.items()}
        self.findings: list[Seen] = []
        self.identifiers: dict[Identifier, None] = {}
        self.counts: dict[str, int] = defaultdict(int)
        self._children: dict[str, _Child] = {}
        self._statuses: dict[tuple[str, str, str], _Status] = {}
        self._workers: dict[str, tuple[int, str | None]] = {}

    # -- children ------------------------------------------------------------------------------------

    def child(self, child: str | None, place: int, rank: str = "", **values: str | None) -> None:
        """A child and what a row says of it; a row without the child's id is a reject."""
        if child is None:
            self.tables["children"].faults.append(RowFault(place, "child_id", "", "is required and empty"))
            return
        known = self._children.setdefault(child, _Child(place))
        for name, value in values.items():
            if value and _says_more(name, known.values.get(name), (rank, value)):
                known.values[name] = (rank, value)
        born = values.get("birth_date")
        if born:
            known.births.add(born)

    def birth_date(self, child: str) -> str | None:
        known = self._children.get(child)
        return known.values["birth_date"][1] if known and "birth_date" in known.values else None

    def knows(self, child: str) -> bool:
        return child in self._children

    def identify(self, child: str, scheme: str, value: str | None) -> None:
        """Another number of a child, for matching."""
        if value:
            self.identifiers.setdefault(Identifier("child", child, scheme, value))

    # -- statuses ------------------------------------------------------------------------------------

    def status(
        self,
        child: str | None,
        status: str,
        start: str | None,
        end: str | None,
        *,
        place: int,
        rank: str = "",
    ) -> None:
        """A status; said twice it is one. What is not in order goes to the checks as it is."""
        in_order = is_day(start) and (end is None or (is_day(end) and end >= (start or "")))
        if child is None or start is None or not in_order:
            self.tables["statuses"].add(place, child, status, start, end)
            return
        key = (child, status, start)
        known = self._statuses.get(key)
        if known is None:
            self._statuses[key] = _Status(end, place, rank)
            return
        if known.end and end and known.end != end:
            what = f"two days of ending, {known.end} and {end}: that of the latest return counts"
            self.findings.append(Seen("conflicting_dates", "statuses", f"{child} {status}", what, start))
        if (known.rank, known.end is not None) <= (rank, end is not None):
            self._statuses[key] = _Status(end, place, rank)

    # -- workers -------------------------------------------------------------------------------------

    def worker(self, number: str, place: int, newly_qualified_until: str | None = None) -> str:
        """The practitioner with this Social Work England number: a social worker, known by it alone."""
        plain = "".join(number.split()).upper()
        ident = f"swe:{plain}"
        known = self._workers.setdefault(ident, (place, newly_qualified_until))
        if newly_qualified_until and newly_qualified_until > (known[1] or ""):
            self._workers[ident] = (known[0], newly_qualified_until)
        self.identifiers.setdefault(Identifier("practitioner", ident, "swe_number", plain))
        return ident

    # -- the end -------------------------------------------------------------------------------------

    def finish(self) -> list[MadeTable]:
        """The tables that have rows, in the order in which they load."""
        children, statuses = self.tables["children"], self.tables["statuses"]
        for child, known in self._children.items():
            cells = (known.values.get(c, ("", None))[1] for c in COLUMNS["children"][1:])
            children.add(known.place, child, *cells)
            if len(known.births) > 1:
                what = f"{len(known.births)} dates of birth are given: that of the latest return is loaded"
                self.findings.append(Seen("conflicting_birth_dates", "children", child, what))
        for (child, status, start), said in self._statuses.items():
            statuses.add(said.place, child, status, start, said.end)
        for worker, (place, until) in self._workers.items():
            self.tables["practitioners"].add(place, worker, "social_worker", until)
        for table in ("children", "practitioners"):
            self._drop_empty_columns(self.tables[table])
        return [table for table in self.tables.values() if table.rows or table.faults]

    @staticmethod
    def _drop_empty_columns(table: MadeTable) -> None:
        """A return that gives no child's date of birth says nothing about it: what others said must stay."""
        kept = [n for n in range(len(table.columns)) if not n or any(cells[n] for _, cells in table.rows)]
        table.columns = tuple(table.columns[n] for n in kept)
        table.rows = [(place, tuple(cells[n] for n in kept)) for place, cells in table.rows]
