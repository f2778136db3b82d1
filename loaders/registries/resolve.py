"""Agencies of the graph → entries of the registries: by number, else by the likeness of their names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from rapidfuzz import fuzz, process

from loaders.registries.record import (
    Establishment,
    Registry,
    Succession,
    compared_name,
    kinds_differ,
    plain_name,
)

UPPER: Final = 0.95
LOWER: Final = 0.80
_CLEAR_OF_OTHERS: Final = 0.03
_DOUBT: Final = 0.15
_MOST: Final = 5

How = Literal["number", "name", "successor"]


@dataclass(frozen=True)
class Agency:
    """An agency of the graph."""

    agency_id: str
    name: str
    sector: str


@dataclass(frozen=True)
class Match:
    """An agency and the entry that it may be; `outcome` is linked, or review between the thresholds."""

    agency_id: str
    name: str
    ident: str
    registry_name: str
    score: float
    how: How
    outcome: Literal["linked", "review"]
    why: str
    closed_on: str = ""


@dataclass
class Resolved:
    """What became of the agencies: by number as they are, matched, left alone."""

    by_number: list[str] = field(default_factory=list)
    matches: list[Match] = field(default_factory=list)
    unmatched: list[str] = field(default_factory=list)
    successions: list[Succession] = field(default_factory=list)


def resolve(
    agencies: Sequence[Agency],
    registry: Registry,
    *,
    la_code: str = "",
    upper: float = UPPER,
    lower: float = LOWER,
    one_agency: bool = False,
) -> Resolved:
    """Match agencies with a registry.

    An id with a scheme (`urn:`, `ods:`, `laestab:`, `ukprn:`) is looked up exactly, scheme and value.
    Other agencies are compared by name with the entries of their own sector (and of `la_code`, where given):
    at `upper` and clear of every other entry they are linked, down to `lower` they are for review. Schools
    that became another are named; `one_agency` links them too, as one agency over time.
    """
    found = Resolved()
    wanted = [e for e in registry.establishments if e.scheme != "urn" or la_code in ("", e.la_code)]
    numbers = _numbers(registry.establishments)
    names = _Names(wanted)
    idents: set[str] = set()
    for agency in agencies:
        scheme, _, value = agency.agency_id.partition(":")
        if scheme in ("urn", "ods", "laestab", "ukprn") and value:
            entries = numbers.get((scheme, value), [])
            if not entries:
                found.unmatched.append(agency.agency_id)
            elif scheme in ("urn", "ods"):
                found.by_number.append(agency.agency_id)
                idents.add(agency.agency_id)
            else:
                found.matches += _by_other_number(agency, scheme, entries)
            continue
        matches = names.matches(agency, upper, lower)
        found.matches += matches
        if not matches:
            found.unmatched.append(agency.agency_id)
    idents |= {m.ident for m in found.matches if m.outcome == "linked"}
    found.successions = [s for s in registry.successions if s.before in idents or s.after in idents]
    if one_agency:
        found.matches += _over_time(found.successions, {e.ident: e for e in registry.establishments})
    return found


def _numbers(establishments: Iterable[Establishment]) -> dict[tuple[str, str], list[Establishment]]:
    found: dict[tuple[str, str], list[Establishment]] = defaultdict(list)
    for one in establishments:
        found[one.scheme, one.value].append(one)
        if one.laestab:
            found["laestab", one.laestab].append(one)
        if one.ukprn:
            found["ukprn", one.ukprn].append(one)
    return found


def _by_other_number(agency: Agency, scheme: str, entries: Sequence[Establishment]) -> list[Match]:
    """A LAESTAB or UKPRN is an establishment's too; where several have had it, the open one, for review."""
    running = [e for e in entries if not e.closed_on] or list(entries)
    entry = max(running, key=lambda e: e.opened_on)
    outcome: Literal["linked", "review"] = "linked" if len(entries) == 1 else "review"
    why = f"the same {scheme}" + (
        "" if len(entries) == 1 else f", which {len(entries)} establishments have had"
    )
    score = 1.0 if len(entries) == 1 else 0.5
    return [
        Match(
            agency.agency_id,
            agency.name,
            entry.ident,
            entry.name,
            score,
            "number",
            outcome,
            why,
            entry.closed_on,
        )
    ]


class _Names:
    """The entries by the words of their names, for comparison."""

    def __init__(self, establishments: Iterable[Establishment]) -> None:
        self.by_sector: dict[str, list[Establishment]] = defaultdict(list)
        for one in establishments:
            self.by_sector[one.sector].append(one)
        self.compared = {s: [compared_name(e.name) for e in of] for s, of in self.by_sector.items()}

    def matches(self, agency: Agency, upper: float, lower: float) -> list[Match]:
        """The entry that the agency is, if it is clear; else up to five that it may be."""
        entries = self.by_sector.get(agency.sector, [])
        wanted, plain = compared_name(agency.name), plain_name(agency.name)
        if not entries or not wanted:
            return []
        near = process.extract(
            wanted,
            self.compared[agency.sector],
            scorer=fuzz.ratio,
            score_cutoff=100 * (lower - _DOUBT),
            limit=4 * _MOST,
        )
        scored: list[tuple[float, Establishment]] = []
        for _, ratio, at in near:
            other = plain_name(entries[at].name)
            score = 1.0 if other == plain else min(ratio / 100, 0.99) - _DOUBT * kinds_differ(plain, other)
            if score >= lower:
                scored.append((score, entries[at]))
        scored.sort(key=lambda one: (-one[0], bool(one[1].closed_on), one[1].value))
        return self._judged(agency, scored[:_MOST], upper)

    def _judged(self, agency: Agency, scored: list[tuple[float, Establishment]], upper: float) -> list[Match]:
        if not scored:
            return []
        best, first = scored[0]
        rivals = [e for score, e in scored[1:] if score > best - _CLEAR_OF_OTHERS and not e.closed_on]
        clear = best >= upper and not rivals and not first.closed_on
        if clear:
            return [_match(agency, best, first, "linked", "the name")]
        why = f"the name; {len(rivals) + 1} entries are as like" if rivals else "the name"
        why = f"{why}; closed" if first.closed_on else why
        return [_match(agency, score, e, "review", why) for score, e in scored]


def _match(
    agency: Agency, score: float, entry: Establishment, outcome: Literal["linked", "review"], why: str
) -> Match:
    ident = entry.ident
    return Match(
        agency.agency_id,
        agency.name,
        ident,
        entry.name,
        round(score, 3),
        "name",
        outcome,
        why,
        entry.closed_on,
    )


def _over_time(successions: Iterable[Succession], entries: dict[str, Establishment]) -> list[Match]:
    """Links from each establishment to the one that it became."""
    found = []
    for one in successions:
        before, after = entries.get(one.before), entries.get(one.after)
        if before is not None and after is not None:
            why = f"became it on {one.on or 'a day not given'} ({one.rule})"
            found.append(
                Match(one.before, before.name, one.after, after.name, 1.0, "successor", "linked", why)
            )
    return found


REVIEW_COLUMNS: Final = (
    *("agency_id", "name", "registry_id", "registry_name", "score", "outcome", "why", "closed_on"),
)


def review_rows(found: Resolved) -> list[tuple[str, ...]]:
    """The matches that wait for a decision, the surest first within each agency."""
    waiting = [m for m in found.matches if m.outcome == "review"]
    waiting.sort(key=lambda m: (m.agency_id, -m.score))
    return [
        (m.agency_id, m.name, m.ident, m.registry_name, f"{m.score:.3f}", m.outcome, m.why, m.closed_on)
        for m in waiting
    ]
