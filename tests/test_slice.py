"""The slice: what it holds, when it is fresh, and what a reader may rely on; on both engines."""

from __future__ import annotations

import shutil
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analysis import SECOND_ROADS
from analysis import tables as slices
from analysis.coded import coded
from analysis.graph_state import load_state
from analysis.readback import SCHEMAS, Progress, from_graph, read_back
from analysis.tables import Slice
from graphmodel.errors import SourceError
from graphmodel.relationships import TABLES
from graphmodel.settings import settings
from graphmodel.store import Store
from tests.partnerships import Partnership, Size, random_partnership
from tests.plain_loader import load_plainly

TINY = Size(2, 3, 1, 2, 2, 3, 5, 3, 2, 2, 3, 2, 4, 2, 2)


def finish(store: Store, load_id: str, *, outcome: str = "loaded", created: int = 1) -> None:
    """A load record, as a loader leaves it."""
    store.write(
        "MERGE (l:Load {load_id: $load_id}) SET l.outcome = $outcome, l.rows_created = $created, "
        "l.finished_at = '2026-11-22T03:00:00+00:00'",
        load_id=load_id,
        outcome=outcome,
        created=created,
    )


def begin(store: Store, load_id: str) -> None:
    store.write("CREATE (l:Load {load_id: $load_id, outcome: 'running'})", load_id=load_id)


def add_agency(store: Store, agency: str) -> None:
    store.write("CREATE (:Agency {agency_id: $id, name: 'new', sector: 'other'})", id=agency)


class Readings:
    """Counts how often the graph was read for a slice."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, table: str, done: int, total: int) -> None:
        assert table in (*TABLES, "")
        assert 0 <= done <= total == len(TABLES)
        self.count += done == 0


# -- what it holds ---------------------------------------------------------------------------------------


def test_no_table_has_a_column_of_identity_matching() -> None:
    columns = {column for schema in SCHEMAS.values() for column in schema.names}
    assert columns.isdisjoint({"first_name", "last_name", "postcode", "nhs_number", "upn"})
    assert not any(column.endswith("_hash") for column in columns)
    assert SCHEMAS["needs"].names == ["child_id", "level", "started_on", "ended_on"]
    assert SCHEMAS["children"].names == ["child_id", "family_id", "school_id", "birth_date", "locality"]


def test_a_folder_is_read_with_its_defaults(tmp_path: Path) -> None:
    (tmp_path / "services.csv").write_text(
        "service_id,agency_id,category,sensitive\n V1 ,A,mental_health,\nV2,A,mentoring,\n"
        "V3,A,mentoring,true\n"
    )
    (tmp_path / "posts.csv").write_text(
        "\ufeffpractitioner_id,agency_id,started_on,fte,extra\nP,A,2026-01-01,0.5,x\n", encoding="utf-8"
    )
    found = Slice.from_folder(tmp_path)
    assert found.table("services")["sensitive"].tolist() == [True, False, True]
    assert found.table("services")["service_id"].tolist() == ["V1", "V2", "V3"]
    assert found.table("services")["name"].isna().all()
    post = found.table("posts").iloc[0]
    assert (post["home"], post["fte"], post["started_on"].date()) == (True, 0.5, date(2026, 1, 1))
    assert found.table("posts")[["tac_share", "ended_on"]].isna().all().all()
    assert list(found.table("tacs").columns) == SCHEMAS["tacs"].names
    assert found.data_date == date(2026, 1, 1)


def test_a_value_of_the_wrong_type_is_named(tmp_path: Path) -> None:
    (tmp_path / "needs.csv").write_text("child_id,level,started_on\nC,high,2026-01-01\n")
    with pytest.raises(SourceError, match=r"needs\.csv.*high"):
        Slice.from_folder(tmp_path)


def test_changing_a_frame_leaves_the_slice_as_it_is(tmp_path: Path) -> None:
    found = Slice.from_folder(random_partnership(1).write(tmp_path))
    frame = found.table("tacs")
    frame.loc[0, "tac_id"] = "changed"
    assert "changed" not in set(found.table("tacs")["tac_id"])


def test_duckdb_sees_every_table_from_every_thread(tmp_path: Path) -> None:
    found = Slice.from_folder(random_partnership(1).write(tmp_path))
    counts: list[Any] = []

    def ask() -> None:
        with found.connection() as connection:
            counts.append(connection.execute("SELECT count(*), min(opened_on) FROM tacs").fetchall())

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tacs = found.table("tacs")
    assert counts == [[(len(tacs), tacs["opened_on"].min().date())]] * 4
    assert len(found.relation("reviews")) == len(found.table("reviews"))


# -- kept on disk ----------------------------------------------------------------------------------------


def test_kept_and_opened_again_it_is_the_same(tmp_path: Path) -> None:
    found = Slice.from_folder(random_partnership(1).write(tmp_path / "csv"))
    found.keep(tmp_path / "slice" / "one")
    again = Slice.open(tmp_path / "slice" / "one")
    assert again.arrow == found.arrow
    assert {stat.S_IMODE(x.stat().st_mode) for x in (tmp_path / "slice" / "one").iterdir()} == {0o600}
    folders = (tmp_path / "slice", tmp_path / "slice" / "one")
    assert {stat.S_IMODE(x.stat().st_mode) for x in folders} == {0o700}


def test_a_slice_kept_among_other_folders_leaves_them_alone(tmp_path: Path) -> None:
    found = Slice.from_folder(random_partnership(1).write(tmp_path / "csv"))
    for other in ("letters", ".hidden"):
        (tmp_path / other).mkdir()
        (tmp_path / other / "kept.txt").touch()
    (tmp_path / ".making-left").mkdir()
    for name in "1234":
        found.keep(tmp_path / name)
    assert sorted(x.name for x in tmp_path.iterdir()) == [".hidden", "3", "4", "csv", "letters"]


def test_older_slices_are_pruned_under_a_reader(tmp_path: Path) -> None:
    folder = tmp_path / "slice"
    first = Slice.from_folder(random_partnership(1).write(tmp_path / "csv"))
    first.keep(folder / "1")
    reader = Slice.open(folder / "1")
    for name in "234":
        first.keep(folder / name)
    assert sorted(x.name for x in folder.iterdir() if x.is_dir()) == ["3", "4"]
    assert reader.table("tacs").equals(first.table("tacs"))
    first.keep(folder / "4")
    assert Slice.open(folder / "4").arrow == first.arrow


@pytest.mark.parametrize("harm", ["gone", "cut", "other columns"])
def test_a_damaged_slice_is_named(tmp_path: Path, harm: str) -> None:
    Slice.from_folder(random_partnership(1).write(tmp_path / "csv")).keep(tmp_path / "slice" / "1")
    file = tmp_path / "slice" / "1" / "tacs.parquet"
    if harm == "gone":
        file.unlink()
    elif harm == "cut":
        file.write_bytes(file.read_bytes()[:100])
    else:
        (tmp_path / "slice" / "1" / "slice.json").write_text("{}")
    with pytest.raises(SourceError, match="slice 1"):
        Slice.open(tmp_path / "slice" / "1")


# -- from the graph, on both engines ---------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_what_comes_back_from_the_graph_is_the_folder(
    writer: Store, reader: Store, tmp_path: Path, seed: int
) -> None:
    folder = random_partnership(seed).write(tmp_path / "csv")
    load_plainly(folder, writer, rows_per_transaction=200)
    found, wanted = Slice.current(reader, tmp_path), Slice.from_folder(folder)
    for name in TABLES:
        assert found.arrow[name].equals(wanted.arrow[name]), name
    assert found.data_date == wanted.data_date


def test_an_empty_graph_is_an_empty_slice(reader: Store, tmp_path: Path) -> None:
    found = Slice.current(reader, tmp_path)
    assert all(table.num_rows == 0 for table in found.arrow.values())
    assert found.arrow["tacs"].schema == SCHEMAS["tacs"]
    assert (found.load_id, found.complete) == (None, True)


def test_fresh_until_a_load_changes_something(writer: Store, reader: Store, tmp_path: Path) -> None:
    home, readings = tmp_path / "data", Readings()
    add_agency(writer, "A1")
    finish(writer, "1")
    first = Slice.current(reader, home, readings)
    assert (first.load_id, first.loaded_at is not None, first.complete) == ("1", True, True)
    finish(writer, "2", created=0)
    finish(writer, "3", outcome="refused", created=0)
    again = Slice.current(reader, home, readings)
    assert (readings.count, again.load_id, again.arrow) == (1, "1", first.arrow)
    add_agency(writer, "A2")
    finish(writer, "4")
    third = Slice.current(reader, home, readings)
    assert (readings.count, third.load_id) == (2, "4")
    assert third.table("agencies")["agency_id"].tolist() == ["A1", "A2"]


def test_of_two_loads_in_one_second_the_one_begun_later_counts(
    writer: Store, reader: Store, tmp_path: Path
) -> None:
    """Their ids sort by chance."""
    for load_id, second in (("20261122T025711-bbbbbb", "11.1"), ("20261122T025711-aaaaaa", "11.9")):
        add_agency(writer, load_id)
        finish(writer, load_id)
        writer.write(
            "MATCH (l:Load {load_id: $load_id}) SET l.started_at = $at",
            load_id=load_id,
            at=f"2026-11-22T02:57:{second}00000+00:00",
        )
        found = Slice.current(reader, tmp_path)
        assert found.load_id == load_id
    assert len(found.table("agencies")) == 2


def test_while_a_load_runs_the_one_before_it_is_shown(writer: Store, reader: Store, tmp_path: Path) -> None:
    finish(writer, "1")
    Slice.current(reader, tmp_path)
    begin(writer, "2")
    add_agency(writer, "half")
    shown = Slice.current(reader, tmp_path)
    assert (shown.load_id, shown.table("agencies").empty, shown.complete) == ("1", True, True)
    # the same with nothing kept: what there is, said to be unfinished, and not kept
    other = tmp_path / "other"
    beside = Slice.current(reader, other)
    assert (beside.complete, len(beside.table("agencies"))) == (False, 1)
    assert not (other / "slice").exists()


@pytest.mark.parametrize("outcome", ["cut off", "failed"])
def test_after_a_load_was_cut_off_the_next_makes_a_new_slice(
    writer: Store, reader: Store, tmp_path: Path, outcome: str
) -> None:
    """Even one that found nothing left to do: the one cut off may have written all of it."""
    finish(writer, "1")
    Slice.current(reader, tmp_path)
    begin(writer, "2")
    if outcome == "failed":
        finish(writer, "2", outcome="failed", created=0)
    add_agency(writer, "A")
    finish(writer, "3", created=0)
    after = Slice.current(reader, tmp_path)
    assert (after.load_id, len(after.table("agencies"))) == ("3", 1)
    finish(writer, "4", created=0)
    assert load_state(reader).load_id == "3"


def test_a_load_in_the_middle_of_the_read_is_noticed(
    writer: Store, reader: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish(writer, "1")
    times: list[int] = []

    def disturbed(store: Store, progress: Progress | None = None) -> dict[str, pa.Table]:
        found = from_graph(store, progress)
        times.append(1)
        if len(times) == 1:
            add_agency(writer, "late")
            finish(writer, "2")
        return found

    monkeypatch.setattr(slices, "from_graph", disturbed)
    found = Slice.current(reader, tmp_path)
    assert (found.load_id, len(found.table("agencies")), len(times)) == ("2", 1, 2)


def test_readers_at_once_read_the_graph_once(writer: Store, reader: Store, tmp_path: Path) -> None:
    load_plainly(Partnership(random_partnership(1, TINY).tables).write(tmp_path / "csv"), writer)
    finish(writer, "1")
    readings, found = Readings(), []
    threads = [
        threading.Thread(target=lambda: found.append(Slice.current(reader, tmp_path, readings)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (readings.count, len(found)) == (1, 4)
    assert all(one.arrow == found[0].arrow for one in found)


def test_a_damaged_slice_is_made_again(writer: Store, reader: Store, tmp_path: Path) -> None:
    add_agency(writer, "A")
    finish(writer, "1")
    Slice.current(reader, tmp_path)
    (kept,) = (x for x in (tmp_path / "slice").iterdir() if x.is_dir())
    (kept / "agencies.parquet").unlink()
    assert len(Slice.current(reader, tmp_path).table("agencies")) == 1
    assert len(Slice.open(kept).table("agencies")) == 1


def test_the_read_back_names_every_column() -> None:
    for name, schema in SCHEMAS.items():
        assert [f"AS {column}" in read_back(name) for column in schema.names] == [True] * len(schema)


# -- unpacked when asked for -----------------------------------------------------------------------------


def test_a_kept_table_is_unpacked_when_it_is_first_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Slice.from_folder(random_partnership(1).write(tmp_path / "csv"))
    found.keep(tmp_path / "slice" / "1")
    unpacked: list[int] = []
    read_table = pq.read_table

    def counted(*arguments: Any, **named: Any) -> Any:
        unpacked.append(1)
        return read_table(*arguments, **named)

    monkeypatch.setattr(pq, "read_table", counted)
    again = Slice.open(tmp_path / "slice" / "1")
    shutil.rmtree(tmp_path / "slice")
    assert again.data_date == found.data_date
    assert unpacked == []
    with ThreadPoolExecutor(8) as pool:
        tables = list(pool.map(lambda _: again.table("tacs"), range(16)))
    assert all(table.equals(found.table("tacs")) for table in tables)
    assert len(unpacked) == 1
    agreed, day = settings(), date(2026, 10, 31)
    for name in ("repeat_assessments", "multiple_leads"):
        assert SECOND_ROADS[name](again, day, agreed).equals(SECOND_ROADS[name](found, day, agreed))
    assert len(unpacked) < len(SCHEMAS)
    assert again.arrow == found.arrow
    assert len(unpacked) == len(SCHEMAS)


def test_a_table_changed_on_disk_is_named_when_the_slice_is_opened(tmp_path: Path) -> None:
    folder = tmp_path / "slice" / "1"
    found = Slice.from_folder(random_partnership(1).write(tmp_path / "csv"))
    found.keep(folder)
    other = pq.read_table(folder / "tacs.parquet").slice(1)
    pq.write_table(other, folder / "tacs.parquet")
    with pytest.raises(SourceError, match="tacs is not as it was kept"):
        Slice.open(folder)


def test_arrays_are_replaced_by_name(tmp_path: Path) -> None:
    data = coded(Slice.from_folder(random_partnership(1).write(tmp_path / "csv")))
    changed = data.but(opened=data.opened + 1)
    assert (changed.opened == data.opened + 1).all()
    assert (changed.closed == data.closed).all()
    with pytest.raises(TypeError, match="no array is called openend"):
        data.but(openend=data.opened)
