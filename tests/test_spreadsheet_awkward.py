"""Three lists by hand, as awkward as partners keep them: what is proposed and what is read, cell by cell."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import xlsxwriter

from loaders.sources.spreadsheet.grid import open_grid
from loaders.sources.spreadsheet.mapping import DATED
from loaders.sources.spreadsheet.propose import propose
from loaders.sources.spreadsheet.read import day_in, read_mapped
from tests.loading import KEY
from tests.test_spreadsheet_shapes import facts_of, rows_of


def grouped_headings(path: Path) -> Path:
    """Merged groups above the headings, a title, a stamp, notes below, a hidden blank column."""
    book = xlsxwriter.Workbook(str(path), {"default_date_format": "dd/mm/yyyy"})
    sheet = book.add_worksheet("Oct 26")
    sheet.merge_range(0, 0, 0, 9, "North Locality - Team Around the Family tracker")
    sheet.write(1, 0, "Data as at 31/10/2026")
    groups = ((0, 3, "Child details"), (4, 5, "Health Visitor"), (6, 7, "School Nurse"), (8, 9, "Lead"))
    for left, right, label in groups:
        sheet.merge_range(3, left, 3, right, label)
    heads = (
        "Mosaic ID",
        "Surname",
        "Forename",
        "D.O.B",
        "Name",
        "Since",
        "Name",
        "Since",
        "Professional",
        "Agency",
    )
    sheet.write_row(4, 0, heads)
    born = dt.date(2015, 4, 3)
    rows = (
        (10234, "Patel", "Anna", born, "Jo Smith", dt.date(2026, 1, 5), "", "", "Jo Smith", "Solent NHS"),
        (10235, "Reed", "Tom", born, "", "", "Ann Other", dt.date(2026, 3, 5), "Ms A. Other", "Solent NHS"),
        (10236, "Ford", "Ali", born, "Jo Smith", dt.date(2026, 5, 5), "TBC", "", "School Nurse", ""),
    )
    for number, row in enumerate(rows, start=5):
        sheet.write_row(number, 0, row)
    sheet.write(10, 0, "Total cases: 3")
    sheet.write(11, 0, "* awaiting consent")
    sheet.set_column(12, 13, None, None, {"hidden": True})
    book.close()
    return path


def test_headings_in_two_rows_name_members_and_their_days(tmp_path: Path) -> None:
    path = grouped_headings(tmp_path / "tracker.xlsx")
    mapping = propose(path).mapping
    assert [c.field for c in mapping.columns] == [
        *("child_id", "last_name", "first_name", "birth_date", "member", "member_since", "member"),
        *("member_since", "lead", "lead_agency"),
    ]
    assert [c.of for c in mapping.of("member_since")] == ["Health Visitor Name", "School Nurse Name"]
    assert (mapping.child_ids_are, mapping.as_at, mapping.list_is) == ("authority", "title", DATED)
    source = read_mapped(path.name, [open_grid(path)], mapping, KEY)
    assert facts_of(source, "memberships") == {
        ("Anna Patel", "jo smith", "2026-01-05"),
        ("Tom Reed", "ann other", "2026-03-05"),
        ("Ali Ford", "jo smith", "2026-05-05"),
    }
    assert facts_of(source, "leads") == {
        ("Anna Patel", "jo smith", "2026-01-05"),
        ("Tom Reed", "ann other", "2026-03-05"),
    }
    assert [(f.kind, f.ids) for f in source.findings] == [("lead_not_clear", "10236")]
    assert {r["child_id"] for r in rows_of(source, "children")} == {"10234", "10235", "10236"}


def test_a_child_merged_over_its_practitioners_rows_has_them_all(tmp_path: Path) -> None:
    path = tmp_path / "members.xlsx"
    book = xlsxwriter.Workbook(str(path), {"default_date_format": "dd/mm/yyyy"})
    sheet = book.add_worksheet("TAC members")
    heads = (
        "TAC Ref",
        "Child",
        "DOB",
        "Opened",
        "Professional",
        "Designation",
        "Organisation",
        "Start",
        "Finish",
    )
    sheet.write_row(0, 0, (*heads, "LP (tick)", "Comments"))
    opened, later, left = dt.date(2026, 2, 2), dt.date(2026, 3, 2), dt.date(2026, 6, 1)
    for place, value in enumerate(("TAC001", "NOWAK, Zofia", dt.date(2013, 1, 9), opened)):
        sheet.merge_range(1, place, 3, place, value)
    sheet.write_row(
        1, 4, ("Mrs P Green", "Headteacher", "Hill Primary", opened, "", "", "many words about home")
    )
    sheet.write_row(2, 4, ("Sam Jones", "Family Support Wkr", "Family Hub North", opened, "", "✓"))
    sheet.write_row(3, 4, ("Dr Lee", "GP", "The Surgery", later, left))
    sheet.write_row(
        4, 0, ("TAC002", "SMITH, Bo", dt.date(2010, 1, 9), opened, "Sam Jones", "Family Support Wkr")
    )
    sheet.write_row(4, 6, ("Family Hub North", opened, "", "✓"))
    book.close()
    mapping = propose(path).mapping
    source = read_mapped(path.name, [open_grid(path)], mapping, KEY)
    assert len(rows_of(source, "memberships")) == 4
    assert {r["ended_on"] for r in rows_of(source, "memberships")} == {None, "2026-06-01"}
    assert facts_of(source, "leads") == {
        ("Zofia NOWAK", "sam jones", "2026-02-02"),
        ("Bo SMITH", "sam jones", "2026-02-02"),
    }
    assert {r["role"] for r in rows_of(source, "practitioners")} == {"teacher", "family_support_worker", "gp"}
    assert {r["tac_id"] for r in rows_of(source, "tacs")} == {"members:TAC001", "members:TAC002"}


def test_several_names_in_a_cell_with_roles_beside_them(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(
        "Name;Year;School;Lead professional;Professionals involved;Date of EHA;Completed by;Status;Review\n"
        "Anna Patel;7;Brook Academy;Kim Lee (SENCO);"
        "Jo Smith - Health Visitor, Sam Reed (Police);01/02/26;Kim Lee;CP;01/05/26\n"
        "Tom Ford;8;Brook Academy;Jo Smith;Jo Smith (HV) & Ann Other (FSW);03/03/26;Ann Other;CIN / SEN;\n"
        "Ali Reed;9;Brook Academy;;;;;None;\n",
        encoding="utf-8",
    )
    mapping = propose(path, as_at="2026-10-31", source="brook").mapping
    source = read_mapped(path.name, [open_grid(path)], mapping, KEY)
    day = "2026-10-31"
    assert facts_of(source, "memberships") == {
        *(("Anna Patel", name, day) for name in ("kim lee", "jo smith", "sam reed")),
        *(("Tom Ford", name, day) for name in ("jo smith", "ann other")),
    }
    assert facts_of(source, "leads") == {("Anna Patel", "kim lee", day), ("Tom Ford", "jo smith", day)}
    roles = {r["name"]: r["role"] for r in rows_of(source, "practitioners")}
    assert roles == {
        "Jo Smith": "health_visitor",
        "Sam Reed": "police_officer",
        "Kim Lee": "senco",
        "Ann Other": "family_support_worker",
    }
    statuses = sorted(r["status"] for r in rows_of(source, "statuses"))
    assert statuses == ["CIN", "CP", "SEN"]
    assert len(rows_of(source, "children")) == 3
    assert len(rows_of(source, "assessments")) == 2
    assert [r["held_on"] for r in rows_of(source, "reviews")] == ["2026-05-01"]


def test_days_are_found_in_names_and_titles() -> None:
    assert day_in("TAC list 31.10.2026 final") == "2026-10-31"
    assert day_in("tacs_2026-10-31") == "2026-10-31"
    assert day_in("Kept by the office, 1st November 2026") == "2026-11-01"
    assert day_in("Report for February 2024") == "2024-02-29"
    assert day_in("TAC list (final)") is None


def test_a_day_that_is_not_settled_is_none_and_costs_no_team(tmp_path: Path) -> None:
    """Reviews "tbc" and a closing day "ongoing" are empty; an impossible day stays, to be rejected."""
    path = tmp_path / "tracker.csv"
    path.write_text(
        "TAF tracker,,,,,\nRef,D.O.B,Team start,Lead Prof.,HV,Closed date,Next TAF\n"
        "T1,2014-01-31,3rd March 2025,HV,J Smith,ongoing,tbc\n"
        "T2,2015-05-06,12.4.25,HV,J Smith,,31/02/2027\n",
        encoding="utf-8",
    )
    mapping = propose(path).mapping
    assert [c.field for c in mapping.columns][2] == "opened_on"
    teams = rows_of(read_mapped(path.name, [open_grid(path)], mapping, KEY), "tacs")
    assert [(t["opened_on"], t["closed_on"], t["next_review_on"]) for t in teams] == [
        ("2025-03-03", None, None),
        ("2025-04-12", None, "31/02/2027"),
    ]
