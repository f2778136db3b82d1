"""What is there before the long work is done: a first title on Advice, and every import before a visitor."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest
import streamlit as st

from analysis.answers import FOLDER
from dashboards import data, data_advice
from graphmodel.settings import settings
from reports.findings_advice import meanwhile
from tests.dashboard.conftest import LAST, Partnership
from tests.dashboard.test_dashboard import opened, title

IMPORTED = """
import json, sys
from dashboards.launch import _import_ahead
_import_ahead()
print(json.dumps(sorted(sys.modules)))
"""


UNKNOWN = "which handovers would help is being worked out"


def unanswered(*_: object) -> None:
    """Stands for the work that has not come to its end."""
    st.stop()


def test_advice_says_what_is_known_while_the_curve_is_worked_out(
    at_home: Partnership, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(at_home.home / "slice" / FOLDER, ignore_errors=True)
    data.forget()
    over = data.counts(data.held(), LAST)["overloaded"]
    with monkeypatch.context() as waiting:
        waiting.setattr(data_advice, "advice", unanswered)
        test = opened("advice")
        assert not test.exception
        assert title(test) == f"{over:.0f} leads are above capacity; {UNKNOWN}"
    assert " handovers would " in title(opened("advice"))
    with monkeypatch.context() as waiting:
        waiting.setattr(data_advice, "advice", unanswered)
        assert not opened("advice").title, "a first title flashed before one that was at hand"


def test_the_first_title_tells_no_hidden_count() -> None:
    assert not any(letter.isdigit() for letter in str(meanwhile(None)))
    assert str(meanwhile(0)) == "No lead is above capacity, so no handover is needed for that"
    assert settings().disclosure.suppress_up_to > 0


def test_all_that_pages_need_is_imported_before_the_server_begins() -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-c", IMPORTED], capture_output=True, text=True, timeout=300, check=True
    )
    assert not done.stderr, done.stderr
    modules = set(json.loads(done.stdout))
    wanted = ["dashboards.app", "dashboards.overview", "analysis.fairness", "plotly.graph_objects"]
    assert not [name for name in wanted if name not in modules]
