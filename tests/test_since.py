"""Since when: the walk over a part of the data against the plain figures of every day."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from analysis.since import overloaded_since
from analysis.tables import Slice
from analysis.workload import load_by_practitioner
from graphmodel.settings import settings

SMALL = Path(__file__).parent / "data" / "small"


def plainly(tables: Slice, d: date, most_days: int) -> dict[str, tuple[date, bool]]:
    """Day by day backwards with the figures of the whole partnership."""

    def over(day: date) -> set[str]:
        frame = load_by_practitioner(tables, day, settings())
        return set(frame.loc[frame["overloaded"], "practitioner_id"])

    begun = dict.fromkeys(over(d), d)
    running = set(begun)
    for back in range(1, most_days):
        day = d - timedelta(days=back)
        running &= over(day)
        begun |= dict.fromkeys(running, day)
    return {who: (since, who in running) for who, since in begun.items()}


@pytest.mark.parametrize("most_days", [1, 30, 200])
def test_the_run_of_days_is_the_plain_one(most_days: int) -> None:
    tables = Slice.from_folder(SMALL)
    seen = 0
    last = tables.data_date
    assert last is not None
    for back in range(0, 400, 37):
        d = last - timedelta(days=back)
        found = overloaded_since(tables, d, settings(), most_days=most_days)
        rows = {
            who: (since, bool(longer))
            for who, since, longer in zip(
                found["practitioner_id"], found["since"], found["longer"], strict=True
            )
        }
        assert rows == plainly(tables, d, most_days)
        assert (found["days"] >= 1).all()
        seen += len(rows)
    assert seen > 0


def test_nobody_overloaded_gives_no_rows() -> None:
    tables = Slice.from_folder(SMALL)
    found = overloaded_since(tables, date(1990, 1, 1), settings())
    assert list(found.columns) == ["practitioner_id", "since", "days", "longer"]
    assert found.empty
