"""The growth curve: its page is what the results say, a slope is a slope, a small run does all steps."""

from __future__ import annotations

import csv
import json
import math
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import growth, growth_chart, growth_england, growth_page
from benchmarks.growth_next import write_next
from tacgraph.example import write_example

AFTER = date(2026, 11, 1)


def results() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(growth_page.RESULTS.read_text(encoding="utf-8"))
    return found


def test_the_page_and_its_picture_are_what_the_results_say() -> None:
    assert growth_page.PAGE.read_text(encoding="utf-8") == growth_page.page(results())
    assert growth_page.PICTURE.read_text(encoding="utf-8") == growth_page.picture(results())


def test_another_result_is_another_page_and_picture() -> None:
    other = results()
    other["sizes"][-1]["steps"]["load"]["processor_seconds"] *= 3
    assert growth_page.page(other) != growth_page.page(results())
    assert growth_page.picture(other) != growth_page.picture(results())


@given(
    st.lists(st.integers(10, 10**7), min_size=2, max_size=6, unique=True),
    st.floats(-1, 3),
    st.floats(1e-3, 1e3),
)
def test_the_exponent_of_a_power_is_its_power(sizes: list[int], power: float, factor: float) -> None:
    points = [(float(x), factor * x**power) for x in sizes]
    assert growth_page.exponent(points) == pytest.approx(power, abs=1e-6)


def test_one_size_has_no_exponent() -> None:
    assert math.isnan(growth_page.exponent([(10.0, 1.0)]))
    assert math.isnan(growth_page.exponent([(10.0, 1.0), (20.0, 0.0)]))


def test_a_picture_has_every_line_that_has_values() -> None:
    drawn = growth_chart.curve({"one": [(10, 1), (100, 9)], "none": [(10, 0)], "two": [(10, 1.1)]}, "Words")
    words = [x.text for x in ET.fromstring(drawn).iter() if x.tag.endswith("text")]  # noqa: S314  (our own)
    assert {"one", "two", "Words"} <= set(words)
    assert "none" not in words
    assert growth_chart.curve({}, "Words").count("<text") == 1


def test_england_costs_what_its_children_cost() -> None:
    largest = [x for x in results()["sizes"] if {"load", "read_slice", "report"} <= set(x["steps"])][-1]
    cost = growth_england.per_child(largest)
    assert cost["rows"] * largest["children"] == pytest.approx(largest["steps"]["example"]["rows"])
    rows = f"{growth_england.CHILDREN * cost['rows'] / 1e6:,.2f}"
    assert rows in growth_england.section([largest])
    assert not growth_england.section([])


def test_a_next_month_changes_so_many_rows_whatever_the_size(tmp_path: Path) -> None:
    for children in (300, 900):
        example = write_example(tmp_path / f"{children}", children=children, seed=1).folder
        counts = write_next(example, tmp_path / f"{children}-next", AFTER, rows=20)
        assert set(counts) == {"children", "memberships", "actions", "statuses"}
        assert all(0 < n <= 20 for n in counts.values())
        assert counts["children"] == 20
    with (tmp_path / "900-next" / "memberships.csv").open(encoding="utf-8") as file:
        assert {row["ended_on"] for row in csv.DictReader(file)} == {AFTER.isoformat()}


def test_a_small_run_measures_its_steps_and_goes_on_where_it_was(tmp_path: Path) -> None:
    steps = ["example", "load", "read_slice", "next_load", "next_slice"]
    asked = ["--sizes", "200", "--work", str(tmp_path / "work"), "--out", str(tmp_path / "growth.json")]
    assert growth.main([*asked, "--steps", *steps]) == 0
    first = json.loads((tmp_path / "growth.json").read_text(encoding="utf-8"))
    (size,) = first["sizes"]
    found = size["steps"]
    assert set(found) == set(steps)
    assert all(step["processor_seconds"] > 0 and step["peak_mb"] > 20 for step in found.values())
    assert found["load"]["rows"]["created"] == found["example"]["rows"]
    changed = found["next_load"]["rows"]["created"] + found["next_load"]["rows"]["updated"]
    assert 0 < changed <= found["next_slice"]["rows_read"] <= changed + 12, "and records of two loads"
    assert found["next_slice"]["rows_read"] < found["read_slice"]["rows_read"]
    assert growth.main([*asked, "--steps", *steps]) == 0
    assert json.loads((tmp_path / "growth.json").read_text(encoding="utf-8"))["sizes"] == first["sizes"]
