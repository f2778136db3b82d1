"""Neo4j's own `LOAD CSV` on the same files, as its manual teaches it: the yardstick for our loader.

A statement for each table's nodes, one for each link, one for each relationship with an interval; values
typed, 5,000 rows a transaction. Less than what our loader does: no checks, no rejects, no findings, no
source, load or fingerprint on a fact, so nothing can be updated or retired afterwards.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

from graphmodel.declare import Link, NodeType, Property, RelationshipType
from graphmodel.nodes import NODE_BY_LABEL
from graphmodel.relationships import TABLES
from tests.neo4j.server import RunningNeo4j

Verb = Literal["CREATE", "MERGE"]
BATCH_ROWS: Final = 5_000
_TYPED: Final = {"date": "date({})", "decimal": "toFloat({})", "integer": "toInteger({})"}


def statements(verb: Verb) -> Iterator[tuple[str, str]]:
    """(table, Cypher with `$url`) for all tables, in order."""
    for table, declared in TABLES.items():
        if isinstance(declared, RelationshipType):
            yield table, _whole(_relationship(declared, verb))
            continue
        yield table, _whole(_node(declared, verb))
        for link in declared.links:
            yield table, _whole(_link(declared, link, verb), f"WITH row WHERE row.{link.column} IS NOT NULL ")


def run(server: RunningNeo4j, folder: Path, verb: Verb) -> None:
    """Load a folder of the import format into an empty graph that has the model's constraints."""
    for table in TABLES:
        shutil.copyfile(folder / f"{table}.csv", server.import_folder / f"{table}.csv")
    with server.driver() as driver, driver.session() as session:
        for table, text in statements(verb):
            session.run(text, {"url": f"file:///{table}.csv"}).consume()


def _whole(work: str, only: str = "") -> str:
    head = f"LOAD CSV WITH HEADERS FROM $url AS row {only}"
    return f"{head}CALL (row) {{ {work} }} IN TRANSACTIONS OF {BATCH_ROWS} ROWS"


def _value(p: Property) -> str:
    cell = f"row.{p.name}" if p.default is None else f"coalesce(row.{p.name}, '{p.default}')"
    return f"toBoolean({cell})" if p.type == "boolean" else _TYPED.get(p.type, "{}").format(cell)


def _stored(properties: tuple[Property, ...]) -> dict[str, str]:
    return {p.name: _value(p) for p in properties if p.storage == "graph"}


def _key(node: NodeType) -> str:
    return " + '|' + ".join(f"row.{column}" for column in node.key_columns)


def _node(node: NodeType, verb: Verb) -> str:
    values = _stored(node.properties)
    if verb == "CREATE":
        inner = ", ".join(f"{name}: {value}" for name, value in {node.key: _key(node), **values}.items())
        return f"CREATE (n:{node.label} {{{inner}}})"
    return f"MERGE (n:{node.label} {{{node.key}: {_key(node)}}})" + _set("n", values)


def _set(variable: str, values: dict[str, str]) -> str:
    return " SET " + ", ".join(f"{variable}.{n} = {v}" for n, v in values.items()) if values else ""


def _link(node: NodeType, link: Link, verb: Verb) -> str:
    target = NODE_BY_LABEL[link.target]
    find = "MERGE" if link.creates_target else "MATCH"
    arrow = f"-[:{link.type}]->" if link.outgoing else f"<-[:{link.type}]-"
    return (
        f"MATCH (n:{node.label} {{{node.key}: {_key(node)}}}) "
        f"{find} (t:{target.label} {{{target.key}: row.{link.column}}}) {verb} (n){arrow}(t)"
    )


def _relationship(rel: RelationshipType, verb: Verb) -> str:
    start, end = NODE_BY_LABEL[rel.start[0]], NODE_BY_LABEL[rel.end[0]]
    values = _stored(rel.all_properties)
    ends = (
        f"MATCH (s:{start.label} {{{start.key}: row.{rel.start[1]}}}) "
        f"MATCH (e:{end.label} {{{end.key}: row.{rel.end[1]}}}) "
    )
    keys = {"started_on": values.pop("started_on")}
    if verb == "CREATE":
        keys, values = {**keys, **values}, {}
    inner = ", ".join(f"{name}: {value}" for name, value in keys.items())
    return f"{ends}{verb} (s)-[r:{rel.type} {{{inner}}}]->(e)" + _set("r", values)
