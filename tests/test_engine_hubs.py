"""Writes while searching, where thousands of relationships hang on one node: each engine does all of them.

The embedded engine once missed some of a streamed `MATCH … DELETE r` (`graphmodel.cypher_load.DELETE_FOUND`);
these are the other shapes in which the program changes what it is searching.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from graphmodel.cypher_load import DELETE_FOUND, retire_childless, retire_nodes
from graphmodel.nodes import NODE_BY_LABEL
from graphmodel.store import Store

MANY = 3_000
MAKE = (
    "UNWIND range(1, $n) AS i CREATE (:Child {child_id: 'c' + toString(i)})"
    "-[:IN_FAMILY]->(:Family {family_id: 'f' + toString(i)})",
    "UNWIND range(1, $n) AS i CREATE (:Tac {tac_id: 't' + toString(i)})",
    "CREATE (:Practitioner {practitioner_id: 'p'})",
    "UNWIND range(1, $n) AS i MATCH (c:Child {child_id: 'c' + toString(i)}) "
    "MATCH (s:Status {status: 'CIN'}) CREATE (c)-[:HAS_STATUS {started_on: date('2024-01-01')}]->(s)",
    "UNWIND range(1, $n) AS i MATCH (t:Tac {tac_id: 't' + toString(i)}) "
    "MATCH (p:Practitioner {practitioner_id: 'p'}) CREATE (p)-[:MEMBER_OF]->(t)",
)


def one(store: Store, text: str) -> Any:
    return store.fetch(text)[0][0]


def test_everything_on_a_hub_is_changed_and_deleted(on_engine: Path) -> None:
    with Store.open(on_engine, "writer") as store:
        for text in MAKE:
            store.write(text, n=MANY)
        store.write("MATCH (:Practitioner)-[r:MEMBER_OF]->() SET r.sources = ['a'], r.fingerprint = ''")
        assert one(store, "MATCH ()-[r:MEMBER_OF]->() WHERE r.fingerprint = '' RETURN count(r)") == MANY
        longer = "MATCH (:Status {status: 'CIN'})<-[r:HAS_STATUS]-() SET r.fingerprint = $text"
        store.write(longer, text="longer than before, so that records move" * 4)
        assert one(store, "MATCH ()-[r:HAS_STATUS]->() WHERE r.fingerprint <> '' RETURN count(r)") == MANY
        rows = [[f"t{i}", f"erased-{i}"] for i in range(1, MANY + 1)]
        store.write("UNWIND $rows AS row MATCH (n:Tac {tac_id: row[0]}) SET n.tac_id = row[1]", rows=rows)
        assert one(store, "MATCH (n:Tac) WHERE n.tac_id STARTS WITH 'erased-' RETURN count(n)") == MANY
        half = [f"c{i}" for i in range(1, MANY // 2 + 1)]
        store.write(retire_nodes(NODE_BY_LABEL["Child"]), ids=half)
        assert one(store, "MATCH ()-[r:HAS_STATUS]->() RETURN count(r)") == MANY // 2
        assert one(store, "MATCH (:Status {status: 'CIN'})<-[r]-(:Child) RETURN count(r)") == MANY // 2
        (link,) = [x for x in NODE_BY_LABEL["Child"].links if x.creates_target]
        gone = 0
        while found := store.write(retire_childless(NODE_BY_LABEL["Family"], link, "Child"), limit=400)[0][0][
            0
        ]:
            gone += found
        assert gone == MANY // 2
        store.write(f"MATCH (:Practitioner {{practitioner_id: 'p'}})-[r:MEMBER_OF]->() {DELETE_FOUND}")
        assert one(store, "MATCH ()-[r:MEMBER_OF]->() RETURN count(r)") == 0
