"""Rows of Annex A lists → rows of canonical tables, by what the lists say and nothing they do not."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter, defaultdict
from collections.abc import Set as AbstractSet
from typing import Final

from loaders.identity import keyed_hash
from loaders.raw import PLACE, Identifier, Seen
from loaders.sources.annex_a.cells import is_iso
from loaders.sources.annex_a.headings import plain_words, says, sector_of
from loaders.sources.annex_a.lists import ListRow
from loaders.sources.made import MadeTable
from loaders.sources.spreadsheet.cells import NOBODY

CARE_LEAVER_FROM: Final = 18
COLUMNS: Final = {
    "agencies": ("agency_id", "name", "sector"),
    "practitioners": ("practitioner_id", "role", "name"),
    "children": ("child_id", "birth_date"),
    "statuses": ("child_id", "status", "started_on", "ended_on"),
    "assessments": ("assessment_id", "child_id", "practitioner_id", "kind", "started_on", "completed_on"),
}
NO_TEAM: Final = frozenset(
    {
        "unassigned",
        "not assigned",
        "unallocated",
        "not allocated",
        "none allocated",
        "no team",
        "no parent",
        "tbc",
    }
)
_UNBORN: Final = dt.timedelta(days=300)
_YES: Final = re.compile(r"([a-z]\) ?)?y(es)?", re.IGNORECASE)
_LADDER: Final = (
    ("closed", re.compile(r"closed")),
    ("assessment", re.compile(r"open assessment|assessment")),
    ("LAC", re.compile(r"looked after|\blac\b|\bcla\b|in care")),
    ("CP", re.compile(r"child protection|\bcpp?\b")),
    ("CIN", re.compile(r"in need|\bcin\b|family help|care leaver")),
)
_LETTERS: Final = {"a": "LAC", "b": "CP", "c": "CIN", "d": "assessment", "e": "closed"}


class Mapping:
    """One workbook on its way into tables."""

    def __init__(self, path_name: str, key: bytes) -> None:
        self.key = key
        self.tables = {name: MadeTable(name, path_name, columns) for name, columns in COLUMNS.items()}
        self.findings: list[Seen] = []
        self.identifiers: list[Identifier] = []
        self.agencies: set[str] = set()
        self.workers: dict[str, tuple[str, str]] = {}
        self.births: dict[str, dict[str, int]] = defaultdict(dict)
        self.disabled: set[str] = set()
        self.organisations: Counter[str] = Counter()
        self.nobody: set[tuple[int, str]] = set()
        self.workers_of: dict[str, dict[str, str]] = defaultdict(dict)
        self.dated: set[tuple[str, str]] = set()
        self.short_breaks: set[str] = set()

    def seen(self, kind: str, table: str, ids: str | None, what: str, *days: str | None) -> None:
        self.findings.append(Seen(kind, table, ids or "", what, *days))

    # -- children, teams, workers --------------------------------------------------------------------

    def person(self, row: ListRow, place: int) -> None:
        """The child of a row: remembered with each date of birth that any list gives."""
        child = row.get("child_id")
        if child is None:
            self.tables["children"].add(place, None, row.get("birth_date"))
            return
        self.births[child].setdefault(row.get("birth_date") or "", place)
        if _YES.fullmatch(row.get("disability") or ""):
            self.disabled.add(child)

    def children(self) -> None:
        """Each child once; where lists differ in the date of birth, the first list's stands."""
        for child, births in self.births.items():
            stated = {birth: place for birth, place in births.items() if birth}
            first = next(iter(births.values()))
            birth, place = next(((b, p) for b, p in stated.items() if is_iso(b)), (None, first))
            self.tables["children"].add(place, child, birth)
            for other, at in stated.items():
                if not is_iso(other):
                    # a further row of the child, so that the day that is none is rejected where it stands
                    self.tables["children"].add(at, child, other)
            if sum(is_iso(b) for b in stated) > 1:
                what = f"the lists give {len(stated)} dates of birth: the first one is loaded"
                self.seen("conflicting_birth_dates", "children", child, what)
        self._leading_zeros()

    def _leading_zeros(self) -> None:
        by_number: dict[str, list[str]] = defaultdict(list)
        for child in self.births:
            if child.isdigit():
                by_number[child.lstrip("0") or "0"].append(child)
        for spellings in by_number.values():
            if len(spellings) > 1:
                what = (
                    "differ in leading zeros alone, perhaps lost in a spreadsheet: loaded as several children"
                )
                self.seen("leading_zeros_differ", "children", " ".join(sorted(spellings)), what)

    def agency(self, place: int, agency: str, name: str, sector: str) -> str:
        if agency not in self.agencies:
            self.agencies.add(agency)
            self.tables["agencies"].add(place, agency, name, sector)
        return agency

    def team(self, row: ListRow, place: int) -> str:
        """The agency id of the row's team, made of its name; empty where there is none."""
        name = self._named(row.get("team"), place, NO_TEAM)
        return "" if name is None else self.agency(place, f"team {name.casefold()}", name, "local_authority")

    def _named(self, name: str | None, place: int, none: AbstractSet[str]) -> str | None:
        """A worker or a team; None where the cell says that there is none yet."""
        if name is None or plain_words(name) not in none:
            return name
        self.nobody.add((place, name))
        return None

    def worker(self, row: ListRow, place: int, column: str, role: str) -> str | None:
        """The practitioner id of the row's worker: a keyed hash of name and team, so no name is an id.

        The same name in two teams is two practitioners: they may be homonyms, and a finding says so.
        """
        team, name = self.team(row, place), self._named(row.get(column), place, NOBODY)
        if name is None:
            return None
        ident = "worker-" + keyed_hash(self.key, "annex_a worker", f"{name}|{team}".replace(" ", "_"))[:16]
        if ident not in self.workers:
            self.workers[ident] = (" ".join(sorted(plain_words(name).split())), team)
            self.tables["practitioners"].add(place, ident, role, name)
        return ident

    def allocated(self, row: ListRow, place: int, label: str) -> str | None:
        """The worker of a row, kept with the list that says so: lists may name several for one child."""
        ident, child = self.worker(row, place, "worker", "allocated_worker"), row.get("child_id")
        if ident is not None and child is not None:
            self.workers_of[child].setdefault(ident, label)
        return ident

    def doubts_of_workers(self) -> None:
        """Names that may be one person or two, and children for whom the lists name several workers."""
        alike: dict[str, list[str]] = defaultdict(list)
        for ident, (name, _) in self.workers.items():
            alike[name].append(ident)
        for idents in alike.values():
            teams = {self.workers[ident][1] for ident in idents}
            if len(idents) > 1:
                kind = "same_name_in_two_teams" if len(teams) > 1 else "one_name_in_two_spellings"
                where = "in several teams" if len(teams) > 1 else "written in several ways"
                what = f"one name {where}: loaded as several practitioners"
                self.seen(kind, "practitioners", " ".join(sorted(idents)), what)
        for child, named in self.workers_of.items():
            if len(named) > 1:
                lists = ", ".join(dict.fromkeys(named.values()))
                what = f"{lists}: several allocated workers for one child: all are kept"
                self.seen("several_workers_for_child", "children", " ".join([child, *sorted(named)]), what)

    # -- lists with a meaning of their own -----------------------------------------------------------

    def early_help(self, row: ListRow, place: int, label: str) -> None:
        """List 2 names an organisation and no worker: the organisation is an agency, the assessment none."""
        name = row.get("organisation")
        if name is not None:
            self.agency(place, f"organisation {name.casefold()}", name, sector_of(name))
        self.organisations[name or "(no organisation)"] += 1
        what = f"early help assessment of {label} row {place % PLACE} not loaded: the list names no worker"
        days = (row.get("started_on"), row.get("completed_on"))
        self.seen("assessment_without_worker", "assessments", row.get("child_id"), what, *days)

    def assessment(self, row: ListRow, place: int, worker: str | None) -> None:
        child, started = row.get("child_id"), row.get("started_on")
        ident = f"annex_a {child} {started}" if child and started else None
        done = row.get("completed_on")
        self.tables["assessments"].add(place, ident, child, worker, "core", started, done)
        self.status(place, row, "CIN_ASSESSMENT", row.get("completed_on"))

    def enquiry(self, row: ListRow, place: int, worker: str | None, label: str) -> None:
        """A section 47 enquiry: it ends with the conference; without one its end is unknown."""
        child, started, ended = row.get("child_id"), row.get("started_on"), row.get("conference_on")
        if ended is None and _YES.fullmatch(row.get("unneeded") or ""):
            why = "it ended without a conference, on a day not listed"
            what = f"section 47 enquiry of {label} row {place % PLACE} not loaded: {why}"
            self.seen("assessment_without_end", "assessments", child, what, started)
            return
        ident = f"annex_a s47 {child} {started}" if child and started else None
        self.tables["assessments"].add(place, ident, child, worker, "other", started, ended)

    def status(self, place: int, row: ListRow, status: str, ended: str | None) -> None:
        child, started = row.get("child_id"), row.get("started_on")
        self._interval(place, child, status, started, ended)

    def _interval(
        self, place: int, child: str | None, status: str, started: str | None, ended: str | None
    ) -> None:
        self.tables["statuses"].add(place, child, status, started, ended)
        if child is None or started is None:
            return
        self.dated.add((child, status))
        born = next((b for b in self.births[child] if is_iso(b)), None)
        if (
            born
            and is_iso(started)
            and dt.date.fromisoformat(started) < dt.date.fromisoformat(born) - _UNBORN
        ):
            what = (
                f"{status} began long before the date of birth: one of the two is wrong; loaded as it stands"
            )
            self.seen("status_before_birth", "statuses", child, what, started)

    def looked_after(self, row: ListRow, place: int) -> None:
        """List 8: looked after unless for short breaks; in a residential setting while placed in one."""
        child, ended = row.get("child_id"), row.get("ended_on")
        if says("short_break", row.get("legal_status")):
            self.short_breaks.add(child or "")
            what = "placed for short breaks (by the legal status): not loaded as looked after"
            self.seen("short_break", "statuses", child, what, row.get("started_on"), ended)
            return
        self.status(place, row, "LAC", ended)
        if says("residential", row.get("placement")):
            if row.get("placed_on"):
                self._interval(place, child, "RESIDENTIAL", row.get("placed_on"), ended)
            else:
                what = "placed in a residential setting on a day that the list does not give"
                self.seen("status_without_date", "statuses", child, what)

    def need(self, row: ListRow, place: int, assessed: set[str], label: str) -> None:
        """List 6 by its ladder: looked after, protected and planned children are in need all the while."""
        child, case = row.get("child_id"), row.get("case_status") or ""
        step = step_of(case)
        if step == "assessment":
            # List 4 has the assessment itself with its own dates, where it is listed
            if child not in assessed:
                self.status(place, row, "CIN_ASSESSMENT", row.get("ended_on"))
            return
        ended = row.get("ended_on") or ("(empty)" if step == "closed" else None)
        status = "CIN" if step or not case else case
        self.tables["statuses"].add(place, child, status, row.get("started_on"), ended)
        if step in ("LAC", "CP") and (child or "", step) not in self.dated and child not in self.short_breaks:
            what = f"{label} row {place % PLACE} says {step}, and no other list says since when: not loaded"
            self.seen("status_without_date", "statuses", child, what)

    def care_leaver(self, row: ListRow, place: int) -> None:
        child = row.get("child_id")
        if "former relevant" not in plain_words(row.get("category")) or child is None:
            what = "no former relevant child: List 9 gives no date from which to be a care leaver"
            self.seen("status_without_date", "statuses", child, what)
            return
        born = next((b for b in self.births[child] if is_iso(b)), None)
        day = birthday(born) if born else None
        self.tables["statuses"].add(place, child, "CARE_LEAVER", day, None)

    def adoption(self, row: ListRow, place: int) -> None:
        """From the decision that the child should be placed; rows without that decision state nothing yet."""
        child = row.get("child_id")
        if row.get("started_on") is None:
            what = f"List 10 row {place % PLACE} has no decision that the child should be placed for adoption"
            self.seen("status_without_date", "statuses", child, what)
            return
        ends = sorted(e for e in (row.get("ended_on"), row.get("reversed_on")) if e)
        unread = [e for e in ends if not is_iso(e)]
        self.status(place, row, "ADOPTION", next(iter(unread or ends), None))


def step_of(case: str) -> str | None:
    """The step of List 6's ladder that a case status says, by its words before its letter."""
    words = plain_words(re.sub(r"^[a-z]\)", "", case.strip().lower()))
    by_words = next((step for step, pattern in _LADDER if pattern.search(words)), None)
    letter = re.match(r"([a-e])(\)|$)", case.strip().lower())
    return by_words or (_LETTERS[letter[1]] if letter and not words.strip(letter[1]) else None)


def birthday(born: str) -> str:
    """The 18th birthday; of those born on 29 February on 1 March."""
    year, day = int(born[:4]) + CARE_LEAVER_FROM, born[4:]
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return f"{year}-03-01" if day == "-02-29" and not leap else f"{year}{day}"
