"""What the benchmark sets beside ours comes to the same figures: a third road, by SQL, and what it times."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from analysis import ONLY_IN_GRAPH, SECOND_ROADS
from analysis.fairness import INDICES, fairness
from analysis.tables import Slice
from benchmarks import querying, with_duckdb
from graphmodel.settings import settings
from queries import catalogue
from tests.partnerships import AS_OF, Size, random_partnership

LARGER = Size(8, 40, 10, 30, 35, 60, 160, 50, 40, 30, 50, 12, 90, 40, 30)


def test_every_question_of_the_catalogue_has_its_sql() -> None:
    assert set(with_duckdb.NAMES) == {*catalogue(), with_duckdb.INDICES}
    assert {*SECOND_ROADS, *ONLY_IN_GRAPH} == set(catalogue())


@pytest.mark.parametrize(("seed", "size"), [*((seed, None) for seed in range(7)), (10, LARGER)])
def test_sql_gives_the_rows_of_the_slice(tmp_path: Path, seed: int, size: Size | None) -> None:
    d = AS_OF[seed % len(AS_OF)]
    partnership = random_partnership(seed, size, d)
    folder = partnership.write(tmp_path / "partnership")
    held = Slice.from_folder(folder)
    tacs, people = partnership.tables["tacs"], partnership.tables["practitioners"]
    given: dict[str, dict[str, Any]] = {
        "who_works_with": {"child_id": tacs[0]["child_id"] if tacs else "none"},
        "accountability_line": {"practitioner_id": people[0]["practitioner_id"] if people else "none"},
    }
    with with_duckdb.loaded(folder, settings()) as made:
        for name, road in SECOND_ROADS.items():
            asked = given.get(name, {})
            found = with_duckdb.asked(made, name, d, **asked)
            querying.same(name, found, querying.cells(road(held, d, settings(), **asked)))
        (row,) = with_duckdb.asked(made, with_duckdb.INDICES, d)
    known = fairness(held, d, settings(), full=False).indices()
    for name, value in zip(INDICES, row, strict=True):
        assert _same(value, known[name]), (name, value, known[name])


def _same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)


def test_sql_finds_children_who_share_a_number(tmp_path: Path) -> None:
    lines = [
        "child_id,birth_date,nhs_number,upn",
        "C3,2015-01-01,999,A1",
        "C1,2015-01-01,999,A1",
        "C2,,999,",
        "C4,2015-01-02,,A1",
        "C5,2016-02-02,998,B1",
        "C6,2027-01-01,998,B1",
    ]
    (tmp_path / "children.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    with with_duckdb.loaded(tmp_path, settings()) as made:
        found = with_duckdb.asked(made, "duplicate_identities", date(2026, 10, 31))
    assert found == [
        ["C1", "C2", ["nhs_number"], 3, None],
        ["C1", "C3", ["nhs_number", "upn"], 3, True],
        ["C1", "C4", ["upn"], 3, False],
    ]
