"""Facts of partners' lists → canonical tables, and in words what is missing for which question."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from loaders.raw import PLACE, RowFault, Source
from loaders.sources.made import MadeTable
from loaders.sources.spreadsheet.gather import Gathered, TeamKey
from loaders.sources.spreadsheet.lists import Snapshot, kept, runs, snapshots
from loaders.sources.spreadsheet.mapping import EVERYBODY, Mapping
from loaders.sources.spreadsheet.rows import Unread

FORMAT: Final = "spreadsheet"
NO_CHILD: Final = "does not say which child it is about: no id, no valid number and no name"
CHILD_FIELDS: Final = ("child_id", "upn", "nhs_number", "child_name", "last_name")
EARLIER: Final = 1 << 16
"""The number of the place from which facts of earlier lists come."""

COLUMNS: Final = {
    "agencies": ("agency_id", "name", "sector"),
    "practitioners": ("practitioner_id", "role", "name"),
    "posts": ("practitioner_id", "agency_id", "started_on", "fte"),
    "children": (
        *("child_id", "family_id", "school_id", "birth_date", "locality", "upn", "nhs_number"),
        *("first_name", "last_name", "postcode"),
    ),
    "statuses": ("child_id", "status", "started_on", "ended_on"),
    "needs": ("child_id", "level", "started_on", "ended_on"),
    "assessments": ("assessment_id", "child_id", "practitioner_id", "kind", "started_on", "completed_on"),
    "tacs": ("tac_id", "child_id", "opened_on", "closed_on", "next_review_on"),
    "memberships": ("tac_id", "practitioner_id", "started_on", "ended_on"),
    "leads": ("tac_id", "practitioner_id", "started_on", "ended_on"),
    "reviews": ("tac_id", "held_on"),
}


@dataclass
class Read:
    """What was read of which files, before it becomes tables."""

    mapping: Mapping
    path_name: str
    found: Gathered
    unread: Unread
    places: dict[int, str]
    numbers: list[int]
    home: Path | None = None


class _Tables:
    """The tables under way."""

    def __init__(self, read: Read) -> None:
        self.read, self.mapping, self.found = read, read.mapping, read.found
        self.tables = {name: MadeTable(name, read.path_name, names) for name, names in COLUMNS.items()}
        self.notes: list[str] = []
        self.findings = list(read.found.findings)
        self.said: dict[str, Snapshot] = {}
        self.stood_in: dict[str, int] = defaultdict(int)
        self.shared = _shared((given, child) for given, child, _ in self.found.teams)
        self.reviews: set[tuple[str, str]] = set()
        self.starts: dict[TeamKey, list[str]] = defaultdict(list)
        for part in self.found.members:
            if part.since:
                self.starts[part.team].append(part.since)
        self.without_until = not self.mapping.has("member_until")

    def tac_id(self, key: TeamKey, run_first: str = "") -> str:
        """The team's id: the list's own, else made of the child and the first day, so that the rule shows."""
        given, child, opened = key
        own = child.removeprefix(f"{self.mapping.source}:")
        if given:
            return f"{self.mapping.source}:{given}" + (f"|{own}" if given in self.shared else "")
        return f"{self.mapping.source}:{own}|{opened or run_first or 'team'}"

    # -- what has no dates ---------------------------------------------------------------------------

    def people(self) -> None:
        who = next((c.heading for f in CHILD_FIELDS for c in self.mapping.of(f)), "")
        self.tables["children"].faults = [RowFault(p, who, "", NO_CHILD) for p in self.found.nameless]
        for name in ("children", "tacs", "memberships", "leads"):  # whose facts they may have had
            self.tables[name].faults += self.read.unread.rows
        for ident, (place, cells) in self.found.children.items():
            self.tables["children"].add(place, ident, *[cells[c] or None for c in COLUMNS["children"][1:]])
        for ident, (place, name, sector) in self.found.agencies.items():
            self.tables["agencies"].add(place, ident, name, sector)
        for ident, (place, role, name) in self.found.practitioners.items():
            self.tables["practitioners"].add(place, ident, role, name or None)
        for (practitioner, agency), (place, fte) in self.found.posts.items():
            if self.mapping.posts_since:
                self.tables["posts"].add(place, practitioner, agency, self.mapping.posts_since, fte)
        for place, child, practitioner, begun, done in self.found.assessments:
            own = child.removeprefix(f"{self.mapping.source}:")
            ident = f"{self.mapping.source}:{own}|assessment {begun}"
            row = (ident, child, practitioner, "early_help", begun, done or None)
            self.tables["assessments"].add(place, *row)

    # -- facts with their dates ----------------------------------------------------------------------

    def dated(self) -> None:
        """Intervals as the columns have them; a missing first day is what the mapping says."""
        opened = {key: self._opened(key) for key in self.found.teams}
        for key, team in self.found.teams.items():
            days = (opened[key], team.closed or None, team.next_review or None)
            self.tables["tacs"].add(team.place, self.tac_id(key), key[1], *days)
        for name, parts in (("memberships", self.found.members), ("leads", self.found.leads)):
            seen: set[tuple[str | None, ...]] = set()
            for part in parts:
                since = part.since or self._stand_in(name, opened[part.team], part.day)
                closed = self.found.teams[part.team].closed if self.without_until else ""
                row = (self.tac_id(part.team), part.practitioner, since, part.until or closed or None)
                if row not in seen:
                    seen.add(row)
                    self.tables[name].add(part.place, *row)
        by_child = self._opened_by_child(opened)
        for name, states in (("needs", self.found.needs), ("statuses", self.found.statuses)):
            for state in states:
                since = state.since or self._stand_in(name, by_child.get(state.child), state.day)
                self.tables[name].add(state.place, state.child, state.code, since, None)
        for place, key, day in self.found.reviews:
            self.review(place, self.tac_id(key), day)

    def _opened(self, key: TeamKey) -> str | None:
        """A team's first day: the list's, else its earliest member's, else what the mapping says."""
        team = self.found.teams[key]
        if team.opened:
            return team.opened
        if starts := self.starts.get(key):
            self.stood_in["teams open with their first member: the list gives them no first day"] += 1
            return min(starts)
        day = min(team.days, default="") if self.mapping.since_is == "as_at" else ""
        if day:
            self.stood_in["teams: the list's day stands for the first one"] += 1
        return day or None

    def _stand_in(self, name: str, opened: str | None, day: str) -> str | None:
        """The day that the mapping has stand for a first day that the list does not give."""
        since_is = self.mapping.since_is
        found = opened if since_is == "opened_on" else day if since_is == "as_at" else None
        if found:
            words = "the team's first day stands" if since_is == "opened_on" else "the list's day stands"
            self.stood_in[f"{name}: {words} for the first day that the list does not give"] += 1
        return found or None

    def _opened_by_child(self, opened: dict[TeamKey, str | None]) -> dict[str, str]:
        """The latest team's first day by child."""
        found: dict[str, str] = {}
        for (_, child, _), day in opened.items():
            if day and day > found.get(child, ""):
                found[child] = day
        return found

    def review(self, place: int, tac_id: str, day: str) -> None:
        if (tac_id, day) not in self.reviews:
            self.reviews.add((tac_id, day))
            self.tables["reviews"].add(place, tac_id, day)

    # -- everybody on a day --------------------------------------------------------------------------

    def everybody(self) -> None:
        """Intervals from list to list, with what earlier lists said."""
        home, source = self.read.home, self.mapping.source
        before = kept(home, source) if home is not None else {}
        now = snapshots(self.found)
        self.said = {**before, **now}
        self._note_lists(before, now)
        self.shared = _shared((v[0], v[1]) for said in self.said.values() for v in said.teams.values())
        teams = self._team_runs()
        for name, parts in (("members", self.found.members), ("leads", self.found.leads)):
            here = {("|".join(p.team), p.practitioner): p for p in parts}
            for run in runs(self.said, name):
                part = here.get(run.key)
                ended = (part.until if part is not None else None) or run.after
                place = part.place if part is not None else EARLIER * PLACE
                tac = next((t for t, first, last in teams[run.key[0]] if first <= run.first <= last), None)
                table = self.tables["memberships" if name == "members" else name]
                table.add(place, tac, run.key[1], run.started_on, ended)
        for name, states in (("needs", self.found.needs), ("statuses", self.found.statuses)):
            at = {(s.child, s.code): s.place for s in states}
            for run in runs(self.said, name):
                place = at.get(run.key, EARLIER * PLACE)
                self.tables[name].add(place, *run.key, run.started_on, run.after)

    def _team_runs(self) -> dict[str, list[tuple[str, str, str]]]:
        """The teams' rows; by key: id, first and last list day of each unbroken stay."""
        found: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
        rows: dict[str, tuple[int, str, str, str, str | None, str | None]] = {}
        keys = {k: v for day in sorted(self.said) for k, v in self.said[day].teams.items()}
        for run in runs(self.said, "teams"):
            given, child, opened = keys[run.key[0]]
            key = (given, child, "" if given else opened)
            tac_id = self.tac_id(key, run.first)
            found[run.key[0]].append((tac_id, run.first, run.last))
            team = self.found.teams.get(key)
            place = team.place if team is not None else EARLIER * PLACE
            closed = (team.closed if team is not None else "") or run.after
            review = (team.next_review if team is not None else "") or None
            first = rows[tac_id][3] if tac_id in rows else run.started_on
            rows[tac_id] = (place, tac_id, child, first, closed, review)
        for place, *cells in rows.values():
            self.tables["tacs"].add(place, *cells)
        for place, key, day in self.found.reviews:
            self.review(place, found["|".join(key)][-1][0], day)
        return found

    def _note_lists(self, before: dict[str, Snapshot], now: dict[str, Snapshot]) -> None:
        days = sorted(self.said)
        self.notes.append(
            f"lists of {len(days)} days are known ({days[0]} to {days[-1]}): whoever is on no later list has "
            "left on the day of the next one"
        )
        if self.read.unread.rows or self.found.nameless:
            self.notes.append(
                "rows that cannot be read are no part of their list: whoever stands in them alone counts as "
                "having left on its day, until they are mended and the list is loaded again with --replace"
            )
        changed = [day for day, said in now.items() if day in before and before[day] != said]
        late = [day for day in now if day not in before and before and day < max(before)]
        if changed or late:
            listed = ", ".join(sorted(changed + late))
            self.notes.append(
                f"the list of {listed} changes what was loaded before: load it with --replace, so that "
                "what no list says any more goes"
            )

    # -- what it comes to ----------------------------------------------------------------------------

    def source(self, notes: list[str]) -> Source:
        self.people()
        if self.mapping.list_is == EVERYBODY:
            self.everybody()
        else:
            self.dated()
        tables = [table for table in self.tables.values() if table.rows or table.faults]
        places = {**self.read.places, EARLIER: "earlier lists"}
        said = [*notes, *self.notes, *self._counted(), *gaps(self.mapping, self.found)]
        headings = _headings(self.mapping, self.read.numbers)
        return Source(
            FORMAT, self.read.path_name, tables, said, self.findings, places=places, headings=headings
        )

    def _counted(self) -> list[str]:
        """What stood in for what, and what could not be read, with how often."""
        found, unread = self.found, self.read.unread
        said = [f"{count} {what}" for what, count in sorted(self.stood_in.items())]
        kinds = {
            "upn": "known by their UPN",
            "nhs": "known by their NHS number",
            "person": "known by name and date of birth, as the list has no id",
            "name": "known by name alone: those of one name are taken for one child",
        }
        said += [
            f"{found.known_by[k]} rows have a child {words}"
            for k, words in kinds.items()
            if found.known_by[k]
        ]
        for heading, count in found.ticks.items():
            said.append(f"{count} ticks under “{heading}” say that somebody is involved, not who: not loaded")
        for heading, count in found.unnamed.items():
            said.append(f"{count} cells under “{heading}” name a role or an agency and nobody: not loaded")
        if found.unassessed:
            said.append(f"{found.unassessed} assessments without the name of one assessor: not loaded")
        for words, count in unread.statuses.items():
            said.append(f"status “{words}” ({count} times) is not known: add it to [statuses] of the mapping")
        for words, count in unread.parts.items():
            said.append(f"“{words}” ({count} times) is neither lead nor member: taken as member")
        if found.assumed_posts:
            said.append(
                f"{len(found.assumed_posts)} posts have the hours that the mapping assumes "
                f"({self.mapping.fte_when_missing:g} of full time): whatever rests on capacity rests on that"
            )
        if found.posts and not self.mapping.posts_since:
            said.append(
                f"{len(found.posts)} posts not loaded: set posts_since in the mapping, from when they hold"
            )
        return said


def _shared(pairs: Iterable[tuple[str, str]]) -> set[str]:
    """Ids of teams that several children have."""
    children: dict[str, set[str]] = defaultdict(set)
    for given, child in pairs:
        children[given].add(child)
    return {given for given, of in children.items() if given and len(of) > 1}


def to_source(read: Read, notes: list[str]) -> tuple[Source, dict[str, Snapshot]]:
    """The canonical tables, and what each list of everybody said, to be kept when it is loaded."""
    made = _Tables(read)
    source = made.source(notes)
    now = snapshots(read.found) if read.mapping.list_is == EVERYBODY else {}
    return source, now


def gaps(mapping: Mapping, found: Gathered) -> list[str]:
    """What the list does not have, and the questions that stay open for it."""
    missing = []
    if not (found.posts and mapping.posts_since):
        missing.append(
            "no hours (FTE): practitioners have no post, so overload, load for their hours and "
            "fairness between agencies cannot be answered"
        )
    if not found.leads:
        missing.append("no lead practitioner: who leads, and whether that is fair, cannot be answered")
    if not found.members:
        missing.append("no practitioners: teams, duplication and coverage cannot be answered")
    if not found.needs:
        missing.append("no level of need: it does not weigh in the load")
    if not found.statuses:
        missing.append("no statuses: whether the right role leads by law or guidance cannot be answered")
    if not found.reviews and not mapping.has("next_review_on"):
        missing.append("no reviews: overdue reviews cannot be found")
    if not mapping.has("birth_date"):
        missing.append("no dates of birth: the move to adult services cannot be seen, matching is weaker")
    if not found.assessments:
        missing.append("no assessments: repeated ones cannot be found")
    missing.append("no services and no actions: the same service twice and overdue actions cannot be found")
    return missing


def _headings(mapping: Mapping, sheets: list[int]) -> dict[tuple[int, str, str], str]:
    """What rejects call a column: the list's own heading."""

    def first(*names: str) -> str | None:
        return next((c.heading for name in names for c in mapping.of(name)), None)

    who = first(*CHILD_FIELDS)
    opened = first("opened_on")
    pairs = {
        ("children", "child_id"): who,
        ("children", "birth_date"): first("birth_date"),
        ("statuses", "child_id"): who,
        ("statuses", "status"): first("status", "status_flag"),
        ("statuses", "started_on"): first("status_since"),
        ("needs", "child_id"): who,
        ("needs", "level"): first("needs_level"),
        ("needs", "started_on"): first("needs_since") or opened,
        ("tacs", "tac_id"): first("tac_id") or who,
        ("tacs", "child_id"): who,
        ("tacs", "opened_on"): opened,
        ("tacs", "closed_on"): first("closed_on"),
        ("tacs", "next_review_on"): first("next_review_on"),
        ("memberships", "tac_id"): first("tac_id") or opened or who,
        ("memberships", "practitioner_id"): first(
            "practitioner_id", "practitioner_name", "member", "members"
        ),
        ("memberships", "started_on"): first("member_since") or opened,
        ("memberships", "ended_on"): first("member_until", "closed_on"),
        ("leads", "tac_id"): first("tac_id") or opened or who,
        ("leads", "practitioner_id"): first("lead", "practitioner_id", "practitioner_name"),
        ("leads", "started_on"): first("lead_since", "member_since") or opened,
        ("leads", "ended_on"): first("lead_until", "member_until", "closed_on"),
        ("posts", "fte"): first("fte"),
        ("agencies", "sector"): first("sector", "agency", "lead_agency"),
        ("reviews", "held_on"): first("review_on"),
        ("assessments", "started_on"): first("assessment_on"),
        ("assessments", "completed_on"): first("assessment_completed_on"),
    }
    return {(n, t, c): text for n in sheets for (t, c), text in pairs.items() if text}
