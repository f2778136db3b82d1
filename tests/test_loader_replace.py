"""A source that is replaced: what it no longer has goes, what others state stays."""

from __future__ import annotations

from pathlib import Path

from loaders import load
from tests.conftest import anew
from tests.loading import (
    SMALL,
    Rows,
    graph,
    load_tables,
    reading,
    small,
    without,
)


def test_replace_ends_in_the_graph_of_a_fresh_load(on_engine: Path, tmp_path: Path) -> None:
    later = small()
    for name, gone in {"children": "c08", "practitioners": "p06", "services": "s03"}.items():
        without(later, name, gone)
    del later["reviews"]
    load_tables(later, tmp_path / "in", on_engine)
    fresh = graph(on_engine)
    anew(on_engine)
    load(SMALL, home=on_engine)
    report = load_tables(later, tmp_path / "in", on_engine, replace=True)
    assert report.total("rejected") == 0
    assert graph(on_engine) == fresh
    lost = sum(map(len, small().values())) - sum(map(len, later.values()))
    assert report.total("retired") == lost


def test_facts_of_another_source_survive_a_replacement(on_engine: Path, tmp_path: Path) -> None:
    load(SMALL, home=on_engine, source="north")
    mine: Rows = {
        "agencies": small()["agencies"][:1],
        "children": [{"child_id": "c01", "family_id": "f1", "birth_date": "2014-05-12", "locality": "North"}],
        "statuses": [{"child_id": "c02", "status": "SEN", "started_on": "2026-05-05"}],
    }
    report = load_tables(mine, tmp_path / "south", on_engine, source="south")
    assert report.total("rejected") == 0
    report = load_tables(
        {"agencies": small()["agencies"]}, tmp_path / "in", on_engine, source="north", replace=True
    )
    with reading(on_engine) as store:
        children = store.fetch("MATCH (n:Child) RETURN n.child_id, n.sources ORDER BY n.child_id")
        assert children == [["c01", ["south"]], ["c02", []]]
        statuses = store.fetch("MATCH (c)-[r:HAS_STATUS]->(s) RETURN c.child_id, s.status, r.sources")
        assert statuses == [["c02", "SEN", ["south"]]]
        assert store.fetch("MATCH (n:Tac) RETURN n") == []
        shared = store.fetch("MATCH (n:Agency {agency_id: 'A1'}) RETURN n.sources")
        assert shared == [[["north", "south"]]]
    assert report.tables["children"].kept == 1
    assert any("stay without a source" in note for note in report.notes)
    load_tables(
        {"agencies": small()["agencies"][:1]}, tmp_path / "in2", on_engine, source="south", replace=True
    )
    with reading(on_engine) as store:
        assert store.fetch("MATCH (n:Child) RETURN n.child_id") == []
        assert store.fetch("MATCH (n:Family) RETURN n.family_id") == []


def test_a_replacement_keeps_facts_whose_rows_are_broken(on_engine: Path, tmp_path: Path) -> None:
    load(SMALL, home=on_engine)
    before = graph(on_engine)
    tables = small()
    tables["practitioners"][1]["term_time_only"] = "perhaps"
    tables["memberships"][0]["ended_on"] = "2020-01-01"
    tables["needs"][1]["level"] = "9"
    report = load_tables(tables, tmp_path / "in", on_engine, replace=True)
    assert report.total("rejected") == 3
    assert graph(on_engine) == before
