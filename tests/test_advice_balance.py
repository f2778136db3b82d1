"""Advice on published cases of balanced workload: Graham's worst cases for the longest-first rule.

R. L. Graham, Bounds on multiprocessing timing anomalies, SIAM Journal on Applied Mathematics 17 (1969): for
m machines the 2m + 1 jobs 2m-1, 2m-1, 2m-2, 2m-2, ... m, m, m fit into a makespan of 3m, and giving the
longest job to the least busy machine first ends at 4m - 1. Machines are practitioners with a capacity of 3m
points, jobs are TACs of whose teams all are members, and at first one practitioner leads them all.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from analysis.advice import advise
from analysis.tables import Slice
from graphmodel.settings import Settings, settings
from tests.partnerships import Partnership, Row

AS_OF = date(2026, 3, 31)
SPAN: Row = {"started_on": "2025-09-01", "ended_on": ""}


def jobs(machines: int) -> list[int]:
    sizes = [size for size in range(2 * machines - 1, machines - 1, -1) for _ in (1, 2)]
    return [*sizes, machines]


def longest_first(machines: int) -> int:
    busy = [0] * machines
    for size in sorted(jobs(machines), reverse=True):
        busy[busy.index(min(busy))] += size
    return max(busy)


def as_partnership(machines: int, capacity: float) -> Partnership:
    people = [f"m{n}" for n in range(machines)]
    tacs = {f"t{n:02}": str(size - machines + 1) for n, size in enumerate(jobs(machines))}
    return Partnership(
        {
            "agencies": [{"agency_id": "a", "name": "A", "sector": "other"}],
            "practitioners": [
                {"practitioner_id": p, "role": "key_worker", "lead_trained_on": "2020-01-01"} for p in people
            ],
            "posts": [
                {"practitioner_id": p, "agency_id": "a", **SPAN, "fte": str(capacity / 15), "tac_share": "1"}
                for p in people
            ],
            "children": [{"child_id": f"c{t}"} for t in tacs],
            "needs": [{"child_id": f"c{t}", "level": level, **SPAN} for t, level in tacs.items()],
            "tacs": [
                {"tac_id": t, "child_id": f"c{t}", "opened_on": "2025-09-01", "closed_on": ""} for t in tacs
            ],
            "memberships": [{"tac_id": t, "practitioner_id": p, **SPAN} for t in tacs for p in people],
            "leads": [{"tac_id": t, "practitioner_id": "m0", **SPAN, "reason": ""} for t in tacs],
        }
    )


def rules(machines: int) -> Settings:
    """Points are the job's length and nothing else; every job may be moved."""
    found = settings()
    work = {
        "need_weight": {level: float(level + machines - 1) for level in (1, 2, 3, 4)},
        "supporting_factor": 0.0,
        "team_size_step": 0.0,
        "set_up_factor": 1.0,
    }
    return found.model_copy(
        update={
            "workload": found.workload.model_copy(update=work),
            "advice": found.advice.model_copy(update={"keep_from_level": 5}),
        }
    )


@pytest.mark.parametrize("machines", [2, 3, 4])
def test_the_published_optimum_is_reached(tmp_path: Path, machines: int) -> None:
    tables = Slice.from_folder(as_partnership(machines, 3.0 * machines).write(tmp_path / "p"))
    found = advise(tables, AS_OF, rules(machines))
    total = sum(jobs(machines))
    assert found.before["overload_points"] == pytest.approx(total - 3 * machines)
    assert found.chosen.figures["overload_points"] == pytest.approx(0)
    assert found.chosen.plan.proven
    # the rule of thumb overloads one of them
    assert longest_first(machines) == 4 * machines - 1


@pytest.mark.parametrize("machines", [2, 3, 4])
def test_one_point_less_each_is_a_point_over_each(tmp_path: Path, machines: int) -> None:
    tables = Slice.from_folder(as_partnership(machines, 3.0 * machines - 1).write(tmp_path / "p"))
    found = advise(tables, AS_OF, rules(machines))
    assert found.chosen.figures["overload_points"] == pytest.approx(machines)
    assert found.chosen.plan.proven
