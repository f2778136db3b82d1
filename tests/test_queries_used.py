"""No query of the catalogue is there for nothing: read from the code and the expected rows."""

from __future__ import annotations

import ast
import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from analysis import ONLY_IN_GRAPH, SECOND_ROADS
from queries import catalogue
from tests.test_queries_catalogue import EXPECTED

ROOT: Final = Path(__file__).resolve().parents[1]
SHOWN_BY: Final = ("dashboards", "reports")


def named_in(folder: str) -> dict[str, list[str]]:
    """Every text of the Python files of a folder, with the files that hold it as a whole."""
    found: dict[str, list[str]] = {}
    for file in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.setdefault(node.value, []).append(str(file.relative_to(ROOT)))
    return found


def rows_expected(name: str) -> int:
    """How many rows a test expects of a query."""
    file = EXPECTED / f"{name}.csv"
    if not file.exists():
        return 0
    with file.open(encoding="utf-8", newline="") as lines:
        return len(list(csv.reader(lines))) - 1


def users(name: str) -> Iterator[str]:
    """Who uses a query: pages and reports that name it, and the test that has rows of it."""
    for texts in SHOWN.values():
        yield from texts.get(name, ())
    if rows_expected(name):
        yield f"tests/expected/{name}.csv"


SHOWN: Final = {folder: named_in(folder) for folder in SHOWN_BY}


def test_every_query_is_used() -> None:
    """By a test with rows of it, by a second road, and by what shows it; all that are not in one message."""
    roads, asked = set(SECOND_ROADS), {path.stem for path in EXPECTED.glob("*.csv")}
    unused = [f"{name}: nobody uses it" for name in catalogue() if not list(users(name))]
    unused += [f"{name}: no test has a row of it" for name in catalogue() if not rows_expected(name)]
    unused += [f"{name}: has no second road" for name in catalogue() if name not in roads | ONLY_IN_GRAPH]
    unused += [f"{name}: is no query" for name in sorted((roads | asked) - set(catalogue()))]
    assert unused == []


def test_a_query_that_nobody_uses_is_found() -> None:
    assert list(users("no_such_query")) == []
    assert rows_expected("no_such_query") == 0


def test_most_queries_stand_on_a_page_or_in_the_report() -> None:
    """The others are reached through the workbench, which lists the whole catalogue (its test says so)."""
    shown = [name for name in catalogue() if any(name in texts for texts in SHOWN.values())]
    assert {"workload", "overloaded_leads", "agency_fairness", "collaboration", "who_works_with"} <= set(
        shown
    )
    assert len(shown) > len(catalogue()) / 2
