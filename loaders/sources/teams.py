"""Teams derived from who was allocated to a child: the same rule for every return that names workers.

A Team Around the Child is derived only where at least two practitioners were involved with the child at
once during one period (`LEAST_PRACTITIONERS`). It runs as long as the period; all who were involved are its
members while they were; the allocated social workers lead it, because for these children guidance says that
the social worker leads (MG Box 1). Its id begins with the name of the return, so that it can be told from a
team that somebody recorded.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from loaders.sources.care import Care, Interval

LEAST_PRACTITIONERS: Final = 2

RULE: Final = (
    f"a team is derived only where at least {LEAST_PRACTITIONERS} practitioners were involved with the child "
    "at once in one period; the allocated social worker leads it"
)


@dataclass(frozen=True)
class Spell:
    """A worker's time with a child: [start, end)."""

    worker: str
    start: str
    end: str | None
    place: int


@dataclass(frozen=True)
class Team:
    """A derived team and the period that it is for."""

    tac_id: str
    period: Interval


def _within(spell: Spell, period: Interval) -> Spell | None:
    """The part of a spell in a period; None where there is none of at least a day."""
    start = max(spell.start, period.start)
    ends = [end for end in (spell.end, period.end) if end is not None]
    end = min(ends) if ends else None
    return None if end is not None and end <= start else Spell(spell.worker, start, end, spell.place)


def at_once(spells: Iterable[Spell]) -> bool:
    """Whether at some day as many practitioners as a team needs were involved."""
    there: dict[str, str | None] = {}
    for spell in sorted(spells, key=lambda s: s.start):
        there = {worker: end for worker, end in there.items() if end is None or end > spell.start}
        known = there.get(spell.worker, spell.start)
        there[spell.worker] = None if known is None or spell.end is None else max(known, spell.end)
        if len(there) >= LEAST_PRACTITIONERS:
            return True
    return False


def derive(
    care: Care,
    prefix: str,
    periods: Mapping[str, Sequence[Interval]],
    spells: Mapping[str, Sequence[Spell]],
) -> dict[str, list[Team]]:
    """Put the derived teams with members and leads into the tables; what could not be placed is counted.

    `periods` and `spells` are by child. Counts `spells placed` and `spells unplaced` of `care`.
    """
    teams: dict[str, list[Team]] = defaultdict(list)
    for child, said in spells.items():
        placed: set[Spell] = set()
        for period in periods.get(child, ()):
            parts = {spell: part for spell in said if (part := _within(spell, period)) is not None}
            if at_once(parts.values()):
                team = Team(f"{prefix}:{child}|{period.start}", period)
                teams[child].append(team)
                _write(care, child, team, parts.values())
                placed |= set(parts)
        care.counts["spells placed"] += len(placed)
        care.counts["spells unplaced"] += len(set(said) - placed)
    return teams


def _write(care: Care, child: str, team: Team, parts: Iterable[Spell]) -> None:
    period = team.period
    care.tables["tacs"].add(period.place, team.tac_id, child, period.start, period.end, "tac")
    said: dict[tuple[str, str], Spell] = {}
    for part in parts:
        known = said.get((part.worker, part.start))
        if known is None or (known.end is not None and (part.end is None or part.end > known.end)):
            said[part.worker, part.start] = part
    for part in said.values():
        care.tables["memberships"].add(part.place, team.tac_id, part.worker, part.start, part.end)
        care.tables["leads"].add(part.place, team.tac_id, part.worker, part.start, part.end, "statutory")
