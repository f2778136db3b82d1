"""An empty installation offers the example by a button, to those who run it, and never beside real data."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboards import data
from dashboards.first_visit import CHILDREN, Loading, loading, must_be_empty
from graphmodel import engine
from graphmodel.errors import SourceError
from graphmodel.store import Store
from tests.dashboard.conftest import Partnership
from tests.dashboard.roles import page_for, signed
from tests.dashboard.test_dashboard import opened, title, words

BUTTON = "Load the made-up example"


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    monkeypatch.delenv("NEO4J_URI", raising=False)
    monkeypatch.setenv("TACGRAPH_HOME", str(home))
    yield home
    data.forget()
    engine.stop(home)


def wait(job: Loading, seconds: float = 120) -> float:
    until = time.monotonic() + seconds
    while job.running:
        assert time.monotonic() < until, f"still at: {job.stage}"
        time.sleep(0.2)
    return time.monotonic() - job.began


def test_the_button_loads_the_example_and_the_overview_follows(empty: Path) -> None:
    test = opened("overview")
    assert title(test) == "Nothing has been loaded yet"
    assert "tacgraph load" in words(test)
    next(b for b in test.button if b.label == BUTTON).click().run()
    assert not test.exception
    assert BUTTON not in [b.label for b in test.button], "it is on its way"
    wait(loading())
    assert loading().fault == ""
    data.ask_again()
    again = opened("overview")
    assert not again.exception
    assert title(again) != "Nothing has been loaded yet"
    assert len(data.held().slice.table("children")) == CHILDREN
    assert empty.exists()


def test_only_who_runs_the_installation_gets_the_button(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for role, offered in (("strategic_manager", False), ("analyst", False), ("administrator", True)):
        signed(monkeypatch, roles=role)
        test = page_for("overview" if role != "administrator" else "quality")
        assert title(test) == "Nothing has been loaded yet"
        assert (BUTTON in [b.label for b in test.button]) is offered
    assert empty.exists()


def test_real_data_are_left_alone(at_home: Partnership) -> None:
    with Store.open(at_home.home, "reader") as store, pytest.raises(SourceError, match="there are data"):
        must_be_empty(store)


def test_an_unfinished_load_keeps_the_example_out(empty: Path) -> None:
    with Store.open(empty, "admin") as store:
        store.apply_model()
        must_be_empty(store)
    with Store.open(empty, "writer") as store:
        store.write("CREATE (:Load {load_id: '20261101T000000-abcdef', started_at: '2026-11-01T00:00:00Z'})")
    with Store.open(empty, "reader") as store, pytest.raises(SourceError, match="another load"):
        must_be_empty(store)
