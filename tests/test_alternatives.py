"""What the benchmark sets beside ours comes to the same figures: a third road, by SQL, and what it times."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path

import pytest

from analysis import ONLY_IN_GRAPH, SECOND_ROADS
from analysis.fairness import INDICES, fairness
from analysis.tables import Slice
from benchmarks import alternatives, alternatives_page, plain_pages, querying, with_duckdb
from benchmarks.timing import Figures
from graphmodel.settings import settings
from queries import catalogue
from tacgraph.example import write_example
from tests.partnerships import AS_OF, Size, random_partnership

LAST = date(2026, 10, 31)
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
    given = partnership.asked()
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


@pytest.mark.parametrize("page", sorted(plain_pages.PAGES))
def test_a_page_by_every_road_has_the_same_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    monkeypatch.setattr(plain_pages, "MONTHS", 1)
    example = write_example(tmp_path / "example", children=60, seed=1, until=LAST).folder
    kept = tmp_path / "kept"
    Slice.from_folder(example).keep(kept)
    roads = plain_pages.roads(page, kept, example, LAST, settings())
    found = {name: road() for name, road in roads.items()}
    assert found["ours"]
    for name, rows in found.items():
        querying.same(f"{page} by {name}", rows, found["ours"])


def test_every_group_of_it_is_printed(tmp_path: Path) -> None:
    example = write_example(tmp_path / "example", children=60, seed=1, until=LAST).folder
    kept = tmp_path / "kept"
    Slice.from_folder(example).keep(kept)
    few = {"ours": {"median": 0.1, "processor": 0.1}, "pandas": {"median": 0.2}, "duckdb": {"median": 0.4}}
    found: Figures = {
        "times": 1,
        "measures": {"questions": {"workload": {"roads": few}}, "engine_processor": {"neo4j": 1.0}},
        "indices": alternatives.indices(kept, example, LAST, settings(), times=1),
        "network": {"betweenness": {"roads": {"ours": few["ours"], "networkx": few["pandas"]}}},
        "report": {"roads": {"ours": few["ours"], "pandas": few["duckdb"]}},
        "load": alternatives.loads([], example, settings(), rounds=1),
        "pages": {"overview": {"roads": few}},
    }
    found["slower"] = alternatives.slower(found)
    text = alternatives_page.rows(found)
    assert "| `workload` | 100.0 / 100.0 | 0.50 | 0.25 |" in text
    assert "| betweenness | 100.0 / 100.0 | 0.50 |" in text
    assert "Cypher, Neo4j 1.0 s" in text
    assert "Nowhere is ours slower" in text


def test_another_answer_is_not_timed() -> None:
    with pytest.raises(querying.Different, match="a page by pandas"):
        alternatives.compared("a page", {"ours": lambda: [[1.0]], "pandas": lambda: [[1.1]]}, 1)


def test_where_ours_is_slower_is_said() -> None:
    roads = {"ours": {"median": 0.4}, "duckdb": {"median": 0.1}, "pandas": {"median": 0.2}}
    quick = {"ours": {"median": 0.004}, "duckdb": {"median": 0.0001}}
    found: Figures = {
        "measures": {"questions": {"q": {"roads": roads}, "r": {"roads": quick}}},
        "network": {},
        "pages": {},
        "indices": {"roads": {}},
        "report": {"roads": {}},
        "load": {"roads": {}},
    }
    found["slower"] = alternatives.slower(found)
    assert found["slower"] == [{"what": "measures: q", "than": "duckdb", "ratio": 4.0, "seconds": 0.4}]
    assert alternatives.told(found) == ["alternatives: measures: q: 4.0 times as long as duckdb (0.40 s)"]
