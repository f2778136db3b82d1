"""The fairness benchmark runs on a small example, compares its roads, and says what it measured."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from benchmarks.fairness import PLAIN_DRAWS, measure, rows
from tacgraph.example import write_example


def test_it_measures_and_says_so(tmp_path: Path) -> None:
    write_example(tmp_path / "example", children=1_000, seed=1, until=date(2026, 10, 31))
    found = measure(tmp_path / "example", 1, date(2026, 10, 31))
    assert found["plain_draw"]["n"] == PLAIN_DRAWS
    assert found["fairness"]["median"] > 0
    assert found["what_if"]["median"] > 0
    said = rows(found)
    assert "2,000 draws" in said
    assert said.count("|---|---|---|") == 1
