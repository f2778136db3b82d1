"""Random kills in short: a few on each engine, and that the model and the checks can go red."""

from __future__ import annotations

import random
from datetime import date
from pathlib import Path

import pytest

from benchmarks import endurance
from benchmarks.crash_checks import rows
from benchmarks.crash_model import SOURCES, Model, made, random_size
from benchmarks.crashes import Crashes
from benchmarks.engines import Engine, of_neo4j, started
from graphmodel.store import Store
from tests.conftest import empty
from tests.neo4j.server import RunningNeo4j
from tests.partnerships import Size

KILLS = 4
SCALE = 6


def kill(engine: Engine, folder: Path, engines: float) -> None:
    folder.mkdir()
    run = Crashes(engine, folder, random.Random(7), SCALE, engines)
    run.run(KILLS, float("inf"))
    assert run.struck.total() >= KILLS
    assert run.checks >= 3
    assert run.model.facts()["memberships"]


def test_a_few_kills_of_the_embedded_engine_and_its_loaders(tmp_path: Path) -> None:
    with started("embedded", tmp_path) as engine:
        kill(engine, tmp_path / "work", 0.25)


def test_a_few_kills_of_loaders_of_neo4j(tmp_path: Path, neo4j_server: RunningNeo4j | None) -> None:
    if neo4j_server is None:
        pytest.fail("a server that NEO4J_URI names is not emptied: run this test without it")
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    engine = of_neo4j(neo4j_server, home)
    with engine.chosen(), Store.open(home, "admin") as store:
        empty(store)
    kill(engine, tmp_path / "work", 0.0)


@pytest.mark.parametrize("seed", range(5))
def test_sources_share_no_fact_and_their_children_are_alike(seed: int) -> None:
    size = random_size(random.Random(seed), 10)
    exports = {source: made(source, seed, size) for source in SOURCES}
    keys = [
        {(r["child_id"].partition(":")[2], r["started_on"]) for r in tables["needs"]}
        for tables in exports.values()
    ]
    assert not keys[0] & keys[1]
    births = [
        {r["child_id"].partition(":")[2]: r["birth_date"] for r in tables["children"]}
        for tables in exports.values()
    ]
    assert births[0] == births[1] == births[3]


def test_the_model_links_parts_and_erases() -> None:
    model, size = Model(), Size()
    for source in ("ssd", "school"):
        model.load(source, model.export(source, 3, size), replace=True)
    alone = model.facts()
    many = len(alone["children"])
    model.link(["ssd:C1", "school:C1"], "ssd:C1")
    assert len(model.facts()["children"]) == many - 1
    assert len(model.facts()["tacs"]) == len(alone["tacs"])
    model.unlink(["ssd:C1", "school:C1"])
    assert model.facts() == alone
    model.link(["ssd:C1", "school:C1"], "ssd:C1")
    model.erase("ssd:C1")
    found = model.facts()
    assert len(found["children"]) == many - 1
    assert not [row for row in found["tacs"] if "C1'" in row]
    assert len(found["tacs"]) == len(alone["tacs"])
    assert "ssd:C1" not in str(model.export("ssd", 4, size)["children"])
    assert model.due(date(2080, 1, 1), 1, 0) == []
    ended = {
        name: [{**r, "ended_on": "2026-05-05"} if "ended_on" in r else r for r in table]
        for name, table in model.sources["ssd"].items()
    }
    ended["tacs"] = [{**r, "closed_on": "2026-05-05"} for r in ended["tacs"]]
    model.sources = {"ssd": ended}
    assert model.due(date(2080, 1, 1), 1, 0) == model.children()


def test_a_row_lost_doubled_or_changed_is_seen() -> None:
    rows("graph", ["a", "b"], "model", ["a", "b"], "tacs")
    for wrong in (["a"], ["a", "b", "b"], ["a", "c"]):
        with pytest.raises(AssertionError, match="tacs: only in the"):
            rows("graph", wrong, "model", ["a", "b"], "tacs")


def test_the_page_says_what_the_results_say() -> None:
    page = (Path(endurance.__file__).parents[1] / "docs" / "decisions" / "endurance.md").read_text("utf-8")
    for line in endurance.lines():
        assert line in page, line
