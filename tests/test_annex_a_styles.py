"""Annex A as other authorities keep it: folders of CSV files, other headings, and faults in the sheets."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from loaders import load
from loaders.sources import guess_format
from loaders.sources.annex_a import looks_like_annex_a, read_annex_a
from loaders.sources.annex_a.headings import list_by_headings, list_of, says, sector_of
from loaders.sources.annex_a.mapping import step_of
from loaders.sources.made import MadeTable
from tests.fuzzing import damages, survives
from tests.loading import KEY, check_only, read_list, write_book

WHO = ("Child Unique ID", "Gender", "Ethnicity", "Date of Birth", "Age")
CASE = ("Allocated Team", "Allocated Worker")
PLAN = ("Child Protection Plan Start Date", "Child Protection Plan End Date")
DAY = dt.date(2020, 3, 14)

Grid = Sequence[Sequence[Any]]


def write_lists(folder: Path, lists: dict[str, Grid], sep: str = ",") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in lists.items():
        with (folder / name).open("w", encoding="utf-8-sig", newline="") as text:
            csv.writer(text, delimiter=sep).writerows(rows)
    return folder


def rows_of(path: Path, table: str) -> list[tuple[str | None, ...]]:
    for found in read_annex_a(path, KEY).tables:
        assert isinstance(found, MadeTable)
        if found.name == table:
            return [cells for _, cells in found.rows]
    return []


def faults_of(path: Path, table: str = "children") -> list[tuple[int, str, str]]:
    for found in read_annex_a(path, KEY).tables:
        assert isinstance(found, MadeTable)
        if found.name == table:
            return [(f.row % (1 << 40), f.column, f.reason) for f in found.faults]
    return []


def kinds(path: Path) -> list[str]:
    return [f.kind for f in read_annex_a(path, KEY).findings]


def plans(*rows: Sequence[Any], head: Sequence[str] = (*WHO, *PLAN, *CASE)) -> dict[str, Grid]:
    return {"List 7": [head, *rows]}


def plan(child: object, start: object = DAY, end: object = None) -> list[Any]:
    return [child, "a) Male", "a) WBRI", dt.date(2010, 1, 2), 10.2, start, end, "North", "Kim Jones"]


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


# -- whatever comes ----------------------------------------------------------------------------------

CELLS = st.one_of(
    st.none(),
    st.sampled_from(
        ["=cmd|' /C calc'!A0", "#N/A", "a) Male", "31/02/2020", "\u200b", "x" * 3000, "Total", "1E9"]
    ),
    st.text(max_size=12),
    st.integers(-(10**17), 10**17),
    st.dates(dt.date(1900, 3, 1), dt.date(2100, 1, 1)),
)
HEADINGS = st.lists(
    st.sampled_from([*WHO, *PLAN, *CASE, "Case Status", "CIN Start Date", "", "Something"]), max_size=12
)


@given(
    head=HEADINGS,
    rows=st.lists(st.lists(CELLS, max_size=12), max_size=6),
    name=st.sampled_from(["List 6", "x"]),
)
@settings(max_examples=120)
def test_any_cells_under_any_headings_are_read_or_refused_in_words(
    head: list[str], rows: list[list[Any]], name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = write_lists(tmp_path_factory.mktemp("fuzz"), {f"{name}.csv": [head, *rows]})
    looks_like_annex_a(folder)
    survives(lambda: read_annex_a(folder, KEY))


@cache
def whole_book() -> bytes:
    """The bytes of one workbook, the same ones each time: a workbook holds when it was made."""
    with TemporaryDirectory() as folder:
        return write_book(Path(folder) / "annex.xlsx", plans(plan(1), plan(2))).read_bytes()


@given(data=st.data())
@settings(max_examples=50)
def test_a_damaged_workbook_is_read_or_refused_in_words(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("cut") / "annex.xlsx"
    path.write_bytes(data.draw(damages(whole_book())))
    looks_like_annex_a(path)
    survives(lambda: read_annex_a(path, KEY))


# -- a second road -----------------------------------------------------------------------------------

IDS = st.integers(1, 5).map(str)
DAYS = st.dates(dt.date(2015, 1, 1), dt.date(2024, 1, 1))
MAYBE = st.one_of(st.none(), DAYS)
PLANS = st.lists(st.tuples(IDS, DAYS, MAYBE, st.sampled_from(["Kim", "Bo", "#N/A"])), max_size=6)
CARED = st.lists(st.tuples(IDS, DAYS, MAYBE, st.sampled_from(["C2: FCO", "V3", "E1"])), max_size=6)


def british(day: dt.date | None) -> str:
    return "" if day is None else day.strftime("%d/%m/%Y")


@given(
    protected=PLANS,
    cared=CARED,
    order=st.permutations(["id", "born", "from", "to"]),
)
@settings(max_examples=60)
def test_statuses_and_workers_by_plain_loops(
    protected: list[tuple[str, dt.date, dt.date | None, str]],
    cared: list[tuple[str, dt.date, dt.date | None, str]],
    order: list[str],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    called = {"id": "ChildUniqueID", "born": "DOB", "from": "CPPStartDate", "to": "CPPEndDate"}
    seven = [[called[o] for o in order] + ["Allocated Worker"]]
    for child, start, end, worker in protected:
        cell = {"id": child, "born": "01/01/2014", "from": british(start), "to": british(end)}
        seven.append([cell[o] for o in order] + [worker])
    eight = [
        [
            "Child Unique ID",
            "Date of Birth",
            "Date Started to be Looked After",
            "Date Ceased to be Looked After",
        ]
    ]
    eight[0].append("Child\u2019s Legal Status")
    eight += [[child, "01/01/2014", str(start), str(end or ""), law] for child, start, end, law in cared]
    folder = write_lists(tmp_path_factory.mktemp("road"), {"list 7.csv": seven, "list 8.csv": eight})
    expected = [(c, "CP", str(s), str(e) if e else None) for c, s, e, _ in protected]
    expected += [
        (c, "LAC", str(s), str(e) if e else None) for c, s, e, law in cared if not law.startswith("V")
    ]
    assert rows_of(folder, "statuses") == expected
    assert {row[0] for row in rows_of(folder, "children")} == {x[0] for x in [*protected, *cared]}
    assert {row[2] for row in rows_of(folder, "practitioners")} == {w for *_, w in protected if w != "#N/A"}
