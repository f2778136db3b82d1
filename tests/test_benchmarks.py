"""The benchmark measures what it says: every road comes to the same rows, and its page to its results.

No time is asserted anywhere: how long something took on a shared machine is no property of the code.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from analysis import SECOND_ROADS
from analysis.tables import Slice
from benchmarks import loading, page, querying, reporting, slowest, visiting
from benchmarks.__main__ import GROUPS, as_json, in_order, merged
from benchmarks.engines import Engine, empty, facts, of_neo4j
from benchmarks.machine import describe
from benchmarks.plain_pandas import FIGURES, read
from benchmarks.plain_pandas_more import EVERY
from benchmarks.sample import references, write_sample
from benchmarks.timing import Figures, quantile, spread
from graphmodel.relationships import TABLES
from graphmodel.settings import settings
from loaders import load
from tacgraph.example import write_example
from tests.neo4j.server import QUICK_START, RunningNeo4j, start_neo4j
from tests.partnerships import AS_OF, random_partnership

LAST = date(2026, 10, 31)
CHILDREN = 200


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("benchmark") / "example"
    write_example(folder, children=CHILDREN, seed=1, until=LAST)
    return folder


@pytest.fixture(scope="module")
def server(
    neo4j_server: RunningNeo4j | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningNeo4j]:
    """A server whose import folder is ours: where `NEO4J_URI` names one, it is not."""
    if neo4j_server is not None:
        yield neo4j_server
        return
    own = start_neo4j(tmp_path_factory.mktemp("neo4j-import"), jvm_options=QUICK_START)
    yield own
    own.kill()


@pytest.fixture
def neo4j_engine(server: RunningNeo4j, tmp_path: Path) -> Engine:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    made = of_neo4j(server, home)
    empty(made)
    return made


@pytest.fixture
def embedded(embedded_home: Path) -> Engine:
    made = Engine("embedded", embedded_home, {"TACGRAPH_HOME": str(embedded_home)})
    empty(made)
    return made


@pytest.mark.parametrize("d", [LAST, date(2025, 3, 1)])
def test_plain_pandas_gives_the_rows_of_the_slice(example: Path, d: date) -> None:
    held = Slice.from_folder(example)
    rows = 0
    given = querying.parameters(held, d)
    assert set(EVERY) == set(SECOND_ROADS)
    for name, (figure, files) in EVERY.items():
        frame = figure(read(example, files), d, settings(), **given[name])
        other = SECOND_ROADS[name](held, d, settings(), **given[name])
        assert list(frame.columns) == list(other.columns), name
        querying.same(name, querying.cells(frame), querying.cells(other))
        rows += len(frame)
    assert rows > len(EVERY)


@pytest.mark.parametrize("seed", range(12))
def test_plain_pandas_on_awkward_partnerships(tmp_path: Path, seed: int) -> None:
    d = AS_OF[seed % len(AS_OF)]
    partnership = random_partnership(seed, None, d)
    folder = partnership.write(tmp_path / "partnership")
    held = Slice.from_folder(folder)
    given = partnership.asked()
    for name, (figure, files) in EVERY.items():
        asked = given.get(name, {})
        found = querying.cells(figure(read(folder, files), d, settings(), **asked))
        querying.same(name, found, querying.cells(SECOND_ROADS[name](held, d, settings(), **asked)))


def test_different_rows_are_noticed() -> None:
    querying.same("a", [["x", 0.1 + 0.2, None]], [["x", 0.3, None]])
    for other in ([], [["x", 0.3000001, None]], [["y", 0.3, None]], [["x", 0.3, 0.0]]):
        with pytest.raises(querying.Different, match=r"^a: "):
            querying.same("a", [["x", 0.1 + 0.2, None]], other)


def test_a_sample_has_its_references(example: Path, tmp_path: Path) -> None:
    counts = write_sample(example, tmp_path / "sample", 25)
    frames = {t: pd.read_csv(tmp_path / "sample" / f"{t}.csv", dtype=str) for t in TABLES}
    assert counts == {t: len(frame) for t, frame in frames.items()}
    lines = {t: len(pd.read_csv(example / f"{t}.csv")) for t in TABLES}
    assert all(min(25, lines[t]) <= n <= lines[t] for t, n in counts.items())
    assert counts["children"] < lines["children"]
    for table, frame in frames.items():
        for column, target in references(table).items():
            known = set(frames[target][TABLES[target].key_columns[0]])
            assert set(frame[column].dropna()) <= known, (table, column)


def test_all_ways_of_loading_on_neo4j_come_to_one_graph(
    neo4j_engine: Engine, example: Path, tmp_path: Path
) -> None:
    runs: loading.Runs = {}
    loading.one_round(neo4j_engine, example, runs)
    assert set(runs) == {"start", "cold", "again", "warm", "load_csv_create", "load_csv_merge"}
    plain = loading.plain_loads(neo4j_engine, example, tmp_path / "sample", runs)
    check_load(loading.figures(runs, plain), example)


def test_all_ways_of_loading_on_the_embedded_engine_come_to_one_graph(
    embedded: Engine, example: Path, tmp_path: Path
) -> None:
    runs: loading.Runs = {}
    loading.one_round(embedded, example, runs)
    plain = loading.plain_loads(embedded, example, tmp_path / "sample", runs)
    check_load(loading.figures(runs, plain), example)
    assert runs["again"][0]["rows"]["created"] == 0


def check_load(found: Figures, example: Path) -> None:
    rows = sum(len(pd.read_csv(example / f"{table}.csv")) for table in TABLES)
    assert found["rows"] == rows
    assert found["cold"]["rows_per_second"]["median"] == pytest.approx(
        rows / found["cold"]["seconds"]["median"], rel=0.02
    )
    assert found["cold"]["peak_mb"]["median"] > 20
    assert found["plain_loader"]["transactions"] >= found["plain_loader"]["rows"] > 0


def test_a_graph_that_differs_is_noticed(embedded: Engine, example: Path) -> None:
    with embedded.chosen():
        load(example, home=embedded.home)
    whole = facts(embedded)
    with embedded.store("writer") as store:
        store.write("MATCH (r:Review) WITH r LIMIT 1 DETACH DELETE r")
    with pytest.raises(loading.Different, match="Review"):
        loading._same(whole, facts(embedded), "this")


def test_queries_pages_and_report(embedded: Engine, example: Path) -> None:
    with embedded.chosen():
        load(example, home=embedded.home)
    asked = querying.queries([embedded], example, LAST, times=1)
    assert set(asked["queries"]) == set(SECOND_ROADS)
    assert set(asked["headlines"]["figures"]) == set(FIGURES)
    assert all(
        {"slice", "embedded", "pandas", "pandas_with_reading"} <= set(x) for x in asked["queries"].values()
    )
    visited = visiting.visits(embedded, LAST, cold=1, warm=1)
    assert set(visited["pages"]) == set(visiting.PAGES)
    made = reporting.reports(embedded, LAST.replace(day=1), times=1)
    assert min(made["bytes"].values()) > 1000
    text = page.page({**json.loads(page.RESULTS.read_text()), "groups": groups(asked, visited, made)})
    assert all(f"`{name}`" in text for name in SECOND_ROADS)
    assert "| pandas | pandas, read |" in text
    medians = {name: x["embedded"]["median"] for name, x in asked["queries"].items()}
    for name in sorted(medians, key=lambda name: (-medians[name], name))[:3]:
        assert f"- `{name}`: " in text
        assert slowest.WHY[name] in text
    assert set(slowest.WHY) == set(SECOND_ROADS)
    ten = querying.queries([embedded], example, LAST, times=1, headline=False)
    assert "headlines" not in ten
    larger = page.page(
        {**json.loads(page.RESULTS.read_text()), "groups": {"ten": {**ten, "children": 2_000}}}
    )
    assert "ten times larger" in larger
    assert "2,000 children" in larger


def groups(asked: Figures, visited: Figures, made: Figures) -> Figures:
    return {"queries": asked, "pages": visited, "report": made}


def test_the_page_is_what_the_results_come_to() -> None:
    results = page.read()
    assert page.PAGE.read_text(encoding="utf-8") == page.page(results)
    # only the authority ten times larger is asked for by name
    always = [name for name in GROUPS if name != "ten"]
    assert [name for name in results["groups"] if name != "ten"] == always
    assert page.RESULTS.read_text(encoding="utf-8") == as_json(results)


def test_results_name_no_host_and_no_path(tmp_path: Path) -> None:
    published = page.RESULTS.read_text(encoding="utf-8") + json.dumps(describe())
    assert Path("/etc/hostname").read_text(encoding="utf-8").strip() not in published
    assert not [part for part in (str(Path.home()), str(page.ROOT), "/tmp") if part in published]
    assert not list(tmp_path.iterdir())


def test_one_group_renews_only_itself(tmp_path: Path) -> None:
    about = {"machine": {"cores": 2}, "children": 1, "seed": 1, "as_of": "2026-10-31", "rows": {}}
    file = tmp_path / "results.json"
    old = {**about, "note": "busy", "groups": {"load": {"x": 1}, "report": {"x": 1}}}
    file.write_text(as_json(old), encoding="utf-8")
    new = {**about, "note": "", "groups": {"report": {"x": 2}}}
    kept = merged(file, new)
    assert kept["groups"] == {"load": {"x": 1}, "report": {"x": 2}}
    assert kept["note"] == "busy"
    elsewhere = {**new, "machine": {"cores": 64}}
    assert merged(file, elsewhere) == elsewhere


def test_groups_stand_in_one_order_whichever_was_measured_first() -> None:
    found = in_order({"note": "", "groups": {"report": {}, "figures": {}, "load": {}}})
    assert list(found["groups"]) == ["load", "report", "figures"]


def test_quantiles_and_spread() -> None:
    assert quantile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert quantile([1.0, 2.0], 0.95) == pytest.approx(1.95)
    assert quantile([5.0], 0.95) == 5.0
    assert spread([4.0, 1.0, 2.0]) == {"min": 1.0, "median": 2.0, "max": 4.0, "n": 3}
