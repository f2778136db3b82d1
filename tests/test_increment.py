"""A slice brought up to date after loads equals one read anew, and reads only what the loads changed."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pytest

from analysis import readback
from analysis.readback import from_graph
from analysis.tables import Slice
from graphmodel.store import Store
from tests.counting import counted
from tests.loading import load_quietly, write_tables
from tests.partnerships import Size, random_partnership

Rows = dict[str, list[dict[str, str]]]
SIZE = Size(children=30, tacs=20)


def same(found: Mapping[str, pa.Table], wanted: Mapping[str, pa.Table]) -> list[str]:
    """The tables that differ."""
    return [name for name in wanted if not found[name].equals(wanted[name])]


def later(rows: Rows, chance: random.Random) -> Rows:
    """The partnership some time after: rows ended, corrected, new or gone, some tables not sent."""
    found: Rows = {}
    for name, held in rows.items():
        if chance.random() < 0.3:
            continue
        kept = [dict(row) for row in held if chance.random() < 0.9]
        for row in kept:
            if "ended_on" in row and not row["ended_on"] and chance.random() < 0.3:
                row["ended_on"] = "2030-01-01"
            if "locality" in row and chance.random() < 0.3:
                row["locality"] = chance.choice(["North", "South", ""])
        found[name] = kept
    return found


@pytest.mark.parametrize("seed", range(4))
def test_after_any_loads_the_slice_is_what_the_graph_holds(
    on_engine: Path, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    rows: Rows = {n: [dict(r) for r in t] for n, t in random_partnership(seed, SIZE).tables.items()}
    load_quietly(write_tables(tmp_path / "first", rows), on_engine)
    with Store.open(on_engine) as store:
        Slice.current(store, on_engine)
        for turn in range(3):
            for part in range(chance.randint(1, 2)):
                changed = later(rows, chance)
                folder = write_tables(tmp_path / f"{turn}-{part}", changed)
                if any(changed.values()):
                    source = chance.choice(["canonical", "another"])
                    load_quietly(folder, on_engine, source=source, replace=chance.random() < 0.3)
            held = Slice.current(store, on_engine)
            assert same(held.arrow, from_graph(store)) == []


def test_one_changed_row_is_all_that_is_read(on_engine: Path, tmp_path: Path) -> None:
    rows: Rows = {n: [dict(r) for r in t] for n, t in random_partnership(1, SIZE).tables.items()}
    load_quietly(write_tables(tmp_path / "first", rows), on_engine)
    with Store.open(on_engine) as store:
        Slice.current(store, on_engine)
        child = rows["children"][0]["child_id"]
        changed = [{**rows["children"][0], "locality": "Elsewhere"}]
        load_quietly(write_tables(tmp_path / "second", {"children": changed}), on_engine)
        with counted() as work:
            held = Slice.current(store, on_engine).table("children").set_index("child_id")
        assert held.loc[child, "locality"] == "Elsewhere"
        assert len(held) == len({row["child_id"] for row in rows["children"]})
        assert sum(":Load" not in query for query in work.reads) == 1
        assert work.rows <= 1 + 16, "the row, and the records of two loads a few times"


def test_after_a_load_that_was_cut_off_all_is_read(on_engine: Path, tmp_path: Path) -> None:
    rows: Rows = {n: [dict(r) for r in t] for n, t in random_partnership(2, SIZE).tables.items()}
    load_quietly(write_tables(tmp_path / "first", rows), on_engine)
    with Store.open(on_engine) as store:
        Slice.current(store, on_engine)
    with Store.open(on_engine, "writer") as store:
        store.write("CREATE (:Load {load_id: 'cut', started_at: '2026-01-01T00:00:00', outcome: 'running'})")
        store.write("MATCH (n:Agency) WITH n LIMIT 1 SET n.name = 'written by nobody that says so'")
    load_quietly(write_tables(tmp_path / "more", {"agencies": [new_agency()]}), on_engine)
    with Store.open(on_engine) as store:
        assert same(Slice.current(store, on_engine).arrow, from_graph(store)) == []


def new_agency() -> dict[str, str]:
    return {"agency_id": "one more", "name": "One more", "sector": "other"}


@pytest.mark.parametrize("children", [30, 300])
def test_what_is_read_after_a_load_follows_the_change_not_the_authority(
    on_engine: Path, tmp_path: Path, children: int
) -> None:
    size = Size(children=children, tacs=children)
    rows: Rows = {n: [dict(r) for r in t] for n, t in random_partnership(5, size).tables.items()}
    load_quietly(write_tables(tmp_path / "first", rows), on_engine)
    some = list({row["child_id"]: row for row in rows["children"]}.values())[:7]
    changed: Rows = {"children": [{**row, "locality": "Elsewhere"} for row in some]}
    changed["agencies"] = [new_agency()]
    with Store.open(on_engine) as store:
        Slice.current(store, on_engine)
        load_quietly(write_tables(tmp_path / "second", changed), on_engine)
        with counted() as work:
            held = Slice.current(store, on_engine)
        assert 8 <= work.rows <= 8 + 16, "the rows, and the records of two loads a few times"
        assert sum(":Load" not in query for query in work.reads) == 2
        assert same(held.arrow, from_graph(store)) == []


@pytest.mark.parametrize("seed", range(3))
def test_a_table_read_in_parts_is_the_table_read_at_once(
    on_engine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    size = Size(children=40, tacs=40)
    rows: Rows = {n: [dict(r) for r in t] for n, t in random_partnership(seed, size).tables.items()}
    load_quietly(write_tables(tmp_path / "some", rows), on_engine)
    with Store.open(on_engine) as store:
        whole = from_graph(store)
        monkeypatch.setattr(readback, "AT_ONCE", 5)
        monkeypatch.setattr(readback, "PART", 7)
        with counted() as work:
            assert same(from_graph(store), whole) == []
    assert all(len(table) > 5 for name, table in whole.items() if name in ("children", "memberships"))
    assert sum("UNWIND $ids" in query for query in work.reads) > len(whole)


def test_beside_the_changes_only_so_many_records_of_loads_are_read(on_engine: Path, tmp_path: Path) -> None:
    rows: Rows = {n: [dict(r) for r in t] for n, t in random_partnership(3, SIZE).tables.items()}
    load_quietly(write_tables(tmp_path / "first", rows), on_engine)
    with Store.open(on_engine) as store:
        Slice.current(store, on_engine)
        for new in (1, 2):
            changed = 0
            for part in range(new):
                some = [{**row, "locality": f"Moved {new} {part}"} for row in rows["children"][: 3 + part]]
                report = load_quietly(write_tables(tmp_path / f"{new}-{part}", {"children": some}), on_engine)
                assert report.tables["children"].updated == len(some)
                changed = max(changed, len(some))
            (loads,) = store.fetch("MATCH (l:Load) RETURN count(l)")
            with counted() as work:
                Slice.current(store, on_engine)
            # compared with the ledger once; the state at first, at its turn, and after; the new ones
            assert work.rows == changed + loads[0] + 3 * (loads[0] + 1) + new
