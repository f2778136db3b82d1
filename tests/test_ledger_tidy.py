"""The ledger kept in order: packing changes no answer, whatever cuts it off; graph and ledger of one time."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.known import tables_known
from analysis.tables import Slice
from graphmodel import ledger as book
from graphmodel.access import Viewer
from graphmodel.errors import EngineError
from graphmodel.ledger import LINKS, Ledger, NewPart, Part, key_names, names, sql_type
from graphmodel.ledger_state import must_agree, standing
from graphmodel.store import Store
from loaders import ledger_tidy, load
from loaders.ledger_tidy import begin_anew, catch_up, look, pack, tidy
from loaders.protection import erase
from tacgraph import cli
from tests.conftest import empty
from tests.loading import SMALL, facts, read_tables, tables_in_graph, write_tables
from tests.test_ledger import assert_ledger_is_graph

WHY = Viewer.local("request of 2026-11-22, decided by the data protection officer")
TABLES = ("children", "statuses", "agencies")
_ARROW = {"VARCHAR": pa.string(), "BOOLEAN": pa.bool_(), "DOUBLE": pa.float64(), "BIGINT": pa.int64()}


# -- ledgers made up by chance, without a graph -----------------------------------------------------------


def random_ledger(folder: Path, seed: int, parts: int) -> Ledger:
    """Parts of three sources that state, restate and end facts about few children; some with links."""
    chance, ledger = random.Random(seed), Ledger(folder, ())
    for place in range(1, parts + 1):
        made = NewPart(ledger)
        at = f"2026-01-{place:02d}T00:00:00.000000+00:00"
        source = chance.choice(["ssd", "school", "clinic"])
        for table in chance.sample(TABLES, chance.randint(1, len(TABLES))):
            rows = [
                random_event(chance, table, Part(place, f"load{place}", source, at, ()), n)
                for n in range(chance.randint(1, 5))
            ]
            keys = [tuple(row[key] for key in key_names(table)) for row in rows]
            rows = [row for n, row in enumerate(rows) if keys.index(keys[n]) == n]
            pq.write_table(pa.Table.from_pylist(rows, schema=schema_of(table)), made.file(table))
        linked = chance.random() < 0.4
        links = pa.table({"kind": ["child"], "id": [f"c{chance.randint(1, 2)}"], "stands_for": ["c3"]}, LINKS)
        order = ("ssd",) if chance.random() < 0.5 else ()
        part = Part(place, f"load{place}", source, at, order, retires=True, new_links=linked)
        made.commit(part, links if linked else None)
        (folder / part.name / "done").touch()
        ledger = Ledger.open(folder)
    return ledger


def schema_of(table: str) -> pa.Schema:
    columns = {name: sql_type(table, name) for name in names(table)} | book._MARKS
    return pa.schema([(name, _ARROW[kind]) for name, kind in columns.items()])


def random_event(chance: random.Random, table: str, part: Part, row_no: int) -> dict[str, Any]:
    marks: dict[str, Any] = {"lacks": chance.choice([None, ",ended_on,"]), "gone": chance.random() < 0.2}
    marks |= {"source": part.source, "load_id": part.load_id, "file": "f.csv", "row_no": row_no}
    marks |= {"place": part.place, "stated_at": part.at}
    values: dict[str, Any] = dict.fromkeys(names(table))
    child = f"c{chance.randint(1, 4)}"
    own: dict[str, dict[str, Any]] = {
        "children": {"child_id": child, "locality": chance.choice([None, "North", "South"])},
        "statuses": {
            "child_id": child,
            "status": chance.choice(["cin", "cpp"]),
            "started_on": chance.choice(["2025-01-01", "2025-06-01"]),
            "ended_on": chance.choice([None, "2025-09-01"]),
        },
        "agencies": {"agency_id": f"a{chance.randint(1, 3)}", "name": chance.choice(["A", "B"])},
    }
    own["agencies"]["sector"] = "health"
    return values | own[table] | marks


def answers(folder: Path) -> list[Any]:
    """What everything is told from, as it was after each part; and the tables of the last."""
    ledger = Ledger.open(folder)
    found: list[Any] = [{n: t.to_pylist() for n, t in tables_known(ledger).items()}]
    with duckdb.connect(":memory:", config={"threads": 1}) as db:
        for part in ledger.parts:
            then = ledger.until(part.at.replace("T00", "T01"))
            asked = [then.events(t) for t in TABLES] + [then.last(t) for t in TABLES]
            asked += [ledger.events(t, ledger.parts[part.place - 1 :]) for t in TABLES]
            rows = [db.execute(f"SELECT * FROM {sql} ORDER BY ALL").fetchall() for sql in asked]  # noqa: S608
            found.append((part, then.links().to_pylist(), rows))
    return found


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10**6), parts=st.integers(2, 7), cuts=st.lists(st.integers(2, 7), max_size=2))
def test_packing_changes_no_answer(
    tmp_path_factory: pytest.TempPathFactory, seed: int, parts: int, cuts: list[int]
) -> None:
    """Also packed in several steps, the later pack standing for the earlier one and the parts since."""
    plain, packed = (tmp_path_factory.mktemp(name) / "ledger" for name in ("plain", "packed"))
    random_ledger(plain, seed, parts)
    packed.mkdir()
    before = answers(plain)
    at = 0
    for cut in [*sorted(cuts), parts]:
        for part in Ledger.open(plain).parts[at : min(cut, parts)]:
            shutil.copytree(plain / part.name, packed / part.name)
        at = max(at, min(cut, parts))
        pack(Ledger.open(packed))
        for place in ledger_tidy._superseded(Ledger.open(packed)):
            ledger_tidy._remove(place)
    assert answers(packed) == before
    assert [place.name for place in packed.iterdir()] == [f"pack-00000001-{parts:08d}"]


STEPS = ("files half written", "not yet named", "named")


@pytest.mark.parametrize("step", STEPS)
def test_a_packing_that_is_cut_off_changes_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    folder = tmp_path / "ledger"
    before = answers(random_ledger(folder, 7, 4).folder)

    def cut(real: Callable[..., Any], *, after: bool) -> Callable[..., Any]:
        def run(*arguments: Any) -> Any:
            if after:
                real(*arguments)
            raise KeyboardInterrupt

        return run

    with monkeypatch.context() as patch:
        if step == "files half written":
            patch.setattr(ledger_tidy, "_digest", cut(ledger_tidy._digest, after=False))
        else:
            patch.setattr(NewPart, "put", cut(NewPart.put, after=step == "named"))
        # a killed process clears nothing away
        patch.setattr(shutil, "rmtree", lambda *_, **__: None)
        with pytest.raises(KeyboardInterrupt):
            pack(Ledger.open(folder))
    assert answers(folder) == before
    pack(Ledger.open(folder))
    assert answers(folder) == before
    assert not list(folder.glob(".making-*"))


def test_a_pack_that_is_not_what_the_parts_are_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = random_ledger(tmp_path / "ledger", 3, 4)
    found = iter(range(100))
    monkeypatch.setattr(ledger_tidy, "_digest", lambda *_: (next(found),))
    with pytest.raises(EngineError, match="not written whole"):
        pack(ledger)
    assert not [place for place in ledger.folder.iterdir() if "pack" in place.name or "making" in place.name]


# -- with a graph ------------------------------------------------------------------------------------------


def changed(at: Path, turn: int) -> Path:
    """The small partnership, everybody's locality another one each turn."""
    tables = read_tables(SMALL)
    for row in tables["children"]:
        row["locality"] = f"Place {turn}"
    if turn % 2:
        tables["reviews"] = tables["reviews"][:-1]
    return write_tables(at / str(turn), tables)


def loaded(home: Path, at: Path, turns: int) -> None:
    for turn in range(turns):
        load(changed(at, turn), home=home, replace=turn > 0)


def alone(home: Path) -> None:
    """No ledger of another test in the session's folder."""
    shutil.rmtree(home / "ledger", ignore_errors=True)


def test_after_tidying_loads_go_on_as_ever(on_engine: Path, tmp_path: Path) -> None:
    alone(on_engine)
    loaded(on_engine, tmp_path, 3)
    with Store.open(on_engine) as store:
        before = facts(store)
        todo = look(on_engine, store)
    assert (todo.parts, todo.pending, todo.left) == (3, 0, ())
    known = [Slice.known(on_engine, at).arrow for at in instants(on_engine)]
    tidy(on_engine)
    assert [Slice.known(on_engine, at).arrow for at in instants(on_engine)] == known
    with Store.open(on_engine) as store:
        assert facts(store) == before
        assert look(on_engine, store).superseded
    assert_ledger_is_graph(on_engine)
    load(changed(tmp_path, 4), home=on_engine, replace=True)
    assert_ledger_is_graph(on_engine)
    for place in (on_engine / "ledger").glob("*/pack-*"):
        os.utime(place, (0, 0))
    tidy(on_engine)
    with Store.open(on_engine) as store:
        assert must_agree(store, on_engine).missing == ()
    ledger = book.find_ledger(on_engine)
    assert ledger is not None
    assert len(ledger.parts) == 4
    assert not list(ledger.folder.glob("0*-2*/children.parquet")) or len(set(ledger.packs.values())) == 1
    assert_ledger_is_graph(on_engine)
    erase(on_engine, ["c01"], WHY)
    texts = [str(pq.read_table(path).to_pydict()) for path in ledger.folder.glob("*/*.parquet")]
    assert not [text for text in texts if "'c01'" in text]


def instants(home: Path) -> list[datetime]:
    ledger = book.find_ledger(home)
    assert ledger is not None
    return [datetime.fromisoformat(part.at) for part in ledger.parts[1:]] + [datetime.now(UTC)]


def set_back(home: Path, loads: int) -> None:
    """The graph as it was after so many loads: what an older copy of it, restored by other means, gives."""
    with Store.open(home, "admin") as store:
        later = store.fetch("MATCH (l:Load) RETURN l.load_id ORDER BY l.started_at")[loads:]
        ids = [row[0] for row in later]
        store.write(
            "UNWIND $ids AS id MATCH (l:Load {load_id: id}) WITH collect(l) AS found "
            "FOREACH (l IN found | DETACH DELETE l)",
            ids=ids,
        )
        store.write("MATCH (c:Child) SET c.locality = 'Place 0', c.fingerprint = 'of then'")


def test_a_graph_that_was_set_back_is_noticed_and_catches_up(on_engine: Path, tmp_path: Path) -> None:
    alone(on_engine)
    loaded(on_engine, tmp_path, 3)
    with Store.open(on_engine) as store:
        before = facts(store)
        Slice.current(store, on_engine)
    set_back(on_engine, 1)
    more = changed(tmp_path, 5)
    with Store.open(on_engine) as store:
        with pytest.raises(EngineError, match="older than its ledger: it knows nothing of 2 loads"):
            Slice.current(store, on_engine)
        with pytest.raises(EngineError, match="tacgraph ledger catch-up"):
            load(more, home=on_engine)
        assert len(catch_up(on_engine).missing) == 2
        assert facts(store) == before
        assert Slice.current(store, on_engine).complete
    assert_ledger_is_graph(on_engine)
    load(more, home=on_engine)
    assert_ledger_is_graph(on_engine)


def test_an_emptied_graph_is_told_of_and_filled_again(on_engine: Path, tmp_path: Path) -> None:
    alone(on_engine)
    loaded(on_engine, tmp_path, 2)
    erase(on_engine, ["c01"], WHY)
    with Store.open(on_engine, "admin") as store:
        before = tables_in_graph(store)
        empty(store)
        assert standing(store, on_engine).empty
    catch_up(on_engine)
    with Store.open(on_engine, "admin") as store:
        assert tables_in_graph(store) == before
        empty(store)
    report = load(SMALL, home=on_engine)
    assert any("the graph is empty, but the ledger last used with it has" in note for note in report.notes)
    with Store.open(on_engine) as store:
        todo = look(on_engine, store)
    assert [parts for _, parts, _ in todo.left] == [2]
    tidy(on_engine)
    assert len([place for place in (on_engine / "ledger").iterdir() if place.is_dir()]) == 1
    assert_ledger_is_graph(on_engine)


def test_whom_an_erasure_took_out_since_then_goes_from_an_older_graph_too(
    on_engine: Path, tmp_path: Path
) -> None:
    alone(on_engine)
    loaded(on_engine, tmp_path, 2)
    with Store.open(on_engine) as store:
        children = len(store.fetch("MATCH (c:Child) RETURN c.child_id"))
    erase(on_engine, ["c01"], WHY)
    set_back(on_engine, 1)
    with Store.open(on_engine, "admin") as store:
        store.write("CREATE (:Child {child_id: 'c01', sources: ['canonical'], fingerprint: 'of then'})")
        catch_up(on_engine)
        ids = [row[0] for row in store.fetch("MATCH (c:Child) RETURN c.child_id")]
    assert "c01" not in ids
    assert len(ids) == children
    assert_ledger_is_graph(on_engine)


def test_a_data_folder_that_was_set_back_is_noticed_and_its_ledger_put_aside(
    on_engine: Path, tmp_path: Path
) -> None:
    alone(on_engine)
    loaded(on_engine, tmp_path, 3)
    ledger = book.find_ledger(on_engine)
    assert ledger is not None
    shutil.rmtree(ledger.folder / ledger.parts[-1].name)
    with Store.open(on_engine) as store:
        with pytest.raises(EngineError, match="older than the graph"):
            must_agree(store, on_engine)
        with pytest.raises(EngineError, match="older than the graph"):
            catch_up(on_engine)
        before = facts(store)
        aside = begin_anew(on_engine)
        assert aside is not None
        assert must_agree(store, on_engine).missing == ()
        assert facts(store) == before
    load(changed(tmp_path, 5), home=on_engine)
    with Store.open(on_engine) as store:
        assert [name for name, _, _ in look(on_engine, store).left] == [aside.name]


def test_the_commands_say_before_they_do(
    on_engine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    alone(on_engine)
    loaded(on_engine, tmp_path, 2)

    def run(*words: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            cli.main(["ledger", *words])
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out + said.err

    ledger = book.find_ledger(on_engine)
    assert ledger is not None
    there = sorted(place.name for place in ledger.folder.iterdir())
    assert run("state")[0] == 0
    assert "parts to pack: 2" in run("tidy")[1]
    assert "Nothing was changed" in run("begin-anew")[1]
    assert sorted(place.name for place in ledger.folder.iterdir()) == there
    assert run("tidy", "--yes")[0] == 0
    assert json.loads(next(ledger.folder.glob("pack-*/pack.json")).read_text(encoding="utf-8"))["parts"]
    set_back(on_engine, 1)
    code, said = run("state")
    assert (code, "tacgraph ledger catch-up" in said) == (3, True)
    assert "no record of: 1" in run("catch-up")[1]
    assert run("catch-up", "--yes")[0] == 0
    assert run("state")[0] == 0
    assert run("begin-anew", "--yes")[0] == 0
