"""Pages read the slice: how often each asks the database is counted, so that no change makes it more."""

from __future__ import annotations

import pytest

from dashboards import data
from tests.counting import counted
from tests.dashboard.conftest import FIGURES
from tests.dashboard.test_dashboard import opened

MOST_ROWS = 2
"""What one look after a newer load brings: the load's own record."""


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
