"""The two engines, each fresh, on loopback, and gone when the block ends."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from graphmodel import cypher, engine
from graphmodel.nodes import NODE_TYPES
from graphmodel.store import Store
from graphmodel.target import AccountName
from loaders import load
from tests.neo4j.server import RunningNeo4j, start_neo4j

ENGINES: Final = ("embedded", "neo4j")
NEO4J_HEAP: Final = "2g"
IDLE_SECONDS: Final = 3600
_VARIABLES: Final = ("TACGRAPH_HOME", "NEO4J_URI", "NEO4J_USERNAME", "NEO4J_PASSWORD", "NEO4J_DATABASE")


@dataclass(frozen=True)
class Engine:
    """One running engine with a data folder of its own; `server` is the real Neo4j where it is one."""

    name: str
    home: Path
    variables: Mapping[str, str]
    server: RunningNeo4j | None = None
    start_seconds: float = 0.0

    @property
    def environment(self) -> dict[str, str]:
        """The environment that points a process at this engine and at no other."""
        kept = {name: value for name, value in os.environ.items() if name not in _VARIABLES}
        return {**kept, **self.variables}

    def processor_seconds(self) -> float | None:
        """Processor time that the engine's process has used up; None where the system does not say."""
        pid = self.server.pid if self.server is not None else engine.status(self.home).pid
        stat = Path(f"/proc/{pid}/stat")
        if not stat.exists():
            return None
        fields = stat.read_text(encoding="utf-8").rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @contextmanager
    def store(self, account: AccountName = "reader") -> Iterator[Store]:
        """An open store of it in this process."""
        with self.chosen(), Store.open(self.home, account) as store:
            yield store

    @contextmanager
    def chosen(self) -> Iterator[None]:
        """Point this process at it for a while."""
        before = {name: os.environ.pop(name, None) for name in _VARIABLES}
        os.environ.update(self.variables)
        try:
            yield
        finally:
            for name, value in before.items():
                os.environ.pop(name, None)
                if value is not None:
                    os.environ[name] = value


def of_neo4j(server: RunningNeo4j, home: Path, start_seconds: float = 0.0) -> Engine:
    """The engine that a running server is."""
    named = {"NEO4J_URI": server.uri, "NEO4J_USERNAME": server.username, "NEO4J_PASSWORD": server.password}
    return Engine("neo4j", home, {"TACGRAPH_HOME": str(home), **named}, server, start_seconds)


@contextmanager
def started(name: str, parent: Path) -> Iterator[Engine]:
    """A fresh engine in a new folder under `parent`, until it answers; ended with the block."""
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=parent))
    home = folder / "home"
    home.mkdir(mode=0o700)
    begun = time.perf_counter()
    if name == "neo4j":
        server = start_neo4j(folder / "neo4j", heap=NEO4J_HEAP)
        try:
            yield of_neo4j(server, home, time.perf_counter() - begun)
        finally:
            server.kill()
        return
    made = Engine(name, home, {"TACGRAPH_HOME": str(home)})
    with made.chosen():
        engine.ensure_running(home, idle_seconds=IDLE_SECONDS)
    try:
        yield Engine(name, home, made.variables, None, time.perf_counter() - begun)
    finally:
        engine.stop(home)


@contextmanager
def loaded(name: str, parent: Path, example: Path) -> Iterator[Engine]:
    """A fresh engine that holds the example."""
    with started(name, parent) as made:
        with made.chosen():
            load(example, home=made.home)
        yield made


def empty(made: Engine) -> None:
    """Take every fact out, the model's own codes apart, in transactions of 5,000 nodes."""
    gone = "WITH n LIMIT 5000 DETACH DELETE n RETURN count(*) AS gone"
    with made.store("admin") as store:
        for node in NODE_TYPES:
            if node.label not in ("Status", "NeedsLevel"):
                while store.write(f"MATCH (n:{node.label}) {gone}")[0][0][0]:
                    pass
        store.apply_model()


def facts(made: Engine) -> dict[str, int]:
    """How many nodes of each label and relationships of each type there are, records of loads apart."""
    with made.store() as store:
        nodes = {
            n.label: store.fetch(f"MATCH (n:{n.label}) RETURN count(n) AS n")[0][0]
            for n in NODE_TYPES
            if n.label != "Load"
        }
        arrows = {
            t: store.fetch(f"MATCH ()-[r:{t}]->() RETURN count(r) AS n")[0][0]
            for t in cypher.relationship_type_names()
        }
    return {**nodes, **arrows}
