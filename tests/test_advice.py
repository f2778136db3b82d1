"""Advice: against every set of handovers, and by carrying its handovers out and measuring again."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st

from analysis import advice_files, workload
from analysis.advice import FIGURES, Advice, advise
from analysis.allocation import statutory_breaches
from analysis.duplication import multiple_leads, sibling_teams
from analysis.fairness import fairness
from analysis.tables import Slice
from graphmodel.errors import SettingsError
from graphmodel.settings import Settings, settings
from graphmodel.store import Store
from loaders import load
from tests.advising import (
    AS_OF,
    CLOSE,
    DENSE,
    KEYS,
    SEEDS,
    SPARSE,
    Handover,
    allowed,
    asked,
    best,
    carried_out,
    crowded,
    every_set,
    slice_of,
)
from tests.loading import read_tables
from tests.naive import Naive
from tests.partnerships import Partnership, Row, Size

# -- properties -------------------------------------------------------------------------------------


@given(SEEDS, st.sampled_from((None, 1, 2, 3)), st.booleans())
@how(max_examples=40, deadline=None)
def test_no_set_of_handovers_is_better(
    tmp_path_factory: pytest.TempPathFactory, seed: int, most: int | None, kept: bool
) -> None:
    rules = asked() if kept else asked(keep_relationship_days=10_000, keep_from_level=5)
    partnership = crowded(seed)
    sets = every_set(partnership, AS_OF, rules)
    found = advise(slice_of(partnership, tmp_path_factory.mktemp("p")), AS_OF, rules, max_moves=most)
    for point in found.points:
        values = tuple(stage.value for stage in point.plan.stages)
        assert values == pytest.approx(best(sets, point.allowed), abs=CLOSE)
        assert point.plan.proven


def replayed(tables: dict[str, list[Row]], changes: dict[str, list[Row]]) -> dict[str, list[Row]]:
    """Rows updated by their keys, as the loader does."""
    found = dict(tables)
    for name, rows in changes.items():
        by_key = {tuple(row[k] for k in KEYS[name]): row for row in [*tables[name], *rows]}
        found[name] = list(by_key.values())
    return found


def rows_of(frame: pd.DataFrame) -> list[Any]:
    return [SimpleNamespace(**{str(k): v for k, v in row.items()}) for row in frame.to_dict("records")]


def promised(advice: Advice) -> dict[str, float | int | None]:
    return advice.chosen.figures


def measured(tables: Slice, d: date, rules: Settings) -> dict[str, float | int | None]:
    """The same figures by the measures of workload and fairness."""
    load_ = workload.load_by_practitioner(tables, d, rules)
    above = (load_["points"] - load_["capacity"]).clip(lower=0)
    found = fairness(tables, d, rules)
    points = float(found.agencies["lead_points"].sum())
    return {
        "overload_points": float(above.sum()),
        "overloaded": int(load_["overloaded"].sum()),
        "severe": int(load_["severe"].sum()),
        "hoover": found.hoover,
        "distance_points": 0.0 if found.hoover is None else found.hoover * points,
    }


def check_figures(found: dict[str, float | int | None], wanted: dict[str, float | int | None]) -> None:
    assert tuple(found) == FIGURES
    for name, value in wanted.items():
        assert found[name] == (value if value is None else pytest.approx(value, abs=CLOSE)), name


@given(SEEDS, st.sampled_from((None, 1, 4)))
@how(max_examples=40, deadline=None)
def test_handovers_carried_out_give_the_figures_promised(
    tmp_path_factory: pytest.TempPathFactory, seed: int, most: int | None
) -> None:
    rules, folder = asked(keep_from_level=5), tmp_path_factory.mktemp("p")
    partnership = crowded(seed, SPARSE if seed % 2 else DENSE)
    tables = slice_of(partnership, folder / "before")
    found = advise(tables, AS_OF, rules, max_moves=most)
    check_figures(found.before, measured(tables, AS_OF, rules))
    advice_files.write(folder / "moves", tables, AS_OF, found.chosen.moves)
    after = replayed(partnership.tables, read_tables(folder / "moves"))
    again = slice_of(Partnership(after), folder / "after")
    check_figures(promised(found), measured(again, AS_OF, rules))
    used = workload.load_by_practitioner(again, AS_OF, rules).set_index("practitioner_id")["utilisation"]
    for move in rows_of(found.chosen.moves):
        for who, part in (
            (move.from_practitioner_id, move.from_utilisation_after),
            (move.to_practitioner_id, move.to_utilisation_after),
        ):
            assert used[who] == pytest.approx(part, abs=CLOSE, nan_ok=True)
    gains = found.chosen.moves[["overload_removed", "distance_removed"]].sum()
    for gain, name in ((gains.iloc[0], "overload_points"), (gains.iloc[1], "distance_points")):
        before, then = found.before[name], promised(found)[name]
        assert before is not None
        assert then is not None
        assert gain == pytest.approx(before - then, abs=1e-7)
    broken = set(statutory_breaches(tables, AS_OF, rules)["tac_id"])
    assert set(statutory_breaches(again, AS_OF, rules)["tac_id"]) <= broken


@given(SEEDS)
@how(max_examples=25, deadline=None)
def test_every_handover_keeps_to_the_rules(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    partnership, rules = crowded(seed), settings()
    found = advise(slice_of(partnership, tmp_path_factory.mktemp("p")), AS_OF, rules)
    today = Naive(partnership, AS_OF, rules)
    for point in found.points:
        assert len(point.moves) == point.handovers == point.moves["tac_id"].nunique()
        for move in rows_of(point.moves):
            fitting = {(m.giver, m.taker) for m in allowed(today, str(move.tac_id))}
            assert (move.from_practitioner_id, move.to_practitioner_id) in fitting
            assert move.to_practitioner_id in move.reason


@given(SEEDS)
@how(max_examples=30, deadline=None)
def test_nobody_is_pushed_above_capacity_where_that_is_ruled_out(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    rules = asked(keep_from_level=5, may_overload_takers=False)
    found = advise(slice_of(crowded(seed), tmp_path_factory.mktemp("p")), AS_OF, rules)
    for move in rows_of(found.chosen.moves):
        assert move.to_utilisation_after <= max(1.0, move.to_utilisation) + CLOSE
    assert found.chosen.newly_overloaded == 0


@given(SEEDS)
@how(max_examples=30, deadline=None)
def test_siblings_keep_one_lead_where_that_is_asked_for(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    rules, folder = asked(keep_from_level=5, keep_siblings_together=True), tmp_path_factory.mktemp("p")
    partnership = crowded(seed, SPARSE)
    tables = slice_of(partnership, folder / "before")
    found = advise(tables, AS_OF, rules)
    made = advice_files.rows(tables, AS_OF, found.chosen.moves)
    again = slice_of(Partnership(replayed(partnership.tables, made)), folder / "after")
    for measure, key in ((sibling_teams, "family_id"), (multiple_leads, "child_id")):
        before, after = (set(measure(t, AS_OF, rules)[key]) for t in (tables, again))
        assert after <= before


@given(SEEDS)
@how(max_examples=25, deadline=None)
def test_whoever_is_left_is_told_why(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    partnership, rules = crowded(seed), asked(keep_from_level=5)
    found = advise(slice_of(partnership, tmp_path_factory.mktemp("p")), AS_OF, rules)
    last = found.chosen
    moves = [
        Handover(m.tac_id, m.from_practitioner_id, m.to_practitioner_id, 0.0) for m in rows_of(last.moves)
    ]
    after = Naive(carried_out(partnership, AS_OF, moves), AS_OF, rules)
    over = {p for p in after.people if any(p in after.leads[t] for t in after.tacs)}
    over = {p for p in over if (after.utilisation(p) or 0) > 1 + CLOSE}
    assert set(last.unhelped["practitioner_id"]) == over
    for row in rows_of(last.unhelped):
        led = [t for t in after.tacs if row.practitioner_id in after.leads[t]]
        assert row.tacs_led == len(led)
        assert row.kept + row.untrained + row.wrong_role + row.no_room + row.waiting == len(led)
        # after the best set of any number no handover is left that would help by itself
        assert row.waiting == 0
        assert (row.verdict == "fte") == (not any(members_with_room(after, t) for t in led))
        assert str(row.practitioner_id) in row.reason


def members_with_room(naive: Naive, tac: str) -> list[str]:
    found = []
    for person in naive.team[tac] - naive.leads[tac]:
        lead = next(iter(naive.leads[tac]))
        weight = naive.s.workload.need_weight[naive.level(naive.tacs[tac]["child_id"])]
        more = naive.points_from(lead, tac) - 0.4 * weight
        if naive.capacity(person) > 0 and naive.points(person) + more <= naive.capacity(person) + CLOSE:
            found.append(person)
    return found


# -- by hand ----------------------------------------------------------------------------------------


def by_hand() -> Partnership:
    """One overloaded lead of three teams at level 2, one member with room in two of them."""
    span = {"started_on": "2025-09-01", "ended_on": ""}
    people = {"L": "youth_worker", "M": "youth_worker", "N": "teacher"}
    tacs = ("t1", "t2", "t3")
    tables: dict[str, list[Row]] = {
        "agencies": [{"agency_id": a, "name": f"Agency {a}", "sector": "other"} for a in ("A", "B")],
        "practitioners": [
            {"practitioner_id": p, "role": r, "lead_trained_on": "" if p == "N" else "2020-01-01"}
            for p, r in people.items()
        ],
        "posts": [
            {"practitioner_id": p, "agency_id": a, **span, "fte": "0.2", "tac_share": s}
            for p, a, s in (("L", "A", "0.5"), ("M", "B", "1"), ("N", "B", "1"))
        ],
        "children": [{"child_id": f"c{t}"} for t in tacs],
        "tacs": [
            {"tac_id": t, "child_id": f"c{t}", "opened_on": "2025-09-01", "closed_on": ""} for t in tacs
        ],
        "memberships": [
            {"tac_id": t, "practitioner_id": p, **span}
            for t, p in (("t1", "L"), ("t1", "M"), ("t2", "M"), ("t3", "L"), ("t3", "N"))
        ],
        "leads": [{"tac_id": t, "practitioner_id": "L", **span, "reason": "capacity"} for t in tacs],
    }
    return Partnership(tables)


def test_a_small_case_worked_out_by_hand(tmp_path: Path) -> None:
    # L: capacity 0.2 x 0.5 x 15 = 1.5, leads three teams of level 2: 3 points, 1.5 above.
    # M: capacity 3, supports two: 0.8. Each handover takes 0.6 from L: 1.8 left after two, 0.3 above.
    # N is not trained, so t3 stays.
    tables = slice_of(by_hand(), tmp_path / "p")
    found = advise(tables, AS_OF, settings())
    assert [p.handovers for p in found.points] == [0, 1, 2]
    assert found.curve()["overload_points"].tolist() == pytest.approx([1.5, 0.9, 0.3])
    assert sorted(found.chosen.moves["tac_id"]) == ["t1", "t2"]
    first = found.chosen.moves.iloc[0]
    assert first["reason"] == "L is at 200% of capacity; M, already in this team and trained, is at 27%."
    assert first["to_utilisation_after"] == pytest.approx(2.0 / 3)
    [left] = found.chosen.unhelped.to_dict(orient="records")
    assert (left["practitioner_id"], left["verdict"], left["tacs_led"]) == ("L", "training", 1)
    made = advice_files.rows(tables, AS_OF, found.chosen.moves)
    assert {r["tac_id"] for r in made["memberships"]} == {"t2"}
    assert [r["reason"] for r in made["leads"]] == ["capacity", "handover"] * 2


@pytest.mark.parametrize(
    ("change", "moved"),
    [
        ({"statuses": [("ct1", "CP")]}, ["t2"]),
        ({"statuses": [("ct1", "CIN")]}, ["t1", "t2"]),
        ({"needs": [("ct1", "4")]}, ["t2"]),
        ({"reason": "family_choice"}, []),
        ({"long": "2020-01-01"}, []),
    ],
)
def test_what_must_stay_stays(tmp_path: Path, change: dict[str, object], moved: list[str]) -> None:
    tables = by_hand().tables
    span = {"started_on": "2025-09-01", "ended_on": ""}
    for name, column in (("statuses", "status"), ("needs", "level")):
        pairs = change.get(name, [])
        assert isinstance(pairs, list)
        tables[name] = [{"child_id": child, column: value, **span} for child, value in pairs]
    for row in tables["leads"]:
        row["reason"] = str(change.get("reason", row["reason"]))
        row["started_on"] = str(change.get("long", row["started_on"]))
    if "long" in change:
        for row in tables["tacs"]:
            row["opened_on"] = "2020-01-01"
    found = advise(slice_of(Partnership(tables), tmp_path / "p"), AS_OF, settings())
    assert sorted(found.chosen.moves["tac_id"]) == moved


def test_a_breach_is_mended_by_the_role_that_the_law_asks_for(tmp_path: Path) -> None:
    tables = by_hand().tables
    tables["statuses"] = [{"child_id": "ct1", "status": "CP", "started_on": "2025-09-01", "ended_on": ""}]
    tables["practitioners"][1]["role"] = "social_worker"
    tables["practitioners"][0]["role"] = "youth_worker"
    found = advise(slice_of(Partnership(tables), tmp_path / "p"), AS_OF, settings())
    assert sorted(found.chosen.moves["tac_id"]) == ["t1", "t2"]
    tables["practitioners"][0]["role"] = "social_worker"
    lawful = advise(slice_of(Partnership(tables), tmp_path / "q"), AS_OF, settings())
    assert sorted(lawful.chosen.moves["tac_id"]) == ["t2"]


def test_an_empty_partnership_has_nothing_to_move(tmp_path: Path) -> None:
    tables = by_hand().tables
    empty = Partnership({"practitioners": tables["practitioners"], "agencies": tables["agencies"]})
    found = advise(slice_of(empty, tmp_path / "p"), AS_OF, settings())
    assert found.record()["moves"] == []
    assert found.record()["after"] == {
        "overload_points": 0.0,
        "overloaded": 0,
        "severe": 0,
        "hoover": None,
        "distance_points": 0.0,
    }


def test_the_number_of_handovers_is_kept_to(tmp_path: Path) -> None:
    tables = slice_of(by_hand(), tmp_path / "p")
    assert advise(tables, AS_OF, settings(), max_moves=1).chosen.handovers == 1
    assert advise(tables, AS_OF, settings(), max_moves=0).chosen.handovers == 0
    with pytest.raises(SettingsError, match="below 0"):
        advise(tables, AS_OF, settings(), max_moves=-1)


def test_without_time_the_bound_is_said_and_holds(tmp_path: Path) -> None:
    big = crowded(7, Size(agencies=9, practitioners=60, children=90, tacs=120, memberships=700, leads=140))
    tables = slice_of(big, tmp_path / "p")
    exact = advise(tables, AS_OF, asked(keep_from_level=5, time_limit_seconds=3.0)).chosen
    hasty = advise(tables, AS_OF, asked(keep_from_level=5, time_limit_seconds=1e-6)).chosen
    assert exact.plan.stages[0].proven
    first, best_first = hasty.plan.stages[0], exact.plan.stages[0]
    assert first.bound <= best_first.value + CLOSE
    assert first.value >= best_first.value - CLOSE
    assert 0 <= hasty.plan.gap <= 1


def test_the_record_is_plain_json(tmp_path: Path) -> None:
    record = advise(slice_of(by_hand(), tmp_path / "p"), AS_OF, settings()).record()
    text = json.dumps(record, allow_nan=False)
    assert json.loads(text) == record
    assert set(record) >= {"as_of", "settings_version", "moves", "before", "after", "curve", "unhelped"}
    assert record["optimal"] is True
    assert record["gap"] == 0.0
    assert "ct1" not in text


def test_loaded_into_the_graph_the_figures_are_those_promised(on_engine: Path, tmp_path: Path) -> None:
    partnership = crowded(24, SPARSE)
    load(partnership.write(tmp_path / "before"), home=on_engine)
    rules = asked(keep_from_level=5)
    with Store.open(on_engine) as store:
        found = advise(Slice.current(store, on_engine), AS_OF, rules)
        assert found.chosen.handovers > 1
        advice_files.write(tmp_path / "moves", Slice.current(store, on_engine), AS_OF, found.chosen.moves)
        report = load(tmp_path / "moves", home=on_engine)
        assert not any(counts.rejected for counts in report.tables.values())
        check_figures(promised(found), measured(Slice.current(store, on_engine), AS_OF, rules))
