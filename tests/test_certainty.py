"""How sure: each draw against the figures computed anew with those weights, and the words for it."""

from __future__ import annotations

import json
import math
from datetime import date
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from analysis.certainty import certainty, drawn_values, verdict
from analysis.certainty_model import Components
from analysis.certainty_weights import agreed, named, scaled, stacked, weights_of
from analysis.fairness import agency_fairness
from analysis.inequality import gini, hoover
from analysis.workload import load_by_practitioner
from graphmodel.settings import Settings, settings
from tests.naive import Naive
from tests.partnerships import AS_OF, Partnership, partnerships, random_partnership
from tests.test_analysis_catalogue import as_slice
from tests.test_two_roads import LARGER

quick = effort(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def with_weights(given_weights: dict[str, float]) -> Settings:
    """The settings with these weights instead."""
    work = settings().workload.model_dump()
    for name, value in given_weights.items():
        table, _, key = name.partition(".")
        if table == "need_weight":
            work["need_weight"][int(key)] = value
        elif table == "tac_share":
            work["tac_share"][key] = value
        else:
            work[name] = value
    return settings().model_copy(update={"workload": type(settings().workload).model_validate(work)})


def few(draws: int = 40, asked: Settings | None = None) -> Settings:
    asked = asked or settings()
    rules = asked.certainty.model_copy(update={"draws": draws})
    return asked.model_copy(update={"certainty": rules})


def alike(one: Any, other: Any) -> None:
    np.testing.assert_allclose(np.asarray(one, float), np.asarray(other, float), rtol=1e-9, atol=1e-9)


@quick
@given(partnerships(), st.integers(0, 10**6), st.booleans())
def test_a_draw_is_the_measure_with_those_weights(
    made: tuple[Partnership, date], seed: int, discretionary: bool
) -> None:
    partnership, d = made
    tables, chance = as_slice(partnership), np.random.default_rng(seed)
    drawn = {n: scaled(n, v, chance.uniform(0.75, 1.25, 3)) for n, v in named(settings()).items()}
    model = Components.of(tables, d, settings(), discretionary=discretionary)
    found = model.figures(stacked(settings(), drawn, 3))
    names = model.data.practitioners.texts
    for at in range(3):
        other = with_weights({name: float(values[at]) for name, values in drawn.items()})
        load = load_by_practitioner(tables, d, other).set_index("practitioner_id").reindex(names)
        alike(found.points[:, at], load["points"].fillna(0))
        alike(found.capacity[:, at], load["capacity"].fillna(0))
        assert list(found.overloaded[:, at]) == list(load["overloaded"].fillna(value=False))
        agencies = agency_fairness(tables, d, other, discretionary=discretionary)
        alike(found.disparity[:, at], agencies["disparity"])
        used = load["utilisation"].dropna().to_numpy()
        wanted = gini(used)
        assert (
            math.isnan(found.gini()[at])
            if wanted is None
            else math.isclose(found.gini()[at], wanted, abs_tol=1e-9)
        )
        even = hoover(agencies["load_share"].to_numpy(), agencies["capacity_share"].to_numpy())
        assert math.isnan(found.hoover()[at]) if even is None else math.isclose(found.hoover()[at], even)


def plain_overloaded(partnership: Partnership, d: date, changed: Settings) -> set[str]:
    """Overloaded with other weights by loops that share nothing with the analysis."""
    plain, work = Naive(partnership, d, changed), changed.workload
    found = set()
    for person in plain.people:
        points = 0.0
        for tac, row in plain.tacs.items():
            weight = work.need_weight[plain.level(row["child_id"])]
            if person in plain.leads[tac]:
                young = (d - date.fromisoformat(row["opened_on"])).days < work.set_up_days
                extra = max(0, len(plain.team[tac]) - work.team_size_free)
                points += weight * (1 + work.team_size_step * extra) * (work.set_up_factor if young else 1)
            elif person in plain.team[tac]:
                points += weight * work.supporting_factor
        capacity = 0.0
        for post in plain.posts(person, d):
            role = plain.people[person]["role"]
            share = post["tac_share"] or work.tac_share.get(role, work.default_tac_share)
            until = plain.people[person].get("newly_qualified_until", "")
            less = work.newly_qualified_share if until and d < date.fromisoformat(until) else 1
            capacity += float(post["fte"]) * float(share) * work.points_per_fte * less
        if plain.led(person) and capacity > 0 and points / capacity > work.overload_threshold + 1e-9:
            found.add(person)
    return found


@quick
@given(partnerships())
def test_each_weight_alone_is_the_plain_count(made: tuple[Partnership, date]) -> None:
    partnership, d = made
    found = certainty(as_slice(partnership), d, few(20))
    base = plain_overloaded(partnership, d, settings())
    assert set(found.overloaded["practitioner_id"]) == base
    tips: dict[str, list[str]] = {}
    for row in found.weights.to_dict(orient="records"):
        name = str(row["weight"])
        whole = name in ("set_up_days", "team_size_free")
        sides = [
            plain_overloaded(partnership, d, with_weights({name: int(row[end]) if whole else row[end]}))
            for end in ("low", "high")
        ]
        assert (row["overloaded_low"], row["overloaded_high"]) == (len(sides[0]), len(sides[1])), name
        assert row["no_longer"] == len(base - (sides[0] & sides[1]))
        assert row["newly"] == len((sides[0] | sides[1]) - base)
        for person in (base ^ sides[0]) | (base ^ sides[1]):
            tips.setdefault(person, []).append(name)
    for who, tipped in zip(found.leads["practitioner_id"], found.leads["tipped_by"], strict=True):
        assert tipped == sorted(tips.get(who, []))


@quick
@given(partnerships())
def test_ranks_sides_and_tau_are_the_plain_ones(made: tuple[Partnership, date]) -> None:
    partnership, d = made
    asked, tables = few(20), as_slice(partnership)
    found = certainty(tables, d, asked)
    model = Components.of(tables, d, asked, discretionary=False)
    varied = [w for w in weights_of(asked, model.shares_in_use) if w.kind == "weight"]
    base = [round(x, 9) for x in model.figures(agreed(asked)).disparity[:, 0]]
    drawn = model.figures(drawn_values(varied, asked)).disparity
    if not base or any(math.isnan(x) for x in base):
        assert found.agencies["same_side"].isna().all()
        return

    def rank(values: list[float], at: int) -> int:
        return 1 + sum(v > values[at] for v in values)

    def side(value: float) -> int:
        return 0 if abs(value - 1) <= 1e-9 else int(math.copysign(1, value - 1))

    for at, row in enumerate(found.agencies.to_dict(orient="records")):
        columns = [[round(x, 9) for x in drawn[:, n]] for n in range(20)]
        ranks = [rank(values, at) for values in columns]
        assert row["rank"] == rank(base, at)
        assert row["same_rank"] == pytest.approx(sum(r == row["rank"] for r in ranks) / 20)
        assert row["within_one"] == pytest.approx(sum(abs(r - row["rank"]) <= 1 for r in ranks) / 20)
        same = sum(side(drawn[at, n]) == side(row["disparity"]) for n in range(20))
        assert row["same_side"] == pytest.approx(same / 20)
        assert row["verdict"] == verdict(row["same_side"], asked)
    for n, tau in enumerate(found.draws["tau"]):
        wanted = plain_tau(base, [round(x, 9) for x in drawn[:, n]])
        assert math.isnan(tau) if wanted is None else math.isclose(tau, wanted, abs_tol=1e-9)


def plain_tau(one: list[float], other: list[float]) -> float | None:
    """Kendall's tau-b by its definition."""
    pairs = list(combinations(range(len(one)), 2))
    signs = [(np.sign(one[i] - one[j]), np.sign(other[i] - other[j])) for i, j in pairs]
    left, right = sum(a != 0 for a, _ in signs), sum(b != 0 for _, b in signs)
    return None if not left or not right else float(sum(a * b for a, b in signs) / math.sqrt(left * right))


def test_the_draws_stay_in_their_bounds_and_are_the_same_every_time() -> None:
    partnership = random_partnership(3, LARGER, AS_OF[0])
    one, two = (certainty(as_slice(partnership), AS_OF[0], few()) for _ in range(2))
    assert one.record() == two.record()
    json.dumps(one.record(), allow_nan=False)
    assert len(one.draws) == 40
    weights = one.weights.set_index("weight")
    assert weights["low"].le(weights["value"]).all()
    assert weights["value"].le(weights["high"]).all()
    assert weights["high"].to_dict()["set_up_factor"] == pytest.approx(1.3125)
    free = weights.to_dict(orient="index")["team_size_free"]
    assert (free["low"], free["high"]) == (2.0, 4.0)
    shares = weights.loc[[name for name in weights.index if str(name).startswith("tac_share.")]]
    assert len(shares) > 0
    assert shares["high"].le(1.0).all()


def test_a_finding_near_the_line_depends_on_the_weights() -> None:
    """One lead at 101 %, one at 300 % of a social worker's capacity with a stated share."""
    tables = as_slice(_two_leads())
    found = (
        certainty(tables, date(2026, 3, 31), few(200))
        .leads.set_index("practitioner_id")
        .to_dict(orient="index")
    )
    high, near = found["High"], found["Near"]
    assert high["overloaded"]
    assert near["overloaded"]
    assert (high["verdict"], high["tipped_by"]) == ("robust", [])
    assert near["verdict"] == "depends on the weights"
    assert 0.3 < near["share"] < 0.7
    assert near["tipped_by"] == ["need_weight.2", "overload_threshold", "points_per_fte"]


def _two_leads() -> Partnership:
    posts = {"High": "0.04", "Near": "0.132"}
    old = {"started_on": "2020-01-01", "ended_on": ""}
    return Partnership(
        {
            "agencies": [{"agency_id": "LA", "name": "LA", "sector": "other"}],
            "practitioners": [{"practitioner_id": p, "role": "social_worker"} for p in posts],
            "posts": [
                {"practitioner_id": p, "agency_id": "LA", "fte": fte, "tac_share": "1", **old}
                for p, fte in posts.items()
            ],
            "children": [{"child_id": "C1"}],
            "tacs": [
                {"tac_id": f"T{n}", "child_id": "C1", "opened_on": "2020-01-01", "closed_on": ""}
                for n in range(4)
            ],
            "leads": [
                {"tac_id": f"T{n}", "practitioner_id": p, **old}
                for n, p in enumerate(("High", "High", "Near", "Near"))
                if n != 3
            ]
            + [{"tac_id": "T3", "practitioner_id": "Near", "started_on": "2020-02-01", "ended_on": ""}],
        }
    )


def test_the_words_follow_the_share() -> None:
    rules = settings()
    assert verdict(0.95, rules) == "robust"
    assert verdict(0.9499, rules) == "leaning"
    assert verdict(0.8, rules) == "leaning"
    assert verdict(0.79, rules) == "depends on the weights"


def test_a_day_without_anybody_has_no_findings() -> None:
    found = certainty(as_slice(random_partnership(1, centre=AS_OF[0])), date(1990, 1, 1), few(20))
    assert found.leads.empty
    assert found.agencies.empty
    assert (found.draws["overloaded"] == 0).all()
    json.dumps(found.record(), allow_nan=False)
