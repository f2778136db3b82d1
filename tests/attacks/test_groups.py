"""The groups of a count that is hidden: they add up to it, so none of them may be shown."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import cast

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards import coverage, data
from dashboards.data import Held
from graphmodel.settings import settings
from reports.masking import hidden_coverage

DAY = date(2026, 10, 31)
UP_TO = 5


def shown(days: list[int], active: int) -> tuple[set[str], pd.DataFrame]:
    """Whether the TACs without a lead are hidden, and their groups, in a partnership of so many TACs."""
    counts = {"active_tacs": float(active), "without_lead": float(len(days)), "children": float(active)}
    rows = pd.DataFrame({"days_without_lead": days})
    told = SimpleNamespace(settings=settings(), agency_names={}, key="made")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(data, "query", lambda *_: rows)
        patch.setattr(data, "counts", lambda *_: counts)
        frame = coverage.by_group(cast("Held", told), "tacs_without_lead", DAY)
    return hidden_coverage({"tacs_without_lead": float(len(days))}, counts, UP_TO), frame


@given(st.lists(st.sampled_from([3, 45, 120, 400]), min_size=1, max_size=60), st.integers(0, 12))
def test_groups_never_tell_what_the_count_hides(days: list[int], rest: int) -> None:
    hidden, frame = shown(days, len(days) + rest)
    cases = frame["cases"].dropna()
    assert not cases.between(1, UP_TO).any()
    if hidden:
        assert cases.empty
        assert frame["suppressed"].all()


def test_a_count_that_leaves_few_is_not_told_by_its_one_group() -> None:
    hidden, frame = shown([3] * 20, 23)
    assert hidden == {"tacs_without_lead"}
    assert frame["cases"].isna().all()


def test_groups_of_a_count_that_is_shown_stay() -> None:
    hidden, frame = shown([3] * 20 + [45] * 9, 100)
    assert not hidden
    assert sorted(frame["cases"]) == [9.0, 20.0]
