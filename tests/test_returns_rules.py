"""What the readers of returns share, at its edges: which of two sayings counts, and what stays apart."""

from __future__ import annotations

from pathlib import Path

from loaders.sources.care import Care, Interval, united, years_after
from loaders.sources.ssda903 import read_ssda903
from loaders.sources.teams import Spell, derive
from tests.loading import write_texts
from tests.returns_files import found_statuses


def rows(care: Care, table: str) -> list[tuple[str | None, ...]]:
    return next(([cells for _, cells in t.rows] for t in care.finish() if t.name == table), [])


def test_of_two_sayings_of_one_year_the_last_counts() -> None:
    care = Care("f")
    care.status("c", "CP", "2020-01-01", "2020-05-01", place=1, rank="2020")
    care.status("c", "CP", "2020-01-01", "2020-04-01", place=2, rank="2020")
    care.status("c", "CP", "2020-01-01", None, place=3, rank="2020")
    care.status("c", "CP", "2020-01-01", "2020-06-01", place=4, rank="2019")
    assert rows(care, "statuses") == [("c", "CP", "2020-01-01", "2020-04-01")]
    assert [f.kind for f in care.findings] == ["conflicting_dates"] * 2


def test_a_workers_stays_that_touch_stay_apart_and_those_that_overlap_are_one() -> None:
    care = Care("f")
    spells = [
        Spell("a", "2020-01-01", "2020-02-01", 1),
        Spell("a", "2020-02-01", "2020-03-01", 2),
        Spell("b", "2020-01-10", "2020-01-20", 3),
        Spell("b", "2020-01-15", None, 4),
    ]
    teams = derive(care, "x", {"c": [Interval("2020-01-01", "2020-06-01", 9)]}, {"c": spells})
    assert [(t.opened, t.closed) for t in teams["c"]] == [("2020-01-10", "2020-06-01")]
    assert [cells[1:] for cells in rows(care, "memberships")] == [
        ("a", "2020-01-01", "2020-02-01"),
        ("b", "2020-01-10", None),
        ("a", "2020-02-01", "2020-03-01"),
    ]


def test_intervals_that_touch_are_one() -> None:
    parts = [Interval("2020-02-01", None, 2), Interval("2020-01-01", "2020-02-01", 1)]
    assert united(parts) == [Interval("2020-01-01", None, 1)]


def test_years_after_a_leap_day() -> None:
    assert years_after("2004-02-29", 18) == "2022-03-01"
    assert years_after("2004-02-29", 4) == "2008-02-29"
    assert years_after("9999-01-01", 1) is None
    assert years_after("soon", 1) is None


def test_files_without_a_year_and_years_that_reopen(tmp_path: Path) -> None:
    head = "CHILD,DECOM,DEC,LS\n"
    plain = write_texts(
        tmp_path / "plain",
        {"a.csv": f"{head}c,01/01/2020,01/05/2020,C2\n", "b.csv": f"{head}c,01/01/2020,01/04/2020,C2\n"},
    )
    assert found_statuses(read_ssda903(plain)) == [("c", "LAC", "2020-01-01", "2020-04-01")]
    again = write_texts(
        tmp_path / "again",
        {"e_2020.csv": f"{head}c,01/01/2020,01/05/2020,C2\n", "e_2021.csv": f"{head}c,01/01/2020,,C2\n"},
    )
    source = read_ssda903(again)
    assert found_statuses(source) == [("c", "LAC", "2020-01-01", None)]
    assert [f.kind for f in source.findings] == ["conflicting_dates"]
