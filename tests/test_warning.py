"""Early warning: the rules in plain loops, the judgement of past months, and no look into the future."""

from __future__ import annotations

import math
from datetime import date, timedelta
from itertools import combinations
from statistics import median

import pandas as pd
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from analysis.warning import RULES, back_test, early_warning, wilson
from graphmodel.settings import Settings, settings
from tests.naive import Naive
from tests.partnerships import Partnership, Row, partnerships, random_partnership
from tests.test_analysis_catalogue import as_slice

quick = effort(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
ENDS = {"tacs": ("opened_on", "closed_on")}
INTERVALS = ("tacs", "memberships", "leads", "posts", "needs", "statuses")


def shorter(months: int = 3, horizon: int = 30) -> Settings:
    """A trend of five weeks, so that plain loops stay quick."""
    rules = settings().early_warning.model_copy(
        update={"trend_days": 35, "fewest_weeks": 3, "backtest_months": months, "horizon_days": horizon}
    )
    return settings().model_copy(update={"early_warning": rules})


def as_known(partnership: Partnership, d: date) -> Partnership:
    """The rows that had begun by a day; ends after it were not known."""
    tables = dict(partnership.tables)
    for name in INTERVALS:
        start, end = ENDS.get(name, ("started_on", "ended_on"))
        rows = [r for r in tables[name] if date.fromisoformat(r[start]) <= d]
        tables[name] = [r if r[end] and date.fromisoformat(r[end]) <= d else {**r, end: ""} for r in rows]
    return Partnership(tables)


def lasting_points(plain: Naive, person: str) -> float:
    """Points as if no set-up phase ran."""
    total = 0.0
    for tac in plain.tacs:
        points = plain.points_from(person, tac)
        young = (plain.d - date.fromisoformat(plain.tacs[tac]["opened_on"])).days < 42
        total += points / 1.25 if young and person in plain.leads[tac] else points
    return total


def plainly(partnership: Partnership, d: date, asked: Settings) -> dict[str, tuple[bool, bool]]:
    """By candidate whether the trend and whether one more lead warns."""
    known = as_known(partnership, d)
    now, rules = Naive(known, d, asked), asked.early_warning
    over = {r[0] for r in now.overloaded_leads()}
    found = {}
    for person in now.people:
        if not now.led(person) or not now.capacity(person) > 0 or person in over:
            continue
        weeks = rules.trend_days // 7
        line: list[tuple[int, float]] = []
        for back in range(weeks + 1):
            then = Naive(known, d - timedelta(days=7 * back), asked)
            if then.capacity(person) > 0:
                line.append((-back, lasting_points(then, person)))
        slopes = [(y1 - y0) / (x1 - x0) for (x0, y0), (x1, y1) in combinations(line, 2)]
        slope = median(slopes) / 7 if len(line) >= rules.fewest_weeks else 0.0
        trend = False
        for step in [*range(7, rules.horizon_days, 7), rules.horizon_days]:
            then = Naive(known, d + timedelta(days=step), asked)
            trend |= (then.points(person) + slope * step) / then.capacity(person) > 1 + 1e-9
        found[person] = (trend, now.capacity(person) - now.points(person) < 1 - 1e-9)
    return found


@quick
@given(partnerships())
def test_the_warnings_are_the_plain_ones(made: tuple[Partnership, date]) -> None:
    partnership, d = made
    frame = early_warning(as_slice(partnership), d, shorter())
    rows = {
        who: (bool(a), bool(b))
        for who, a, b in zip(frame["practitioner_id"], frame["by_trend"], frame["by_one_more"], strict=True)
    }
    wanted = plainly(partnership, d, shorter())
    assert rows == {who: flags for who, flags in wanted.items() if any(flags)}
    assert all((x is not None) == by for x, by in zip(frame["crosses_on"], frame["by_trend"], strict=True))


@pytest.mark.parametrize("seed", range(4))
def test_the_back_test_is_the_plain_one(seed: int) -> None:
    d = date(2026, 3, 31)
    partnership, asked = random_partnership(seed, centre=d), shorter(months=2)
    test = back_test(as_slice(partnership), d, asked)
    assert list(dict.fromkeys(test.months["month_end"])) == [date(2026, 1, 31), date(2026, 2, 28)]
    for end in (date(2026, 1, 31), date(2026, 2, 28)):
        wanted = plainly(partnership, end, asked)
        crossed = set()
        for step in range(1, 31):
            later = Naive(partnership, end + timedelta(days=step), asked)
            crossed |= {r[0] for r in later.overloaded_leads()} & set(wanted)
        for place, rule in enumerate(RULES):
            row = test.months[(test.months["month_end"] == end) & (test.months["rule"] == rule)].iloc[0]
            warned = {who for who, flags in wanted.items() if flags[place]}
            counts = (len(wanted), len(crossed), len(warned), len(warned & crossed))
            assert tuple(row[["candidates", "crossed", "warned", "hits"]]) == counts
            now = Naive(as_known(partnership, end), end, asked)
            used = {p: round(now.points(p) / now.capacity(p), 9) for p in wanted}
            fullest = sorted(used, key=lambda p: (-used[p], p))[: len(warned)]
            assert row["naive_hits"] == len(set(fullest) & crossed)


def with_future(partnership: Partnership, d: date, other: Partnership) -> Partnership:
    """More rows that begin after a day, and every end after it moved or taken away."""
    tables = {name: list(rows) for name, rows in partnership.tables.items()}
    for name in INTERVALS:
        start, end = ENDS.get(name, ("started_on", "ended_on"))
        for place, row in enumerate(tables[name]):
            if row[end] and date.fromisoformat(row[end]) > d:
                tables[name][place] = {**row, end: (d + timedelta(days=1)).isoformat()}
        keys = {tuple(v for k, v in row.items() if k != end) for row in tables[name]}
        if name != "tacs":
            for row in other.tables[name]:
                begun = d + timedelta(days=1 + len(tables[name]) % 50)
                new = {**row, start: begun.isoformat(), end: ""}
                if tuple(v for k, v in new.items() if k != end) not in keys:
                    tables[name].append(new)
    return Partnership(tables)


@quick
@given(partnerships(), st.integers(0, 9))
def test_what_starts_after_the_day_changes_no_warning(made: tuple[Partnership, date], seed: int) -> None:
    partnership, d = made
    future = with_future(partnership, d, random_partnership(seed, centre=d))
    one, two = (early_warning(as_slice(x), d, shorter()) for x in (partnership, future))
    pd.testing.assert_frame_equal(one, two)


@quick
@given(partnerships())
def test_what_starts_after_the_as_of_day_changes_no_judgement(made: tuple[Partnership, date]) -> None:
    partnership, d = made
    future = with_future(partnership, d, random_partnership(1, centre=d))
    one, two = (back_test(as_slice(x), d, shorter(months=1)) for x in (partnership, future))
    pd.testing.assert_frame_equal(one.months, two.months)
    pd.testing.assert_frame_equal(one.rules, two.rules)


def rising(last: str = "2026-03-25", ended: str = "") -> Partnership:
    """Ada (0.4: 6 points) takes a small team at level 2 every week since January: 1.0 point a week more."""
    d = date(2026, 3, 31)
    starts = [d - timedelta(days=1 + 7 * n) for n in range(4)]
    tacs: list[Row] = [
        {"tac_id": f"T{n}", "child_id": "C1", "opened_on": "2025-01-01", "closed_on": ""}
        for n in range(len(starts))
    ]
    leads = [
        {
            "tac_id": f"T{n}",
            "practitioner_id": "Ada",
            "started_on": min(x.isoformat(), last),
            "ended_on": ended if n == 0 else "",
        }
        for n, x in enumerate(starts)
    ]
    return Partnership(
        {
            "agencies": [{"agency_id": "LA", "name": "LA", "sector": "other"}],
            "practitioners": [{"practitioner_id": "Ada", "role": "social_worker"}],
            "posts": [
                {
                    "practitioner_id": "Ada",
                    "agency_id": "LA",
                    "fte": "0.4",
                    "started_on": "2020-01-01",
                    "ended_on": "",
                }
            ],
            "children": [{"child_id": "C1"}],
            "tacs": tacs,
            "leads": leads,
        }
    )


def test_a_rising_trend_is_carried_forward() -> None:
    """Four leads in four weeks: 4 of 6 points, about 0.14 a day more: over the line within three weeks."""
    frame = early_warning(as_slice(rising("2026-12-31")), date(2026, 3, 31), shorter(horizon=60))
    row = frame.iloc[0]
    assert row["utilisation"] == pytest.approx(4 / 6)
    assert row["by_trend"]
    assert not row["by_one_more"]
    assert row["room"] == pytest.approx(2.0)
    assert date(2026, 4, 7) < row["crosses_on"] <= date(2026, 4, 28)


def test_plans_on_record_count_only_where_asked_for() -> None:
    """All four leads end on 3 April; on 31 March that is a plan, and gone by months it could not be known."""
    partnership = rising("2026-12-31")
    for row in partnership.tables["leads"]:
        row["ended_on"] = "2026-04-03"
    tables, d = as_slice(partnership), date(2026, 3, 31)
    assert early_warning(tables, d, shorter())["by_trend"].tolist() == [True]
    assert early_warning(tables, d, shorter(), planned=True).empty


def test_nobody_to_warn_of_and_no_month_to_judge_by() -> None:
    tables, d = as_slice(rising()), date(2019, 1, 1)
    assert early_warning(tables, d, shorter()).empty
    test = back_test(tables, d, shorter())
    assert test.best is None
    assert not any(test.better(rule) for rule in RULES)
    assert test.rules["precision"].isna().all()
    assert test.record()["rules"][0]["precision"] is None


def test_the_interval_of_a_share() -> None:
    low, high = wilson(8, 10)
    assert low == pytest.approx(0.4901625)
    assert high == pytest.approx(0.9433178)
    assert math.isnan(wilson(0, 0)[0])
    assert wilson(0, 5)[0] == pytest.approx(0.0)
