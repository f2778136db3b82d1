"""Two roads to each figure: the Cypher on both engines, and the tables, on awkward partnerships."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pytest

import queries
from analysis import SECOND_ROADS
from analysis.tables import Slice
from graphmodel.settings import settings
from graphmodel.store import Store
from tests.partnerships import AS_OF, random_partnership
from tests.plain_loader import load_plainly

LOWER: Final[dict[str, dict[str, Any]]] = {
    "crowded_children": {"min_practitioners": 3},
    "crowded_schools": {"min_practitioners": 1},
    "overlapping_teams": {"min_shared": 2},
    "overloaded_leads": {"threshold": 0.3},
    "statutory_breaches": {"profile": "plymouth"},
}


def plain(value: Any) -> Any:
    """A cell of either road as Python has it; missing is None."""
    if isinstance(value, list):
        return value
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, pd.Timestamp):
        return value.date()
    return value.item() if hasattr(value, "item") else value


def alike(one: Any, other: Any) -> bool:
    numbers = isinstance(one, (int, float)) and isinstance(other, (int, float))
    return abs(one - other) < 1e-9 if numbers else bool(one == other)


def difference(found: list[tuple[Any, ...]], wanted: pd.DataFrame) -> str:
    rows = [tuple(plain(x) for x in row) for row in wanted.itertuples(index=False, name=None)]
    if len(rows) != len(found):
        return f"{len(found)} rows by Cypher, {len(rows)} by the tables"
    for row, other in zip(found, rows, strict=True):
        if not all(alike(x, y) for x, y in zip(row, other, strict=True)):
            return f"{row} by Cypher, {other} by the tables"
    return ""


@pytest.mark.parametrize("seed", range(4))
def test_cypher_and_tables_agree(reader: Store, writer: Store, tmp_path: Path, seed: int) -> None:
    as_of: date = AS_OF[seed]
    folder = random_partnership(seed, centre=as_of).write(tmp_path / "in")
    load_plainly(folder, writer, rows_per_transaction=500)
    held = Slice.from_folder(folder)
    children = held.table("children")["child_id"].tolist()
    people = held.table("practitioners")["practitioner_id"].tolist()
    wrong = []
    for name, query in queries.catalogue().items():
        given = dict(LOWER.get(name, {}))
        if name == "who_works_with":
            given["child_id"] = children[seed]
        if name == "accountability_line":
            given["practitioner_id"] = people[-1]
        wanted = SECOND_ROADS[name](held, as_of, settings(), **given)
        assert tuple(wanted.columns) == query.column_names
        found = queries.run(name, store=reader, as_of=as_of, **given)
        told = difference(found.rows.rows, wanted)
        if told:
            wrong.append(f"{name}: {told}")
    assert wrong == []


def test_every_query_has_a_second_road() -> None:
    assert set(SECOND_ROADS) == set(queries.catalogue())
