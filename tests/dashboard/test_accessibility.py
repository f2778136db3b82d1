"""The accessibility statement: in the set form, with the contact of this installation."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboards import data
from graphmodel import settings
from tests.dashboard.conftest import Partnership
from tests.dashboard.test_dashboard import opened

HEADINGS = (
    "How accessible this dashboard is",
    "Feedback and contact information",
    "Enforcement procedure",
    "Technical information about this dashboard's accessibility",
    "Compliance status",
    "Non-accessible content",
    "What is done to improve accessibility",
    "Preparation of this accessibility statement",
)


def said(test: AppTest) -> str:
    assert not test.exception
    return "\n".join(str(block.value) for block in test.markdown)


def test_it_has_every_part_of_the_set_form(at_home: Partnership) -> None:
    test = opened("accessibility")
    assert test.title[0].value == "Accessibility statement"
    text = said(test)
    positions = [text.index(f"# {heading}\n") for heading in HEADINGS]
    assert positions == sorted(positions)
    assert "no contact was put into its settings" in text
    assert at_home.home.exists()


def test_it_names_the_body_and_its_contact(
    at_home: Partnership, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own.toml"
    own.write_text('[about]\nbody = "Example Council"\ncontact = "access@example.org"\n', encoding="utf-8")
    monkeypatch.setenv("TACGRAPH_SETTINGS", str(own))
    settings.settings.cache_clear()
    try:
        text = said(opened("accessibility"))
    finally:
        data.forget()
        settings.settings.cache_clear()
    assert "**access@example.org**" in text
    assert "**Example Council** is committed" in text
    assert at_home.home.exists()
