"""The relationship types that carry an interval, and the import tables in loading order."""

from __future__ import annotations

from typing import Final

from graphmodel import codes
from graphmodel.declare import NodeType, Property, RelationshipType
from graphmodel.nodes import NODE_TYPES

HOLDS_POST: Final = RelationshipType(
    "HOLDS_POST",
    "posts",
    ("Practitioner", "practitioner_id"),
    ("Agency", "agency_id"),
    "a practitioner's post in an agency",
    "MG 5.21, TG 4.6",
    properties=(
        Property(
            "fte",
            "decimal",
            "full-time equivalent, 1 = full time",
            "MG 5.21",
            required=True,
            above=0,
            maximum=1,
        ),
        Property("home", "boolean", "the home post", "MG 5.8", default="true"),
        Property(
            "tac_share",
            "decimal",
            "part of the post that is there for multi-agency case work; empty: by role",
            "MG 5.21",
            minimum=0,
            maximum=1,
        ),
    ),
)

HAS_STATUS: Final = RelationshipType(
    "HAS_STATUS",
    "statuses",
    ("Child", "child_id"),
    ("Status", "status"),
    "a status of the child",
    "MG Box 1",
)

HAS_NEED: Final = RelationshipType(
    "HAS_NEED",
    "needs",
    ("Child", "child_id"),
    ("NeedsLevel", "level"),
    "the child's place on the continuum of needs",
    "MG 1.7, TG fig. 1",
    end_in_key=False,
)

MEMBER_OF: Final = RelationshipType(
    "MEMBER_OF",
    "memberships",
    ("Practitioner", "practitioner_id"),
    ("Tac", "tac_id"),
    "a practitioner in a Team Around the Child",
    "TG 1.5",
    anchor="end",
)

LEADS: Final = RelationshipType(
    "LEADS",
    "leads",
    ("Practitioner", "practitioner_id"),
    ("Tac", "tac_id"),
    "the lead professional (lead practitioner) of a team",
    "MG 2.7, TG 1.2",
    properties=(
        Property("reason", "text", "why this practitioner", "MG 3.14, PL", codes=codes.LEAD_REASONS),
    ),
    anchor="end",
)

RELATIONSHIP_TYPES: Final = (HOLDS_POST, HAS_STATUS, HAS_NEED, MEMBER_OF, LEADS)

TableType = NodeType | RelationshipType


def _tables() -> dict[str, TableType]:
    declared: dict[str, TableType] = {n.table: n for n in NODE_TYPES if n.table is not None}
    declared.update({r.table: r for r in RELATIONSHIP_TYPES})
    return {name: declared[name] for name in TABLE_ORDER}


TABLE_ORDER: Final = (
    "agencies",
    "practitioners",
    "posts",
    "children",
    "statuses",
    "needs",
    "assessments",
    "tacs",
    "memberships",
    "leads",
    "services",
    "interventions",
    "actions",
    "reviews",
)
"""Every table after those it refers to."""

TABLES: Final[dict[str, TableType]] = _tables()
