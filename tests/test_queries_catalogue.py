"""The catalogue without a database: headers, the static guard, parameters, order of rows, ways out."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

import queries
from graphmodel.errors import DeclarationError, QueryError
from graphmodel.store import Rows
from queries.answering import bound, check_parameters, find
from queries.header import split
from queries.tokens import tokenise

EXPECTED = Path(__file__).parent / "expected"

HEADER = """\
// title = "Children of a locality"
// question = "Who lives there?"
// grain = "a child"
// source = "import format"
// tags = ["children"]
// identifying = "child"
// sort = ["child_id"]
// parameters = [
//   {name = "locality", type = "text", default = "North", unit = "name", meaning = "part of the authority"},
// ]
// columns = [
//   {name = "child_id", type = "text", meaning = "the child"},
//   {name = "born_on", type = "date", meaning = "birth date"},
// ]
"""
BODY = """
MATCH (c:Child {locality: $locality})
WHERE c.birth_date <= $as_of
RETURN c.child_id AS child_id, c.birth_date AS born_on
"""
GOOD = HEADER + BODY


def faults_of(folder: Path, text: str, name: str = "children_of") -> list[str]:
    path = folder / f"{name}.cypher"
    path.write_text(text, encoding="utf-8")
    return queries.check_file(path)[1]


def test_good_file_is_taken_as_it_is(tmp_path: Path) -> None:
    assert faults_of(tmp_path, GOOD) == []
    query = queries.read_catalogue(tmp_path)["children_of"]
    assert query.text == GOOD
    assert query.column_names == ("child_id", "born_on")
    assert [p.default for p in query.parameters] == ["North"]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('// title = "Children of a locality"\n', "", "says no 'title'"),
        ("// tags =", "// tag =", "unknown key 'tag'"),
        ("// title = ", "// title : ", "is not TOML"),
        ('"child"\n', '"adult"\n', "'identifying' is 'adult'"),
        ('"child"\n', '"no"\n', "identify a child"),
        ('["child_id"]', '["child"]', "sorts by 'child', which is no column"),
        ('type = "date"', 'type = "day"', "unknown type 'day'"),
        ('unit = "name", ', "", "says no 'unit'"),
        (', meaning = "birth date"', "", "says no 'meaning'"),
        ('"born_on"', '"child_id"', "'child_id' is there twice"),
        ("$locality", "$place", "uses $place, which its header does not declare"),
        ("$locality", "'North'", "never uses $locality"),
        ("$as_of", "date()", "never uses $as_of"),
        ('name = "locality"', 'name = "as_of"', "declares 'as_of'"),
        ("AS born_on", "AS birthday", "returns child_id, birthday"),
        ("c.child_id AS child_id, ", "", "returns born_on"),
        ("RETURN c.child_id", "WITH c.child_id", "returns nothing"),
        (":Child", ":Kid", "no label 'Kid'"),
        (":Child", ":Child|`Kid`", "no label 'Kid'"),
        ("{locality:", "{town:", "no property 'town' of Child"),
        ("c.birth_date <=", "c.first_name <=", "no property 'first_name' of Child"),
        ("c.birth_date <=", "c.`upn` <=", "no property 'upn' of Child"),
        ("\nWHERE", "-[:LIVES_IN]->(:Family)\nWHERE", "no relationship type 'LIVES_IN'"),
        ("\nWHERE", "-[:IN_FAMILY|LIVES_IN*1..2]->(:Family)\nWHERE", "no relationship type 'LIVES_IN'"),
        ("\nWHERE", "-[i:IN_FAMILY]->()\nWHERE i.started_on = $as_of AND", "'started_on' of IN_FAMILY"),
        ("RETURN", "SET c.locality = 'South' RETURN", "SET is not for a query that only reads"),
        ("RETURN", "/* a */ sEt/**/c.locality = '' RETURN", "SET is not for a query that only reads"),
        ("RETURN", "REMOVE c.locality RETURN", "REMOVE is not"),
        ("RETURN", "DETACH DELETE c RETURN", "DELETE is not"),
        ("RETURN", "MERGE (:Family) RETURN", "MERGE is not"),
        ("RETURN", "FOREACH (x IN [1] | CREATE (:Family)) RETURN", "CREATE is not"),
        ("RETURN", "CALL (c) { CREATE (:Family) } RETURN", "CREATE is not"),
        ("RETURN", "LOAD CSV FROM 'file:///etc/passwd' AS line RETURN", "LOAD is not"),
        ("RETURN", "CALL db.labels() YIELD label RETURN", "calls a procedure"),
        ("RETURN", "CALL `db`.`labels`() YIELD label RETURN", "calls a procedure"),
        ("c.birth_date <=", "apoc.cypher.runFirstColumnSingle('x') <=", "apoc.cypher.runFirstColumnSingle"),
        ("\nMATCH", "\nDROP CONSTRAINT child_child_id\nMATCH", "DROP is not"),
        ("\nMATCH", "\nEXPLAIN MATCH", "EXPLAIN is not"),
        ("AS born_on", "AS born_on LIMIT 10", "LIMIT cuts rows silently"),
        ("AS born_on", "AS born_on SKIP 1", "SKIP cuts rows silently"),
        ("AS born_on", "AS born_on OFFSET 1", "OFFSET cuts rows silently"),
        ("RETURN", "\\u0053ET c.locality = '' RETURN", "unicode escape"),
        ("AS born_on", "AS born_on; MATCH (n) RETURN n", "';'"),
        ("(c:Child ", "(c:Child:$(x) ", "'$' without a name"),
        ("$as_of", "'open", "not closed"),
        ("$as_of", "$as_of /* open", "not closed"),
        ("})", "}", "is not closed"),
        ("})", "}))", "closes nothing"),
        (BODY, "", "no Cypher"),
    ],
)  # fmt: skip
def test_each_fault_is_refused_by_name(tmp_path: Path, old: str, new: str, fault: str) -> None:
    assert old in GOOD
    faults = faults_of(tmp_path, GOOD.replace(old, new, 1))
    assert any(fault in found for found in faults), faults
    with pytest.raises(DeclarationError, match=r"children_of\.cypher"):
        queries.read_catalogue(tmp_path)


@pytest.mark.parametrize(
    "harmless",
    [
        "AND c.locality <> 'SET LIMIT CREATE ; $nobody (:Kid)'",
        'AND c.locality <> "it\'s // no comment"',
        "// SET c.locality = 1 LIMIT 5 $nobody (:Kid)\n",
        "/* CREATE (:Kid) \n CALL db.labels() */",
        "AND size([x IN [{limit: 1, set: 2}] | x.limit]) = 1",
        "AND c.locality <> 'a\\'b SET'",
    ],
)
def test_what_stands_in_strings_comments_and_keys_is_no_fault(tmp_path: Path, harmless: str) -> None:
    text = GOOD.replace("<= $as_of", f"<= $as_of {harmless}")
    assert faults_of(tmp_path, text) == []


def test_all_faults_of_all_files_are_in_one_message(tmp_path: Path) -> None:
    faults_of(tmp_path, GOOD.replace(":Child", ":Kid").replace("$as_of", "date()"), "one")
    faults_of(tmp_path, GOOD.replace("AS born_on", "AS born_on LIMIT 1"), "two")
    (tmp_path / "three.cypher").write_bytes(b"\xff\xfe")
    faults_of(tmp_path, GOOD, "Four")
    with pytest.raises(DeclarationError) as caught:
        queries.read_catalogue(tmp_path)
    for part in ("one.cypher", "'Kid'", "$as_of", "two.cypher", "LIMIT", "three.cypher", "UTF-8", "'Four'"):
        assert part in str(caught.value)


def test_practitioner_names_are_identifying(tmp_path: Path) -> None:
    text = (
        GOOD.replace('"child"\n', '"no"\n')
        .replace("child_id", "name")
        .replace(":Child {locality: $locality}", ":Practitioner")
    )
    text = text.replace("c.birth_date", "c.lead_trained_on").replace(
        "<= $as_of", "<= $as_of AND c.role = $locality"
    )
    assert faults_of(tmp_path, text) == [
        "its column 'name' may name a practitioner: set identifying = 'practitioner'"
    ]


def test_every_query_has_an_expected_file_and_every_file_a_query() -> None:
    wanted = {path.stem: path.read_text(encoding="utf-8").splitlines()[0] for path in EXPECTED.glob("*.csv")}
    assert wanted == {name: ",".join(query.column_names) for name, query in queries.catalogue().items()}


def test_files_stay_short_and_can_be_pasted() -> None:
    for name, query in queries.catalogue().items():
        header, body = split(query.text)
        assert len(body.splitlines()) <= 60, name
        assert all(line.startswith("//") for line in query.text.splitlines()[: len(header.splitlines())])


def test_tokens_know_their_brackets() -> None:
    tokens = tokenise("CALL (c) { RETURN [x IN c | {a: $`b``c`}] } // end\nRETURN `d``e` /* f */")
    inner = next(token for token in tokens if token.value == "a")
    assert (inner.inside, inner.depth) == ("{", 3)
    assert next(token.inside for token in tokens if token.word == "RETURN") == "sub"
    assert [token.value for token in tokens if token.kind in ("parameter", "quoted")] == ["b`c", "d`e"]
    assert tokens[-1].line == 2


# -- parameters ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("overloaded_leads", {"treshold": 1.5}, "Did you mean threshold"),
        ("overloaded_leads", {"threshold": "high"}, "'high', not a number"),
        ("overloaded_leads", {"threshold": True}, "not a number"),
        ("overloaded_leads", {"threshold": float("nan")}, "not a number"),
        ("repeat_assessments", {"window_days": 1.5}, "not a whole number"),
        ("repeat_assessments", {"window_days": -1}, "below 0"),
        ("statutory_breaches", {"profile": "london"}, "one of national, plymouth"),
        ("workload", {"workload": 3}, "a mapping, as JSON"),
        ("service_directory", {"category": None}, "not a text"),
        ("who_works_with", {}, "is not given"),
        ("multiple_tacs", {"child": "c01"}, "takes none but the date"),
    ],
)
def test_wrong_parameters_are_named(name: str, given: dict[str, Any], said: str) -> None:
    with pytest.raises(QueryError, match=said):
        check_parameters(find(name), given)


def test_unknown_query_names_those_like_it() -> None:
    with pytest.raises(QueryError, match="Did you mean overloaded_leads"):
        queries.answer("overloaded_lead", as_of="2026-10-31")
    with pytest.raises(QueryError, match="query --list"):
        queries.answer("zzz", as_of="2026-10-31")


@pytest.mark.parametrize("as_of", ["31.10.2026", "2026-02-30", "", 20261031, None])
def test_as_of_must_be_a_date(as_of: Any) -> None:
    with pytest.raises(QueryError, match="not a date"):
        queries.answer("multiple_tacs", as_of=as_of)


def test_texts_of_a_command_line_become_typed_values() -> None:
    assert queries.coerce("overloaded_leads", ["threshold= 1.25"]) == {"threshold": 1.25}
    assert queries.coerce("crowded_children", ("min_practitioners=4",)) == {"min_practitioners": 4}
    assert queries.coerce("service_directory", ["category=a=b"]) == {"category": "a=b"}
    assert queries.coerce("statutory_breaches", ["profile=plymouth"]) == {"profile": "plymouth"}


@pytest.mark.parametrize(
    ("name", "pairs", "said"),
    [
        ("overloaded_leads", ["threshold"], "has no '='"),
        ("overloaded_leads", ["threshold=many"], "not a number"),
        ("overloaded_leads", ["threshold=inf"], "not a number"),
        ("overloaded_leads", ["threshold=1", "threshold=2"], "twice"),
        ("overloaded_leads", ["workload=1"], "a mapping, as JSON"),
        ("overloaded_leads", ["workload={points: 1}"], "a mapping, as JSON"),
        ("crowded_children", ["min_practitioners=4.5"], "not a whole number"),
        ("crowded_children", ["min=4"], "is not one of crowded_children"),
    ],
)
def test_wrong_texts_are_named(name: str, pairs: list[str], said: str) -> None:
    with pytest.raises(QueryError, match=said):
        queries.coerce(name, pairs)


def test_defaults_come_from_the_settings() -> None:
    values = check_parameters(find("overloaded_leads"), {})
    assert values["threshold"] == 1.0
    sent = bound(find("overloaded_leads"), values)
    assert sent["workload"]["need_weight"] == {"1": 0.5, "2": 1.0, "3": 1.5, "4": 2.0}
    rules = bound(find("statutory_breaches"), check_parameters(find("statutory_breaches"), {}))["profile"]
    assert [rule["status"] for rule in rules][:2] == ["CP", "LAC"]


# -- rows and ways out -----------------------------------------------------------------------------


def shaped(rows: list[tuple[Any, ...]], name: str = "overloaded_leads") -> list[tuple[Any, ...]]:
    query = find(name)
    return queries.shaped(query, Rows(query.column_names, rows)).rows


def test_figures_alike_but_for_the_last_bit_are_ties() -> None:
    low, high = 0.1 + 0.2, 0.3
    assert low > high
    rows = [
        ("p2", "gp", "A", 1, 0, 1.0, 1.0, low),
        ("p1", "gp", "A", 1, 0, 1.0, 1.0, high),
        ("p3", "gp", "A", 1, 0, 1.0, 1.0, 2),
    ]
    assert [row[0] for row in shaped(rows)] == ["p3", "p1", "p2"]


def test_empty_values_come_last_either_way() -> None:
    rows: list[tuple[Any, ...]] = [("p1", "gp", None, 1, 0, 1, 0, None), ("p2", "gp", "A", 1, 0, 1, 1, 1.5)]
    assert [row[0] for row in shaped(rows)] == ["p2", "p1"]
    same: list[tuple[Any, ...]] = [("p1", "gp", None, 1, 0, 1, 0, None), ("p1", "gp", "A", 1, 0, 1, 0, None)]
    assert [row[2] for row in shaped(same, "workload")] == ["A", None]


def test_rows_are_typed_and_lists_sorted() -> None:
    assert shaped([("p1", "gp", "A", 1, 0, 1, 2, 3)])[0][5:] == (1.0, 2.0, 3.0)
    assert all(isinstance(x, float) for x in shaped([("p1", "gp", "A", 1, 0, 1, 2, 3)])[0][5:])
    assert shaped([("c1", ["t2", "t1"])], "multiple_tacs") == [("c1", ["t1", "t2"])]


def test_columns_other_than_the_headers_are_refused() -> None:
    with pytest.raises(QueryError, match="gave the columns a"):
        queries.shaped(find("multiple_tacs"), Rows(("a",), []))
    assert queries.shaped(find("multiple_tacs"), Rows((), [])).columns == ("child_id", "tac_ids")


def test_a_loop_of_line_managers_is_named() -> None:
    rows: list[tuple[Any, ...]] = [(i, p, "gp", None) for i, p in enumerate(["p1", "p2", "p3", "p2"])]
    with pytest.raises(QueryError, match="p2 → p3 → p2"):
        shaped(rows, "accountability_line")


@pytest.fixture
def result() -> queries.Result:
    query = find("overdue_reviews")
    rows: list[tuple[Any, ...]] = [
        ("t1", "c1", ["p1", "p2"], date(2026, 1, 2), 3),
        ("t2", 'c,"2"', [], None, None),
    ]
    return queries.Result(
        query, Rows(query.column_names, rows), {"review_days": 90}, date(2026, 1, 5), 0.1, "L1"
    )


def test_frame_is_typed_with_or_without_rows(result: queries.Result) -> None:
    frame = result.frame()
    assert [str(kind) for kind in frame.dtypes] == ["str", "str", "object", "datetime64[s]", "Int64"]
    assert frame.due_on.tolist() == [pd.Timestamp(2026, 1, 2), pd.NaT]
    assert frame.attrs["parameters"] == {"review_days": 90}
    empty = queries.Result(result.query, Rows(result.rows.columns, []), {}, result.as_of, 0.1).frame()
    assert len(empty) == 0
    assert [str(kind) for kind in empty.dtypes] == [str(kind) for kind in frame.dtypes]


def test_csv_json_and_parquet_say_the_same(result: queries.Result, tmp_path: Path) -> None:
    stream = io.StringIO()
    result.to_csv(stream)
    assert stream.getvalue().splitlines()[1] == "t1,c1,p1;p2,2026-01-02,3"
    assert list(csv.reader(io.StringIO(stream.getvalue())))[2] == ["t2", 'c,"2"', "", "", ""]
    stream = io.StringIO()
    result.to_json(stream)
    records = json.loads(stream.getvalue())
    assert records[0] == {
        "tac_id": "t1",
        "child_id": "c1",
        "lead_ids": ["p1", "p2"],
        "due_on": "2026-01-02",
        "days_overdue": 3,
    }
    result.to_parquet(tmp_path / "rows.parquet")
    table = pq.read_table(tmp_path / "rows.parquet")
    assert table.to_pylist() == result.rows.records()
    about = json.loads(table.schema.metadata[b"tacgraph"])
    assert (about["query"], about["as_of"], about["load_id"], about["rows"]) == (
        "overdue_reviews",
        "2026-01-05",
        "L1",
        2,
    )


def test_numbers_in_csv_are_unrounded() -> None:
    query = find("untrained_leads")
    rows: list[tuple[Any, ...]] = [("p1", None, 2, True, False)]
    stream = io.StringIO()
    queries.Result(query, Rows(query.column_names, rows), {}, date(2026, 1, 5), 0.1).to_csv(stream)
    assert stream.getvalue().splitlines()[1] == "p1,,2,true,false"
    stream = io.StringIO()
    lead: list[tuple[Any, ...]] = [("p1", "gp", "A", 1, 0, 1.0, 3.0, 1 / 3)]
    query = find("overloaded_leads")
    queries.Result(query, Rows(query.column_names, lead), {}, date(2026, 1, 5), 0.1).to_csv(stream)
    assert stream.getvalue().splitlines()[1] == "p1,gp,A,1,0,1.0,3.0,0.3333333333333333"


def test_as_of_may_be_a_moment() -> None:
    from queries.answering import as_date  # noqa: PLC0415

    assert as_date(datetime(2026, 1, 5, 12, 0)) == date(2026, 1, 5)  # noqa: DTZ001
