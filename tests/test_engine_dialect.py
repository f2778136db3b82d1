"""What Cypher the embedded engine does not have, as it is today, each with what we do about it.

A test that fails after an upgrade of `arcadedb-embedded` shows what changed.
"""

from __future__ import annotations

from typing import Any

import pytest
from neo4j.exceptions import ClientError, ConstraintError, CypherSyntaxError, DatabaseError

from graphmodel import engine
from tests.engine_trap import Trap, trap

__all__ = ["trap"]


@pytest.mark.parametrize(
    "query",
    [
        "CREATE FULLTEXT INDEX words FOR (n:Missing) ON EACH [n.text]",
        "CREATE VECTOR INDEX vectors FOR (n:Missing) ON (n.vector)",
        "CREATE LOOKUP INDEX labels FOR (n) ON EACH labels(n)",
        "MATCH p = SHORTEST 1 (a:Missing)-[]-+(b:Missing) RETURN p",
        "CYPHER 5 RETURN 1",
        "CYPHER 25 RETURN 1",
        "RETURN 1 AS x NEXT RETURN x",
        "CREATE ROLE clerk",
        "GRANT ROLE clerk TO tacgraph_reader",
    ],
)
def test_forms_that_are_not_there(trap: Trap, query: str) -> None:
    """So no query of ours has them; real Neo4j has."""
    with pytest.raises(CypherSyntaxError):
        trap.ask(query)


@pytest.mark.parametrize(
    "query",
    [
        "CALL db.schema.nodeTypeProperties()",
        "CALL db.awaitIndexes()",
        "CALL db.info()",
        "RETURN apoc.version()",
    ],
)
def test_procedures_that_are_not_there(trap: Trap, query: str) -> None:
    """So no query of ours calls any."""
    with pytest.raises(DatabaseError, match="Unknown"):
        trap.ask(query)


def test_show_functions_is_empty_and_bookmarks_are_missing(trap: Trap) -> None:
    """So nothing waits for a bookmark: one server, each commit seen by the next transaction."""
    assert trap.ask("SHOW FUNCTIONS") == []
    with trap.driver.session(database=engine.DATABASE) as session:
        session.run("CREATE (:Booked)").consume()
        assert list(session.last_bookmarks().raw_values) == []


def test_only_uniqueness_raises_a_constraint_error(trap: Trap) -> None:
    """So the store tells its own faults by code, and checks come before the load."""
    for rule in ("n.id IS UNIQUE", "n.name IS NOT NULL", "n.age IS :: INTEGER"):
        trap.ask(f"CREATE CONSTRAINT FOR (n:Ruled) REQUIRE {rule}")
    trap.ask("CREATE (:Ruled {id: '1', name: 'x', age: 1})")
    with pytest.raises(ConstraintError):
        trap.ask("CREATE (:Ruled {id: '1', name: 'x', age: 1})")
    for properties in ("{id: '2', age: 1}", "{id: '3', name: 'x', age: 'old'}"):
        with pytest.raises(ClientError) as caught:
            trap.ask(f"CREATE (:Ruled {properties})")
        assert not isinstance(caught.value, ConstraintError)
    assert trap.ask("MATCH (n:Ruled) RETURN count(n)") == [[1]]


def plan(trap: Trap, query: str) -> str:
    found = trap.driver.execute_query(query, x="r", database_=engine.DATABASE)
    assert found.summary.plan is not None
    return str(found.summary.plan["args"]["string-representation"])


def test_a_relationship_index_is_used_in_one_form_only(trap: Trap) -> None:
    """So relationships are looked up by `()-[r:T]->() WHERE r.id = $x`, never by `{id: $x}`."""
    trap.ask("CREATE CONSTRAINT FOR ()-[r:TIED]-() REQUIRE r.id IS UNIQUE")
    trap.ask("CREATE (:End {id: 'a'})-[:TIED {id: 'r'}]->(:End {id: 'b'})")
    assert "BY INDEX" in plan(trap, "EXPLAIN MATCH ()-[r:TIED]->() WHERE r.id = $x RETURN r")
    assert "BY INDEX" not in plan(trap, "EXPLAIN MATCH ()-[r:TIED {id: $x}]->() RETURN r")


def test_large_groupings_stop_with_an_error_not_a_wrong_answer(trap: Trap) -> None:
    """Half a million groups or collected values a query: whole-graph figures come from the slice."""
    with pytest.raises(DatabaseError, match="exceeded"):
        trap.ask("UNWIND range(1, 600000) AS x RETURN count(DISTINCT x)")
    assert trap.ask("UNWIND range(1, 600000) AS x RETURN count(x), sum(x)") == [[600_000, 180_000_300_000]]


def test_what_our_queries_are_written_with_works(trap: Trap) -> None:
    """The common part of both dialects, each form with a result known by hand."""
    trap.ask("CREATE CONSTRAINT FOR (n:Part) REQUIRE n.id IS UNIQUE")
    trap.ask(
        "UNWIND $rows AS r CREATE (:Part {id: r.id, size: r.size, on: date(r.on)})",
        rows=[{"id": k, "size": n, "on": f"2024-0{n}-15"} for n, k in enumerate("abc", 1)],
    )
    trap.ask("MATCH (x:Part {id: 'a'}), (y:Part) WHERE y.id <> 'a' CREATE (x)-[:PART_OF]->(y)")
    part = "MATCH (n:Part) "
    cases: list[tuple[str, list[list[Any]]]] = [
        (part + "RETURN n.id, $weights[n.id] ORDER BY n.id", [["a", 0.5], ["b", 2], ["c", None]]),
        (part + "RETURN sum(coalesce($weights[n.id], 1))", [[3.5]]),
        (part + "WHERE EXISTS { (n)-[:PART_OF]->() } RETURN n.id", [["a"]]),
        (part + "RETURN n.id, COUNT { (n)--() } AS ties ORDER BY n.id", [["a", 2], ["b", 1], ["c", 1]]),
        (part + "WHERE n.id = 'a' RETURN size(COLLECT { MATCH (n)-->(m) RETURN m.id })", [[2]]),
        (
            part + "CALL (n) { MATCH (n)-->(m) RETURN count(m) AS k } RETURN n.id, k ORDER BY k DESC LIMIT 1",
            [["a", 2]],
        ),
        (part + "WHERE date('2024-02-01') <= n.on AND n.on < date('2024-04-01') RETURN count(n)", [[2]]),
        (
            part + "RETURN percentileCont(n.size, 0.5), avg(n.size), max(n.on) = date('2024-03-15')",
            [[2, 2, True]],
        ),
        (
            part + "WITH n ORDER BY n.id RETURN [x IN collect(n) WHERE x.size > 1 | x {.id, big: true}]",
            [[[{"id": "b", "big": True}, {"id": "c", "big": True}]]],
        ),
        (
            "MATCH p = shortestPath((:Part {id: 'b'})-[:PART_OF*..4]-(:Part {id: 'c'})) RETURN length(p)",
            [[2]],
        ),
        ("MATCH (x:Part {id: 'b'}) (()-[:PART_OF]-()){1,2} (y:Part {id: 'c'}) RETURN count(*)", [[1]]),
        ("RETURN toString(date.truncate('month', date('2024-03-31')) + duration('P1M'))", [["2024-04-01"]]),
        ("RETURN duration.inDays(date('2024-01-01'), date('2024-03-01')).days", [[60]]),
        ("RETURN toString(date('2024-03-31') - duration('P1M'))", [["2024-02-29"]]),
    ]
    wrong = [
        (query, found, expected)
        for query, expected in cases
        if (found := trap.ask(query, weights={"a": 0.5, "b": 2})) != expected
    ]
    assert wrong == []
