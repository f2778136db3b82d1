"""The pages about people, data and rules in real Chromium: both themes, phone width, filled in."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from analysis import SECOND_ROADS, workload
from graphmodel.settings import settings
from tests.dashboard.browser import MINUTE, choose, does_not_run_off, page_of, serious
from tests.dashboard.conftest import LAST, Partnership

PAGES = ("me", "ecomap", "quality", "same_child", "mapping", "settings", "audit")


def drawn(page: Page, address: str) -> None:
    """Wait until all of the page is drawn: the words about sign-in end every page without one."""
    page.goto(address, timeout=MINUTE)
    expect(page.get_by_text("No sign-in is set up")).to_be_visible(timeout=MINUTE)
    settled(page)


def settled(page: Page) -> None:
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0, timeout=MINUTE)
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0, timeout=MINUTE)
    expect(page.get_by_test_id("stException")).to_have_count(0)


def sound(page: Page, outside: list[str]) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    assert not serious(page)
    does_not_run_off(page)
    assert not outside


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 1440), ("light", 320)])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_reads_in_both_themes_and_at_phone_width(
    site: str, chromium: Browser, name: str, scheme: str, width: int
) -> None:
    with page_of(chromium, scheme, width) as (page, outside):
        drawn(page, f"{site}/{name}")
        sound(page, outside)


@pytest.mark.parametrize(("scheme", "width"), [("dark", 1440), ("light", 320)])
def test_the_ecomap_of_a_child(
    site: str, chromium: Browser, partnership: Partnership, scheme: str, width: int
) -> None:
    crowded = SECOND_ROADS["crowded_children"](partnership.tables, LAST, settings(), min_practitioners=1)
    child = str(crowded.sort_values("practitioners").iloc[-1]["child_id"])
    with page_of(chromium, scheme, width) as (page, outside):
        drawn(page, f"{site}/ecomap")
        page.get_by_label("Id, letter by letter").fill(child)
        choose(page, "Your role", "Safeguarding lead")
        page.get_by_label("Why do you need to see them?").fill("enquiry 7")
        page.get_by_role("button", name="Show the ecomap").click()
        expect(page.get_by_test_id("stPlotlyChart")).to_be_visible(timeout=MINUTE)
        settled(page)
        assert child not in page.url
        sound(page, outside)


@pytest.mark.parametrize(("scheme", "width"), [("dark", 1440), ("light", 320)])
def test_one_practitioners_load(
    site: str, chromium: Browser, partnership: Partnership, scheme: str, width: int
) -> None:
    load = workload.load_by_practitioner(partnership.tables, LAST, settings())
    busy = str(load.sort_values("points").iloc[-1]["practitioner_id"])
    with page_of(chromium, scheme, width) as (page, outside):
        drawn(page, f"{site}/me")
        choose(page, "Practitioner", busy, typed=True)
        expect(page.get_by_role("heading", name="Is something wrong?")).to_be_visible(timeout=MINUTE)
        settled(page)
        sound(page, outside)


@pytest.mark.parametrize(("scheme", "width"), [("dark", 1440), ("light", 320)])
def test_every_look_in_the_audit_record(site: str, chromium: Browser, scheme: str, width: int) -> None:
    with page_of(chromium, scheme, width) as (page, outside):
        drawn(page, f"{site}/audit")
        choose(page, "Your role", "Administrator")
        page.get_by_label("Why do you need to see the looks?").fill("monthly review")
        page.get_by_role("button", name="Show the looks").click()
        expect(page.get_by_text("Only unusual ones")).to_be_visible(timeout=MINUTE)
        settled(page)
        sound(page, outside)
