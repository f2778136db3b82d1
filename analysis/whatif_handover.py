"""Who takes over where a scenario asks for it: one simple rule, said here, and no optimiser.

`cover` gives TACs that a change left without a lead to somebody of their own team; `relieve` lets those who
arrive take over from overloaded colleagues. What to move for the best is the business of the advice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from analysis import asof
from analysis.allocation import rules_of, ruling
from analysis.coded import Coded, Floats, coded, day_number, days, flags
from analysis.rows import EQUAL
from analysis.tables import Slice
from analysis.whatif_draft import Draft
from analysis.workload import Day
from graphmodel.settings import Settings


@dataclass(eq=False)
class _State:
    """The day after the changes, with points that are kept up as leads move."""

    tables: Slice
    data: Coded
    day: Day
    as_lead: Floats
    points: Floats

    @classmethod
    def of(cls, draft: Draft, settings: Settings) -> _State:
        tables = draft.slice()
        data = coded(tables)
        day = Day(data, day_number(draft.day), settings)
        everybody = replace(day.teams, is_lead=np.ones_like(day.teams.is_lead))
        return cls(tables, data, day, asof.points(data, everybody, settings), day.points.copy())

    def entries(self, tac: int) -> range:
        """The places of a TAC's team in the entries of the day."""
        bounds = np.searchsorted(self.day.teams.tac, [tac, tac + 1])
        return range(int(bounds[0]), int(bounds[1]))

    def used(self, who: int, more: float = 0.0) -> float:
        """Utilisation, rounded so that ties are ties, if so many points came on top."""
        return round(float((self.points[who] + more) / self.day.posts.total[who]), 9)


def cover(draft: Draft, settings: Settings) -> list[dict[str, Any]]:
    """Hand each TAC that a change left without a lead to a member of its team.

    TACs with most lead points first, then by id. Who can lead: a member with capacity; in a role that the
    child's ruling status asks for, where it requires or expects one (where it requires one and the team has
    none, nobody). Of them those trained to lead by the day and there out of term time first, then whoever
    would be used least with this lead, then by id. Gives a row each handover: tac_id, from_id, to_id,
    why; to_id None where nobody could.
    """
    if not draft.freed:
        return []
    state = _State.of(draft, settings)
    teams = state.day.teams
    led = set(teams.tac[teams.is_lead].tolist())
    left = {tac: who for tac, who in draft.freed if state.data.tacs.code(tac) not in led}
    weight = asof.weights(state.data, teams.day, settings)
    order = sorted(left, key=lambda t: (-_first_points(state, weight, t), t))
    suits = _Suits(state, settings)
    moves, rows = [], []
    for tac in order:
        chosen = suits.best(state.data.tacs.code(tac))
        to = None if chosen is None else str(state.data.practitioners.texts[chosen])
        why = "nobody in the team can lead it" if to is None else "least used of those in the team who can"
        moves.append({"tac_id": tac, "from_id": left[tac], "to_id": to, "why": why})
        if to is not None:
            about = {"tac_id": tac, "practitioner_id": to, "reason": "handover"}
            rows.append({**about, "started_on": draft.day})
    draft.add("leads", rows)
    return moves


def _first_points(state: _State, weight: Floats, tac: str) -> float:
    code = state.data.tacs.code(tac)
    places = state.entries(code)
    return round(float(state.as_lead[places[0]]), 9) if len(places) else float(weight[code])


class _Suits:
    """Who of a team can lead it, best first."""

    def __init__(self, state: _State, settings: Settings) -> None:
        self.state, self.day = state, state.day.teams.day
        people = state.tables.arrow["practitioners"]
        trained = days(people["lead_trained_on"], 2**40) <= self.day
        self.ready = trained & ~flags(people["term_time_only"])
        self.rules = rules_of(settings.allocation_profile)
        self.ruling = np.append(ruling(state.data, self.day, self.rules), -1)
        self.supporting = settings.workload.supporting_factor
        self.weight = asof.weights(state.data, self.day, settings)

    def best(self, tac: int) -> int | None:
        """The member who takes the lead of a TAC, with its points put on them; None where nobody can."""
        state, found = self.state, []
        for place in state.entries(tac):
            who = int(state.day.teams.practitioner[place])
            if state.day.posts.total[who] > 0:
                more = float(state.as_lead[place] - self.weight[tac] * self.supporting)
                found.append((who, more))
        found = self._asked_for(tac, found)
        if not found:
            return None
        who, more = min(found, key=lambda x: (not self.ready[x[0]], state.used(*x), x[0]))
        state.points[who] += more
        return who

    def _asked_for(self, tac: int, members: list[tuple[int, float]]) -> list[tuple[int, float]]:
        rule = self.ruling[self.state.data.tac_child[tac]]
        if rule < 0 or self.rules[rule].strength == "advisory":
            return members
        roles = {self.state.data.role_names.code(role) for role in self.rules[rule].roles} - {-1}
        fit = [x for x in members if int(self.state.data.role[x[0]]) in roles]
        return fit if fit or self.rules[rule].strength == "required" else members


def relieve(draft: Draft, settings: Settings) -> list[dict[str, Any]]:
    """Let those who arrived take over leads from overloaded colleagues of their agency and role.

    The most overloaded first (then by id), their heaviest leads first (then by TAC), until they are not
    above the threshold; each lead goes to the newcomer used least who stays within the threshold with it.
    The newcomer takes the place in the team, so its size stays. Rows as of `cover`.
    """
    if not draft.newcomers:
        return []
    state, limit = _State.of(draft, settings), settings.workload.overload_threshold
    data, day = state.data, state.day
    new = [data.practitioners.code(x) for x in draft.newcomers]
    kinds = {(int(day.posts.home[n]), int(data.role[n])) for n in new if day.posts.total[n] > 0}
    givers = [
        int(who)
        for who in np.flatnonzero(day.overloaded(limit))
        if (int(day.posts.home[who]), int(data.role[who])) in kinds
    ]
    moves: list[tuple[int, int, int]] = []
    taken: set[tuple[int, int]] = set()
    for giver in sorted(givers, key=lambda g: (-state.used(g), g)):
        own = np.flatnonzero((day.teams.practitioner == giver) & day.teams.is_lead)
        for place in sorted(own.tolist(), key=lambda p: (-round(float(state.as_lead[p]), 9), p)):
            if state.used(giver) <= limit + EQUAL:
                break
            weighs, tac = float(state.as_lead[place]), int(day.teams.tac[place])
            kind = (int(day.posts.home[giver]), int(data.role[giver]))
            able = [
                n
                for n in new
                if (int(day.posts.home[n]), int(data.role[n])) == kind
                and day.posts.total[n] > 0
                and (tac, n) not in taken
                and state.used(n, weighs) <= limit + EQUAL
            ]
            if not able:
                continue
            taker = min(able, key=lambda n: (state.used(n), n))
            state.points[giver] -= weighs
            state.points[taker] += weighs
            taken.add((tac, taker))
            moves.append((tac, giver, taker))
    return _moved(draft, data, moves)


def _moved(draft: Draft, data: Coded, moves: list[tuple[int, int, int]]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for tac, giver, taker in moves:
        tac_id, giver_id = str(data.tacs.texts[tac]), str(data.practitioners.texts[giver])
        taker_id = str(data.practitioners.texts[taker])
        for name in ("leads", "memberships"):
            frame = draft.frame(name)
            mine = (frame["tac_id"] == tac_id) & (frame["practitioner_id"] == giver_id)
            draft.end(name, draft.active(name) & mine)
        taken = {"tac_id": tac_id, "practitioner_id": taker_id, "started_on": draft.day}
        draft.add("leads", [{**taken, "reason": "capacity"}])
        draft.add("memberships", [taken])
        why = "to somebody new of the same agency and role"
        rows.append({"tac_id": tac_id, "from_id": giver_id, "to_id": taker_id, "why": why})
    return rows
