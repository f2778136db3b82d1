"""Who may do what in the embedded engine: a read-only session can write, so the accounts decide."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest
from neo4j.exceptions import ClientError, Neo4jError

from graphmodel.engine_accounts import groups
from tests.engine_support import Served, ask, serving, signed_in


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """An engine that lives as long as this module's tests."""
    with serving(tmp_path_factory.mktemp("engine") / "a folder") as found:
        yield found


def picture(served: Served) -> list[list[object]]:
    """All that a refused statement could have changed."""
    return [
        *ask(served.admin, "MATCH (n) RETURN labels(n), properties(n) ORDER BY n.id"),
        *ask(served.admin, "MATCH ()-[r]->() RETURN type(r), properties(r)"),
        *ask(served.admin, "SHOW INDEXES YIELD labelsOrTypes, properties RETURN labelsOrTypes, properties"),
        *ask(served.admin, "SHOW CONSTRAINTS YIELD name RETURN name ORDER BY name"),
        *ask(served.admin, "SHOW USERS YIELD user RETURN user ORDER BY user"),
    ]


REFUSED_TO_THE_READER = [
    "CREATE (:Thing {id: 'z'})",
    "MERGE (:Thing {id: 'z'})",
    "MATCH (n:Thing) SET n.size = 9",
    "MATCH (n:Thing {id: 'a'}) SET n += {size: 9}",
    "MATCH (n:Thing) REMOVE n.size",
    "MATCH (n:Thing) DETACH DELETE n",
    "MATCH (n:Thing) SET n:Other",
    "MATCH ()-[r:LINK]->() DELETE r",
    "MATCH ()-[r:LINK]->() SET r.since = 1",
    "MATCH (a:Thing {id: 'a'}), (b:Thing {id: 'b'}) CREATE (b)-[:LINK {id: 'm'}]->(a)",
    "MERGE (n:Thing {id: 'a'}) ON MATCH SET n.size = 9",
    "FOREACH (i IN [1] | CREATE (:Thing {id: 'f'}))",
    "UNWIND [1, 2] AS i CALL (i) { CREATE (:Thing {id: toString(i)}) } IN TRANSACTIONS",
    "PROFILE CREATE (:Thing {id: 'z'})",
    "CREATE INDEX FOR (n:Thing) ON (n.size)",
    "EXPLAIN CREATE INDEX FOR (n:Thing) ON (n.size)",
    "CREATE CONSTRAINT FOR (n:Thing) REQUIRE n.size IS UNIQUE",
    "EXPLAIN CREATE CONSTRAINT FOR (n:Thing) REQUIRE n.size IS UNIQUE",
    "DROP CONSTRAINT thing_id",
    "EXPLAIN DROP CONSTRAINT thing_id",
    "LOAD CSV FROM 'file:///etc/hostname' AS line RETURN line",
    "LOAD CSV FROM 'http://127.0.0.1:1/x' AS line RETURN line",
    "CREATE USER intruder SET PASSWORD 'intruder-intruder'",
    "ALTER USER root SET PASSWORD 'intruder-intruder'",
    "DROP USER tacgraph_writer",
    "SHOW USERS",
    "CALL merge.node(['Thing'], {id: 'q'}, {}, {})",
    "CALL merge.relationship(null, 'LINK', {}, {}, null, {})",
    "CALL apoc.create.node(['Thing'], {id: 'q'})",
    "CALL apoc.cypher.doIt('CREATE (:Thing {id: 1})', {})",
    "CALL db.createLabel('Other')",
]


@pytest.mark.parametrize("query", REFUSED_TO_THE_READER)
def test_the_reader_is_refused(served: Served, query: str) -> None:
    before = picture(served)
    with pytest.raises(Neo4jError):
        ask(served.reader, query)
    assert picture(served) == before


def test_the_reader_explains_a_write_without_writing(served: Served) -> None:
    before = picture(served)
    ask(served.reader, "EXPLAIN CREATE (:Thing {id: 'z'})")
    assert picture(served) == before


def test_the_reader_reads_all_rows(served: Served) -> None:
    rows = ask(served.reader, "UNWIND range(1, 25000) AS i RETURN i")
    assert len(rows) == 25_000
    assert ask(served.reader, "UNWIND range(1, 200000) AS i RETURN count(i)") == [[200_000]]


def test_no_group_limits_the_rows_of_a_result() -> None:
    text = json.dumps(groups(120))
    assert text.count('"resultSetLimit": -1') == text.count("resultSetLimit") == 6


REFUSED_TO_THE_WRITER = [
    "CREATE (:Unknown {id: 'z'})",
    "MERGE (:Unknown {id: 'z'})",
    "MATCH (a:Thing {id: 'a'}) CREATE (a)-[:UNKNOWN]->(a)",
    "MATCH (n:Thing) SET n:Unknown",
    "CREATE CONSTRAINT FOR (n:Thing) REQUIRE n.size IS UNIQUE",
    "CREATE INDEX FOR (n:Thing) ON (n.size)",
    "EXPLAIN CREATE INDEX FOR (n:Thing) ON (n.size)",
    "DROP CONSTRAINT thing_id",
    "LOAD CSV FROM 'file:///etc/hostname' AS line RETURN line",
    "CREATE USER intruder SET PASSWORD 'intruder-intruder'",
]


@pytest.mark.parametrize("query", REFUSED_TO_THE_WRITER)
def test_the_writer_is_refused_the_schema(served: Served, query: str) -> None:
    before = picture(served)
    with pytest.raises(Neo4jError):
        ask(served.writer, query)
    assert picture(served) == before


def test_the_writer_creates_changes_and_deletes_records(served: Served) -> None:
    before = picture(served)
    ask(served.writer, "CREATE (:Thing {id: 'w', fresh: true})-[:LINK {id: 'w'}]->(:Thing {id: 'v'})")
    ask(served.writer, "MATCH (n:Thing {id: 'w'}) SET n.size = 3")
    assert ask(served.reader, "MATCH (n:Thing {id: 'w'})-->(m) RETURN n.size, m.id") == [[3, "v"]]
    ask(served.writer, "MATCH (n:Thing) WHERE n.id IN ['w', 'v'] DETACH DELETE n")
    assert picture(served) == before


@pytest.mark.parametrize("role", ["admin", "writer"])
@pytest.mark.parametrize("place", ["file:///etc/hostname", "/etc/hostname", "http://127.0.0.1:1/x"])
def test_nobody_reads_files_or_addresses_through_the_engine(served: Served, role: str, place: str) -> None:
    with signed_in(served.endpoint, role) as driver, pytest.raises(ClientError):
        ask(driver, "LOAD CSV FROM $place AS line RETURN line", place=place)


@pytest.mark.parametrize(
    "query",
    [
        "UNWIND range(1, 6000) AS a UNWIND range(1, 6000) AS b WITH a * b AS c RETURN sum(c)",
        "UNWIND range(1, 9000) AS a MATCH (x:Thing), (y:Thing) UNWIND range(1, 9000) AS b RETURN max(a + b)",
    ],
)
def test_a_readers_endless_query_is_ended(served: Served, query: str) -> None:
    begin = time.monotonic()
    with pytest.raises(ClientError, match=r"terminated|[Tt]imeout"):
        ask(served.reader, query)
    assert time.monotonic() - begin < 10
    assert ask(served.reader, "RETURN 1") == [[1]]
