"""Dashboard and report hide the same: one rule, two ways to it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from dashboards import coverage, data, shown
from graphmodel.settings import settings
from reports import masking
from reports.figures import gather
from tests.dashboard.conftest import LAST, Partnership


def month_ends() -> list[date]:
    """The three month ends up to the last day of the data."""
    ends: list[date] = []
    day = LAST + timedelta(days=1)
    while len(ends) < 3:
        day = day.replace(day=1) - timedelta(days=1)
        ends.append(day)
    return ends


@pytest.mark.parametrize("day", month_ends())
def test_agencies_and_counts_are_hidden_alike(at_home: Partnership, day: date) -> None:
    found = data.held()
    report = masking.shown(gather(at_home.tables, day, settings()), settings())
    here = shown.agencies(found, day).set_index("agency_id")["tacs_led"]
    there = report.agencies.numbers.set_index("agency_id")["tacs_led"]
    for agency in here.index:
        assert here[agency] == there[agency] or (here.isna()[agency] and there.isna()[agency])
    head = dict(zip(report.headline["measure"], report.headline["hidden_end"], strict=True))
    counts = shown.headline(found, day)
    assert {name: counts[name] is None for name in head} == head
    gaps = coverage.counts(found, day).set_index("kind")["suppressed"]
    assert dict(gaps) == dict(report.coverage.set_index("kind")["suppressed"])
