"""What the tests of Annex A share: its headings, a child protection plan in a line, and what is read."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from loaders.sources.annex_a import read_annex_a
from loaders.sources.made import MadeTable
from tests.loading import KEY

WHO = ("Child Unique ID", "Gender", "Ethnicity", "Date of Birth", "Age")
CASE = ("Allocated Team", "Allocated Worker")
PLAN = ("Child Protection Plan Start Date", "Child Protection Plan End Date")
DAY = dt.date(2020, 3, 14)

Grid = Sequence[Sequence[Any]]


def write_lists(folder: Path, lists: dict[str, Grid], sep: str = ",") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in lists.items():
        with (folder / name).open("w", encoding="utf-8-sig", newline="") as text:
            csv.writer(text, delimiter=sep).writerows(rows)
    return folder


def rows_of(path: Path, table: str) -> list[tuple[str | None, ...]]:
    for found in read_annex_a(path, KEY).tables:
        assert isinstance(found, MadeTable)
        if found.name == table:
            return [cells for _, cells in found.rows]
    return []


def plans(*rows: Sequence[Any], head: Sequence[str] = (*WHO, *PLAN, *CASE)) -> dict[str, Grid]:
    return {"List 7": [head, *rows]}


def plan(child: object, start: object = DAY, end: object = None) -> list[Any]:
    return [child, "a) Male", "a) WBRI", dt.date(2010, 1, 2), 10.2, start, end, "North", "Kim Jones"]
