"""The documentation site: built strictly, all pages in it, nothing loaded from elsewhere, accessible."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from docs import staging
from tests.dashboard.browser import page_of, serious

LOADS: Final = {
    "script": "src",
    "img": "src",
    "iframe": "src",
    "source": "src",
    "link": "href",
    "object": "data",
    "form": "action",
}
"""By element: the attribute whose address a browser asks for by itself."""


class _Loaded(HTMLParser):
    """Addresses that a page loads by itself; of links only those that are loaded."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        address = given.get(LOADS.get(tag, ""))
        if address and not (tag == "link" and given.get("rel") in ("canonical", "next", "prev")):
            self.found.append(address)


def loaded_by(text: str) -> list[str]:
    parser = _Loaded()
    parser.feed(text)
    styles = re.findall(r"<style[^>]*>(.*?)</style>", text, re.DOTALL)
    return parser.found + [address for style in styles for address in asked_for(style)]


def asked_for(style: str) -> list[str]:
    """Addresses that a style sheet loads."""
    return [
        *re.findall(r"""url\(["']?([^"')]+)""", style),
        *re.findall(r"""@import\s+["']([^"']+)""", style),
    ]


def elsewhere(addresses: list[str]) -> list[str]:
    return [address for address in addresses if urlsplit(address).netloc]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return staging.build(tmp_path_factory.mktemp("site") / "site")


def test_every_page_is_built_and_in_the_contents(site: Path) -> None:
    pages = [str(Path(page).with_suffix(".html")) for page in staging.sources()]
    assert [page for page in pages if not (site / page).is_file()] == []
    front = (site / "index.html").read_text(encoding="utf-8")
    links = {link.partition("#")[0].removeprefix("./") for link in re.findall(r'href="([^"]+)"', front)}
    assert [page for page in pages if page not in links] == []


def test_no_page_and_no_style_loads_anything_from_elsewhere(site: Path) -> None:
    texts = {file: file.read_text(encoding="utf-8") for file in site.rglob("*.html")}
    styles = {file: file.read_text(encoding="utf-8") for file in site.rglob("*.css")}
    wrong = {file: elsewhere(loaded_by(text)) for file, text in texts.items()}
    wrong |= {file: elsewhere(asked_for(text)) for file, text in styles.items()}
    assert {str(file): found for file, found in wrong.items() if found} == {}
    assert all(len(loaded_by(text)) > 3 for text in texts.values())
    assert any(asked_for(text) for text in styles.values())
    assert not [file for file in site.rglob("*") if file.suffix in (".woff", ".woff2", ".ttf")]


def test_what_comes_from_elsewhere_would_be_found() -> None:
    page = (
        '<script src="https://a.example/x.js"></script><link rel="stylesheet" href="//b.example/y.css">'
        '<style>@import "https://c.example/z.css"; p { background: url(https://d.example/p.png) }</style>'
        '<a href="https://e.example">no load</a><img src="here.png"><script src="./x.js"></script>'
    )
    found = elsewhere(loaded_by(page))
    assert [urlsplit(one).netloc[0] for one in found] == ["a", "b", "d", "c"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("[x](measures.md#nowhere)", "anchor does not exist"),
        ("[x][y]\n\n[y]: gone.md", "page does not exist"),
    ],
)
def test_a_broken_link_or_anchor_stops_the_build(
    more: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = tmp_path / "docs"
    few.mkdir()
    (few / "index.md").write_text(f"# One\n\n[measures](measures.md)\n\n{more}\n", encoding="utf-8")
    (few / "measures.md").write_text("# Measures\n", encoding="utf-8")
    monkeypatch.setattr(staging, "DOCS", few)
    monkeypatch.setattr(staging, "BESIDE", {})
    monkeypatch.setattr(staging, "CONTENTS", {"All": ("index.md", "measures.md")})
    with pytest.raises(staging.SiteFault, match=said):
        staging.build(tmp_path / "site")


def test_a_page_in_no_tab_and_a_link_to_nothing_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(staging.SiteFault, match=r"In no tab.*more/new\.md"):
        staging.contents([*staging.sources(), "more/new.md"])
    with pytest.raises(staging.SiteFault, match=r"no page index\.md"):
        staging.contents(["measures.md"])
    page = tmp_path / "a.md"
    page.write_text("[x](gone.md)", encoding="utf-8")
    monkeypatch.setattr(staging, "ROOT", tmp_path)
    with pytest.raises(staging.SiteFault, match=r"a\.md: gone\.md is not there"):
        staging.staged(page, "a.md")


def test_what_only_the_source_has_is_named_and_code_stays_as_it_is() -> None:
    page = staging.DOCS / "primer.md"
    text = staging.staged(page, "primer.md")
    assert "its files, `tests/data/small` of the source" in text
    assert "(../tests" not in text
    assert "-[h:HAS_NEED]->(n:NeedsLevel)" in text


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
@pytest.mark.parametrize("page", ["index", "tutorial/first-look", "queries/overloaded_leads"])
def test_pages_are_accessible(chromium: Browser, site: Path, page: str, scheme: Any, width: int) -> None:
    with page_of(chromium, scheme, width) as (opened, outside):
        opened.goto((site / f"{page}.html").as_uri())
        assert serious(opened) == []
        assert opened.evaluate("document.documentElement.scrollWidth") <= width
        assert [address for address in outside if not address.startswith("file:")] == []


def test_the_search_works_from_disk(chromium: Browser, site: Path) -> None:
    with page_of(chromium, "light", 1280) as (opened, outside):
        opened.goto((site / "index.html").as_uri())
        opened.get_by_role("button", name="Search").first.click()
        # its box comes with the focus, letter by letter as a person writes
        expect(opened.get_by_placeholder("Search").first).to_be_focused()
        opened.keyboard.type("erasure", delay=20)
        expect(opened.get_by_role("option", name="Erasure", exact=True).first).to_be_visible(timeout=30_000)
        assert [address for address in outside if not address.startswith("file:")] == []
