"""Neo4j's own plan of every query: reads only, no cartesian product, an index and no scan for a key."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import neo4j
import pytest

import queries
from graphmodel.store import Store
from queries.answering import bound, check_parameters
from queries.header import split
from tests.conftest import empty
from tests.plain_loader import load_plainly
from tests.test_queries_run import AS_OF, GIVEN, SMALL

WRITING = ("Create", "Merge", "Delete", "Set", "Remove", "Foreach", "LoadCSV", "Procedure")


def operators(plan: dict[str, Any]) -> Iterator[str]:
    yield str(plan["operatorType"]).split("@")[0]
    for child in plan.get("children", ()):
        yield from operators(child)


@pytest.fixture
def filled(
    neo4j_environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[neo4j.Session]:
    """A session on the real server with the model and the small partnership in it."""
    for name, value in neo4j_environment.items():
        monkeypatch.setenv(name, value)
    with Store.open(tmp_path, "admin") as store:
        empty(store)
        store.apply_model()
        load_plainly(SMALL, store, rows_per_transaction=200)
    auth = (neo4j_environment.get("NEO4J_USERNAME", "neo4j"), neo4j_environment["NEO4J_PASSWORD"])
    quiet = neo4j.NotificationMinimumSeverity.OFF
    with (
        neo4j.GraphDatabase.driver(
            neo4j_environment["NEO4J_URI"], auth=auth, notifications_min_severity=quiet
        ) as driver,
        driver.session(database=neo4j_environment.get("NEO4J_DATABASE")) as session,
    ):
        yield session


def test_plans(filled: neo4j.Session) -> None:
    wrong, asked, looked = [], [], 0
    for name, query in queries.catalogue().items():
        values = bound(query, check_parameters(query, GIVEN.get(name, {}))) | {"as_of": AS_OF}
        summary = filled.run(cast("Any", "EXPLAIN " + query.text), values).consume()
        found = list(operators(summary.plan or {}))
        wrong += [f"{name}: {x}" for x in found if "CartesianProduct" in x or x.startswith(WRITING)]
        if summary.query_type != "r":
            wrong.append(f"{name}: its type is {summary.query_type}")
        by_key = any(parameter.name.endswith("_id") for parameter in query.parameters)
        looks_up = by_key or re.search(r"\(\w*:\w+ \{\w+_id: ", split(query.text)[1]) is not None
        if looks_up and not any("IndexSeek" in x for x in found):
            wrong.append(f"{name}: no index is used for its key: {', '.join(found)}")
        scans = ("NodeByLabelScan", "RelationshipTypeScan") if by_key else ()
        wrong += [f"{name}: {x}" for x in found if any(s in x for s in ("AllNodesScan", *scans))]
        looked += looks_up
        asked.append(name)
    assert wrong == []
    assert asked == list(queries.catalogue())
    assert looked >= 3
