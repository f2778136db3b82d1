"""A chart taken away as a picture: its finding, day and filters are on it, and no request was made for it."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from playwright.sync_api import Browser

from tests.dashboard.browser import opened, page_of

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_picture_has_finding_day_and_filter_on_it(
    site: str, chromium: Browser, tmp_path: Path, scheme: str
) -> None:
    with page_of(chromium, scheme, 1440) as (page, outside):
        opened(page, f"{site}/fairness")
        finding = page.get_by_role("heading", level=2).first.inner_text()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        for kind in ("SVG", "PNG"):
            with page.expect_download() as got:
                page.get_by_role("button", name=f"Download the chart as {kind}").first.click()
            got.value.save_as(tmp_path / f"chart.{kind}")
            assert got.value.suggested_filename == f"load-against-capacity.{kind.lower()}"
        assert not outside
        # a font of the page's own may come late; nothing else is asked for, and nothing is sent
        assert not [url for url in asked if not re.match(r"blob:|data:|.*/static/media/", url)]
    drawn = ET.parse(tmp_path / "chart.SVG").getroot()  # noqa: S314  (made a moment ago)
    said = re.sub(r"\s+", " ", " ".join("".join(text.itertext()) for text in drawn.iter(f"{SVG}text")))
    assert finding in said
    assert "As of 31 October 2026; all agencies; load" in said
    assert "Share of the partnership's total" in said
    assert drawn.find(f"{SVG}desc") is not None
    picture = (tmp_path / "chart.PNG").read_bytes()
    assert picture.startswith(b"\x89PNG\r\n")
    wide, high = (int.from_bytes(picture[at : at + 4], "big") for at in (16, 20))
    assert wide == 2 * int(float(drawn.attrib["width"]))
    assert high > wide / 4
