"""Annex A lists → canonical tables, by what the lists say and nothing they do not.

What the format needs and the lists lack (teams around children, posts with their FTE, who did an early
help assessment) is reported, never made up.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from loaders.identity import keyed_hash
from loaders.raw import PLACE, Seen, Source
from loaders.sources.annex_a.lists import ChildList, ListRow
from loaders.sources.made import MadeTable

CARE_LEAVER_FROM: Final = 18
_ASSESSMENTS: Final = 4
_INTERVAL_LISTS: Final = {7: "CP", 8: "LAC"}

GAPS: Final = (
    "Annex A has no Teams Around the Child: workload, fairness, overload, handovers, reviews and actions "
    "cannot be answered from it",
    "Annex A has no posts and no FTE: workers have no capacity and no home agency, so assessments repeated "
    "between agencies cannot be found",
    "Annex A gives the allocated worker of a case: he or she stands for the assessor of List 4",
    "the one 'continuous' assessment of List 4 is loaded as a core assessment",
    "care leavers have no dates in List 9: former relevant children are care leavers from their 18th "
    "birthday on, as the law has it",
)


class _Mapping:
    """One workbook on its way into tables."""

    def __init__(self, path_name: str, key: bytes) -> None:
        self.key = key
        columns = {
            "agencies": ("agency_id", "name", "sector"),
            "practitioners": ("practitioner_id", "role", "name"),
            "children": ("child_id", "birth_date"),
            "statuses": ("child_id", "status", "started_on", "ended_on"),
            "assessments": (
                "assessment_id",
                "child_id",
                "practitioner_id",
                "kind",
                "started_on",
                "completed_on",
            ),
        }
        self.tables = {name: MadeTable(name, path_name, names) for name, names in columns.items()}
        self.findings: list[Seen] = []
        self.notes: list[str] = []
        self.teams: set[str] = set()
        self.workers: dict[str, str] = {}
        self.births: dict[str, dict[str, int]] = defaultdict(dict)
        self.disabled: set[str] = set()
        self.without_worker = 0

    # -- children, teams, workers --------------------------------------------------------------------

    def person(self, row: ListRow, place: int) -> None:
        """The child of a row: remembered with each date of birth that any list gives."""
        child = row.get("child_id")
        if child is None:
            self.tables["children"].add(place, None, row.get("birth_date"))
            return
        self.births[child].setdefault(row.get("birth_date") or "", place)
        if re.fullmatch(r"(a\) ?)?y(es)?", (row.get("disability") or "").lower()):
            self.disabled.add(child)

    def children(self) -> None:
        """Each child once; where lists differ in the date of birth, the first list's stands."""
        for child, births in self.births.items():
            stated = {birth: place for birth, place in births.items() if birth}
            birth, place = next(iter(stated.items()), (None, next(iter(births.values()))))
            self.tables["children"].add(place, child, birth)
            if len(stated) > 1:
                what = f"the lists give {len(stated)} dates of birth: the first one is loaded"
                self.findings.append(Seen("conflicting_birth_dates", "children", child, what))

    def team(self, row: ListRow, place: int) -> str:
        """The agency id of the row's team, made of its name; empty where there is none."""
        name = row.get("team")
        if name is None:
            return ""
        agency = f"team {name.casefold()}"
        if agency not in self.teams:
            self.teams.add(agency)
            self.tables["agencies"].add(place, agency, name, "local_authority")
        return agency

    def worker(self, row: ListRow, place: int, column: str, role: str) -> str | None:
        """The practitioner id of the row's worker: a keyed hash of name and team, so no name is an id.

        The same name in two teams is two practitioners: they may be homonyms, and a finding says so.
        """
        team, name = self.team(row, place), row.get(column)
        if name is None:
            return None
        ident = "worker-" + keyed_hash(self.key, "annex_a worker", f"{name}|{team}".replace(" ", "_"))[:16]
        if ident not in self.workers:
            self.workers[ident] = name.casefold()
            self.tables["practitioners"].add(place, ident, role, name)
        return ident

    def homonyms(self) -> None:
        by_name: dict[str, list[str]] = defaultdict(list)
        for ident, name in self.workers.items():
            by_name[name].append(ident)
        for idents in by_name.values():
            if len(idents) > 1:
                what = "one name in several teams: loaded as several practitioners"
                self.findings.append(
                    Seen("same_name_in_two_teams", "practitioners", " ".join(sorted(idents)), what)
                )

    # -- lists with a meaning of their own -----------------------------------------------------------

    def early_help(self, row: ListRow, place: int) -> None:
        """List 2 names an organisation and no worker, so it makes no assessment of the format."""
        self.without_worker += 1
        self.findings.append(
            Seen(
                "assessment_without_worker",
                "assessments",
                row.get("child_id") or "",
                f"early help assessment of List 2 row {place % PLACE} not loaded: the list names no worker",
                row.get("started_on"),
                row.get("completed_on"),
            )
        )

    def assessment(self, row: ListRow, place: int, worker: str | None) -> None:
        child, started = row.get("child_id"), row.get("started_on")
        ident = f"annex_a {child} {started}" if child and started else None
        done = row.get("completed_on")
        self.tables["assessments"].add(place, ident, child, worker, "core", started, done)
        self.status(place, row, "CIN_ASSESSMENT", "completed_on")

    def status(self, place: int, row: ListRow, status: str, end: str = "ended_on") -> None:
        self.tables["statuses"].add(place, row.get("child_id"), status, row.get("started_on"), row.get(end))

    def need(self, row: ListRow, place: int, assessed: set[str]) -> None:
        """List 6 by its ladder: looked after, protected and planned children are in need all the while."""
        case = row.get("case_status") or ""
        letter = re.match(r"([a-e])\)", case.lower())
        words = case.lower()
        if (letter and letter[1] == "d") or "open assessment" in words:
            # List 4 has the assessment itself with its own dates, where it is listed
            if row.get("child_id") not in assessed:
                self.status(place, row, "CIN_ASSESSMENT")
            return
        closed = (letter and letter[1] == "e") or "closed" in words
        known = letter or closed or not case or re.search("looked after|protection|in need", words)
        ended = row.get("ended_on") or ("(empty)" if closed else None)
        status = "CIN" if known else case
        self.tables["statuses"].add(place, row.get("child_id"), status, row.get("started_on"), ended)

    def care_leaver(self, row: ListRow, place: int) -> None:
        child = row.get("child_id")
        category = (row.get("category") or "").lower()
        if "former relevant" not in category or child is None:
            what = "no former relevant child: List 9 gives no date from which to be a care leaver"
            self.findings.append(Seen("status_without_date", "statuses", child or "", what))
            return
        born = next((b for b in self.births[child] if b), None)
        self.tables["statuses"].add(place, child, "CARE_LEAVER", _birthday(born), None)

    def adoption(self, row: ListRow, place: int) -> None:
        """From the decision that the child should be placed; rows without that decision state nothing yet."""
        if row.get("started_on") is None:
            what = f"List 10 row {place % PLACE} has no decision that the child should be placed for adoption"
            self.findings.append(Seen("status_without_date", "statuses", row.get("child_id") or "", what))
            return
        ends = sorted(e for e in (row.get("ended_on"), row.get("reversed_on")) if e)
        self.tables["statuses"].add(
            place, row.get("child_id"), "ADOPTION", row.get("started_on"), ends[0] if ends else None
        )


def _birthday(born: str | None) -> str | None:
    """The 18th birthday; of those born on 29 February on 1 March. None where no day of birth is known."""
    if born is None or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", born):
        return None
    year, day = int(born[:4]) + CARE_LEAVER_FROM, born[4:]
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return f"{year}-03-01" if day == "-02-29" and not leap else f"{year}{day}"


def map_lists(path_name: str, lists: Sequence[ChildList], key: bytes, notes: Iterable[str]) -> Source:
    """The canonical tables of all lists, with what could not be mapped in notes and findings."""
    made = _Mapping(path_name, key)
    ordered = sorted(lists, key=lambda found: found.number)
    assessed = {
        row.cells["child_id"]
        for found in ordered
        if found.number == _ASSESSMENTS
        for row in found.rows
        if not row.get("completed_on")
    }
    for found in ordered:
        for row in found.rows:
            made.person(row, found.number * PLACE + row.row)
    made.children()
    for found in ordered:
        for row in found.rows:
            _map_row(made, found, row, assessed)
    made.homonyms()
    rows = sum(len(found.rows) for found in ordered)
    said = [f"{rows} rows of {len(ordered)} lists read: {', '.join(f.sheet for f in ordered)}", *notes, *GAPS]
    if made.without_worker:
        said.append(
            f"{made.without_worker} early help assessments of List 2 not loaded: the list names an "
            "organisation, and an assessment needs the practitioner"
        )
    if made.disabled:
        said.append(
            f"{len(made.disabled)} children with a disability: not loaded as a status, because the lists "
            "give no date and the status means complex needs"
        )
    return Source(
        "annex_a",
        path_name,
        [table for table in made.tables.values() if table.rows],
        said,
        made.findings,
        places={found.number: found.sheet for found in ordered},
        headings=_headings(ordered),
    )


def _map_row(made: _Mapping, found: ChildList, row: ListRow, assessed: set[str]) -> None:
    place = found.number * PLACE + row.row
    worker = made.worker(row, place, "worker", "allocated_worker")
    match found.number:
        case 2:
            made.early_help(row, place)
        case 4:
            made.assessment(row, place, worker)
        case 6:
            made.need(row, place, assessed)
        case 7 | 8:
            made.status(place, row, _INTERVAL_LISTS[found.number])
        case 9:
            made.worker(row, place, "adviser", "personal_adviser")
            made.care_leaver(row, place)
        case 10:
            made.adoption(row, place)


def _headings(lists: Iterable[ChildList]) -> dict[tuple[int, str, str], str]:
    """What rejects call a column: the list's own heading."""
    named: dict[tuple[int, str, str], str] = {}
    for found in lists:
        heading = found.headings.get
        pairs = {
            ("children", "child_id"): heading("child_id"),
            ("children", "birth_date"): heading("birth_date"),
            ("statuses", "child_id"): heading("child_id"),
            ("statuses", "status"): heading("case_status"),
            ("statuses", "started_on"): heading("started_on") or heading("birth_date"),
            ("statuses", "ended_on"): heading("ended_on") or heading("completed_on"),
            ("assessments", "assessment_id"): heading("child_id"),
            ("assessments", "child_id"): heading("child_id"),
            ("assessments", "practitioner_id"): heading("worker"),
            ("assessments", "started_on"): heading("started_on"),
            ("assessments", "completed_on"): heading("completed_on"),
        }
        named.update({(found.number, t, c): text for (t, c), text in pairs.items() if text})
    return named
