"""A bad declaration is refused the moment it is made; the model itself holds together."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from graphmodel import codes
from graphmodel.cypher import constraints, introduce_types, relationship_type_names
from graphmodel.declare import Link, NodeType, Property, RelationshipType
from graphmodel.errors import DeclarationError
from graphmodel.nodes import NODE_BY_LABEL, NODE_TYPES
from graphmodel.relationships import RELATIONSHIP_TYPES, TABLE_ORDER, TABLES
from graphmodel.store import Store


@pytest.mark.parametrize(
    "declare",
    [
        lambda: Property("Started", "date", "meaning", "source"),
        lambda: Property("started_on", "date", " ", "source"),
        lambda: Property("started_on", "date", "meaning", ""),
        lambda: Property("level", "integer", "meaning", "source", codes=("1",)),
        lambda: Property("level", "text", "meaning", "source", maximum=4),
        lambda: Property("model", "text", "meaning", "source", codes=("tac",), default="panel"),
        lambda: Link("child_id", "for child", "Child", "meaning", "source"),
        lambda: Link("child_id", "FOR_CHILD", "Child", "", "source"),
        lambda: NodeType("tac", "tac_id", "meaning", "source"),
        lambda: NodeType("Tac", "tac_id", "meaning", ""),
        lambda: NodeType("Tac", "tac_id", "meaning", "source", opens="opened_on"),
        lambda: NodeType(
            "Tac",
            "tac_id",
            "meaning",
            "source",
            properties=(Property("a", "text", "m", "s"), Property("a", "text", "m", "s")),
        ),
        lambda: RelationshipType("member", "t", ("A", "a"), ("B", "b"), "meaning", "source"),
        lambda: RelationshipType("MEMBER", "t", ("A", "a"), ("B", "b"), "", "source"),
    ],
)
def test_a_bad_declaration_is_refused(declare: Callable[[], object]) -> None:
    with pytest.raises(DeclarationError):
        declare()


def test_every_link_and_end_names_a_declared_node_type() -> None:
    targets = {link.target for node in NODE_TYPES for link in node.links}
    ends = {label for r in RELATIONSHIP_TYPES for label in (r.start[0], r.end[0])}
    assert targets | ends <= set(NODE_BY_LABEL)


def test_every_table_loads_after_those_it_refers_to() -> None:
    home = {node.label: node.table for node in NODE_TYPES if node.table}
    for position, name in enumerate(TABLE_ORDER):
        declared = TABLES[name]
        if isinstance(declared, NodeType):
            refers = {link.target for link in declared.links} - {declared.label}
        else:
            refers = {declared.start[0], declared.end[0]}
        for label in refers & set(home):
            assert TABLE_ORDER.index(str(home[label])) < position


def test_a_need_is_known_by_child_and_day_so_that_its_level_can_be_corrected() -> None:
    assert TABLES["needs"].key_columns == ("child_id", "started_on")
    assert TABLES["posts"].key_columns == ("practitioner_id", "agency_id", "started_on")


def test_precedence_of_statuses_is_strict_and_each_profile_rules_the_same_ones() -> None:
    ranks = [s.precedence for s in codes.STATUSES if s.precedence is not None]
    assert ranks == list(range(1, 11))
    for profile in codes.ALLOCATION_PROFILES:
        rules = codes.allocation_rules(profile)
        assert [r["precedence"] for r in rules] == ranks
        assert [r["strength"] for r in rules][:6] == ["required"] * 6


def test_names_in_generated_text_are_identifiers() -> None:
    text = " ".join([*constraints(), introduce_types()])
    assert not re.search(r"[`;\"]", text)
    assert len(relationship_type_names()) == len(set(relationship_type_names()))


def test_the_model_is_applied_twice_without_a_trace(reader: Store) -> None:
    before = reader.fetch("MATCH (n) RETURN labels(n)[0] AS label, count(*) AS nodes ORDER BY label")
    with Store.open(reader.home, "admin") as admin:
        admin.apply_model()
    after = reader.fetch("MATCH (n) RETURN labels(n)[0] AS label, count(*) AS nodes ORDER BY label")
    assert before == after == [["Model", 1], ["NeedsLevel", 4], ["Status", 11]]
    arrows = reader.fetch("MATCH ()-[r]->() RETURN count(r)")
    assert arrows == [[0]]
    names = {row[0] for row in reader.fetch("SHOW CONSTRAINTS YIELD name RETURN name")}
    assert {text.split()[2] for text in constraints()} <= names
