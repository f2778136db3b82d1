"""Each figure by two roads that share no code, on random awkward partnerships, on both engines.

The Cypher of the catalogue reads the graph; the second road in `analysis` reads the same partnership from its
CSV files, without a graph in between. So this holds the loader, the queries and the analysis to one another.
"""

from __future__ import annotations

import math
import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analysis import ONLY_IN_GRAPH, SECOND_ROADS
from analysis.tables import Slice
from graphmodel.access import Viewer
from graphmodel.errors import QueryError, TacgraphError
from graphmodel.settings import settings
from graphmodel.store import Store
from loaders import load
from queries import answer, catalogue
from tests.loading import write_tables
from tests.partnerships import AS_OF, Size, random_partnership

VIEWER = Viewer("jo", "analyst", "test")
LARGER = Size(8, 40, 10, 30, 35, 60, 160, 50, 40, 30, 50, 12, 90, 40, 30)

VARIANTS: dict[str, list[dict[str, Any]]] = {
    "overloaded_leads": [{}, {"threshold": 0.5}, {"threshold": 0.0}],
    "repeat_assessments": [{}, {"window_days": 400}, {"window_days": 0}],
    "overlapping_teams": [{"min_shared": 1}, {}],
    "crowded_children": [{"min_practitioners": 2}, {}],
    "crowded_schools": [{"min_practitioners": 1}, {}],
    "statutory_breaches": [{"profile": "national"}, {"profile": "plymouth"}],
    "overdue_reviews": [{}, {"review_days": 1}],
    "transitions_due": [{}, {"within_days": 1}, {"within_days": 3000}],
    "lead_continuity": [{}, {"months": 1}],
    "service_directory": [{}, {"category": "mental_health"}],
}


def plain(value: Any) -> Any:
    """A cell of either road as one kind of value: lists, dates, whole numbers, None."""
    if isinstance(value, (list, tuple)):
        return list(value)
    if value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, pd.Timestamp):
        return value.date()
    if hasattr(value, "item"):
        return value.item()
    return value


def alike(one: Any, other: Any) -> bool:
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
    return bool(one == other)


def compare(name: str, first: list[list[Any]], second: list[list[Any]]) -> None:
    assert len(first) == len(second), f"{name}: {len(first)} rows by Cypher, {len(second)} by the second road"
    for one, other in zip(first, second, strict=True):
        assert all(alike(a, b) for a, b in zip(one, other, strict=True)), (
            f"{name}: Cypher {one}, second road {other}"
        )


def both_roads(
    name: str, store: Store, tables: Slice, d: date, given: dict[str, Any]
) -> tuple[list[list[Any]], list[list[Any]]] | None:
    """The rows of both roads; None where both refuse (a loop in a line of accountability)."""
    try:
        found = answer(name, store=store, viewer=VIEWER, as_of=d, **given)
    except QueryError:
        with pytest.raises(TacgraphError):
            SECOND_ROADS[name](tables, d, settings(), **given)
        return None
    frame = SECOND_ROADS[name](tables, d, settings(), **given)
    assert list(frame.columns) == list(found.rows.columns)
    cypher = [[plain(v) for v in row] for row in found.rows.rows]
    second = [[plain(v) for v in row] for row in frame.itertuples(index=False)]
    return cypher, second


def variants(name: str, tables: Slice) -> list[dict[str, Any]]:
    if name == "who_works_with":
        return [{"child_id": c} for c in tables.table("children")["child_id"].head(4)]
    if name == "accountability_line":
        return [{"practitioner_id": p} for p in tables.table("practitioners")["practitioner_id"].head(6)]
    return VARIANTS.get(name, [{}])


@pytest.mark.parametrize(("seed", "size"), [(1, None), (2, None), (3, LARGER), (4, LARGER)])
def test_cypher_and_the_second_road_agree(
    on_engine: Path, tmp_path: Path, seed: int, size: Size | None
) -> None:
    centre = AS_OF[seed % len(AS_OF)]
    folder = random_partnership(seed, size, centre).write(tmp_path / "partnership")
    report = load(folder, home=on_engine)
    assert sum(counts.rejected for counts in report.tables.values()) == 0
    tables = Slice.from_folder(folder)
    with_rows = set()
    with Store.open(on_engine) as store:
        for d in (centre, centre - timedelta(days=45), centre + timedelta(days=400)):
            for name in SECOND_ROADS:
                for given in variants(name, tables):
                    found = both_roads(name, store, tables, d, given)
                    if found is not None:
                        compare(f"{name} {given} on {d}, seed {seed}", *found)
                        with_rows |= {name} if found[0] else set()
    assert len(with_rows) >= (len(SECOND_ROADS) if size else 18), set(SECOND_ROADS) - with_rows


def test_every_query_has_a_second_road() -> None:
    assert set(catalogue()) == set(SECOND_ROADS) | ONLY_IN_GRAPH


def naive_duplicates(children: list[dict[str, str]], d: date) -> list[tuple[Any, ...]]:
    """Every child beside the first that has the same number, by going through all pairs."""
    born = sorted(
        (row for row in children if not row["birth_date"] or date.fromisoformat(row["birth_date"]) <= d),
        key=lambda row: row["child_id"],
    )
    rows = []
    for at, other in enumerate(born):
        for one in born[:at]:
            numbers, most = [], 0
            for number in ("nhs_number", "upn"):
                text = other[number].replace(" ", "").upper()
                having = [r for r in born if text and r[number].replace(" ", "").upper() == text]
                if having and having[0] is one:
                    numbers.append(number)
                    most = max(most, len(having))
            if numbers:
                dates = (one["birth_date"], other["birth_date"])
                same = dates[0] == dates[1] if all(dates) else None
                rows.append((one["child_id"], other["child_id"], numbers, most, same))
    return sorted(rows, key=lambda row: row[:2])


@pytest.mark.parametrize("seed", [1, 2])
def test_shared_numbers_are_found_as_by_going_through_all_pairs(
    on_engine: Path, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    children = [
        {
            "child_id": f"c{at}",
            "birth_date": chance.choice(["", "2015-02-28", "2016-03-01", "2026-06-30"]),
            "nhs_number": chance.choice(["", "", *(f"943 476 {n}" for n in range(4))]),
            "upn": chance.choice(["", *(f"b{n}" for n in range(9)), "B1", " b 2"]),
        }
        for at in range(24)
    ]
    load(write_tables(tmp_path / "in", {"children": children}), home=on_engine)
    with Store.open(on_engine) as store:
        for d in (date(2015, 12, 31), date(2026, 12, 31)):
            found = answer("duplicate_identities", store=store, viewer=VIEWER, as_of=d)
            wanted = naive_duplicates(children, d)
            assert [tuple(row) for row in found.rows.rows] == wanted
            assert wanted
