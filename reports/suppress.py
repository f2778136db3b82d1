"""Small counts and all that is derived from them, masked in one frame: as "c" for tables, NaN for charts.

The rule is the one of the Department for Education's children-in-need statistics (counts 1 to 5 are
shown as "c", a second count with them where the first could be worked out, zeros stay); which counts go
is decided by `graphmodel.access.suppressed`, here is decided what goes with them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from graphmodel.small_counts import suppressed


@dataclass(frozen=True)
class Count:
    """A column of counts whose total is known to the reader.

    `shown` says whether the reader can know the total at all; `guarded` that the total itself would give
    away a small count elsewhere, so that at least one of ours must go and the total with it. `days` is how
    many daily counts each value sums up (a mean over a month is masked as the sum over its days, so that
    no fraction is rounded away). `rest` belongs to the total and has no row.
    """

    each: Sequence[float]
    shown: bool = True
    guarded: bool = False
    days: int = 1
    rest: float = 0


@dataclass(frozen=True)
class Rule:
    """Columns that are hidden together, row by row, where one of `counts` must be.

    `within` names rules whose hidden rows are hidden here too: a count that another one bounds.
    """

    columns: tuple[str, ...]
    counts: tuple[Count, ...]
    within: tuple[str, ...] = ()


@dataclass(frozen=True)
class Masked:
    """A frame that may be shown.

    `numbers` has NaN for what was taken out, and `suppressed` where a row lacks something; `hidden` says
    which cells were.
    """

    numbers: pd.DataFrame
    hidden: pd.DataFrame


def small(value: float, up_to: int) -> bool:
    """Whether a count must not be shown by itself: above 0 and not above `up_to`."""
    return bool(0 < value <= up_to)


def _flags(count: Count, up_to: int) -> list[bool]:
    limit = up_to * count.days
    whole = [0 if np.isnan(value) else round(value) for value in count.each]
    # a stand-in for the count elsewhere: small, so that it never suffices alone
    whole += [1] if count.guarded else []
    whole += [round(count.rest)] if count.rest > 0 else []
    return suppressed(whole, up_to=limit, total_shown=count.shown)[: len(count.each)]


def masked(frame: pd.DataFrame, rules: Mapping[str, Rule], *, up_to: int) -> Masked:
    """Apply the rules in order to a frame of counts and figures; rows stay in their order.

    With `up_to` 0 nothing is hidden.
    """
    numbers = frame.reset_index(drop=True).copy()
    hidden = pd.DataFrame(data=False, index=numbers.index, columns=list(numbers.columns))
    rows: dict[str, np.ndarray[tuple[int], np.dtype[np.bool_]]] = {}
    for name, rule in rules.items():
        gone = np.zeros(len(numbers), dtype=np.bool_)
        for count in rule.counts:
            gone |= np.array(_flags(count, up_to), dtype=np.bool_)
        for other in rule.within:
            gone |= rows[other]
        rows[name] = gone
        for column in rule.columns:
            hidden[column] |= gone
            numbers[column] = numbers[column].astype(float).mask(gone)
    numbers["suppressed"] = hidden.any(axis=1)
    return Masked(numbers, hidden)
