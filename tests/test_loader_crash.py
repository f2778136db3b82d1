"""`kill -9` of loader or engine in mid-load, then the load again: the same graph as without a kill."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphmodel import engine
from graphmodel.store import Store
from loaders import load
from tests.conftest import anew
from tests.loading import graph, tables_expected, tables_in_graph, write_tables
from tests.neo4j.server import RunningNeo4j
from tests.partnerships import Size, random_partnership
from tests.test_ledger import assert_ledger_is_graph

ROOT = Path(__file__).parents[1]
BIG = Size(6, 11, 8, 11, 20, 40, 400, 300, 60, 400, 120, 12, 300, 300, 80)

Facts = tuple[list[str], list[str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A partnership of some thousand rows."""
    return random_partnership(7, BIG).write(tmp_path_factory.mktemp("crash"))


@pytest.fixture(scope="module")
def uninterrupted() -> dict[str, Facts]:
    """The graph of a load without a kill, kept between tests of one engine."""
    return {}


@pytest.fixture
def expected(on_engine: Path, folder: Path, uninterrupted: dict[str, Facts]) -> Facts:
    name = os.environ.get("NEO4J_URI", "embedded")
    if name not in uninterrupted:
        load(folder, home=on_engine)
        uninterrupted[name] = graph(on_engine)
        anew(on_engine)
    return uninterrupted[name]


def strike(
    folder: Path, home: Path, after: str, steps: int, kill: Callable[[int], None], *more: str
) -> tuple[int, str]:
    """Start a loader and `kill` at the n-th step after a stage began: its exit code and last words."""
    command = [sys.executable, "-m", "tests.crash_loader", str(folder), str(home), *more]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        begun = False
        for line in process.stdout:
            begun = begun or line.startswith(f"begin {after}")
            steps -= begun
            if steps < 0:
                kill(process.pid)
                break
        process.stdout.read()
        words = process.stderr.read()
        return process.wait(60), words


STRIKES = [("prepare the graph", 0), ("load practitioners", 0), ("load children", 1), ("load memberships", 2)]


@pytest.mark.parametrize(("stage", "steps"), STRIKES)
def test_a_killed_loader_leaves_nothing_that_a_second_load_does_not_mend(
    on_engine: Path, folder: Path, expected: Facts, stage: str, steps: int
) -> None:
    code, _ = strike(folder, on_engine, stage, steps, lambda pid: os.kill(pid, signal.SIGKILL))
    assert code == -signal.SIGKILL
    halfway = graph(on_engine)
    assert halfway != expected
    report = load(folder, home=on_engine)
    assert report.changed
    assert graph(on_engine) == expected
    assert_ledger_is_graph(on_engine)
    leftover = [p for p in (on_engine / "loads").iterdir() if p.name.startswith("staging-")]
    assert leftover == []


@pytest.mark.parametrize(
    ("stage", "steps"), [("load practitioners", 0), ("load memberships", 2), ("retire", 1)]
)
def test_the_next_load_of_another_source_completes_one_that_was_killed(
    on_engine: Path, folder: Path, tmp_path: Path, stage: str, steps: int
) -> None:
    """A replacement is cut off after the ledger took it; then something else is loaded."""
    other = {"agencies": [{"agency_id": "other", "name": "Other", "sector": "health"}]}
    late = write_tables(tmp_path / "other", other)
    small = random_partnership(8, Size()).write(tmp_path / "small")
    load(folder, home=on_engine)
    load(small, home=on_engine, replace=True)
    load(late, home=on_engine, source="other")
    wanted = graph(on_engine)
    anew(on_engine)
    load(folder, home=on_engine)
    code, _ = strike(small, on_engine, stage, steps, lambda pid: os.kill(pid, signal.SIGKILL), "replace")
    assert code == -signal.SIGKILL
    load(late, home=on_engine, source="other")
    assert graph(on_engine) == wanted
    assert_ledger_is_graph(on_engine)


@dataclass
class Kill:
    """SIGKILL for the database, and its new life where it does not start by itself."""

    home: Path
    server: RunningNeo4j | None

    def now(self, _: int) -> None:
        if self.server is not None:
            self.server.kill()
            return
        running = engine.find(self.home)
        assert running is not None
        os.kill(running.pid, signal.SIGKILL)

    def revive(self) -> None:
        if self.server is not None and self.server.process is None:
            self.server.restart()


@pytest.fixture
def engine_killer(on_engine: Path, request: pytest.FixtureRequest) -> Iterator[Kill]:
    server: RunningNeo4j | None = None
    if os.environ.get("NEO4J_URI"):
        server = request.getfixturevalue("neo4j_server")
        if server is None:
            pytest.fail("a server that NEO4J_URI names cannot be killed: run this test without it")
    kill = Kill(on_engine, server)
    yield kill
    kill.revive()


@pytest.mark.parametrize("strike_at", STRIKES[2:])
def test_a_killed_engine_costs_no_fact_and_doubles_none(
    on_engine: Path,
    folder: Path,
    expected: Facts,
    strike_at: tuple[str, int],
    engine_killer: Kill,
) -> None:
    code, words = strike(folder, on_engine, *strike_at, engine_killer.now)
    assert "Traceback" not in words
    if engine_killer.server is None and code == 0:
        # started again by the loader itself, which went on where it was
        assert graph(on_engine) == expected
    else:
        assert code == 3, words
        assert "Run the load again" in words or "run it again" in words
    engine_killer.revive()
    load(folder, home=on_engine)
    assert graph(on_engine) == expected
    assert_ledger_is_graph(on_engine)


@settings(
    max_examples=5,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 10**6))
def test_random_partnerships_load_once_twice_and_in_place_of_each_other(
    on_engine: Path, tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    work = tmp_path_factory.mktemp("random")
    one, two = random_partnership(seed).tables, random_partnership(seed + 1).tables
    anew(on_engine)
    report = load(write_tables(work / "two", two), home=on_engine)
    assert report.total("rejected") == 0
    alone = graph(on_engine)
    anew(on_engine)
    load(write_tables(work / "one", one), home=on_engine)
    with Store.open(on_engine, "reader") as store:
        assert tables_in_graph(store) == tables_expected(one)
    assert not load(work / "one", home=on_engine).changed
    load(work / "two", home=on_engine, replace=True)
    assert graph(on_engine) == alone
    chance = random.Random(seed)
    mixed = {name: chance.sample(rows, len(rows)) for name, rows in two.items()}
    assert not load(write_tables(work / "mixed", mixed), home=on_engine).changed
