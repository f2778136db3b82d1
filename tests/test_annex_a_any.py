"""Annex A whatever comes: any cells, damaged workbooks, and statuses and workers by a second road."""

from __future__ import annotations

import datetime as dt
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loaders.sources.annex_a import looks_like_annex_a, read_annex_a
from tests.annex_a_lists import CASE, PLAN, WHO, plan, plans, rows_of, write_lists
from tests.fuzzing import damages, survives
from tests.loading import KEY, write_book

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
