"""A real server and a real browser for the tests of the pages."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from playwright.sync_api import TimeoutError as NotInTime

PROJECT = Path(__file__).parents[2]
MINUTE = 60_000
LAST_LINE = "The query behind the figures (Cypher)"
ENDS = {"accessibility": "This statement was prepared on"}
"""By the last part of an address: the words that end a page without a query."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(home: Path, folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A real server, started from another working folder; ended, if it still runs, by Ctrl+C."""
    stated = {k: v for k, v in os.environ.items() if not k.startswith(("NEO4J_", "STREAMLIT_"))}
    server = subprocess.Popen(
        [sys.executable, "-m", "dashboards.launch", str(port)],
        cwd=folder,
        env={**stated, "TACGRAPH_HOME": str(home), "PYTHONPATH": str(PROJECT)},
    )
    try:
        wait_for(port, server)
        yield server
    finally:
        if server.poll() is None:
            server.send_signal(signal.SIGINT)
            server.wait(timeout=60)


def wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 90
    while time.monotonic() < until:
        assert server.poll() is None, "the server ended"
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5):
                return
        except OSError:
            time.sleep(0.3)
    raise AssertionError("the server did not answer in 90 seconds")


@contextmanager
def page_of(chromium: Browser, scheme: Any, width: int) -> Iterator[tuple[Page, list[str]]]:
    """A page in a theme and a width, and the addresses that it asked for outside this machine."""
    context = chromium.new_context(color_scheme=scheme, viewport={"width": width, "height": 900})
    page = context.new_page()
    outside: list[str] = []
    page.on("request", lambda r: None if _local(r.url) else outside.append(r.url))
    page.on("websocket", lambda s: None if _local(s.url) else outside.append(s.url))
    yield page, outside
    context.close()


def _local(address: str) -> bool:
    return address.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:"))


def opened(page: Page, address: str) -> None:
    """Wait until all of the page is drawn."""
    last = ENDS.get(address.rpartition("/")[2], LAST_LINE)
    page.goto(address, timeout=MINUTE)
    expect(page.get_by_text(last).or_(page.get_by_role("alert")).first).to_be_visible(timeout=MINUTE)
    expect(page.get_by_text(last)).to_be_visible()
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0, timeout=MINUTE)


def serious(page: Page) -> list[tuple[str, str, list[str]]]:
    """What axe finds serious or critical: rule, impact, the first elements."""
    return [
        (fault["id"], fault["impact"], [node["html"][:120] for node in fault["nodes"][:2]])
        for fault in Axe().run(page).response["violations"]
        if fault["impact"] in ("serious", "critical")
    ]


def does_not_run_off(page: Page) -> None:
    wide = page.evaluate(
        "() => { const m = document.querySelector('[data-testid=stMain]');"
        " return [m.scrollWidth, m.clientWidth]; }"
    )
    assert wide[0] <= wide[1]


def choose(page: Page, label: str, option: str, *, typed: bool = False) -> None:
    """An option of a list box, tried again where a run of the page has closed the list meanwhile."""
    for _ in range(6):
        box = page.get_by_label(label).first
        box.fill(option) if typed else box.click()
        wanted = page.get_by_role("option", name=option).first
        try:
            wanted.wait_for(timeout=5_000)
            wanted.click(timeout=5_000)
        except NotInTime:
            page.keyboard.press("Escape")
        else:
            return
    raise AssertionError(f"{label} does not offer {option}")
