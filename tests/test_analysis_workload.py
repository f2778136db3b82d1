"""Workload, capacity and the month's figures, by hand and against the plain reading."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from analysis import workload
from analysis.asof import homes, posts
from analysis.coded import coded, day_number
from analysis.tables import Slice
from graphmodel.settings import settings
from tests.naive import Naive
from tests.partnerships import AS_OF, Partnership, Row, partnerships, random_partnership
from tests.test_analysis_catalogue import as_slice, cell

quick = effort(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
D = date(2026, 3, 31)


def span(start: str, end: str = "") -> Row:
    return {"started_on": start, "ended_on": end}


def partnership() -> Partnership:
    """Two social workers (one with a split post), a teacher, a parent carer; three teams.

    T1: child at level 3, opened 42 days before D, five in the team, Ada leads.
    T2: child at level 4 (and 1 at once), opened 41 days before D, Ben leads, Ada supports.
    T3: child without a level, closed on D. Led by Ada, and not counted on D.
    """
    people = {
        "Ada": "social_worker",
        "Ben": "social_worker",
        "Tea": "teacher",
        "Par": "parent_carer",
        "Gp": "gp",
    }
    in_t1 = ["Ben", "Tea", "Par", "Gp"]
    return Partnership(
        {
            "agencies": [{"agency_id": a, "name": a, "sector": "other"} for a in ("LA", "NHS")],
            "practitioners": [{"practitioner_id": p, "role": role} for p, role in people.items()],
            "posts": [
                {**_post("Ada", "NHS", "0.6", "2020-01-01"), "home": "false"},
                _post("Ada", "LA", "0.4", "2021-01-01"),
                _post("Ben", "LA", "1", "2020-01-01", share="0.1"),
                _post("Tea", "LA", "0.5", "2020-01-01"),
                _post("Par", "LA", "1", "2020-01-01"),
                {**_post("Gp", "NHS", "1", "2020-01-01"), "ended_on": "2026-03-31"},
            ],
            "children": [{"child_id": c} for c in ("C1", "C2", "C3")],
            "needs": [
                {"child_id": "C1", "level": "3", **span("2025-01-01")},
                {"child_id": "C2", "level": "4", **span("2025-01-01")},
                {"child_id": "C2", "level": "1", **span("2025-02-01")},
                {"child_id": "C1", "level": "4", **span("2026-04-01")},
            ],
            "tacs": [
                {"tac_id": "T1", "child_id": "C1", "opened_on": "2026-02-17", "closed_on": ""},
                {"tac_id": "T2", "child_id": "C2", "opened_on": "2026-02-18", "closed_on": ""},
                {"tac_id": "T3", "child_id": "C3", "opened_on": "2025-01-01", "closed_on": "2026-03-31"},
            ],
            "memberships": [
                *({"tac_id": "T1", "practitioner_id": p, **span("2026-02-17")} for p in in_t1),
                {"tac_id": "T2", "practitioner_id": "Ada", **span("2026-02-18")},
            ],
            "leads": [
                {"tac_id": "T1", "practitioner_id": "Ada", **span("2026-02-17")},
                {"tac_id": "T2", "practitioner_id": "Ben", **span("2026-03-31")},
                {"tac_id": "T2", "practitioner_id": "Gp", **span("2026-02-18", "2026-03-31")},
                {"tac_id": "T3", "practitioner_id": "Ada", **span("2025-01-01")},
            ],
        }
    )


def _post(who: str, agency: str, fte: str, start: str, *, share: str = "") -> Row:
    about = {"practitioner_id": who, "agency_id": agency, "fte": fte, "home": "true", "tac_share": share}
    return {**about, **span(start)}


def by_id(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.set_index("practitioner_id")


def test_points_and_capacity_by_hand() -> None:
    found = by_id(workload.load_by_practitioner(as_slice(partnership()), D, settings()))
    # T1: level 3, five in the team, 42 days old, so no set-up factor; T2: level 4, two in the team, 41 days
    assert found.loc["Ada", "points"] == pytest.approx(1.5 * (1 + 0.1 * 2) + 2.0 * 0.4)
    assert found.loc["Ben", "points"] == pytest.approx(2.0 * 1.25 + 1.5 * 0.4)
    assert found.loc["Ada", "capacity"] == pytest.approx(0.6 * 15 + 0.4 * 15)
    assert found.loc["Ben", "capacity"] == pytest.approx(1 * 0.1 * 15)
    assert found.loc["Tea", "capacity"] == pytest.approx(0.5 * 0.1 * 15)
    assert found.loc["Ben", "utilisation"] == pytest.approx((2.0 * 1.25 + 1.5 * 0.4) / 1.5)
    assert found.loc["Ada", "lead_points"] == pytest.approx(1.5 * 1.2)
    # the home post beats the earlier one that is none; the GP's post ended on D
    assert found["home_agency_id"].to_dict() == {
        "Ada": "LA",
        "Ben": "LA",
        "Gp": None,
        "Par": "LA",
        "Tea": "LA",
    }
    assert found["tacs_led"].to_list() == [1, 1, 0, 0, 0]
    assert found["tacs_supported"].to_list() == [1, 1, 1, 1, 1]
    assert found["severe"].to_dict()["Ben"]
    # the teacher is used at 0.8, supports only, and is not overloaded whatever the figure
    assert found["overloaded"].to_dict() == {
        "Ada": False,
        "Ben": True,
        "Gp": False,
        "Par": False,
        "Tea": False,
    }


def test_no_capacity_is_listed_and_never_an_overload() -> None:
    found = workload.without_capacity(as_slice(partnership()), D, settings())
    assert list(found["practitioner_id"]) == ["Gp", "Par"]
    assert found["utilisation"].isna().all()


def test_the_day_before_is_another_state() -> None:
    found = by_id(workload.load_by_practitioner(as_slice(partnership()), D - timedelta(days=1), settings()))
    assert found.loc["Ada", "tacs_led"] == 2
    assert found.loc["Gp", "tacs_led"] == 1
    assert found.loc["Ben", "tacs_led"] == 0
    # T1 is 41 days old now, and T3 has no level, no other member, no set-up phase
    assert found.loc["Ada", "points"] == pytest.approx(1.5 * 1.2 * 1.25 + 1.0 + 2.0 * 0.4)


def test_a_threshold_met_exactly_is_not_exceeded() -> None:
    """3.1 points against a capacity that a rounded share leaves 1e-10 short of 3.1."""
    tables = partnership().tables
    posts_of_ben = [_post("Ben", "LA", "1", "2020-01-01", share="0.20666666666")]
    exact = [row for row in tables["posts"] if row["practitioner_id"] != "Ben"] + posts_of_ben
    changed = as_slice(Partnership({**tables, "posts": exact}))
    frame = workload.load_by_practitioner(changed, D, settings())
    assert 1.0 < frame["utilisation"].max() < 1.0 + 1e-9
    assert not frame["overloaded"].any()
    assert len(workload.overloaded_leads(changed, D, settings())) == 0


def test_outliers_by_hand() -> None:
    """Five in a role used at 1/3, 2/3, 3/3, 4/3 and 20/3 of one: median 1, MAD 1/3."""
    people = ["a", "b", "c", "d", "e"]
    led = {"a": 1, "b": 2, "c": 3, "d": 4, "e": 20}
    tacs = [f"{p}{n}" for p in people for n in range(led[p])]
    made = Partnership(
        {
            "agencies": [{"agency_id": "LA", "name": "LA", "sector": "other"}],
            "practitioners": [{"practitioner_id": p, "role": "social_worker"} for p in people],
            "posts": [_post(p, "LA", "0.2", "2020-01-01") for p in people],
            "children": [{"child_id": "C"}],
            "tacs": [{"tac_id": t, "child_id": "C", "opened_on": "2020-01-01"} for t in tacs],
            "leads": [{"tac_id": t, "practitioner_id": t[0], **span("2020-01-01")} for t in tacs],
        }
    )
    found = by_id(workload.load_by_practitioner(as_slice(made), D, settings()))
    assert found.loc["e", "z"] == pytest.approx(0.6745 * (20 / 3 - 1) / (1 / 3))
    assert found.loc["a", "z"] == pytest.approx(0.6745 * (1 / 3 - 1) / (1 / 3))
    assert list(found.index[found["outlier"]]) == ["e"]
    fewer = Partnership(
        {**made.tables, "leads": [r for r in made.tables["leads"] if r["practitioner_id"] != "a"]}
    )
    left = workload.load_by_practitioner(as_slice(fewer), D, settings())
    assert left["z"].isna().all(), "four in a role are too few"


@quick
@given(partnerships())
def test_outliers_are_the_plain_ones(drawn: tuple[Partnership, date]) -> None:
    made, d = drawn
    frame = by_id(workload.load_by_practitioner(as_slice(made), d, settings()))
    found = {who: z for who, z in frame["z"].items() if not np.isnan(z)}
    assert found == pytest.approx(Naive(made, d, settings()).outliers(), abs=1e-9)


@quick
@given(partnerships(), st.integers(2020, 2030))
def test_home_agency_on_any_day(drawn: tuple[Partnership, date], year: int) -> None:
    made, d = drawn
    data, when = coded(as_slice(made)), d.replace(year=year, day=1)
    naive = Naive(made, d, settings())
    everybody = np.arange(len(data.practitioners))
    for day in (d, when):
        found = homes(data, everybody, np.full(len(everybody), day_number(day)))
        assert np.array_equal(found, posts(data, day_number(day), settings()).home)
        named = data.agencies.named(found)
        assert list(named) == [naive.home(who, day) for who in data.practitioners.texts]


@quick
@given(partnerships())
def test_doubling_every_needs_weight_doubles_every_point(drawn: tuple[Partnership, date]) -> None:
    made, d = drawn
    rules = settings().workload
    twice = rules.model_copy(update={"need_weight": {k: 2 * w for k, w in rules.need_weight.items()}})
    tables = as_slice(made)
    before = workload.load_by_practitioner(tables, d, settings())
    after = workload.load_by_practitioner(tables, d, settings().model_copy(update={"workload": twice}))
    assert np.allclose(after["points"], 2 * before["points"])
    assert np.array_equal(after["capacity"], before["capacity"])


@quick
@given(partnerships())
def test_points_do_not_depend_on_the_order_or_the_repetition_of_rows(drawn: tuple[Partnership, date]) -> None:
    """A member who left and came back, or whose intervals overlap, is in the team once."""
    made, d = drawn
    turned = {name: rows[::-1] for name, rows in made.tables.items()}
    again = [{**row, "started_on": "2019-01-01", "ended_on": ""} for row in made.tables["memberships"]]
    once = list({(r["tac_id"], r["practitioner_id"]): r for r in again}.values())
    ever = {**turned, "memberships": once}
    both = {**turned, "memberships": [*once, *({**row, "started_on": "2019-01-02"} for row in once)]}
    plain = workload.workload(as_slice(made), d, settings())
    pd.testing.assert_frame_equal(workload.workload(as_slice(Partnership(turned)), d, settings()), plain)
    pd.testing.assert_frame_equal(
        workload.workload(as_slice(Partnership(both)), d, settings()),
        workload.workload(as_slice(Partnership(ever)), d, settings()),
    )


@pytest.mark.parametrize("seed", range(3))
def test_a_month_is_the_mean_of_its_days(seed: int) -> None:
    made = random_partnership(seed, centre=AS_OF[1])
    tables, days = as_slice(made), [date(2026, 2, 1) + timedelta(days=n) for n in range(28)]
    month = by_id(workload.month(tables, 2026, 2, settings()))
    plain = [{row[0]: row[3:] for row in Naive(made, d, settings()).workload()} for d in days]
    assert set(month.index) == set().union(*plain)
    for who, row in month.iterrows():
        shown = [day.get(who, (0, 0, 0.0, 0.0, None)) for day in plain]
        for place, name in enumerate(("tacs_led", "tacs_supported", "points", "capacity")):
            assert row[f"mean_{name}"] == pytest.approx(sum(x[place] for x in shown) / 28, abs=1e-9)
            assert row[name] == pytest.approx(shown[-1][place], abs=1e-9)
        used = [x[4] for x in shown if x[4] is not None]
        assert cell(row["mean_utilisation"]) == (pytest.approx(sum(used) / len(used)) if used else None)
        over = [x for x in shown if x[0] > 0 and x[4] is not None and x[4] > 1 + 1e-9]
        assert row["days_overloaded"] == len(over)


def test_daily_rows_are_the_days_of_the_plain_figures() -> None:
    tables = as_slice(random_partnership(5))
    frame = workload.daily(tables, D - timedelta(days=9), D, settings())
    assert frame["day"].nunique() == 10
    last = frame[frame["day"] == pd.Timestamp(D)].drop(columns="day").reset_index(drop=True)
    plain = workload.load_by_practitioner(tables, D, settings())
    pd.testing.assert_frame_equal(last, plain[list(last.columns)], check_dtype=False)


def test_trend_and_history_end_on_the_day_itself() -> None:
    tables = as_slice(random_partnership(7))
    d = date(2026, 3, 15)
    trend = workload.trend(tables, d, settings(), months=3)
    assert list(trend["day"]) == [date(2025, 12, 31), date(2026, 1, 31), date(2026, 2, 28), d]
    for row in trend.to_dict(orient="records"):
        frame = workload.load_by_practitioner(tables, row["day"], settings())
        assert row["overloaded"] == frame["overloaded"].sum()
        assert row["points"] == pytest.approx(frame["points"].sum())
        used = frame[frame["capacity"] > 0]
        assert row["utilisation"] == pytest.approx(used["points"].sum() / used["capacity"].sum())
    who = str(frame["practitioner_id"].iloc[0])
    history = workload.history(tables, who, d, settings(), months=3)
    assert list(history["day"]) == list(trend["day"])
    assert history["points"].iloc[-1] == pytest.approx(by_id(frame).loc[who, "points"])
    assert workload.history(tables, "nobody", d, settings()).empty


def test_figures_of_an_empty_slice(tmp_path: Path) -> None:
    tables = Slice.from_folder(tmp_path)
    assert workload.month(tables, 2026, 3, settings()).empty
    assert workload.daily(tables, D, D, settings()).empty
    assert workload.trend(tables, D, settings(), months=1)["points"].tolist() == [0.0, 0.0]
    assert tables.data_date is None
