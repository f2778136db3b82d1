"""Which counts of leads above capacity may be shown of a state that is only worked out.

Other weights, handovers, a scenario: each has counts that stand beside those of the day, which
`reports.masking.hidden_counts` judges. The reasons are in docs/decisions/differencing.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

from graphmodel.small_counts import suppressed
from reports.masking import hidden_counts
from reports.suppress import small

ABOVE: Final = ("overloaded", "severe")


def hidden_beside(
    today: Mapping[str, float], then: Mapping[str, float], up_to: int, *, changes: bool = False
) -> set[str]:
    """Which counts of `ABOVE` must not be shown of `then`; with `leading` they are held to it too.

    All that is hidden today is hidden whatever `then` has, so that which ones are hidden tells nothing of
    today; else small counts, what leaves a small rest, and (unless `changes` may be told, to whoever sees
    each of them by id) what differs from today by a small count.
    """
    gone, now = hidden_counts(then, up_to), hidden_counts(today, up_to)
    for name in ABOVE:
        if name in now or (not changes and small(abs(then[name] - today[name]), up_to)):
            gone.add(name)
    return gone | {"severe"} if "overloaded" in gone else gone


def near(today: float | None, then: float, up_to: int) -> bool:
    """Whether it may be said that a count is within `up_to` of today's, which is shown."""
    return today is not None and not small(then, up_to) and small(abs(then - today), up_to)


def weights_shown(
    weights: pd.DataFrame, today: Mapping[str, float], up_to: int, *, changes: bool = False
) -> pd.DataFrame:
    """The weights, each alone, with the counts that must not be shown as NaN.

    `near_low`, `near_high`: whether the hidden count may be said to be near today's. Who leaves the list and
    who enters it go together, and where either count beside them is hidden: with these they would add up.
    """
    frame = weights.copy()
    known = None if "overloaded" in hidden_counts(today, up_to) else today["overloaded"]
    bare = pd.Series(data=False, index=frame.index)
    for end in ("low", "high"):
        column = f"overloaded_{end}"
        then = frame[column].astype(float)
        gone = then.map(lambda n: _over_hidden(today, n, up_to, changes=changes))
        frame[f"near_{end}"] = gone & then.map(lambda n: near(known, n, up_to))
        frame[column], bare = then.mask(gone), bare | gone
    moved = frame[["no_longer", "newly"]].astype(float)
    bare |= moved.map(lambda n: small(n, up_to)).any(axis=1)
    frame[["no_longer", "newly"]] = moved.mask(bare)
    return frame


def _over_hidden(today: Mapping[str, float], over: float, up_to: int, *, changes: bool) -> bool:
    then = {"leading": today["leading"], "overloaded": over, "severe": 0.0}
    return "overloaded" in hidden_beside({**today, "severe": 0.0}, then, up_to, changes=changes)


def curve_shown(curve: pd.DataFrame, leading: float, up_to: int, *, changes: bool = False) -> pd.DataFrame:
    """The curve of handovers, its first row today, with the counts that must not be shown as NaN.

    Those brought within capacity and those newly above it go together, and where the count is hidden that
    they make out of today's. `near`: whether the hidden count of leads may be said to be near today's.
    """
    frame = curve.copy()
    rows = [{name: float(row[name]) for name in ABOVE} for row in curve.to_dict(orient="records")]
    first = {"leading": leading, **rows[0]}
    now = hidden_counts(first, up_to)
    gone = [now, *(hidden_beside(first, row, up_to, changes=changes) for row in rows[1:])]
    for name in ABOVE:
        frame[name] = [np.nan if name in g else row[name] for g, row in zip(gone, rows, strict=True)]
    known = None if "overloaded" in now else first["overloaded"]
    frame["near"] = [
        "overloaded" in g and near(known, row["overloaded"], up_to) for g, row in zip(gone, rows, strict=True)
    ]
    moved = frame[["helped", "newly_overloaded"]].astype(float)
    bare = frame["overloaded"].isna() | moved.map(lambda n: small(n, up_to)).any(axis=1)
    frame[["helped", "newly_overloaded"]] = moved.mask(bare)
    return frame


def unhelped_shown(verdicts: pd.Series, over: float, up_to: int) -> tuple[float, dict[str, float]]:
    """Leads whom no handover helps: all, and by verdict; NaN where a count must not be shown.

    `over` are those above capacity after the handovers, NaN where hidden: with it goes their number here.
    """
    counts = {str(name): int(n) for name, n in verdicts.value_counts().items()}
    whole = float(sum(counts.values()))
    bare = bool(np.isnan(over)) or small(whole, up_to) or small(abs(whole - over), up_to)
    gone = suppressed(list(counts.values()), up_to=up_to, total_shown=not bare)
    # where one verdict is left to itself it is the whole
    if bare and len(counts) == 1:
        gone = [True]
    parts = {
        name: np.nan if hidden else float(n) for (name, n), hidden in zip(counts.items(), gone, strict=True)
    }
    if len(counts) > 1 and sum(gone) == 1:
        bare = True
    return np.nan if bare else whole, parts
