"""Teams derived from who was allocated to a child: the rule that the readers of returns share.

An allocation belongs to the child's period that ran when it began, else to the first that began while it
ran. Where at least two practitioners were in a period at once (`LEAST_PRACTITIONERS`), there was a team,
from the first such day on until the period ended. It is the rule by which teams are derived from the
Standard Safeguarding Dataset; a team's id begins with the name of the return, so that it can be told from one
that somebody recorded. The allocated social workers lead it (reason `other`: nobody recorded them as leads).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from loaders.sources.care import Care, Interval

LEAST_PRACTITIONERS: Final = 2

RULE: Final = (
    f"a team is there from the first day on which {LEAST_PRACTITIONERS} practitioners were involved with the "
    "child at once, until the period ends"
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
    """A derived team: [opened, closed)."""

    tac_id: str
    opened: str
    closed: str | None


def derive(
    care: Care,
    prefix: str,
    periods: Mapping[str, Sequence[Interval]],
    spells: Mapping[str, Sequence[Spell]],
) -> dict[str, list[Team]]:
    """Put the derived teams with members and leads into the tables; what could not be placed is counted.

    `periods` (in order, apart from each other) and `spells` are by child; so is the result. Counts
    `spells placed` and `spells unplaced` of `care`.
    """
    teams: dict[str, list[Team]] = defaultdict(list)
    for child, said in spells.items():
        by_period: dict[Interval, list[Spell]] = defaultdict(list)
        for spell in said:
            period = _period_of(spell, periods.get(child, ()))
            if period is not None:
                by_period[period].append(spell)
        placed = 0
        for period, there in by_period.items():
            stays = _merged(there)
            opened = first_day_together(stays)
            if opened is not None:
                placed += len(there)
                team = _team(f"{prefix}:{child}|{period.start}", period, opened, stays)
                teams[child].append(team)
                _write(care, team, child, period.place, stays)
        care.counts["spells placed"] += placed
        care.counts["spells unplaced"] += len(said) - placed
    return teams


def _period_of(spell: Spell, periods: Sequence[Interval]) -> Interval | None:
    """The period that ran when the spell began, else the first that began while it ran."""
    for period in periods:
        if period.start <= spell.start and (period.end is None or spell.start < period.end):
            return period
    return next(
        (p for p in periods if p.start > spell.start and (spell.end is None or p.start < spell.end)), None
    )


def _merged(spells: Iterable[Spell]) -> list[Spell]:
    """Spells of one worker that overlap as one; those that only touch stay apart. In order of their start."""
    found: list[Spell] = []
    last: dict[str, int] = {}
    for spell in sorted(spells, key=lambda s: (s.start, s.place)):
        at = last.get(spell.worker)
        before = found[at] if at is not None else None
        if at is not None and before is not None and (before.end is None or spell.start < before.end):
            end = None if before.end is None or spell.end is None else max(before.end, spell.end)
            found[at] = Spell(spell.worker, before.start, end, before.place)
        else:
            last[spell.worker] = len(found)
            found.append(spell)
    return found


def first_day_together(stays: Iterable[Spell]) -> str | None:
    """The first day on which as many practitioners as a team needs were involved; None where there is none.

    `stays` are in order of their start, and no two of one worker share a day.
    """
    there: dict[str, str | None] = {}
    for stay in stays:
        there = {worker: end for worker, end in there.items() if end is None or end > stay.start}
        if stay.end is None or stay.end > stay.start:
            there[stay.worker] = stay.end
        if len(there) >= LEAST_PRACTITIONERS:
            return stay.start
    return None


def _team(tac_id: str, period: Interval, opened: str, stays: Iterable[Spell]) -> Team:
    """Until the period ends; where that was before two were involved, until the last of them leaves."""
    if period.end is None or period.end > opened:
        return Team(tac_id, opened, period.end)
    ends = [stay.end for stay in stays]
    return Team(tac_id, opened, None if None in ends else max(end for end in ends if end is not None))


def _write(care: Care, team: Team, child: str, place: int, stays: Iterable[Spell]) -> None:
    care.tables["tacs"].add(place, team.tac_id, child, team.opened, team.closed, "tac")
    for stay in stays:
        days = (stay.start, stay.end)
        care.tables["memberships"].add(stay.place, team.tac_id, stay.worker, *days)
        care.tables["leads"].add(stay.place, team.tac_id, stay.worker, *days, "other")
