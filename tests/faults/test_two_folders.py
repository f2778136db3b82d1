"""Two data folders on one database: who changes the graph otherwise than by a load takes turns with loads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from analysis.graph_state import load_state
from graphmodel.access import Viewer
from graphmodel.errors import LoadRefused
from graphmodel.settings import settings
from graphmodel.store import Store
from loaders import alone, ledger_tidy, load, record
from loaders.protection import Due, erase, retain
from loaders.protection.leavers import Leavers, take_out
from tests.faults.test_two_loaders import SOON, at_work, go_on
from tests.partnerships import random_partnership

WHY = Viewer.local("request of 2026-11-22, decided by the data protection officer")


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SOON.items():
        monkeypatch.setattr(alone, name, value)


pytestmark = pytest.mark.parametrize("engine_environment", ["neo4j"], indirect=True)


@pytest.fixture
def home(on_engine: Path) -> Path:
    return on_engine


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """Another data folder, as on another machine, with the same database."""
    folder = tmp_path / "other"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return random_partnership(4).write(tmp_path / "source")


def child_of(home: Path) -> str:
    with Store.open(home) as store:
        return str(store.fetch("MATCH (c:Child) RETURN min(c.child_id)")[0][0])


def loads(home: Path) -> list[str]:
    with Store.open(home) as store:
        return [row[0] for row in store.fetch("MATCH (l:Load) RETURN l.outcome ORDER BY l.load_id")]


def retention(home: Path) -> None:
    due = Due(date(2026, 11, 1), (child_of(home),), 0, 0, 0, 0, ())
    retain(home, due, WHY)


def names(home: Path) -> None:
    take_out(home, Leavers(date(2026, 11, 1), ("nobody",), (), 0, 0), settings().retention, WHY)


def loading(home: Path) -> None:
    load(random_partnership(5).write(home.parent / "more"), home=home)


def erasure(home: Path) -> None:
    erase(home, [child_of(home)], WHY)


@pytest.mark.parametrize("change", [loading, erasure, retention, names, ledger_tidy.catch_up])
def test_what_is_no_load_waits_for_a_load_from_another_folder(
    home: Path, other: Path, source: Path, change: Callable[[Path], object]
) -> None:
    load(source, home=home)
    child = child_of(home)
    with at_work(source, other) as busy:
        with pytest.raises(
            LoadRefused, match=rf"another load runs in it \(source first, .* process {busy.pid}"
        ):
            change(home)
        assert child_of(home) == child
        go_on(busy)
    assert loads(home) == ["loaded", "loaded"]


def test_a_load_waits_for_an_erasure_from_another_folder_and_the_erasure_leaves_no_record(
    home: Path, other: Path, source: Path
) -> None:
    load(source, home=home)
    with (
        record.only_loader(home, "erasure"),
        Store.open(home, "writer") as store,
        record.only_writer(home, store, "erasure"),
        pytest.raises(LoadRefused, match="another load runs in it"),
    ):
        load(source, home=other)
    assert loads(home) == ["loaded"]
    erasure(home)
    assert loads(home) == ["loaded"]
    with Store.open(home) as store:
        assert load_state(store).settled
    assert load(source, home=other).load_id is not None


def test_an_erasure_that_was_killed_keeps_nobody_out(home: Path, other: Path, source: Path) -> None:
    load(source, home=home)
    with Store.open(home, "writer") as store:
        record.begin(store, record.new_load_id(), source="erasure", reader=alone.NO_LOAD, path_name="")
    erasure(other)
    assert loads(other) == ["loaded"], "the record of the dead one went"
    with Store.open(home) as store:
        assert load_state(store).settled
