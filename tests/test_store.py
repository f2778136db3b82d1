"""The way to the database, on both engines: reads cannot write, faults are in words, looks are recorded."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from graphmodel.access import Role, Viewer
from graphmodel.audit_log import AuditLog
from graphmodel.errors import AccessRefused, EngineError, QueryError
from graphmodel.store import Store
from graphmodel.target import find_target

LOCAL = Viewer("jo", "safeguarding_lead", "test")
MANAGER = Viewer("sam", "strategic_manager")

WRITES = (
    "CREATE (n:Tac {tac_id: 'x'}) RETURN n.tac_id AS id",
    "MERGE (n:Tac {tac_id: 'x'}) RETURN n.tac_id AS id",
    "MATCH (s:Status) SET s.name = 'x' RETURN count(*) AS n",
    "MATCH (s:Status) REMOVE s.name RETURN count(*) AS n",
    "MATCH (s:Status) DETACH DELETE s RETURN count(*) AS n",
    "MATCH (s:Status) FOREACH (x IN [1] | SET s.name = 'x') RETURN count(*) AS n",
    "MATCH (s:Status) CALL (s) { SET s.name = 'x' } RETURN count(*) AS n",
    "CREATE INDEX sneaky FOR (s:Status) ON (s.name)",
    "EXPLAIN CREATE INDEX sneaky FOR (s:Status) ON (s.name)",
    "DROP CONSTRAINT status_status",
)


def _state(store: Store) -> list[list[object]]:
    nodes = store.fetch("MATCH (s) RETURN labels(s)[0] AS l, s.status AS s, s.name AS n ORDER BY l, s, n")
    named = store.fetch("SHOW CONSTRAINTS YIELD name RETURN name ORDER BY name")
    indexes = store.fetch("SHOW INDEXES YIELD name WHERE name = 'sneaky' RETURN name")
    return [*nodes, *named, *indexes]


@pytest.mark.parametrize("text", WRITES)
def test_a_reader_cannot_write(reader: Store, text: str) -> None:
    before = _state(reader)
    if text.startswith("EXPLAIN"):
        # real Neo4j only plans it; the embedded engine would run it, so there the account must refuse
        try:
            reader.read(text, viewer=LOCAL)
        except QueryError:
            assert _state(reader) == before
    else:
        with pytest.raises(QueryError):
            reader.read(text, viewer=LOCAL)
    assert _state(reader) == before


def test_values_come_as_plain_python(reader: Store) -> None:
    found = reader.read(
        "RETURN date('2024-02-29') AS d, [date('2026-01-01'), null] AS l, {a: date('2026-01-02')} AS m, "
        "datetime($iso) AS t, 1.5 AS f, true AS b",
        {"iso": "2026-10-31T12:30:00Z"},
        viewer=LOCAL,
    )
    assert found.records() == [
        {
            "d": date(2024, 2, 29),
            "l": [date(2026, 1, 1), None],
            "m": {"a": date(2026, 1, 2)},
            "t": datetime(2026, 10, 31, 12, 30, tzinfo=UTC),
            "f": 1.5,
            "b": True,
        }
    ]


def test_a_row_limit_says_when_it_bit(reader: Store) -> None:
    text = "UNWIND range(1, 10) AS n RETURN n ORDER BY n"
    cut = reader.read(text, viewer=LOCAL, row_limit=4)
    assert ([row[0] for row in cut.rows], cut.complete) == ([1, 2, 3, 4], False)
    exact = reader.read(text, viewer=LOCAL, row_limit=10)
    assert (len(exact.rows), exact.complete) == (10, True)


def test_large_reads_come_in_chunks(reader: Store) -> None:
    chunks = list(reader.stream("UNWIND range(1, 2500) AS n RETURN n", chunk=1000))
    assert [len(c) for c in chunks] == [1000, 1000, 500]
    assert sum(row[0] for c in chunks for row in c) == 2500 * 2501 // 2


def test_a_look_at_a_child_is_recorded_and_others_are_not(writer: Store, reader: Store) -> None:
    writer.write("CREATE (:Child {child_id: $id})", id="c1")
    before = len(AuditLog(reader.home).entries())
    reader.read("MATCH (s:Status) RETURN s.status AS status", viewer=LOCAL)
    assert len(AuditLog(reader.home).entries()) == before
    reader.read("MATCH (c:Child) RETURN c.child_id AS child_id", viewer=LOCAL, what="children", about="c1")
    entry = AuditLog(reader.home).entries()[-1]
    assert (entry["who"], entry["what"], entry["about"], entry["rows"]) == ("jo", "children", "c1", 1)


def test_who_may_not_see_children_gets_none(writer: Store, reader: Store) -> None:
    writer.write("CREATE (:Child {child_id: $id})", id="c1")
    with pytest.raises(AccessRefused, match="strategic_manager"):
        reader.read("MATCH (c:Child) RETURN c.child_id AS child_id", viewer=MANAGER)


def test_a_transaction_is_all_or_nothing(writer: Store, reader: Store) -> None:
    with pytest.raises(QueryError):
        writer.write(
            [
                ("CREATE (:Tac {tac_id: $id})", {"id": "t1"}),
                ("CREATE (:Tac {tac_id: $id})", {"id": "t1"}),
            ]
        )
    assert reader.fetch("MATCH (t:Tac) RETURN count(t)") == [[0]]


def test_a_fault_in_the_text_is_said_in_words(reader: Store) -> None:
    with pytest.raises(QueryError, match="the database refused it"):
        reader.read("MATCH (n RETURN n", viewer=LOCAL)


def test_the_password_is_in_no_representation(on_engine: Path) -> None:
    target = find_target(on_engine, "reader")
    assert len(target.password) >= 8
    assert target.password not in repr(target)
    assert target.password not in str(target)


def test_an_unreachable_database_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEO4J_URI", "bolt://127.0.0.1:1")
    monkeypatch.setenv("NEO4J_PASSWORD", "none")
    with pytest.raises(EngineError, match="cannot be reached") as caught:
        Store.open(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_missing_password_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEO4J_URI", "bolt://127.0.0.1:7687")
    monkeypatch.delenv("NEO4J_PASSWORD", raising=False)
    with pytest.raises(EngineError, match="NEO4J_PASSWORD"):
        Store.open(tmp_path)


def test_a_wrong_password_is_said(
    tmp_path: Path, neo4j_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in neo4j_environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("NEO4J_PASSWORD", "certainly-not-this-one")
    with pytest.raises(EngineError, match="does not accept this name and password"):
        Store.open(tmp_path)


NAMES = "MATCH (p:Practitioner) WHERE p.practitioner_id IN $ids RETURN p.practitioner_id AS practitioner_id, "
NAMES += "p.name AS practitioner_name ORDER BY practitioner_id"


def test_an_agency_manager_gets_names_of_the_own_agency_and_what_is_part_of_it(
    reader: Store, writer: Store
) -> None:
    writer.write(
        "CREATE (a:Agency {agency_id: 'A'})<-[:PART_OF]-(t:Agency {agency_id: 'A-team'}), "
        "(b:Agency {agency_id: 'B'}), "
        "(:Practitioner {practitioner_id: 'p1', name: 'Una'})-[:HOLDS_POST]->(a), "
        "(:Practitioner {practitioner_id: 'p2', name: 'Dua'})-[:HOLDS_POST]->(t), "
        "(:Practitioner {practitioner_id: 'p3', name: 'Tria'})-[:HOLDS_POST]->(b), "
        "(:Practitioner {practitioner_id: 'p4', name: 'Nemo'})"
    )
    head = Viewer("head", "agency_manager", "supervision", agency_id="A")
    before = len(reader.audit.entries())
    found = reader.read(NAMES, {"ids": ["p1", "p2"]}, viewer=head)
    assert found.rows == [("p1", "Una"), ("p2", "Dua")]
    assert len(reader.audit.entries()) == before + 1
    for ids in (["p3"], ["p1", "p3"], ["p4"]):
        with pytest.raises(AccessRefused, match="of A only"):
            reader.read(NAMES, {"ids": ids}, viewer=head)
    with pytest.raises(AccessRefused, match="of A only"):
        reader.read("MATCH (p:Practitioner) RETURN p.name AS practitioner_name", viewer=head)
    with pytest.raises(AccessRefused, match="of A only"):
        reader.read("MATCH (p:Practitioner) RETURN p.practitioner_id AS practitioner_id", viewer=head)
    with pytest.raises(AccessRefused, match="no reason"):
        reader.read(NAMES, {"ids": ["p1"]}, viewer=replace(head, reason=""))
    looks = [entry for entry in reader.audit.entries()[before:] if "refused" not in entry]
    assert len(looks) == 1
    assert len(reader.audit.entries()) == before + 7


# ids of practitioners, whatever the column is called
BY_ID = (
    "MATCH (p:Practitioner) RETURN p.practitioner_id AS x",
    "MATCH (p:Practitioner) RETURN collect(p.`practitioner_id`) AS role",
    "MATCH (p:Practitioner) RETURN p {.practitioner_id} AS x",
    "MATCH (p:Practitioner) WHERE p.practitioner_id STARTS WITH 'p' RETURN count(p) AS x",
    "MATCH (p:Practitioner {practitioner_id: 'p1'}) RETURN count(p) AS x",
)


@pytest.mark.parametrize("role", ["strategic_manager", "practitioner", "administrator"])
def test_who_may_not_see_practitioners_gets_no_row_of_them(reader: Store, writer: Store, role: Role) -> None:
    writer.write("CREATE (:Practitioner {practitioner_id: 'p1', name: 'Una'})")
    with pytest.raises(AccessRefused, match="may not see"):
        reader.read(
            "MATCH (p:Practitioner) RETURN p.practitioner_id AS practitioner_id",
            viewer=Viewer("x", role, "y"),
        )
    with pytest.raises(AccessRefused, match="may not see"):
        reader.read(NAMES, {"ids": ["p1"]}, viewer=Viewer("x", role, "y"))
    head = Viewer("head", "agency_manager", "supervision", agency_id="A")
    for text in BY_ID:
        with pytest.raises(AccessRefused, match="may not see"):
            reader.read(text, viewer=Viewer("x", role, "y"))
        with pytest.raises(AccessRefused, match="of A only"):
            reader.read(text, viewer=head)
