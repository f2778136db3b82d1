"""Which counts by locality may be shown beside those of the whole partnership, so that none gives one away.

A reader holds the whole and every locality at once (one address each), so all of them are judged together:
see docs/decisions/differencing.md.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

import numpy as np
import pandas as pd

from graphmodel.small_counts import suppressed
from reports.masking import hidden_counts, hidden_coverage
from reports.suppress import small
from reports.words import COVERAGE_KINDS

SAME: Final = ("without_lead", "tacs_without_lead")
"""One count under two names."""


def hidden_by_place(counts: pd.DataFrame, whole: Mapping[str, float], up_to: int) -> pd.DataFrame:
    """Which counts must not be shown: a flag for each cell of `counts` (a row each locality).

    `whole` has the same counts of the partnership. A cell goes where its locality's own rule hides it;
    where the whole less it is a small count; and, where the localities add up to the whole, with as many
    others as keep it from being worked out. Where the whole itself is hidden, the localities leave it open.
    """
    names = [str(name) for name in counts.columns]
    coverage = [name for name in names if name in COVERAGE_KINDS]
    others = [name for name in names if name not in COVERAGE_KINDS]
    gone_whole = hidden_counts({n: whole[n] for n in others}, up_to)
    gone_whole |= hidden_coverage({n: whole[n] for n in coverage}, whole, up_to)
    forced = pd.DataFrame(data=False, index=counts.index, columns=counts.columns)
    for place, row in counts.iterrows():
        plain = {str(name): float(value) for name, value in row.items()}
        gone = hidden_counts({n: plain[n] for n in others}, up_to)
        gone |= hidden_coverage({n: plain[n] for n in coverage}, plain, up_to)
        gone |= {n for n in names if small(whole[n] - plain[n], up_to) and plain[n] > 0}
        forced.loc[place] = [name in gone for name in names]
    found = forced.apply(lambda flags: _column(counts[flags.name], flags, whole, gone_whole, up_to))
    if set(SAME) <= set(found.columns):
        either = found[list(SAME)].any(axis=1)
        found = found.assign(**dict.fromkeys(SAME, either))
    return found.assign(severe=found["severe"] | found["overloaded"]) if "severe" in found else found


def _column(
    counts: pd.Series, forced: pd.Series, whole: Mapping[str, float], gone: Collection[str], up_to: int
) -> pd.Series:
    """One count over all localities: those forced out, and others with them."""
    name = str(counts.name)
    if counts.sum() != whole[name]:
        # somebody is counted in two localities: nothing adds up, but any of them bounds a hidden whole
        return forced | ((counts > 0) if name in gone else False)
    # whoever is forced out is never enough alone: a stand-in for a small count
    judged = [1 if out else round(value) for out, value in zip(forced, counts, strict=True)]
    if len(counts) == 1:
        return forced
    guard = [1] if name in gone else []
    flags = np.array(suppressed(judged + guard, up_to=up_to)[: len(counts)], dtype=np.bool_)
    return pd.Series(flags & (counts > 0).to_numpy(), index=counts.index)
