"""Results of any size: memory is bounded, what was cut is said, and files are written row by row."""

from __future__ import annotations

import gc
import io
import json
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

import queries
from graphmodel import store as stores
from graphmodel.access import Viewer
from graphmodel.errors import QueryError
from graphmodel.room import room_of
from graphmodel.settings import Settings, settings
from graphmodel.store import Rows, Store
from queries import Result, result

MEGABYTE = 2**20
WIDE = "UNWIND range(1, $rows) AS n RETURN n, [i IN range(1, 40) | toString(n * 100 + i)] AS many"
ANALYST = Viewer("a test", "analyst", "a large result")


@pytest.fixture
def little_room(monkeypatch: pytest.MonkeyPatch) -> int:
    """Megabytes that a result may take."""
    agreed = settings()
    small = agreed.model_copy(update={"queries": agreed.queries.model_copy(update={"result_mb": 3})})
    for module in (stores, result):
        monkeypatch.setattr(module, "settings", lambda: small)
    return small.queries.result_mb


def ask(reader: Store, rows: int) -> Result:
    return queries.answer_text(
        WIDE, store=reader, viewer=ANALYST, parameters={"rows": rows}, as_of="2026-10-31"
    )


def test_a_wide_result_is_cut_at_its_bound_and_not_held_whole(reader: Store, little_room: int) -> None:
    """Forty thousand such rows take 180 MB: without the bound the peak is ten times what is allowed here."""
    ask(reader, 10)
    gc.collect()
    tracemalloc.start()
    try:
        cut = ask(reader, 40_000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 6 * little_room * MEGABYTE
    held = len(cut.rows.rows)
    assert 100 < held < 5_000
    assert [row[0] for row in cut.rows.rows] == list(range(1, held + 1)), "the first rows, none left out"
    assert not cut.rows.complete
    assert f"were full after {held:,} rows" in cut.limit_said
    assert (cut.about["rows"], cut.about["complete"]) == (held, False)
    whole = ask(reader, 50)
    assert (len(whole.rows.rows), whole.rows.complete, whole.limit_said) == (50, True, "")


def test_another_session_is_answered_while_a_large_result_is_read(reader: Store) -> None:
    chunks = reader.stream("UNWIND range(1, 200000) AS n RETURN n, toString(n) AS t", chunk=1_000)
    first = next(chunks)
    assert reader.fetch("RETURN 1") == [[1]]
    assert len(first) == 1_000
    del chunks
    assert reader.fetch("RETURN 2") == [[2]], "a result that is let go costs the next one nothing"


cells: st.SearchStrategy[Any] = st.one_of(
    st.integers(-(2**40), 2**40),
    st.text(max_size=200),
    st.none(),
    st.lists(st.text(max_size=30), max_size=20),
)


@given(st.lists(cells, min_size=1, max_size=6))
def test_the_room_of_a_row_is_about_what_it_takes(cells_: list[Any]) -> None:
    def taken(value: Any) -> int:
        inner = sum(map(taken, value)) if isinstance(value, list) else 0
        return sys.getsizeof(value) + 8 + inner

    really = sys.getsizeof(tuple(cells_)) + sum(map(taken, cells_))
    assert really / 2.5 < room_of(tuple(cells_)) < really * 2.5


def made(rows: list[tuple[Any, ...]]) -> Result:
    header = queries.catalogue()["service_directory"]
    return Result(header, Rows(header.column_names, rows), {}, queries.answering.as_date("2026-10-31"), 0.1)


def some_rows(count: int) -> Iterator[tuple[Any, ...]]:
    width = len(queries.catalogue()["service_directory"].columns)
    kinds = [column.type for column in queries.catalogue()["service_directory"].columns]
    plain = {
        "text": 'é, "x"\u2028\x85y',
        "integer": 1,
        "decimal": 0.5,
        "boolean": True,
        "list": ["a"],
        "date": None,
    }
    for _ in range(count):
        yield tuple(plain[kinds[at]] for at in range(width))


@pytest.mark.parametrize("count", [0, 1, 3])
def test_json_row_by_row_is_the_list_that_it_was(count: int) -> None:
    found = made(list(some_rows(count)))
    stream = io.StringIO()
    found.to_json(stream)
    records = found.rows.records()
    assert stream.getvalue() == json.dumps(records, ensure_ascii=False, indent=2) + "\n"


def test_parquet_in_groups_holds_all_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(result, "_GROUP_ROWS", 4)
    for count in (0, 4, 11):
        found = made(list(some_rows(count)))
        found.to_parquet(tmp_path / "rows.parquet")
        table = pq.read_table(tmp_path / "rows.parquet")
        assert table.num_rows == count
        assert table.column_names == list(found.rows.columns)


def test_files_are_written_in_little_memory_beside_the_rows(tmp_path: Path) -> None:
    found = made(list(some_rows(12_000)))
    peaks = {}
    for kind in ("csv", "json", "parquet", "xlsx"):
        gc.collect()
        tracemalloc.start()
        path = tmp_path / f"rows.{kind}"
        if kind in ("csv", "json"):
            with path.open("w", encoding="utf-8", newline="") as stream:
                getattr(found, f"to_{kind}")(stream)
        else:
            getattr(found, f"to_{kind}")(path)
        peaks[kind] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    # as objects these rows would take some 10 MB
    assert peaks["csv"] < MEGABYTE, peaks
    assert peaks["json"] < MEGABYTE, peaks
    assert peaks["xlsx"] < 4 * MEGABYTE, peaks


def test_a_sheet_says_how_many_rows_it_can_hold(tmp_path: Path) -> None:
    row = next(some_rows(1))
    found = made([row] * 1_048_576)
    with pytest.raises(QueryError, match=r"1,048,576 rows of service_directory.* more than a sheet holds"):
        found.to_xlsx(tmp_path / "rows.xlsx")


def test_the_bound_is_of_the_settings() -> None:
    agreed: Settings = settings()
    assert agreed.queries.result_mb >= 64
