"""Partners' lists through the loader, on both engines; month after month; templates; what a load says."""

from __future__ import annotations

import csv
import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest
from openpyxl import load_workbook

from graphmodel.errors import SourceError
from graphmodel.store import Store
from loaders import load
from loaders.sources import guess_format
from loaders.sources.spreadsheet.mapping import EVERYBODY, MAPPINGS, Column, Mapping, read_mapping
from loaders.sources.spreadsheet.propose import propose
from loaders.sources.spreadsheet.simple import SIMPLE
from loaders.sources.spreadsheet.template import write_simple_template, write_template
from loaders.sources.spreadsheet.written import write_mapping
from tests.loading import SMALL, facts, read_list, read_tables, tables_in_graph
from tests.strange import Maker

Rows = list[list[str]]


def write_csv(path: Path, rows: Rows) -> Path:
    with path.open("w", encoding="utf-8", newline="") as text:
        csv.writer(text).writerows(rows)
    return path


def saved(path: Path, mapping: Mapping) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(write_mapping(mapping, "list"), encoding="utf-8")
    return path


MONTHLY = Mapping(
    "hub",
    (
        Column("Child ID", "child_id"),
        Column("Level", "needs_level"),
        Column("HV", "member", "health_visitor", "HV team", "health"),
        Column("SW", "member", "social_worker", "Council", "local_authority"),
        Column("Lead", "lead"),
    ),
    EVERYBODY,
    "file name",
    "as_at",
)
HEAD = ["Child ID", "Level", "HV", "SW", "Lead"]


def test_a_list_loads_twice_to_one_graph_and_its_facts_are_named_by_its_source(
    on_engine: Path, tmp_path: Path
) -> None:
    made = Maker(5, "long flag").make(tmp_path)
    mapping = saved(tmp_path / "m.toml", replace(propose(made.path).mapping, source="brook"))
    report = load(made.path, home=on_engine, with_file=mapping)
    assert (report.format, report.source) == ("spreadsheet", "brook")
    assert report.total("rejected") == 0
    assert report.tables["memberships"].created == sum(len(c.members) for c in made.children)
    assert report.tables["leads"].created == len(made.children)
    with Store.open(on_engine, "reader") as store:
        before = facts(store, load_ids=True)
        ids = store.fetch("MATCH (c:Child) RETURN c.child_id")
        assert ids
        assert all(i.startswith("brook:") for (i,) in ids)
    assert not load(made.path, home=on_engine, with_file=mapping).changed
    with Store.open(on_engine, "reader") as store:
        assert facts(store, load_ids=True) == before


def test_rejects_name_the_lists_own_row_and_heading(on_engine: Path, tmp_path: Path) -> None:
    rows = [
        ["Brook School"],
        ["Pupil ref", "TAC opened", "Level", "Practitioner", "Agency", "Lead?", "DOB"],
        ["1", "31/02/2026", "3", "Jo Smith", "Zorblax", "Y", "01/02/2010"],
        ["2", "01/03/2026", "9", "Jo Smith", "Zorblax", "N", "soon"],
        ["", "01/03/2026", "2", "Kim Lee", "Zorblax", "N", ""],
        ["4", "01/03/2026", "2", "Kim Lee", "Zorblax", "Y", ""],
    ]
    path = write_csv(tmp_path / "brook.csv", rows)
    columns = (
        "child_id",
        "opened_on",
        "needs_level",
        "practitioner_name",
        "agency",
        "lead_flag",
        "birth_date",
    )
    pairs = tuple(Column(h, f) for h, f in zip(rows[1], columns, strict=True))
    mapping = saved(tmp_path / "m.toml", Mapping("brook", pairs, since_is="opened_on"))
    report = load(path, home=on_engine, with_file=mapping)
    listed = {(r["row"], r["column"], r["value"]) for r in read_list(report, "rejects.csv")}
    assert ("3", "TAC opened", "31/02/2026") in listed
    assert ("4", "Level", "9") in listed
    assert ("4", "DOB", "soon") in listed
    assert ("5", "Pupil ref", "") in listed
    assert ("3", "Agency", "") in listed
    assert report.tables["leads"].created == 1


def test_month_after_month_whoever_is_on_no_later_list_has_left(on_engine: Path, tmp_path: Path) -> None:
    september = [HEAD, ["1", "2", "Jo Smith", "Ann Reed", "HV"], ["2", "3", "Jo Smith", "", "Jo Smith"]]
    october = [HEAD, ["1", "3", "Jo Smith", "", "HV"], ["2", "3", "Jo Smith", "Tom Ford", "SW"]]
    november = [HEAD, ["1", "3", "Jo Smith", "Ann Reed", "SW"]]
    for day, rows in (("30-09-2026", september), ("31-10-2026", october), ("30-11-2026", november)):
        (tmp_path / day).mkdir()
        path = write_csv(tmp_path / day / f"Hub list {day}.csv", rows)
        report = load(path, home=on_engine, with_file=saved(tmp_path / "m.toml", MONTHLY))
        assert report.total("rejected") == 0
        assert not load(path, home=on_engine, with_file=tmp_path / "m.toml").changed
    sep, october_day, nov = "2026-09-30", "2026-10-31", "2026-11-30"
    with Store.open(on_engine, "reader") as store:
        held = tables_in_graph(store)
        names = {i: name for i, _, name, *_ in held["practitioners"]}
    members = {(t.split("|")[0], names[p], f, u) for t, p, f, u in held["memberships"]}
    assert members == {
        ("hub:1", "Jo Smith", sep, None),
        ("hub:1", "Ann Reed", sep, october_day),
        ("hub:1", "Ann Reed", nov, None),
        ("hub:2", "Jo Smith", sep, nov),
        ("hub:2", "Tom Ford", october_day, nov),
    }
    leads = {(t.split("|")[0], names[p], f, u) for t, p, f, u, _ in held["leads"]}
    assert leads == {
        ("hub:1", "Jo Smith", sep, nov),
        ("hub:1", "Ann Reed", nov, None),
        ("hub:2", "Jo Smith", sep, october_day),
        ("hub:2", "Tom Ford", october_day, nov),
    }
    assert {(c, n, f, u) for c, n, f, u in held["needs"]} == {
        ("hub:1", 2, sep, october_day),
        ("hub:1", 3, october_day, None),
        ("hub:2", 3, sep, nov),
    }
    assert {(c, o, e) for _, c, o, e, *_ in held["tacs"]} == {("hub:1", sep, None), ("hub:2", sep, nov)}


def test_all_lists_in_one_folder_come_to_the_same(on_engine: Path, tmp_path: Path) -> None:
    lists = tmp_path / "lists"
    lists.mkdir()
    rows = {
        "2026-09-30": [["1", "2", "Jo Smith", "Ann Reed", "HV"]],
        "2026-10-31": [["1", "3", "Jo Smith", "", "HV"]],
    }
    for day, below in rows.items():
        write_csv(lists / f"hub {day}.csv", [HEAD, *below])
    mapping = saved(tmp_path / "m.toml", replace(MONTHLY, source="folder"))
    load(lists, home=on_engine, with_file=mapping)
    with Store.open(on_engine, "reader") as store:
        together = facts(store)
    again = load(lists / "hub 2026-10-31.csv", home=on_engine, with_file=mapping)
    assert not again.changed
    wrong = write_csv(lists / "hub 2026-09-30.csv", [HEAD, ["1", "2", "Jo Smith", "", "HV"]])
    report = load(wrong, home=on_engine, with_file=mapping, replace=True)
    assert any("changes what was loaded before" in note for note in report.notes)
    with Store.open(on_engine, "reader") as store:
        assert len(tables_in_graph(store)["memberships"]) == 1
        assert facts(store) != together


def test_a_saved_mapping_is_found_and_a_changed_heading_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TACGRAPH_HOME", str(tmp_path))
    saved(tmp_path / MAPPINGS / "hub.toml", MONTHLY)
    path = write_csv(tmp_path / "hub 2026-10-31.csv", [HEAD, ["1", "3", "Jo Smith", "", "HV"]])
    assert guess_format(path) == "spreadsheet"
    renamed = ["Child ID", "Level", "HV", "SW", "Lead professional"]
    changed = write_csv(tmp_path / "hub 2026-11-30.csv", [renamed, ["1", "3", "Jo Smith", "", "HV"]])
    assert guess_format(changed) == "spreadsheet"
    with pytest.raises(SourceError, match="“Lead” \\(most like it: “Lead professional”\\)"):
        load(changed, home=tmp_path)
    other = write_csv(tmp_path / "other.csv", [["a", "b"], ["1", "2"]])
    assert guess_format(other) == "canonical"


def test_a_list_of_one_day_without_its_day_is_refused_in_words(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "hub.csv", [HEAD, ["1", "3", "Jo Smith", "", "HV"]])
    with pytest.raises(SourceError, match="file name has no day"):
        load(path, home=tmp_path / "home", with_file=saved(tmp_path / "m.toml", MONTHLY))


def test_the_template_of_the_format_loads_unchanged_when_it_is_filled(
    on_engine: Path, tmp_path: Path
) -> None:
    blank = tmp_path / "blank.xlsx"
    write_template(blank)
    book = load_workbook(blank)
    tables = read_tables(SMALL)
    for name, rows in tables.items():
        sheet = book[name]
        heads = [str(cell.value) for cell in sheet[1]]
        for number, row in enumerate(rows, start=2):
            for place, head in enumerate(heads, start=1):
                text = row.get(head, "")
                day = len(text) == len("2026-10-31") and head.endswith(("_on", "date"))
                value: dt.date | str | None = dt.date.fromisoformat(text) if day else text or None
                sheet.cell(number, place).value = value
    book.save(tmp_path / "filled.xlsx")
    assert book["leads"]["A1"].comment is not None
    assert book["leads"].data_validations.dataValidation
    load(SMALL, home=on_engine)
    with Store.open(on_engine, "reader") as store:
        before = facts(store)
    report = load(tmp_path / "filled.xlsx", home=on_engine)
    assert report.total("rejected") == 0
    assert not report.total("created")
    with Store.open(on_engine, "reader") as store:
        assert facts(store) == before


def test_the_simple_template_loads_without_a_mapping(on_engine: Path, tmp_path: Path) -> None:
    path = tmp_path / "simple.xlsx"
    write_simple_template(path)
    book = load_workbook(path)
    sheet = book["Teams"]
    sheet["B1"] = "Brook School"
    heads = [heading for heading, _, _ in SIMPLE]
    filled: dict[str, dt.date | str] = {
        "Child id": "1204", "Level of need": "3", "Team opened": dt.date(2026, 1, 5),
        "Practitioner role": "senco",
        "Practitioner agency": "Brook Primary School", "Agency sector": "education", "Child status": "SEN",
    }  # fmt: skip
    for number, (name, lead) in enumerate((("Jo Smith", "Yes"), ("Kim Lee", "No")), start=3):
        row: dict[str, dt.date | str] = {**filled, "Practitioner name": name, "Lead practitioner": lead}
        for place, head in enumerate(heads, start=1):
            value: dt.date | str | None = row.get(head)
            sheet.cell(number, place).value = value
    book.save(path)
    assert guess_format(path) == "spreadsheet"
    report = load(path, home=on_engine)
    assert (report.source, report.total("rejected")) == ("brook_school", 0)
    assert report.tables["memberships"].created == 2
    assert report.tables["leads"].created == 1
    assert report.tables["statuses"].created == 1


def test_the_simple_template_must_say_whose_it_is(tmp_path: Path) -> None:
    path = tmp_path / "simple.xlsx"
    write_simple_template(path)
    book = load_workbook(path)
    book["Teams"].append(["1", "A"])
    book.save(path)
    with pytest.raises(SourceError, match="whose list"):
        load(path, home=tmp_path / "home")


ONE = '\n[[column]]\nheading = "x"\nfield = "child_id"'


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "maps no column"),
        ("x = [", "is no TOML"),
        ('source = "a"\nwhat = 1', "that is not known"),
        ('source = "A b"\n[[column]]\nheading = "x"\nfield = "child_id"', "source is"),
        ('source = "a"\n[[column]]\nheading = "x"\nfield = "childid"', "Perhaps 'child_id'"),
        ('source = "a"' + ONE + ONE.replace("x", "y"), "both"),
        ('source = "a"\nas_at = "soon"' + ONE, "as_at is"),
        ('source = "a"\nfte_when_missing = 2' + ONE, "no part of"),
        ('source = "a"\n[agencies]\nB = "bakery"\n[[column]]\nheading = "x"\nfield = "child_id"', "bakery"),
        ('source = "a"\n[[column]]\nheading = "x"\nfield = "status_flag"', "needs a status"),
    ],
)
def test_a_mapping_that_is_wrong_is_refused_with_the_entry_and_the_mend(
    tmp_path: Path, text: str, fault: str
) -> None:
    path = tmp_path / "m.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SourceError) as refused:
        read_mapping(path)
    assert fault in str(refused.value)
