"""The workbench over time: a query on many days, drawn, with small counts of children hidden."""

from __future__ import annotations

import io
from datetime import date

import openpyxl
from streamlit.testing.v1 import AppTest

import queries
from dashboards import answer, data
from dashboards.over_time import OVER
from dashboards.workbench import ANSWER
from graphmodel.audit_log import AuditLog
from queries import Result
from tests.dashboard.conftest import LAST, Partnership
from tests.dashboard.test_dashboard import words
from tests.dashboard.test_workbench import ANALYST, press, state, workbench


def over(test: AppTest, first: date, every: str = "month") -> None:
    test.date_input(key="over-from").set_value(first)
    test.selectbox(key="over-every").set_value(every)


def test_a_query_over_time_is_drawn_and_its_rows_are_those_of_each_day(at_home: Partnership) -> None:
    test = workbench("overloaded_leads")
    test.number_input(key="p-overloaded_leads-threshold").set_value(1.5)
    state(test)
    over(test, date(2026, 8, 15))
    before = len(AuditLog(at_home.home).entries())
    assert not press(test, "Run over time")
    result: Result = test.session_state[OVER].result
    days = [date(2026, 8, 31), date(2026, 9, 30), LAST]
    assert list(result.dates) == days
    by_cypher = [
        (day, *row)
        for day in days
        for row in queries.answer(
            "overloaded_leads", as_of=day, store=data.store(), viewer=ANALYST, threshold=1.5
        ).rows.rows
    ]
    assert [row[:5] for row in result.rows.rows] == [row[:5] for row in by_cypher]
    entry = AuditLog(at_home.home).entries()[before]
    assert (entry["what"], entry["rows"], entry["reason"]) == (
        "overloaded_leads", len(by_cypher), "checking a figure",
    )  # fmt: skip
    assert entry["dates"] == [day.isoformat() for day in days]
    counted = [sum(row[0] == day for row in by_cypher) for day in days]
    table = next(t.value for t in test.dataframe if "Number of rows" in t.value.columns)
    assert [int(str(cell).replace(",", "")) for cell in table["Number of rows"]] == counted
    test.selectbox(key="over-figure-overloaded_leads").set_value("utilisation").run()
    test.selectbox(key="over-how-overloaded_leads").set_value("max").run()
    assert f"Utilisation, highest over the rows: {max(r[-1] for r in by_cypher if r[0] == LAST):,.2f}"[
        :-1
    ] in words(test)
    assert ANSWER not in test.session_state
    # a run on the day takes its place
    assert not press(test)
    assert OVER not in test.session_state


def test_small_counts_of_children_are_hidden_in_the_chart_unless_asked_for(at_home: Partnership) -> None:
    test = workbench("multiple_leads")
    over(test, date(2026, 9, 1), "week")
    assert "no role was stated" in press(test, "Run over time")
    state(test, "strategic_manager")
    assert "may not see rows about a child" in press(test, "Run over time")
    assert OVER not in test.session_state
    state(test)
    assert not press(test, "Run over time")
    result: Result = test.session_state[OVER].result
    exact = [sum(row[0] == day for row in result.rows.rows) for day in result.dates]
    assert any(1 <= n <= 5 for n in exact)

    def cells() -> list[str]:
        return list(next(t.value for t in test.dataframe if "As of" in t.value.columns)["Number of rows"])

    assert cells() == ["c" if 1 <= n <= 5 else f"{n:,}" for n in exact]
    test.checkbox(key="over-hide-multiple_leads").set_value(False).run()
    assert cells() == [f"{n:,}" for n in exact]
    about = {row[0].value: row[1].value for row in openpyxl.load_workbook(
        io.BytesIO(answer.workbook(result)))["about"].iter_rows()}  # fmt: skip
    assert about["dates"]
    assert at_home.home.exists()


def test_days_that_make_no_sense_are_refused_in_words(at_home: Partnership) -> None:
    test = workbench("agency_fairness")
    test.date_input(key="over-from").set_value(date(2026, 12, 1))
    assert "is before --from" in press(test, "Run over time")
    over(test, date(2020, 1, 1), "week")
    assert "more than 120" in press(test, "Run over time")
    assert OVER not in test.session_state
    assert at_home.home.exists()


# -- files -----------------------------------------------------------------------------------------
