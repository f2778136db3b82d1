"""What a figure over days says."""

from __future__ import annotations

import pandas as pd

from reports.findings import Finding
from reports.words import day_name, number


def over_time(days: pd.DataFrame, head: str) -> Finding:
    """From the first to the last day with a figure: by how much it rose or fell. Columns: day, value."""
    known = days.dropna(subset=["value"])
    if len(known) < 2:  # noqa: PLR2004
        return Finding(
            "over time", "unknown", f"{head}: there are too few days with a figure to show a trend."
        )
    first, last = known.iloc[0], known.iloc[-1]
    then, now = number(float(first["value"]), 2), number(float(last["value"]), 2)
    since, until = (day_name(pd.Timestamp(row["day"]).date()) for row in (first, last))
    if then == now:
        return Finding("over time", "unknown", f"{head}: {now} on {until}, as on {since}.")
    word = "up" if last["value"] > first["value"] else "down"
    return Finding("over time", "unknown", f"{head}: {now} on {until}, {word} from {then} on {since}.")
