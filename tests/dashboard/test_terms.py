"""Every page, the report and the command line call the lead by the settings' word, and by no other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboards import data
from dashboards.app import MENU
from dashboards.explained import DOCUMENTS
from graphmodel import settings
from reports.monthly import make_report, render
from tests.dashboard.conftest import LAST, Partnership
from tests.dashboard.test_dashboard import opened, words

TERMS = {"lead professional": "lead practitioner", "lead practitioner": "lead professional"}
# the page Settings explains the choice, and so names both
PAGES = [name for name in MENU if name not in ("settings", "audit")]


@pytest.fixture(params=list(TERMS))
def term(
    request: pytest.FixtureRequest, at_home: Partnership, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """The settings call the lead by this word."""
    own = tmp_path / "own.toml"
    own.write_text(f'lead_term = "{request.param}"\n', encoding="utf-8")
    monkeypatch.setenv("TACGRAPH_SETTINGS", str(own))
    settings.settings.cache_clear()
    assert at_home.home.exists()
    yield str(request.param)
    data.forget()
    settings.settings.cache_clear()


def without_titles(text: str) -> str:
    """The text without the titles of guidance documents, which are names."""
    for title in DOCUMENTS.values():
        for written in (title, title.replace("'", "\\'")):
            text = text.replace(written, "")
    return text


def test_no_page_holds_the_other_term(term: str) -> None:
    held = 0
    for page in PAGES:
        test = opened(page)
        assert not test.exception
        said = without_titles(words(test)).lower()
        assert TERMS[term] not in said, page
        held += said.count(term)
    assert held > 5


def test_no_question_of_the_workbench_holds_the_other_term(term: str) -> None:
    for query in ("overloaded_leads", "sibling_teams", "tacs_without_lead"):
        said = without_titles(words(opened("workbench", query=query))).lower()
        assert TERMS[term] not in said
        assert term in said


def test_the_report_holds_the_settings_term_alone(term: str, at_home: Partnership) -> None:
    made = make_report(at_home.tables, LAST, settings.settings())
    assert made.title.startswith(f"Workload of {term}s")
    said = without_titles(render(made)).lower()
    assert TERMS[term] not in said
    assert term in said
