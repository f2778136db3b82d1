"""How long somebody waits for a page: real headless Chromium against `tacgraph dashboard`."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Final, TypedDict

from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import TimeoutError as NotInTime

from analysis.answers import FOLDER
from analysis.tables import Slice
from benchmarks.engines import Engine
from benchmarks.timing import Figures, conditions, quantile, say, spread

PAGES: Final = {"overview": ""} | {
    name: name
    for name in (
        "fairness", "overload", "certainty", "duplication", "coverage", "trends", "network", "what_if",
        "advice",
    )
}  # fmt: skip
# the overview's title is a finding of another page: it stands between two that have titles of their own
_APART: Final = ("network", "overview", "what_if")
ROUND: Final = (*_APART, *(name for name in PAGES if name not in _APART))
READY_SECONDS: Final = 120.0
PAGE_MS: Final = 120_000
# pixels: all of the menu is in sight
WIDE: Final = 2600
TITLE: Final = "[data-testid='stMain'] h1"
FAULTS: Final = "[data-testid='stException'], [data-testid='stMain'] [data-testid='stAlertContentError']"
# the app says so itself when a run of the page is over
WHOLE: Final = "[data-testid='stApp'][data-test-script-state='notRunning']"


class PageFault(AssertionError):
    """A page showed a fault instead of figures."""


def visits(made: Engine, d: date, *, cold: int, warm: int) -> Figures:
    """The group. Seconds from asking for a page to its first content and until all of it is there.

    First content: the page's title, which is a sentence computed from the data. Cold: a dashboard just
    started after a load, with nothing worked out before (`analysis.answers`), an empty browser, each page
    once a dashboard, the order turned from one to the next (so only one of all visits finds nothing at all
    in memory). Warm: one dashboard, the browser keeps the program's files, every visit is a new session.
    Turned: somebody who is there chooses the next page in the menu.
    """
    found: Figures = {**conditions(), "pages": {}}
    with browser() as chromium:
        found["chromium"] = chromium.version
        times: dict[str, dict[str, list[tuple[float, float]]]] = {
            name: {"cold": [], "warm": [], "turned": []} for name in PAGES
        }
        first: list[float] = []
        starts: list[float] = []
        # as `tacgraph load` leaves it
        with made.store() as store:
            Slice.current(store, made.home)
        for number in range(cold):
            shutil.rmtree(made.home / "slice" / FOLDER, ignore_errors=True)
            say(f"pages: cold, dashboard {number + 1} of {cold}")
            with dashboard(made, d) as (address, seconds):
                starts.append(seconds)
                names = [list(PAGES)[(number + k) % len(PAGES)] for k in range(len(PAGES))]
                for place, name in enumerate(names):
                    waited = cold_visit(chromium, address, name)
                    times[name]["cold"].append(waited)
                    if place == 0:
                        first.append(waited[0])
        with dashboard(made, d) as (address, _):
            for name in PAGES:
                say(f"pages: warm, {name}, {warm} visits")
                times[name]["warm"] = warm_visits(chromium, address, name, warm)
            say(f"pages: turned to, {warm} rounds")
            for name, rounds in turns(chromium, address, warm).items():
                times[name]["turned"] = rounds
    for name, by_kind in times.items():
        found["pages"][name] = {kind: waits(values) for kind, values in by_kind.items()}
    found["first_visit_of_a_dashboard"] = _percentiles(first)
    found["dashboard_start_seconds"] = spread(starts)
    return found


def waits(values: list[tuple[float, float]]) -> Figures:
    """p50, p95 and the longest wait for the first content and for the whole page, in seconds."""
    return {
        "visits": len(values),
        "first_content": _percentiles([x for x, _ in values]),
        "whole": _percentiles([x for _, x in values]),
    }


def _percentiles(values: list[float]) -> Figures:
    return {"p50": quantile(values, 0.5), "p95": quantile(values, 0.95), "max": round(max(values), 5)}


class Launch(TypedDict):
    executable_path: str | None
    args: list[str]


def launch_options() -> Launch:
    """How a browser is started: the system's Chromium or Chrome, else Playwright's own."""
    found = shutil.which("chromium") or shutil.which("google-chrome")
    return {"executable_path": found, "args": ["--no-sandbox"]}


@contextmanager
def browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        made = play.chromium.launch(**launch_options())
        yield made
        made.close()


def cold_visit(chromium: Browser, address: str, name: str) -> tuple[float, float]:
    """One visit by a browser that has nothing yet."""
    context = chromium.new_context()
    try:
        page = context.new_page()
        return _visit(page, f"{address}/{PAGES[name]}")
    finally:
        context.close()


def warm_visits(chromium: Browser, address: str, name: str, count: int) -> list[tuple[float, float]]:
    """Visits by one browser after a first that does not count."""
    context = chromium.new_context()
    found = []
    try:
        for _ in range(count + 1):
            page = context.new_page()
            found.append(_visit(page, f"{address}/{PAGES[name]}"))
            page.close()
    finally:
        context.close()
    return found[1:]


def turns(chromium: Browser, address: str, rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Rounds through the menu in one session, after a first that does not count."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in PAGES}
    context = chromium.new_context(viewport={"width": WIDE, "height": 900})
    try:
        page = context.new_page()
        _visit(page, f"{address}/{PAGES[ROUND[-1]]}")
        for _ in range(rounds + 1):
            for name in ROUND:
                found[name].append(_turn(page, PAGES[name]))
    finally:
        context.close()
    return {name: waited[1:] for name, waited in found.items()}


def _turn(page: Page, path: str) -> tuple[float, float]:
    """From the choice in the menu to the next page's title, and until all of it is there."""
    before = page.inner_text(TITLE)
    link = page.locator(f"[data-testid='stTopNavLink'][href$='/{path}']").first
    link.wait_for(timeout=PAGE_MS)
    begun = time.perf_counter()
    link.click()
    page.wait_for_function(
        "([title, before]) => { const h = document.querySelector(title); "
        "return h && h.innerText && h.innerText !== before }",
        arg=[TITLE, before],
        timeout=PAGE_MS,
    )
    first = time.perf_counter() - begun
    page.wait_for_selector(WHOLE, timeout=PAGE_MS)
    return first, time.perf_counter() - begun


def _visit(page: Page, address: str) -> tuple[float, float]:
    begun = time.perf_counter()
    page.goto(address, wait_until="commit", timeout=PAGE_MS)
    try:
        page.wait_for_selector(TITLE, timeout=PAGE_MS)
        first = time.perf_counter() - begun
        page.wait_for_selector(WHOLE, timeout=PAGE_MS)
        whole = time.perf_counter() - begun
    except NotInTime as late:
        raise PageFault(f"{address} shows after two minutes: {page.inner_text('body')[:300]!r}") from late
    fault = page.query_selector(FAULTS)
    if fault is not None:
        raise PageFault(f"{address} shows: {fault.inner_text()[:300]}")
    return first, whole


@contextmanager
def dashboard(made: Engine, d: date) -> Iterator[tuple[str, float]]:
    """`tacgraph dashboard` on a free port until it answers: its address and the seconds that took."""
    begun = time.perf_counter()
    with served(made, d) as (address, _):
        yield address, time.perf_counter() - begun


@contextmanager
def served(made: Engine, d: date) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The same: its address and its process. What it says goes to `log_of` it, beside the data folder."""
    port = _free_port()
    command = [str(Path(sys.executable).with_name("tacgraph")), "dashboard"]
    with log_of(made).open("ab") as log:
        process = subprocess.Popen(
            [*command, "--port", str(port), "--as-of", d.isoformat()],
            env=made.environment,
            stdout=log,
            stderr=log,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{address}/_stcore/health", process)
        yield address, process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def log_of(made: Engine) -> Path:
    """What the dashboard of this engine has said: where a page shows an exception, its traceback."""
    return made.home.parent / "dashboard.log"


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            raise PageFault(f"the dashboard ended with exit code {process.returncode}")
        try:
            with urllib.request.urlopen(address, timeout=5):  # noqa: S310  (our own address)
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise PageFault(f"the dashboard did not answer within {READY_SECONDS:g} s")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
