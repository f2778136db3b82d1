"""The children in need census: years, namespaces, awkward children, and a second road."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphmodel.errors import SourceError
from graphmodel.store import Store
from loaders import load
from loaders.raw import Identifier
from loaders.sources import guess_format
from loaders.sources.cin import looks_like_cin, read_cin
from tests.loading import SMALL, facts, read_list
from tests.partnerships import Size, random_partnership
from tests.returns_files import (
    Fact,
    cin_child,
    found_statuses,
    found_tables,
    header_xml,
    leaf,
    spans,
    tag,
    write_cin,
)

CHILD = {"child_id": "c1", "birth_date": "2010-05-04"}
DENSE = Size(statuses=60)
SHARED = Path(__file__).parents[2] / "shared" / "data"


def census(path: Path, *children: str, year: int = 2025) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = "\n".join(children)
    text = (
        f"<Message>\n{header_xml('CIN', year, f'{year}-03-31')}\n<Children>\n{lines}\n</Children></Message>"
    )
    path.write_text(text, encoding="utf-8")
    return path


def expected(seed: int) -> list[Fact]:
    partnership = random_partnership(seed, DENSE)
    known = ("CIN", "CIN_ASSESSMENT", "CP")
    return sorted(
        (
            (child, status, start, end)
            for status in known
            for child, parts in spans(partnership, status).items()
            for start, end in parts
        ),
        key=str,
    )


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10_000), namespace=st.sampled_from(("", "http://www.dfes.gov.uk/cin")))
def test_the_second_road_comes_to_the_same_statuses(
    seed: int, namespace: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("census")
    path = write_cin(folder / "cin.xml", random_partnership(seed, DENSE), namespace=namespace)
    source = read_cin(path)
    assert found_statuses(source) == expected(seed)
    assert not source.findings
    children = random_partnership(seed, DENSE).tables["children"]
    born = {r["child_id"]: r["birth_date"] or None for r in children}
    assert {r["child_id"]: r.get("birth_date") for r in found_tables(source)["children"]} == born


def test_a_good_census_loads_twice_to_one_graph(on_engine: Path, tmp_path: Path) -> None:
    path = write_cin(tmp_path / "cin.xml", random_partnership(5, DENSE))
    report = load(path, home=on_engine)
    assert (report.format, report.total("rejected")) == ("cin", 0)
    with Store.open(on_engine, "reader") as store:
        before = facts(store, load_ids=True)
        rows = store.fetch(
            "MATCH (c:Child)-[h:HAS_STATUS]->(s:Status) "
            "RETURN c.child_id, s.status, toString(h.started_on), toString(h.ended_on)"
        )
        assert store.fetch("MATCH (n) WHERE n:Practitioner OR n:Tac OR n:Assessment RETURN n") == []
    assert sorted((tuple(row) for row in rows), key=str) == expected(5)
    assert not load(path, home=on_engine).changed
    with Store.open(on_engine, "reader") as store:
        assert facts(store, load_ids=True) == before


def test_what_the_census_cannot_say_is_said(tmp_path: Path) -> None:
    case = tag(
        "CINdetails",
        leaf("CINreferralDate", "2024-05-01"),
        tag("Assessments", leaf("AssessmentActualStartDate", "2024-05-02")),
        tag("CINPlanDates", leaf("CINPlanStartDate", "2024-06-01")),
        tag("Section47", leaf("S47ActualStartDate", "2024-05-03")),
        tag(
            "ChildProtectionPlans", leaf("CPPstartDate", "2024-05-20"), tag("Reviews", "<CPPreviewDate/>" * 2)
        ),
        tag("PreProceedings", leaf("PPStartDate", "2024-05-20")),
    )
    who = tag(
        "ChildIdentifiers",
        leaf("LAchildID", "c1"),
        leaf("UPN", "A123456789123"),
        leaf("FormerUPN", "X98765432123B"),
        leaf("ExpectedPersonBirthDate", "2024-12-01"),
        leaf("Sex", "F"),
    )
    how = tag(
        "ChildCharacteristics", tag("Disabilities", leaf("Disability", "AUT"), leaf("Disability", "MOB"))
    )
    source = read_cin(census(tmp_path / "cin.xml", tag("Child", who, how, case)))
    assert found_statuses(source) == [
        ("c1", "CIN", "2024-05-01", None),
        ("c1", "CIN_ASSESSMENT", "2024-05-02", None),
        ("c1", "CP", "2024-05-20", None),
    ]
    assert source.identifiers == [Identifier("child", "c1", "former_upn", "X98765432123B")]
    assert found_tables(source)["children"] == [{"child_id": "c1", "upn": "A123456789123"}]
    said = " | ".join(source.notes)
    for words in (
        "1 assessments not loaded as such",
        "2 reviews of child protection plans not loaded",
        "1 child in need plans",
        "1 section 47",
        "1 pre-proceedings",
        "1 children with a disability",
        "1 children not born yet",
        "names no worker, team or agency",
    ):
        assert words in said


def test_the_latest_year_says_it_last(tmp_path: Path) -> None:
    folder = tmp_path / "years"
    open_then = cin_child(CHILD, {"CIN": [("2023-05-01", None)], "CP": [("2023-06-01", "2023-09-01")]})
    closed = cin_child(
        {**CHILD, "birth_date": "2010-05-05"},
        {"CIN": [("2023-05-01", "2024-06-01")], "CP": [("2023-06-01", "2023-10-01")]},
        sex="Sex",
    )
    # the names are against the years: the header's year counts
    census(folder / "b.xml", open_then, year=2024)
    census(folder / "a.xml", closed, year=2025)
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    source = read_cin(folder)
    assert found_statuses(source) == [
        ("c1", "CIN", "2023-05-01", "2024-06-01"),
        ("c1", "CP", "2023-06-01", "2023-10-01"),
    ]
    assert sorted(f.kind for f in source.findings) == ["conflicting_birth_dates", "conflicting_dates"]
    assert found_tables(source)["children"] == [{"child_id": "c1", "birth_date": "2010-05-05"}]
    assert "left out, no such return: notes.txt" in source.notes


def test_rejects_name_the_line_and_the_element(on_engine: Path, tmp_path: Path) -> None:
    path = census(
        tmp_path / "cin.xml",
        cin_child(CHILD, {"CIN": [("2023-05-01", "2023-02-30")]}),
        cin_child({**CHILD, "child_id": "c2"}, {"CP": [("2023-05-01", "2023-01-01")]}),
        cin_child({**CHILD, "child_id": ""}, {}),
        cin_child({**CHILD, "child_id": "c4", "birth_date": "soon"}, {}),
        cin_child({**CHILD, "child_id": "c5"}, {"CIN": [("2023-05-01", None)]}),
    )
    report = load(path, home=on_engine)
    lines = path.read_text(encoding="utf-8").splitlines()
    listed = {(r["file"], int(r["row"]), r["column"], r["value"]) for r in read_list(report, "rejects.csv")}
    line = {
        child: n for n, text in enumerate(lines, 1) for child in ("c1", "c2", "c4") if f">{child}<" in text
    }
    ended = "CINclosureDate, AssessmentAuthorisationDate or CPPendDate"
    assert {
        ("cin.xml", line["c1"], ended, "2023-02-30"),
        ("cin.xml", line["c2"], ended, "2023-01-01"),
        ("cin.xml", line["c2"] + 1, "LAchildID", ""),
        ("cin.xml", line["c4"], "PersonBirthDate", "soon"),
    } == listed
    assert report.tables["statuses"].created == 1


def test_others_files_are_not_taken_for_the_census(tmp_path: Path) -> None:
    path = census(tmp_path / "f" / "cin.xml", cin_child(CHILD, {}))
    assert guess_format(path) == guess_format(path.parent) == "cin"
    wide = tmp_path / "wide.xml"
    wide.write_bytes(b"\xff\xfe" + path.read_text(encoding="utf-8").encode("utf-16-le"))
    assert looks_like_cin(wide)
    assert not any(
        looks_like_cin(p) for p in (SMALL, SHARED / "social_work_workforce_2022.xml", tmp_path / "x")
    )
    with pytest.raises(SourceError, match="no CIN census"):
        read_cin(SHARED / "UKCore-CareTeam-Example.xml")
