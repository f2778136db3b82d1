"""Who stays above capacity after a set of handovers, and why no handover helps."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from analysis import asof
from analysis.advice_problem import (
    FAMILY,
    LEVEL,
    LONG,
    OPEN,
    ROLE,
    SEVERAL,
    SIBLINGS,
    STATUTE,
    Problem,
    State,
)
from analysis.advice_words import percent, teams_led, why_unhelped
from analysis.coded import Bools, Floats, Ints
from analysis.rows import EQUAL, column

VERDICTS: Final = ("waiting", "fte", "training", "kept")
"""More handovers would help; nobody in the teams has room; those with room are untrained; kept by a rule."""
COUNTS: Final = ("kept", "untrained", "wrong_role", "no_room", "waiting")
_KEPT: Final = (SEVERAL, FAMILY, STATUTE, LEVEL, LONG, SIBLINGS)


def unhelped(asked: Problem, then: State, chosen: Ints) -> pd.DataFrame:
    """Each lead still overloaded, with what stands in the way in its teams, highest utilisation first.

    Columns: practitioner_id, role, home_agency_id, utilisation (after the handovers), points_above,
    tacs_led, then how many of those TACs are `kept` (by statute, at the statutory threshold, by the
    family's choice, for a long relationship, or have several leads), `untrained` (members have room, none
    of them is trained), `wrong_role` (none trained with room has the role asked for), `no_room` (nobody else
    in the team has room to take the lead whole), `waiting` (a handover is possible
    and would help); missing_fte (in the default share of
    the role, of somebody who is not newly qualified; NaN where that is 0); verdict (one of
    `VERDICTS`) and reason.
    """
    data, rules = asked.data, asked.settings.workload
    who = np.flatnonzero(then.overloaded(rules.overload_threshold))
    who = who[np.lexsort((who, -then.utilisation[who].round(9)))]
    tac, lead, why, room = _teams_led(asked, then, chosen)
    above = then.points - asked.limit
    rows = []
    for person in who.tolist():
        mine = lead == person
        counts = {name: int((why[mine] == number).sum()) for number, name in enumerate(COUNTS)}
        verdict = _verdict(counts, some_room=bool(room[mine].any()))
        role = data.role_names.texts[data.role[person]]
        share = rules.tac_share.get(role, rules.default_tac_share) * rules.points_per_fte
        missing = float(above[person]) / share if share > 0 else float("nan")
        teams, name = len(np.unique(tac[mine])), data.practitioners.texts[person]
        used = percent(float(then.utilisation[person]))
        head = f"{name} is at {used} of capacity and leads {teams_led(teams)}"
        rows.append(
            {
                "practitioner_id": name,
                "role": role,
                "home_agency_id": data.agencies.named(asked.home[[person]])[0],
                "utilisation": float(then.utilisation[person]),
                "points_above": float(above[person]),
                "tacs_led": teams,
                **counts,
                "missing_fte": missing,
                "verdict": verdict,
                "reason": why_unhelped(head, teams, counts, verdict, missing),
            }
        )
    frame = pd.DataFrame(rows, columns=COLUMNS)
    return frame.assign(**{name: column(frame[name]) for name in _TEXTS})


COLUMNS: Final = [
    *("practitioner_id", "role", "home_agency_id", "utilisation", "points_above", "tacs_led"),
    *(*COUNTS, "missing_fte", "verdict", "reason"),
]
_TEXTS: Final = ("practitioner_id", "role", "home_agency_id", "verdict", "reason")


def _verdict(counts: dict[str, int], *, some_room: bool) -> str:
    if counts["waiting"]:
        return "waiting"
    if not some_room:
        return "fte"
    return "training" if counts["untrained"] else "kept"


def _teams_led(asked: Problem, then: State, chosen: Ints) -> tuple[Ints, Ints, Ints, Bools]:
    """(TAC, lead) after the handovers; what is in the way (a place in `COUNTS`); whether a member has room.

    Room: the lead's points beyond supporting fit below the member's limit whole.
    """
    teams, o = asked.teams, asked.options
    count = len(asked.data.tacs)
    now = np.full(count, -1, dtype=np.int64)
    now[o.tac[chosen]] = o.taker[chosen]
    moved = now >= 0
    tac, lead = teams.tac[teams.is_lead], teams.practitioner[teams.is_lead]
    lead = np.where(moved[tac], now[tac], lead)
    now[tac] = lead
    shift = _shift(asked)
    other = (teams.practitioner != now[teams.tac]) & ~(teams.is_lead & ~moved[teams.tac])
    able = other & (asked.capacity[teams.practitioner] > 0)
    with_room = able & _fits(then, asked, teams.practitioner, shift[teams.tac])
    trained = with_room & asked.trained[teams.practitioner]
    allowed = np.zeros(count, dtype=np.bool_)
    free = _fits(then, asked, o.taker, o.shift) & (o.taker != now[o.tac])
    allowed[o.tac[free]] = True
    some = _some(teams.tac, with_room, count)
    some_trained = _some(teams.tac, trained, count)
    why = np.full(count, COUNTS.index("no_room"), dtype=np.int64)
    why[some & ~some_trained] = COUNTS.index("untrained")
    why[some_trained & ((asked.cause == ROLE) | (asked.cause == OPEN))] = COUNTS.index("wrong_role")
    why[allowed & (asked.cause == OPEN)] = COUNTS.index("waiting")
    why[np.isin(asked.cause, _KEPT)] = COUNTS.index("kept")
    return tac, lead, why[tac], some[tac]


def _shift(asked: Problem) -> Floats:
    """By TAC: what leading earns beyond supporting."""
    teams = asked.teams
    work = np.zeros(len(asked.data.tacs))
    work[teams.tac[teams.is_lead]] = asof.points(asked.data, teams, asked.settings)[teams.is_lead]
    return (
        work - asof.weights(asked.data, teams.day, asked.settings) * asked.settings.workload.supporting_factor
    )


def _fits(then: State, asked: Problem, who: Ints, more: Floats) -> Bools:
    fits: Bools = then.points[who] + more <= asked.limit[who] + EQUAL
    return fits


def _some(tac: Ints, entry: Bools, count: int) -> Bools:
    found: Bools = np.bincount(tac[entry], minlength=count) > 0
    return found
