"""Rows of a query counted by group for a page that may be circulated: small counts hidden, never a child."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from dashboards.data import Held
from graphmodel.small_counts import suppressed


def masked(found: Held, column: str, tally: Mapping[Any, int]) -> pd.DataFrame:
    """A row each group, most cases first: `column`, cases (NaN where suppressed), suppressed.

    Hidden rows stand last and by name, so that their order does not tell which is larger.
    """
    names, plain = list(tally), list(tally.values())
    hidden = suppressed(plain, up_to=found.settings.disclosure.suppress_up_to)
    frame = _frame(column, names, plain, hidden)
    order = ["suppressed", "cases", column]
    return frame.sort_values(order, ascending=[True, False, True], ignore_index=True)


def _frame(column: str, names: Iterable[object], values: list[int], hidden: list[bool]) -> pd.DataFrame:
    shown = [float("nan") if h else float(n) for n, h in zip(values, hidden, strict=True)]
    return pd.DataFrame({column: pd.Series(list(names), dtype=object), "cases": shown, "suppressed": hidden})
