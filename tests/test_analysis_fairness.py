"""Indices, shares, expected leads and intervals: by hand, by law, and against independent formulas."""

from __future__ import annotations

import math
from datetime import date, timedelta
from itertools import product
from random import Random

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st
from scipy.stats import binomtest, poisson_binom

from analysis import fairness, inequality
from analysis.chance import poisson_binomial, two_sided
from graphmodel.settings import settings
from tests.naive import Naive
from tests.partnerships import AS_OF, Partnership, Row, partnerships, random_partnership
from tests.test_analysis_catalogue import as_slice
from tests.test_analysis_workload import span

quick = effort(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
D = date(2026, 3, 31)
amounts = st.lists(st.floats(0, 1e4).map(lambda x: round(x, 3)), min_size=1, max_size=30)


# -- the indices over plain numbers --------------------------------------------------------------------


def test_indices_by_hand() -> None:
    x = np.array([1.0, 2.0, 3.0, 6.0])
    # all ordered pairs: 2 * (1 + 2 + 5 + 1 + 4 + 3) = 32, over 2 * 16 * 3
    assert inequality.gini(x) == pytest.approx(32 / 96)
    assert inequality.jain(x) == pytest.approx(12**2 / (4 * (1 + 4 + 9 + 36)))
    terms = [y / 3 * math.log(y / 3) for y in (1, 2, 3, 6)]
    assert inequality.theil(x) == pytest.approx(sum(terms) / 4)
    between, within = inequality.theil_parts(x, np.array([0, 0, 1, 1]))
    # means 1.5 and 4.5 against 3
    assert between == pytest.approx(0.5 * 0.5 * math.log(0.5) + 0.5 * 1.5 * math.log(1.5))
    low = (2 / 3 * math.log(2 / 3) + 4 / 3 * math.log(4 / 3)) / 2
    assert within == pytest.approx(0.5 * 0.5 * low + 0.5 * 1.5 * low)
    assert inequality.hoover(np.array([0.7, 0.3]), np.array([0.5, 0.5])) == pytest.approx(0.2)


def test_indices_are_undefined_where_nothing_is_shared_out() -> None:
    for nothing in (np.zeros(0), np.zeros(3)):
        assert inequality.gini(nothing) is None
        assert inequality.theil(nothing) is None
        assert inequality.jain(nothing) is None
        assert inequality.theil_parts(nothing, np.zeros(len(nothing), dtype=np.int64)) == (None, None)
    assert inequality.hoover(np.array([np.nan]), np.array([1.0])) is None


@given(amounts, st.floats(0.01, 100))
def test_gini_is_the_mean_difference_and_knows_no_scale(values: list[float], factor: float) -> None:
    x = np.array(values)
    found = inequality.gini(x)
    if x.sum() == 0:
        assert found is None
        return
    assert found is not None
    plain = sum(abs(a - b) for a, b in product(values, values)) / (2 * len(values) ** 2 * x.mean())
    assert found == pytest.approx(plain, abs=1e-9)
    assert 0 <= found < 1
    assert inequality.gini(x * factor) == pytest.approx(found, abs=1e-9)
    assert inequality.gini(np.repeat(x, 2)) == pytest.approx(found, abs=1e-9)


@given(amounts, st.randoms(use_true_random=False))
def test_theil_is_its_parts_and_lies_within_its_bounds(values: list[float], chance: Random) -> None:
    x = np.array(values)
    groups = np.array([chance.random() > 0.5 for _ in values], dtype=np.int64)
    whole, (between, within) = inequality.theil(x), inequality.theil_parts(x, groups)
    if whole is None or between is None or within is None:
        assert x.sum() == 0
        return
    assert whole == pytest.approx(between + within, abs=1e-9)
    assert -1e-12 <= whole <= math.log(len(values)) + 1e-9
    assert between >= -1e-12
    assert within >= -1e-12
    assert inequality.theil_parts(x, np.zeros(len(x), dtype=np.int64))[0] == pytest.approx(0, abs=1e-12)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=10))
def test_hoover_is_nought_for_equal_shares_only(counts: list[int]) -> None:
    total = sum(counts)
    if total == 0:
        return
    load, fair = np.array(counts) / total, np.full(len(counts), 1 / len(counts))
    found = inequality.hoover(load, fair)
    assert found is not None
    assert (found < 1e-12) == (len(set(counts)) == 1)
    assert 0 <= found < 1
    # the least that would have to move: what is above the fair share
    assert found == pytest.approx(np.maximum(load - fair, 0).sum())


@given(amounts)
def test_jain_lies_between_one_for_all_and_one(values: list[float]) -> None:
    found = inequality.jain(np.array(values))
    if found is not None:
        assert 1 / len(values) - 1e-12 <= found <= 1 + 1e-12


# -- chances --------------------------------------------------------------------------------------------


def test_poisson_binomial_by_hand() -> None:
    # 0: .5 * .8, 1: .5 * .8 + .5 * .2, 2: .5 * .2
    assert poisson_binomial(np.array([0.5, 0.2])) == pytest.approx([0.4, 0.5, 0.1])
    assert two_sided(np.array([0.5, 0.2]), 2) == pytest.approx(0.1)
    assert two_sided(np.array([0.5, 0.2]), 0) == pytest.approx(0.5)
    assert two_sided(np.array([0.5, 0.2]), 1) == pytest.approx(1.0)
    assert two_sided(np.array([1.0, 1.0]), 2) == 1.0
    assert two_sided(np.array([1.0, 1.0]), 1) == 0.0
    assert two_sided(np.zeros(0), 0) == 1.0


@pytest.mark.parametrize("count", [0, 1, 63, 64, 65, 300, 1000])
def test_poisson_binomial_is_scipys(count: int) -> None:
    chances = np.random.default_rng(count).random(count) ** 3
    found = poisson_binomial(chances)
    assert found.sum() == pytest.approx(1)
    if count:
        assert np.allclose(found, poisson_binom(chances).pmf(np.arange(count + 1)), rtol=1e-7, atol=1e-15)


@given(st.integers(1, 60), st.floats(0.05, 0.95), st.data())
def test_equal_chances_are_the_exact_binomial_test(n: int, p: float, data: st.DataObject) -> None:
    seen = data.draw(st.integers(0, n))
    assert two_sided(np.full(n, p), seen) == pytest.approx(binomtest(seen, n, p).pvalue, rel=1e-6)


# -- agencies -------------------------------------------------------------------------------------------


def partnership() -> Partnership:
    """Two agencies of one full-time social worker each, a split post, and a child at the statutory threshold.

    T1, T2: led by Ann (LA); Bob (NHS) is in T1 only. T3: led by Bob, child with CP, Sue (split) in the team.
    T4: two leads, Ann and Bob. No TAC is new; every child is at level 2.
    """

    def post(who: str, agency: str, fte: str, home: str) -> Row:
        about = {"practitioner_id": who, "agency_id": agency, "fte": fte, "home": home, "tac_share": "1"}
        return {**about, **span("2020-01-01")}

    teams = {"T1": ("Ann", ["Bob"]), "T2": ("Ann", []), "T3": ("Bob", ["Sue"]), "T4": ("Ann", [])}
    led = [(t, lead) for t, (lead, _) in teams.items()] + [("T4", "Bob")]
    return Partnership(
        {
            "agencies": [{"agency_id": a, "name": a, "sector": "other"} for a in ("LA", "NHS", "No one")],
            "practitioners": [{"practitioner_id": p, "role": "social_worker"} for p in ("Ann", "Bob", "Sue")],
            "posts": [
                *(post("Ann", "LA", "1", "true"), post("Bob", "NHS", "1", "true")),
                *(post("Sue", "LA", "0.2", "true"), post("Sue", "NHS", "0.6", "false")),
            ],
            "children": [{"child_id": f"C{t}"} for t in teams],
            "statuses": [
                {"child_id": "CT3", "status": "CP", **span("2025-01-01")},
                {"child_id": "CT1", "status": "SEN", **span("2025-01-01")},
            ],
            "tacs": [{"tac_id": t, "child_id": f"C{t}", "opened_on": "2025-01-01"} for t in teams],
            "memberships": [
                {"tac_id": t, "practitioner_id": p, **span("2025-01-01")}
                for t, (_, m) in teams.items()
                for p in m
            ],
            "leads": [{"tac_id": t, "practitioner_id": p, **span("2025-01-01")} for t, p in led],
        }
    )


def test_agencies_by_hand() -> None:
    found = fairness.agency_fairness(as_slice(partnership()), D, settings()).set_index("agency_id")
    assert list(found.index) == ["LA", "NHS"], "an agency without capacity does not enter"
    # capacity: 15 + 3 in LA, 15 + 9 in NHS; Ann leads three, Bob two
    assert found["capacity"].tolist() == pytest.approx([18, 24])
    assert found["lead_points"].tolist() == pytest.approx([3, 2])
    assert found["tacs_led"].tolist() == [3, 2]
    assert found["load_share"].tolist() == pytest.approx([3 / 5, 2 / 5])
    assert found["disparity"].tolist() == pytest.approx([(3 / 5) / (18 / 42), (2 / 5) / (24 / 42)])
    # T1: half each; T2: LA for certain; T3: Bob 15 of 27, Sue (at home in LA) 12 of 27; T4 has two leads
    assert found["expected_tacs_led"].tolist() == pytest.approx([0.5 + 1 + 12 / 27, 0.5 + 15 / 27])


def test_the_test_of_the_lead_counts_by_hand() -> None:
    found = fairness.expected_leads(as_slice(partnership()), D, settings()).set_index("agency_id")
    assert found["observed"].tolist() == [2, 1]
    variance = 0.5 * 0.5 + 0 + (12 / 27) * (15 / 27)
    assert found["variance"].tolist() == pytest.approx([variance, variance])
    z = (2 - (1.5 + 12 / 27)) / math.sqrt(variance)
    assert found["z"].tolist() == pytest.approx([z, -z])
    # LA: 1 with .5 * 15/27, 2 with .5, 3 with .5 * 12/27; so 2, as observed, is likeliest
    assert found["p"].tolist() == pytest.approx([1, 1])
    assert found["p_adjusted"].tolist() == pytest.approx([1, 1])


def test_discretionary_leaves_out_required_and_expected_not_advisory() -> None:
    found = fairness.agency_fairness(as_slice(partnership()), D, settings(), discretionary=True)
    # T3 goes (CP: required), T1 stays (SEN: advisory in the national profile)
    assert found["tacs_led"].tolist() == [3, 1]
    assert found["expected_tacs_led"].tolist() == pytest.approx([1.5, 0.5])
    plymouth = settings().model_copy(update={"allocation_profile": "plymouth"})
    stricter = fairness.agency_fairness(as_slice(partnership()), D, plymouth, discretionary=True)
    assert stricter["tacs_led"].tolist() == [2, 1]


def test_indices_of_a_partnership_by_hand() -> None:
    found = fairness.fairness(as_slice(partnership()), D, settings())
    # utilisation: Ann 3/15, Bob (2 + .4)/15, Sue .4/12
    x = np.array([3 / 15, 2.4 / 15, 0.4 / 12])
    assert found.gini == pytest.approx(np.abs(x[:, None] - x).sum() / (2 * 9 * x.mean()))
    assert found.theil == pytest.approx((x / x.mean() * np.log(x / x.mean())).mean())
    homes = {"LA": x[[0, 2]], "NHS": x[[1]]}
    parts = [len(g) / 3 * (r := g.mean() / x.mean()) * math.log(r) for g in homes.values()]
    assert found.theil_between == pytest.approx(sum(parts))
    assert found.hoover == pytest.approx(3 / 5 - 18 / 42)
    u = np.array([3 / 18, 2 / 24])
    assert found.jain == pytest.approx(u.sum() ** 2 / (2 * (u**2).sum()))
    assert list(found.record()) == ["as_of", "discretionary", *fairness.INDICES, "agencies"]


def test_undefined_cases() -> None:
    tables = partnership().tables
    nobody_leads = as_slice(Partnership({**tables, "leads": []}))
    found = fairness.fairness(nobody_leads, D, settings(), full=True)
    assert (found.hoover, found.jain) == (None, None)
    assert found.gini is not None, "supporting is work too"
    assert found.agencies["load_share"].isna().all()
    assert found.agencies["p"].isna().all()
    assert found.agencies["disparity_low"].isna().all()
    no_posts = fairness.fairness(as_slice(Partnership({**tables, "posts": []})), D, settings(), full=True)
    assert set(no_posts.indices().values()) == {None}
    assert no_posts.agencies.empty
    one = [{**row, "agency_id": "LA"} for row in tables["posts"][:2]]
    alone = fairness.fairness(as_slice(Partnership({**tables, "posts": one})), D, settings(), full=True)
    assert alone.hoover == 0
    assert alone.jain == 1
    assert alone.theil_between == pytest.approx(0)
    assert alone.agencies[["load_share_low", "load_share_high", "p"]].to_numpy().tolist() == [[1, 1, 1]]


@quick
@given(partnerships(), st.booleans())
def test_laws_of_fairness(drawn: tuple[Partnership, date], discretionary: bool) -> None:
    made, d = drawn
    tables = as_slice(made)
    found = fairness.fairness(tables, d, settings(), discretionary=discretionary)
    test = fairness.expected_leads(tables, d, settings(), discretionary=discretionary)
    if found.theil is not None:
        assert found.theil_between is not None
        assert found.theil_within is not None
        assert found.theil == pytest.approx(found.theil_between + found.theil_within, abs=1e-9)
        assert found.gini is not None
        assert 0 <= found.gini < 1
    frame = found.agencies
    if frame["load_share"].notna().any():
        assert frame["load_share"].sum() == pytest.approx(1)
        assert (frame["disparity"] * frame["capacity_share"]).sum() == pytest.approx(1)
    if len(test) and test["p"].notna().all():
        assert test["p"].between(0, 1).all()
        assert (test["p_adjusted"] >= test["p"] - 1e-12).all()
    assert (frame["expected_tacs_led"].to_numpy() >= test["expected"].to_numpy() - 1e-9).all()


@pytest.mark.parametrize("seed", range(8))
def test_expected_leads_over_all_ways_to_choose(seed: int) -> None:
    """Variance and p from every combination of leads that the teams allow, one by one."""
    d = AS_OF[seed % 4]
    made = random_partnership(seed, centre=d)
    naive = Naive(made, d, settings())
    choices = []
    seen: list[str | None] = []
    for tac, leads in naive.leads.items():
        able = {p: c for p in naive.team[tac] if (c := naive.capacity(p)) > 0}
        if len(leads) == 1 and leads <= set(able):
            choices.append([(naive.home(p), c / sum(able.values())) for p, c in able.items()])
            seen += [naive.home(p) for p in leads]
    frame = fairness.expected_leads(as_slice(made), d, settings())
    for row in frame.to_dict(orient="records"):
        pmf = np.zeros(len(choices) + 1)
        for way in product(*choices):
            count = sum(home == row["agency_id"] for home, _ in way)
            pmf[count] += math.prod(chance for _, chance in way)
        outcomes = np.arange(len(pmf))
        mean = float(pmf @ outcomes)
        observed = seen.count(row["agency_id"])
        assert row["observed"] == observed
        assert row["expected"] == pytest.approx(mean, abs=1e-9)
        assert row["variance"] == pytest.approx(float(pmf @ (outcomes - mean) ** 2), abs=1e-9)
        if choices:
            assert row["p"] == pytest.approx(pmf[pmf <= pmf[observed] * (1 + 1e-7)].sum(), abs=1e-9)


def test_benjamini_hochberg_by_its_definition() -> None:
    tables = as_slice(random_partnership(3))
    frame = fairness.expected_leads(tables, D, settings())
    p = np.sort(frame["p"].to_numpy())
    raised = [p[k] * len(p) / (k + 1) for k in range(len(p))]
    by_hand = [min(1.0, *raised[k:]) for k in range(len(p))]
    assert sorted(frame["p_adjusted"]) == pytest.approx(sorted(by_hand))


def test_intervals_repeat_and_contain_the_figure() -> None:
    tables = as_slice(random_partnership(2))
    one, two = (fairness.intervals(tables, D, settings()) for _ in range(2))
    pd.testing.assert_frame_equal(one, two)
    figure = fairness.agency_fairness(tables, D, settings())
    assert (one["load_share_low"] <= figure["load_share"] + 1e-9).all()
    assert (one["load_share_high"] >= figure["load_share"] - 1e-9).all()
    wider = settings().fairness.model_copy(update={"confidence": 0.999})
    broad = fairness.intervals(tables, D, settings().model_copy(update={"fairness": wider}))
    assert (broad["load_share_low"] <= one["load_share_low"]).all()


def test_intervals_are_those_of_drawing_tacs() -> None:
    """Two hundred TACs of equal weight, a quarter led by B: the share of draws is binomial."""
    led = ["B" if n % 4 == 0 else "A" for n in range(200)]
    made = Partnership(
        {
            "agencies": [{"agency_id": a, "name": a, "sector": "other"} for a in "AB"],
            "practitioners": [{"practitioner_id": p, "role": "social_worker"} for p in "AB"],
            "posts": [{"practitioner_id": p, "agency_id": p, "fte": "1", **span("2020-01-01")} for p in "AB"],
            "children": [{"child_id": "C"}],
            "tacs": [{"tac_id": f"T{n}", "child_id": "C", "opened_on": "2020-01-01"} for n in range(200)],
            "leads": [
                {"tac_id": f"T{n}", "practitioner_id": p, **span("2020-01-01")} for n, p in enumerate(led)
            ],
        }
    )
    low, high = fairness.intervals(as_slice(made), D, settings())[["load_share_low", "load_share_high"]].iloc[
        1
    ]
    spread = 1.96 * math.sqrt(0.25 * 0.75 / 200)
    assert low == pytest.approx(0.25 - spread, abs=0.01)
    assert high == pytest.approx(0.25 + spread, abs=0.01)


def test_a_month_is_the_mean_of_its_days() -> None:
    tables = as_slice(random_partnership(4, centre=AS_OF[1]))
    days = [date(2026, 2, 1) + timedelta(days=n) for n in range(28)]
    found = fairness.month(tables, 2026, 2, settings())
    plain = [fairness.fairness(tables, d, settings()) for d in days]
    for name in fairness.INDICES:
        known = [getattr(x, name) for x in plain if getattr(x, name) is not None]
        assert found.mean[name] == pytest.approx(sum(known) / len(known))
    together = pd.concat([x.agencies for x in plain])
    for row in found.agencies.to_dict(orient="records"):
        mine = together[together["agency_id"] == row["agency_id"]]
        assert row["days"] == len(mine)
        assert row["mean_disparity"] == pytest.approx(mine["disparity"].mean(), nan_ok=True)
        assert row["mean_tacs_led"] == pytest.approx(mine["tacs_led"].mean())
    pd.testing.assert_frame_equal(found.end.agencies, plain[-1].agencies)


def test_trend_ends_on_the_day_itself() -> None:
    tables = as_slice(random_partnership(6))
    indices, agencies = fairness.trend(tables, D, settings(), months=2)
    now = fairness.fairness(tables, D, settings())
    assert indices["gini"].iloc[-1] == pytest.approx(now.gini)
    last = agencies[agencies["day"] == D]
    assert last["disparity"].tolist() == pytest.approx(now.agencies["disparity"].tolist())
    assert [str(x) for x in indices["day"]] == ["2026-01-31", "2026-02-28", "2026-03-31"]
