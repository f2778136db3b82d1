"""Two pages, days, filters or files subtracted from each other: nothing that either hides comes out."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards import data, shown
from dashboards.asked import Asked, View, last_month_end, month_end
from graphmodel.access import RIGHTS, Viewer
from graphmodel.settings import settings
from reports import masking
from reports.figures import gather
from tests.dashboard.conftest import LAST, Partnership
from tests.dashboard.roles import page_for, signed
from tests.dashboard.test_dashboard import address, title, words

COLUMNS = ("measure", "end", "change", "hidden_change")
DAYS = st.dates(date(2015, 1, 1), date(2035, 12, 31))


def test_who_sees_children_may_ask_for_any_day_and_who_does_not_for_month_ends() -> None:
    ends = {role for role in RIGHTS if Viewer("jo", role).month_ends_only}  # type: ignore[arg-type]
    assert ends == {"strategic_manager", "agency_manager"}


@given(DAYS, DAYS)
def test_two_days_are_one_figure_or_a_month_apart(one: date, other: date) -> None:
    first, second = sorted((last_month_end(one), last_month_end(other)))
    assert first == month_end(first)
    assert first <= min(one, other)
    assert first == second or (second - first).days >= 28


@pytest.mark.parametrize("role", ["strategic_manager", "agency_manager"])
def test_a_day_and_the_next_show_the_same(
    at_home: Partnership, monkeypatch: pytest.MonkeyPatch, role: str
) -> None:
    signed(monkeypatch, roles=role, agency_id="A0003")
    said = []
    for day in (date(2026, 10, 14), date(2026, 10, 15), date(2026, 10, 30)):
        test = page_for("coverage", as_of=day.isoformat())
        assert address(test, "as_of") == ["2026-09-30"]
        assert not test.date_input
        assert "Your role sees figures as of month ends" in words(test)
        said.append((title(test), [str(block.value) for block in test.markdown]))
    assert all(one == other for one, other in pairwise(said))
    assert at_home.home.exists()


def test_a_day_after_the_data_is_the_last_month_end_in_them(
    at_home: Partnership, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed(monkeypatch, roles="strategic_manager")
    test = page_for("overview", as_of="2031-05-20")
    assert address(test, "as_of") == [last_month_end(at_home.tables.data_date or LAST).isoformat()]


def test_an_analyst_may_ask_for_any_day(at_home: Partnership, monkeypatch: pytest.MonkeyPatch) -> None:
    signed(monkeypatch, roles="analyst")
    test = page_for("coverage", as_of="2026-10-14")
    assert address(test, "as_of") == ["2026-10-14"]
    assert len(test.date_input) == 1
    assert at_home.home.exists()


def test_a_filter_of_agencies_shows_rows_of_the_whole_and_no_other_figure(at_home: Partnership) -> None:
    found = data.held()
    whole = {"fair": shown.agencies(found, LAST), "staff": shown.staff(found, LAST, "agency_id")}
    for agency in at_home.tables.table("agencies")["agency_id"].head(12):
        for page in ("fairness", "overload"):
            view = View(found, Asked(LAST, (agency,)), Viewer("jo", "strategic_manager"), page)
            for frame in whole.values():
                part = view.within(frame, "agency_id")
                pd.testing.assert_frame_equal(part, frame.loc[part.index])


def test_the_overload_page_of_a_manager_shows_no_small_count_of_an_agency(
    at_home: Partnership, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed(monkeypatch, roles="strategic_manager")
    plain = data.load(data.held(), LAST)
    leads = plain[plain["tacs_led"] > 0].groupby("home_agency_id")["tacs_led"].sum()
    few = leads.index[(leads >= 1) & (leads <= 5)]
    assert len(few), "the example has agencies that lead a few TACs"
    assert at_home.home.exists()
    whole = title(page_for("overload"))
    test = page_for("overload", agency=few[0])
    assert title(test) == whole, "a title counted for one agency would give its count away"
    table = next(t.value for t in test.dataframe if "Home agency" in t.value.columns)
    assert list(table["Practitioners who lead"]) == ["c"]


def test_page_and_report_of_a_month_hide_the_same_of_who_leads(at_home: Partnership) -> None:
    found, day = data.held(), LAST
    report = masking.shown(gather(at_home.tables, day, settings()), settings())
    for by, theirs in (("agency_id", report.agencies), ("role", report.roles)):
        mine, other = shown.staff(found, day, by).set_index(by), theirs.numbers.set_index(by)
        for column in ("leading", "overloaded"):
            assert set(mine.index) <= set(other.index)
            np.testing.assert_array_equal(mine[column], other[column].reindex(mine.index))


def test_two_reports_in_a_row_hide_a_small_change_in_words(at_home: Partnership) -> None:
    first = LAST.replace(day=1) - timedelta(days=1)
    now, before = (masking.shown(gather(at_home.tables, d, settings()), settings()) for d in (LAST, first))
    then = before.headline.set_index("measure")["end"]
    rows = now.headline
    for name, end, gap, said in zip(*(rows[c] for c in COLUMNS), strict=True):
        if 1 <= abs(end - then[name]) <= 5:
            assert said == "within 5"
        if np.isnan(end) or np.isnan(then[name]):
            assert np.isnan(gap)
