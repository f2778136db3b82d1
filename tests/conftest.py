"""Both engines for every test of the model, the loader and the queries; a missing one is red, never skipped.

Real Neo4j: the server that `NEO4J_URI` names, else one resolved from its published artifacts and started
for the test session. The embedded engine: a data folder of the test session's own.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from graphmodel import engine
from graphmodel.store import Store

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.neo4j.server import RunningNeo4j

# a shared machine is sometimes slow; how long an example took is no property of the code
hypothesis.settings.register_profile("tacgraph", deadline=None)
hypothesis.settings.load_profile("tacgraph")

ENGINES = ("embedded", "neo4j")


@pytest.fixture(scope="session")
def neo4j_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningNeo4j | None]:
    """The real server started for this session; None where `NEO4J_URI` names one already."""
    if os.environ.get("NEO4J_URI"):
        yield None
        return
    from tests.neo4j.server import QUICK_START, start_neo4j  # noqa: PLC0415

    server = start_neo4j(tmp_path_factory.mktemp("neo4j"), jvm_options=QUICK_START)
    yield server
    # nothing of it is kept, so it need not wind down
    server.kill()


@pytest.fixture(scope="session")
def neo4j_environment(neo4j_server: RunningNeo4j | None) -> dict[str, str]:
    """The variables that point the program at the real server."""
    if neo4j_server is None:
        return {k: v for k, v in os.environ.items() if k.startswith("NEO4J_")}
    return {
        "NEO4J_URI": neo4j_server.uri,
        "NEO4J_USERNAME": neo4j_server.username,
        "NEO4J_PASSWORD": neo4j_server.password,
    }


@pytest.fixture(scope="session")
def embedded_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data folder with the session's embedded engine; stopped at the end."""
    home = tmp_path_factory.mktemp("embedded-home")
    home.chmod(0o700)
    yield home
    engine.stop(home)


@pytest.fixture(scope="session", params=ENGINES)
def engine_environment(request: pytest.FixtureRequest) -> dict[str, str]:
    """Environment variables that make one of the two engines the database of a program run."""
    if request.param == "neo4j":
        found: dict[str, str] = request.getfixturevalue("neo4j_environment")
        return found
    return {"TACGRAPH_HOME": str(request.getfixturevalue("embedded_home"))}


@pytest.fixture
def on_engine(engine_environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point this process at one engine, emptied; gives the data folder to use."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    monkeypatch.setenv("TACGRAPH_HOME", str(home))
    monkeypatch.delenv("NEO4J_URI", raising=False)
    for name, value in engine_environment.items():
        monkeypatch.setenv(name, value)
    folder = Path(os.environ["TACGRAPH_HOME"])
    cleared(folder)
    with Store.open(folder, "admin") as store:
        empty(store)
        if store.uri not in _modelled:
            store.apply_model()
            _modelled.add(store.uri)
    return folder


_modelled: set[str] = set()


def cleared(home: Path) -> None:
    """Take all out of a data folder but its engine: what earlier tests left there is nobody's."""
    for left in home.iterdir():
        if left.is_dir() and not left.name.startswith("engine"):
            shutil.rmtree(left)
        elif not left.name.startswith("engine"):
            left.unlink()


def empty(store: Store) -> None:
    """Take every node out that is none of the model's own, in small transactions."""
    while True:
        gone = store.write(
            "MATCH (n) WHERE NOT (n:Status OR n:NeedsLevel OR n:Model) WITH n LIMIT 5000 DETACH DELETE n "
            "RETURN count(*) AS gone"
        )
        if not gone[0] or gone[0][0][0] == 0:
            return


def anew(home: Path) -> None:
    """An empty graph with the model applied."""
    with Store.open(home, "admin") as admin:
        empty(admin)
        admin.apply_model()


@pytest.fixture
def reader(on_engine: Path) -> Iterator[Store]:
    with Store.open(on_engine, "reader") as store:
        yield store


@pytest.fixture
def writer(on_engine: Path) -> Iterator[Store]:
    with Store.open(on_engine, "writer") as store:
        yield store


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser without a head; not for the whole run: while it is open no other module can open one."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  (few tests have a browser)

    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox"]
        )
        yield browser
        browser.close()
