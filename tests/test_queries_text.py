"""An analyst's own Cypher: what is refused before an engine sees it, and what both engines do with it."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import queries
from graphmodel.access import Viewer
from graphmodel.audit_log import AuditLog
from graphmodel.errors import AccessRefused, QueryError, WriteRefused
from graphmodel.nodes import CHILD
from graphmodel.settings import settings
from graphmodel.store import Store
from queries.grammar import HASHED, MOST_CHARACTERS, check_text, grammar_fault
from tests.loading import facts
from tests.plain_loader import load_plainly
from tests.primer import PRIMER, steps
from tests.test_cli import tacgraph
from tests.test_queries_run import AS_OF, SMALL

WRITES = [
    "CREATE (:Child {child_id: 'x'})",
    "MATCH (c:Child) SET c.locality = ''",
    "MATCH (c:Child) CALL (c) { SET c.locality = '' } RETURN 1 AS one",
    "CALL { MATCH (c:Child) DETACH DELETE c } RETURN 1 AS one",
    "MATCH (c:Child) CALL { WITH c DELETE c } IN TRANSACTIONS OF 1 ROWS",
    "FOREACH (x IN [1] | CREATE (:Family))",
    "MERGE (:Family {family_id: 'x'})",
    "MATCH (c:Child) REMOVE c.locality",
    "INSERT (:Family)",
    "RETURN 1 AS one UNION CREATE (:Family)",
    "RETURN COLLECT { CREATE (f:Family) RETURN f } AS x",
    "LOAD CSV FROM 'file:///etc/passwd' AS line RETURN line",
    "CREATE INDEX FOR (c:Child) ON (c.locality)",
    "CREATE CONSTRAINT FOR (c:Child) REQUIRE c.locality IS UNIQUE",
    "DROP CONSTRAINT child_child_id",
    "SHOW TRANSACTIONS",
    "SHOW USERS",
    "TERMINATE TRANSACTION 'neo4j-transaction-1'",
    "CREATE USER eve SET PASSWORD 'evil1234'",
    "ALTER CURRENT USER SET PASSWORD FROM 'a' TO 'b'",
    "GRANT ROLE admin TO eve",
    "CREATE DATABASE other",
    "STOP DATABASE neo4j",
    "USE system RETURN 1 AS one",
    "MATCH (c:Child)\u00a0SET\u2003c.locality = '' RETURN c",
    "MATCH (c:Child) /* a */ sEt/**/c.locality = '' RETURN c",
    "MATCH (c:Child) // a\n SET c.locality = '' RETURN c",
    "MATCH (c:`Child`) SET c.`locality` = ''",
]
OTHERS = [
    ("CALL db.labels() YIELD label RETURN label", "procedure db.labels"),
    ("CALL `db`.`labels`() YIELD label RETURN label", "procedure db.labels"),
    ("CALL dbms.listConfig() YIELD name RETURN name", "procedure dbms.listConfig"),
    ("CALL apoc.cypher.doIt('CREATE (n)', {}) YIELD value RETURN value", "procedure apoc.cypher.doIt"),
    ("RETURN apoc.cypher.runFirstColumnSingle('CREATE (n) RETURN n', {}) AS x", "function apoc"),
    ("EXPLAIN CREATE INDEX FOR (c:Child) ON (c.locality)", "begins with EXPLAIN"),
    ("/* a */ eXplain MATCH (n) RETURN n", "begins with EXPLAIN"),
    ("PROFILE MATCH (n) RETURN n", "begins with PROFILE"),
    ("CYPHER 25 MATCH (n) RETURN n", "begins with CYPHER"),
    ("RETURN 1 AS one; CREATE (:Family)", "more than one statement"),
    ("RETURN 1 AS one; // CREATE (:Family)\n;", "more than one statement"),
    ("MATCH (c:Child) \\u0053ET c.locality = ''", "unicode escape"),
    ("MATCH (c:Child) S\u200bET c.locality = '' RETURN c", r"cannot be seen \(U\+200B\)"),
    ("MATCH (c:Child) RETURN c.child_id AS \u202eid", r"cannot be seen \(U\+202E\)"),
    ("RETURN 1 AS one\x00", r"cannot be seen \(U\+0000\)"),
    ("MATCH (c:Child) \uff33\uff25\uff34 c.locality = '' RETURN c", "invalid Cypher"),
    ("", "says nothing"),
    ("// only a comment", "says nothing"),
    ("RETURN 'open", "not closed"),
    ("MATCH (c:Child RETURN c", "not closed"),
    ("SELECT * FROM children", "invalid Cypher"),
    ("RETURN " + "(" * 400 + "1" + ")" * 400, "nested too deeply"),
    ("RETURN 1 AS one //" + "x" * MOST_CHARACTERS, "characters"),
]
HASHES = [
    "MATCH (c:Child) RETURN c.{name} AS x",
    "MATCH (c:Child) RETURN c.`{name}` AS x",
    "MATCH (c:Child {{{name}: 'x'}}) RETURN c.child_id AS x",
    "MATCH (c:Child) WHERE EXISTS {{ MATCH (d:Child) WHERE d.{name} = c.child_id }} RETURN 1 AS x",
    "MATCH (c:Child) RETURN c {{.child_id, .{name}}} AS x",
    "MATCH (c:Child) RETURN c['{name}'] AS x",
    "MATCH (c:Child) RETURN (c)['{name}'] AS x",
    "MATCH (c:Child) UNWIND keys(c) AS k RETURN c[k] AS x",
    "MATCH (c:Child) RETURN c {{.*}} AS x",
    "MATCH (c:Child) RETURN properties(c) AS x",
    "MATCH (c:Child) WITH collect(c)[0] AS d RETURN d.{name} AS x",
    "MATCH (c:Child) RETURN $x[c.{name}] AS x",
]
GOOD = [
    "MATCH (c:Child) RETURN count(c) AS n;",
    "MATCH (c:Child) WHERE c.locality <> 'SET; CREATE' RETURN count(c) AS n LIMIT 3",
    "CALL { MATCH (c:Child) RETURN c UNION MATCH (c:Child) RETURN c } RETURN count(c) AS n",
    "MATCH (t:Tac) CALL (t) { MATCH (t)<-[:LEADS]-(p) RETURN count(p) AS leads } RETURN sum(leads) AS n",
    "MATCH p = shortestPath((a:Practitioner)-[*..6]-(b:Practitioner)) WHERE a <> b RETURN count(p) AS n",
    "MATCH (a:Agency)<-[:HOLDS_POST]-(p) RETURN COUNT { (p)-[:LEADS]->() } AS n, $weights[a.sector] AS w",
]


@pytest.mark.parametrize("text", WRITES)
def test_what_would_write_manage_or_reach_outside_is_refused(text: str) -> None:
    with pytest.raises(WriteRefused):
        check_text(text)


@pytest.mark.parametrize(("text", "said"), OTHERS)
def test_what_is_no_single_plain_read_is_refused(text: str, said: str) -> None:
    with pytest.raises(QueryError, match=said):
        check_text(text)


@pytest.mark.parametrize("text", HASHES)
def test_identity_hashes_are_out_of_reach(text: str) -> None:
    hashed = [f"{p.name}_hash" for p in CHILD.properties if p.storage == "hashed"]
    assert sorted(hashed) == ["nhs_number_hash", "upn_hash"]
    for name in hashed:
        with pytest.raises(QueryError, match="not allowed"):
            check_text(text.format(name=name))


@pytest.mark.parametrize("text", GOOD)
def test_reads_are_taken(text: str) -> None:
    assert check_text(text) == text.removesuffix(";")


def test_the_whole_catalogue_is_cypher_that_reads_and_gives_no_hash() -> None:
    faults = {name: grammar_fault(query.text) for name, query in queries.catalogue().items()}
    assert {name: fault for name, fault in faults.items() if fault} == {}
    hashed = {entry.partition(".")[2] for entry in HASHED}
    naming = {name for name, q in queries.catalogue().items() if any(h in q.text for h in hashed)}
    assert naming == {"duplicate_identities"}, "it compares them, and gives ids"
    returned = queries.catalogue()["duplicate_identities"].text.rpartition("RETURN")[2]
    assert "hash" not in returned


# -- on both engines -------------------------------------------------------------------------------

ANALYST = Viewer("ann", "analyst", "a question from the board")


def ask(store: Store, text: str, **given: Any) -> queries.Result:
    return queries.answer_text(text, as_of=AS_OF, store=store, viewer=ANALYST, **given)


def test_no_refused_text_changes_anything_even_when_asked_past_the_guard(
    reader: Store, writer: Store
) -> None:
    load_plainly(SMALL, writer, rows_per_transaction=200)
    before = facts(writer)
    for text in [*WRITES, *(text for text, _ in OTHERS)]:
        with pytest.raises(QueryError):
            ask(reader, text)
    # the account that reads, not the guard, is what cannot write
    for text in WRITES:
        if not text.startswith(("SHOW", "TERMINATE", "USE")):
            with pytest.raises(QueryError):
                reader.read(text, viewer=ANALYST)
    assert facts(writer) == before


def test_rows_come_typed_and_on_the_record(on_engine: Path, reader: Store, writer: Store) -> None:
    load_plainly(SMALL, writer, rows_per_transaction=200)
    text = (
        "// who is looked after\nMATCH (c:Child)-[:ATTENDS]->(s:Agency) WHERE c.birth_date < $as_of\n"
        "RETURN s.agency_id AS school, c.child_id AS somebody, c.birth_date AS born, $factor * 2 AS twice, "
        "[c.locality] AS places, c AS node ORDER BY somebody DESC"
    )
    before = len(AuditLog(on_engine).entries())
    result = ask(reader, text, parameters={"factor": 1.5})
    assert [row[:5] for row in result.rows.rows][:2] == [
        ("S1", "c09", date(2020, 2, 29), 3.0, ["South"]),
        ("S1", "c06", date(2009, 2, 14), 3.0, ["North"]),
    ]
    assert [column.type for column in result.query.columns] == [
        *("text", "text", "date", "decimal", "list", "text"),
    ]
    assert [str(kind) for kind in result.frame().dtypes][:3] == ["str", "str", "datetime64[s]"]
    entry = AuditLog(on_engine).entries()[before]
    assert (entry["who"], entry["what"], entry["rows"]) == ("ann", "free text", 5)
    assert hashlib.sha256(text.encode()).hexdigest() in entry["about"]
    assert "MATCH (c:Child)-[:ATTENDS]" in entry["about"]
    assert entry["reason"] == "a question from the board"
    with pytest.raises(AccessRefused):
        queries.answer_text(text, as_of=AS_OF, store=reader, viewer=Viewer("head", "agency_manager", "x"))
    with pytest.raises(QueryError, match=r"'factor': is used and not given. Add -p factor"):
        ask(reader, text)


def test_whole_nodes_and_paths_come_without_hashes(reader: Store, writer: Store) -> None:
    writer.write(
        "CREATE (c:Child {child_id: 'c1', upn_hash: 'secret', nhs_number_hash: 'secret', locality: 'North'})"
        "-[:IN_FAMILY]->(:Family {family_id: 'f1'})"
    )
    text = (
        "MATCH path = (c:Child)-[r:IN_FAMILY]->(f:Family) "
        "RETURN c AS node, [c] AS nodes, {a: c} AS map, path AS path, r AS link, duration('P1D') AS took"
    )
    node, nodes, held, path, link, took = ask(reader, text).rows.rows[0]
    plain = {"label": "Child", "child_id": "c1", "locality": "North"}
    assert (node, nodes, held, link, took) == (plain, [plain], {"a": plain}, {"type": "IN_FAMILY"}, "P1D")
    assert path == [plain, {"type": "IN_FAMILY"}, {"label": "Family", "family_id": "f1"}]


def test_limits_say_that_they_bit(reader: Store) -> None:
    text = "UNWIND range(1, 50) AS n RETURN n"
    cut = ask(reader, text, row_limit=20)
    assert (len(cut.rows.rows), cut.about["complete"], cut.about["row_limit"]) == (20, False, 20)
    assert cut.limit_said.startswith("The row limit of 20 cut the rest off")
    assert ask(reader, text, row_limit=50).limit_said == ""
    endless = "UNWIND range(1, 30000) AS a UNWIND range(1, 30000) AS b RETURN sum(a * b) AS s"
    with pytest.raises(QueryError, match="was stopped after 2 seconds"):
        ask(reader, endless, time_limit=2)
    assert ask(reader, "RETURN 1 AS one").rows.rows == [(1,)]


@pytest.mark.parametrize(
    ("pairs", "wanted"),
    [
        (["a=1", "b=-2.5", "c=1e3", "d=true"], {"a": 1, "b": -2.5, "c": 1000.0, "d": True}),
        (["a=2026-10-31", "b='2026-10-31'"], {"a": date(2026, 10, 31), "b": "2026-10-31"}),
        (["a=c01", 'b="1"', "c=", "d=a=b"], {"a": "c01", "b": "1", "c": "", "d": "a=b"}),
        (["a=True", "b=nan", "c=inf", "d=1_0"], {"a": "True", "b": "nan", "c": "inf", "d": "1_0"}),
    ],
)
def test_values_of_a_command_line_are_taken_as_they_look(pairs: list[str], wanted: dict[str, Any]) -> None:
    found = queries.guessed(pairs)
    assert found == wanted
    assert {key: type(value) for key, value in found.items()} == {k: type(v) for k, v in wanted.items()}


@pytest.mark.parametrize("pairs", [["a"], ["a b=1"], ["a=1", "a=2"], ["as_of=2026-01-01"], ["a=2026-02-30"]])
def test_wrong_values_are_named(pairs: list[str]) -> None:
    with pytest.raises(QueryError, match="parameter"):
        queries.guessed(pairs)


def test_maps_and_lists_are_json() -> None:
    found = queries.guessed(['a={"1": 0.5, "gp": [1, null]}', 'b=["x", "y"]', "c='[quoted]'", "d=[]"])
    assert found == {"a": {"1": 0.5, "gp": [1, None]}, "b": ["x", "y"], "c": "[quoted]", "d": []}
    for wrong in ("{a: 1}", "[1", '{"a": 1, "a": 2}', "[NaN]", "[-Infinity]"):
        with pytest.raises(QueryError, match="begins like a map or a list"):
            queries.guessed([f"a={wrong}"])


def test_the_primers_last_step_is_a_command(
    on_engine: Path, writer: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    load_plainly(SMALL, writer, rows_per_transaction=200)
    last = list(steps(PRIMER.read_text(encoding="utf-8")))[-1]
    file = tmp_path / "step-10.cypher"
    file.write_text(last.cypher, encoding="utf-8")
    maps = [f"{name}={json.dumps(last.parameters[name])}" for name in ("need_weight", "tac_share")]
    words = ("cypher", str(file), "--as-of", "2026-10-31", "-p", maps[0], "-p", maps[1])
    assert tacgraph(*words, "--format", "json", "--save", "my_load", "--replace") == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["practitioner"] for row in rows] == [row[0] for row in last.rows]
    # saved with its maps as parameters that must be given
    types = {p.name: (p.type, p.default) for p in queries.find("my_load").parameters}
    assert types == {"need_weight": ("map", None), "tac_share": ("map", None)}
    again = ("query", "my_load", "--as-of", "2026-10-31", "--format", "json", "-p", maps[0], "-p", maps[1])
    assert tacgraph(*again) == 0
    assert json.loads(capsys.readouterr().out) == sorted(rows, key=lambda row: row["practitioner"])
    assert tacgraph("query", "my_load", "-p", "need_weight=[1]", "-p", maps[1]) == 4
    assert "not a mapping, as JSON" in capsys.readouterr().err
    assert on_engine.exists()


def test_a_part_of_the_settings_is_given_whole(reader: Store, writer: Store) -> None:
    load_plainly(SMALL, writer, rows_per_transaction=200)
    whole = settings().workload.model_dump() | {"points_per_fte": 30.0}
    given = queries.coerce("workload", [f"workload={json.dumps(whole)}"])
    found = queries.answer("workload", as_of=AS_OF, store=reader, **given).rows.rows
    wanted = queries.answer("workload", as_of=AS_OF, store=reader, workload=whole).rows.rows
    assert found == wanted
    usual = queries.answer("workload", as_of=AS_OF, store=reader).rows.rows
    assert [row[6] for row in found] == [pytest.approx(2 * row[6]) for row in usual]
    with pytest.raises(QueryError, match="lacks default_needs_level"):
        queries.answer("workload", as_of=AS_OF, store=reader, workload={"points_per_fte": 30.0})
    with pytest.raises(QueryError, match="has an unknown pionts"):
        queries.answer("workload", as_of=AS_OF, store=reader, workload=whole | {"pionts": 1})
