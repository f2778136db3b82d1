"""FHIR files → canonical tables: the order of the resources, and what is said of the reading."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from graphmodel.errors import SourceError
from loaders.raw import Source
from loaders.sources.fhir.codes import Meanings
from loaders.sources.fhir.people import People
from loaders.sources.fhir.references import Index, Target
from loaders.sources.fhir.resources import Resource, fhir_files, many, objects, resources
from loaders.sources.fhir.teams import Teams

USED: Final = ("Organization", "Practitioner", "PractitionerRole", "Patient", "CareTeam", "EpisodeOfCare")

GAPS: Final = (
    "FHIR has no statuses of the allocation table, no levels of need, no assessments, actions and reviews of "
    "teams: statutory leads, repeated assessments and what is overdue cannot be answered from it",
    "FHIR has no FTE: practitioners have no capacity unless another source gives their posts",
    "a period of FHIR ends with its last day, so teams, members and leads end on the day after it",
)

UNSAID: Final = {
    "agencies": ("parent_agency_id",),
    "practitioners": ("name",),
    "posts": ("home", "tac_share"),
    "children": ("birth_date", "nhs_number", "upn", "first_name", "last_name", "postcode"),
    "tacs": ("model",),
    "leads": ("reason",),
    "services": ("name",),
    "interventions": ("practitioner_id",),
}
"""Columns that are left out where no resource fills them, because FHIR leaves out what it does not know."""

HEADINGS: Final = {
    ("children", "child_id"): "Patient.id",
    ("children", "birth_date"): "Patient.birthDate",
    ("practitioners", "practitioner_id"): "Practitioner.id",
    ("agencies", "agency_id"): "Organization.id",
    ("agencies", "parent_agency_id"): "Organization.partOf",
    ("posts", "started_on"): "PractitionerRole.period.start",
    ("posts", "ended_on"): "PractitionerRole.period.end",
    ("tacs", "child_id"): "CareTeam.subject",
    ("tacs", "opened_on"): "CareTeam.period.start",
    ("tacs", "closed_on"): "CareTeam.period.end",
    ("memberships", "tac_id"): "CareTeam",
    ("memberships", "practitioner_id"): "CareTeam.participant.member",
    ("memberships", "started_on"): "CareTeam.participant.period.start",
    ("memberships", "ended_on"): "CareTeam.participant.period.end",
    ("leads", "tac_id"): "CareTeam",
    ("leads", "practitioner_id"): "CareTeam.participant.member",
    ("leads", "started_on"): "CareTeam.participant.period.start",
    ("leads", "ended_on"): "CareTeam.participant.period.end",
    ("interventions", "child_id"): "EpisodeOfCare.patient",
    ("interventions", "practitioner_id"): "EpisodeOfCare.careManager",
    ("interventions", "started_on"): "EpisodeOfCare.period.start",
    ("interventions", "ended_on"): "EpisodeOfCare.period.end",
}


def looks_like_fhir(path: Path) -> bool:
    """Whether files at a path begin as FHIR does."""
    return bool(fhir_files(path))


def read_fhir(path: Path, key: bytes, with_file: Path | None = None) -> Source:
    """Children, practitioners, agencies, teams and services of FHIR bundles; a file or a folder of some.

    `with_file` is a list of codes and words that comes before roles.toml. Raises `SourceError` where no
    file is FHIR or one cannot be read.
    """
    files = fhir_files(path)
    if not files:
        raise SourceError(
            str(path),
            "holds no FHIR resources",
            "Name a .json, .ndjson or .xml file with a Bundle or resources, or a folder of such files.",
        )
    meanings = Meanings(with_file)
    by_kind: dict[str, list[Resource]] = {kind: [] for kind in USED}
    others: Counter[str] = Counter()
    for number, file in enumerate(files, start=1):
        for resource in resources(file, number):
            if resource.kind in by_kind:
                by_kind[resource.kind].append(resource)
            else:
                others[resource.kind] += 1
    if not any(by_kind.values()) and not others:
        raise SourceError(path.name, "has no FHIR resource", "Export the bundle again.")
    people = _people(path.name, by_kind, meanings, key)
    notes = _notes(files, by_kind, others, people)
    for table, columns in UNSAID.items():
        people.tables[table].drop_unsaid(*columns)
    tables = [table for table in people.tables.values() if table.rows or table.faults]
    if not tables:
        raise SourceError(
            path.name, "has none of the resources that are read", f"Those are {', '.join(USED)}."
        )
    places = {number: f"{file.name}, resource" for number, file in enumerate(files, start=1)}
    headings = {(number, *column): name for number in places for column, name in HEADINGS.items()}
    found = Source("fhir", path.name, tables, notes, people.findings, list(people.identifiers))
    found.places, found.headings = places, headings
    return found


def _people(name: str, by_kind: dict[str, list[Resource]], meanings: Meanings, key: bytes) -> People:
    """All tables made of the resources."""
    index = Index(resource for found in by_kind.values() for resource in found)
    people = People(name, index, meanings, key)
    teams = Teams(people)
    current = {kind: [r for r in found if index.latest(r)] for kind, found in by_kind.items()}
    if index.again:
        people.counts["resources that occur again: the latest version counts"] = index.again
    for organisation in current["Organization"]:
        people.agency(_target(index, organisation), organisation)
    for practitioner in current["Practitioner"]:
        people.practitioner(_target(index, practitioner), practitioner, [])
    for role in current["PractitionerRole"]:
        teams.post(role)
    for patient in _children(index, current):
        people.child(_target(index, patient), patient)
    for team in current["CareTeam"]:
        teams.care_team(team)
    for episode in current["EpisodeOfCare"]:
        teams.episode(episode)
    people.write_practitioners()
    return people


def _target(index: Index, resource: Resource) -> Target:
    return Target(resource.kind, index.name(resource), resource)


def _children(index: Index, current: dict[str, list[Resource]]) -> Iterable[Resource]:
    """The patients, but for those who only take part in somebody else's team: they are family."""
    subjects, members = set(), set()
    for team in current["CareTeam"]:
        subject = index.follow(team.data.get("subject"), team, "Patient")
        subjects.add(id(subject.resource) if subject else 0)
        for participant in objects(team.data.get("participant")):
            for reference in many(participant.get("member")):
                member = index.follow(reference, team, "Practitioner")
                members.add(id(member.resource) if member else 0)
    family = members - subjects
    return [p for p in current["Patient"] if id(p) not in family]


def _notes(
    files: list[Path], by_kind: dict[str, list[Resource]], others: Counter[str], people: People
) -> list[str]:
    read = ", ".join(f"{kind} {len(found)}" for kind, found in by_kind.items() if found)
    said = [f"{len(files)} files read: {read or 'none of the resources that are used'}", *GAPS]
    if others:
        said.append("resources left out: " + ", ".join(f"{k} {n}" for k, n in sorted(others.items())))
    return [*said, *(f"{times} {what}" for what, times in sorted(people.counts.items()))]
