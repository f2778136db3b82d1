"""The tables of a slice under change: intervals ended, rows added, and a new slice made of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pandas as pd
import pyarrow as pa

from analysis.readback import SCHEMAS
from analysis.tables import Slice
from graphmodel.relationships import TABLES


@dataclass(eq=False)
class Draft:
    """What a scenario makes of a slice as of `day`; only tables that are asked for are copied.

    `freed` lists the leads that a change ended, as (TAC, practitioner); `notes` says in a sentence each what
    was done.
    """

    base: Slice
    day: date
    seed: int
    frames: dict[str, pd.DataFrame] = field(default_factory=dict)
    freed: list[tuple[str, str]] = field(default_factory=list)
    newcomers: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def frame(self, name: str) -> pd.DataFrame:
        """A table as it stands after the changes so far."""
        if name not in self.frames:
            self.frames[name] = self.base.table(name).copy()
        return self.frames[name]

    def active(self, name: str) -> pd.Series:
        """Which rows of a table of intervals (or of `tacs`) are active on the day."""
        frame, at = self.frame(name), pd.Timestamp(self.day)
        starts, ends = ("opened_on", "closed_on") if name == "tacs" else ("started_on", "ended_on")
        return (frame[starts] <= at) & (frame[ends].isna() | (frame[ends] > at))

    def end(self, name: str, rows: pd.Series) -> None:
        """End the intervals of some rows on the day: from it on they are not active."""
        self.frame(name).loc[rows, "ended_on"] = pd.Timestamp(self.day)

    def add(self, name: str, rows: Sequence[dict[str, Any]]) -> None:
        """Add rows; one with the key of a row at hand replaces it. Columns left out are missing."""
        if not rows:
            return
        frame = self.frame(name)
        keys = list(TABLES[name].key_columns)
        table = pa.Table.from_pylist(list(rows), schema=SCHEMAS[name])
        new = table.to_pandas(date_as_object=False)
        wanted = pd.MultiIndex.from_frame(new[keys])
        kept = frame[~pd.MultiIndex.from_frame(frame[keys]).isin(wanted)]
        self.frames[name] = pd.concat([kept, new], ignore_index=True) if len(kept) else new

    def free_id(self, name: str, prefix: str) -> Iterable[str]:
        """Ids that no row of the table has: prefix-1, prefix-2, ..."""
        column = TABLES[name].key_columns[0]
        known, number = set(self.frame(name)[column]), 0
        while True:
            number += 1
            if (made := f"{prefix}-{number}") not in known:
                yield made

    def drawn(self, ids: Iterable[str], count: int) -> list[str]:
        """`count` of the ids by chance, the same for the same seed: in order of the SHA-256 of `seed:id`."""
        return sorted(ids, key=lambda x: hashlib.sha256(f"{self.seed}:{x}".encode()).digest())[:count]

    def slice(self) -> Slice:
        """The slice as changed; the base itself where nothing was."""
        if not self.frames:
            return self.base
        tables = {}
        for name, frame in self.frames.items():
            schema = SCHEMAS[name]
            columns = [pa.Array.from_pandas(frame[c.name], type=c.type, safe=False) for c in schema]
            keys = [(column, "ascending") for column in TABLES[name].key_columns]
            tables[name] = pa.table(columns, schema=schema).sort_by(keys).combine_chunks()
        return self.base.replaced(tables)
