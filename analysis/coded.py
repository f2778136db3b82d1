"""The slice as arrays of whole numbers: ids by their rank, dates by their day, intervals half-open.

What a figure needs from the tables is found here once for a slice; a state on one day is then a matter of
milliseconds, so a month is thirty-one of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any, Final
from weakref import WeakKeyDictionary

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from analysis.tables import Slice

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Texts = NDArray[Any]

FAR: Final = 2**40
_EPOCH: Final = date(1970, 1, 1)


def day_number(day: date) -> int:
    """Days since 1 January 1970."""
    return (day - _EPOCH).days


def to_date(number: int) -> date:
    """The day that `day_number` counts."""
    return _EPOCH + timedelta(days=int(number))


@dataclass(frozen=True, eq=False)
class Ids:
    """The ids of one kind in order; a code is an id's place in it, so codes sort as their ids do."""

    arrow: pa.Array
    texts: Texts

    @classmethod
    def of(cls, column: pa.ChunkedArray) -> Ids:
        found = pc.unique(column).drop_null()
        ordered = found.take(pc.sort_indices(found))
        texts: Texts = np.empty(len(ordered), dtype=object)
        texts[:] = ordered.to_pylist()
        return cls(ordered, texts)

    def __len__(self) -> int:
        return len(self.texts)

    def codes(self, column: pa.ChunkedArray) -> Ints:
        """The code of each value, -1 where it is empty or unknown."""
        found = pc.index_in(column, value_set=self.arrow)
        return np.asarray(pc.fill_null(found, -1).to_numpy(zero_copy_only=False), dtype=np.int64)

    def code(self, text: str) -> int:
        """The code of one id, -1 where nobody has it."""
        return int(self.codes(pa.chunked_array([[text]]))[0])

    def named(self, codes: Ints) -> Texts:
        """The id of each code, None for -1."""
        padded: Texts = np.append(self.texts, np.array([None], dtype=object))
        named: Texts = padded[codes]
        return named


@dataclass(frozen=True, eq=False)
class Spans:
    """Intervals between two kinds of things, in the order of the table."""

    left: Ints
    right: Ints
    start: Ints
    end: Ints

    def on(self, day: int) -> Bools:
        """Which are active on a day."""
        active: Bools = (self.start <= day) & (day < self.end)
        return active


def days(column: pa.ChunkedArray, missing: int) -> Ints:
    """Day numbers of a date column, `missing` where it is empty."""
    numbers = pc.fill_null(column.cast(pa.int32()).cast(pa.int64()), missing)
    return np.asarray(numbers.to_numpy(), dtype=np.int64)


def floats(column: pa.ChunkedArray) -> Floats:
    """Numbers of a column, NaN where it is empty."""
    return np.asarray(column.to_numpy(), dtype=np.float64)


def flags(column: pa.ChunkedArray) -> Bools:
    """Truth values of a column, false where it is empty."""
    return np.asarray(pc.fill_null(column, False).to_numpy(), dtype=np.bool_)  # noqa: FBT003


class Coded:
    """A slice's tables by code, each found when it is first asked for: a figure pays for what it uses.

    `role`, `family` and the like are aligned with their ids: a table is in order of its key, as the ids are.
    Safe to share between threads; two that ask at once may both compute, and get the same.
    """

    def __init__(self, tables: Mapping[str, pa.Table]) -> None:
        self._tables = tables

    def but(self, **arrays: Ints | Floats | Bools | Spans) -> Coded:
        """The same with some of its arrays replaced."""
        other = Coded(self._tables)
        unknown = [name for name in arrays if not isinstance(getattr(Coded, name, None), cached_property)]
        if unknown:
            raise TypeError(f"no array is called {unknown[0]}")
        found = {name: value for name, value in vars(self).items() if name != "_tables"}
        vars(other).update(found | arrays)
        return other

    @cached_property
    def agencies(self) -> Ids:
        return Ids.of(self._tables["agencies"]["agency_id"])

    @cached_property
    def practitioners(self) -> Ids:
        return Ids.of(self._tables["practitioners"]["practitioner_id"])

    @cached_property
    def children(self) -> Ids:
        return Ids.of(self._tables["children"]["child_id"])

    @cached_property
    def families(self) -> Ids:
        return Ids.of(self._tables["children"]["family_id"])

    @cached_property
    def tacs(self) -> Ids:
        return Ids.of(self._tables["tacs"]["tac_id"])

    @cached_property
    def role_names(self) -> Ids:
        return Ids.of(self._tables["practitioners"]["role"])

    @cached_property
    def role(self) -> Ints:
        return self.role_names.codes(self._tables["practitioners"]["role"])

    @cached_property
    def newly_qualified_until(self) -> Ints:
        """By practitioner; before every day where they are not newly qualified."""
        return days(self._tables["practitioners"]["newly_qualified_until"], -FAR)

    @cached_property
    def family(self) -> Ints:
        return self.families.codes(self._tables["children"]["family_id"])

    @cached_property
    def tac_child(self) -> Ints:
        return self.children.codes(self._tables["tacs"]["child_id"])

    @cached_property
    def opened(self) -> Ints:
        return days(self._tables["tacs"]["opened_on"], FAR)

    @cached_property
    def closed(self) -> Ints:
        return days(self._tables["tacs"]["closed_on"], FAR)

    @cached_property
    def members(self) -> Spans:
        """Practitioner, TAC."""
        return self._with_tac("memberships")

    @cached_property
    def leads(self) -> Spans:
        """Practitioner, TAC."""
        return self._with_tac("leads")

    @cached_property
    def posts(self) -> Spans:
        """Practitioner, agency."""
        table = self._tables["posts"]
        people = self.practitioners.codes(table["practitioner_id"])
        return _spans(table, people, self.agencies.codes(table["agency_id"]))

    @cached_property
    def fte(self) -> Floats:
        return floats(self._tables["posts"]["fte"])

    @cached_property
    def home(self) -> Bools:
        return flags(self._tables["posts"]["home"])

    @cached_property
    def tac_share(self) -> Floats:
        """NaN where the role's default counts."""
        return floats(self._tables["posts"]["tac_share"])

    @cached_property
    def needs(self) -> Spans:
        """Child, level."""
        table = self._tables["needs"]
        levels = np.asarray(table["level"].to_numpy(), dtype=np.int64)
        return _spans(table, self.children.codes(table["child_id"]), levels)

    @cached_property
    def status_names(self) -> Ids:
        return Ids.of(self._tables["statuses"]["status"])

    @cached_property
    def statuses(self) -> Spans:
        """Child, status."""
        table = self._tables["statuses"]
        children = self.children.codes(table["child_id"])
        return _spans(table, children, self.status_names.codes(table["status"]))

    def _with_tac(self, name: str) -> Spans:
        table = self._tables[name]
        people = self.practitioners.codes(table["practitioner_id"])
        return _spans(table, people, self.tacs.codes(table["tac_id"]))


def _spans(table: pa.Table, left: Ints, right: Ints) -> Spans:
    return Spans(left, right, days(table.column("started_on"), FAR), days(table.column("ended_on"), FAR))


_KNOWN: WeakKeyDictionary[Slice, Coded] = WeakKeyDictionary()


def coded(tables: Slice) -> Coded:
    """The arrays of a slice, made once for it."""
    found = _KNOWN.get(tables)
    if found is None:
        found = _KNOWN[tables] = Coded(tables.arrow)
    return found
