"""A query over time: its dates, and the same rows as a query by Cypher on each of them."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

import queries
from analysis import ONLY_IN_GRAPH
from analysis.tables import Slice
from graphmodel.access import Viewer
from graphmodel.audit_log import AuditLog
from graphmodel.errors import AccessRefused, QueryError, SettingsError
from graphmodel.settings import settings
from graphmodel.store import Rows, Store
from loaders import load
from reports import charts
from reports.over_time import Every, How, counts_people, dates, day_from, over_time, per_day
from tests.partnerships import AS_OF, random_partnership
from tests.test_cli import tacgraph
from tests.test_queries_run import SMALL
from tests.test_two_roads import VARIANTS, alike

FAR = date(2100, 1, 1)


def days(first: str, last: str, every: Every, known_to: date = FAR) -> list[str]:
    begin, end = day_from(first, last=False), day_from(last, last=True)
    return [day.isoformat() for day in dates(begin, end, every, known_to)[0]]


@pytest.mark.parametrize(
    ("first", "last", "every", "wanted"),
    [
        ("2023-12", "2024-03", "month", ["2023-12-31", "2024-01-31", "2024-02-29", "2024-03-31"]),
        ("2024-02-29", "2024-02-29", "month", ["2024-02-29"]),
        ("2026-01-20", "2026-02-10", "month", ["2026-01-31", "2026-02-10"]),
        ("2025-11", "2026-05", "quarter", ["2025-12-31", "2026-03-31", "2026-05-31"]),
        (
            "2026-10",
            "2026-10",
            "week",
            ["2026-10-04", "2026-10-11", "2026-10-18", "2026-10-25", "2026-10-31"],
        ),
        ("2026-10-04", "2026-10-05", "week", ["2026-10-04", "2026-10-05"]),
    ],
)
def test_a_period_is_asked_for_as_of_its_last_day(
    first: str, last: str, every: Every, wanted: list[str]
) -> None:
    assert days(first, last, every) == wanted


def test_the_period_in_progress_is_asked_for_as_of_the_latest_known_day() -> None:
    found, said = dates(date(2026, 9, 1), date(2026, 11, 30), "month", date(2026, 10, 12))
    assert found == [date(2026, 9, 30), date(2026, 10, 12), date(2026, 11, 30)]
    assert "in progress; asked for as of 2026-10-12" in said[0]
    assert "what is planned" in said[1]


def test_wrong_spans_are_named() -> None:
    for text in ("2026", "2026-13", "October", "2026-02-30"):
        with pytest.raises(SettingsError, match="no month and no day"):
            day_from(text, last=True)
    with pytest.raises(SettingsError, match="is before --from"):
        days("2026-10", "2026-09", "month")
    with pytest.raises(SettingsError, match="Ask for fewer"):
        days("1900-01", "2026-09", "week")


def test_each_day_is_what_cypher_gives_on_it(on_engine: Path, tmp_path: Path) -> None:
    centre = AS_OF[1]
    folder = random_partnership(7, centre=centre).write(tmp_path / "in")
    assert load(folder, home=on_engine).total("rejected") == 0
    asked = [centre.replace(day=1), centre, date(centre.year + 1, 1, 31)]
    viewer, audit = Viewer("jo", "analyst", "test"), AuditLog(on_engine)
    seen = 0
    with Store.open(on_engine) as store:
        held = Slice.current(store, on_engine)
        for name, query in queries.catalogue().items():
            given = VARIANTS.get(name, [{}])[0]
            if name in ONLY_IN_GRAPH or any(p.name.endswith("_id") for p in query.parameters):
                continue
            together = over_time(name, held, asked, viewer=viewer, audit=audit, given=given)
            one_by_one = [
                (day, *row)
                for day in asked
                for row in queries.answer(name, store=store, viewer=viewer, as_of=day, **given).rows.rows
            ]
            assert together.rows.columns == ("as_of", *query.column_names)
            assert len(together.rows.rows) == len(one_by_one), name
            for found, wanted in zip(together.rows.rows, one_by_one, strict=True):
                assert all(alike(x, y) for x, y in zip(found, wanted, strict=True)), (name, found, wanted)
            assert str(together.frame().dtypes["as_of"]) == "datetime64[s]"
            seen += bool(one_by_one)
    assert seen > 15


def test_other_weights_are_taken_over_time_too(tmp_path: Path) -> None:
    held, audit, viewer = Slice.from_folder(SMALL), AuditLog(tmp_path), Viewer("jo", "analyst", "why")
    day = date(2026, 10, 31)
    whole = settings().workload.model_dump() | {"points_per_fte": 30.0}
    given = {"workload": json.loads(json.dumps(whole)), "threshold": 0.5}
    usual, other = (
        over_time("overloaded_leads", held, [day], viewer=viewer, audit=audit, given=x).rows.records()
        for x in ({"threshold": 0.0}, given)
    )
    capacity = {row["practitioner_id"]: row["capacity"] for row in usual}
    assert [row["capacity"] for row in other] == [2 * capacity[row["practitioner_id"]] for row in other]
    assert other


def test_looks_at_children_are_recorded_once_and_refused_to_others(tmp_path: Path) -> None:
    held, audit = Slice.from_folder(SMALL), AuditLog(tmp_path)
    asked = [date(2026, 9, 30), date(2026, 10, 31)]
    result = over_time("multiple_tacs", held, asked, viewer=Viewer("jo", "analyst", "why"), audit=audit)
    (entry,) = audit.entries()
    assert (entry["what"], entry["rows"], entry["reason"]) == ("multiple_tacs", len(result.rows.rows), "why")
    assert entry["dates"] == ["2026-09-30", "2026-10-31"]
    with pytest.raises(AccessRefused):
        over_time("multiple_tacs", held, asked, viewer=Viewer("x", "agency_manager"), audit=audit)
    over_time("agency_fairness", held, asked, viewer=Viewer("x", "strategic_manager"), audit=audit)
    _, refused = audit.entries()
    assert (refused["who"], refused["what"]) == ("x", "multiple_tacs")
    assert "child" in refused["refused"]
    with pytest.raises(QueryError, match="Did you mean threshold"):
        over_time(
            "overloaded_leads",
            held,
            asked,
            viewer=Viewer("jo", "analyst"),
            audit=audit,
            given={"treshold": 1},
        )


# -- one figure a day ------------------------------------------------------------------------------


def result_over(name: str, rows: list[tuple[Any, ...]], asked: list[date]) -> queries.Result:
    query = queries.find(name)
    dated = replace(query, columns=(queries.Column("as_of", "date", "the day"), *query.columns))
    return queries.Result(dated, Rows(dated.column_names, rows), {}, asked[-1], 0.0, dates=tuple(asked))


ASKED = [date(2026, 8, 31), date(2026, 9, 30), date(2026, 10, 31)]
CELLS = st.lists(st.tuples(st.sampled_from(ASKED), st.one_of(st.none(), st.integers(0, 40))), max_size=25)


@given(CELLS, st.sampled_from(["rows", "practitioners"]), st.sampled_from(get_args(How)), st.integers(0, 6))
def test_one_figure_a_day_by_plain_loops(
    cells: list[tuple[date, int | None]], column: str, how: How, up_to: int
) -> None:
    cells = sorted(cells, key=lambda cell: cell[0])
    rows = [(day, f"c{i}", value, 2, ["gp"]) for i, (day, value) in enumerate(cells)]
    found = per_day(result_over("crowded_children", rows, ASKED), column, how, up_to=up_to)
    assert [day.date() for day in found["day"]] == ASKED
    told = [list(found[name]) for name in ("rows", "value", "suppressed")]
    for many, value, hidden, day in zip(*told, ASKED, strict=True):
        of_day = [figure for at, figure in cells if at == day]
        known = [figure for figure in of_day if figure is not None]
        plain: float | None = len(of_day)
        if column == "practitioners":
            mean = sum(known) / len(known) if known else None
            plain = {"sum": sum(known), "mean": mean, "max": max(known, default=None)}[how]
        few = 1 <= len(of_day) <= up_to
        gone = few or (column == "practitioners" and how == "sum" and 1 <= (plain or 0) <= up_to)
        assert hidden == gone
        if gone or plain is None:
            assert math.isnan(value)
        else:
            assert value == pytest.approx(plain, abs=1e-9)
        assert math.isnan(many) if few else many == len(of_day)


@pytest.mark.parametrize(
    ("name", "column", "counts"),
    [
        ("crowded_children", "rows", True),
        ("overlapping_teams", "rows", True),
        ("lead_continuity", "rows", True),
        ("overloaded_leads", "rows", False),
        ("overloaded_leads", "tacs_led", True),
        ("overloaded_leads", "utilisation", False),
        ("crowded_schools", "children", True),
        ("agency_fairness", "rows", False),
        ("collaboration", "shared_tacs", True),
        ("collaboration", "practitioners", False),
    ],
)
def test_what_counts_children_or_teams(name: str, column: str, counts: bool) -> None:
    assert counts_people(result_over(name, [], ASKED), column) == counts


def test_a_chart_over_days_hides_what_is_hidden() -> None:
    rows = [(day, f"c{i}", 6, 2, ["gp"]) for i, day in enumerate([ASKED[0]] * 9 + [ASKED[1]] * 3)]
    frame = per_day(result_over("crowded_children", rows, ASKED), up_to=5)
    chart = charts.over_days(frame, "Number of rows", name="x", source="s")
    assert chart.title == "Number of rows: 0 on 31 October 2026, down from 9 on 31 August 2026."
    assert chart.table["Number of rows"].tolist() == ["9", "c", "0"]
    assert "Hidden: 1." in chart.summary
    drawn = [float(y) for y in chart.figure.data[0].y]
    assert (drawn[0], math.isnan(drawn[1]), drawn[2]) == (9.0, True, 0.0)
    empty = charts.over_days(frame.iloc[:0], "Number of rows", name="x", source="s")
    assert "too few days" in empty.title
    alone = per_day(result_over("crowded_children", rows[:9], ASKED[:1]))
    assert "too few days" in charts.over_days(alone, "Rows", name="x", source="s").title


def test_the_command_gives_one_table(on_engine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    load(SMALL, home=on_engine)
    span = ("--from", "2026-08", "--to", "2026-10")
    words = ("query", "crowded_children", *span, "-p", "min_practitioners=5")
    assert tacgraph(*words, "--format", "csv") == 0
    captured = capsys.readouterr()
    rows = list(csv.DictReader(io.StringIO(captured.out)))
    assert {row["as_of"] for row in rows} == {"2026-08-31", "2026-09-30", "2026-10-31"}
    assert [row["child_id"] for row in rows if row["as_of"] == "2026-10-31"] == ["c01", "c07"]
    assert "on 3 dates to 2026-10-31" in captured.err
    assert tacgraph(*words, "--as-of", "2026-10-31") == 2
    assert tacgraph("query", "workload", "--to", "2026-10") == 2
