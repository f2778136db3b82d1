"""What all parts of the generator share: the calendar, the draw, the tables and the list of plants."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from tacgraph.example import sizes

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]

OPEN: Final = 10**7
"""A day beyond all calendars: the interval still runs."""
EPOCH: Final = date(1970, 1, 1)
RUN_UP: Final = 300


def day_of(when: date) -> int:
    return (when - EPOCH).days


def iso(day: int) -> str:
    return (EPOCH + timedelta(days=int(day))).isoformat()


@dataclass
class World:
    """The authority being made: its size, its days (whole days since 1970) and its one source of chance."""

    children: int
    seed: int
    until: int
    since: int
    rng: np.random.Generator = field(init=False)
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    planted: list[tuple[str, str, str, str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)

    @property
    def run_up(self) -> int:
        """The day from which cases are drawn, early enough for a settled stock at `since`."""
        return self.since - RUN_UP

    @property
    def size(self) -> float:
        """The authority's size as a multiple of the median one."""
        return self.children / sizes.MEDIAN_CHILDREN

    @property
    def localities(self) -> int:
        return max(1, round(self.children / sizes.CHILDREN_PER_LOCALITY))

    @property
    def plants(self) -> int:
        """How many plants of each kind."""
        return max(1, round(self.size * sizes.PLANTS_IN_MEDIAN))

    def days(self, column: Ints) -> Texts:
        """ISO texts of `column`; empty where the day lies beyond `until` for being `OPEN`."""
        known = column[column < OPEN]
        if not known.size:
            return np.full(len(column), "", dtype=object)
        first, last = int(known.min()), int(known.max())
        calendar = np.arange(first, last + 1).astype("datetime64[D]")
        texts = np.append(np.datetime_as_string(calendar).astype(object), "")
        return texts[np.where(column < OPEN, column - first, len(texts) - 1)]

    def ended(self, column: Ints) -> Ints:
        """End days as known on `until`: what has not ended by then still runs."""
        return np.where(column > self.until, OPEN, column)

    def add(self, table: str, columns: dict[str, Any]) -> None:
        """Append rows to a table; plants come after the background."""
        rows = pd.DataFrame(columns)
        known = self.tables.get(table)
        self.tables[table] = rows if known is None else pd.concat([known, rows], ignore_index=True)

    def plant(
        self, kind: str, ids: dict[str, str | list[str]], what: str, since: int, to: int | None = None
    ) -> None:
        """List one planted case: its key ids as `name=a|b;name=c`, in words, and its days."""
        text = ";".join(f"{name}={v if isinstance(v, str) else '|'.join(v)}" for name, v in ids.items())
        self.planted.append((kind, text, what, iso(since), "" if to is None else iso(to)))


def numbered(prefix: str, count: int, width: int, first: int = 1) -> Texts:
    """`count` identifiers such as C000001."""
    return np.array([f"{prefix}{number:0{width}d}" for number in range(first, first + count)], dtype=object)


def flags(column: Bools) -> Texts:
    """`true`/`false` as the format writes them."""
    return np.where(column, "true", "false").astype(object)
