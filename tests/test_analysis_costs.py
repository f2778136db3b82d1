"""Costs by hand, by law, and against plain loops."""

from __future__ import annotations

import json
import math
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as effort

from analysis import costs
from analysis.fairness import agency_fairness
from analysis.tables import Slice
from graphmodel.settings import changed_settings, settings
from reports.findings_costs import cost_sectors
from tests.naive import Naive
from tests.partnerships import Partnership, partnerships
from tests.test_analysis_catalogue import as_slice
from tests.test_analysis_fairness import D
from tests.test_analysis_fairness import partnership as two_agencies
from tests.test_cli import SMALL, tacgraph

quick = effort(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def contributing(paid: dict[str, str], parents: dict[str, str]) -> Partnership:
    tables = two_agencies().tables
    agencies = [
        {
            **row,
            "parent_agency_id": parents.get(row["agency_id"], ""),
            "pooled_contribution_gbp": paid.get(row["agency_id"], ""),
        }
        for row in tables["agencies"]
    ]
    return Partnership({**tables, "agencies": agencies})


def test_costs_by_hand() -> None:
    made = contributing({"LA": "3000", "NHS": "1000", "No one": "0"}, {})
    found = costs.costs(as_slice(made), D, settings()).set_index("agency_id")
    # lead points 3 and 2 (see the fairness tests); 8.6 hours a point and month at £40
    assert found["lead_points"].tolist() == pytest.approx([3, 2, 0])
    assert found["hours"].tolist() == pytest.approx([3 * 8.6 * 12, 2 * 8.6 * 12, 0])
    assert found["pounds"].tolist() == pytest.approx([3 * 8.6 * 12 * 40, 2 * 8.6 * 12 * 40, 0])
    assert found["share"].tolist() == pytest.approx([0.6, 0.4, 0])
    assert found["contribution_share"].tolist() == pytest.approx([0.75, 0.25, 0])
    assert found["difference"].tolist() == pytest.approx([-0.15, 0.15, 0])
    assert found["difference_gbp"].tolist() == pytest.approx([-0.15 * 20640, 0.15 * 20640, 0])
    assert found["tacs_led"].tolist() == [3, 2, 0]


def test_another_rate_for_a_role_and_for_hours() -> None:
    tables = as_slice(contributing({"LA": "1"}, {}))
    dear = changed_settings(
        settings(),
        weights={"costs": {"hours_per_point": 10, "pounds_per_hour_by_role": {"social_worker": 50}}},
    )
    found = costs.costs(tables, D, dear)
    assert found["pounds"].sum() == pytest.approx(5 * 10 * 12 * 50)


def test_teams_are_paid_for_by_the_agency_above_them() -> None:
    made = contributing({"No one": "500"}, {"LA": "NHS", "NHS": "No one"})
    tables = as_slice(made)
    assert costs.payers(tables) == dict.fromkeys(("LA", "NHS", "No one"), "No one")
    found = costs.costs(tables, D, settings())
    assert found["agency_id"].tolist() == ["No one"]
    assert found["agencies"].tolist() == [2]
    assert found["share"].tolist() == [1]
    unpaid = as_slice(contributing({}, {"LA": "NHS"}))
    assert costs.payers(unpaid) == {"LA": "NHS", "NHS": "NHS", "No one": "No one"}
    none = costs.costs(unpaid, D, settings())
    assert none["contribution_share"].isna().all()
    assert none["difference"].isna().all()


def test_a_loop_of_parents_ends() -> None:
    tables = as_slice(contributing({}, {"LA": "NHS", "NHS": "LA"}))
    assert set(costs.payers(tables)) == {"LA", "NHS", "No one"}
    assert costs.costs(tables, D, settings())["lead_points"].sum() == pytest.approx(5)


def test_nobody_leads() -> None:
    made = contributing({"LA": "10"}, {})
    found = costs.costs(as_slice(Partnership({**made.tables, "leads": []})), D, settings())
    assert found["share"].isna().all()
    assert found["pounds"].sum() == 0
    assert cost_sectors(costs.by_sector(as_slice(made), found)).severity == "unknown"


def naive_costs(made: Partnership, d: date) -> dict[str, tuple[float, float]]:
    """Pounds and contribution by paying agency, in loops."""
    naive = Naive(made, d, settings())
    rows = {row["agency_id"]: row for row in made.tables["agencies"]}
    totals: dict[str, float] = {}
    for agency, _, _, points, *_ in naive.agency_fairness():
        at, seen = agency, {agency}
        while not rows[at]["pooled_contribution_gbp"] and rows[at]["parent_agency_id"] in rows:
            if rows[at]["parent_agency_id"] in seen:
                break
            at = rows[at]["parent_agency_id"]
            seen.add(at)
        totals[at] = totals.get(at, 0.0) + points * 8.6 * 12 * 40
    for agency, row in rows.items():
        if row["pooled_contribution_gbp"]:
            totals.setdefault(agency, 0.0)
    return {a: (t, float(rows[a]["pooled_contribution_gbp"] or "nan")) for a, t in totals.items()}


@quick
@given(partnerships())
def test_costs_against_plain_loops(drawn: tuple[Partnership, date]) -> None:
    made, d = drawn
    tables = as_slice(made)
    found = costs.costs(tables, d, settings())
    wanted = naive_costs(made, d)
    assert list(found["agency_id"]) == sorted(wanted)
    for agency, pounds, paid in found[["agency_id", "pounds", "contribution"]].itertuples(index=False):
        assert pounds == pytest.approx(wanted[agency][0])
        assert paid == pytest.approx(wanted[agency][1], nan_ok=True)
    fair = agency_fairness(tables, d, settings())
    assert found["lead_points"].sum() == pytest.approx(fair["lead_points"].sum())
    assert found["tacs_led"].sum() == fair["tacs_led"].sum()
    for name in ("share", "contribution_share"):
        if found[name].notna().any():
            assert found[name].sum() == pytest.approx(1)
    sectors = costs.by_sector(tables, found)
    for name in ("pounds", "hours", "tacs_led", "agencies"):
        assert sectors[name].sum() == pytest.approx(found[name].sum())
    if found["difference"].notna().all() and len(found):
        assert sectors["difference_gbp"].sum() == pytest.approx(0, abs=1e-6)


def test_the_sentence() -> None:
    row = {"pounds": 240_000.0, "share": 0.4, "contribution": 60_000.0, "contribution_share": 0.15}
    other = {"pounds": 360_000.0, "share": 0.6, "contribution": 340_000.0, "contribution_share": 0.85}
    frame = pd.DataFrame(
        [
            {"sector": "education", **row, "difference": 0.25},
            {"sector": "health", **other, "difference": -0.25},
        ]
    )
    said = cost_sectors(frame)
    assert str(said) == (
        "Schools and colleges do 40% of the lead work by cost, about £240,000 a year, "
        "and pay 15% of the pooled budget."
    )
    assert said.severity == "watch"
    short = frame.assign(difference=[-0.25, 0.2])
    assert str(cost_sectors(short)) == (
        "Schools and colleges pay 15% of the pooled budget and do 40% of the lead work by cost, "
        "about £240,000 a year."
    ), "the furthest, on whichever side"
    assert str(cost_sectors(frame.assign(difference=[0.01, -0.01]))).startswith("Each sector's share")
    hidden = frame.assign(share=math.nan, difference=math.nan)
    assert cost_sectors(hidden).severity == "unknown"


@pytest.fixture
def loaded(on_engine: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert tacgraph("load", str(SMALL)) == 0
    capsys.readouterr()
    return on_engine


@pytest.mark.usefixtures("loaded")
def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert tacgraph("costs", "--as-of", "2026-06-30", "--format", "json") == 0
    found = json.loads(capsys.readouterr().out)
    wanted = costs.costs(Slice.from_folder(SMALL), date(2026, 6, 30), settings())
    assert [row["agency_id"] for row in found["agencies"]] == list(wanted["agency_id"])
    assert [row["pounds"] for row in found["agencies"]] == pytest.approx(list(wanted["pounds"]))
    assert found["hours_per_point"] == 8.6
    assert "example" in found["hours_source"]
    assert tacgraph("costs", "--as-of", "2026-06-30") == 0
    assert "example, agree locally" in capsys.readouterr().out
