"""What loads, queries and the slice ask of the database, counted: a guard that no busy machine can upset."""

from __future__ import annotations

from datetime import date
from math import ceil
from pathlib import Path
from typing import Any

import pytest

import queries
from analysis.tables import Slice
from graphmodel.access import Viewer
from graphmodel.relationships import TABLES
from graphmodel.settings import settings
from graphmodel.store import Store
from loaders.shape import BATCH_ROWS
from reports.monthly import write_report
from tacgraph.example import write_example
from tests.counting import counted, days_measured
from tests.loading import load_quietly, read_tables, write_tables
from tests.partnerships import Size, random_partnership

AS_OF = date(2026, 3, 31)
MOST_ROUNDS_A_LOAD = 60
"""Reads and transactions of one load that do not grow with its rows: the model, its record, one a table."""
CHILD = "C1"
MONTH_END = date(2026, 10, 31)
MOST_DAYS_A_REPORT = 290
"""Days whose teams are worked out for one monthly report, whatever the size of the authority."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_tables(tmp_path / "some", random_partnership(3, Size(children=40, tacs=40)).tables)


def test_a_load_makes_few_round_trips_and_a_second_one_writes_no_facts(on_engine: Path, folder: Path) -> None:
    rows = {name: len(found) for name, found in read_tables(folder).items()}
    batches = sum(ceil(count / BATCH_ROWS) for count in rows.values())
    with counted() as first:
        load_quietly(folder, on_engine)
    assert len(first.reads) + first.transactions <= MOST_ROUNDS_A_LOAD + 3 * batches
    with counted() as again:
        report = load_quietly(folder, on_engine)
    assert not report.changed
    assert again.transactions < first.transactions
    assert again.rows <= 2 * sum(rows.values()) + MOST_ROUNDS_A_LOAD, "each row, and its ends"


def test_the_slice_reads_each_table_once_and_then_nothing(on_engine: Path, folder: Path) -> None:
    load_quietly(folder, on_engine)
    with Store.open(on_engine) as store:
        with counted() as first:
            held = Slice.current(store, on_engine)
        facts = [query for query in first.reads if ":Load" not in query]
        assert len(facts) <= 2 * len(TABLES), "each table, and whether it is large"
        assert first.rows <= sum(len(held.table(name)) for name in TABLES) + 2 * len(TABLES)
        with counted() as again:
            Slice.current(store, on_engine)
        assert len(again.reads) <= 2, "the loads, and which ledger they are of"
        assert all(":Load" in query for query in again.reads)


@pytest.mark.parametrize("name", sorted(queries.catalogue()))
def test_a_query_is_one_read(on_engine: Path, folder: Path, name: str) -> None:
    load_quietly(folder, on_engine)
    asked: dict[str, Any] = {p.name: CHILD for p in queries.catalogue()[name].parameters if p.default is None}
    with Store.open(on_engine) as store, counted() as work:
        viewer = Viewer.local("a test of what is asked of the database")
        found = queries.answer(name, store=store, viewer=viewer, as_of=AS_OF, **asked)
    facts = [query for query in work.reads if "MATCH (l:Load)" not in query]
    assert len(facts) == 1
    assert len(work.reads) <= 2, "the query, and which load its figures are of"
    assert work.rows == len(found.rows.rows) + len(work.reads) - 1
    assert work.transactions == 0


def test_a_report_measures_each_day_a_few_times_and_asks_no_database(tmp_path: Path) -> None:
    folder = write_example(tmp_path / "example", children=300, seed=1, until=MONTH_END).folder
    held = Slice.from_folder(folder)
    with counted() as work, days_measured() as days:
        write_report(held, MONTH_END.replace(day=1), tmp_path / "out", settings())
    assert not work.reads
    assert len(days) <= MOST_DAYS_A_REPORT
