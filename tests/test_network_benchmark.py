"""The benchmark of the network compares before it times, and says what it found."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.network import Different, measure, rows, same

SMALL = Path(__file__).parent / "data" / "small"


def test_the_benchmark_measures_what_it_compared() -> None:
    found = measure(SMALL, 1)
    assert found["practitioners"] == 11
    assert set(found["measures"]) >= {"betweenness", "constraint", "whom each cuts off", "random_networks"}
    text = rows(found)
    assert "| betweenness |" in text
    assert "11 practitioners" in text


def test_different_figures_are_not_timed() -> None:
    with pytest.raises(Different, match="clustering"):
        same("clustering", [1.0, 2.0], [1.0, 2.1])
    with pytest.raises(Different):
        same("clustering", [1.0], [1.0, 2.0])
