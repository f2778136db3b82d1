"""Rows as a catalogue query gives them: order, lists, and missing values.

Rows are in order of all columns from the left, empty values last, lists compared as their `;`-joined
text. Figures that are ordered are compared to nine decimals, as every comparison of figures is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np
import pandas as pd

from analysis.coded import Ids, Ints, Texts

EQUAL: Final = 1e-9
"""Computed figures this near to each other are equal (the measures page, Teams and load)."""
_DECIMALS: Final = 9


def column(values: Iterable[Any]) -> pd.Series:
    """Python values as they are: lists stay lists, dates dates, a missing one is None."""
    held = list(values)
    array: Texts = np.empty(len(held), dtype=object)
    array[:] = held
    return pd.Series(array, dtype=object)


def _comparable(values: pd.Series) -> pd.Series:
    if values.dtype == object:
        return pd.Series([";".join(x) if isinstance(x, list) else x for x in values], dtype=object)
    if values.dtype == np.float64:
        return values.round(_DECIMALS).reset_index(drop=True)
    return values.reset_index(drop=True)


def ordered(frame: pd.DataFrame, first: Sequence[str] = (), *, descending: bool = False) -> pd.DataFrame:
    """The rows in order of all columns, of `first` before all (highest first where `descending`)."""
    if len(frame) <= 1:
        return frame.reset_index(drop=True)
    keys: list[Any] = []
    for name in first:
        rank = _ranked(_comparable(frame[name]))
        missing = rank == np.iinfo(np.int64).max
        keys.append(np.where(missing, rank, -rank) if descending else rank)
    keys.extend(_ranked(_comparable(frame[name])) for name in frame.columns)
    return frame.iloc[np.lexsort(keys[::-1])].reset_index(drop=True)


def _ranked(values: pd.Series) -> Ints:
    codes, _ = pd.factorize(values, sort=True, use_na_sentinel=True)
    return np.where(codes < 0, np.iinfo(np.int64).max, codes).astype(np.int64)


def lists(groups: Ints, members: Ints, ids: Ids, wanted: Ints) -> pd.Series:
    """For each wanted group (in order) the sorted distinct ids of its members; codes below 0 are left out."""
    place = np.searchsorted(wanted, groups)
    known = (members >= 0) & (np.append(wanted, -1)[np.minimum(place, len(wanted))] == groups) & (groups >= 0)
    width = max(len(ids), 1)
    group, member = np.divmod(np.unique(place[known] * width + members[known]), width)
    names = ids.texts[member]
    cuts = np.searchsorted(group, np.arange(len(wanted) + 1))
    return column(names[a:b].tolist() for a, b in pairwise(cuts))


def distinct(groups: Ints, members: Ints) -> tuple[Ints, Ints]:
    """Distinct pairs (group, member) without codes below 0, in order."""
    known = (groups >= 0) & (members >= 0)
    width = int(members.max(initial=0)) + 1
    group, member = np.divmod(np.unique(groups[known] * width + members[known]), width)
    return group, member


def counted(groups: Ints, members: Ints, count: int) -> Ints:
    """How many distinct members each group 0 to `count` - 1 has."""
    return np.bincount(distinct(groups, members)[0], minlength=count).astype(np.int64)
