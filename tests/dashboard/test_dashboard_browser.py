"""The pages in real Chromium, from a real server: nothing leaves the machine, everybody can read them."""

from __future__ import annotations

import json
import re
import signal
import socket
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Browser, expect

from dashboards import launch
from graphmodel.errors import SettingsError
from tests.dashboard.browser import (
    MINUTE,
    choose,
    does_not_run_off,
    free_port,
    opened,
    page_of,
    serious,
    served,
)
from tests.dashboard.conftest import FIGURES, Partnership

# without a change asked for, What if has nothing to draw
PATHS = {name: name for name in FIGURES} | {"overview": "", "what_if": "what_if?close_schools=true"}
PAGES = {**PATHS, "accessibility": "accessibility", "workbench": "workbench?query=overloaded_leads"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_serious_and_nothing_leaves(
    site: str, chromium: Browser, name: str, scheme: str
) -> None:
    with page_of(chromium, scheme, 1440) as (page, outside):
        opened(page, f"{site}/{PAGES[name]}")
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
        assert not serious(page)
        assert not outside
        expect(page.get_by_test_id("stException")).to_have_count(0)


@pytest.mark.parametrize("name", PAGES)
def test_a_narrow_page_does_not_run_off(site: str, chromium: Browser, name: str) -> None:
    with page_of(chromium, "light", 320) as (page, outside):
        opened(page, f"{site}/{PAGES[name]}")
        does_not_run_off(page)
        cut = page.evaluate(
            "() => [...document.querySelectorAll('h1, h2, [data-testid=stMetric]')]"
            ".filter(e => e.getBoundingClientRect().right > window.innerWidth + 1).map(e => e.innerText)"
        )
        assert cut == []
        assert not outside


def test_every_chart_has_words_and_a_table_beside_it(site: str, chromium: Browser) -> None:
    seen = 0
    with page_of(chromium, "light", 1440) as (page, _):
        for path in PATHS.values():
            opened(page, f"{site}/{path}")
            expect(page.get_by_test_id("stPlotlyChart").first).to_be_visible(timeout=MINUTE)
            charts = page.get_by_test_id("stPlotlyChart").count()
            assert charts >= 1
            assert page.get_by_text("The same as a table").count() == charts
            said = page.locator("[data-testid=stPlotlyChart]").evaluate_all(
                "all => all.map(e => (e.closest('[aria-label]') || e.querySelector('[aria-label]') || e)"
                ".getAttribute('aria-label') || '')"
            )
            assert all(len(text) > 20 for text in said)
            seen += charts
    assert seen >= 6


def test_the_keyboard_reaches_menu_pickers_and_tables(site: str, chromium: Browser) -> None:
    with page_of(chromium, "light", 1440) as (page, _):
        opened(page, f"{site}/")
        reached: list[str] = []
        for _step in range(60):
            page.keyboard.press("Tab")
            reached.append(
                page.evaluate("() => { const e = document.activeElement;"
                " return (e.getAttribute('aria-label') || e.innerText || e.tagName).slice(0, 60); }")
            )  # fmt: skip
        said = "\n".join(reached)
        for wanted in (
            "Fairness",
            "Overload",
            "Duplication",
            "End of month",
            "Agencies",
            "The same as a table",
        ):
            assert wanted in said, said


def test_a_day_chosen_goes_with_the_reader_and_into_the_address(site: str, chromium: Browser) -> None:
    with page_of(chromium, "light", 1440) as (page, _):
        opened(page, f"{site}/?as_of=2026-06-30")
        expect(page.get_by_text("As of 30 June 2026 ").first).to_be_visible()
        page.get_by_role("link", name="Overload").click()
        expect(page.get_by_text("Who, how far above, and since when")).to_be_visible(timeout=MINUTE)
        expect(page.get_by_text("As of 30 June 2026 ").first).to_be_visible()
        page.wait_for_url("**/overload?as_of=2026-06-30*", timeout=MINUTE)
        choose(page, "End of month", "May 2026")
        expect(page.get_by_text("As of 31 May 2026 ").first).to_be_visible(timeout=MINUTE)
        page.wait_for_url("**/overload?as_of=2026-05-31*", timeout=MINUTE)


def test_the_table_can_be_taken_away_with_its_day(site: str, chromium: Browser) -> None:
    with page_of(chromium, "light", 1440) as (page, _):
        opened(page, f"{site}/overload?as_of=2026-10-31")
        with page.expect_download(timeout=MINUTE) as waiting:
            page.locator(".st-key-csv-overloaded-leads").get_by_role("button", name="CSV").click()
        text = Path(waiting.value.path()).read_text(encoding="utf-8-sig")
        told = [line for line in text.splitlines() if line.startswith("# ")]
        assert any("As of 31 October 2026; all agencies" in line for line in told)
        head = text.splitlines()[len(told)].split(",")
        assert head[:3] == ["Practitioner", "Role", "Home agency"]
        assert "Last 12 months" not in head
        assert len(text.splitlines()) > 5


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 1440), ("light", 390)])
def test_the_workbench_from_catalogue_to_rows(
    site: str, chromium: Browser, scheme: str, width: int, tmp_path: Path
) -> None:
    with page_of(chromium, scheme, width) as (page, outside):
        page.goto(f"{site}/workbench?as_of=2026-10-31", timeout=MINUTE)
        expect(page.get_by_role("heading", level=1)).to_contain_text("questions", timeout=MINUTE)
        expect(page.get_by_test_id("stSkeleton")).to_have_count(0, timeout=MINUTE)
        assert not serious(page)
        does_not_run_off(page)
        page.get_by_role("button", name="Overloaded lead practitioners").click()
        page.wait_for_url("**/workbench?*query=overloaded_leads*", timeout=MINUTE)
        run = page.get_by_role("button", name="Run", exact=True)
        run.click()
        expect(page.get_by_role("alert")).to_contain_text("no role was stated", timeout=MINUTE)
        choose(page, "Your role", "Analyst")
        page.get_by_label("Why do you need to see practitioners?").fill("supervision")
        run.click()
        expect(page.get_by_role("heading", name="The same as bars")).to_be_visible(timeout=MINUTE)
        expect(page.get_by_test_id("stSkeleton")).to_have_count(0, timeout=MINUTE)
        assert not serious(page)
        does_not_run_off(page)
        with page.expect_download(timeout=MINUTE) as waiting:
            page.get_by_test_id("stDownloadButton").get_by_role("button", name="Parquet").click()
        kept = tmp_path / "rows.parquet"
        waiting.value.save_as(kept)
        told = json.loads(pq.read_schema(kept).metadata[b"tacgraph"])
        assert (told["query"], told["as_of"], told["complete"]) == ("overloaded_leads", "2026-10-31", True)
        assert told["rows"] == pq.read_metadata(kept).num_rows > 5
        assert waiting.value.suggested_filename == "overloaded_leads-2026-10-31.parquet"
        assert not outside


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_own_text_that_would_write_is_refused_in_words(site: str, chromium: Browser, scheme: str) -> None:
    with page_of(chromium, scheme, 1440) as (page, outside):
        page.goto(f"{site}/workbench?query=own-text", timeout=MINUTE)
        editor = page.get_by_role("textbox", name="Cypher, one query")
        expect(editor).to_have_value(re.compile("MATCH"), timeout=MINUTE)
        editor.fill("MATCH (n) DETACH DELETE n")
        choose(page, "Your role", "Analyst")
        page.get_by_label("Why do you need to see children?").fill("a trial")
        page.get_by_role("button", name="Run", exact=True).click()
        expect(page.get_by_role("alert")).to_contain_text("Queries may only read", timeout=MINUTE)
        assert not serious(page)
        assert not outside


def test_a_first_visit_by_a_deep_link_shows_the_page(
    partnership: Partnership, tmp_path: Path, chromium: Browser
) -> None:
    port = free_port()
    with (
        served(partnership.home, tmp_path, port) as server,
        page_of(chromium, "dark", 1440) as (page, outside),
    ):
        opened(page, f"http://127.0.0.1:{port}/fairness")
        expect(page.get_by_text("Every agency in figures")).to_be_visible()
        assert not outside
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.2", port), timeout=5)
        server.send_signal(signal.SIGINT)
        assert server.wait(timeout=60) == 0


def test_a_port_in_use_is_said(partnership: Partnership) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(SettingsError, match=f"port {port}: is in use"):
            launch.serve(partnership.home, port=port, as_of=None)
    with pytest.raises(SettingsError, match="is not a port"):
        launch.serve(partnership.home, port=70_000, as_of=None)


def test_the_options_keep_it_on_this_machine() -> None:
    stated = launch.options(8501)
    for wanted in (
        "--server.address=127.0.0.1",
        "--browser.gatherUsageStats=false",
        "--client.toolbarMode=minimal",
        "--client.showErrorDetails=none",
        "--server.fileWatcherType=none",
        "--server.allowedHosts=127.0.0.1",
    ):
        assert wanted in stated
