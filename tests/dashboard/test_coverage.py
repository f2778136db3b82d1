"""The Coverage page: its counts are the queries' rows, small ones hidden, and its groups add up to them."""

from __future__ import annotations

from collections import Counter

import pandas as pd
import pytest

from analysis import SECOND_ROADS
from dashboards import data
from dashboards.coverage import GROUP_WORDS, by_group, counts
from graphmodel.settings import settings
from reports import findings_coverage
from reports.gaps import KINDS
from reports.words import COVERAGE_KINDS
from tests.dashboard.conftest import LAST, Partnership
from tests.dashboard.test_dashboard import opened, title, words


def rows_of(home: Partnership, kind: str) -> pd.DataFrame:
    return SECOND_ROADS[kind](home.tables, LAST, settings())


def test_each_count_is_the_rows_of_its_query_or_hidden(at_home: Partnership) -> None:
    found = data.held()
    shown = counts(found, LAST).set_index("kind")
    assert set(shown.index) == set(KINDS) == set(COVERAGE_KINDS)
    limit, active = settings().disclosure.suppress_up_to, data.counts(found, LAST)["active_tacs"]
    for kind, row in shown.iterrows():
        real = len(rows_of(at_home, str(kind)))
        if row["suppressed"]:
            rest = active - real if KINDS[str(kind)].of_tacs else 0
            assert 1 <= real <= limit or 1 <= rest <= limit
            assert pd.isna(row["cases"])
        else:
            assert row["cases"] == real
            assert not 1 <= real <= limit
    assert not shown["suppressed"].all()


@pytest.mark.parametrize("kind", ["overdue_reviews", "tacs_without_lead"])
def test_days_late_fall_into_the_right_group(at_home: Partnership, kind: str) -> None:
    column = KINDS[kind].group
    days = rows_of(at_home, kind)[column]
    naive = Counter(
        "up to 30 days"
        if n <= 30
        else "31 to 90 days"
        if n <= 90
        else "91 to 180 days"
        if n <= 180
        else "more than 180 days"
        for n in days
    )
    frame = by_group(data.held(), kind, LAST)
    assert set(frame["group"]) == set(naive)
    for group, cases, hidden in zip(frame["group"], frame["cases"], frame["suppressed"], strict=True):
        assert hidden or cases == naive[group]


def test_the_agency_of_an_overdue_action_is_its_owners(at_home: Partnership) -> None:
    rows = rows_of(at_home, "overdue_actions")
    names = at_home.tables.table("agencies").set_index("agency_id")["name"]
    naive = Counter(
        names.get(a, "no post") if isinstance(a, str) else "no post" for a in rows["home_agency_id"]
    )
    frame = by_group(data.held(), "overdue_actions", LAST)
    assert set(frame["group"]) == set(naive)
    kept = frame[~frame["suppressed"]]
    assert len(kept)
    assert dict(zip(kept["group"], kept["cases"], strict=True)) == {g: naive[g] for g in kept["group"]}


def test_no_group_gives_a_small_count_away(at_home: Partnership) -> None:
    """What is hidden in a table adds up to more than a small count, or to a total that is hidden itself."""
    found, limit = data.held(), settings().disclosure.suppress_up_to
    totals = counts(found, LAST).set_index("kind")["suppressed"]
    for kind in KINDS:
        frame = by_group(found, kind, LAST)
        assert not frame.loc[~frame["suppressed"], "cases"].between(1, limit).any()
        hidden = int(frame["suppressed"].sum())
        assert hidden != 1 or totals[kind]
        assert KINDS[kind].group in GROUP_WORDS
    assert at_home.home.exists()


def test_the_title_names_the_most_serious_gap(at_home: Partnership) -> None:
    test = opened("coverage")
    assert title(test) == str(findings_coverage.coverage(counts(data.held(), LAST)))
    said = words(test)
    for heading in COVERAGE_KINDS.values():
        assert heading in said
    assert at_home.home.exists()


def test_an_agency_chosen_shows_only_its_rows(at_home: Partnership) -> None:
    found = data.held()
    agency = next(a for ids in by_group(found, "overdue_actions", LAST)["agencies"] for a in ids if a)
    test = opened("coverage", agency=[agency])
    table = next(t.value for t in test.dataframe if list(t.value.columns) == ["Home agency", "Cases"])
    assert set(table["Home agency"]) == {found.agency_names[agency]}
    assert at_home.home.exists()


def test_nothing_found_and_few_found_are_said() -> None:
    none = pd.DataFrame({"kind": ["overdue_reviews", "tacs_without_lead"], "cases": [0.0, 0.0]})
    assert findings_coverage.coverage(none).severity == "fine"
    few = none.assign(cases=[float("nan"), 0.0])
    assert "c: suppressed" in str(findings_coverage.coverage(few))
    serious = none.assign(cases=[40.0, float("nan")])
    assert str(findings_coverage.coverage(serious)).startswith("A few (c) TACs have nobody to lead")
    assert findings_coverage.coverage(none.iloc[:0]).severity == "unknown"
