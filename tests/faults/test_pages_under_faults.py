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
from graphmodel.store import Store
from loaders import load
from tests.dashboard.test_dashboard import opened
from tests.dashboard.test_workbench import press, workbench
from tests.faults.conftest import Behind
from tests.partnerships import random_partnership


@pytest.fixture
def served(neo4j_behind: Behind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Behind]:
    """A process that serves pages from a small partnership."""
    monkeypatch.setenv("TACGRAPH_AS_OF", "2026-03-31")
    monkeypatch.setattr(data, "CHECK_SECONDS", 0.0)
    load(random_partnership(6).write(tmp_path / "source"), home=neo4j_behind.home)
    data.forget()
    yield neo4j_behind
    neo4j_behind.wire.mend()
    data.forget()


def warned(test: AppTest) -> bool:
    assert not test.exception
    return any("Not up to date" in str(one.value) for one in test.warning)


@pytest.mark.parametrize("on_engine", ["embedded"], indirect=True)
def test_pages_while_their_engine_is_killed(served: Behind) -> None:
    """It is started again under the page, which says nothing of it."""
    test = opened("overview")
    assert not test.error
    assert not warned(test)
    kill(served.home)
    data.ask_again()
    test.run()
    assert not warned(test)
    assert not test.error


def kill(home: Path) -> None:
    running = engine.find(home)
    assert running is not None
    os.kill(running.pid, signal.SIGKILL)


@pytest.mark.parametrize("on_engine", ["embedded"], indirect=True)
def test_a_page_whose_look_cannot_be_recorded_shows_nothing(served: Behind) -> None:
    """A folder lies where the audit record should: the box names it, and no row is shown."""
    record = Store.open(served.home).audit.path
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
