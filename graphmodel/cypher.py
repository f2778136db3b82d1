"""Declarations to Cypher text: constraints and the model's own code nodes. Text only; no database here.

Labels, types and property names come from the declarations, which admit letters, digits and underscores
only; every value is a parameter.
"""

from __future__ import annotations

from typing import Any

from graphmodel.codes import NEEDS_LEVELS, STATUSES
from graphmodel.nodes import NEEDS_LEVEL, NODE_TYPES, STATUS
from graphmodel.relationships import RELATIONSHIP_TYPES


def constraints() -> list[str]:
    """One unique constraint on each node type's id: immutable text, so also the one safe index."""
    return [
        f"CREATE CONSTRAINT {node.label.lower()}_{node.key} IF NOT EXISTS "
        f"FOR (n:{node.label}) REQUIRE n.{node.key} IS UNIQUE"
        for node in NODE_TYPES
    ]


def relationship_type_names() -> list[str]:
    """Every relationship type of the model, links included, in order of declaration."""
    links = [link.type for node in NODE_TYPES for link in node.links]
    return list(dict.fromkeys([*links, *(r.type for r in RELATIONSHIP_TYPES)]))


def introduce_types() -> str:
    """One statement that makes every relationship type known and leaves nothing behind.

    The embedded engine's writer may not introduce a type, so the administrator does it first.
    """
    arrows = " ".join(f"CREATE (n)-[r{i}:{t}]->(n)" for i, t in enumerate(relationship_type_names()))
    gone = ", ".join(f"r{i}" for i in range(len(relationship_type_names())))
    return f"CREATE (n:Load {{load_id: 'introducing-types'}}) {arrows} DELETE {gone}, n"


def code_nodes() -> list[tuple[str, list[dict[str, Any]]]]:
    """The model's reference nodes: (statement with `$rows`, rows) for each code list."""
    statuses = [{"id": s.status, "name": s.name, "precedence": s.precedence} for s in STATUSES]
    levels = [{"id": str(n.level), "level": n.level, "name": n.name} for n in NEEDS_LEVELS]
    return [
        (
            f"UNWIND $rows AS row MERGE (s:{STATUS.label} {{{STATUS.key}: row.id}}) "
            "SET s.name = row.name, s.precedence = row.precedence",
            statuses,
        ),
        (
            f"UNWIND $rows AS row MERGE (n:{NEEDS_LEVEL.label} {{{NEEDS_LEVEL.key}: row.id}}) "
            "SET n.level = row.level, n.name = row.name",
            levels,
        ),
    ]
