"""The dashboard while its database or its disk is away: a box in words, and well again by itself."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboards import data
from graphmodel import engine
from graphmodel.audit_log import AuditLog
from graphmodel.settings import settings
from loaders import load
from tests.dashboard.test_dashboard import opened, title
from tests.dashboard.test_workbench import press, workbench
from tests.faults.conftest import Behind
from tests.partnerships import random_partnership


@pytest.fixture
def served(neo4j_behind: Behind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Behind]:
    """A process that serves pages from a small partnership."""
    monkeypatch.setenv("TACGRAPH_AS_OF", "2026-03-31")
    monkeypatch.setattr(data, "CHECK_SECONDS", 0.0)
    monkeypatch.setattr(data, "LAG_SECONDS", 0.0)
    load(random_partnership(6).write(tmp_path / "source"), home=neo4j_behind.home)
    data.forget()
    yield neo4j_behind
    neo4j_behind.wire.mend()
    data.forget()


def warned(test: AppTest) -> bool:
    assert not test.exception
    return any("Not up to date" in str(one.value) for one in test.warning)


def test_pages_while_the_line_is_cut_or_silent(served: Behind) -> None:
    """First with nothing read yet, then with figures to go on with; afterwards by themselves up to date."""
    remote = "NEO4J_URI" in os.environ
    if remote:
        served.wire.cut()
        test = opened("overview")
        assert title(test) == "The database cannot be reached"
        assert "cannot be reached" in str(test.error[0].value)
        assert not test.exception
        served.wire.mend()
    test = opened("overview")
    assert not test.error
    assert not warned(test)
    for fault in (served.wire.cut, served.wire.hold) if remote else (lambda: kill(served.home),):
        fault()
        test.run()
        assert warned(test) == remote
        assert not test.error
        served.wire.mend()
        test.run()
        assert not warned(test)
        assert not test.error


def test_a_page_with_figures_does_not_wait_as_long_as_a_load_would(
    served: Behind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`database.silence_seconds` is 300 by default: too long for a page that can go on."""
    default = tmp_path / "default.toml"
    default.touch()
    monkeypatch.setenv("TACGRAPH_SETTINGS", str(default))
    settings.cache_clear()
    monkeypatch.setattr(data, "ANSWER_SECONDS", 1.0)
    assert settings().database.silence_seconds > 120, "or a page that waited would pass"
    test = opened("overview")
    served.wire.hold()
    data.ask_again()
    test.run()
    assert warned(test) == ("NEO4J_URI" in os.environ)
    assert not test.error


def kill(home: Path) -> None:
    running = engine.find(home)
    assert running is not None
    os.kill(running.pid, signal.SIGKILL)


def test_a_page_whose_look_cannot_be_recorded_shows_nothing(served: Behind) -> None:
    """A folder lies where the audit record should: the box names it, and no row is shown."""
    record = AuditLog(served.home).path
    record.unlink(missing_ok=True)
    record.mkdir()
    try:
        test = workbench("own-text")
        test.text_area[0].set_value("MATCH (c:Child) RETURN c.child_id AS child_id LIMIT 3")
        test.selectbox(key="workbench-role").set_value("analyst")
        test.text_input(key="workbench-reason").set_value("a test")
        said = press(test)
        assert "audit.jsonl" in said
        assert not test.dataframe
    finally:
        record.rmdir()
