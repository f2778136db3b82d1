"""Handovers counted by pair of agencies and by pair of their kinds, so that neither gives the other away.

A reader holds both tables, every filter of agencies and the number of all handovers at once: so counts are
judged over all of them, before a filter chooses rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from graphmodel.small_counts import suppressed
from reports.suppress import small

PAIR: Final = ("From", "To")
KINDS: Final = ("FromKind", "ToKind")
_FEWEST: Final = 2
_Flags = np.ndarray[tuple[int], np.dtype[np.bool_]]


def summed_up(moves: pd.DataFrame, up_to: int) -> pd.DataFrame:
    """Handovers by pair (From, To), most first, without small counts and what would give them away."""
    each, gone = _judged(moves, PAIR, up_to)
    return _ordered(each[~gone])


def by_kind(moves: pd.DataFrame, up_to: int) -> pd.DataFrame:
    """Handovers by pair of kinds (From, To), as they may stand beside `summed_up`; most first.

    Left out are small counts, those from which a pair that `summed_up` leaves out could be worked out (it is
    the only one of them, or they are few together), and as many others as keep the rest of all from telling
    one. Columns of `moves` besides From and To: FromKind and ToKind, one of each From and To.
    """
    each, gone = _judged(moves, (*PAIR, *KINDS), up_to)
    told = each.assign(pairs=gone.astype(int), held=each["Handovers"].where(gone, 0))
    kinds = told.groupby(list(KINDS), as_index=False)[["Handovers", "pairs", "held"]].sum()
    kept = kinds[~_bare(kinds, up_to)].drop(columns=["pairs", "held"])
    return _ordered(kept.rename(columns=dict(zip(KINDS, PAIR, strict=True))))


def _judged(moves: pd.DataFrame, columns: Sequence[str], up_to: int) -> tuple[pd.DataFrame, _Flags]:
    each = moves.groupby(list(columns), as_index=False).agg(Handovers=("step", "size"))
    return each, np.array(suppressed([int(n) for n in each["Handovers"]], up_to=up_to), dtype=np.bool_)


def _bare(kinds: pd.DataFrame, up_to: int) -> _Flags:
    """Which kinds go: `pairs` of each are left out by agency, and `held` are their handovers."""
    whole, pairs, held = (kinds[name].to_numpy(dtype=int) for name in ("Handovers", "pairs", "held"))
    gone: _Flags = np.array([small(n, up_to) for n in whole], dtype=np.bool_)
    gone |= (pairs > 0) & ((pairs < _FEWEST) | (held <= up_to))
    while gone.any() and (pairs[gone].sum() < _FEWEST or held[gone].sum() <= up_to):
        more = np.flatnonzero(~gone & (pairs > 0))
        if not len(more):
            return np.ones(len(gone), dtype=np.bool_)
        gone[more[whole[more].argmin()]] = True
    return gone


def _ordered(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.sort_values(["Handovers", *PAIR], ascending=[False, True, True], ignore_index=True)
