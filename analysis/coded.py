"""The slice as arrays of whole numbers: ids by their rank, dates by their day, intervals half-open.

What a figure needs from the tables is found here once for a slice; a state on one day is then a matter of
milliseconds, so a month is thirty-one of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
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


@dataclass(frozen=True, eq=False)
class Coded:
    """A slice's tables by code. `roles`, `family` and the like are aligned with their ids."""

    agencies: Ids
    practitioners: Ids
    children: Ids
    families: Ids
    tacs: Ids
    role_names: Ids
    role: Ints
    family: Ints
    tac_child: Ints
    opened: Ints
    closed: Ints
    members: Spans  # practitioner, TAC
    leads: Spans  # practitioner, TAC
    posts: Spans  # practitioner, agency
    fte: Floats
    home: Bools
    tac_share: Floats  # NaN where the role's default counts
    needs: Spans  # child, level
    status_names: Ids
    statuses: Spans  # child, status


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


_KNOWN: WeakKeyDictionary[Slice, Coded] = WeakKeyDictionary()


def coded(tables: Slice) -> Coded:
    """The arrays of a slice, made once for it."""
    found = _KNOWN.get(tables)
    if found is None:
        found = _KNOWN[tables] = _code(tables.arrow)
    return found


def _spans(table: pa.Table, left: Ints, right: Ints) -> Spans:
    return Spans(left, right, days(table.column("started_on"), FAR), days(table.column("ended_on"), FAR))


def _code(tables: dict[str, pa.Table]) -> Coded:
    people, children, tacs = tables["practitioners"], tables["children"], tables["tacs"]
    practitioners, agencies = Ids.of(people["practitioner_id"]), Ids.of(tables["agencies"]["agency_id"])
    child_ids, tac_ids = Ids.of(children["child_id"]), Ids.of(tacs["tac_id"])
    families, roles = Ids.of(children["family_id"]), Ids.of(people["role"])
    posts, needs, statuses = tables["posts"], tables["needs"], tables["statuses"]
    status_names = Ids.of(statuses["status"])

    def with_tac(name: str) -> Spans:
        table = tables[name]
        return _spans(table, practitioners.codes(table["practitioner_id"]), tac_ids.codes(table["tac_id"]))

    return Coded(
        agencies=agencies,
        practitioners=practitioners,
        children=child_ids,
        families=families,
        tacs=tac_ids,
        role_names=roles,
        # a table is in order of its key, as the ids are, so its columns are aligned with the codes
        role=roles.codes(people["role"]),
        family=families.codes(children["family_id"]),
        tac_child=child_ids.codes(tacs["child_id"]),
        opened=days(tacs["opened_on"], FAR),
        closed=days(tacs["closed_on"], FAR),
        members=with_tac("memberships"),
        leads=with_tac("leads"),
        posts=_spans(
            posts, practitioners.codes(posts["practitioner_id"]), agencies.codes(posts["agency_id"])
        ),
        fte=floats(posts["fte"]),
        home=flags(posts["home"]),
        tac_share=floats(posts["tac_share"]),
        needs=_spans(
            needs, child_ids.codes(needs["child_id"]), np.asarray(needs["level"].to_numpy(), dtype=np.int64)
        ),
        status_names=status_names,
        statuses=_spans(
            statuses, child_ids.codes(statuses["child_id"]), status_names.codes(statuses["status"])
        ),
    )
