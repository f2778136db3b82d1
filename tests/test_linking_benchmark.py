"""The comparison of record linkage: its scores by hand, and a small run of every way."""

from __future__ import annotations

import pandas as pd
import pytest

from benchmarks.linking import WAYS, Records, made_up, measure, rules_alone, scores


def two_lists() -> Records:
    one = pd.DataFrame(
        {
            "child_id": ["a1", "a2", "a3"],
            "first_name": ["Amber", "Birch", "Cedar"],
            "last_name": ["Ash", "Bay", "Clay"],
            "birth_date": ["2010-01-01", "2011-01-01", "2012-01-01"],
            "nhs_number": ["9434765919", "", ""],
        }
    )
    other = one.assign(child_id=["b1", "b2", "b3"], first_name=["Amba", "Birch", "Other"])
    truth = {"a1": 1, "b1": 1, "a2": 2, "b2": 2, "a3": 3, "b3": 4}
    return Records("by hand", {"a": one, "b": other}, truth=truth)


def test_scores_by_hand() -> None:
    records = two_lists()
    assert records.pairs() == 2
    assert scores(records, {("a1", "b1"), ("a2", "b2")}) == (1.0, 1.0)
    assert scores(records, {("a1", "b1"), ("a3", "b3")}) == (0.5, 0.5)
    assert scores(records, set()) == (1.0, 0.0)
    assert rules_alone(records) == {("a1", "b1"), ("a2", "b2")}


@pytest.mark.filterwarnings("ignore")
def test_every_way_on_a_small_set() -> None:
    lines = measure([made_up(700)]).splitlines()
    assert len(lines) == 3
    cells = [cell.strip() for cell in lines[2].strip("|").split("|")]
    assert len(cells) == len(WAYS) + 3
    for cell in cells[2:-1]:
        precision, recall = map(float, cell.split(" / "))
        assert 0.5 < precision <= 1.0
        assert 0.2 < recall <= 1.0
