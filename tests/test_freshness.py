"""A running dashboard and what changes beneath it: loads, erasures, migrations and restores."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from analysis import SECOND_ROADS
from analysis.graph_state import load_state
from analysis.tables import Slice
from dashboards import data
from graphmodel import engine, migrations
from graphmodel.access import Viewer
from graphmodel.errors import EngineError
from graphmodel.migrations import Migration
from graphmodel.store import Store
from loaders import load, record
from loaders.backup import back_up, restore
from loaders.protection import erase
from tests.conftest import empty
from tests.loading import SMALL, read_tables, write_tables

WHY = Viewer.local("request of 2026-11-22, decided by the data protection officer")
CHILD, DAY = "c01", date(2026, 10, 31)


@pytest.fixture
def page(on_engine: Path) -> Iterator[data._Keeper]:
    """What the pages of a running dashboard read, asked anew each time."""
    load(SMALL, home=on_engine)
    keeper = data._Keeper(on_engine)
    yield keeper
    keeper.close()


def shown(page: data._Keeper) -> data.Held:
    """What a page shows that is opened some seconds from now."""
    page.ask_at = 0
    return page.current()


def children(found: data.Held) -> set[str]:
    return set(found.slice.table("children")["child_id"])


def kept(home: Path) -> set[str]:
    """The children in the slices on disk."""
    files = home.glob("slice/*/children.parquet")
    return {child for file in files for child in pq.read_table(file)["child_id"].to_pylist()}


def ids_in_frames(found: data.Held) -> set[str]:
    """The ids that cached frames name: those of the queries that list children."""
    named: set[str] = set()
    for name, road in SECOND_ROADS.items():
        if road.__code__.co_argcount + road.__code__.co_kwonlyargcount == 3:
            frame = data.query(found, name, DAY)
            for column in {"child_id", "child_ids"} & set(frame.columns):
                for value in frame[column]:
                    named |= set(value) if isinstance(value, list) else {value}
    return named


def test_an_erased_child_leaves_running_pages_and_the_disk(page: data._Keeper, on_engine: Path) -> None:
    before = shown(page)
    named = ids_in_frames(before)
    gone = next(iter(sorted(named)))
    assert gone in children(before)
    assert gone in kept(on_engine)
    erase(on_engine, [gone], WHY)
    assert gone not in kept(on_engine)
    after = shown(page)
    assert gone not in children(after)
    assert gone not in ids_in_frames(after)
    assert after.key != before.key
    assert len(children(after)) == len(children(before))
    assert after.slice.load_id == before.slice.load_id, "no load was run"
    assert gone not in kept(on_engine)


def test_a_slice_of_another_folder_is_not_brought_up_across_an_erasure(
    page: data._Keeper, on_engine: Path, tmp_path: Path
) -> None:
    """Its loads are all there, but its facts are of before; and it does not stay on the disk either."""
    with Store.open(on_engine) as store:
        other = tmp_path / "other"
        assert CHILD in set(Slice.current(store, other).table("children")["child_id"])
        erase(on_engine, [CHILD], WHY)
        assert CHILD in kept(other)
        assert CHILD not in set(Slice.current(store, other).table("children")["child_id"])
        assert CHILD not in kept(other)
    assert shown(page).slice.complete


def test_a_load_and_a_migration_are_taken_up(
    page: data._Keeper, on_engine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = shown(page)
    assert shown(page).slice is before.slice, "nothing happened, nothing is read"
    rows = read_tables(SMALL)["children"]
    load(write_tables(tmp_path / "new", {"children": [{**rows[0], "child_id": "c-new"}]}), home=on_engine)
    assert "c-new" in children(shown(page))
    text = (
        "MATCH (c:Child {child_id: 'c-new'}) WHERE c.locality IS NULL OR c.locality <> 'Migrated' "
        "SET c.locality = 'Migrated' RETURN count(*) AS changed"
    )
    step = Migration(migrations.current() + 1, "9", "a locality", (text,))
    with monkeypatch.context() as patch, Store.open(on_engine, "admin") as admin:
        patch.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, step))
        migrations.apply(admin)
        found = shown(page).slice.table("children").set_index("child_id")
        admin.write("MATCH (m:Model) SET m.version = $version", version=step.version - 1)
    assert found.loc["c-new", "locality"] == "Migrated"


def test_while_a_backup_is_restored_the_figures_of_before_stay_and_the_page_says_why(
    page: data._Keeper, on_engine: Path
) -> None:
    before = shown(page)
    with Store.open(on_engine, "writer") as store:
        record.begin(store, "restoring", source=migrations.RESTORING, reader="backup", path_name="kept.tar")
        during = shown(page)
        assert during.slice is before.slice
        assert "the graph is being restored from a backup" in during.warning
        with pytest.raises(EngineError, match="being restored"):
            load_state(store)
        store.write("MATCH (l:Load {load_id: 'restoring'}) DETACH DELETE l")
    assert shown(page).warning == ""


def test_a_restored_graph_takes_the_place_of_what_pages_showed(
    page: data._Keeper, on_engine: Path, tmp_path: Path
) -> None:
    """A backup of before an erasure and of before a load: the page shows what is there now."""
    out, into = tmp_path / "kept.tar", tmp_path / "into"
    back_up(on_engine, out)
    erase(on_engine, [CHILD], WHY)
    assert CHILD not in children(shown(page))
    if os.environ.get("NEO4J_URI"):
        with Store.open(on_engine, "admin") as store:
            empty(store)
    try:
        restore(out, into)
        # on a server the same database; on the embedded engine the folder that takes the old one's place
        keeper = page if os.environ.get("NEO4J_URI") else data._Keeper(into)
        keeper.held = page.held
        assert CHILD in children(shown(keeper))
        keeper.close()
    finally:
        engine.stop(into)
