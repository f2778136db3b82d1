"""Saved queries, workbooks, text for Neo4j Browser, and the command line of all that."""

from __future__ import annotations

import io
import json
import re
from datetime import date, datetime
from pathlib import Path
from typing import Any, cast

import neo4j
import pyarrow.parquet as pq
import pytest
from openpyxl import load_workbook

import queries
from graphmodel.access import Viewer
from graphmodel.audit_log import AuditLog
from graphmodel.errors import AccessRefused, QueryError
from graphmodel.store import Rows, Store
from queries.answering import bound, check_parameters, find
from queries.browser import literal
from tests.plain_loader import load_plainly
from tests.test_cli import tacgraph
from tests.test_queries_catalogue import GOOD
from tests.test_queries_run import AS_OF, GIVEN, SMALL

HASHES = "duplicate_identities"
PLAIN = """\
// children by school
MATCH (c:Child)-[:ATTENDS]->(s:Agency)
WHERE c.birth_date < $as_of AND c.locality <> $place
RETURN s.agency_id AS school, count(c) AS pupils ORDER BY school
"""


@pytest.fixture
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder without an engine."""
    monkeypatch.setenv("TACGRAPH_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("TACGRAPH_QUERIES", raising=False)
    monkeypatch.delenv("NEO4J_URI", raising=False)
    return tmp_path / "home"


# -- saving and finding ----------------------------------------------------------------------------


def test_a_saved_query_is_found_listed_and_searched(
    at_home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "children_of.cypher"
    file.write_text(GOOD, encoding="utf-8")
    assert tacgraph("query", "--save", str(file)) == 0
    saved = at_home / "queries" / "children_of.cypher"
    assert saved.read_text(encoding="utf-8") == GOOD
    assert saved.stat().st_mode & 0o777 == 0o600
    assert find("children_of").text == GOOD
    assert "children_of" in [query.name for query in queries.search("locality LIVES")]
    assert [query.name for query in queries.search("school other")] == ["crowded_schools"]
    capsys.readouterr()
    assert tacgraph("query", "--list") == 0
    listed = capsys.readouterr().out
    assert str(at_home / "queries")[:40] in listed.replace("\n", "")
    assert "the catalogue" in listed
    assert tacgraph("query", "--save", str(file)) == 4
    assert "is there already" in capsys.readouterr().err
    assert tacgraph("query", "--save", str(file), "--replace") == 0


def test_every_query_of_the_catalogue_can_be_saved_and_gives_the_same_rows(
    reader: Store, writer: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TACGRAPH_QUERIES", str(tmp_path / "mine"))
    load_plainly(SMALL, writer, rows_per_transaction=200)
    viewer = Viewer("jo", "safeguarding_lead", "a test")
    filled = 0
    for name, query in queries.catalogue().items():
        if name == HASHES:
            # the program may compare identity numbers' hashes, an own query may not
            with pytest.raises(QueryError, match="_hash is not allowed"):
                queries.save(f"my_{name}", query.text)
            continue
        if "[:RECEIVES]" in query.text:
            # the catalogue's own files are held to consent by their reader, a copy of one is not
            with pytest.raises(QueryError, match="without consent"):
                queries.save(f"my_{name}", query.text)
            continue
        assert queries.save(f"my_{name}", query.text).name == f"my_{name}.cypher"
        given = {"store": reader, "viewer": viewer, "as_of": AS_OF, **GIVEN.get(name, {})}
        own, wanted = (queries.answer(x, **given).rows for x in (f"my_{name}", name))
        assert own == wanted, name
        filled += bool(wanted.rows)
    assert filled > 15


def test_a_folder_of_the_environment_is_searched_first_and_saved_to(
    at_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queries.save("mine", GOOD)
    monkeypatch.setenv("TACGRAPH_QUERIES", str(tmp_path / "shared"))
    assert queries.save("ours", GOOD).parent == tmp_path / "shared"
    assert {query.name for query in queries.search("lives")} == {"mine", "ours"}
    (tmp_path / "shared" / "mine.cypher").write_text(GOOD, encoding="utf-8")
    found, faults = queries.own_queries()
    assert found["mine"].path.parent == tmp_path / "shared"
    assert "has the same name" in faults["mine"][0]
    assert (at_home / "queries" / "mine.cypher").exists()


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("workload", GOOD, "is a query of the catalogue"),
        ("../evil", GOOD, "snake case"),
        ("Mine", GOOD, "snake case"),
        ("mine", GOOD.replace("RETURN", "SET c.locality = '' RETURN"), "SET is not"),
        ("mine", GOOD.replace("c.birth_date AS", "c.upn_hash AS"), "upn_hash is not allowed"),
        ("mine", GOOD.replace("AS born_on", "AS born_on LIMIT 3"), "LIMIT cuts rows silently"),
        ("mine", GOOD.replace(":Child", ":Kid"), "no label 'Kid'"),
        ("mine", PLAIN, "header"),
    ],
)
@pytest.mark.usefixtures("at_home")
def test_what_is_saved_is_held_to_all_checks(name: str, text: str, said: str) -> None:
    with pytest.raises(QueryError, match=said):
        queries.save(name, text)
    assert queries.own_queries() == ({}, {})


def test_a_bad_file_is_refused_by_name_and_spoils_nothing(at_home: Path) -> None:
    folder = at_home / "queries"
    folder.mkdir(parents=True)
    (folder / "workload.cypher").write_text(GOOD, encoding="utf-8")
    (folder / "broken.cypher").write_text(GOOD.replace(":Child", ":Kid"), encoding="utf-8")
    (folder / "good.cypher").write_text(GOOD, encoding="utf-8")
    found, faults = queries.own_queries()
    assert (set(found), set(faults)) == ({"good"}, {"workload", "broken"})
    assert find("workload") is queries.catalogue()["workload"]
    with pytest.raises(QueryError, match="no label 'Kid'"):
        find("broken")


def test_a_saved_query_runs_on_the_record(on_engine: Path, reader: Store, writer: Store) -> None:
    load_plainly(SMALL, writer, rows_per_transaction=200)
    aliased = GOOD.replace("child_id AS child_id", "child_id AS thing").replace('"child_id"', '"thing"')
    path = queries.save("aliased", aliased.replace('"child"\n', '"no"\n'), replace=True)
    try:
        before = len(AuditLog(on_engine).entries())
        result = queries.answer("aliased", store=reader, as_of="2026-10-31")
        assert [row[0] for row in result.rows.rows] == ["c01", "c02", "c03", "c06"]
        assert AuditLog(on_engine).entries()[before]["about"] == "child"
        with pytest.raises(AccessRefused):
            queries.answer("aliased", store=reader, as_of=AS_OF, viewer=Viewer("a", "practitioner"))
        path.write_text(aliased.replace("c.birth_date AS", "c.nhs_number_hash AS"), encoding="utf-8")
        with pytest.raises(QueryError, match="nhs_number_hash is not allowed"):
            queries.answer("aliased", store=reader, as_of=AS_OF)
    finally:
        path.unlink()


# -- the command line ------------------------------------------------------------------------------


@pytest.fixture
def loaded(on_engine: Path, writer: Store) -> Path:
    load_plainly(SMALL, writer, rows_per_transaction=200)
    writer.write("CREATE (:Load {load_id: 'L1', finished_at: 'x'})")
    return on_engine


def test_own_cypher_from_a_pipe_to_a_saved_query(
    loaded: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TACGRAPH_QUERIES", str(loaded / "shared"))
    monkeypatch.setattr("sys.stdin", io.StringIO(PLAIN))
    words = ("cypher", "-", "--as-of", "2026-10-31", "-p", "place=North", "--format", "csv")
    assert tacgraph(*words, "--save", "by_school", "--question", "How many go where?", "--replace") == 0
    captured = capsys.readouterr()
    assert captured.out == "school,pupils\nS1,2\n"
    assert "saved:" in captured.err
    saved = find("by_school")
    assert (saved.question, saved.identifying) == ("How many go where?", "child")
    assert [(c.name, c.type) for c in saved.columns] == [("school", "text"), ("pupils", "integer")]
    assert tacgraph("query", "by_school", "--as-of", "2026-10-31", "--format", "csv") == 0
    assert capsys.readouterr().out == "school,pupils\nS1,2\n"
    assert (
        tacgraph("query", "by_school", "--as-of", "2026-10-31", "-p", "place=South", "--format", "csv") == 0
    )
    assert capsys.readouterr().out == "school,pupils\nS1,3\n"
    assert tacgraph("cypher", str(saved.path), "--as-of", "2026-10-31", "--format", "json") == 0
    assert json.loads(capsys.readouterr().out) == [{"school": "S1", "pupils": 2}]
    saved.path.unlink()


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize(
    ("text", "words", "said"),
    [
        ("MATCH (c) SET c.x = 1", (), "Queries may only read"),
        ("MATCH (c:Child) RETURN c.upn_hash AS x", (), "upn_hash is not allowed"),
        ("MATCH (c:Child) RETURN $x AS x", (), "-p x="),
        ("MATCH (c:Child) RETURN c.child_id AS x", ("--format", "xlsx"), "-o FILE"),
        ("MATCH (c:Child) RETURN c.child_id AS x", ("--save", "workload"), "another name"),
        ("MATCH (c:Child) RETURN size(c) AS", (), "invalid Cypher"),
        ("// title = 'x'\nMATCH (c:Child) RETURN c.child_id AS x", (), "says no 'question'"),
        (GOOD, ("-p", "town=North"), "It takes locality"),
    ],
)
def test_faults_of_own_cypher_are_said_in_words(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    text: str,
    words: tuple[str, ...],
    said: str,
) -> None:
    file = tmp_path / "mine.cypher"
    file.write_text(text, encoding="utf-8")
    assert tacgraph("cypher", str(file), *words) == (2 if "xlsx" in words else 4)
    err = capsys.readouterr().err
    assert said in err
    assert "Traceback" not in err


def test_limits_are_said_and_files_say_where_they_come_from(
    loaded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("query", "crowded_children", "-p", "min_practitioners=1", "--as-of", "2026-10-31")
    limits = ("--row-limit", "3", "--time-limit", "60")
    found = {}
    for kind in ("csv", "json", "parquet", "xlsx"):
        out = tmp_path / f"rows.{kind}"
        assert tacgraph(*words, *limits, "--format", kind, "-o", str(out)) == 0
        captured = capsys.readouterr()
        assert captured.out == ""
        assert "The row limit of 3 cut the rest off" in captured.err
        if kind in ("csv", "json"):
            found[kind] = json.loads(out.with_suffix(".about.json").read_text(encoding="utf-8"))
    found["parquet"] = json.loads(pq.read_schema(tmp_path / "rows.parquet").metadata[b"tacgraph"])
    book = load_workbook(tmp_path / "rows.xlsx")
    assert [sheet.title for sheet in book] == ["rows", "about"]
    assert book["rows"].max_row == 4
    told = {row[0]: row[1] for row in book["about"].iter_rows(values_only=True)}
    assert (told["load_id"], told["rows"], told["complete"], told["row_limit"]) == ("L1", 3, False, 3)
    assert (told["as_of"], told["parameter min_practitioners"]) == ("2026-10-31", 1)
    for about in found.values():
        assert (about["load_id"], about["rows"], about["complete"]) == ("L1", 3, False)
        assert (about["as_of"], about["parameters"]) == ("2026-10-31", {"min_practitioners": 1})
        assert (about["row_limit"], about["time_limit_seconds"]) == (3, 60.0)
    assert loaded.exists()


# -- workbooks -------------------------------------------------------------------------------------


def result_of(rows: list[tuple[Any, ...]], name: str = "overdue_reviews") -> queries.Result:
    query = find(name)
    return queries.Result(query, Rows(query.column_names, rows), {}, date(2026, 1, 5), 0.1, "L1")


def test_a_workbook_holds_text_as_text(tmp_path: Path) -> None:
    awkward = ["=1+1", "+SUM(A1)", "-1", "@x", "http://example.org", "0012", "{=1}", "c\x07d", "'quoted"]
    rows: list[tuple[Any, ...]] = [(text, text, [text, text], date(1850, 1, 1), 2**60) for text in awkward]
    rows.append(("t", None, [], date(2024, 2, 29), -3))
    result_of(rows).to_xlsx(tmp_path / "rows.xlsx")
    sheet = load_workbook(tmp_path / "rows.xlsx")["rows"]
    for line, text in zip(list(sheet.iter_rows(min_row=2)), awkward, strict=False):
        assert {cell.data_type for cell in line} == {"s"}
        if text.isprintable():
            assert [line[0].value, line[2].value] == [text, f"{text};{text}"]
        assert line[4].value == str(2**60)
        assert not any(cell.hyperlink for cell in line)
    last = list(sheet.iter_rows(values_only=True))[-1]
    assert last[:2] == ("t", None)
    assert (last[3].date(), last[4]) == (date(2024, 2, 29), -3)  # type: ignore[union-attr]


def test_a_workbook_that_would_lose_something_is_refused(tmp_path: Path) -> None:
    with pytest.raises(QueryError, match="more than the 32,767 characters"):
        result_of([("x" * 40_000, "c", [], None, None)]).to_xlsx(tmp_path / "rows.xlsx")
    with pytest.raises(QueryError, match="more than a sheet holds"):
        result_of([("t", "c", [], None, None)] * 1_048_576).to_xlsx(tmp_path / "rows.xlsx")


# -- notebooks and Neo4j Browser -------------------------------------------------------------------


@pytest.mark.usefixtures("loaded")
def test_a_notebook_gets_a_frame_in_one_call() -> None:
    frame = queries.run("crowded_schools", as_of="2026-10-31", min_practitioners=6)
    assert frame.columns.tolist() == ["school_id", "children", "practitioners", "agencies", "roles"]
    assert frame.practitioners.tolist() == [6]
    assert [str(kind) for kind in frame.dtypes] == ["str", "Int64", "Int64", "Int64", "object"]
    about = {key: frame.attrs[key] for key in ("query", "as_of", "parameters", "load_id", "rows", "complete")}
    assert about == {
        "query": "crowded_schools",
        "as_of": "2026-10-31",
        "parameters": {"min_practitioners": 6},
        "load_id": "L1",
        "rows": 1,
        "complete": True,
    }


def test_a_notebook_may_say_where_when_and_who(loaded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TACGRAPH_HOME")
    monkeypatch.chdir(loaded.parent)
    today = queries.run("overdue_reviews", home=loaded)
    assert today.attrs["as_of"] == datetime.now().astimezone().date().isoformat()
    entry = AuditLog(loaded).entries()[-1]
    assert (entry["what"], entry["rows"], entry["who"]) == (
        "overdue_reviews",
        len(today),
        Viewer.local().name,
    )
    viewer = Viewer("jo", "analyst", "a question from the board")
    with Store.open(loaded) as store:
        cut = queries.run("workload", as_of=AS_OF, store=store, viewer=viewer, row_limit=2)
        assert (len(cut), cut.attrs["complete"], cut.attrs["row_limit"]) == (2, False, 2)
        # the store that was given is still open
        assert len(queries.run("workload", as_of=AS_OF, store=store, viewer=viewer)) > 2
        with pytest.raises(AccessRefused):
            queries.run("multiple_tacs", as_of=AS_OF, store=store, viewer=Viewer("x", "strategic_manager"))
    with pytest.raises(QueryError, match="Did you mean threshold"):
        queries.run("overloaded_leads", home=loaded, treshold=1)


def test_every_query_runs_as_it_is_pasted(
    neo4j_environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in neo4j_environment.items():
        monkeypatch.setenv(name, value)
    with Store.open(tmp_path, "admin") as store:
        store.apply_model()
    auth = (neo4j_environment.get("NEO4J_USERNAME", "neo4j"), neo4j_environment["NEO4J_PASSWORD"])
    quiet = neo4j.NotificationMinimumSeverity.OFF
    with (
        neo4j.GraphDatabase.driver(
            neo4j_environment["NEO4J_URI"], auth=auth, notifications_min_severity=quiet
        ) as driver,
        driver.session(database=neo4j_environment.get("NEO4J_DATABASE")) as session,
    ):
        for name, query in queries.catalogue().items():
            given = GIVEN.get(name, {})
            text = queries.for_browser(query, AS_OF, **given)
            asked = dict(re.findall(r"^:param (\w+) => (.*);$", text, re.MULTILINE))
            pasted = {
                key: cast("neo4j.Record", session.run(cast("Any", f"RETURN {x} AS x")).single())["x"]
                for key, x in asked.items()
            }
            wanted = {"as_of": AS_OF, **bound(query, check_parameters(query, given))}
            assert {**pasted, "as_of": pasted["as_of"].to_native()} == wanted
            body = re.sub(r"^:param .*$\n", "", text, flags=re.MULTILINE)
            assert body.endswith(";\n")
            assert tuple(session.run(cast("Any", body), pasted).keys()) == query.column_names
    with pytest.raises(QueryError, match="Did you mean threshold"):
        queries.for_browser(find("overloaded_leads"), AS_OF, treshold=1)


def test_literals_are_escaped() -> None:
    value = {"it's": ["a\\b", "x\ny", None, True, 1.5, date(2026, 1, 2)], "`": 1}
    assert literal(value) == ("{`it's`: ['a\\\\b', 'x\\ny', null, true, 1.5, date('2026-01-02')], ````: 1}")
