"""The page What if: what it says is what the measure gives, and a difference gives no small count away."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from playwright.sync_api import Browser

from analysis.whatif import FIGURES, Comparison, Scenario, compare
from analysis.whatif_changes import CloseSchools, Grow, Leave
from dashboards import data
from dashboards.asked import Asked, View
from dashboards.what_if import OF_CHILDREN, safe_agencies, safe_figures, safe_notes
from graphmodel.access import Viewer
from graphmodel.settings import settings
from tests.dashboard.browser import does_not_run_off, page_of, serious
from tests.dashboard.browser import opened as drawn
from tests.dashboard.conftest import LAST, Partnership
from tests.dashboard.test_dashboard import opened, title, words


def view() -> View:
    return View(data.held(), Asked(LAST, ()), Viewer.local())


def measured(at_home: Partnership, scenario: Scenario) -> Comparison:
    return compare(at_home.tables, LAST, settings(), scenario)


@pytest.mark.usefixtures("at_home")
def test_without_changes_it_asks_for_some() -> None:
    test = opened("what_if")
    assert not test.exception
    assert title(test) == "Choose what changes, and see what it would do."
    assert not test.dataframe


def test_it_says_what_the_measure_gives(at_home: Partnership) -> None:
    test = opened("what_if", close_schools="true", grow="50", reassign="true")
    assert not test.exception
    found = measured(at_home, Scenario((CloseSchools(), Grow(0.5)), reassign=True))
    change = dict(zip(found.figures["figure"], found.figures["change"], strict=True))
    more = "more" if change["overloaded"] > 0 else "fewer"
    assert title(test).startswith("With schools closed and with 50% more TACs")
    assert f"{abs(change['overloaded']):.0f} {more} lead" in title(test)
    table = next(t.value for t in test.dataframe if "Change" in t.value.columns)
    assert list(table["Figure"].str.lower()) == [text.lower() for text in FIGURES.values()]
    leads = table.set_index("Figure").loc["Practitioners who lead"]
    then = dict(zip(found.figures["figure"], found.figures["then"], strict=True))
    assert leads["Then"] == f"{then['leads']:,.0f}"
    people = next(t.value for t in test.dataframe if "Practitioner" in t.value.columns)
    assert list(people["Practitioner"]) == list(found.practitioners["practitioner_id"])


def test_a_post_is_withdrawn_by_the_address(at_home: Partnership) -> None:
    found = data.held()
    posts = at_home.tables.table("posts")
    agency = str(posts.loc[posts["ended_on"].isna(), "agency_id"].mode()[0])
    test = opened("what_if", **{"from": found.agency_names[agency]})
    test.selectbox(key="from_role").select_index(0).run()
    assert not test.exception
    assert title(test).startswith("Without one ")
    assert found.agency_names[agency] in title(test)


def test_no_small_count_of_children_is_shown(at_home: Partnership) -> None:
    leads = at_home.tables.table("leads")
    running = leads[leads["ended_on"].isna()]
    few = running.groupby("practitioner_id").size()
    person = str(few[few.between(1, 5)].index[0])
    test = opened("what_if", leaves=person)
    assert not test.exception
    assert not re.search(r"\b[1-5] (more |fewer )?(teams?|leads? left|of)\b", words(test))
    shown = view()
    found = measured(at_home, Scenario((Leave(person),)))
    figures = safe_figures(shown, found)
    children = figures[figures["figure"].isin(OF_CHILDREN)]
    for column in ("today", "then", "change"):
        assert not children[column].abs().between(1, 5).any()
    raw = found.figures[found.figures["figure"] == "tacs_without_lead"]
    assert raw["change"].between(1, 5).all(), "the case this test is for"
    row = figures[figures["figure"] == "tacs_without_lead"]
    assert row[["then", "change"]].isna().all(axis=None)
    agencies = safe_agencies(shown, found)
    for now, then in zip(agencies["tacs_led"], agencies["tacs_led_then"], strict=True):
        assert not 1 <= abs(now - then) <= 5
        assert not 1 <= then <= 5
    assert not agencies["uncovered"].between(1, 5).any()
    assert not any(re.search(r"\b[1-5] (of )?\d* ?leads?", note) for note in safe_notes(shown, found))


def test_a_count_hidden_today_is_hidden_then_too(at_home: Partnership) -> None:
    found = measured(at_home, Scenario((CloseSchools(),)))
    figures = found.figures.set_index("figure")
    for name in OF_CHILDREN:
        figures.loc[name, ["today", "then", "change"]] = [3.0, 15.0, 12.0]
    few = replace(found, figures=figures.reset_index())
    # twelve left without a lead are told beside it: fifteen less twelve would be three
    rows = safe_figures(view(), few).set_index("figure").loc[list(OF_CHILDREN)]
    assert rows[["today", "then", "change"]].isna().all(axis=None)


@pytest.mark.usefixtures("at_home")
def test_a_scheme_says_its_source_and_what_it_leaves_out() -> None:
    test = opened("what_if", scheme="100 points a full-time post (points-100)")
    assert not test.exception
    assert "Wirral" in words(test)
    assert "Not expressed" in words(test)
    assert "scheme points-100" in title(test)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 320)])
def test_a_scenario_is_accessible_in_both_themes_and_on_a_phone(
    site: str, chromium: Browser, scheme: str, width: int
) -> None:
    with page_of(chromium, scheme, width) as (page, outside):
        drawn(page, f"{site}/what_if?close_schools=true&grow=20&reassign=true")
        assert "With schools closed and with 20% more TACs" in page.locator("h1").inner_text()
        assert serious(page) == []
        does_not_run_off(page)
    assert outside == []
