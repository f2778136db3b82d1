"""The SEND Annex A: plans, support, schools, its dirt, and a second road."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphmodel.errors import SourceError
from graphmodel.store import Store
from loaders import load
from loaders.sources import guess_format
from loaders.sources.made import MadeTable
from loaders.sources.send import looks_like_send, read_send
from tests.fuzzing import damages, mangled, survives
from tests.loading import facts, read_list, write_book

WHO = ("Unique ID", "UPN", "ULN", "Date of birth", "Gender", "Ethnicity")
EHC = ("Date initial EHC plan issued", "Date updated EHC plan issued", "Date EHC plan last reviewed")
SCHOOL = (
    "SEN primary need",
    "Main education establishment \u2013 URN",
    "Main education establishment \u2013 phase",
)
CARE = (
    "Known to children's social care?",
    "Which children\u2019s social care team?",
    "Does the child or young person have a disability?",
)
BORN = dt.date(2012, 5, 6)
DAY = dt.date(2020, 2, 3)

Grid = Sequence[Sequence[Any]]


def plan(child: object, issued: object = DAY, later: object = None, urn: object = 100123.0) -> list[Any]:
    who = [child, "A123456789012", "", BORN, "M", "WBRI"]
    return [*who, issued, later, None, "ASD", urn, "Primary", "Yes", "North Team", "No"]


def support(child: object, urn: object = 100124) -> list[Any]:
    return [child, "UN1", "", BORN, "F", "WBRI", "SLCN", urn, "Primary", "No", None, "a) Yes"]


def lists(plans: Grid, supported: Grid = ()) -> Mapping[str, Grid]:
    return {
        "List_1": [[*WHO, *EHC, *SCHOOL, *CARE], *plans],
        "List_2": [[*WHO, *SCHOOL, *CARE], *supported],
    }


def rows_of(path: Path, table: str) -> list[tuple[str | None, ...]]:
    found = {t.name: t for t in read_send(path).tables if isinstance(t, MadeTable)}
    return [cells for _, cells in found[table].rows] if table in found else []


def test_plans_support_and_schools(on_engine: Path, tmp_path: Path) -> None:
    path = write_book(tmp_path / "send.xlsx", lists([plan("7")], [support("8")]))
    assert guess_format(path) == "send"
    report = load(path, home=on_engine)
    assert (report.total("rejected"), report.source) == (0, "send")
    assert rows_of(path, "agencies") == [
        ("urn:100123", "URN 100123", "education"),
        ("team north team", "North Team", "local_authority"),
        ("urn:100124", "URN 100124", "education"),
    ]
    assert rows_of(path, "children") == [
        ("send:7", "urn:100123", "2012-05-06", "A123456789012"),
        ("send:8", "urn:100124", "2012-05-06", None),
    ]
    with Store.open(on_engine, "reader") as store:
        held = store.fetch("MATCH (:Child)-[r:HAS_STATUS]->(s) RETURN s.status, toString(r.started_on)")
        assert [list(row) for row in held] == [["SEN", "2020-02-03"]]
        before = facts(store, load_ids=True)
    assert "A123456789012" not in str(before)
    assert not load(path, home=on_engine).changed
    said = " ".join(report.notes)
    for words in (
        "1 children with SEN support: no status",
        "1 children known to social care",
        "1 pupil numbers that are none",
        "1 children with a disability: no status",
    ):
        assert words in said


def test_dirt_is_rejected_or_found(on_engine: Path, tmp_path: Path) -> None:
    dirty = [
        plan("1"),
        plan("2", "31/02/2020"),
        plan(None),
        plan("4", None),
        plan("5", dt.date(2021, 1, 1), DAY),
        plan("6", urn="Top Town Academy"),
        plan("1", urn=100999),
        [*plan("x")[1:], ""],
        ["Total", *[None] * 14],
    ]
    report = load(write_book(tmp_path / "send.xlsx", lists(dirty)), home=on_engine)
    rejects = {(r["row"], r["column"]) for r in read_list(report, "rejects.csv")}
    assert {(row, column) for row, column in rejects if row in "3459"} == {
        ("3", "Date initial EHC plan issued"),
        ("4", "Unique ID"),
        ("5", "Date initial EHC plan issued"),
        ("9", "Gender"),
    }
    kinds = [f["kind"] for f in read_list(report, "findings.csv")]
    for kind in ("plan_updated_before_issue", "unreadable_urn", "conflicting_child_facts"):
        assert kinds.count(kind) == 1


def test_headings_of_sql_and_other_workbooks(tmp_path: Path) -> None:
    head = ["UniqueID", "UPN", "DateOfBirth", "DateInitialEHCPlanIssued", "SENPrimaryNeed", "SchoolURN"]
    rows = [head, ["9", "", "6/5/2012", "3/2/2020", "ASD", "100123"]]
    path = write_book(tmp_path / "odd.xlsx", {"Sheet1": rows})
    assert rows_of(path, "statuses") == [("send:9", "SEN", "2020-02-03", None)]
    assert not looks_like_send(path)
    annex: Grid = [["Child Unique ID", "Date of Contact", "Contact Source"], [1, DAY, "x"]]
    other = write_book(tmp_path / "annex.xlsx", {"List_1": annex})
    assert guess_format(other) == "annex_a"
    with pytest.raises(SourceError, match="none of the SEND lists"):
        read_send(other)


@cache
def whole_book() -> bytes:
    """The bytes of one workbook, the same ones each time: a workbook holds when it was made."""
    with TemporaryDirectory() as folder:
        return write_book(Path(folder) / "send.xlsx", lists([plan("1")], [support("2")])).read_bytes()


@given(data=st.data(), whole=st.booleans())
@settings(max_examples=60)
def test_whatever_comes_is_read_or_refused_in_words(
    data: st.DataObject, whole: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("any") / "send.xlsx"
    if whole:
        path.write_bytes(data.draw(damages(whole_book())))
    else:
        cells = data.draw(mangled((*WHO, *EHC, *SCHOOL, *CARE), [plan("1"), plan("2")]))
        text = path.with_suffix(".csv")
        text.write_text(
            "\n".join(",".join(str(c) for c in row) for row in cells), encoding="utf-8", errors="replace"
        )
        path = text
    looks_like_send(path)
    survives(lambda: read_send(path))


DAYS = st.dates(dt.date(2010, 1, 1), dt.date(2024, 1, 1))


@given(plans=st.lists(st.tuples(st.integers(1, 4), DAYS, st.integers(100_000, 100_003)), max_size=6))
@settings(max_examples=30)
def test_plans_by_plain_loops(
    plans: list[tuple[int, dt.date, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("road")
    path = write_book(folder / "send.xlsx", lists([plan(c, day, None, urn) for c, day, urn in plans]))
    schools: dict[str, str] = {}
    for child, _, urn in plans:
        schools.setdefault(f"send:{child}", f"urn:{urn}")
    assert rows_of(path, "statuses") == [(f"send:{c}", "SEN", str(day), None) for c, day, _ in plans]
    assert {row[0]: row[1] for row in rows_of(path, "children")} == schools
    assert {row[0] for row in rows_of(path, "agencies")} - {"team north team"} == {
        f"urn:{u}" for *_, u in plans
    }
