"""Who is named in a cell of a partner's list, and what a cell of levels and statuses says."""

from __future__ import annotations

from pathlib import Path

import pytest

from loaders.sources.spreadsheet.cells import level_of, nameless_in, people_of, statuses_in
from loaders.sources.spreadsheet.grid import open_grid
from loaders.sources.spreadsheet.mapping import Column, Mapping
from loaders.sources.spreadsheet.propose import propose
from loaders.sources.spreadsheet.read import read_mapped
from tests.loading import KEY
from tests.test_spreadsheet_shapes import facts_of, rows_of


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Ann Reed, Health Visitor", [("Ann Reed", "Health Visitor", "")]),
        ("Ann Reed, HV", [("Ann Reed", "HV", "")]),
        ("Reed, Ann, HV", [("Reed, Ann", "HV", "")]),
        ("Ann Reed, Oak Primary School", [("Ann Reed", "", "Oak Primary School")]),
        ("Ann Reed, SENCO, Oak Academy", [("Ann Reed", "SENCO", "Oak Academy")]),
        ("Ann Reed (Health Visitor, Oak Clinic)", [("Ann Reed", "Health Visitor", "Oak Clinic")]),
        ("Ann Reed (HV/School Nurse)", [("Ann Reed", "HV", "")]),
        ("Ann Reed, SENCO; Bob Shah, Police", [("Ann Reed", "SENCO", ""), ("Bob Shah", "Police", "")]),
        ("Ann Reed, Bob Church", [("Ann Reed", "", ""), ("Bob Church", "", "")]),
        ("Ann Reed, Kim Lee Health Visitor", [("Ann Reed", "", ""), ("Kim Lee Health Visitor", "", "")]),
        ("Jo Lee CAMHS", [("Jo Lee CAMHS", "", "")]),
        ("HV, Ann Reed", [("Ann Reed", "", "")]),
        ("Mr and Mrs Jones", [("Mrs Jones", "", "")]),
    ],
)
def test_a_role_or_agency_beside_a_name_is_nobody_else(text: str, named: list[tuple[str, str, str]]) -> None:
    assert [(p.name, p.role, p.agency) for p in people_of(text)] == named


@pytest.mark.parametrize(
    "text",
    [
        *("HV", "HV, SENCO, CAMHS", "Health Visitor, School Nurse", "Oak School", "Solent NHS Trust; Police"),
        *("SENCO (tbc)", "CAMHS - Solent NHS Trust", "Family Hub North"),
    ],
)
def test_roles_and_agencies_alone_are_nobody(text: str) -> None:
    assert people_of(text) == []
    assert nameless_in(text)


def test_nobody_and_somebody_are_not_without_a_name() -> None:
    assert not any(
        map(nameless_in, ("", "N/A", "TBC", "✓", "Ann Reed", "Ann Reed, HV", "(tbc)", "Unassigned"))
    )


def test_a_cell_of_brackets_takes_no_time() -> None:
    assert people_of("(" * 60_000) == []
    assert len(people_of("Ann Reed (" + "x" * 60_000)) == 1


def test_whoever_is_named_with_a_role_leads_alone(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(
        "Child ID,Child name,TAC opened,Lead professional,Professionals involved\n"
        '1,Tom Lee,05/01/2026,"Ann Reed, Health Visitor","Bob Shah, SENCO; CAMHS"\n'
        '2,Kim Poe,05/01/2026,"Bob Shah, Oak Primary School",Police\n'
        "3,Ali Poe,05/01/2026,Police - Sam Reed,Ann Reed (HV)\n",
        encoding="utf-8",
    )
    fields = ("child_id", "child_name", "opened_on", "lead", "members")
    heads = ("Child ID", "Child name", "TAC opened", "Lead professional", "Professionals involved")
    columns = tuple(Column(h, f) for h, f in zip(heads, fields, strict=True))
    source = read_mapped(path.name, [open_grid(path)], Mapping("p", columns, since_is="opened_on"), KEY)
    day = "2026-01-05"
    assert facts_of(source, "leads") == {
        ("Tom Lee", "ann reed", day),
        ("Kim Poe", "bob shah", day),
        ("Ali Poe", "sam reed", day),
    }
    assert facts_of(source, "memberships") == {
        *((("Tom Lee"), name, day) for name in ("ann reed", "bob shah")),
        ("Kim Poe", "bob shah", day),
        *((("Ali Poe"), name, day) for name in ("ann reed", "sam reed")),
    }
    assert (
        "2 cells under “Professionals involved” name a role or an agency and nobody: not loaded"
        in source.notes
    )


@pytest.mark.parametrize(
    ("text", "level"),
    [
        *(("3", "3"), ("3.0", "3"), ("Level 3", "3"), ("T3 targeted", "3"), ("3 - Targeted", "3")),
        *(("Tier 2 (since 2024)", "2"), ("3/4", None), ("2-3", None), ("2 to 3", None), ("2.5", None)),
        *(("3/4/2026", None), ("Level 3 & 4", None), ("5", None)),
    ],
)
def test_of_two_levels_none_is_taken(text: str, level: str | None) -> None:
    assert level_of(text) == level


def test_a_status_with_and_in_its_name_is_one_status(tmp_path: Path) -> None:
    assert statuses_in("Child and family assessment") == ["Child and family assessment"]
    assert statuses_in("CIN and SEN") == ["CIN", "SEN"]
    path = tmp_path / "list.csv"
    path.write_text(
        "Child ID,Status,Lead professional\n1,Child and family assessment,Ann Reed\n"
        '2,"Education, Health and Care Plan",Ann Reed\n3,CP / SEN,Bob Shah\n',
        encoding="utf-8",
    )
    source = read_mapped(path.name, [open_grid(path)], propose(path, as_at="2026-10-31").mapping, KEY)
    assert sorted((r["child_id"][-1], r["status"]) for r in rows_of(source, "statuses")) == [
        *(("1", "CIN_ASSESSMENT"), ("2", "SEN"), ("3", "CP"), ("3", "SEN")),
    ]


def test_a_parents_column_is_not_proposed_as_a_member(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    rows = "".join(f"{n},Tom L,Jane Lee,01/0{n}/2027,Ann Reed,05/01/2026\n" for n in range(1, 6))
    path.write_text(
        "Child ID,Child name,Mother,Review date,Lead professional,TAC opened\n" + rows, encoding="utf-8"
    )
    fields = {c.heading: c.field for c in propose(path, as_at="2026-10-31").mapping.columns}
    assert fields["Mother"] == "left_out"
    assert fields["Review date"] == "next_review_on"
    held = {c.heading: c.field for c in propose(path, as_at="2027-10-31").mapping.columns}
    assert held["Review date"] == "review_on"


def test_no_sample_shows_who_leads(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    leads = ('"Ann Reed, Health Visitor"', "Police - Sam Low", "CAMHS")
    rows = "".join(f"{n},05/01/2026,{lead}\n" for n, lead in enumerate(leads))
    path.write_text("Child ID,TAC opened,Lead professional\n" + rows, encoding="utf-8")
    assert propose(path).samples["Lead professional"] == "Aaa Aaaa, Aaaaaa Aaaaaaa · Aaaaaa - Aaa Aaa · CAMHS"
