"""SSDA903 tables → canonical tables.

Episodes of care that touch or overlap are one time of being looked after; several years' returns may lie
together. What the return has and the format has no place for is counted and said, never made up.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from loaders.raw import PLACE, RowFault, Seen, Source
from loaders.sources.care import (
    ADOPTED,
    RESIDENTIAL,
    SHORT_BREAKS,
    Care,
    Interval,
    birthday_18,
    is_day,
    united,
)
from loaders.sources.ssda903.files import Found, Row, find
from loaders.sources.teams import RULE, Spell, derive
from loaders.sources.values import absent, clean, day_or_text, plain_id

PLAN_IS_ADOPTION: Final = frozenset({"D1", "E1"})
"""Legal statuses under which adoption is the plan: freeing order, placement order."""

NO_CARE_LEAVER: Final = frozenset({"DIED", "RHOM"})
"""OC3 IN_TOUCH of those who died or went back home for good: no care leavers any more."""

GAPS: Final = (
    "the SSDA903 return knows looked after children and their social workers alone, no partner agencies, "
    "teams or FTE: fairness between agencies, capacity and duplication need the case system's data beside it",
    "the SSDA903 return has no assessments and no actions: questions about them cannot be answered from it",
)

_HEADINGS: Final[dict[str, dict[tuple[str, str], str]]] = {
    "episodes": {("statuses", "started_on"): "DECOM", ("statuses", "ended_on"): "DEC"},
    "oc3": {("statuses", "started_on"): "DOB"},
    "ad1": {("statuses", "started_on"): "DATE_INT"},
    "placed_for_adoption": {
        ("statuses", "started_on"): "DATE_PLACED",
        ("statuses", "ended_on"): "DATE_PLACED_CEASED",
    },
    "reviews": {("reviews", "held_on"): "REVIEW"},
    "social_worker": {
        ("practitioners", "practitioner_id"): "SW_ID",
        ("memberships", "practitioner_id"): "SW_ID",
        ("memberships", "started_on"): "SW_DECOM",
        ("memberships", "ended_on"): "SW_DEC",
    },
}
_EVERY: Final = {
    ("children", "child_id"): "CHILD",
    ("children", "birth_date"): "DOB",
    ("statuses", "child_id"): "CHILD",
}
_FEEDS: Final = {
    **dict.fromkeys(("episodes", "oc3", "ad1", "placed_for_adoption"), "statuses"),
    "social_worker": "memberships",
    "reviews": "reviews",
}
"""The canonical table that a table of the return is read for: its unreadable rows are rejects of that."""

_FOREVER: Final = "9999-12-31"
_NO_PLACE: Final = {
    "uasc": "unaccompanied children",
    "oc2": "health and conviction outcomes (OC2)",
    "previous_permanence": "previous permanence orders",
    "missing": "episodes of going missing",
    "deprivation_of_liberty_order": "deprivation of liberty orders",
}


@dataclass(frozen=True)
class Episode:
    """One episode of care, in order: its days are days."""

    start: str
    end: str | None
    legal: str
    setting: str
    reason: str
    begun: str
    place: int
    year: str


def read_ssda903(path: Path) -> Source:
    """The children, statuses and social workers of one or several years' returns.

    Raises `SourceError` where no table of the return is there, or one lacks a column that it needs.
    """
    found, left = find(path)
    made = _Return(path.name)
    for number, table in enumerate(found):
        made.table(table, number)
    made.finish()
    headings = {
        (number, *where): heading
        for number, table in enumerate(found)
        for where, heading in {**_EVERY, **_HEADINGS.get(table.table, {})}.items()
    }
    return Source(
        "ssda903",
        path.name,
        made.care.finish(),
        [*made.said(found), *left, *GAPS],
        made.care.findings,
        list(made.care.identifiers),
        places={number: table.label for number, table in enumerate(found) if table.label},
        headings=headings,
    )


class _Return:
    """The returns on their way into tables."""

    def __init__(self, path_name: str) -> None:
        self.care = Care(path_name)
        self.counts: Counter[str] = Counter()
        self.episodes: dict[tuple[str, str], list[Episode]] = {}
        self.adoptions: dict[str, list[Interval]] = defaultdict(list)
        self.leavers: dict[str, int] = {}
        self.spells: dict[str, list[Spell]] = defaultdict(list)
        self.reviews: dict[str, dict[str, int]] = defaultdict(dict)
        self.years: set[str] = set()

    def table(self, found: Found, number: int) -> None:
        """One table: its rows, each with the place it stands in."""
        read = getattr(self, f"_{found.table}", None)
        for row in found.rows():
            if isinstance(row, RowFault):
                fault = RowFault(number * PLACE + row.row, row.column, row.value, row.reason)
                self.care.tables[_FEEDS.get(found.table, "children")].faults.append(fault)
                continue
            self.counts[found.table] += 1
            place = number * PLACE + row.number
            child = self._child(row, place, found.year)
            if read is not None:
                read(row, child, place, found.year)

    def _child(self, row: Row, place: int, year: str) -> str | None:
        child, upn = plain_id(row.cells.get("child")), clean(row.cells.get("upn"))
        # UN1 to UN7 say why there is no number
        known = upn if upn and not absent(upn) and not upn.upper().startswith("UN") else None
        self.care.child(child, place, year, birth_date=day_or_text(row.cells.get("dob")), upn=known)
        return child

    # -- one method a table --------------------------------------------------------------------------

    def _episodes(self, row: Row, child: str | None, place: int, year: str) -> None:
        start, end = day_or_text(row.cells.get("decom")), day_or_text(row.cells.get("dec"))
        legal = clean(row.cells.get("ls")).upper()
        self.counts["placements"] += not absent(row.cells.get("urn"))
        if child is None or start is None or not _in_order(start, end):
            self.care.status(child, "LAC", start, end, place=place)
            return
        self.counts["without LS"] += absent(legal)
        self.counts["short breaks"] += legal in SHORT_BREAKS
        self.counts["youth justice"] += legal in ("J1", "J2", "J3")
        setting, reason = clean(row.cells.get("place")).upper(), clean(row.cells.get("rec")).upper()
        begun = clean(row.cells.get("rne")).upper()
        self._keep(child, Episode(start, end, legal, setting, reason, begun, place, year))

    def _keep(self, child: str, said: Episode) -> None:
        """An episode of several returns is one: the latest return's, without years the one that has ended."""
        self.years.add(said.year)
        known = self.episodes.setdefault((child, said.start), [])
        other = next((e for e in known if e.place // PLACE != said.place // PLACE), None)
        if other is None:
            known.append(said)
            return
        if other.end is not None and other.end != said.end and (said.end or said.year > other.year):
            what = f"two returns end the episode on {other.end} and {said.end or 'no day'}: the latest counts"
            self.care.findings.append(Seen("conflicting_dates", "statuses", f"{child} LAC", what, said.start))
        if (other.year, other.end is not None) <= (said.year, said.end is not None):
            self.episodes[child, said.start] = [said]

    def _oc3(self, row: Row, child: str | None, place: int, _: str) -> None:
        if child is None:
            return
        if clean(row.cells.get("in_touch")).upper() in NO_CARE_LEAVER:
            self.counts["no care leavers"] += 1
            self.leavers.pop(child, None)
        else:
            self.leavers[child] = place

    def _ad1(self, row: Row, child: str | None, place: int, year: str) -> None:
        self._plan(child, row.cells.get("date_int"), None, place, year)

    def _placed_for_adoption(self, row: Row, child: str | None, place: int, year: str) -> None:
        self._plan(child, row.cells.get("date_placed"), row.cells.get("date_placed_ceased"), place, year)

    def _plan(self, child: str | None, start: str | None, end: str | None, place: int, year: str) -> None:
        first, last = day_or_text(start), day_or_text(end)
        if first is None:
            self.counts["plans without date"] += 1
        elif child is None or not _in_order(first, last):
            self.care.status(child, "ADOPTION", first, last, place=place, rank=year)
        else:
            self.adoptions[child].append(Interval(first, last, place))

    def _reviews(self, row: Row, child: str | None, place: int, _: str) -> None:
        held = day_or_text(row.cells.get("review"))
        if held is None or child is None:
            return
        if not is_day(held):
            self._fault("reviews", place, "REVIEW", held)
        else:
            self.reviews[child].setdefault(held, place)

    def _social_worker(self, row: Row, child: str | None, place: int, _: str) -> None:
        number = row.cells.get("sw_id")
        if number is None or absent(number):
            self.counts["no worker"] += 1
            return
        worker = self.care.worker(number, place)
        start, end = day_or_text(row.cells.get("sw_decom")), day_or_text(row.cells.get("sw_dec"))
        if not is_day(start):
            self._fault("memberships", place, "SW_DECOM", start or "")
        elif end is not None and not is_day(end):
            self._fault("memberships", place, "SW_DEC", end)
        elif start is not None and end is not None and end < start:
            self._fault("memberships", place, "SW_DEC", end, f"is before SW_DECOM ({start})")
        elif child is not None and start is not None:
            self.spells[child].append(Spell(worker, start, end, place))

    def _fault(self, table: str, place: int, column: str, value: str, reason: str = "") -> None:
        words = reason or ("is no day: write dates as DD/MM/YYYY" if value else "is required and empty")
        self.care.tables[table].faults.append(RowFault(place, column, value, words))

    # -- what all tables together say ----------------------------------------------------------------

    def finish(self) -> None:
        by_child: dict[str, list[Episode]] = defaultdict(list)
        for (child, _), said in self.episodes.items():
            by_child[child] += said
        periods = {child: self._cared_for(child, said) for child, said in by_child.items()}
        for child, plans in self.adoptions.items():
            self._adoption(child, plans, by_child.get(child, []))
        for child, place in self.leavers.items():
            since = birthday_18(self.care.birth_date(child))
            if since is None:
                what = "a care leaver (OC3) without a day of birth: not known from when"
                self.care.findings.append(Seen("status_without_date", "statuses", child, what))
            else:
                self.care.status(child, "CARE_LEAVER", since, None, place=place)
        self._carried_on()
        teams = derive(self.care, "ssda903", periods, self.spells)
        for child, held in self.reviews.items():
            for day, place in held.items():
                there = [t for t in teams.get(child, []) if t.opened <= day <= (t.closed or _FOREVER)]
                self.counts["reviews unplaced"] += not there
                if there:
                    self.care.tables["reviews"].add(place, there[0].tac_id, day)

    def _cared_for(self, child: str, said: list[Episode]) -> list[Interval]:
        """The times of being looked after; short breaks are none. Residential settings stand beside them."""
        full = [e for e in said if e.legal not in SHORT_BREAKS]
        periods = united(Interval(e.start, e.end, e.place) for e in full)
        first = {e.place: e.begun for e in full}
        for period in periods:
            self.counts["begun before"] += first[period.place] not in ("S", "")
            self.care.status(child, "LAC", period.start, period.end, place=period.place)
        settings = united(Interval(e.start, e.end, e.place) for e in full if e.setting in RESIDENTIAL)
        for part in settings:
            self.care.status(child, "RESIDENTIAL", part.start, part.end, place=part.place)
        ordered = [Interval(e.start, e.end, e.place) for e in full if e.legal in PLAN_IS_ADOPTION]
        if ordered:
            self.adoptions[child] += ordered
        return periods

    def _adoption(self, child: str, plans: list[Interval], said: list[Episode]) -> None:
        """Adoption is the plan from the first day that says so until it ceases or the child is adopted."""
        adopted = sorted(e.end for e in said if e.end is not None and e.reason in ADOPTED)
        ended = [
            Interval(p.start, p.end or next((day for day in adopted if day >= p.start), None), p.place)
            for p in plans
        ]
        for part in united(ended):
            self.care.status(child, "ADOPTION", part.start, part.end, place=part.place)

    def _carried_on(self) -> None:
        """Open episodes of a year that the next year's return does not have: nobody says that they ended."""
        years = sorted(year for year in self.years if year)
        for (child, start), said in self.episodes.items():
            year = said[-1].year
            later = [y for y in years if y > year]
            if year and later and any(e.end is None for e in said):
                what = f"open in the return of {year} and not in that of {later[0]}: loaded as still running"
                self.care.findings.append(Seen("open_episode_not_carried_on", "statuses", child, what, start))

    def said(self, found: list[Found]) -> list[str]:
        """What was read, and what of it was not loaded and why."""
        n, notes = self.counts, list(dict.fromkeys(note for table in found for note in table.notes))
        read = ", ".join(f"{n[t]} of {t}" for t in dict.fromkeys(table.table for table in found))
        left = (
            (n["short breaks"], "episodes of short breaks (V1, V3, V4) make no looked after child"),
            (n["without LS"], "episodes have no legal status: taken as looked after"),
            (
                n["begun before"],
                "times of being looked after go on from an earlier year (RNE is not S): they began before "
                "what is read here; put the earlier years' returns into the same folder",
            ),
            (
                n["youth justice"],
                "episodes under J1 to J3 count as looked after; the return does not say that "
                "the child is open to the youth offending service",
            ),
            (
                n["placements"],
                "placements name a provider (URN): not loaded, the format has no place for "
                "where a child lives beyond being in a residential setting",
            ),
            (n["no care leavers"], "rows of OC3 say died or returned home: no care leavers"),
            (len(self.leavers), "care leavers of OC3: from their 18th birthday on, as the law has it"),
            (n["plans without date"], "rows about adoption without a date left out"),
            (n["no worker"], "rows of the social worker table without SW_ID left out"),
            (self.care.counts["spells unplaced"], f"allocations of social workers not loaded: {RULE}"),
            (self.care.counts["spells placed"], f"allocations of social workers in derived teams: {RULE}"),
            (n["reviews unplaced"], "reviews not loaded: a review belongs to a team, and none is known then"),
        )
        notes += [f"{count} {words}" for count, words in left if count]
        notes += [
            f"{n[t]} rows not loaded: the format has no place for {w}" for t, w in _NO_PLACE.items() if n[t]
        ]
        return [f"rows of the SSDA903 return read: {read}", *notes]


def _in_order(start: str, end: str | None) -> bool:
    return is_day(start) and (end is None or (is_day(end) and end >= start))
