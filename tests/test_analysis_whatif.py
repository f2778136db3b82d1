"""Scenarios against rows edited by hand, and by law: nothing changes nothing."""

from __future__ import annotations

import math
from datetime import date
from random import Random

import pandas as pd
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from analysis import whatif
from analysis.tables import Slice
from analysis.whatif import Scenario
from analysis.whatif_changes import (
    Arrive,
    Change,
    CloseSchools,
    Grow,
    Leave,
    NeedsRise,
    Withdraw,
)
from graphmodel.errors import SettingsError
from graphmodel.settings import settings
from tests.partnerships import AS_OF, Partnership, Size, partnerships, random_partnership
from tests.plain_whatif import Plain
from tests.test_analysis_catalogue import as_slice

quick = effort(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def values(found: whatif.Comparison, column: str) -> dict[str, float]:
    return dict(zip(found.figures["figure"], found.figures[column], strict=True))


DENSE = Size(agencies=3, practitioners=9, tacs=14, posts=16, memberships=70, leads=30, statuses=12)


def naive_figures(plain: Plain) -> dict[str, float]:
    """The figures that a plain loop gives; the indices are not among them."""
    naive = plain.now()
    load = naive.workload()
    able = [r for r in load if r[6] > 0]
    capacity = math.fsum(r[6] for r in load)
    return {
        "practitioners": len(able),
        "capacity": capacity,
        "points": math.fsum(r[5] for r in load),
        "utilisation": math.fsum(r[5] for r in able) / capacity if capacity > 0 else math.nan,
        "active_tacs": len(naive.tacs),
        "leads": sum(r[3] > 0 for r in load),
        "overloaded": len(naive.overloaded_leads()),
        "severe": sum(r[7] > 1.5 + 1e-9 for r in naive.overloaded_leads()),
        "tacs_without_lead": len(naive.tacs_without_lead()),
        "without_capacity": sum(r[5] > 1e-9 and not r[6] > 0 for r in load),
        "untrained_leads": len(naive.untrained_leads()),
        "statutory_breaches": len(naive.statutory_breaches()),
    }


def agree(tables: Slice, d: date, scenario: Scenario, plain: Plain) -> whatif.Outcome:
    """The same figures, indices and agencies from the scenario as from the rows edited by hand."""
    outcome = whatif.apply(tables, d, settings(), scenario)
    found = whatif.figures(outcome.tables, d, outcome.settings)
    for name, value in naive_figures(plain).items():
        assert found[name] == pytest.approx(value, abs=1e-9, nan_ok=True), name
    edited = whatif.figures(as_slice(plain.made), d, settings())
    assert found == pytest.approx(edited, abs=1e-9, nan_ok=True)
    return outcome


@quick
@given(partnerships())
def test_an_empty_scenario_changes_nothing(drawn: tuple[Partnership, date]) -> None:
    made, d = drawn
    tables = as_slice(made)
    for scenario in (Scenario(), Scenario(reassign=True)):
        found = whatif.compare(tables, d, settings(), scenario)
        assert found.outcome.tables is tables
        assert found.outcome.settings is settings()
        assert (found.figures["change"].dropna() == 0).all()
        for name in ("tacs_led", "lead_points", "capacity", "disparity", "overloaded"):
            pd.testing.assert_series_equal(
                found.agencies[name], found.agencies[f"{name}_then"], check_names=False
            )
        assert found.practitioners.empty
        assert found.outcome.moves.empty


@pytest.mark.parametrize("seed", range(12))
def test_withdrawn_posts(seed: int) -> None:
    d = AS_OF[seed % 4]
    made = random_partnership(seed, DENSE, d)
    roles = {p["practitioner_id"]: p["role"] for p in made.tables["practitioners"]}
    plain = Plain(made, d, settings())
    held = sorted({(row["agency_id"], roles[row["practitioner_id"]]) for row in made.tables["posts"]})
    kinds = [(a, r, len(plain.candidates(a, r))) for a, r in held if plain.candidates(a, r)]
    agency, role, most = kinds[seed % len(kinds)]
    for which in ("least", "most"):
        again = Plain(made, d, settings())
        again.withdraw(agency, role, min(2, most), most=which == "most")
        change = Withdraw(agency, role, min(2, most), "most" if which == "most" else "least")
        outcome = agree(as_slice(made), d, Scenario((change,)), again)
        assert set(outcome.moves["tac_id"]) == {t for t, _ in again.freed if not again.now().leads[t]}
        assert outcome.moves["to_id"].isna().all()


@pytest.mark.parametrize("seed", range(12))
def test_who_leaves_and_who_takes_over(seed: int) -> None:
    d = AS_OF[seed % 4]
    made = random_partnership(100 + seed, DENSE, d)
    leads = Plain(made, d, settings()).now().leads
    person = sorted({who for team in leads.values() for who in team})[seed % 3]
    plain = Plain(made, d, settings())
    plain.leave(person)
    tables = as_slice(made)
    agree(tables, d, Scenario((Leave(person),)), plain)
    covered = plain.cover()
    outcome = agree(tables, d, Scenario((Leave(person),), reassign=True), plain)
    moves = outcome.moves.set_index("tac_id")["to_id"]
    assert {tac: None if pd.isna(to) else to for tac, to in moves.items()} == covered
    assert (outcome.moves["from_id"] == person).all()


@pytest.mark.parametrize("seed", range(12))
def test_who_arrives_takes_over_from_overloaded_colleagues(seed: int) -> None:
    d = AS_OF[seed % 4]
    made = random_partnership(200 + seed, DENSE, d)
    over = Plain(made, d, settings()).now().overloaded_leads()
    if not over:
        made = random_partnership(300 + seed, DENSE, d)
        over = Plain(made, d, settings()).now().overloaded_leads()
    row = sorted(over, key=lambda r: str(r[0]))[seed % len(over)]
    plain = Plain(made, d, settings())
    plain.arrive(str(row[2]), row[1], ["1", "1", "0.5"])
    tables = as_slice(made)
    agree(tables, d, Scenario((Arrive(str(row[2]), row[1], 2.5),)), plain)
    moves = plain.relieve()
    outcome = agree(tables, d, Scenario((Arrive(str(row[2]), row[1], 2.5),), reassign=True), plain)
    found = outcome.moves[["tac_id", "from_id", "to_id"]].itertuples(index=False, name=None)
    assert list(found) == moves


def test_relief_happens_at_all() -> None:
    relieved = 0
    for seed in range(12):
        d = AS_OF[seed % 4]
        made = random_partnership(200 + seed, DENSE, d)
        for row in Plain(made, d, settings()).now().overloaded_leads():
            plain = Plain(made, d, settings())
            plain.arrive(str(row[2]), row[1], ["1", "1"])
            relieved += len(plain.relieve())
    assert relieved > 3, "the road above compares more than empty lists"


@quick
@given(partnerships(), st.sampled_from([0.1, 0.25, 0.5, 1.0]))
def test_tacs_grow(drawn: tuple[Partnership, date], part: float) -> None:
    made, d = drawn
    plain = Plain(made, d, settings())
    before = len(plain.now().tacs)
    plain.grow(part)
    agree(as_slice(made), d, Scenario((Grow(part),)), plain)
    assert len(plain.now().tacs) == before + int(part * before + 0.5)


@quick
@given(partnerships())
def test_doubled_tacs_double_all_work(drawn: tuple[Partnership, date]) -> None:
    made, d = drawn
    tables = as_slice(made)
    found = whatif.compare(tables, d, settings(), Scenario((Grow(1.0),)))
    today, then = values(found, "today"), values(found, "then")
    for name in ("points", "active_tacs", "tacs_without_lead", "statutory_breaches"):
        assert then[name] == pytest.approx(2 * today[name])
    for name in ("capacity", "leads", "practitioners"):
        assert then[name] == today[name]
    trebled = whatif.apply(tables, d, settings(), Scenario((Grow(2.0),)))
    points = whatif.figures(trebled.tables, d, settings())["points"]
    assert points == pytest.approx(3 * today["points"])


@quick
@given(partnerships())
def test_schools_close(drawn: tuple[Partnership, date]) -> None:
    made, d = drawn
    plain = Plain(made, d, settings())
    plain.close_schools()
    tables = as_slice(made)
    agree(tables, d, Scenario((CloseSchools(),)), plain)
    covered = plain.cover()
    outcome = agree(tables, d, Scenario((CloseSchools(),), reassign=True), plain)
    found = dict(zip(outcome.moves["tac_id"], outcome.moves["to_id"], strict=True))
    assert {tac: to if isinstance(to, str) else None for tac, to in found.items()} == covered


@quick
@given(partnerships(), st.sampled_from([0.2, 0.5, 1.0]))
def test_needs_rise(drawn: tuple[Partnership, date], part: float) -> None:
    made, d = drawn
    plain = Plain(made, d, settings())
    plain.needs_rise(part)
    agree(as_slice(made), d, Scenario((NeedsRise(part),)), plain)


@quick
@given(partnerships(), st.randoms(use_true_random=False))
def test_changes_one_after_another(drawn: tuple[Partnership, date], chance: Random) -> None:
    made, d = drawn
    people = sorted(row["practitioner_id"] for row in made.tables["practitioners"])
    agencies = sorted(row["agency_id"] for row in made.tables["agencies"])
    person, agency = chance.choice(people), chance.choice(agencies)
    plain = Plain(made, d, settings())
    changes: list[Change] = [Leave(person), CloseSchools(), Arrive(agency, "gp", 1.0), Grow(0.5)]
    plain.leave(person)
    plain.close_schools()
    plain.arrive(agency, "gp", ["1"])
    plain.grow(0.5)
    agree(as_slice(made), d, Scenario(tuple(changes)), plain)


def test_agencies_and_practitioners_of_a_comparison() -> None:
    d = AS_OF[0]
    made = random_partnership(7, DENSE, d)
    tables = as_slice(made)
    plain = Plain(made, d, settings())
    before = {r[0] for r in plain.now().overloaded_leads()}
    fair_before = {r[0]: r for r in plain.now().agency_fairness()}
    plain.grow(1.0)
    after = {r[0] for r in plain.now().overloaded_leads()}
    found = whatif.compare(tables, d, settings(), Scenario((Grow(1.0),)))
    rows = found.practitioners
    assert set(rows.loc[rows["what"] == "newly overloaded", "practitioner_id"]) == after - before
    assert after - before, "some are"
    for row in found.agencies.to_dict(orient="records"):
        if row["agency_id"] in fair_before:
            assert row["tacs_led"] == fair_before[row["agency_id"]][1]
            assert row["tacs_led_then"] == 2 * row["tacs_led"]
    assert found.agencies["overloaded"].sum() == len(before)
    assert found.agencies["overloaded_then"].sum() == len(after)


def test_those_gone_are_not_called_relieved() -> None:
    d = AS_OF[0]
    made = random_partnership(7, DENSE, d)
    person = str(Plain(made, d, settings()).now().overloaded_leads()[0][0])
    found = whatif.compare(as_slice(made), d, settings(), Scenario((Leave(person),)))
    rows = found.practitioners[found.practitioners["practitioner_id"] == person]
    assert list(rows["what"]) == ["gone"]
    assert rows["utilisation_then"].isna().all()
    led = len(Plain(made, d, settings()).now().led(person))
    alone = values(found, "change")["tacs_without_lead"]
    assert alone == len(found.outcome.moves) <= led
    assert found.agencies["uncovered"].sum() == len(found.outcome.moves)


def test_weights_and_schemes() -> None:
    d = AS_OF[0]
    tables = as_slice(random_partnership(7, DENSE, d))
    doubled = {"workload": {"points_per_fte": 30.0}}
    found = whatif.compare(tables, d, settings(), Scenario(weights=doubled))
    assert values(found, "then")["capacity"] == pytest.approx(2 * values(found, "today")["capacity"])
    assert values(found, "change")["points"] == 0
    counted = whatif.compare(tables, d, settings(), Scenario(scheme="case-count"))
    assert counted.outcome.settings.scheme == "case-count"
    leads = tables.table("leads").merge(tables.table("tacs"), on="tac_id")
    at = pd.Timestamp(d)
    live = (leads["started_on"] <= at) & (leads["ended_on"].isna() | (leads["ended_on"] > at))
    live &= (leads["opened_on"] <= at) & (leads["closed_on"].isna() | (leads["closed_on"] > at))
    pairs = leads[live].drop_duplicates(["tac_id", "practitioner_id"])
    assert values(counted, "then")["points"] == pytest.approx(len(pairs)), "a lead is a case"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (Withdraw("nobody", "gp", 1), "no agency has the id 'nobody'"),
        (Withdraw("A1", "gp", 99), "such post"),
        (Withdraw("A1", "gp", 0), "no number of posts"),
        (Leave("nobody"), "no practitioner has the id 'nobody'"),
        (Arrive("nobody", "gp", 1.0), "no agency"),
        (Arrive("A1", "gp", 0.0), "no number of posts"),
        (Grow(0.0), "out of range"),
        (NeedsRise(1.5), "out of range"),
    ],
)
def test_faults_are_said(change: Change, fault: str) -> None:
    made = random_partnership(1)
    with pytest.raises(SettingsError, match=fault) as caught:
        whatif.apply(as_slice(made), AS_OF[0], settings(), Scenario((change,)))
    assert str(change) in str(caught.value)


def test_an_unknown_scheme_is_said() -> None:
    tables = as_slice(random_partnership(1))
    with pytest.raises(SettingsError, match="points-100"):
        whatif.apply(tables, AS_OF[0], settings(), Scenario(scheme="nope"))
    with pytest.raises(SettingsError, match="set_up_day"):
        whatif.apply(tables, AS_OF[0], settings(), Scenario(weights={"workload": {"set_up_day": 1}}))
