"""What the teams would lead one to expect: intervals and sectors, by hand, by law and by brute force."""

from __future__ import annotations

import math
from datetime import date
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st
from scipy.stats import binom

from analysis import fairness
from analysis.chance import central, poisson_binomial
from graphmodel.settings import settings
from reports.findings_fairness import expected_agencies, expected_sectors, fairness_trend
from tests.naive import Naive
from tests.partnerships import AS_OF, Partnership, partnerships, random_partnership
from tests.test_analysis_catalogue import as_slice
from tests.test_analysis_fairness import D
from tests.test_analysis_fairness import partnership as two_agencies

quick = effort(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def test_the_interval_by_hand() -> None:
    # two even chances: 0 with .25, 1 with .5, 2 with .25
    even = poisson_binomial(np.array([0.5, 0.5]))
    assert central(even, 0.95) == (0, 2)
    assert central(even, 0.5) == (0, 1), "a bound that is met exactly is met: P(X <= 0) = 0.25"
    assert central(even, 0.4) == (1, 1)
    assert central(poisson_binomial(np.zeros(0)), 0.95) == (0, 0)
    assert central(poisson_binomial(np.ones(4)), 0.95) == (4, 4)


@given(st.integers(0, 300), st.floats(0, 1), st.sampled_from([0.5, 0.8, 0.95, 0.99]))
def test_equal_chances_give_the_binomial_quantiles(n: int, p: float, confidence: float) -> None:
    low, high = central(poisson_binomial(np.full(n, p)), confidence)
    tail = (1 - confidence) / 2
    law = binom(n, p)
    # by the definition, with room for rounding on both sides
    assert law.cdf(low) >= tail - 2e-9
    assert law.cdf(low - 1) < tail + 2e-9
    assert law.cdf(high) >= 1 - tail - 2e-9
    assert law.cdf(high - 1) < 1 - tail + 2e-9


@given(st.lists(st.floats(0, 1), max_size=40), st.sampled_from([0.5, 0.9, 0.95]))
def test_the_interval_holds_its_part_and_no_bound_can_come_nearer(
    chances: list[float], confidence: float
) -> None:
    law = poisson_binomial(np.array(chances))
    low, high = central(law, confidence)
    tail = (1 - confidence) / 2
    assert 0 <= low <= high <= len(chances)
    assert law[low : high + 1].sum() >= confidence - 1e-8
    assert law[:low].sum() < tail + 1e-8
    assert law[high + 1 :].sum() <= tail + 1e-8


def every_choice(made: Partnership, d: date) -> tuple[list[list[tuple[str, float]]], list[str]]:
    """Who could lead each team by sector, with what chance, and the sectors of those who do."""
    naive = Naive(made, d, settings())
    sector = {row["agency_id"]: row["sector"] for row in made.tables["agencies"]}
    choices, seen = [], []
    for tac, leads in naive.leads.items():
        able = {p: c for p in naive.team[tac] if (c := naive.capacity(p)) > 0}
        if len(leads) == 1 and leads <= set(able):
            total = sum(able.values())
            choices.append([(sector[str(naive.home(p))], c / total) for p, c in able.items()])
            seen += [sector[str(naive.home(p))] for p in leads]
    return choices, seen


@pytest.mark.parametrize("seed", range(8))
def test_sectors_over_all_ways_to_choose(seed: int) -> None:
    d = AS_OF[seed % 4]
    made = random_partnership(seed, centre=d)
    choices, seen = every_choice(made, d)
    frame = fairness.expected_by_sector(as_slice(made), d, settings())
    assert sorted(set(seen)) == sorted(frame.loc[frame["observed"] > 0, "sector"])
    for row in frame.to_dict(orient="records"):
        pmf = np.zeros(len(choices) + 1)
        for way in product(*choices):
            pmf[sum(home == row["sector"] for home, _ in way)] += math.prod(chance for _, chance in way)
        assert row["teams"] == len(choices)
        assert row["observed"] == seen.count(row["sector"])
        assert row["expected"] == pytest.approx(float(pmf @ np.arange(len(pmf))), abs=1e-9)
        if not choices:
            assert math.isnan(row["p"])
            assert math.isnan(row["expected_low"])
            continue
        assert row["p"] == pytest.approx(pmf[pmf <= pmf[row["observed"]] * (1 + 1e-7)].sum(), abs=1e-9)
        low = next(k for k in range(len(pmf)) if pmf[: k + 1].sum() >= 0.025 - 1e-9)
        high = next(k for k in range(len(pmf)) if pmf[: k + 1].sum() >= 0.975 - 1e-9)
        assert (row["expected_low"], row["expected_high"]) == (low, high)


@quick
@given(partnerships(), st.booleans())
def test_sectors_sum_up_their_agencies(drawn: tuple[Partnership, date], discretionary: bool) -> None:
    made, d = drawn
    tables = as_slice(made)
    agencies = fairness.expected_leads(tables, d, settings(), discretionary=discretionary)
    sectors = fairness.expected_by_sector(tables, d, settings(), discretionary=discretionary)
    of = {row["agency_id"]: row["sector"] for row in made.tables["agencies"]}
    together = agencies.groupby(agencies["agency_id"].map(of))[["observed", "expected"]].sum()
    assert list(together.index) == list(sectors["sector"])
    # an agency without capacity is no row, but home to people with capacity elsewhere: its sector counts them
    less = together["observed"].to_numpy(), together["expected"].to_numpy()
    assert (less[0] <= sectors["observed"].to_numpy()).all()
    assert (less[1] <= sectors["expected"].to_numpy() + 1e-9).all()
    choices, seen = every_choice(made, d)
    if not discretionary:
        shown = set(sectors["sector"])
        assert sectors["observed"].sum() == sum(sector in shown for sector in seen)
        chances = sum(part for way in choices for sector, part in way if sector in shown)
        assert sectors["expected"].sum() == pytest.approx(chances)
    known = agencies.dropna(subset=["expected_low"])
    assert (known["expected_low"] <= known["expected_high"]).all()


def test_a_home_agency_without_capacity_counts_in_its_own_sector_only() -> None:
    made = two_agencies()
    sectors = {"LA": "local_authority", "NHS": "health", "No one": "education"}
    agencies = [{**row, "sector": sectors[row["agency_id"]]} for row in made.tables["agencies"]]
    # Ann's home is a school without capacity; her hours are the local authority's
    posts = [
        {**row, "home": "false"} if row["practitioner_id"] == "Ann" else row for row in made.tables["posts"]
    ]
    school = {**posts[0], "agency_id": "No one", "home": "true", "tac_share": "0"}
    tables = as_slice(Partnership({**made.tables, "agencies": agencies, "posts": [*posts, school]}))
    found = fairness.expected_by_sector(tables, D, settings()).set_index("sector")
    assert list(found.index) == ["health", "local_authority"], "a sector without capacity is not shown"
    # of T1, T2 (Ann) and T3 (Bob) only Bob's lead belongs to a sector shown
    assert found["observed"].to_dict() == {"health": 1, "local_authority": 0}
    assert found["expected"].to_dict() == pytest.approx({"health": 0.5 + 15 / 27, "local_authority": 12 / 27})


def test_the_sentences_say_what_was_counted() -> None:
    row = {"observed": 158, "expected": 120.2, "expected_low": 105.0, "expected_high": 136.0}
    sectors = pd.DataFrame([{"sector": "education", "teams": 400, **row, "p_adjusted": 0.001}])
    assert str(expected_sectors(sectors)) == (
        "Given who sits in which team and how much time they have, schools and colleges would be expected "
        "to lead 30% of teams, with 95% between 26% and 34%; they lead 158 (40%), 38 teams more."
    )
    agencies = pd.DataFrame([{"agency_id": "A1", "name": "North school", **row, "p_adjusted": 0.001}])
    assert str(expected_agencies(agencies)).endswith(
        "North school would be expected to lead 120.2 teams, with 95% between 105 and 136; "
        "it leads 158, 38 teams more."
    )
    fair = expected_sectors(sectors.assign(p_adjusted=0.2))
    assert fair.severity == "fine"
    assert "no sector leads clearly more" in str(fair)
    hidden = sectors.assign(observed=math.nan, expected=math.nan)
    assert expected_sectors(hidden).severity == "unknown"
    months = pd.DataFrame({"day": [date(2026, 1, 31), date(2026, 2, 28)], "hoover": [0.2, 0.25]})
    assert "has risen from 20% to 25%" in str(fairness_trend(months))
    assert fairness_trend(months.head(1)).severity == "unknown"
