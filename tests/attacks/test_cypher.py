"""A corpus of texts that mean harm, against the grammar and, past it, against the account that only reads."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import pytest

import queries
from graphmodel.access import Viewer
from graphmodel.audit_log import AuditLog
from graphmodel.errors import AccessRefused, QueryError, TacgraphError, TextRefused
from graphmodel.store import Store
from queries.grammar import check_text

LEAD: Final = Viewer("lea", "safeguarding_lead", "enquiry 7")
MANAGER: Final = Viewer("sam", "strategic_manager", "curious")
HASH: Final = "f" * 64

# administration, procedures, other statements, other dialects: never a plain read
REFUSED: Final = (
    "EXPLAIN MATCH (n) RETURN n",
    "PROFILE MATCH (n) RETURN n",
    "CYPHER 25 MATCH (n) RETURN n",
    "CYPHER 5 runtime=slotted MATCH (n) RETURN n",
    "cypher planner=cost EXPLAIN MATCH (n) RETURN n",
    "/* a */ EXPLAIN MATCH (n) RETURN n",
    "// a\nPROFILE MATCH (n) RETURN n",
    "SHOW TRANSACTIONS",
    "SHOW TRANSACTIONS YIELD currentQuery RETURN currentQuery",
    "SHOW DATABASES",
    "SHOW USERS",
    "SHOW CURRENT USER",
    "SHOW PRIVILEGES",
    "SHOW SETTINGS",
    "SHOW PROCEDURES",
    "SHOW FUNCTIONS",
    "SHOW INDEXES",
    "SHOW CONSTRAINTS",
    "TERMINATE TRANSACTION 'neo4j-transaction-1'",
    "USE system SHOW USERS",
    "USE neo4j MATCH (n) RETURN n",
    "CALL db.labels()",
    "CALL db.labels() YIELD label RETURN label",
    "CALL db.schema.visualization()",
    "CALL dbms.components()",
    "CALL dbms.listConfig('password')",
    "CALL dbms.security.listUsers()",
    "CALL dbms.queryJmx('*:*')",
    "CALL `db`.`labels`()",
    "CALL db . labels ()",
    "CALL apoc.load.json('http://127.0.0.1:9/')",
    "CALL apoc.cypher.run('MATCH (n) RETURN n', {})",
    "CALL apoc.export.csv.all('x', {})",
    "RETURN apoc.convert.toJson({a: 1}) AS x",
    "RETURN apoc.meta.type(1) AS x",
    "RETURN db.nameFromElementId('a') AS x",
    "LOAD CSV FROM 'file:///etc/passwd' AS line RETURN line",
    "LOAD CSV WITH HEADERS FROM 'http://127.0.0.1:9/x' AS line RETURN line",
    "LOAD /**/ CSV FROM 'https://evil.example' AS line RETURN line",
    "load csv from 'file:///etc/passwd' as line return line",
    "MATCH (n) RETURN n; MATCH (n) DETACH DELETE n",
    "MATCH (n) RETURN n;;",
    "MATCH (n) RETURN n // ;\n; DROP CONSTRAINT x",
    "MATCH (c:Child) \\u0053ET c.locality = 'x' RETURN c",
    "MATCH (c:Child) RETURN c.\\u0075pn_hash AS x",
    "MATCH (c:Child) RETURN c['\\u0075pn_hash'] AS x",
    "MATCH (n) CALL { WITH n DELETE n } IN TRANSACTIONS RETURN 1 AS x",
    "MATCH (n) CALL (n) { SET n.a = 1 } RETURN n",
    "MATCH (n) FOREACH (x IN [1] | SET n.a = x)",
    "MATCH (n) REMOVE n.name RETURN n",
    "MATCH (n) SET n:Admin RETURN n",
    "MATCH (n) SET n += {a: 1} RETURN n",
    "MERGE (n:Child {child_id: 'x'}) RETURN n",
    "INSERT (n:Child {child_id: 'x'})",
    "CREATE USER evil SET PASSWORD 'x'",
    "ALTER CURRENT USER SET PASSWORD FROM 'a' TO 'b'",
    "GRANT ROLE admin TO reader",
    "CREATE INDEX FOR (n:Child) ON (n.name)",
    "DROP DATABASE neo4j",
    "CREATE ALIAS x FOR DATABASE y AT 'neo4j://evil.example' USER u PASSWORD 'p'",
    "START DATABASE neo4j",
    "MATCH (c:Child)\u200b RETURN c",
    "MATCH (c:Child) RETURN c\x00",
    "MATCH (c:Child) RETURN c.child_id AS x\u202e",
    "",
    "   // nothing",
    "RETURN 1 AS x" + " " * 60_000,
    "RETURN " + "(" * 3_000 + "1" + ")" * 3_000 + " AS x",
)
# each asks for a keyed hash of an identity number, in another way
HASHES: Final = (
    "MATCH (c:Child) RETURN c.upn_hash AS x",
    "MATCH (c:Child) RETURN c.`upn_hash` AS x",
    "MATCH (c:Child) RETURN c /* */ . upn_hash AS x",
    "MATCH (c:Child) RETURN c.nhs_number_hash STARTS WITH 'f' AS x",
    "MATCH (c:Child) WHERE c.upn_hash =~ 'f.*' RETURN count(c) AS x",
    "MATCH (c:Child {upn_hash: $x}) RETURN count(c) AS x",
    "MATCH (c:Child WHERE c.upn_hash > 'a') RETURN count(c) AS x",
    "MATCH (c:Child) RETURN c {.upn_hash} AS x",
    "MATCH (c:Child) RETURN c {.*} AS x",
    "MATCH (c:Child) RETURN properties(c) AS x",
    "MATCH (c:Child) RETURN c['upn_' + 'hash'] AS x",
    "MATCH (c:Child) RETURN c[$x] AS x",
    "MATCH (c:Child) RETURN [k IN keys(c) | c[k]] AS x",
    "MATCH (c:Child) RETURN count(c) AS x ORDER BY c.upn_hash",
    "MATCH (c:Child) RETURN max(c.upn_hash) AS x",
    "MATCH (c:Child) RETURN reduce(s = '', d IN collect(c) | s + d.upn_hash) AS x",
    "MATCH (c:Child) RETURN EXISTS { (d:Child) WHERE d.upn_hash = c.upn_hash } AS x",
    "MATCH (c:Child) RETURN COUNT { (d:Child {upn_hash: $x}) } AS x",
    "MATCH (c:Child) RETURN CASE WHEN c.upn_hash = $x THEN 1 ELSE 0 END AS x",
    "MATCH (c:Child) RETURN 1 / (CASE WHEN c.upn_hash = $x THEN 0 ELSE 1 END) AS x",
    "MATCH (c:Child) RETURN date(c.upn_hash) AS x",
)
# each makes letters of a whole node: the embedded engine writes out all that it has
LETTERS: Final = (
    "MATCH (c:Child) RETURN '' + c AS x",
    "MATCH (c:Child) RETURN c + '' AS x",
    "MATCH (c:Child) RETURN c || '' AS x",
    "MATCH (c:Child) RETURN left(c, 200) AS x",
    "MATCH (c:Child) RETURN substring(c, 0) AS x",
    "MATCH (c:Child) RETURN right(c, 300) AS x",
    "MATCH (c:Child) RETURN toString(c) AS x",
    "MATCH (c:Child) RETURN trim(c) AS x",
    "MATCH (c:Child) RETURN c =~ '.*f.*' AS x",
    "MATCH (c:Child) WHERE c CONTAINS 'f' RETURN count(*) AS x",
    "MATCH (c:Child) WHERE (c + '') STARTS WITH '#' RETURN count(*) AS x",
    "MATCH (c:Child) RETURN {a: c} + '' AS x",
    "MATCH (c:Child) RETURN {a: c}.a + '' AS x",
    "MATCH (c:Child) WITH {a: {b: c}} AS m RETURN m.a.b + '' AS x",
    "MATCH (c:Child) WITH c {d: c} AS m RETURN m.d + '' AS x",
    "MATCH (c:Child) WITH {d: c} AS m RETURN m {.d} + '' AS x",
    "MATCH (c:Child), (d:Family) RETURN d {c} + '' AS x",
    "MATCH (c:Child) RETURN coalesce(c, 1) + '' AS x",
    "MATCH (c:Child) RETURN head(collect(c)) + '' AS x",
    "MATCH (c:Child) RETURN [c][0] + '' AS x",
    "MATCH (c:Child) WITH c AS d RETURN d + '' AS x",
    "MATCH (c:Child) UNWIND [c] AS d RETURN d + '' AS x",
    "MATCH (c:Child) RETURN [d IN collect(c) | d + ''] AS x",
    "MATCH (c:Child) RETURN any(d IN [c] WHERE d =~ '.*f.*') AS x",
    "MATCH (c:Child) RETURN reduce(s = '', d IN collect(c) | s + d) AS x",
    "MATCH (c:Child) RETURN reduce(s = c, d IN [1] | s) + '' AS x",
    "MATCH (c:Child) RETURN CASE WHEN true THEN c END + '' AS x",
    "MATCH p = (c:Child)-[:IN_FAMILY]->() RETURN head(nodes(p)) + '' AS x",
    "MATCH p = (c:Child)-[:IN_FAMILY]->() RETURN p + '' AS x",
    "MATCH (:Child)-[r:IN_FAMILY]->() RETURN startNode(r) + '' AS x",
    "MATCH (c:Child) CALL (c) { RETURN c AS d } RETURN d + '' AS x",
    "MATCH (f:Family) RETURN head([(f)--(c) | c]) + '' AS x",
    "MATCH (f:Family) RETURN head(COLLECT { MATCH (f)--(c) RETURN c }) + '' AS x",
    "MATCH (c:Child) RETURN date({year: c}) AS x",
    "MATCH (c:Child) RETURN point({x: c, y: 1}) AS x",
)
# nothing of these is letters of a node
PLAIN: Final = (
    "MATCH (c:Child) RETURN c.locality + '' AS x",
    "MATCH (c:Child) RETURN [d IN collect(c) | d.locality + 'x'] AS x",
    "MATCH (t:Tac) RETURN reduce(n = 0, d IN collect(t) | n + size(d.tac_id)) AS x",
    "MATCH (c:Child)-[r]->(f:Family) RETURN type(r) + head(labels(f)) AS x, count(f) + 1 AS y",
    "MATCH (c:Child) WITH c, {n: 1} AS m RETURN m.n + 1 AS x, left(c.locality, 2) AS y, size([c]) + 1 AS z",
    "MATCH (c:Child) WITH {who: c, n: 1} AS m MATCH (d:Family) RETURN d.name + '' AS x, m AS y",
    "MATCH (t:Tac) WHERE t.opened_on <= date() - duration({days: 3}) RETURN toUpper(t.status) AS x",
    "MATCH (c:Child) RETURN CASE WHEN c IS NULL THEN 'a' ELSE 'b' END + 'c' AS x",
)
# these run, and what comes back holds no hash
WHOLE: Final = (
    "MATCH (c:Child) RETURN c AS x",
    "MATCH p = (c:Child)-[:IN_FAMILY]->() RETURN p AS x",
    "MATCH (c:Child) RETURN collect(c) AS x",
    "MATCH (c:Child) RETURN {a: [c, {b: c}]} AS x",
    "MATCH (c:Child) WITH c AS d RETURN [d][0] AS x",
)
# whoever has no right to children works out an id by asking, bit by bit
ORACLES: Final = (
    "MATCH (c:Child) WHERE c.child_id STARTS WITH 'se' RETURN count(c) AS x",
    "MATCH (c:Child) WHERE c.child_id =~ 's.*' RETURN count(*) AS x",
    "MATCH (c:Child {child_id: $x}) RETURN 1 AS x",
    "RETURN EXISTS { (:Child {child_id: $x}) } AS x",
    "MATCH (t:Tac)-[:FOR_CHILD]->(c) WHERE c.child_id < 'm' RETURN count(t) AS x",
    "MATCH (t:Tac)-[:FOR_CHILD]->(c) RETURN t.opened_on AS x ORDER BY c.child_id",
    "MATCH (c:Child) RETURN 1 / (size(c.child_id) - 6) AS x",
    "MATCH (c:Child) RETURN toInteger(c.child_id) AS x",
    "MATCH (c:Child) WITH c.child_id AS i WHERE i = $x RETURN 1 AS x",
    "UNWIND [1] AS a MATCH (c:Child) WHERE c[$x] IS NOT NULL RETURN a AS x",
)


# the property's name is not in the text, but Neo4j reads it there
ESCAPED: Final = (
    "MATCH (c:Child) RETURN c.\\u0063hild_id AS x",
    "MATCH (c:Child) RETURN c.`\\u0063hild_id` AS x",
    "MATCH (c:Child {`\\U0063hild_id`: $x}) RETURN count(c) AS x",
    "MATCH (p:Practitioner) RETURN p.`n\\u0061me` AS x",
)


@pytest.mark.parametrize(
    "text", [*REFUSED, *HASHES], ids=lambda text: text[:40].encode("unicode_escape").decode()
)
def test_the_grammar_refuses_it(text: str) -> None:
    with pytest.raises(QueryError) as refused:
        check_text(text)
    assert HASH not in str(refused.value)


@pytest.mark.parametrize("text", LETTERS)
def test_no_letters_are_made_of_a_whole_node(text: str) -> None:
    with pytest.raises(TextRefused, match="letters of a whole node"):
        check_text(text)


@pytest.mark.parametrize("text", PLAIN)
def test_letters_of_properties_are_free(text: str) -> None:
    assert check_text(text) == text


def test_no_letters_of_a_node_come_past_the_grammar(reader: Store, writer: Store) -> None:
    planted(writer)
    for text in (*LETTERS, "MATCH (c:Child) WHERE c RETURN 1 AS x", "MATCH (c:Child) RETURN 1 / c AS x"):
        try:
            said = str(reader.read(text, viewer=LEAD).rows)
        except QueryError as refused:
            said = str(refused)
        assert "secret" not in said
        assert HASH not in said


def planted(writer: Store) -> None:
    writer.write(
        "CREATE (c:Child {child_id: 'secret', upn_hash: $hash, nhs_number_hash: $hash})"
        "-[:IN_FAMILY]->(:Family {family_id: 'f'}), (t:Tac {tac_id: 't'})-[:FOR_CHILD]->(c)",
        hash=HASH,
    )


def test_past_the_grammar_nothing_changes_and_no_hash_comes(reader: Store, writer: Store) -> None:
    planted(writer)
    before = writer.fetch("MATCH (n) RETURN count(n), sum(size(keys(n)))")
    most = None if os.environ.get("TACGRAPH_ATTACKS") else 48
    for text in REFUSED[:most]:
        if text.startswith(("SHOW", "USE", "TERMINATE", "CALL db")):
            # what tells of the database itself, and changes nothing
            continue
        assert HASH not in told(partial(reader.read, text, {"x": HASH}, viewer=LEAD, time_limit=10))
    assert writer.fetch("MATCH (n) RETURN count(n), sum(size(keys(n)))") == before
    for text in WHOLE:
        found = reader.read(text, viewer=LEAD)
        assert len(found.rows) == 1
        assert "secret" in str(found.rows)
        assert HASH not in str(found.rows)


def test_no_answer_and_no_error_tells_an_id_to_whom_it_is_hidden(reader: Store, writer: Store) -> None:
    planted(writer)
    log = AuditLog(reader.home)
    for text in ESCAPED:
        with pytest.raises(TextRefused, match="unicode escape"):
            reader.read(text, {"x": "secret"}, viewer=MANAGER)
    before = len(log.entries())
    for text in ORACLES:
        said = set()
        for guess in ("secret", "another"):
            with pytest.raises(AccessRefused) as refused:
                reader.read(text, {"x": guess}, viewer=MANAGER)
            said.add(str(refused.value))
        assert len(said) == 1
    assert len(log.entries()) == before + 2 * len(ORACLES)


STRANGE: Final[tuple[object, ...]] = (
    None,
    1,
    -1.5,
    True,
    [],
    ["a"],
    {},
    {"a": {"b": [1]}},
    "' OR 1=1 //",
    "\x00",
    "x" * 100_000,
    2**70,
)


@pytest.mark.parametrize(
    "value", STRANGE, ids=lambda value: str(value)[:12].encode("unicode_escape").decode()
)
def test_a_parameter_of_any_kind_is_a_value_or_refused(reader: Store, writer: Store, value: object) -> None:
    planted(writer)
    given: dict[str, Any] = {"as_of": "2026-10-31", "store": reader, "viewer": LEAD}
    assert told(lambda: queries.answer("who_works_with", **given, child_id=value).rows.rows) == "[]"
    text = "MATCH (c:Child {child_id: $x}) RETURN c.child_id AS x"
    own: dict[str, Any] = {"as_of": "2026-10-31", "store": reader, "viewer": LEAD, "parameters": {"x": value}}
    assert told(lambda: queries.answer_text(text, **own).rows.rows) == "[]"


def told(ask: Callable[[], object]) -> str:
    """What came back in words; nothing where it is refused, whose words hold none of what is hidden."""
    try:
        return str(ask())
    except TacgraphError as refused:
        return "[]" if not {HASH, "secret"} & set(re.findall(r"\w+", str(refused))) else str(refused)
