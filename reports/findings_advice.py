"""Findings about advice: what a number of handovers would change, and what no handover can mend.

Frames are the curve of `analysis.advice`, as `reports.masking_overload` lets it be shown.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import pandas as pd

from reports.findings import Finding
from reports.masking_overload import unhelped_shown
from reports.words import SUPPRESSED, count, listed, number, per_cent

VERDICT_WORDS: Final = {
    "waiting": "could be helped by more handovers",
    "fte": "need more FTE (nobody else in their teams has room)",
    "training": "have somebody with room in a team, who is not trained",
    "kept": "have teams that stay where they are (by statute, at the statutory threshold, by the family's "
    "choice, for a long relationship, or for want of the right role)",
}
SHORT_VERDICT: Final = {
    "waiting": "more handovers would help",
    "fte": "more FTE",
    "training": "training",
    "kept": "teams must stay",
}


GOAL_WORDS: Final = (
    "the overload could not be less",
    "the agencies' shares could not be nearer to fair",
    "it could not be done with lighter handovers",
)


_NOBODY: Final = Finding("advice", "fine", "No lead is above capacity, so no handover is needed for that")


def title(row: pd.Series, before: float | None, unhelped: pd.DataFrame, *, hide_up_to: int = 0) -> Finding:
    """What a point of the curve brings, and for how many no handover helps.

    `row` is a row of the curve (handovers, overloaded, removed, near), `before` the leads overloaded today;
    NaN and None where the count is not shown. The number that is left counts those newly above capacity, and
    not those who no longer lead.
    """
    if before == 0:
        return _NOBODY
    moves, then = int(row["handovers"]), float(row["overloaded"])
    rest = _rest(_of(unhelped, then, hide_up_to)[1].get("fte", 0.0))
    if not moves:
        words = f"Without a handover {count(before, 'lead stays', 'leads stay')} above capacity{rest}"
        return Finding("advice", "watch", words)
    would, off = count(moves, "handover", "handovers"), number(float(row["removed"]))
    today = count(before, "overloaded lead", "overloaded leads")
    if before is None:
        words = f"{would} would take {off} points off {today}"
    elif math.isnan(then) and row.get("near", False):
        words = f"{would} would take {off} points off the {today}, and leave nearly as many ({SUPPRESSED})"
    elif math.isnan(then):
        words = f"{would} would bring the number of overloaded leads from {before:,.0f} down to {SUPPRESSED}"
    elif then >= before:
        words = f"{would} would take {off} points off the {today}, and leave as many above capacity"
    else:
        words = f"{would} would bring the number of overloaded leads from {before:,.0f} down to {then:,.0f}"
    return Finding("advice", "watch", f"{words}{rest}")


def meanwhile(before: float | None) -> Finding:
    """What is known before the curve is worked out; `before` as in `title`, None where it is not shown."""
    if before is None:
        return Finding("advice", "watch", "Working out which handovers would take load off leads")
    if before == 0:
        return _NOBODY
    today = count(before, "lead is", "leads are")
    return Finding(
        "advice", "watch", f"{today} above capacity; which handovers would help is being worked out"
    )


def _rest(fte: float) -> str:
    return f"; {count(fte, 'lead needs', 'leads need')} more FTE" if fte else ""


def curve(rows: pd.DataFrame) -> Finding:
    """How fast the overload falls, and what is left at the end.

    Columns: handovers, overload_points, hoover.
    """
    first, last = rows.iloc[0], rows.iloc[-1]
    total = float(first["overload_points"] - last["overload_points"])
    if len(rows) < 2 or total <= 0:  # noqa: PLR2004
        return Finding("advice", "unknown", "No handover that is allowed would take work off overload")
    removed = first["overload_points"] - rows["overload_points"]
    half = rows[removed >= total / 2].iloc[0]
    part = per_cent(float(removed[half.name] / total))
    some = count(int(half["handovers"]), "handover removes", "handovers remove")
    words = (
        f"{some} {part} of the overload that "
        f"{int(last['handovers']):,} could remove; {number(float(last['overload_points']))} of "
        f"{number(float(first['overload_points']))} points stay"
    )
    return Finding("advice", "watch", words)


def _of(unhelped: pd.DataFrame, over: float, hide_up_to: int) -> tuple[float, dict[str, float]]:
    return unhelped_shown(unhelped["verdict"], over, hide_up_to)


def left(unhelped: pd.DataFrame, over: float | None = None, *, hide_up_to: int = 0) -> str:
    """How many stay above capacity for which reason, in one sentence.

    `over` are the leads above capacity after the handovers, NaN where that is not shown; left out: these.
    """
    if unhelped.empty:
        return "Nobody who leads would be above capacity."
    whole, counts = _of(unhelped, float(len(unhelped)) if over is None else over, hide_up_to)
    parts = [
        f"{SUPPRESSED if math.isnan(counts[name]) else format(counts[name], ',.0f')} {words}"
        for name, words in VERDICT_WORDS.items()
        if name in counts
    ]
    many = count(whole, "lead would stay", "leads would stay")
    return f"{many[:1].upper()}{many[1:]} above capacity: {listed(parts)}."


def certainty(proven: Sequence[bool]) -> str:
    """What is proven of a set of handovers, goal by goal: overload, agencies' shares, weight."""
    if all(proven):
        return "Proven: no other set of at most so many handovers does better."
    if not proven[0]:
        return "The best found in the time given: fewer points above capacity may be possible."
    open_ = [words for words, sure in zip(GOAL_WORDS, proven, strict=True) if not sure]
    return (
        "Proven: no other set of at most so many handovers leaves fewer points above capacity. Not proven in "
        f"the time given: that {listed(open_)}."
    )


def option(row: dict[Any, Any]) -> str:
    """A point of the curve as a choice."""
    moves = count(int(row["handovers"]), "handover", "handovers") if row["handovers"] else "Today"
    over = count(float(row["overloaded"]), "overloaded lead", "overloaded leads")
    if row.get("near", False):
        over = "nearly as many overloaded leads as today"
    return f"{moves}: {number(float(row['overload_points']))} points above capacity, {over}"
