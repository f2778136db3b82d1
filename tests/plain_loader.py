"""The plainest loader: one row, one statement, one transaction; for tests and as the benchmark's base."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from graphmodel.codes import SENSITIVE_CATEGORIES
from graphmodel.declare import NodeType, Property, RelationshipType
from graphmodel.nodes import NODE_BY_LABEL
from graphmodel.relationships import TABLES
from graphmodel.store import Store

Row = Mapping[str, str]
Statement = tuple[str, dict[str, Any]]
PARSERS: Final[dict[str, Callable[[str], Any]]] = {
    "date": date.fromisoformat,
    "decimal": float,
    "integer": int,
    "boolean": lambda x: x == "true",
}


def load_plainly(folder: Path, store: Store, *, rows_per_transaction: int = 1) -> int:
    """Load a folder of the canonical format into an empty graph; the number of statements run."""
    done = 0
    for table in TABLES:
        batch: list[Statement] = []
        for statement in statements(folder, table):
            batch.append(statement)
            if len(batch) >= rows_per_transaction:
                store.write(batch)
                done, batch = done + len(batch), []
        if batch:
            store.write(batch)
            done += len(batch)
    return done


def statements(folder: Path, table: str) -> Iterator[Statement]:
    """A table's statements, a row each; links to rows of the same table come after all of them."""
    path = folder / f"{table}.csv"
    if not path.exists():
        return
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [{k: (v or "").strip() for k, v in row.items() if k} for row in csv.DictReader(file)]
    declared = TABLES[table]
    if isinstance(declared, RelationshipType):
        yield from (_relationship(declared, row) for row in rows)
        return
    yield from (_node(declared, row) for row in rows)
    for row in rows:
        yield from _links(declared, row)


def _value(declared: Property, row: Row) -> Any:
    text = row.get(declared.name) or declared.default or ""
    if not text and declared.name == "sensitive":
        return row["category"] in SENSITIVE_CATEGORIES
    if not text or declared.storage != "graph":
        return None
    return PARSERS.get(declared.type, str)(text)


def _node(declared: NodeType, row: Row) -> Statement:
    values = {p.name: _value(p, row) for p in declared.properties}
    for declared_as in declared.properties:
        # any one-to-one text will do where equality is all that is asked
        if declared_as.storage == "hashed" and row.get(declared_as.name):
            values[declared_as.stored_as or ""] = sha256(row[declared_as.name].encode()).hexdigest()
    values[declared.key] = "|".join(row[column] for column in declared.key_columns)
    kept = {name: value for name, value in values.items() if value is not None}
    return f"CREATE (:{declared.label} {_pattern(kept)})", kept


def _links(declared: NodeType, row: Row) -> Iterator[Statement]:
    own = "|".join(row[column] for column in declared.key_columns)
    for link in declared.links:
        other = row.get(link.column)
        if not other:
            continue
        key = NODE_BY_LABEL[link.target].key
        find = "MERGE" if link.creates_target else "MATCH"
        ends = ("a", "b") if link.outgoing else ("b", "a")
        text = (
            f"MATCH (a:{declared.label} {{{declared.key}: $own}}) {find} (b:{link.target} {{{key}: $other}}) "
            f"CREATE ({ends[0]})-[:{link.type}]->({ends[1]})"
        )
        yield text, {"own": own, "other": other}


def _relationship(declared: RelationshipType, row: Row) -> Statement:
    values = {p.name: _value(p, row) for p in declared.all_properties}
    kept = {name: value for name, value in values.items() if value is not None}
    keys = [NODE_BY_LABEL[label].key for label, _ in (declared.start, declared.end)]
    text = (
        f"MATCH (a:{declared.start[0]} {{{keys[0]}: $a}}) MATCH (b:{declared.end[0]} {{{keys[1]}: $b}}) "
        f"CREATE (a)-[:{declared.type} {_pattern(kept)}]->(b)"
    )
    return text, {**kept, "a": row[declared.start[1]], "b": row[declared.end[1]]}


def _pattern(values: Mapping[str, Any]) -> str:
    return "{" + ", ".join(f"{name}: ${name}" for name in values) + "}"
