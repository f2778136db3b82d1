"""Each rule of the import format violated once; files as people really save them. No graph needed."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphmodel.errors import SourceError, TacgraphError
from loaders.sources import FORMATS, Reading
from tests.loading import KEY, SMALL, check_only, read_tables, write_book, write_tables, write_texts

AGENCY = {"agency_id": "a1", "name": "One", "sector": "health"}
WORKER = {"practitioner_id": "p1", "role": "teacher"}
POST = {"practitioner_id": "p1", "agency_id": "a1", "started_on": "2026-01-01", "fte": "1"}
CHILD = {"child_id": "c1"}
ASSESSMENT = {
    "assessment_id": "s1",
    "child_id": "c1",
    "practitioner_id": "p1",
    "kind": "common",
    "started_on": "2026-01-01",
}
TAC = {"tac_id": "t1", "child_id": "c1", "opened_on": "2026-01-01"}
MEMBER = {"tac_id": "t1", "practitioner_id": "p1", "started_on": "2026-01-01"}
SERVICE = {"service_id": "v1", "agency_id": "a1", "category": "parenting"}
USE = {"intervention_id": "i1", "child_id": "c1", "service_id": "v1", "started_on": "2026-01-01"}
ACTION = {"action_id": "x1", "tac_id": "t1", "practitioner_id": "p1", "due_on": "2026-02-01"}
REVIEW = {"tac_id": "t1", "held_on": "2026-02-01"}
GOOD = {
    "agencies": AGENCY,
    "practitioners": WORKER,
    "posts": POST,
    "children": CHILD,
    "statuses": {"child_id": "c1", "status": "CP", "started_on": "2026-01-01"},
    "needs": {"child_id": "c1", "level": "3", "started_on": "2026-01-01"},
    "assessments": ASSESSMENT,
    "tacs": TAC,
    "memberships": MEMBER,
    "leads": {**MEMBER, "reason": "capacity"},
    "services": SERVICE,
    "interventions": USE,
    "actions": ACTION,
    "reviews": REVIEW,
}

RULES = [
    ("agencies", {"agency_id": ""}, "agency_id", "is required and empty"),
    ("agencies", {"name": " "}, "name", "is required and empty"),
    ("agencies", {"sector": "charity"}, "sector", "is no code of the format"),
    ("agencies", {"sector": "Health"}, "sector", "other capitals"),
    ("agencies", {"pooled_contribution_gbp": "-1"}, "pooled_contribution_gbp", "0 or more"),
    ("agencies", {"pooled_contribution_gbp": "1,000"}, "pooled_contribution_gbp", "decimal comma"),
    ("agencies", {"pooled_contribution_gbp": "nan"}, "pooled_contribution_gbp", "is no number"),
    ("agencies", {"pooled_contribution_gbp": "1e999"}, "pooled_contribution_gbp", "is no number"),
    ("agencies", {"parent_agency_id": "zz"}, "parent_agency_id", "is no agency_id of agencies"),
    ("practitioners", {"role": ""}, "role", "is required and empty"),
    ("practitioners", {"line_manager_id": "zz"}, "line_manager_id", "is no practitioner_id"),
    ("practitioners", {"lead_trained_on": "yes"}, "lead_trained_on", "is no ISO date"),
    ("practitioners", {"term_time_only": "yes"}, "term_time_only", "is neither true nor false"),
    ("posts", {"fte": ""}, "fte", "is required and empty"),
    ("posts", {"fte": "0"}, "fte", "above 0 and at most 1"),
    ("posts", {"fte": "1.01"}, "fte", "above 0 and at most 1"),
    ("posts", {"fte": "0,5"}, "fte", "decimal comma"),
    ("posts", {"fte": "full"}, "fte", "is no number"),
    ("posts", {"home": "1"}, "home", "is neither true nor false"),
    ("posts", {"tac_share": "-0.1"}, "tac_share", "0 or more and at most 1"),
    ("posts", {"tac_share": "1.5"}, "tac_share", "0 or more and at most 1"),
    ("posts", {"started_on": ""}, "started_on", "is required and empty"),
    ("posts", {"started_on": "01/02/2026"}, "started_on", "is no ISO date"),
    ("posts", {"started_on": "2026-02-30"}, "started_on", "is no day of the calendar"),
    ("posts", {"started_on": "0000-01-01"}, "started_on", "is no day of the calendar"),
    ("posts", {"started_on": "2026-1-1"}, "started_on", "is no ISO date"),
    ("posts", {"started_on": "45234"}, "started_on", "Excel serial date (2023-11-04)"),
    ("posts", {"started_on": "2026-01-01 09:30:00"}, "started_on", "has a time of day"),
    ("posts", {"ended_on": "2025-12-31"}, "ended_on", "is before started_on (2026-01-01)"),
    ("posts", {"practitioner_id": "zz"}, "practitioner_id", "is no practitioner_id"),
    ("posts", {"agency_id": "zz"}, "agency_id", "is no agency_id"),
    ("children", {"child_id": "", "locality": "N"}, "child_id", "is required and empty"),
    ("children", {"child_id": "x" * 1001}, "child_id", "is longer than"),
    ("children", {"child_id": "c\n1"}, "child_id", "line break"),
    ("children", {"birth_date": "12.05.2014"}, "birth_date", "is no ISO date"),
    ("statuses", {"status": "cp"}, "status", "other capitals"),
    ("statuses", {"status": "HOMELESS"}, "status", "is no code of the format"),
    ("statuses", {"child_id": "zz"}, "child_id", "is no child_id"),
    ("statuses", {"ended_on": "2025-01-01"}, "ended_on", "is before started_on"),
    ("needs", {"level": "0"}, "level", "must be 1 or more and at most 4"),
    ("needs", {"level": "5"}, "level", "must be 1 or more and at most 4"),
    ("needs", {"level": "2.5"}, "level", "is no whole number"),
    ("needs", {"level": "three"}, "level", "is no whole number"),
    ("needs", {"level": ""}, "level", "is required and empty"),
    ("assessments", {"kind": "caf"}, "kind", "is no code of the format"),
    ("assessments", {"completed_on": "2025-12-01"}, "completed_on", "is before started_on"),
    ("assessments", {"practitioner_id": "zz"}, "practitioner_id", "is no practitioner_id"),
    ("tacs", {"child_id": "zz"}, "child_id", "is no child_id"),
    ("tacs", {"closed_on": "2025-12-01"}, "closed_on", "is before opened_on"),
    ("tacs", {"model": "circle"}, "model", "is no code of the format"),
    ("tacs", {"assessment_id": "zz"}, "assessment_id", "is no assessment_id"),
    ("tacs", {"next_review_on": "soon"}, "next_review_on", "is no ISO date"),
    ("memberships", {"tac_id": "zz"}, "tac_id", "is no tac_id"),
    ("leads", {"reason": "luck"}, "reason", "is no code of the format"),
    ("leads", {"ended_on": "2025-12-01"}, "ended_on", "is before started_on"),
    ("services", {"category": ""}, "category", "is required and empty"),
    ("services", {"sensitive": "maybe"}, "sensitive", "is neither true nor false"),
    ("interventions", {"service_id": "zz"}, "service_id", "is no service_id"),
    ("interventions", {"practitioner_id": "zz"}, "practitioner_id", "is no practitioner_id"),
    ("interventions", {"consent": "given"}, "consent", "is neither true nor false"),
    ("actions", {"due_on": "43831.5"}, "due_on", "Excel serial date (2020-01-01)"),
    ("actions", {"tac_id": "zz"}, "tac_id", "is no tac_id"),
    ("reviews", {"held_on": "2026-13-01"}, "held_on", "is no day of the calendar"),
    ("reviews", {"tac_id": "zz"}, "tac_id", "is no tac_id"),
]


def test_each_broken_rule_is_named_with_its_row_column_value_and_reason(tmp_path: Path) -> None:
    tables = {name: [row] for name, row in GOOD.items()}
    expected = []
    for table, broken, column, reason in RULES:
        tables[table].append({**GOOD[table], **broken})
        value = broken[column].strip() or None
        expected.append((table, len(tables[table]) + 1, column, value, reason))
    for rows in tables.values():
        names = list(dict.fromkeys(name for row in rows for name in row))
        rows[:] = [dict.fromkeys(names, "") | row for row in rows]
    run, rejects = check_only(write_tables(tmp_path / "in", tables), tmp_path / "home")
    assert [r[:4] for r in rejects] == sorted(e[:4] for e in expected)
    reasons = {r[:3]: r[4] for r in rejects}
    assert [e for e in expected if e[4] not in reasons[e[:3]]] == []
    assert run.counts_of("rejected") == len(RULES)
    assert run.counts_of("read") == len(RULES) + len(GOOD)


def test_clean_rows_have_no_rejects(tmp_path: Path) -> None:
    run, rejects = check_only(SMALL, tmp_path / "home")
    assert rejects == []
    assert run.counts_of("read") == sum(map(len, read_tables(SMALL).values()))


def test_every_fault_of_a_row_is_a_line_of_its_own(tmp_path: Path) -> None:
    bad = {**POST, "agency_id": "a1", "fte": "7", "started_on": "x", "home": "?"}
    tables = {"agencies": [AGENCY], "practitioners": [WORKER], "posts": [bad]}
    run, rejects = check_only(write_tables(tmp_path / "in", tables), tmp_path / "home")
    assert [r[2] for r in rejects] == ["fte", "home", "started_on"]
    assert run.counts["posts"].rejected == 1


def test_a_reference_to_a_rejected_row_falls_with_it_from_table_to_table(tmp_path: Path) -> None:
    tables = {name: [row] for name, row in GOOD.items()} | {"children": [{**CHILD, "birth_date": "?"}]}
    run, rejects = check_only(write_tables(tmp_path / "in", tables), tmp_path / "home")
    fallen = {"children", "statuses", "needs", "assessments", "tacs", "memberships", "leads"}
    assert {r[0] for r in rejects} == fallen | {"interventions", "actions", "reviews"}
    assert [r[4] for r in rejects if r[0] == "actions"] == [
        "names a row that was rejected itself: tacs row 2"
    ]
    assert run.counts_of("rejected") == len(GOOD) - 4


def test_line_managers_fall_in_a_chain_and_may_stand_in_a_ring(tmp_path: Path) -> None:
    chain = [
        {"practitioner_id": f"p{i}", "role": "teacher", "line_manager_id": f"p{i + 1}"} for i in range(30)
    ]
    ring = [
        {"practitioner_id": "r1", "role": "gp", "line_manager_id": "r2"},
        {"practitioner_id": "r2", "role": "gp", "line_manager_id": "r1"},
    ]
    folder = write_tables(tmp_path / "in", {"practitioners": chain + ring})
    run, rejects = check_only(folder, tmp_path / "home")
    assert run.counts["practitioners"].rejected == len(chain)
    assert {r[1] for r in rejects} == set(range(2, 32))


def test_rows_of_the_same_key_count_once_and_the_last_wins(tmp_path: Path) -> None:
    rows = [CHILD | {"locality": "N"}, CHILD | {"locality": "N"}, CHILD | {"locality": "S"}]
    run, rejects = check_only(write_tables(tmp_path / "in", {"children": rows}), tmp_path / "home")
    assert rejects == []
    assert run.counts["children"].repeated == 2
    assert run.findings == {"duplicate_key": 1}


def test_a_missing_required_column_refuses_the_table_and_what_refers_to_it(tmp_path: Path) -> None:
    tables = {"children": [{"locality": "N"}], "needs": [GOOD["needs"]]}
    run, rejects = check_only(write_tables(tmp_path / "in", tables), tmp_path / "home")
    assert [(r[0], r[1], r[2]) for r in rejects] == [("children", 1, "child_id"), ("needs", 2, "child_id")]
    assert "no column child_id" in rejects[0][4]
    assert run.counts["children"].rejected == run.counts["needs"].rejected == 1


# -- files as people save them -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("encoding", "note"),
    [("utf-8", ""), ("utf-8-sig", ""), ("utf-16", "UTF-16"), ("utf-16-le", "UTF-16"), ("cp1252", "1252")],
)
def test_encodings_keep_every_letter(tmp_path: Path, encoding: str, note: str) -> None:
    name = "Ysgol Gwenllïan Café"
    text = f"agency_id,name,sector\r\na1,{name},education\r\na2,Plain,health\r\n"
    folder = write_texts(tmp_path / "in", {"agencies.csv": text.encode(encoding)})
    assert _names(folder) == [name, "Plain"]
    run, rejects = check_only(folder, tmp_path / "home")
    assert rejects == []
    assert any(note in n for n in run.notes) if note else not run.notes


def _names(folder: Path) -> list[str]:
    (table,) = FORMATS["canonical"].read(folder, Reading(KEY)).tables
    return [str(cell) for part in table.chunks() for cell in part.columns["name"]]


def test_broken_bytes_among_good_utf8_reject_their_row_only(tmp_path: Path) -> None:
    text = "agency_id,name,sector\na1,Café,health\na2,Caf".encode() + b"\xe9,health\n"
    folder = write_texts(tmp_path / "in", {"agencies.csv": text})
    run, rejects = check_only(folder, tmp_path / "home")
    assert [(r[1], r[2]) for r in rejects] == [(3, "name")]
    assert "not UTF-8" in rejects[0][4]
    assert run.counts["agencies"].rejected == 1


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_other_separators_are_read_and_said(tmp_path: Path, separator: str) -> None:
    text = 'agency_id,name,sector\na1,"One, two",health\n'
    rows = list(csv.reader(io.StringIO(text)))
    out = io.StringIO()
    csv.writer(out, delimiter=separator).writerows(rows)
    folder = write_texts(tmp_path / "in", {"agencies.csv": out.getvalue()})
    assert _names(folder) == ["One, two"]
    run, _ = check_only(folder, tmp_path / "home")
    assert any("separated by" in note for note in run.notes)


def test_a_line_for_excel_before_the_header_is_no_row(tmp_path: Path) -> None:
    folder = write_texts(tmp_path / "in", {"children.csv": "sep=;\nchild_id;birth_date\nc1;x\n"})
    _, rejects = check_only(folder, tmp_path / "home")
    assert [(r[1], r[2]) for r in rejects] == [(3, "birth_date")]


def test_rows_with_another_number_of_cells(tmp_path: Path) -> None:
    text = "child_id,locality\nc1,N\nc2\nc3,N,more\nc4,N,\n\n,\nc5,N\n"
    run, rejects = check_only(write_texts(tmp_path / "in", {"children.csv": text}), tmp_path / "home")
    assert [(r[1], r[4]) for r in rejects] == [
        (3, "row has 1 cells, the header 2"),
        (4, "row has 3 cells, the header 2"),
    ]
    assert (run.counts["children"].read, run.counts["children"].rejected) == (5, 2)
    assert any("without any value" in note for note in run.notes)


def test_a_quote_that_never_closes_costs_its_own_row_only(tmp_path: Path) -> None:
    text = 'child_id,locality\nc1,N\nc2,"N\n' + "".join(f"c{i},S\n" for i in range(3, 40))
    run, rejects = check_only(write_texts(tmp_path / "in", {"children.csv": text}), tmp_path / "home")
    assert [(r[1], r[4]) for r in rejects] == [(3, "a quotation mark opens in this row and does not close")]
    assert run.counts["children"].read == 39


def test_a_line_break_inside_quotes_is_one_row(tmp_path: Path) -> None:
    text = 'agency_id,name,sector\na1,"One\ntwo",health\na2,Two,?\n'
    _, rejects = check_only(write_texts(tmp_path / "in", {"agencies.csv": text}), tmp_path / "home")
    assert [(r[1], r[2]) for r in rejects] == [(3, "sector")]


def test_a_nul_is_damage(tmp_path: Path) -> None:
    text = "child_id,locality\nc1,N\x00\nc2,N\n"
    _, rejects = check_only(write_texts(tmp_path / "in", {"children.csv": text}), tmp_path / "home")
    assert [(r[1], r[2]) for r in rejects] == [(2, "locality")]


def test_white_space_around_values_is_dropped_and_headers_may_be_written_kindly(tmp_path: Path) -> None:
    text = "Child ID , LOCALITY\n\u00a0c1\t, N \n"
    tables = {"children.csv": text, "needs.csv": "child_id,level,started_on\nc1,3.0,2026-01-01\n"}
    run, rejects = check_only(write_texts(tmp_path / "in", tables), tmp_path / "home")
    assert rejects == []
    assert run.counts_of("read") == 2


def test_a_hundred_thousand_bad_rows_are_all_listed(tmp_path: Path) -> None:
    lines = "".join(f"c{i},{i}/01/2026\n" for i in range(100_000))
    folder = write_texts(tmp_path / "in", {"children.csv": f"child_id,birth_date\n{lines}"})
    run, rejects = check_only(folder, tmp_path / "home")
    assert len(rejects) == run.counts["children"].rejected == 100_000


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "has no table of the import format"),
        ({"notes.csv": "a,b\n1,2\n"}, "has no table of the import format"),
        ({"children.csv": ""}, "is empty"),
        ({"children.csv": "\n\n"}, "is empty"),
        ({"children.csv": "child_id\n"}, "has headers but no rows"),
        ({"children.csv": "child_id,child_id\n1,2\n"}, "twice"),
        ({"children.csv": "kind,colour\n1,2\n"}, "has no column of the table children"),
        ({"children.csv": b"PK\x03\x04rest"}, "a workbook or zip archive"),
        ({"children.csv": "child_id\nc1\n", "Children.CSV": "child_id\nc1\n"}, "twice"),
        ({"children.csv": b"child_id\n" + b"x" * (1 << 20) + b"x"}, "a million characters"),
        ({"book.xlsx": "no workbook"}, "cannot be read as a workbook"),
    ],
)
def test_what_is_no_source_is_one_clear_line(
    tmp_path: Path, files: dict[str, str | bytes], words: str
) -> None:
    folder = write_texts(tmp_path / "in", files)
    with pytest.raises(SourceError) as caught:
        check_only(folder, tmp_path / "home")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is not there"):
        check_only(tmp_path / "nowhere", tmp_path / "home")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=400))
def test_no_bytes_at_all_make_a_traceback(tmp_path_factory: pytest.TempPathFactory, rubbish: bytes) -> None:
    folder = tmp_path_factory.mktemp("rubbish")
    write_texts(folder / "in", {"children.csv": b"child_id,locality\n" + rubbish})
    try:
        run, rejects = check_only(folder / "in", folder / "home")
    except TacgraphError as fault:
        assert "\n" not in str(fault)  # noqa: PT017  (either outcome is right; both are checked)
    else:
        counts = run.counts["children"]
        assert counts.rejected == len({r[1] for r in rejects})
        assert counts.read >= counts.rejected


# -- workbooks ---------------------------------------------------------------------------------------


def test_a_formula_needs_a_saved_value(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["child_id", "birth_date"],
        ["c1", ('=DATE(2014,5,12)&""', "2014-05-12")],
        ["c2", ("=B1+5", "")],
        ["c3", None],
    ]
    run, rejects = check_only(write_book(tmp_path / "b.xlsx", {"children": rows}), tmp_path / "home")
    assert [(r[1], r[2]) for r in rejects] == [(3, "birth_date")]
    assert "formula without a value" in rejects[0][4]
    assert run.counts["children"].read == 3


def test_a_sheet_may_begin_lower_and_further_right(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        [],
        [],
        [None, "child_id", "birth_date"],
        [],
        [None, 12, "x"],
        [None, "c2", None],
    ]
    run, rejects = check_only(write_book(tmp_path / "b.xlsx", {"Children": rows}), tmp_path / "home")
    assert [(r[1], r[2], r[3]) for r in rejects] == [(5, "birth_date", "x")]
    assert run.counts["children"].read == 2


def test_errors_of_a_spreadsheet_are_no_empty_cells(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "children"
    sheet.append(["child_id", "birth_date"])
    sheet.append(["c1", "#N/A"])
    sheet.append(["c2", None])
    book.save(tmp_path / "b.xlsx")
    run, rejects = check_only(tmp_path / "b.xlsx", tmp_path / "home")
    assert [(r[1], r[2], r[3]) for r in rejects] == [(2, "birth_date", "#N/A")]
    assert run.counts["children"].read == 2


def test_a_workbook_without_a_table(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no sheet named as a table"):
        check_only(write_book(tmp_path / "b.xlsx", {"Sheet1": [["a"], [1]]}), tmp_path / "home")


def test_an_empty_sheet(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="not even a header"):
        check_only(write_book(tmp_path / "b.xlsx", {"children": []}), tmp_path / "home")
