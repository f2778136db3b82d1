"""What to move: handovers of the lead role that take work off those above capacity, at any number of them.

The handovers allowed are those of `analysis.advice_problem`, the best set of each number comes from
`analysis.advice_solver`. PL: leads are to be spread fairly over the partners; MG 5.18: managers are mandated
to change the balance of caseloads where it is needed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import pandas as pd

from analysis import asof
from analysis.advice_problem import Problem, State, problem
from analysis.advice_solver import Model, Plan
from analysis.advice_unhelped import unhelped
from analysis.advice_words import percent, why_move
from analysis.coded import Floats, Ints
from analysis.rows import EQUAL, column
from analysis.tables import Slice
from graphmodel.errors import SettingsError
from graphmodel.settings import Settings

Progress = Callable[[str, int, int], None]

FIGURES: Final = ("overload_points", "overloaded", "severe", "hoover", "distance_points")
_FULL_SHARE: Final = 0.6


@dataclass(frozen=True, eq=False)
class Point:
    """A point of the curve: the best set of at most so many handovers, and the day measured after them.

    `allowed` is that number (None: any), `handovers` how many the best set has.
    `moves` has a row each handover in a sensible order: step, tac_id, from_practitioner_id, from_role,
    from_agency_id, to_practitioner_id, to_role, to_agency_id (home agencies), overload_removed and
    distance_removed (points, each step given those before), from_utilisation, to_utilisation (today),
    from_utilisation_after, to_utilisation_after (after all of the set; NaN without capacity),
    relationship_days (the former lead has led), reason. `unhelped` is as in `analysis.advice_unhelped`.
    """

    allowed: int | None
    handovers: int
    figures: dict[str, float | int | None]
    helped: int
    newly_overloaded: int
    moves: pd.DataFrame
    unhelped: pd.DataFrame
    plan: Plan


@dataclass(frozen=True, eq=False)
class Advice:
    """The curve from today (no handover) to the last point, which is the answer."""

    as_of: date
    settings_version: str
    points: tuple[Point, ...]
    seconds: float

    @property
    def before(self) -> dict[str, float | int | None]:
        return self.points[0].figures

    @property
    def chosen(self) -> Point:
        return self.points[-1]

    def curve(self) -> pd.DataFrame:
        """Handovers against what remains: handovers, the figures, helped, newly_overloaded, optimal, gap."""
        rows = [
            {
                "handovers": point.handovers,
                **point.figures,
                "helped": point.helped,
                "newly_overloaded": point.newly_overloaded,
                "optimal": point.plan.proven,
                "gap": point.plan.gap,
            }
            for point in self.points
        ]
        return pd.DataFrame(rows)

    def record(self) -> dict[str, Any]:
        """All of it as plain values: what `tacgraph advise --format json` prints."""
        last = self.chosen
        return {
            "as_of": self.as_of.isoformat(),
            "settings_version": self.settings_version,
            "moves": _plain(last.moves),
            "before": self.before,
            "after": last.figures,
            "curve": _plain(self.curve()),
            "unhelped": _plain(last.unhelped),
            "optimal": last.plan.proven,
            "gap": last.plan.gap,
            "stages": [
                {"goal": s.goal, "value": s.value, "bound": s.bound, "gap": s.gap, "optimal": s.proven}
                for s in last.plan.stages
            ],
            "seconds": round(self.seconds, 3),
        }


def advise(
    tables: Slice,
    d: date,
    settings: Settings,
    *,
    max_moves: int | None = None,
    progress: Progress | None = None,
) -> Advice:
    """The best handovers on `d` and the curve of fewer; with `max_moves` at most so many.

    Goals one after the other: the least points above capacity over all practitioners; then the least
    distance of the agencies from their fair share; then the least weight of the handovers. Each point is
    proven to be the best, or says by how much it may not be (`plan.stages`). Raises `SettingsError` where
    `max_moves` is below 0.
    """
    if max_moves is not None and max_moves < 0:
        raise SettingsError(f"max-moves {max_moves}", "is below 0", "Give 0 or more, or leave it out.")
    begun = time.monotonic()
    tell = progress or (lambda _part, _done, _total: None)
    asked = problem(tables, d, settings)
    model, limit = Model(asked), settings.advice.time_limit_seconds
    tell("the best set of handovers", 0, 1)
    last = model.plan(max_moves, limit * _FULL_SHARE)
    steps = _sequence(asked, last.chosen)
    numbers = [n for n in sorted(set(settings.advice.curve)) if n < len(last.chosen)]
    plans: list[tuple[int | None, Plan]] = [(0, model.plan(0, limit))]
    for done, number in enumerate(numbers):
        tell("the curve", done + 1, len(numbers) + 2)
        left = max(0.5, begun + limit - time.monotonic())
        # the early points are quick, so they may take more than their share
        share = 2 * left / (len(numbers) - done + 1)
        found = model.plan(number, share, model.better(plans[-1][1].chosen, _options(steps[:number])))
        if not np.array_equal(found.chosen, plans[-1][1].chosen):
            plans.append((number, found))
    if len(last.chosen):
        plans.append((max_moves, last))
    points = tuple(
        _point(tables, asked, allowed, plan, steps if plan is last else _sequence(asked, plan.chosen))
        for allowed, plan in plans
    )
    tell("the curve", len(numbers) + 2, len(numbers) + 2)
    return Advice(d, settings.version, points, time.monotonic() - begun)


def figures(state: State) -> dict[str, float | int | None]:
    """The figures that a set of handovers is judged by, under their names of `FIGURES`."""
    rules = state.problem.settings.workload
    return {
        "overload_points": state.overload,
        "overloaded": int(state.overloaded(rules.overload_threshold).sum()),
        "severe": int(state.overloaded(rules.severe_threshold).sum()),
        "hoover": state.hoover,
        "distance_points": state.distance,
    }


def _point(tables: Slice, asked: Problem, allowed: int | None, plan: Plan, steps: list[_Step]) -> Point:
    today, then = asked.after(np.zeros(0, dtype=np.int64)), asked.after(plan.chosen)
    threshold = asked.settings.workload.overload_threshold
    over, after = today.overloaded(threshold), then.overloaded(threshold)
    with np.errstate(invalid="ignore"):
        within = then.utilisation <= threshold + EQUAL
    return Point(
        allowed=allowed,
        handovers=len(plan.chosen),
        figures=figures(then),
        helped=int((over & within).sum()),
        newly_overloaded=int((after & ~over).sum()),
        moves=_moves(tables, asked, then, steps),
        unhelped=unhelped(asked, then, plan.chosen),
        plan=plan,
    )


@dataclass(frozen=True, eq=False)
class _Step:
    option: int
    overload: float
    distance: float
    giver_used: float
    taker_used: float


def _sequence(asked: Problem, chosen: Ints) -> list[_Step]:
    """The handovers of a set, at each step the one that takes off most overload, then most distance."""
    o, left = asked.options, chosen.copy()
    points, limit = asked.points.copy(), asked.limit
    held = asked.after(left[:0]).agency_points
    steps = []
    while len(left):
        giver, taker, shift = o.giver[left], o.taker[left], o.shift[left]
        overload = _above(points, limit, giver, -shift) + _above(points, limit, taker, shift)
        gain = (asked.part[o.taker[left]] - asked.part[o.giver[left]]) * o.work[left][:, None]
        after = held + gain
        far = np.maximum(0.0, after - after.sum(axis=1, keepdims=True) * asked.fair).sum(axis=1)
        distance = np.maximum(0.0, held - held.sum() * asked.fair).sum() - far
        at = int(np.lexsort((left, -distance.round(9), -overload.round(9)))[0])
        used = [_used(points, asked.capacity, int(who)) for who in (giver[at], taker[at])]
        steps.append(_Step(int(left[at]), float(overload[at]), float(distance[at]), used[0], used[1]))
        points[giver[at]] -= shift[at]
        points[taker[at]] += shift[at]
        held = after[at]
        left = np.delete(left, at)
    return steps


def _options(steps: list[_Step]) -> Ints:
    return np.array([step.option for step in steps], dtype=np.int64)


def _above(points: Floats, limit: Floats, who: Ints, change: Floats) -> Floats:
    """How much less each is above its limit after a change of its points."""
    before, after = points[who] - limit[who], points[who] + change - limit[who]
    less: Floats = np.maximum(0.0, before) - np.maximum(0.0, after)
    return less


def _used(points: Floats, capacity: Floats, who: int) -> float:
    return float(points[who] / capacity[who]) if capacity[who] > 0 else float("nan")


def _moves(tables: Slice, asked: Problem, then: State, steps: list[_Step]) -> pd.DataFrame:
    picked = _options(steps)
    o, data = asked.options, asked.data
    giver, taker = o.giver[picked], o.taker[picked]
    today = asof.divided(asked.points, asked.capacity)
    frame = pd.DataFrame(
        {
            "step": np.arange(1, len(steps) + 1),
            "tac_id": column(data.tacs.texts[o.tac[picked]]),
            **_person("from", asked, giver),
            **_person("to", asked, taker),
            "overload_removed": [step.overload for step in steps],
            "distance_removed": [step.distance for step in steps],
            "from_utilisation": today[giver],
            "from_utilisation_after": then.utilisation[giver],
            "to_utilisation": today[taker],
            "to_utilisation_after": then.utilisation[taker],
            "relationship_days": o.relationship[picked],
        }
    )
    names = tables.table("agencies").set_index("agency_id")["name"].to_dict()
    shares = _disparity(asked)
    reasons = [
        why_move(
            row,
            percent(step.giver_used),
            percent(step.taker_used),
            {str(a): (str(names.get(a) or a), shares.get(str(a), float("nan"))) for a in agencies},
            over=step.giver_used > asked.settings.workload.overload_threshold + EQUAL,
            later=abs(step.giver_used - row["from_utilisation"]) > EQUAL,
        )
        for step, row, agencies in zip(
            steps,
            frame.to_dict(orient="records"),
            zip(frame["from_agency_id"], frame["to_agency_id"], strict=True),
            strict=True,
        )
    ]
    return frame.assign(reason=column(reasons))


def _person(side: str, asked: Problem, who: Ints) -> dict[str, pd.Series]:
    data = asked.data
    return {
        f"{side}_practitioner_id": column(data.practitioners.texts[who]),
        f"{side}_role": column(data.role_names.named(data.role[who])),
        f"{side}_agency_id": column(data.agencies.named(asked.home[who])),
    }


def _disparity(asked: Problem) -> dict[str, float]:
    held = asked.after(np.zeros(0, dtype=np.int64)).agency_points
    share = asof.divided(held, asked.fair * held.sum())
    return dict(zip(asked.data.agencies.texts.tolist(), share.tolist(), strict=True))


def _plain(frame: pd.DataFrame) -> list[dict[str, Any]]:
    rows = frame.to_dict(orient="records")
    return [{str(k): None if _missing(v) else v for k, v in row.items()} for row in rows]


def _missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and np.isnan(value))
