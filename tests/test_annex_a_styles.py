"""Annex A as other authorities keep it: folders of CSV files, other headings, and faults in the sheets."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from loaders import load
from loaders.sources import guess_format
from loaders.sources.annex_a import looks_like_annex_a, read_annex_a
from loaders.sources.annex_a.headings import list_by_headings, list_of, says, sector_of
from loaders.sources.annex_a.mapping import step_of
from loaders.sources.made import MadeTable
from tests.annex_a_lists import CASE, DAY, PLAN, WHO, Grid, plan, plans, rows_of, write_lists
from tests.loading import KEY, check_only, read_list, write_book


def faults_of(path: Path, table: str = "children") -> list[tuple[int, str, str]]:
    for found in read_annex_a(path, KEY).tables:
        assert isinstance(found, MadeTable)
        if found.name == table:
            return [(f.row % (1 << 40), f.column, f.reason) for f in found.faults]
    return []


def kinds(path: Path) -> list[str]:
    return [f.kind for f in read_annex_a(path, KEY).findings]


def test_a_folder_of_csv_files_with_headings_of_sql(on_engine: Path, tmp_path: Path) -> None:
    lists: dict[str, Grid] = {
        "List_6_CIN.csv": [
            ["ChildUniqueID", "DateOfBirth", "CINStartDate", "CINClosureDate", "CaseStatus", "AllocatedTeam"],
            ["00123.0", "01/02/2010", "3/4/2020", "", "c) Child in need plan", "North"],
            ["77", "01/02/2010", "2020-04-03 00:00:00", "05-Jun-2020", "e) Closed episode", "NULL"],
        ],
        "annex a list 9.csv": [
            [
                "ChildUniqueID",
                "DateOfBirth",
                "AllocatedWorker",
                "AllocatedPersonalAdvisor",
                "EligibilityCategory",
            ],
            ["9", "29/02/2000", "Kim Jones", "Bo Else", "Former Relevant Child"],
        ],
        "read me.txt": [["hello"]],
    }
    folder = write_lists(tmp_path / "annex", lists, sep=";")
    assert guess_format(folder) == "annex_a"
    report = load(folder, home=on_engine)
    assert (report.total("rejected"), report.format) == (0, "annex_a")
    assert rows_of(folder, "statuses") == [
        ("00123", "CIN", "2020-04-03", None),
        ("77", "CIN", "2020-04-03", "2020-06-05"),
        ("9", "CARE_LEAVER", "2018-03-01", None),
    ]
    assert not load(folder, home=on_engine).changed


def test_a_dirty_list_loads_what_is_good_and_says_the_rest(on_engine: Path, tmp_path: Path) -> None:
    path = write_book(
        tmp_path / "annex.xlsx",
        plans(
            plan(1, DAY, dt.date(2020, 1, 1)),
            [2, "a) WBRI", dt.date(2010, 1, 2), 10.2, DAY, None, "North", "Kim Jones", None],
            plan(3, "31/02/2020"),
            plan(4),
            ["Total", None, None, None, 4],
        ),
    )
    report = load(path, home=on_engine)
    assert [(r["row"], r["column"]) for r in read_list(report, "rejects.csv")] == [
        ("2", "Child Protection Plan End Date"),
        ("3", "Gender"),
        ("4", "Child Protection Plan Start Date"),
    ]
    assert report.tables["children"].created == 3
    assert report.tables["practitioners"].created == 1
    assert report.tables["statuses"].created == 1
    assert "List 7: 1 rows left out: totals and footnotes" in report.notes


def test_a_list_that_cannot_be_read_takes_nothing_back(on_engine: Path, tmp_path: Path) -> None:
    six: Grid = [
        [*WHO, "CIN Start Date", "CIN Closure Date", "Case Status"],
        [2, "", "", None, 3, DAY, None, "c)"],
    ]
    first = load(write_book(tmp_path / "annex.xlsx", {"List 6": six, **plans(plan(1))}), home=on_engine)
    assert first.total("rejected") == 0
    broken = plans(plan(1), head=["Reference", *WHO[1:], *PLAN, *CASE])
    second = load(
        write_book(tmp_path / "annex.xlsx", {"List 6": six, **broken}), home=on_engine, replace=True
    )
    assert second.total("retired") == 0
    (reject,) = read_list(second, "rejects.csv")
    assert "none of its headings is a child's unique id" in reject["reason"]


def test_a_shifted_row_gives_nothing_at_all(tmp_path: Path) -> None:
    left = ["a) Male", "a) WBRI", dt.date(2010, 1, 2), 10.2, DAY, None, "North", "Kim Jones", None]
    right = [None, 5, "a) Male", "a) WBRI", dt.date(2010, 1, 2), 10.2, DAY, None, "North"]
    path = write_book(tmp_path / "annex.xlsx", plans(left, right, plan(1)))
    assert [row for row, _, _ in faults_of(path)] == [2, 3]
    assert all("shifted" in reason for _, _, reason in faults_of(path))
    assert [row[0] for row in rows_of(path, "children")] == ["1"]
    assert [row[1] for row in rows_of(path, "agencies")] == ["North"]
    _, rejects = check_only(path, tmp_path / "home", "annex_a")
    assert {r[0] for r in rejects} == {"agencies", "children", "practitioners", "statuses"}


def test_a_heading_that_stands_twice(tmp_path: Path) -> None:
    head = [*WHO, *PLAN, *CASE, "Allocated Worker"]
    rows = [[*plan(1), "Kim Jones"], [*plan(2), None], [*plan(3), "Bo Else"]]
    path = write_book(tmp_path / "annex.xlsx", plans(*rows, head=head))
    assert faults_of(path) == [
        (4, "Allocated Worker", "stands in two columns so headed, which differ: keep one of them")
    ]
    assert [row[2] for row in rows_of(path, "practitioners")] == ["Kim Jones"]
    assert [row[0] for row in rows_of(path, "statuses")] == ["1", "2"]


def test_a_list_with_the_headings_of_another(tmp_path: Path) -> None:
    eight = [
        [*WHO, "Date Started to be Looked After", "Date Ceased to be Looked After", "Child's Legal Status"]
    ]
    eight.append([1, "a) Male", "a) WBRI", dt.date(2010, 1, 2), 10.2, DAY, None, "C2"])  # type: ignore[list-item]
    path = write_book(tmp_path / "annex.xlsx", {"List 7": eight, "List 3": [["a", "b"], [1, 2]]})
    assert rows_of(path, "statuses") == [("1", "LAC", "2020-03-14", None)]
    notes = read_annex_a(path, KEY).notes
    assert "List 7 has the headings of List 8 (Children looked after): read as that list" in notes
    assert "sheet List 3 left out: none of its headings is a child's unique id" in notes


def test_a_list_without_the_column_that_its_facts_begin_with(tmp_path: Path) -> None:
    path = write_book(tmp_path / "annex.xlsx", plans(plan(1)[:6], head=[*WHO, PLAN[1]]))
    assert rows_of(path, "statuses") == []
    assert len(rows_of(path, "children")) == 1
    _, rejects = check_only(path, tmp_path / "home", "annex_a")
    assert [(r[0], r[4]) for r in rejects] == [
        ("statuses", "the list has none of the headings for started_on: its 1 rows give no statuses")
    ]


@pytest.mark.parametrize(
    ("days", "statuses", "said"),
    [
        (["03/14/2020", "03/04/2020"], ["03/14/2020", "03/04/2020"], ""),
        (["14/03/2020", "03/04/2020"], ["2020-03-14", "2020-04-03"], ""),
        (
            ["14/03/2020", "03/14/2020", "03/04/2020"],
            ["2020-03-14", "03/14/2020", "2020-04-03"],
            "ambiguous_dates",
        ),
        (
            [dt.date(2020, 3, 4)] * 3 + ["14/03/2020"] * 3,
            ["2020-03-04"] * 3 + ["2020-03-14"] * 3,
            "dates_perhaps_swapped",
        ),
    ],
)
def test_day_first_and_month_first(tmp_path: Path, days: list[Any], statuses: list[str], said: str) -> None:
    path = write_book(tmp_path / "annex.xlsx", plans(*(plan(n, day) for n, day in enumerate(days))))
    assert [row[2] for row in rows_of(path, "statuses")] == statuses
    assert [k for k in kinds(path) if "date" in k] == ([said] if said else [])
    month_first = [n for n in read_annex_a(path, KEY).notes if "written month first" in n]
    assert bool(month_first) == (days[0] == "03/14/2020")


def test_ids_that_a_spreadsheet_has_touched(tmp_path: Path) -> None:
    rows = [plan("00123"), plan(123.0), plan("9.0"), plan("1.23E+15")]
    path = write_book(tmp_path / "annex.xlsx", plans(*rows))
    assert [row[0] for row in rows_of(path, "children")] == ["00123", "123", "9"]
    assert [f.ids for f in read_annex_a(path, KEY).findings if f.kind == "leading_zeros_differ"] == [
        "00123 123"
    ]
    assert [reason for _, _, reason in faults_of(path)] == [
        "is a number whose last digits the spreadsheet has lost: export ids as text"
    ]


def test_cells_merged_over_rows_and_titles_over_columns(tmp_path: Path) -> None:
    path = tmp_path / "annex.xlsx"
    book = xlsxwriter.Workbook(str(path), {"default_date_format": "dd/mm/yyyy"})
    sheet = book.add_worksheet("List_7")
    sheet.merge_range(0, 0, 0, 8, "Child protection plans, in confidence")
    sheet.merge_range(1, 0, 1, 4, "The child")
    sheet.write_row(2, 0, [*WHO, *PLAN, *CASE])
    for row, cells in enumerate([plan(1), plan(None, dt.date(2021, 5, 6)), plan(2)], start=3):
        sheet.write_row(row, 0, cells)
    sheet.merge_range(3, 0, 4, 0, 1)
    sheet.merge_range(7, 0, 7, 8, "Source: the case system, run on 1 May")
    book.close()
    assert [row[0] for row in rows_of(path, "statuses")] == ["1", "1", "2"]
    assert looks_like_annex_a(tmp_path)
    assert "List_7: 1 cells filled from cells merged over several rows" in read_annex_a(path, KEY).notes


def test_several_workers_of_one_child_are_kept_and_said(tmp_path: Path) -> None:
    referrals = [[*WHO, "Date of Referral", *CASE], [*plan(1)[:6], "Front Door", "Bo Else"]]
    path = write_book(tmp_path / "annex.xlsx", {"List 3": referrals, **plans(plan(1), plan(2))})
    (seen,) = [f for f in read_annex_a(path, KEY).findings if f.kind == "several_workers_for_child"]
    assert seen.ids.split()[0] == "1"
    assert len(seen.ids.split()) == 3
    assert "Bo" not in seen.ids + seen.what


def test_a_case_status_without_the_list_that_dates_it(tmp_path: Path) -> None:
    six: Grid = [
        [*WHO, "CIN Start Date", "CIN Closure Date", "Case Status"],
        [1, "a) Male", "", None, 3, DAY, None, "a) Looked after child"],
        [2, "a) Male", "", None, 3, DAY, None, "b) Child Protection plan"],
        [3, "a) Male", "", None, 3, DAY, None, "Child protection plan"],
    ]
    path = write_book(tmp_path / "annex.xlsx", {"List 6": six, **plans(plan(2))})
    undated = [f.ids for f in read_annex_a(path, KEY).findings if f.kind == "status_without_date"]
    assert undated == ["1", "3"]
    assert sorted(row[:2] for row in rows_of(path, "statuses")) == [
        ("1", "CIN"),
        ("2", "CIN"),
        ("2", "CP"),
        ("3", "CIN"),
    ]


@pytest.mark.parametrize(
    ("text", "kind", "means"),
    [
        ("f) U6: Foster placement - not FFA", "residential", False),
        ("K2: Children's homes", "residential", True),
        ("n) H5: Residential accommodation", "residential", False),
        ("Residential school", "residential", True),
        ("V4: series of short breaks", "short_break", True),
        ("C2: FCO", "short_break", False),
        (None, "short_break", False),
    ],
)
def test_placements_and_legal_statuses(text: str | None, kind: str, means: bool) -> None:
    assert says(kind, text) is means


@pytest.mark.parametrize(
    ("case", "step"),
    [
        ("a) Looked after child", "LAC"),
        ("d", "assessment"),
        ("b)", "CP"),
        ("a) Open assessment", "assessment"),
        ("Closed episode", "closed"),
        ("Family Help plan", "CIN"),
        ("something else", None),
        ("", None),
    ],
)
def test_words_count_before_letters_on_the_ladder(case: str, step: str | None) -> None:
    assert step_of(case) == step


def test_names_of_sheets_files_and_organisations() -> None:
    names = {"List_10": 10, "annex_a_list_4_2024-03-31": 4, "List 1 - Contacts": 1, "7 Child Protection": 7}
    assert {name: list_of(name) for name in names} == names
    assert list_of("list 12") is None
    sectors = {"Top Town Academy": "education", "Anytown NHS Trust": "health", "Acme": "other"}
    assert {name: sector_of(name) for name in sectors} == sectors
    assert list_by_headings([[*WHO, "Date of Contact", "Contact Source"], [1]]) == 1
    assert list_by_headings([["Child Unique ID", "Case Status"]]) is None


def test_a_cell_that_says_nobody_is_no_worker_and_no_team(tmp_path: Path) -> None:
    rows = [plan(n) for n in (1, 2, 3)]
    rows[0][8], rows[1][7], rows[2][8] = "Unallocated", "Unassigned", "TBC"
    path = write_book(tmp_path / "annex.xlsx", plans(*rows))
    assert [row[2] for row in rows_of(path, "practitioners")] == ["Kim Jones"]
    assert [row[1] for row in rows_of(path, "agencies")] == ["North"]
    said = "cells for a worker or team that name nobody: Unallocated 1, Unassigned 1, TBC 1"
    assert said in read_annex_a(path, KEY).notes


def test_a_row_of_csv_that_does_not_fit_the_header_is_rejected(tmp_path: Path) -> None:
    folder = tmp_path / "annex"
    folder.mkdir()
    head = "Child Unique ID,Date of Birth,CPPStartDate,CPPEndDate,Allocated Team,Allocated Worker\n"
    rows = ("1,01/02/2010,01/02/2024,,North,Kim Jones", "2,01/02/2010,01/02/2024,01/03/2024,North,Smith, Jo")
    text = "\n".join([*rows, "3,01/02/2010,01/02/2024,,North,Kim Jones", "4,01/02/2010,01/02/2024"])
    (folder / "List 7.csv").write_text(head + text, encoding="utf-8")
    assert faults_of(folder) == [
        (3, "", "row has 7 cells, the header 6"),
        (5, "", "row has 3 cells, the header 6"),
    ]
    assert [row[0] for row in rows_of(folder, "statuses")] == ["1", "3"]
    assert [row[2] for row in rows_of(folder, "practitioners")] == ["Kim Jones"]
