"""Practitioners under several ids: registration number or address links them, a name alone never does.

Homonyms are many and a wrong merge puts one person's work on another, so whoever shares a name, and no
number, is put to somebody who knows them. Ids of one source are put forward at most.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
from rapidfuzz import fuzz

from loaders.matching import cleaning, numbers
from loaders.matching.links import Outcome, Proposal, ordered
from loaders.matching.words import A_LITTLE, AGREES, DIFFERS, MISSING

SURE: Final = 0.999
ADDRESS: Final = 0.99
CONTRADICTED: Final = 0.6
STAFF_ID: Final = 0.8
NAME_AND_POST: Final = 0.8
NAME_AND_ROLE: Final = 0.6
NAME_ONLY: Final = 0.5
MOST_SHARING: Final = 10
"""A number or a name on more ids than this tells nobody from anybody."""
_A_LITTLE: Final = 60.0
_FIELDS: Final = ("swe_number", "email", "staff_id")


@dataclass(frozen=True)
class Person:
    """One record of a practitioner, cleaned."""

    id: str
    space: str
    name: str | None
    role: str | None
    agency: str | None
    swe_number: str | None
    email: str | None
    staff_id: str | None


def people(records: pa.Table) -> list[Person]:
    """Records of the identity store, cleaned; a Social Work England number may stand in the id itself."""
    found = []
    for row in records.to_pylist():
        prefix, _, rest = row["id"].partition(":")
        swe = row["swe_number"] or (rest if prefix.casefold() == "swe" else "")
        found.append(
            Person(
                row["id"],
                row["space"],
                cleaning.name(row["name"] or ""),
                cleaning.name(row["role"] or ""),
                row["agency_id"] or None,
                numbers.swe_number(swe) if swe else None,
                numbers.email(row["email"]) if row["email"] else None,
                numbers.opaque(row["staff_id"]) if row["staff_id"] else None,
            )
        )
    return found


def proposals(found: list[Person]) -> list[Proposal]:
    """Every pair of ids that may be one practitioner, by pair; outcome before groups are made."""
    best: dict[tuple[str, str], Proposal] = {}
    for one, other in _pairs(found):
        if one.id == other.id:
            continue
        made = _proposal(one, other)
        if made is not None and (made.pair not in best or made.probability > best[made.pair].probability):
            best[made.pair] = made
    return [best[pair] for pair in sorted(best)]


def _pairs(found: list[Person]) -> Iterator[tuple[Person, Person]]:
    for name in (*_FIELDS, "name"):
        groups: dict[str, list[Person]] = defaultdict(list)
        for person in found:
            value = getattr(person, name)
            if value:
                # the words of a name in any order: "Shah, Priya" is "Priya Shah"
                groups[" ".join(sorted(value.split())) if name == "name" else value].append(person)
        for key in sorted(groups):
            group = sorted(groups[key], key=lambda one: (one.id, one.space))
            if len({one.id for one in group}) > MOST_SHARING:
                continue
            yield from ((one, other) for at, one in enumerate(group) for other in group[at + 1 :])


def _proposal(one: Person, other: Person) -> Proposal | None:
    evidence = {name: _same(getattr(one, name), getattr(other, name)) for name in _FIELDS}
    evidence |= {"name": _names(one.name, other.name)}
    evidence |= {"role": _same(one.role, other.role), "agency": _same(one.agency, other.agency)}
    probability, outcome = _judged(evidence)
    if one.space == other.space and outcome == "linked":
        outcome, evidence = "review", evidence | {"why": "two ids of one source"}
    return Proposal("practitioner", *ordered(one.id, other.id), probability, outcome, evidence)


def _judged(evidence: Mapping[str, str]) -> tuple[float, Outcome]:
    name, numbered = evidence["name"], evidence["swe_number"]
    if numbered == DIFFERS:
        return 1 - CONTRADICTED, "review"
    if numbered == AGREES:
        return (CONTRADICTED, "review") if name == DIFFERS else (SURE, "linked")
    if evidence["email"] == AGREES:
        return (CONTRADICTED, "review") if name == DIFFERS else (ADDRESS, "linked")
    if evidence["staff_id"] == AGREES:
        return (STAFF_ID if name in (AGREES, A_LITTLE) else CONTRADICTED), "review"
    if evidence["role"] == AGREES:
        return (NAME_AND_POST if evidence["agency"] == AGREES else NAME_AND_ROLE), "review"
    return NAME_ONLY, "review"


def _same(one: str | None, other: str | None) -> str:
    if not one or not other:
        return MISSING
    return AGREES if one == other else DIFFERS


def _names(one: str | None, other: str | None) -> str:
    if not one or not other:
        return MISSING
    if sorted(one.split()) == sorted(other.split()):
        return AGREES
    alike: Any = fuzz.token_set_ratio(one, other)
    return A_LITTLE if alike >= _A_LITTLE else DIFFERS
