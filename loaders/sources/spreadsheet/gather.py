"""Lines of a partner's list → facts about children, practitioners and teams, each with its row."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from graphmodel import codes
from loaders.identity import keyed_hash
from loaders.raw import Seen
from loaders.sources.spreadsheet.cells import (
    NOT_STATED,
    Mentioned,
    first_and_last,
    looks_like_name,
    name_key,
    people_of,
    plain_words,
    role_of,
    role_sector,
    sector_of,
)
from loaders.sources.spreadsheet.mapping import Mapping
from loaders.sources.spreadsheet.rows import Line, Member, child_key

_CHILD_COLUMNS: Final = (
    *("family_id", "school_id", "birth_date", "locality", "upn", "nhs_number", "first_name", "last_name"),
    "postcode",
)

TeamKey = tuple[str, str, str]
"""A team: its id in the list (or empty), the child, its first day where the list says it."""


@dataclass
class Team:
    """A team as the list has it; days as ISO or as they stand."""

    key: TeamKey
    place: int
    closed: str = ""
    next_review: str = ""
    opened: str = ""
    days: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Part:
    """A practitioner in a team, as member or as lead, on the list of `day` (empty: the list has no day)."""

    team: TeamKey
    practitioner: str
    since: str | None
    until: str | None
    day: str
    place: int


@dataclass(frozen=True)
class State:
    """A needs level or status of a child."""

    child: str
    code: str
    since: str | None
    day: str
    place: int


@dataclass
class Gathered:
    """All that the lists say. Rows are (place, cells)."""

    children: dict[str, tuple[int, dict[str, str]]] = field(default_factory=dict)
    nameless: list[int] = field(default_factory=list)
    practitioners: dict[str, tuple[int, str, str]] = field(default_factory=dict)
    agencies: dict[str, tuple[int, str, str | None]] = field(default_factory=dict)
    posts: dict[tuple[str, str], tuple[int, str]] = field(default_factory=dict)
    teams: dict[TeamKey, Team] = field(default_factory=dict)
    members: list[Part] = field(default_factory=list)
    leads: list[Part] = field(default_factory=list)
    needs: list[State] = field(default_factory=list)
    statuses: list[State] = field(default_factory=list)
    reviews: list[tuple[int, TeamKey, str]] = field(default_factory=list)
    assessments: list[tuple[int, str, str, str, str]] = field(default_factory=list)
    findings: list[Seen] = field(default_factory=list)
    known_by: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    ticks: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    unnamed: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    days: set[str] = field(default_factory=set)
    assumed_posts: set[tuple[str, str]] = field(default_factory=set)
    names: dict[str, tuple[str, str]] = field(default_factory=dict)
    unassessed: int = 0


class Gatherer:
    """Takes the lines of one list after another. `key` makes ids of names."""

    def __init__(self, mapping: Mapping, key: bytes) -> None:
        self.mapping, self.key = mapping, key
        self.found = Gathered()
        self.day = ""
        self._stated: set[tuple[str, str, str | None, str]] = set()

    def take(self, lines: Sequence[Line], day: str) -> None:
        """All lines of one file; `day` is the list's own (empty: it has none)."""
        self.day = day
        if day:
            self.found.days.add(day)
        opened: dict[str, set[str]] = defaultdict(set)
        children = [self.child(line) for line in lines]
        for line, child in zip(lines, children, strict=True):
            if line.team["opened_on"]:
                opened[child].add(line.team["opened_on"])
        teams: dict[TeamKey, list[tuple[Line, list[tuple[Member, str]]]]] = defaultdict(list)
        for line, child in zip(lines, children, strict=True):
            if not child:
                continue
            members = [(member, self.practitioner(member, line.place)) for member in line.members]
            self.states(line, child)
            for heading in line.ticks:
                self.found.ticks[heading] += 1
            for heading in line.nameless:
                self.found.unnamed[heading] += 1
            team = self.team(line, child, opened[child], involved=bool(members))
            if team is not None:
                teams[team.key].append((line, members))
                self.dated(line, team)
            self.assessment(line, child, members)
        for key, said in teams.items():
            self.members(key, said)
            self.leads(key, said)

    # -- children ------------------------------------------------------------------------------------

    def child(self, line: Line) -> str:
        """The id of a line's child, and what the line says of it; empty where nothing tells who it is."""
        kind, value = child_key(line.child)
        if not kind:
            self.found.nameless.append(line.place)
            return ""
        self.found.known_by[kind] += 1
        source = self.mapping.source
        if kind != "id":
            ident = f"{source}:{kind}-{keyed_hash(self.key, f'child {kind}', value.replace(' ', '_'))[:16]}"
        else:
            ident = value if self.mapping.child_ids_are == "authority" else f"{source}:{value}"
        cells = self._child_cells(line)
        place, known = self.found.children.setdefault(ident, (line.place, cells))
        birth = cells["birth_date"]
        if birth and known["birth_date"] and birth != known["birth_date"]:
            what = "rows of the list give several dates of birth: the first one is loaded"
            self.found.findings.append(Seen("conflicting_birth_dates", "children", ident, what))
        self.found.children[ident] = (place, {c: known[c] or cells[c] for c in _CHILD_COLUMNS})
        return ident

    def _child_cells(self, line: Line) -> dict[str, str]:
        said = line.child
        first, last = said["first_name"], said["last_name"]
        if not (first or last) and said["child_name"]:
            first, last = first_and_last(said["child_name"])
        family = f"{self.mapping.source}:{said['family_id']}" if said["family_id"] else ""
        school = self.agency(said["school"], "education", line.place) if said["school"] else ""
        rest = {c: said[c] for c in ("birth_date", "locality", "upn", "nhs_number", "postcode")}
        return {**rest, "family_id": family, "school_id": school, "first_name": first, "last_name": last}

    # -- agencies and practitioners ------------------------------------------------------------------

    def agency(self, name: str, sector: str, place: int) -> str:
        """The id of an agency by its name; its sector by the mapping, else by what is known of it."""
        key = plain_words(name) or name
        ident = self.mapping.agency_ids.get(key) or f"agency {' '.join(name.casefold().split())}"
        mapped = self.mapping.agencies.get(key)
        said = sector if sector in codes.SECTORS else ""
        found = mapped if mapped is not None else said or sector_of(name)
        known = self.found.agencies.get(ident)
        if known is None or (known[2] is None and found):
            self.found.agencies[ident] = (place, name, found or None)
        return ident

    def practitioner(self, member: Member, place: int) -> str:
        """The id of a practitioner: the list's own, else a keyed hash of name and agency.

        The same name in two agencies is two practitioners: they may be homonyms, and a finding says so.
        """
        agency = ""
        if member.agency:
            sector = _sector(member.sector) or sector_of(member.agency) or role_sector(member.role) or ""
            agency = self.agency(member.agency, sector, place)
        if member.ident:
            ident = f"{self.mapping.source}:{member.ident}"
        else:
            named = f"{name_key(member.name)}|{plain_words(member.agency)}".replace(" ", "_")
            ident = f"person-{keyed_hash(self.key, 'practitioner by name', named)[:16]}"
        self.found.names.setdefault(ident, (name_key(member.name), plain_words(member.agency)))
        known = self.found.practitioners.get(ident)
        if known is None:
            self.found.practitioners[ident] = (place, member.role, member.name)
        elif known[1] == NOT_STATED or not known[2]:
            role = member.role if known[1] == NOT_STATED else known[1]
            self.found.practitioners[ident] = (known[0], role, known[2] or member.name)
        elif member.role not in (known[1], NOT_STATED):
            what = f"has the roles {known[1]} and {member.role}: the first one is loaded"
            seen = Seen("two_roles", "practitioners", ident, what)
            if seen not in self.found.findings[-20:]:
                self.found.findings.append(seen)
        self.post(ident, agency, member, place)
        return ident

    def post(self, practitioner: str, agency: str, member: Member, place: int) -> None:
        assumed = self.mapping.fte_when_missing
        if not agency or not (member.fte or assumed):
            return
        fte = _fte(member.fte) if member.fte else f"{assumed:g}"
        if member.fte is None:
            self.found.assumed_posts.add((practitioner, agency))
            self.found.posts.setdefault((practitioner, agency), (place, fte))
        else:
            self.found.assumed_posts.discard((practitioner, agency))
            self.found.posts[practitioner, agency] = (place, fte)

    def homonyms(self) -> None:
        """A finding for each name that stands in several agencies."""
        by_name: dict[str, list[str]] = defaultdict(list)
        for ident, (name, _) in self.found.names.items():
            if name and ident.startswith("person-"):
                by_name[name].append(ident)
        for idents in by_name.values():
            if len(idents) > 1:
                what = "one name in several agencies: loaded as several practitioners"
                ids = " ".join(sorted(idents))
                self.found.findings.append(Seen("same_name_in_two_agencies", "practitioners", ids, what))

    # -- teams ---------------------------------------------------------------------------------------

    def team(self, line: Line, child: str, opened: set[str], *, involved: bool) -> Team | None:
        """The team of a line; None where the line names none, nobody in it and no first day of one.

        A line without a first day belongs to the child's team that has one, where there is one only.
        """
        given, day = line.team["tac_id"], line.team["opened_on"]
        if not (given or day or involved or line.lead):
            return None
        if not day and not given and len(opened) == 1:
            day = next(iter(opened))
        key = (given, child, "" if given else day)
        team = self.found.teams.setdefault(key, Team(key, line.place))
        team.opened = team.opened or day
        team.closed = team.closed or line.team["closed_on"]
        team.next_review = line.team["next_review_on"] or team.next_review
        if self.day:
            team.days.add(self.day)
        return team

    def dated(self, line: Line, team: Team) -> None:
        self.found.reviews += [(line.place, team.key, day) for day in line.reviews]

    def members(self, key: TeamKey, said: Sequence[tuple[Line, list[tuple[Member, str]]]]) -> None:
        for line, members in said:
            for member, ident in members:
                self.found.members.append(Part(key, ident, member.since, member.until, self.day, line.place))
                if member.leads:
                    since = line.lead_since or member.since
                    until = line.lead_until or member.until
                    self.found.leads.append(Part(key, ident, since, until, self.day, line.place))

    def leads(self, key: TeamKey, said: Sequence[tuple[Line, list[tuple[Member, str]]]]) -> None:
        """Who leads by a column that names a person, a role, an agency or one of the columns."""
        team = [(member, ident) for _, members in said for member, ident in members]
        seen: set[tuple[str, str | None]] = set()
        for line, _ in said:
            if not line.lead or (line.lead, line.lead_since) in seen:
                continue
            seen.add((line.lead, line.lead_since))
            named = self.named(line, team)
            if named is None:
                child = key[1]
                what = "the lead of the list fits nobody or several in the team: no lead is loaded"
                self.found.findings.append(Seen("lead_not_clear", "leads", child, what))
                continue
            for member, ident, new in named:
                since = line.lead_since or member.since
                until = line.lead_until or member.until
                if new:
                    self.found.members.append(Part(key, ident, since, until, self.day, line.place))
                self.found.leads.append(Part(key, ident, since, until, self.day, line.place))

    def named(self, line: Line, team: Sequence[tuple[Member, str]]) -> list[tuple[Member, str, bool]] | None:
        """Those whom a line's lead means, and whether they are new to the team; None: not clear."""
        text = line.lead
        words = plain_words(text)
        role = self.mapping.roles.get(words) or role_of(text)
        agency = plain_words(line.lead_agency)
        ways = (
            lambda m: plain_words(m.heading) == words and bool(m.by_role or m.agency),
            lambda m: role is not None and m.role == role,
            lambda m: bool(m.agency) and plain_words(m.agency) == words,
            lambda m: bool(m.by_role) and role is not None and m.by_role == role,
        )
        for way in ways:
            fitting = {ident: member for member, ident in team if way(member)}
            if fitting:
                return [(m, i, False) for i, m in fitting.items()] if len(fitting) == 1 else None
        people = people_of(text)
        beside = any(p.role or p.agency for p in people)
        if role or not people or (sector_of(text) and not looks_like_name(text) and not beside):
            return None
        return [one for person in people if (one := self._person(line, person, team, agency))] or None

    def _person(
        self, line: Line, person: Mentioned, team: Sequence[tuple[Member, str]], agency: str
    ) -> tuple[Member, str, bool] | None:
        wanted = name_key(person.name)
        same = {i: m for m, i in team if name_key(m.name) == wanted}
        same = same or {i: m for m, i in team if _initialled(name_key(m.name), wanted)}
        if len(same) > 1 and agency:
            same = {i: m for i, m in same.items() if plain_words(m.agency) == agency}
        if len(same) == 1:
            return next((m, i, False) for i, m in same.items())
        if same:
            return None
        role = line.lead_role or role_of(person.role) or NOT_STATED
        where = line.lead_agency or person.agency
        member = _named(person.name, role, where, line.lead_since, line.lead_until)
        return member, self.practitioner(member, line.place), True

    # -- states and assessments ----------------------------------------------------------------------

    def states(self, line: Line, child: str) -> None:
        """Needs level and statuses; rows of one child repeat them."""
        levels = [line.level] if line.level else []
        for states, found, since in (
            (levels, self.found.needs, line.level_since),
            (line.statuses, self.found.statuses, line.status_since),
        ):
            for code in states:
                state = State(child, code, since, self.day, line.place)
                if (child, code, since, self.day) not in self._stated:
                    self._stated.add((child, code, since, self.day))
                    found.append(state)

    def assessment(self, line: Line, child: str, members: Sequence[tuple[Member, str]]) -> None:
        """An early help assessment, where the list says when and by whom."""
        begun, name = line.assessment["assessment_on"], line.assessment["assessor"]
        if not begun:
            return
        people = people_of(name)
        if len(people) != 1:
            self.found.unassessed += 1
            return
        same = [i for m, i in members if name_key(m.name) == name_key(people[0].name)]
        if len(set(same)) == 1:
            ident = same[0]
        else:
            one = people[0]
            role = role_of(one.role) or NOT_STATED
            ident = self.practitioner(_named(one.name, role, one.agency), line.place)
        done = line.assessment["assessment_completed_on"]
        row = (line.place, child, ident, begun, done)
        if not any(other[1:] == row[1:] for other in self.found.assessments[-50:]):
            self.found.assessments.append(row)


def _named(name: str, role: str, agency: str, since: str | None = None, until: str | None = None) -> Member:
    """Somebody of whom a cell says no more than this."""
    return Member(name, "", role, agency, "", since, until, leads=False, heading="")


def _initialled(name: str, other: str) -> bool:
    """Whether one name is the other with an initial for the first name, as A Reed for Ann Reed."""
    first, last = name.split()[:1], name.split()[1:]
    again, behind = other.split()[:1], other.split()[1:]
    if not last or last != behind:
        return False
    short = min(first[0], again[0], key=len)
    return len(short) == 1 and first[0][0] == again[0][0]


def _sector(text: str) -> str:
    plain = plain_words(text).replace(" ", "_")
    return plain if plain in codes.SECTORS else (sector_of(text) or "")


def _fte(text: str | None) -> str:
    """Hours as the format writes them: `80 %` as 0.8, the rest as it stands."""
    found = re.fullmatch(r"(\d{1,3}(?:\.\d+)?) ?%", text or "")
    return f"{float(found[1]) / 100:g}" if found else (text or "")
