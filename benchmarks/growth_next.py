"""The next month's small load: some rows of a made-up authority as they are a month after."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Final

ROWS: Final = 500
"""Rows of each table that the next month changes, whatever the size of the authority."""

Row = dict[str, str]


def write_next(example: Path, out: Path, day: date, rows: int = ROWS) -> dict[str, int]:
    """Write what changed to `out`: rows by table.

    Children who moved, memberships that ended and actions that were done on `day` (updated facts), and
    children in need from then on (new ones). Only so many rows are read as are wanted, up to `rows` each.
    """
    out.mkdir(parents=True)
    stated = day.isoformat()
    changed: dict[str, Callable[[Row], Row | None]] = {
        "children": lambda row: {**row, "locality": "Moved"},
        "memberships": lambda row: None if row["ended_on"] else {**row, "ended_on": stated},
        "actions": lambda row: None if row["done_on"] else {**row, "done_on": stated},
        "statuses": lambda row: {**row, "status": "CIN", "started_on": stated, "ended_on": ""},
    }
    counts = {}
    for table, change in changed.items():
        made = list(islice(_changed(example / f"{table}.csv", change), rows))
        if table == "statuses":
            made = list({row["child_id"]: row for row in made}.values())
        with (out / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(made[0]))
            writer.writeheader()
            writer.writerows(made)
        counts[table] = len(made)
    return counts


def _changed(path: Path, change: Callable[[Row], Row | None]) -> Iterator[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            made = change(row)
            if made is not None:
                yield made
