"""Every page by keyboard alone, on a tablet, and at 400% zoom."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.dashboard.browser import does_not_run_off, opened, page_of
from tests.dashboard.conftest import FIGURES

PAGES = {name: name for name in FIGURES} | {
    "overview": "",
    "what_if": "what_if?close_schools=true",
    "workbench": "workbench?query=overloaded_leads",
    **{name: name for name in ("ecomap", "me", "quality", "settings", "audit", "accessibility")},
}
ENDLESS = 400
# a tablet; and 1280 by 1024 at 400%, which is 320 by 256 CSS pixels
SIZES = ((820, 1180), (320, 256))
CONTROLS = """() => {
  const main = document.querySelector('[data-testid=stMain]');
  const all = main.querySelectorAll('button, input:not([type=file]), textarea, select, summary, a[href]');
  const seen = [...all].filter(e => {
    const box = e.getBoundingClientRect(), style = getComputedStyle(e);
    return box.width > 1 && box.height > 1 && style.visibility !== 'hidden' && !e.disabled
      && !e.closest('[aria-hidden=true]') && !e.closest('[inert]') && e.tabIndex >= 0
      && !(e.tagName === 'INPUT' && e.type === 'radio' && !e.checked)
      && !e.closest('[data-testid=stDataFrame], [data-testid=stPlotlyChart], [role=radiogroup]');
  });
  seen.forEach((e, n) => e.setAttribute('data-control', n));
  return seen.map(e => (e.getAttribute('aria-label') || e.innerText || e.tagName).slice(0, 60));
}"""
AT = """() => {
  const e = document.activeElement;
  if (!e || e === document.body) return null;
  const marks = [];
  for (let at = e, up = 0; at && up < 6; at = at.parentElement, up++) {
    const s = getComputedStyle(at);
    marks.push([s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0, s.boxShadow !== 'none',
      s.borderColor].join('|'));
  }
  return [e.getAttribute('data-control'), marks.join(';')];
}"""


def settled(page: Page, site: str, name: str) -> None:
    if name in ("settings", "audit", "me", "ecomap"):
        page.goto(f"{site}/{PAGES[name]}")
        expect(page.get_by_role("heading", level=1)).to_be_visible(timeout=60_000)
        expect(page.get_by_test_id("stSkeleton")).to_have_count(0, timeout=60_000)
        page.wait_for_timeout(500)
        return
    opened(page, f"{site}/{PAGES[name]}")


# one visit for all: opening a page is what takes time
@pytest.mark.parametrize("name", PAGES)
def test_a_page_by_keyboard_on_a_tablet_and_at_400_per_cent(site: str, chromium: Browser, name: str) -> None:
    with page_of(chromium, "light", 1440) as (page, outside):
        settled(page, site, name)
        by_keyboard(page)
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_timeout(600)
            fits(page, height)
        assert not outside


def by_keyboard(page: Page) -> None:
    """Tab reaches each control of the page, and something shows where the focus is."""
    controls = page.evaluate(CONTROLS)
    resting = page.evaluate(
        "() => [...document.querySelectorAll('[data-control]')].map(e => {"
        " const found = []; for (let at = e, up = 0; at && up < 6; at = at.parentElement, up++) {"
        " const s = getComputedStyle(at); found.push([s.outlineStyle !== 'none' &&"
        " parseFloat(s.outlineWidth) > 0, s.boxShadow !== 'none', s.borderColor].join('|')); }"
        " return found.join(';'); })"
    )
    reached: set[int] = set()
    unmarked: list[str] = []
    for _step in range(ENDLESS):
        page.keyboard.press("Tab")
        found = page.evaluate(AT)
        if found is None and reached:
            break
        if found is None or found[0] is None:
            continue
        number = int(found[0])
        if number in reached:
            continue
        reached.add(number)
        if found[1] == resting[number]:
            # some marks fade in
            page.wait_for_timeout(400)
            if page.evaluate(AT)[1] == resting[number]:
                unmarked.append(controls[number])
        if len(reached) == len(controls):
            break
    missed = [words for n, words in enumerate(controls) if n not in reached]
    assert not missed, f"never reached: {missed}"
    assert not unmarked, f"nothing shows the focus: {unmarked}"


def fits(page: Page, height: int) -> None:
    """Nothing runs off to the side or is cut there, and the bar at the top leaves room to read."""
    does_not_run_off(page)
    bar = page.evaluate(
        "() => { const h = document.querySelector('[data-testid=stHeader]');"
        " return h ? h.getBoundingClientRect().height : 0; }"
    )
    assert bar <= height / 3
    cut = page.evaluate(
        "() => [...document.querySelectorAll('h1, h2, p, label, [data-testid=stMetric]')].filter(e => {"
        " const b = e.getBoundingClientRect();"
        " return b.width > 1 && e.innerText.trim() && b.right > window.innerWidth + 1"
        " && !e.closest('[data-testid=stDataFrame], [data-testid=stPlotlyChart], [data-testid=stHeader],'"
        " + ' pre');"
        " }).map(e => e.innerText.slice(0, 60))"
    )
    assert cut == []
