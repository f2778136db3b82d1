"""From loads to one node a child and back: captured, matched, decided, split, on both engines."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from graphmodel.settings import load_settings
from graphmodel.store import Store
from loaders import load
from loaders.matching import run
from loaders.matching.identities import IdentityStore
from loaders.matching.links import crosswalk
from tests.loading import write_tables

ONE = {"first_name": "Amber", "last_name": "Basket", "birth_date": "2014-05-06", "nhs_number": "9434765919"}
TWO = {"first_name": "Birch", "last_name": "Candle", "birth_date": "2012-01-31", "nhs_number": "9434765870"}


def partner(folder: Path, prefix: str, **first: str) -> Path:
    rows = [{"child_id": f"{prefix}1", **ONE, **first}, {"child_id": f"{prefix}2", **TWO}]
    needs = [{"child_id": f"{prefix}1", "level": "2", "started_on": "2026-01-01", "ended_on": ""}]
    return write_tables(folder, {"children": rows, "needs": needs})


def children(home: Path) -> dict[str, int]:
    """Every child in the graph with how many needs levels it has."""
    with Store.open(home, "reader") as store:
        rows = store.fetch("MATCH (c:Child) OPTIONAL MATCH (c)-[n:HAS_NEED]->() RETURN c.child_id, count(n)")
    return {row[0]: row[1] for row in rows}


@pytest.fixture
def unlinked(on_engine: Path) -> Iterator[Path]:
    """A data folder without identities and links, before and after: other tests use it too."""
    for folder in ("identity", "links"):
        shutil.rmtree(on_engine / folder, ignore_errors=True)
    yield on_engine
    for folder in ("identity", "links"):
        shutil.rmtree(on_engine / folder, ignore_errors=True)


def test_two_sources_become_one_child_and_two_again(unlinked: Path, tmp_path: Path) -> None:
    on_engine = unlinked
    asked = load_settings()
    load(partner(tmp_path / "a", "c"), home=on_engine, source="authority")
    load(partner(tmp_path / "b", "school:", first_name="Ambre"), home=on_engine, source="school")
    records = IdentityStore(on_engine).records("child").to_pylist()
    assert [(row["id"], row["source"], row["space"]) for row in records] == [
        ("c1", "authority", "source authority"),
        ("c2", "authority", "source authority"),
        ("school:1", "school", "school"),
        ("school:2", "school", "school"),
    ]
    assert sorted(children(on_engine)) == ["c1", "c2", "school:1", "school:2"]
    before = children(on_engine)
    report = run.match(on_engine, asked)
    assert (report.linked["child"], report.groups["child"]) == (2, 2)
    assert crosswalk(on_engine)["id"].to_pylist() == ["school:1", "school:2"]
    assert sorted(children(on_engine)) == ["c1", "c2"]
    # links survive a load of the same files, and a child said to be another one gets its facts back
    load(partner(tmp_path / "b", "school:", first_name="Ambre"), home=on_engine, source="school")
    assert sorted(children(on_engine)) == ["c1", "c2"]
    run.decide(on_engine, "child", "c1", "school:1", "different", settings=asked, who="jo")
    run.decide(on_engine, "child", "c2", "school:2", "different", settings=asked, who="jo")
    assert children(on_engine) == before
    run.undo(on_engine, "child", "c1", "school:1", settings=asked, who="jo")
    assert sorted(children(on_engine)) == ["c1", "c2", "school:2"]
