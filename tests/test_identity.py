"""Who is identified by a text of Cypher: tricks to get at names and children, on both engines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest

import queries
from graphmodel.access import Viewer
from graphmodel.audit_log import AuditLog
from graphmodel.errors import AccessRefused, QueryError, TextRefused, WriteRefused
from graphmodel.identity import EVERYONE, MARKED, read_by
from graphmodel.store import Store
from tests.test_queries_run import AS_OF

SECRET: Final = "Una Secret"
CHILD: Final = "child-secret"
ANALYST: Final = Viewer("ann", "analyst", "a question from the board")
LEAD: Final = Viewer("lea", "safeguarding_lead", "enquiry 7")
MANAGER: Final = Viewer("sam", "strategic_manager", "curious")

# each reads the name of a practitioner, whatever the column is called
NAMES: Final = [
    "MATCH (p:Practitioner) RETURN p.name AS x",
    "MATCH (p:Practitioner) RETURN p.`name` AS x",
    "MATCH (p:Practitioner) RETURN p /* a */ . /* b */ name AS x",
    "MATCH (p:Practitioner) WITH p.name AS role RETURN role",
    "MATCH (p:Practitioner) RETURN p {.name} AS x",
    "MATCH (p:Practitioner) RETURN p {.*} AS x",
    "MATCH (p:Practitioner) RETURN properties(p) AS x",
    "MATCH (p:Practitioner) RETURN `properties`(p) AS x",
    "MATCH (p:Practitioner) RETURN PROPERTIES(p) AS x",
    "MATCH (p:Practitioner) RETURN p['name'] AS x",
    "MATCH (p:Practitioner) RETURN p['na' + 'me'] AS x",
    "MATCH (p:Practitioner) RETURN p[$key] AS x",
    "MATCH (p:Practitioner) UNWIND keys(p) AS key RETURN p[key] AS x",
    "MATCH (p:Practitioner) RETURN [k IN keys(p) | p[k]] AS x",
    "MATCH (p:Practitioner) RETURN [q IN [p] | q.name] AS x",
    "MATCH (p:Practitioner) RETURN head(collect(p)).name AS x",
    "MATCH (p:Practitioner) RETURN (p).name AS x",
    "MATCH (p:Practitioner) RETURN {a: p}.a.name AS x",
    "MATCH (p:Practitioner) WITH {a: p} AS m RETURN m.a.name AS x",
    "MATCH (p:Practitioner) RETURN CASE WHEN true THEN p END.name AS x",
    "MATCH (p:Practitioner) RETURN reduce(s = '', q IN [p] | s + q.name) AS x",
    "MATCH (p:Practitioner) RETURN collect(DISTINCT toUpper(p.name)) AS x",
    "MATCH (p:Practitioner) CALL (p) { RETURN p.name AS x } RETURN x",
    "MATCH (p:Practitioner) RETURN COLLECT { MATCH (p) RETURN p.name } AS x",
    "MATCH path = (p:Practitioner)-[:HOLDS_POST]->() RETURN [n IN nodes(path) | n.name] AS x",
    "MATCH (p:Practitioner)-[r:HOLDS_POST]->() RETURN startNode(r).name AS x",
    "MATCH (n) WHERE n.practitioner_id = 'p1' RETURN n.name AS x",
    "MATCH (a:Practitioner|Agency) RETURN collect(a.name) AS x",
    "MATCH (a) RETURN collect(a.name) AS x",
    # the label of a variable of the same name elsewhere says nothing about this one
    "MATCH (a:Agency) WITH 1 AS one MATCH (a) RETURN collect(a.name) AS x",
    "MATCH (a:Agency) WITH 1 AS one MATCH (a:Practitioner) RETURN a.name AS x",
    "MATCH (a:Agency) WITH 1 AS one MATCH (p:Practitioner) WITH p AS a RETURN a.name AS x",
    "OPTIONAL MATCH (a:Agency {agency_id: 'none'}) MATCH (a) RETURN collect(a.name) AS x",
    "MATCH (a:Agency) WITH a.sector AS a1 MATCH (a)-[:HOLDS_POST]->() RETURN collect(a.name) AS x",
    "MATCH (b:Agency) WHERE EXISTS { (a:Agency) } MATCH (a) RETURN collect(a.name) AS x",
    "MATCH (b:Agency), ((a:Agency)-->()){0,1} (a2) MATCH (a) RETURN collect(a.name) AS x",
    "MATCH (b) WHERE b.practitioner_id = 'p1' CALL (b) { MATCH (b) RETURN b.name AS x } RETURN x",
    "MATCH (a:Agency) RETURN 'none' AS x UNION MATCH (a) RETURN a.name AS x",
    "MATCH (a:Agency) CALL { MATCH (a) RETURN collect(a.name) AS x } RETURN x",
    "MATCH (a:Agency), (p:Practitioner) RETURN [a IN [p] | a.name] AS x",
    "CALL { MATCH (a:Agency) RETURN a UNION MATCH (p:Practitioner) RETURN p AS a } RETURN a.name AS x",
    "MATCH (a:Agency) UNWIND [1] AS one MATCH (p:Practitioner) UNWIND [p] AS a2 RETURN a2.name AS x",
    # two variables, whose names differ by a capital
    "MATCH (A:Agency) MATCH (a)-[:HOLDS_POST]->() RETURN a.name AS x",
    "MATCH (A:Agency), (a)-[:HOLDS_POST]->() RETURN collect(a.name) AS x",
]
# each asks by name: an answer of one bit after another
ASKING: Final = [
    "MATCH (p:Practitioner {name: $name}) RETURN count(p) AS x",
    "MATCH (p:Practitioner) WHERE p.name STARTS WITH 'Una' RETURN count(p) AS x",
    "MATCH (p:Practitioner WHERE p.name > 'M') RETURN count(p) AS x",
    "MATCH (p:Practitioner) RETURN p.practitioner_id AS x ORDER BY p.name",
    "RETURN EXISTS { (p {name: 'Una Secret'}) } AS x",
    "MATCH (p:Practitioner) RETURN size(p.name) AS x",
]
# nothing of it says a name, but the rows hold one
WHOLE: Final = [
    "MATCH (p:Practitioner) RETURN p",
    "MATCH (p:Practitioner) RETURN p AS role",
    "MATCH (p:Practitioner) RETURN *",
    "MATCH (p:Practitioner) RETURN collect(p) AS x",
    "MATCH (p:Practitioner) RETURN [[p]] AS x",
    "MATCH (p:Practitioner) RETURN {a: {b: [p]}} AS x",
    "MATCH path = (:Practitioner)-[:HOLDS_POST]->() RETURN path",
    "MATCH path = (:Practitioner)-[:HOLDS_POST]->() RETURN nodes(path) AS x",
    "MATCH (:Practitioner)-[r:HOLDS_POST]->() RETURN startNode(r) AS x",
    "MATCH (n) RETURN n",
]
# an analyst may ask this: agencies and services have names too
FINE: Final = [
    "MATCH (a:Agency) RETURN a.name AS x",
    "MATCH (a:`Agency`)-[:OFFERS]->(s:Service) RETURN s.name AS service, a {.name, .sector} AS x",
    "MATCH (a:Agency {name: $name}) RETURN a.agency_id AS x",
    "MATCH (p:Practitioner)-[:HOLDS_POST]->(a:Agency) WITH a, count(p) AS n RETURN a.name AS x, n",
    "MATCH (a:Agency) CALL (a) { RETURN a.name AS x } RETURN x",
    "MATCH (p:Practitioner) RETURN p.role AS name, {name: p.role} AS x, keys(p) AS k",
    "MATCH (p:Practitioner) RETURN p {.role, name: p.practitioner_id} AS x",
    "MATCH (a:Agency) RETURN a AS whole",
    "MATCH (a:Agency) MATCH (a)<-[:HOLDS_POST]-(p) RETURN a.name AS name, count(p) AS n",
    "MATCH (a:Agency)-->(s), (s:Service) WITH s, a MATCH (s)<--(b) WITH *, 1 AS one RETURN s.name AS name",
    "MATCH (s:Service) WHERE EXISTS { (s)<--() } OPTIONAL MATCH (s)<-[:OF_SERVICE]-(i) RETURN s.name, i",
]
CHILDREN: Final = [
    "MATCH (c:Child) RETURN c.child_id AS x",
    "MATCH (c:Child) RETURN c.birth_date AS x",
    "MATCH (c:Child)-[:IN_FAMILY]->(f) RETURN f.family_id AS x",
    "MATCH (c) RETURN collect(c.child_id) AS x",
    "MATCH (c:Child) RETURN c['child' + '_id'] AS x",
    "MATCH (c:Child) RETURN properties(c) AS x",
    "MATCH (c:Child) RETURN c {.*} AS x",
    "MATCH (c:Child) RETURN c {.child_id} AS x",
    "MATCH (c:Child) RETURN [d IN collect(c) | d.child_id] AS x",
    "MATCH (c:Child {child_id: 'child-secret'}) RETURN count(c) AS x",
    "MATCH (c:Child) RETURN c AS x",
    "MATCH (c:Child) RETURN collect(c) AS x",
    "MATCH path = (:Child)-[:IN_FAMILY]->() RETURN path AS x",
    "MATCH path = (:Child)-[:IN_FAMILY]->() RETURN nodes(path)[1] AS x",
]
GIVEN: Final = {"key": "name", "name": SECRET}


@pytest.fixture
def filled(reader: Store, writer: Store) -> Store:
    """A practitioner and a child whose name and id must not be seen."""
    writer.write(
        "CREATE (a:Agency {agency_id: 'A', name: 'Health', sector: 'health'})-[:OFFERS]->"
        "(:Service {service_id: 's1', name: 'Clinic'}), "
        "(:Practitioner {practitioner_id: 'p1', name: $secret, role: 'gp'})-[:HOLDS_POST {fte: 1.0}]->(a), "
        "(c:Child {child_id: $child, locality: 'North', birth_date: date('2015-05-05')})-[:IN_FAMILY]->"
        "(:Family {family_id: 'family-secret'})",
        secret=SECRET,
        child=CHILD,
    )
    return reader


def read(store: Store, text: str, viewer: Viewer) -> str:
    """All that came back, as text; empty where this engine cannot run it."""
    try:
        found = store.read(text, GIVEN, viewer=viewer)
    except QueryError:
        return ""
    return json.dumps(found.rows, default=str).casefold()


def test_the_model_marks_what_identifies() -> None:
    assert {(name, label) for name, of in MARKED.items() for label in of} == {
        ("name", "Practitioner"),
        *((name, "Child") for name in ("child_id", "birth_date", "upn_hash", "nhs_number_hash")),
        ("family_id", "Family"),
    }
    assert {"name", "child"} == EVERYONE


@pytest.mark.parametrize("text", [*NAMES, *ASKING])
def test_a_text_that_reads_names_is_seen(text: str) -> None:
    assert "name" in read_by(text), text


@pytest.mark.parametrize("text", FINE)
def test_names_of_agencies_are_no_names_of_people(text: str) -> None:
    assert "name" not in read_by(text), text


def test_every_query_of_the_catalogue_is_held_to_what_its_header_says() -> None:
    for name, query in queries.catalogue().items():
        read = read_by(query.text)
        assert "name" not in read, name
        if query.identifying != "child":
            shown = {column.name for column in query.columns} & set(MARKED) - {"name"}
            assert not shown, name


def test_names_are_for_those_who_may_see_them_whatever_they_are_called(filled: Store) -> None:
    leaks = 0
    for text in [*NAMES, *ASKING, *WHOLE]:
        for viewer in (ANALYST, Viewer.local(), Viewer("ad", "administrator", "x")):
            with pytest.raises(AccessRefused):
                filled.read(text, GIVEN, viewer=viewer)
        leaks += SECRET.casefold() in read(filled, text, LEAD)
    # the tricks are tricks: most of them would have shown it
    assert leaks >= len(NAMES) + len(WHOLE) - 4
    for text in FINE:
        filled.read(text, GIVEN, viewer=ANALYST)


def test_analysts_text_is_refused_before_it_runs(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    rows = Store._rows

    def spy(self: Store, query: str, *rest: Any) -> Any:
        asked.append(query)
        return rows(self, query, *rest)

    monkeypatch.setattr(Store, "_rows", spy)
    for text in [*NAMES, *ASKING]:
        with pytest.raises((QueryError, AccessRefused)):
            queries.answer_text(text, as_of=AS_OF, store=filled, viewer=ANALYST, parameters=GIVEN)
    assert asked == []
    for text in WHOLE:
        with pytest.raises(AccessRefused, match="hold a whole Practitioner"):
            queries.answer_text(text, as_of=AS_OF, store=filled, viewer=ANALYST)
    assert len(asked) == len(WHOLE)
    own = Viewer("ann", "safeguarding_lead", "enquiry 7")
    text = "MATCH (p:Practitioner) RETURN p.name AS x"
    assert queries.answer_text(text, as_of=AS_OF, store=filled, viewer=own).rows.rows == [(SECRET,)]
    with pytest.raises(AccessRefused, match="no reason was stated"):
        queries.answer_text(text, as_of=AS_OF, store=filled, viewer=Viewer.local())


def test_children_cannot_be_had_by_another_name(filled: Store) -> None:
    leaks = 0
    for text in CHILDREN:
        for viewer in (MANAGER, Viewer("x", "agency_manager", "y"), Viewer("ann", "analyst", " ")):
            with pytest.raises(AccessRefused, match=r"child|reason"):
                filled.read(text, viewer=viewer)
        found = read(filled, text, LEAD)
        leaks += "secret" in found or "2015-05-05" in found
        entry = filled.audit.entries()[-1]
        assert (entry["who"], entry["rows"] > 0) == ("lea", bool(found)), text
    assert leaks >= len(CHILDREN) - 2
    counted = filled.read("MATCH (c:Child) RETURN c.locality AS place, count(c) AS n", viewer=MANAGER)
    assert counted.rows == [("North", 1)]


def test_an_own_query_cannot_show_names_either(
    filled: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TACGRAPH_QUERIES", str(tmp_path / "mine"))
    text = "MATCH (p:Practitioner) WHERE $as_of IS NOT NULL RETURN p.name AS role"
    columns = [queries.Column("role", "text", "looks harmless")]
    queries.save("harmless", queries.own.with_header("harmless", text, columns, {}))
    with pytest.raises(AccessRefused, match=r"may not see named practitioners \(the text reads p.name"):
        queries.answer("harmless", as_of=AS_OF, store=filled, viewer=ANALYST)
    assert queries.answer("harmless", as_of=AS_OF, store=filled, viewer=LEAD).rows.rows == [(SECRET,)]


def test_a_managers_names_stay_those_of_the_own_agency_under_any_alias(filled: Store) -> None:
    head = Viewer("head", "agency_manager", "supervision", agency_id="A")
    text = "MATCH (p:Practitioner) RETURN p.practitioner_id AS practitioner_id, p.name AS role"
    assert filled.read(text, viewer=head).rows == [("p1", SECRET)]
    entry = filled.audit.entries()[-1]
    assert (entry["who"], entry["about"], entry["rows"]) == ("head", "named practitioner", 1)
    other = Viewer("head", "agency_manager", "supervision", agency_id="B")
    for asked in (text, "MATCH (p:Practitioner) RETURN p.name AS role"):
        with pytest.raises(AccessRefused, match="of B only"):
            filled.read(asked, viewer=other)


# -- refusals on the record ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        ("MATCH (p:Practitioner) RETURN p.name AS x", AccessRefused, "may not see named practitioners"),
        ("MATCH (p:Practitioner) RETURN p", AccessRefused, "hold a whole Practitioner"),
        ("MATCH (c:Child) RETURN c.upn_hash AS x", TextRefused, "upn_hash is not allowed"),
        ("MATCH (c:Child) SET c.locality = ''", WriteRefused, "SET"),
        ("RETURN 1 AS one; MATCH (n) DETACH DELETE n", TextRefused, "more than one statement"),
        ("MATCH (c:Child RETURN c", TextRefused, "not closed"),
    ],
)
def test_a_refused_text_is_on_the_record(filled: Store, text: str, kind: type[Exception], said: str) -> None:
    before = len(filled.audit.entries())
    with pytest.raises(kind):
        queries.answer_text(text, as_of=AS_OF, store=filled, viewer=ANALYST)
    (entry,) = filled.audit.entries()[before:]
    assert (entry["who"], entry["role"], entry["what"], entry["rows"]) == ("ann", "analyst", "free text", 0)
    assert entry["reason"] == "a question from the board"
    assert entry["about"].startswith("sha256:")
    assert said in entry["refused"]
    assert filled.audit.verify() == []


def test_refused_looks_are_on_the_record_once_each(filled: Store) -> None:
    before = len(filled.audit.entries())
    with pytest.raises(AccessRefused):
        queries.answer("who_works_with", as_of=AS_OF, store=filled, viewer=MANAGER, child_id="c02")
    with pytest.raises(AccessRefused):
        queries.answer("workload", as_of=AS_OF, store=filled, viewer=MANAGER)
    with pytest.raises(AccessRefused):
        queries.answer_text("RETURN 1 AS one", as_of=AS_OF, store=filled, viewer=MANAGER)
    with pytest.raises(AccessRefused):
        filled.read("MATCH (c:Child) RETURN c.child_id AS x", viewer=MANAGER, what="a page")
    entries = filled.audit.entries()[before:]
    assert [(entry["what"], entry["rows"]) for entry in entries] == [
        ("who_works_with", 0),
        ("workload", 0),
        ("free text", 0),
        ("a page", 0),
    ]
    assert entries[0]["about"] == "child_id=c02"
    assert all("may not see" in entry["refused"] for entry in entries)
    # what is no matter of rights or of the guard is no refusal
    with pytest.raises(QueryError):
        queries.answer_text("MATCH (c:Child) RETURN $x AS x", as_of=AS_OF, store=filled, viewer=ANALYST)
    assert len(filled.audit.entries()) == before + len(entries)


def test_a_refusal_needs_no_data_folder_to_be_a_refusal(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "nowhere")
    with pytest.raises(TextRefused), log.refusals(ANALYST, "free text", about="x"):
        raise TextRefused("the query", "is none", "Mend it.")
    assert log.entries() == []
