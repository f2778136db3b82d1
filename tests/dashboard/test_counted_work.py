"""Pages read the slice: how often each asks the database is counted, so that no change makes it more."""

from __future__ import annotations

import shutil

import pytest

from analysis.answers import FOLDER
from analysis.tables import Slice
from dashboards import data
from graphmodel.store import Store
from tests.counting import counted, days_measured
from tests.dashboard.conftest import FIGURES, Partnership
from tests.dashboard.test_dashboard import opened

MOST_ROWS = 2
"""What one look after a newer load brings: the load's own record."""
MOST_DAYS = {"overview": 59, "network": 62}
"""Days whose teams are worked out for a first visit of the overview and then of the page; nothing kept."""


@pytest.mark.usefixtures("at_home")
@pytest.mark.parametrize("page", FIGURES)
def test_a_page_asks_the_database_at_most_which_load_is_the_latest(page: str) -> None:
    opened(page)
    with counted() as warm:
        assert not opened(page).exception
    assert len(warm.reads) <= 2, "the loads, and which ledger they are of"
    assert all(":Load" in query for query in warm.reads)
    assert warm.rows <= MOST_ROWS
    assert (warm.transactions, warm.statements) == (0, 0)


@pytest.mark.usefixtures("at_home")
def test_after_a_restart_one_page_reads_no_facts_where_the_slice_is_there() -> None:
    opened("overview")
    data.forget()
    with counted() as cold:
        assert not opened("overview").exception
    assert cold.reads
    assert all(":Load" in query for query in cold.reads)
    assert cold.rows <= MOST_ROWS * len(cold.reads)


@pytest.mark.parametrize("page", MOST_DAYS)
def test_a_first_visit_reads_no_facts_and_measures_few_days(page: str, at_home: Partnership) -> None:
    with Store.open(at_home.home) as store:
        Slice.current(store, at_home.home)
    data.forget()
    shutil.rmtree(at_home.home / "slice" / FOLDER, ignore_errors=True)
    with days_measured() as days, counted() as work:
        assert not opened(page).exception
    assert len(days) <= MOST_DAYS[page]
    assert all(":Load" in query for query in work.reads)
    assert work.rows <= MOST_ROWS * len(work.reads)
