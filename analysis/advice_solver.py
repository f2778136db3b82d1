"""The best set of handovers by mixed-integer programming: three goals, one after the other.

First the points above capacity, then the agencies' distance from their fair share, then the weight of the
handovers; each goal is kept at its best value while the next is bettered. With HiGHS.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from scipy import sparse

from analysis.advice_problem import Problem
from analysis.coded import Floats, Ints

GOALS: Final = ("overload_points", "distance_points", "handover_weight")
SLACK: Final = 1e-7
"""How far, in points, a goal may fall behind its best value while a later one is bettered."""
_FEASIBILITY: Final = 1e-9
_ABSOLUTE_GAP: Final = 1e-9
_RELAXED_SECONDS: Final = 2.0
_RELAXED_SLACK: Final = 1e-5


@dataclass(frozen=True)
class Stage:
    """What was found for one goal: no plan has a value below `bound` (given the stages before)."""

    goal: str
    value: float
    bound: float
    proven: bool
    seconds: float

    @property
    def gap(self) -> float:
        """How much of the value may be improvable: 0 where it is proven to be the best."""
        return 0.0 if self.proven else max(0.0, self.value - self.bound) / max(abs(self.value), 1e-9)


@dataclass(frozen=True, eq=False)
class Plan:
    """The handovers chosen (places in the problem's options, in order) and the three stages."""

    chosen: Ints
    stages: tuple[Stage, ...]

    @property
    def proven(self) -> bool:
        return all(stage.proven for stage in self.stages)

    @property
    def gap(self) -> float:
        return max((stage.gap for stage in self.stages), default=0.0)


class Model:
    """One day's problem as rows and columns, made once and solved for any number of handovers.

    Columns: each option (0 or 1), each concerned practitioner's points above capacity, each agency's points
    above its fair share. Rows: a TAC is handed over once at most; what the latter two are at least; the
    number of handovers; and the first two goals, so that they can be held.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem, o = problem, problem.options
        self.count = len(o)
        people, place = np.unique(np.concatenate([o.giver, o.taker]), return_inverse=True)
        agencies = np.flatnonzero(problem.fair > 0)
        self.people, self.agencies = len(people), len(agencies)
        option = np.arange(self.count)
        tacs, which = np.unique(o.tac, return_inverse=True)
        once = _matrix(np.ones(self.count), which, option, (len(tacs), self.count))
        load = _matrix(
            np.concatenate([-o.shift, o.shift]),
            place,
            np.concatenate([option, option]),
            (self.people, self.count),
        )
        gain = (problem.part[o.taker] - problem.part[o.giver]) * o.work[:, None]
        # the lead work of somebody without capacity is in no agency's share until it is handed over
        entering = np.where(problem.capacity[o.giver] > 0, 0.0, o.work)
        held = sparse.csr_matrix((gain - entering[:, None] * problem.fair)[:, agencies].T)
        ones = [sparse.csr_matrix(np.ones((1, n))) for n in (self.count, self.people, self.agencies)]
        self.matrix = sparse.bmat(
            [
                [once, _empty(len(tacs), self.people), _empty(len(tacs), self.agencies)],
                [-load, sparse.eye(self.people), _empty(self.people, self.agencies)],
                [-held, _empty(self.agencies, self.people), sparse.eye(self.agencies)],
                [ones[0], None, None],
                [None, ones[1], None],
                [None, None, ones[2]],
            ],
            format="csr",
        )
        base = problem.points - problem.limit
        now = problem.after(np.zeros(0, dtype=np.int64)).agency_points
        above = now - now.sum() * problem.fair
        free = np.full(3, -np.inf)
        self.lower = np.concatenate([np.full(len(tacs), -np.inf), base[people], above[agencies], free])
        self.upper = np.concatenate([np.ones(len(tacs)), np.full(self.people + self.agencies + 3, np.inf)])
        # what no handover can change stays out of the model's first goal
        self.constant = float(np.maximum(0.0, np.delete(base, people)).sum())
        self.base, self.above = base[people], above[agencies]
        self.load, self.held = load, held

    def values(self, chosen: Ints) -> tuple[float, float, float]:
        """The three goals of a set of handovers, as they would be measured."""
        state = self.problem.after(chosen)
        return state.overload, state.distance, float(self.problem.options.cost[chosen].sum())

    def better(self, one: Ints, other: Ints) -> Ints:
        """Of two sets the one with the better goals, in their order."""
        return one if self.values(one) <= self.values(other) else other

    def plan(self, most: int | None, seconds: float, start: Ints | None = None) -> Plan:
        """The best set of at most `most` handovers (None: any number), within about `seconds`.

        `start` is a set that is allowed, to begin with. Where time runs out the best set found so far comes
        with the bound that was proven.
        """
        until = time.monotonic() + seconds
        chosen = np.zeros(0, dtype=np.int64) if start is None else start
        stages: list[Stage] = []
        for number, goal in enumerate(GOALS):
            begun = time.monotonic()
            # an early goal may use more than its share of what is left of the time
            share = max(0.05, (until - begun) * (0.6, 0.6, 1.0)[number])
            best = [stage.value for stage in stages]
            chosen, bound, proven = self._solve(number, most, best, chosen, share)
            value = self.values(chosen)[number]
            stages.append(
                Stage(
                    goal,
                    value,
                    value if proven else min(max(bound, 0.0), value),
                    proven,
                    time.monotonic() - begun,
                )
            )
        return Plan(np.sort(chosen), tuple(stages))

    def _solve(
        self, goal: int, most: int | None, best: list[float], start: Ints, seconds: float
    ) -> tuple[Ints, float, bool]:
        if not self.count or most == 0:
            return np.zeros(0, dtype=np.int64), 0.0, True
        import highspy  # noqa: PLC0415  (slow to import, and only where advice is asked for)

        library: Any = highspy
        solver = library.Highs()
        solver.silent()
        for name, value in (
            ("time_limit", float(seconds)),
            ("mip_rel_gap", 0.0),
            ("mip_abs_gap", _ABSOLUTE_GAP),
            ("mip_feasibility_tolerance", _FEASIBILITY),
            ("primal_feasibility_tolerance", _FEASIBILITY),
            ("threads", 1),
        ):
            solver.setOptionValue(name, value)
        solver.passModel(self._program(library, goal, most, best))
        begin = highspy.HighsSolution()
        begin.col_value = self._columns(start).tolist()
        solver.setSolution(begin)
        solver.run()
        found = np.asarray(solver.getSolution().col_value[: self.count], dtype=np.float64)
        chosen = np.flatnonzero(found > 0.5) if len(found) else start  # noqa: PLR2004  (0 or 1)
        bound = float(solver.getInfo().mip_dual_bound) + (self.constant if goal == 0 else 0.0)
        proven = solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
        if not proven and not bound > 0:
            bound = self._relaxed(library, goal, most, best)
        if self._worse(chosen, start, goal):
            return start, bound, False
        return chosen, bound, proven

    def _relaxed(self, library: Any, goal: int, most: int | None, best: list[float]) -> float:
        """A bound for a goal without whole numbers: quick, where the search had no time to find one."""
        program = self._program(library, goal, most, best)
        program.integrality_ = []
        solver = library.Highs()
        solver.silent()
        solver.setOptionValue("time_limit", _RELAXED_SECONDS)
        solver.setOptionValue("threads", 1)
        solver.passModel(program)
        solver.run()
        if solver.getModelStatus() != library.HighsModelStatus.kOptimal:
            return 0.0
        # an optimum of the relaxation is exact up to its tolerances
        found = float(solver.getInfo().objective_function_value) - _RELAXED_SLACK
        return max(0.0, found + (self.constant if goal == 0 else 0.0))

    def _worse(self, chosen: Ints, start: Ints, goal: int) -> bool:
        """Whether a set falls behind the one it was begun with, in this goal or one before."""
        found, before = self.values(chosen), self.values(start)
        return any(a > b + 10 * SLACK for a, b in zip(found[: goal + 1], before[: goal + 1], strict=True))

    def _program(self, highspy: Any, goal: int, most: int | None, best: list[float]) -> Any:
        program = highspy.HighsLp()
        sizes = (self.count, self.people, self.agencies)
        program.num_col_, program.num_row_ = sum(sizes), self.matrix.shape[0]
        cost = [np.zeros(n) for n in sizes]
        cost[(1, 2, 0)[goal]] = self.problem.options.cost if goal == 2 else np.ones(sizes[goal + 1])  # noqa: PLR2004
        upper = self.upper.copy()
        if most is not None:
            upper[-3] = most
        for number, value in enumerate(best):
            upper[number - 2] = value - (self.constant if number == 0 else 0.0) + SLACK
        program.col_cost_ = np.concatenate(cost)
        program.col_lower_ = np.zeros(sum(sizes))
        most_over = np.full(self.people, np.inf)
        if not self.problem.settings.advice.may_overload_takers:
            most_over = np.maximum(0.0, self.base)
        program.col_upper_ = np.concatenate([np.ones(self.count), most_over, np.full(self.agencies, np.inf)])
        program.row_lower_, program.row_upper_ = self.lower, upper
        program.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        program.a_matrix_.start_ = self.matrix.indptr
        program.a_matrix_.index_ = self.matrix.indices
        program.a_matrix_.value_ = self.matrix.data
        whole, real = highspy.HighsVarType.kInteger, highspy.HighsVarType.kContinuous
        program.integrality_ = [whole] * self.count + [real] * (self.people + self.agencies)
        return program

    def _columns(self, chosen: Ints) -> Floats:
        option = np.zeros(self.count)
        option[chosen] = 1.0
        over = np.maximum(0.0, self.base + self.load @ option)
        far = np.maximum(0.0, self.above + self.held @ option)
        return np.concatenate([option, over, far])


def _matrix(values: Floats, row: Any, column: Any, shape: tuple[int, int]) -> sparse.csr_matrix:
    return sparse.csr_matrix((values, (row, column)), shape=shape)


def _empty(rows: int, columns: int) -> sparse.csr_matrix:
    return sparse.csr_matrix((rows, columns))
