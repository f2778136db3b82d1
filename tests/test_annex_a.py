"""The Annex A workbook: the real sample, its dirt, and the spellings that other authorities use."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from graphmodel.errors import SourceError
from graphmodel.store import Store
from loaders import load
from loaders.sources.annex_a.lists import list_of, looks_like_annex_a, plain_words, read_annex_a
from loaders.sources.made import MadeTable
from tests.loading import KEY, SMALL, check_only, facts, read_list, write_book

SAMPLE = Path(__file__).parents[2] / "shared" / "data" / "Annex_A.xlsx"
WHO = ("Child Unique ID", "Gender", "Ethnicity", "Date of Birth", "Age")
CASE = ("Allocated Team", "Allocated Worker")
BORN = dt.date(2010, 5, 4)

Grid = list[list[Any]]


def person(child: object, born: object = BORN) -> list[Any]:
    return [child, "a) Male", "a) WBRI", born, 10.5]


def tables(path: Path) -> dict[str, list[dict[str, Any]]]:
    found = {}
    for table in read_annex_a(path, KEY).tables:
        assert isinstance(table, MadeTable)
        found[table.name] = [dict(zip(table.columns, cells, strict=True)) for _, cells in table.rows]
    return found


def statuses(path: Path) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in tables(path).get("statuses", [])]


def book(path: Path, sheets: Mapping[str, Sequence[Sequence[Any]]]) -> Path:
    return write_book(path / "annex.xlsx", sheets)


def test_the_sample_comes_to_what_its_lists_say() -> None:
    found = tables(SAMPLE)
    assert len(found["children"]) == 48
    assert sorted(row["kind"] for row in found["assessments"]) == ["core"] * 5 + ["other"] * 3
    workers = {row["name"] for row in found["practitioners"]}
    assert "Dustin Hazlett" in workers
    assert not [name for name in workers if "\xa0" in name or "#" in name]
    assert "#N/A" not in {row["name"] for row in found["agencies"]}
    by_kind: dict[str, int] = {}
    for _, status, _, _ in statuses(SAMPLE):
        by_kind[status] = by_kind.get(status, 0) + 1
    assert by_kind == {
        "CIN_ASSESSMENT": 5,
        "CIN": 5,
        "CP": 7,
        "LAC": 5,
        "CARE_LEAVER": 6,
        "ADOPTION": 5,
    }
    assert ("10721552", "CP", "2020-11-23", "2021-02-16") in statuses(SAMPLE)
    assert ("3623204", "LAC", "2008-10-22", "2020-09-22") in statuses(SAMPLE)
    assert ("6102196", "CARE_LEAVER", "2017-10-22", None) in statuses(SAMPLE)
    assert ("13782635", "ADOPTION", "2014-09-17", "2014-10-07") in statuses(SAMPLE)


def test_the_sample_loads_twice_to_one_graph(on_engine: Path) -> None:
    report = load(SAMPLE, home=on_engine)
    assert (report.format, report.source) == ("annex_a", "annex_a")
    assert report.total("rejected") == 0
    assert report.total("created") == report.total("read") == 130
    with Store.open(on_engine, "reader") as store:
        before = facts(store, load_ids=True)
        assert store.fetch("MATCH (n:Tac) RETURN n") == []
    again = load(SAMPLE, home=on_engine)
    assert not again.changed
    with Store.open(on_engine, "reader") as store:
        assert facts(store, load_ids=True) == before
    said = " ".join(report.notes)
    assert "no Teams Around the Child" in said
    assert "5 early help assessments of List 2 not loaded" in said
    assert "Early Help Locality 2 3, Top Town Academy 1, Early Help Service 1" in said
    listed = read_list(report, "findings.csv")
    assert {f["kind"] for f in listed} >= {"assessment_without_worker", "conflicting_birth_dates"}
    text = (report.folder / "findings.csv").read_text(encoding="utf-8")
    assert "Hazlett" not in text


def test_a_worker_of_one_name_in_two_teams_is_two_until_somebody_knows_better(tmp_path: Path) -> None:
    rows: Grid = [
        [*WHO, *CASE],
        [*person(1), "North Team", "Kim Jones"],
        [*person(2), "North\xa0Team ", " Kim\xa0 Jones"],
        [*person(3), "South Team", "Kim Jones"],
        [*person(4), "#N/A", "#N/A"],
    ]
    source = read_annex_a(book(tmp_path, {"List 3": rows}), KEY)
    named = {t.name: t for t in source.tables}
    practitioners, agencies = named["practitioners"], named["agencies"]
    assert isinstance(practitioners, MadeTable)
    assert isinstance(agencies, MadeTable)
    assert [cells[1] for _, cells in agencies.rows] == ["North Team", "South Team"]
    assert len(practitioners.rows) == 2
    assert [f.kind for f in source.findings] == ["same_name_in_two_teams"]
    assert not [f for f in source.findings if "Kim" in f.ids + f.what]
    assert not [cells for _, cells in practitioners.rows if "kim" in str(cells[0]).lower()]


def test_the_ladder_of_list_six(tmp_path: Path) -> None:
    head = [*WHO, "CIN Start Date", "CIN Closure Date", "Case Status", *CASE]
    start, end = dt.date(2020, 1, 1), dt.date(2020, 6, 1)
    cases: list[tuple[int, dt.date | None, str]] = [
        (1, None, "a) Looked after child"),
        (2, None, "b) Child Protection plan"),
        (3, None, "c) Child in need plan"),
        (4, None, "d) Open assessment"),
        (5, None, "d) Open assessment"),
        (6, end, "e) Closed episode"),
        (7, None, "e) Closed episode"),
        (8, None, "z) Something else"),
    ]
    four: Grid = [[*WHO, "Assessment Actual Start Date", "AuthorisationDate"], [*person(5), start, None]]
    six: Grid = [head, *([*person(c), start, e, s, "T", "W"] for c, e, s in cases)]
    path = book(tmp_path, {"List 4": four, "List 6": six})
    found = {(c, s): (f, t) for c, s, f, t in statuses(path)}
    assert found["5", "CIN_ASSESSMENT"] == ("2020-01-01", None)
    assert len([c for c, s in found if c == "5"]) == 1
    assert {c: s for c, s in found if c in "12346"} == {
        **dict.fromkeys("1236", "CIN"),
        "4": "CIN_ASSESSMENT",
    }
    assert found["6", "CIN"] == ("2020-01-01", "2020-06-01")
    run, rejects = check_only(path, tmp_path / "home", "annex_a")
    assert [(r[0], r[2]) for r in rejects if r[0] == "statuses"] == [
        ("statuses", "ended_on"),
        ("statuses", "status"),
    ]
    assert run.counts["statuses"].rejected == 2


def test_rejects_name_the_list_the_row_and_its_own_heading(on_engine: Path, tmp_path: Path) -> None:
    head = [*WHO, "Continuous Assessment Start Date", "Continuous Assessment Date of Authorisation", *CASE]
    rows: Grid = [
        head,
        [*person(1), "16/09/2020", "30/09/2020", "T", "W"],
        [*person(2), dt.date(2020, 9, 16), ("=G2+5", ""), "T", "W"],
        [*person(3), dt.date(2020, 9, 16), None, "T", None],
        [*person(4), dt.date(2020, 9, 16), "sometime", "T", "W"],
        [*person(None), dt.date(2020, 9, 16), None, "T", "W"],
    ]
    report = load(book(tmp_path, {"List_4": rows}), home=on_engine)
    listed = {(r["row"], r["column"], r["reason"]) for r in read_list(report, "rejects.csv")}
    done = "Continuous Assessment Date of Authorisation"
    assert {r["file"] for r in read_list(report, "rejects.csv")} == {"annex.xlsx, List_4"}
    assert ("3", done, "is a formula, not a value: save its value") in listed
    assert ("4", "Allocated Worker", "is required and empty") in listed
    assert ("5", done, "is no ISO date: write dates as YYYY-MM-DD") in listed
    assert ("6", "Child Unique ID", "is required and empty") in listed
    assert report.tables["assessments"].created == 1
    with Store.open(on_engine, "reader") as store:
        ((started, completed),) = store.fetch(
            "MATCH (a:Assessment) RETURN toString(a.started_on), toString(a.completed_on)"
        )
    assert (started, completed) == ("2020-09-16", "2020-09-30")


def test_headings_of_2024_and_of_sql_exports(tmp_path: Path) -> None:
    nine: Grid = [
        [
            "ChildUniqueID",
            "DateOfBirth",
            "AllocatedTeam",
            "AllocatedWorker",
            "AllocatedPersonalAdvisor",
            "EligibilityCategory",
        ],
        ["c1", "29/02/2004", "Leaving Care", "Ann Other", "Bo Else", "Former relevant child"],
        ["c2", dt.date(2006, 1, 1), "Leaving Care", "Ann Other", None, "a) Relevant child"],
    ]
    title: Grid = [["Annex A, List 10"], []]
    ten: Grid = [
        *title,
        [
            "Child Unique ID",
            "Date of Decision that Child Should be Placed for Adoption",
            "Date of Adoption Order ",
            "Date of Decision that Child Should No Longer be Placed for Adoption",
        ],
        ["c3", dt.date(2020, 1, 1), None, dt.date(2021, 1, 1)],
        ["c4", None, None, None],
    ]
    eight: Grid = [
        ["Child\u2019s Legal Status", "Child Unique ID", "Date Started to be Looked After"],
        ["x", "c5", BORN],
    ]
    path = book(tmp_path, {"Care Leavers": nine, "Adoption": ten, "Children in Care": eight})
    assert looks_like_annex_a(path)
    assert sorted(statuses(path)) == [
        ("c1", "CARE_LEAVER", "2022-03-01", None),
        ("c3", "ADOPTION", "2020-01-01", "2021-01-01"),
        ("c5", "LAC", "2010-05-04", None),
    ]
    roles = {row["name"]: row["role"] for row in tables(path)["practitioners"]}
    assert roles == {"Ann Other": "allocated_worker", "Bo Else": "personal_adviser"}
    kinds = [f.kind for f in read_annex_a(path, KEY).findings]
    assert kinds == ["list_without_end", "status_without_date", "status_without_date"]


@pytest.mark.parametrize(
    ("sheet", "number"),
    [
        ("List 1", 1),
        ("List_8", 8),
        ("list 10", 10),
        ("Early Help", 2),
        ("Sec47 and ICPC", 5),
        ("Children in Need", 6),
        ("Child Protection", 7),
        ("Children in Care", 8),
        ("Notes", None),
        ("List 12", None),
    ],
)
def test_sheets_are_known_by_number_or_name(sheet: str, number: int | None) -> None:
    assert list_of(sheet) == number


def test_plain_words() -> None:
    assert plain_words("Date of Adoption Order ") == "date of adoption order"
    assert plain_words("CINStartDate") == "cin start date"
    assert plain_words("Child\u2019s\u00a0Legal Status (Y/N))") == "child s legal status y n"


def test_other_workbooks_are_not_taken_for_annex_a(tmp_path: Path) -> None:
    other = write_book(tmp_path / "other.xlsx", {"Sheet1": [["a"], [1]], "Assessments": [["b"], [2]]})
    assert not looks_like_annex_a(other)
    assert not looks_like_annex_a(SMALL)
    assert looks_like_annex_a(SAMPLE)
    with pytest.raises(SourceError, match="none of the child-level lists"):
        read_annex_a(write_book(tmp_path / "none.xlsx", {"Sheet1": [["a"], [1]]}), KEY)
