"""The newly qualified carry a part of a post until a day: by hand, by plain loops, on both engines."""

from __future__ import annotations

import math
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from analysis import SECOND_ROADS
from analysis.certainty import certainty
from analysis.certainty_model import Components
from analysis.certainty_weights import NEWLY_QUALIFIED, named, stacked
from analysis.overload import CAPACITY_PARTS, explain, parts
from analysis.readback import from_graph
from analysis.tables import Slice
from analysis.workload import load_by_practitioner
from benchmarks import plain_pandas
from dashboards import data
from graphmodel.errors import SourceError
from graphmodel.settings import Settings, settings
from graphmodel.store import Store
from loaders import load
from queries import answer
from tests.loading import SMALL, tables_expected, tables_in_graph
from tests.naive import Naive
from tests.partnerships import AS_OF, Partnership, Row, partnerships, random_partnership
from tests.test_analysis_catalogue import as_slice
from tests.test_overload import world
from tests.test_two_roads import LARGER, VIEWER, compare, plain

quick = effort(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
QUERIES = ("workload", "overloaded_leads", "agency_fairness")
D = date(2026, 3, 31)


def with_share(share: float) -> Settings:
    work = settings().workload.model_copy(update={"newly_qualified_share": share})
    return settings().model_copy(update={"workload": work})


def near(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)


def by_hand() -> Partnership:
    """Ada is newly qualified until 31 March: half a post and a quarter. Ben was never, with a whole one."""
    span = {"started_on": "2026-01-01", "ended_on": ""}
    work: Row = {**span, "home": "true", "tac_share": "1"}
    return Partnership(
        {
            "agencies": [{"agency_id": a, "name": a, "sector": "other"} for a in ("LA", "NHS")],
            "practitioners": [
                {"practitioner_id": "Ada", "role": "social_worker", "newly_qualified_until": "2026-03-31"},
                {"practitioner_id": "Ben", "role": "social_worker", "newly_qualified_until": ""},
            ],
            "posts": [
                {"practitioner_id": "Ada", "agency_id": "LA", "fte": "0.5", **work},
                {"practitioner_id": "Ada", "agency_id": "NHS", "fte": "0.5", **work, "tac_share": "0.5"},
                {"practitioner_id": "Ben", "agency_id": "LA", "fte": "1", **work},
            ],
            "children": [{"child_id": "C1"}],
            "tacs": [{"tac_id": "T1", "child_id": "C1", "opened_on": "2026-01-01", "closed_on": ""}],
            "leads": [{"tac_id": "T1", "practitioner_id": "Ada", **span}],
        }
    )


DAYS = [(date(2026, 3, 30), 0.9), (date(2026, 3, 31), 1.0), (date(2026, 4, 1), 1.0)]


@pytest.mark.parametrize(("d", "part"), DAYS)
def test_the_last_day_counts_less_and_the_day_itself_in_full(
    on_engine: Path, tmp_path: Path, d: date, part: float
) -> None:
    folder = by_hand().write(tmp_path / "partnership")
    report = load(folder, home=on_engine)
    assert sum(counts.rejected for counts in report.tables.values()) == 0
    asked, tables = with_share(0.9), Slice.from_folder(folder)
    found = load_by_practitioner(tables, d, asked).set_index("practitioner_id")["capacity"].to_dict()
    assert found == {"Ada": pytest.approx((7.5 + 3.75) * part), "Ben": pytest.approx(15.0)}
    with Store.open(on_engine) as store:
        given: dict[str, Any] = {"workload": asked.workload.model_dump()}
        rows = answer("workload", store=store, viewer=VIEWER, as_of=d, **given).rows.rows
        shared = answer("agency_fairness", store=store, viewer=VIEWER, as_of=d, **given).rows.rows
    assert {row[0]: row[6] for row in rows} == found
    assert {row[0]: row[4] for row in shared} == {
        "LA": pytest.approx(15 + 7.5 * part),
        "NHS": pytest.approx(3.75 * part),
    }


def test_without_a_share_agreed_nothing_is_different() -> None:
    found = load_by_practitioner(as_slice(by_hand()), date(2026, 3, 30), settings())
    assert list(found["capacity"]) == [11.25, 15.0]


def test_two_roads_agree_with_a_share_below_one(on_engine: Path, tmp_path: Path) -> None:
    centre, asked = AS_OF[0], with_share(0.9)
    folder = random_partnership(3, LARGER, centre).write(tmp_path / "partnership")
    load(folder, home=on_engine)
    tables = Slice.from_folder(folder)
    given: dict[str, Any] = {"workload": asked.workload.model_dump()}
    changed = 0
    with Store.open(on_engine) as store:
        for d in (centre, centre - timedelta(days=45), centre + timedelta(days=400)):
            for name in QUERIES:
                found = answer(name, store=store, viewer=VIEWER, as_of=d, **given)
                frame = SECOND_ROADS[name](tables, d, asked)
                second = [[plain(v) for v in row] for row in frame.itertuples(index=False)]
                compare(f"{name} on {d}", [[plain(v) for v in row] for row in found.rows.rows], second)
                usual = SECOND_ROADS[name](tables, d, settings())
                changed += not frame.equals(usual)
    assert changed >= len(QUERIES)


@quick
@given(partnerships(), st.sampled_from((0.0, 0.5, 0.9)))
def test_every_figure_is_the_plain_one(made: tuple[Partnership, date], share: float) -> None:
    partnership, d = made
    asked, tables = with_share(share), as_slice(partnership)
    naive = Naive(partnership, d, asked)
    load = load_by_practitioner(tables, d, asked).set_index("practitioner_id")["capacity"].to_dict()
    assert all(near(load[p], naive.capacity(p)) for p in naive.people if naive.posts(p, d))
    wanted = {row[0]: row for row in naive.agency_fairness()}
    frame = SECOND_ROADS["agency_fairness"](tables, d, asked)
    assert set(frame["agency_id"]) == set(wanted)
    for row in frame.itertuples(index=False):
        for one, other in zip(row[1:], wanted[row[0]][1:], strict=True):
            assert near(one, other) if other is not None else math.isnan(one)
    whole = Naive(partnership, d, with_share(1.0))
    for part in parts(tables, d, asked).to_dict(orient="records"):
        assert near(math.fsum(part[name] for name in CAPACITY_PARTS), part["capacity"])
        experienced = part["full_time"] + part["share_of_post"]
        assert near(experienced, whole.capacity(str(part["practitioner_id"])))


@quick
@given(partnerships(), st.sampled_from((0.0, 0.5, 0.9)))
def test_the_changes_of_the_day_of_tipping_add_up(made: tuple[Partnership, date], share: float) -> None:
    partnership, d = made
    asked = with_share(share)
    found = explain(as_slice(partnership), d, asked, most_days=90)

    def gap(person: str, day: date) -> float:
        naive = Naive(partnership, day, asked)
        return naive.points(person) - naive.capacity(person)

    for lead in found.leads[~found.leads["longer"]].to_dict(orient="records"):
        person, day = str(lead["practitioner_id"]), lead["since"]
        own = found.changes[found.changes["practitioner_id"] == person]
        assert near(own["points"].sum(), gap(person, day) - gap(person, day - timedelta(days=1))), own
        assert lead["tipped_by"] in set(own["change"])


def test_no_longer_newly_qualified_is_a_change_that_lightens() -> None:
    """Ada (4.5 points, 4.05 while newly qualified) leads three, and two more on the day that this ends."""
    tables = world(
        tacs=[
            {"tac_id": t, "child_id": "C4", "opened_on": "2025-03-20", "closed_on": ""} for t in ("T4", "T5")
        ],
        leads=[
            {"tac_id": t, "practitioner_id": "Ada", "started_on": "2026-03-20", "ended_on": ""}
            for t in ("T4", "T5")
        ],
        posts=[
            {
                "practitioner_id": "Ada",
                "agency_id": "NHS",
                "fte": "0.1",
                "tac_share": "1",
                "started_on": "2020-01-01",
                "ended_on": "",
            }
        ],
    )
    people = tables.arrow["practitioners"]
    until = [date(2026, 3, 20) if p == "Ada" else None for p in people["practitioner_id"].to_pylist()]
    place = people.schema.get_field_index("newly_qualified_until")
    column = pa.array(until, pa.date32())
    early = tables.replaced({"practitioners": people.set_column(place, people.schema.field(place), column)})
    found = explain(early, D, with_share(0.9))
    row = found.leads.iloc[0]
    assert (row["since"], row["tipped_by"]) == (date(2026, 3, 20), "lead_taken_over")
    moved = found.changes.groupby("change")["points"].sum().to_dict()
    assert moved == {"lead_taken_over": pytest.approx(2.0), "newly_qualified_ended": pytest.approx(-0.45)}
    assert set(explain(early, D, settings()).changes["change"]) == {"lead_taken_over"}


def test_the_dashboard_shows_the_posts_with_the_share() -> None:
    held: Any = SimpleNamespace(slice=as_slice(by_hand()), settings=with_share(0.9))
    for d, part in DAYS:
        ada, ben = (data.posts(held, who, d) for who in ("Ada", "Ben"))
        assert list(ada["capacity"]) == [pytest.approx(7.5 * part), pytest.approx(3.75 * part)]
        assert list(ada["qualified"]) == [part, part]
        assert (ben["capacity"].sum(), ben["qualified"].sum()) == (15, 1)


def test_plain_pandas_of_the_benchmark_says_the_same(tmp_path: Path) -> None:
    folder, asked = by_hand().write(tmp_path), with_share(0.9)
    tables = plain_pandas.read(folder, ("practitioners", "posts"))
    for d, part in DAYS:
        found = plain_pandas.capacities(tables, pd.Timestamp(d), asked).groupby("practitioner_id")
        assert found["capacity"].sum().to_dict() == {"Ada": pytest.approx(11.25 * part), "Ben": 15}
    bare = {**tables, "practitioners": tables["practitioners"].drop(columns="newly_qualified_until")}
    usual = plain_pandas.capacities(bare, pd.Timestamp(D), asked).groupby("practitioner_id")
    assert usual["capacity"].sum().to_dict() == {"Ada": 11.25, "Ben": 15}


@quick
@given(partnerships(), st.integers(0, 10**6))
def test_a_draw_varies_the_share(made: tuple[Partnership, date], seed: int) -> None:
    partnership, d = made
    asked, tables = with_share(0.8), as_slice(partnership)
    shares = np.random.default_rng(seed).uniform(0.6, 1.0, 3)
    model = Components.of(tables, d, asked, discretionary=False)
    found = model.figures(stacked(asked, {NEWLY_QUALIFIED: shares}, 3))
    for at in range(3):
        naive = Naive(partnership, d, with_share(float(shares[at])))
        wanted = [naive.capacity(str(p)) for p in model.data.practitioners.texts]
        np.testing.assert_allclose(found.capacity[:, at], wanted, rtol=1e-9, atol=1e-9)
    assert named(asked)[NEWLY_QUALIFIED] == 0.8


def test_the_share_is_a_weight_where_it_is_used() -> None:
    tables, d = as_slice(by_hand()), date(2026, 3, 30)

    def weights(day: date, share: float) -> dict[Any, Any]:
        return certainty(tables, day, with_share(share)).weights.set_index("weight").to_dict(orient="index")

    used = weights(d, 0.9)[NEWLY_QUALIFIED]
    assert (used["low"], used["high"]) == (pytest.approx(0.675), 1.0)
    assert NEWLY_QUALIFIED not in weights(d, 1.0)
    assert NEWLY_QUALIFIED not in weights(D, 0.9)


def test_the_column_comes_back_from_the_graph(on_engine: Path, tmp_path: Path) -> None:
    made = random_partnership(5)
    assert any(row["newly_qualified_until"] for row in made.tables["practitioners"])
    folder = made.write(tmp_path / "partnership")
    load(folder, home=on_engine)
    with Store.open(on_engine) as store:
        held, wanted = tables_in_graph(store), tables_expected(made.tables)
        read = from_graph(store)["practitioners"]
    assert held["practitioners"] == wanted["practitioners"]
    assert read.equals(Slice.from_folder(folder).arrow["practitioners"])


def test_a_date_that_is_none_is_rejected(tmp_path: Path) -> None:
    rows = by_hand().tables
    people = [{**row, "newly_qualified_until": "next year"} for row in rows["practitioners"]]
    folder = Partnership({**rows, "practitioners": people}).write(tmp_path)
    with pytest.raises(SourceError, match="next year"):
        Slice.from_folder(folder)


def test_a_folder_without_the_column_has_nobody_newly_qualified() -> None:
    tables = Slice.from_folder(SMALL)
    assert tables.table("practitioners")["newly_qualified_until"].isna().all()
    d = date(2026, 3, 31)
    one, other = (load_by_practitioner(tables, d, with_share(share)) for share in (0.5, 1.0))
    assert one.equals(other)
