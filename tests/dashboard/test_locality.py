"""The filter of localities: what it narrows on each page, what stays whole; the address carries it."""

from __future__ import annotations

import io

import pandas as pd
import pytest

from analysis import SECOND_ROADS, locality
from analysis.workload import load_by_practitioner
from dashboards import data, places, shown, widgets
from dashboards.asked import REACH_WORDS, Asked, View
from dashboards.overview import figures
from graphmodel.access import Viewer
from graphmodel.settings import settings
from tests.dashboard.conftest import FIGURES, LAST, Partnership
from tests.dashboard.test_dashboard import address, opened, title, words


def of_first(at_home: Partnership) -> str:
    return locality.localities(at_home.tables)[0]


def view(page: str, place: str | None, *agencies: str) -> View:
    return View(data.held(), Asked(LAST, agencies, place), Viewer.local(), page)


@pytest.mark.parametrize("page", [*FIGURES, "quality", "workbench"])
def test_every_page_says_what_the_filter_does_to_it(at_home: Partnership, page: str) -> None:
    place = of_first(at_home)
    test = opened(page, locality=place)
    assert not test.exception
    assert not test.error
    assert address(test, "locality") == [place]
    said = [str(block.value) for block in test.info]
    reach = view(page, place).reach
    assert any(REACH_WORDS[reach].format(name=place) == text for text in said) or page == "workbench"
    caption = next((str(c.value) for c in test.caption if "As of" in str(c.value)), "")
    assert (f"locality {place}" in caption) == (reach != "whole")


def test_an_unknown_locality_is_said_and_passed_over(at_home: Partnership) -> None:
    test = opened("overview", locality="Atlantis")
    assert any("Atlantis" in str(block.value) for block in test.warning)
    assert address(test, "locality") == []
    assert at_home.home.exists()


def test_the_filter_goes_over_pages_and_out_again(at_home: Partnership) -> None:
    place = of_first(at_home)
    test = opened("overview")
    test.selectbox(key="locality").set_value(place).run()
    assert address(test, "locality") == [place]
    test.switch_page("../pages/coverage.py").run()
    assert address(test, "locality") == [place]
    test.selectbox(key="locality").set_value(None).run()
    assert address(test, "locality") == []


def test_counts_shown_are_those_of_the_localitys_cases(at_home: Partnership) -> None:
    found, tables = data.held(), at_home.tables
    shown_some = 0
    for place in locality.localities(tables):
        counts = shown.headline(found, LAST, place)
        for name in places.KINDS:
            mine = locality.within(tables, LAST, SECOND_ROADS[name](tables, LAST, settings()), place)
            assert counts[name] in (None, len(mine))
            shown_some += counts[name] not in (None, 0)
        assert figures(found, LAST, place)["active"].value == counts["active_tacs"]
    assert shown_some > 2


def test_the_filter_chooses_people_and_leaves_their_load_whole(at_home: Partnership) -> None:
    found, place = data.held(), of_first(at_home)
    load = load_by_practitioner(at_home.tables, LAST, settings())
    kept = view("overload", place).within(load, "home_agency_id")
    leads = locality.near(at_home.tables, LAST, leading=True)
    assert set(kept["practitioner_id"]) == {who for who, where in leads.items() if place in where}
    assert 0 < len(kept) < len(load)
    pd.testing.assert_frame_equal(kept, load.loc[kept.index])
    agencies = shown.agencies(found, LAST)
    few = view("fairness", place).within(agencies, "agency_id")
    pd.testing.assert_frame_equal(few, agencies.loc[few.index])
    assert 0 < len(few) <= len(agencies)
    assert len(view("advice", place).within(load, "home_agency_id")) == len(load)


def test_files_that_leave_a_page_name_the_locality(at_home: Partnership) -> None:
    place = of_first(at_home)
    source = view("coverage", place).source
    assert f"locality {place}" in source
    assert place not in view("advice", place).source
    book = widgets.workbook(pd.DataFrame({"a": [1]}), "Title", [source])
    assert source in pd.read_excel(io.BytesIO(book), header=None, engine="openpyxl")[0].tolist()
    text = widgets.comma_separated(pd.DataFrame({"a": [1]}), "Title", [source]).decode("utf-8-sig")
    assert f"# {source}" in text.splitlines()
    assert text.splitlines()[0] == "# lines before the headings: 3"
    assert pd.read_csv(io.StringIO(text), skiprows=3)["a"].tolist() == [1]


def test_groups_are_not_shown_for_a_locality(at_home: Partnership) -> None:
    whole, part = opened("coverage"), opened("coverage", locality=of_first(at_home))
    assert len(whole.dataframe) > len(part.dataframe) == 1
    assert "give them away" in words(part)
    assert title(part) != ""
