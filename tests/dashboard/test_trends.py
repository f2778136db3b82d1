"""The Trends page: each month's figures are its own, small ones hidden, and a sentence says what moved."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from analysis import SECOND_ROADS
from dashboards import data, trends
from dashboards.duplication import WHAT_TO_DO
from graphmodel.settings import settings
from tests.dashboard.conftest import LAST, Partnership
from tests.dashboard.test_dashboard import address, opened, title


def test_each_month_shows_what_the_queries_give_on_its_last_day(at_home: Partnership) -> None:
    found = data.held()
    days = trends.ends(found, LAST, 12)
    assert days[-2:] == [date(2026, 9, 30), LAST]
    load, kinds = trends.load(found, days), trends.duplication(found, days)
    limit, seen = settings().disclosure.suppress_up_to, 0
    for number, day in enumerate(days):
        over = len(SECOND_ROADS["overloaded_leads"](at_home.tables, day, settings()))
        for value, real in [
            (load["overloaded"][number], over),
            *((kinds[k][number], len(SECOND_ROADS[k](at_home.tables, day, settings()))) for k in WHAT_TO_DO),
        ]:
            assert pd.isna(value) or value == real
            assert not 1 <= real <= limit or pd.isna(value)
            seen += not pd.isna(value)
    assert seen > len(days)


def test_no_month_before_the_first_team_is_shown(at_home: Partnership) -> None:
    found = data.held()
    days = trends.ends(found, found.first_day, 36)
    assert days == [found.first_day]
    assert at_home.home.exists()


def test_the_period_is_in_the_address_and_changes_the_months(at_home: Partnership) -> None:
    test = opened("trends")
    assert not test.exception
    year = next(t.value for t in test.dataframe if "Overloaded leads" in t.value.columns)
    test.session_state["trend-months"] = 24
    test.run()
    assert not test.exception
    longer = next(t.value for t in test.dataframe if "Overloaded leads" in t.value.columns)
    assert len(longer) > len(year)
    assert list(longer["Overloaded leads"])[-len(year) :] == list(year["Overloaded leads"])
    assert address(test, "as_of") == [LAST.isoformat()]
    assert "overloaded leads" in title(test)
    assert at_home.home.exists()


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ((10, 30), (40, 30), "“Review overdue” has risen most, from 10 to 40."),
        ((10, 30), (8, 30), "“Review overdue” has fallen most, from 10 to 8."),
        ((10, 30), (10, 30), "Nothing has moved"),
        ((float("nan"), 30), (10, 30), "Nothing has moved"),
    ],
)
def test_the_sentence_says_what_moved_most(
    first: tuple[float, float], last: tuple[float, float], words: str
) -> None:
    frame = pd.DataFrame(
        [
            {"day": date(2026, 1, 31), "overdue_reviews": first[0], "lead_not_needed": first[1]},
            {"day": date(2026, 2, 28), "overdue_reviews": last[0], "lead_not_needed": last[1]},
        ]
    )
    assert words in str(trends.moved(frame, "gaps"))
    assert trends.moved(frame.iloc[:1], "gaps").severity == "unknown"
