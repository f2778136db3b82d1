"""Every step of the primer on both engines: its Cypher gives the table printed below it."""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path
from typing import Any, Final

import pytest

from graphmodel.access import Viewer
from graphmodel.settings import settings
from graphmodel.store import Store
from loaders import load
from queries.grammar import check_text
from queries.result import text
from tests.primer import PRIMER, Step, steps, value

TESTS: Final = Path(__file__).parent
STEPS: Final = list(steps(PRIMER.read_text(encoding="utf-8")))


def shown(found: Any) -> str:
    """A value as the page prints it: figures to four decimals, lists with room between."""
    if isinstance(found, float):
        return f"{found:.4f}".rstrip("0").rstrip(".")
    return text(found).replace(";", "; ")


def faults(step: Step, store: Store) -> list[str]:
    found = store.read(step.cypher, step.parameters, viewer=Viewer.local("primer"), what="primer")
    rows = [tuple(shown(cell) for cell in row) for row in found.rows]
    if (found.columns, rows) == (step.columns, step.rows):
        return []
    return [f"step {step.number}: found {found.columns} {rows}, the page says {step.columns} {step.rows}"]


def test_every_step_gives_its_table(on_engine: Path) -> None:
    load(TESTS / "data" / "small", home=on_engine)
    with Store.open(on_engine) as store:
        assert [fault for step in STEPS for fault in faults(step, store)] == []


def test_there_are_ten_steps_with_one_block_and_one_table_each() -> None:
    assert [step.number for step in STEPS] == list(range(1, 11))
    page = PRIMER.read_text(encoding="utf-8")
    fences = Counter(re.findall(r"^```(\w+)$", page, re.MULTILINE))
    assert fences["cypher"] == len(STEPS) + page.count("```cypher\n:param")
    for step in STEPS:
        assert step.rows, step.number
        for row in step.rows:
            assert len(row) == len(step.columns), step.number
        assert set(re.findall(r"\$(\w+)", step.cypher)) <= set(step.parameters), step.number
        # what a reader saves as a file, `tacgraph cypher` takes
        assert check_text(step.cypher) == step.cypher.strip(), step.number


def test_the_printed_weights_are_the_default_settings() -> None:
    agreed = settings().workload
    given = STEPS[-1].parameters
    assert given["need_weight"] == {str(level): weight for level, weight in agreed.need_weight.items()}
    assert given["tac_share"] == agreed.tac_share
    inline = set(re.findall(r"(?<![\w.$'])\d+(?:\.\d+)?", STEPS[-1].cypher))
    for number in (agreed.team_size_free, agreed.team_size_step, agreed.set_up_days, agreed.set_up_factor):
        assert str(number) in inline
    for number in (agreed.supporting_factor, agreed.default_needs_level):
        assert str(number) in inline
    assert f"{agreed.points_per_fte:g}" in inline


def test_the_last_step_is_the_workload_of_those_who_lead() -> None:
    with (TESTS / "expected" / "workload.csv").open(encoding="utf-8", newline="") as file:
        wanted = {
            row["practitioner_id"]: (float(row["points"]), float(row["utilisation"]))
            for row in csv.DictReader(file)
            if row["tacs_led"] != "0" and row["utilisation"]
        }
    last = STEPS[-1]
    at = [last.columns.index(name) for name in ("practitioner", "points", "utilisation")]
    printed = {row[at[0]]: (float(row[at[1]]), float(row[at[2]])) for row in last.rows}
    assert printed.keys() == wanted.keys()
    for who, figures in printed.items():
        assert figures == pytest.approx(wanted[who], abs=5e-5), who


def test_a_wrong_table_is_found() -> None:
    page = PRIMER.read_text(encoding="utf-8").replace("| t11 | 2 | 2 |", "| t11 | 3 | 2 |")
    assert [a.number for a, b in zip(steps(page), STEPS, strict=True) if a != b] == [5]


@pytest.mark.parametrize(
    ("written", "meant"),
    [("'c01'", "c01"), ("1.5", 1.5), ("{`1`: 0.5, gp: 2}", {"1": 0.5, "gp": 2}), ("[1, 2]", [1, 2])],
)
def test_values_of_parameter_lines(written: str, meant: Any) -> None:
    assert value(written) == meant
