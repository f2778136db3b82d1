"""Figures by locality: plain loops over the rows beside them, and what a locality's cases are."""

from __future__ import annotations

import tempfile
from datetime import date
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from analysis import SECOND_ROADS, locality
from analysis.tables import Slice
from analysis.workload import load_by_practitioner
from graphmodel.settings import settings
from reports.words import COVERAGE_KINDS, DUPLICATE_KINDS
from tests.naive import Naive
from tests.partnerships import Partnership, Row, partnerships, random_partnership

KINDS = (*DUPLICATE_KINDS, *COVERAGE_KINDS)
# a child of their own is all that makes a row of these, so they can be asked of one locality's rows alone
OF_ONE_CHILD = tuple(set(KINDS) - {"sibling_teams", "untrained_leads"})
PLACES = st.sampled_from(["", "  ", "North", "Süd", "not stated", "a, b;c"])
TRY = effort(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def held(partnership: Partnership) -> Slice:
    with tempfile.TemporaryDirectory() as folder:
        return Slice.from_folder(partnership.write(Path(folder) / "p"))


def place_of(rows: dict[str, list[Row]]) -> dict[str, str]:
    return {c["child_id"]: c["locality"].strip() or "not stated" for c in rows["children"]}


def only(rows: dict[str, list[Row]], place: str) -> dict[str, list[Row]]:
    """The rows of one locality's children, with all practitioners, posts and agencies."""
    child = {c for c, where in place_of(rows).items() if where == place}
    tac = {t["tac_id"] for t in rows["tacs"] if t["child_id"] in child}
    return {
        name: [
            row
            for row in table
            if ("child_id" not in row or row["child_id"] in child)
            and ("tac_id" not in row or row["tac_id"] in tac)
        ]
        for name, table in rows.items()
    }


def spread(partnership: Partnership, places: list[str]) -> Partnership:
    """The partnership with its children over these localities."""
    for place, child in zip(cycle(places), partnership.tables["children"], strict=False):
        child["locality"] = place
    return partnership


@TRY
@given(partnerships(), st.lists(PLACES, min_size=1, max_size=5))
def test_counts_are_those_of_plain_loops(made: tuple[Partnership, date], places: list[str]) -> None:
    partnership, day = spread(made[0], places), made[1]
    rows, tables = partnership.tables, held(partnership)
    loads = load_by_practitioner(tables, day, settings())
    found = locality.counts(tables, day, loads, {})
    whole = Naive(partnership, day, settings())
    above = {row[0]: row[7] for row in whole.overloaded_leads()}
    where = place_of(rows)
    assert list(found.index) == locality.localities(tables)
    assert set(found.index) == set(where.values())
    for place in found.index:
        tacs = [t for t in whole.tacs.values() if where[t["child_id"]] == place]
        ids = {t["tac_id"] for t in tacs}
        heads = {t: whole.leads[t] for t in ids}
        leading = {p for people in heads.values() for p in people}
        assert found.loc[place].to_dict() == {
            "children": len({t["child_id"] for t in tacs}),
            "active_tacs": len(ids),
            "leading": len(leading),
            "overloaded": len(leading & set(above)),
            "severe": len([p for p in leading & set(above) if above[p] > 1.5 + 1e-9]),
            "without_lead": len([t for t in ids if not heads[t]]),
            "led": sum(len(people) for people in heads.values()),
        }


@TRY
@given(partnerships(), st.lists(PLACES, min_size=1, max_size=5))
def test_cases_are_those_of_the_localitys_own_rows(made: tuple[Partnership, date], places: list[str]) -> None:
    partnership, day = spread(made[0], places), made[1]
    tables = held(partnership)
    for place in set(place_of(partnership.tables).values()):
        part = held(Partnership(only(partnership.tables, place)))
        for name in OF_ONE_CHILD:
            mine = locality.within(tables, day, SECOND_ROADS[name](tables, day, settings()), place)
            alone = SECOND_ROADS[name](part, day, settings())
            assert plain(mine.to_dict("records")) == plain(alone.to_dict("records")), name


def plain(rows: list[dict[Any, Any]]) -> list[dict[Any, Any]]:
    return [{k: list(v) if isinstance(v, (list, tuple)) else repr(v) for k, v in row.items()} for row in rows]


@pytest.mark.parametrize("seed", range(6))
def test_each_case_is_in_its_childrens_localities(seed: int) -> None:
    partnership = random_partnership(seed)
    day, rows, tables = date(2026, 3, 31), partnership.tables, held(partnership)
    where = place_of(rows)
    families = SECOND_ROADS["sibling_teams"](tables, day, settings())
    for ids, found in zip(families["child_ids"], locality.of_cases(tables, day, families), strict=True):
        assert found == {where[c] for c in ids}
    naive = Naive(partnership, day, settings())
    people = SECOND_ROADS["untrained_leads"](tables, day, settings())
    child_of = {t["tac_id"]: t["child_id"] for t in rows["tacs"]}
    for who, found in zip(people["practitioner_id"], locality.of_cases(tables, day, people), strict=True):
        assert found == {where[child_of[t]] for t in naive.led(who)}
    for who, found in locality.near(tables, day).items():
        assert found == {where[child_of[t]] for t in (*naive.led(who), *naive.supported(who))}


def test_no_rows_keep_their_columns() -> None:
    tables, day = held(random_partnership(1)), date(2026, 3, 31)
    rows = SECOND_ROADS["multiple_leads"](tables, day, settings()).head(0)
    assert list(locality.within(tables, day, rows, "anywhere").columns) == list(rows.columns)


def test_rows_about_nobody_are_refused() -> None:
    tables = held(random_partnership(1))
    with pytest.raises(KeyError, match="no child"):
        locality.of_cases(tables, date(2026, 3, 31), tables.table("agencies"))
