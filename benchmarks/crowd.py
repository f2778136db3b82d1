"""`python -m benchmarks.crowd`: several real browsers over all pages of one dashboard at once.

Each browser (headless Chromium, a context of its own) keeps a day and an agency of its own in its address and
goes through all pages. No page may show a fault or no title, and each must say its own day and none of the
others'. The waits for a title are told as ratios to one browser alone, visited just before.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, Page, async_playwright
from playwright.async_api import Error as BrowserError

from benchmarks import AS_OF
from benchmarks.engines import loaded
from benchmarks.timing import Figures, conditions, quantile, say
from benchmarks.visiting import FAULTS, PAGES, TITLE, WHOLE, launch_options, served
from reports.words import day_name
from tacgraph.example import write_example
from tacgraph.example.sizes import MEDIAN_CHILDREN

RESULTS: Final = Path(__file__).with_name("results") / "crowd.json"
ENDS: Final = tuple(
    date.fromisoformat(day)
    for day in (
        *("2026-10-31", "2026-09-30", "2026-08-31", "2026-07-31"),
        *("2026-06-30", "2026-05-31", "2026-04-30", "2026-03-31"),
    )
)
"""A day for each browser."""
LIMIT_MS: Final = 180_000
TURNED: Final = """([title, before]) => {
  const h = document.querySelector(title);
  const state = document.querySelector("[data-testid='stApp']").dataset.testScriptState;
  window.ran ||= state === 'running';
  return h && h.innerText && (h.innerText !== before || (window.ran && state === 'notRunning'));
}"""
"""Another title, or the same one after a run: two pages may find the same thing most serious."""


@dataclass(frozen=True)
class Visit:
    """One page seen: seconds to its title, and what was wrong with it ("" for nothing)."""

    page: str
    seconds: float
    fault: str


def wrong(words: str, own: date, others: list[date]) -> str:
    """What a page's line of facts says that it must not: not the own day, or somebody else's."""
    if f"As of {day_name(own)}" not in words:
        return f"does not say its own day, {own}"
    strange = [str(day) for day in others if f"As of {day_name(day)}" in words]
    return f"says another's day: {', '.join(strange)}" if strange else ""


async def walk(chromium: Browser, address: str, own: date, others: list[date]) -> list[Visit]:
    """One browser: the first page by its address, the others by the menu, its day with it all the way."""
    context = await chromium.new_context(viewport={"width": 2600, "height": 900})
    page = await context.new_page()
    found: list[Visit] = []
    for name, path in PAGES.items():
        begun = time.perf_counter()
        try:
            await step(page, address, path, own, first=not found)
            seconds = time.perf_counter() - begun
            await page.wait_for_selector(WHOLE, timeout=LIMIT_MS)
            fault = await page.query_selector(FAULTS)
            said = (await fault.inner_text())[:200] if fault is not None else ""
            body = await page.inner_text("[data-testid='stMain']")
            found.append(Visit(name, seconds, said or wrong(body, own, others)))
        except BrowserError as problem:
            found.append(Visit(name, time.perf_counter() - begun, " ".join(str(problem).split())[:200]))
    await context.close()
    return found


async def step(page: Page, address: str, path: str, own: date, *, first: bool) -> None:
    """To the next page's title."""
    if first:
        await page.goto(f"{address}/{path}?as_of={own}", wait_until="commit", timeout=LIMIT_MS)
        await page.wait_for_selector(TITLE, timeout=LIMIT_MS)
        return
    before = await page.inner_text(TITLE)
    await page.evaluate("window.ran = false")
    await page.locator(f"[data-testid='stTopNavLink'][href$='/{path}']").first.click(timeout=LIMIT_MS)
    await page.wait_for_function(TURNED, arg=[TITLE, before], timeout=LIMIT_MS)


async def crowd(address: str, browsers: int) -> Figures:
    """All browsers alone and at once."""
    async with async_playwright() as play:
        browser = await play.chromium.launch(**launch_options())
        days = [ENDS[n % len(ENDS)] for n in range(browsers)]
        say("every day once, so that no visit is the first of its figures")
        for day in days:
            await walk(browser, address, day, [])
        say("one browser alone")
        alone = await walk(browser, address, days[0], [d for d in days if d != days[0]])
        say(f"{browsers} browsers at once")
        walks = [walk(browser, address, day, [d for d in days if d != day]) for day in days]
        together = [visit for walked in await asyncio.gather(*walks) for visit in walked]
        await browser.close()
    return {"alone": told(alone), "together": told(together)}


def told(visits: list[Visit]) -> Figures:
    seconds = [visit.seconds for visit in visits]
    return {
        "visits": len(visits),
        "p50": quantile(seconds, 0.5),
        "p95": quantile(seconds, 0.95),
        "faults": [f"{visit.page}: {visit.fault}" for visit in visits if visit.fault],
    }


def main(arguments: list[str]) -> int:
    """Measure and write; 0 where no page had a fault."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crowd", description=__doc__)
    parser.add_argument("--browsers", type=int, default=8, help="how many at once, at most one a month end")
    parser.add_argument("--children", type=int, default=MEDIAN_CHILDREN, help="size of the authority")
    parser.add_argument("--out", type=Path, default=RESULTS)
    given = parser.parse_args(arguments)
    os.umask(0o077)
    when = conditions()
    with tempfile.TemporaryDirectory(prefix="tacgraph-crowd-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        example = write_example(folder / "example", children=given.children, seed=1, until=AS_OF).folder
        with loaded("embedded", folder, example) as made, served(made, AS_OF) as (address, _):
            found = asyncio.run(crowd(address, given.browsers))
    ratios = {part: round(found["together"][part] / found["alone"][part], 2) for part in ("p50", "p95")}
    result = {**when, "browsers": given.browsers, "children": given.children, "ratio": ratios, **found}
    given.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))
    return 1 if found["alone"]["faults"] or found["together"]["faults"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
