"""Findings: a frame in, a sentence with its numbers out.

The same sentence stands over a chart, on the dashboard and in the report, so that the three cannot
disagree. Frames are those that may be shown: a suppressed figure is missing there and is never
worked around in words. Each function answers for an empty frame too.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeGuard

import pandas as pd

from reports.words import (
    DUPLICATE_KINDS,
    count,
    day_name,
    label,
    number,
    per_cent,
    role_name,
    times,
)

Severity = Literal["serious", "watch", "fine", "unknown"]

SEVERITIES: Final[tuple[Severity, ...]] = ("serious", "watch", "fine", "unknown")

# shares of all leads from which a finding is called serious: ours, said in docs/decisions/report.md
SERIOUS_OVERLOAD: Final = 0.10
SERIOUS_WITHOUT_LEAD: Final = 0.05
SERIOUS_DISPARITY: Final = 1.5
WATCH_GAP: Final = 0.02
SHARP_RISE: Final = 1.5
RISE: Final = 10
WATCH_GINI: Final = 0.4
NEGLIGIBLE_GAP: Final = 0.005
FEWEST_LEADS: Final = 10
BUSIEST: Final = 0.2
EQUAL: Final = 1e-9


@dataclass(frozen=True)
class Finding:
    """One sentence with its numbers, how serious it is, and what it is about."""

    topic: str
    severity: Severity
    sentence: str
    weight: float = 0.0

    def __str__(self) -> str:
        return self.sentence


def ranked(findings: Iterable[Finding]) -> list[Finding]:
    """Most serious first; within a severity by weight, then by topic."""
    return sorted(findings, key=lambda f: (SEVERITIES.index(f.severity), -f.weight, f.topic))


def _unknown(topic: str, sentence: str) -> Finding:
    return Finding(topic, "unknown", sentence)


def load_share(agencies: pd.DataFrame) -> Finding:
    """Who leads more than its share of capacity (columns agency_id, load_share, capacity_share)."""
    known = agencies.dropna(subset=["load_share", "capacity_share"])
    if known.empty:
        return _unknown("fairness", "There is no lead work to share out on this day.")
    gap = known["load_share"] - known["capacity_share"]
    if len(known) == 1:
        only = label(known).iloc[0]
        return _unknown("fairness", f"{only} is the only agency shown, so nothing can be compared.")
    if gap.abs().max() < NEGLIGIBLE_GAP:
        return Finding("fairness", "fine", "Each agency's share of lead work matches its share of capacity.")
    top = int(gap.to_numpy().argmax())
    row = known.iloc[top]
    sentence = (
        f"{label(known).iloc[top]} does {per_cent(row['load_share'])} of the lead work "
        f"with {per_cent(row['capacity_share'])} of the capacity"
    )
    return Finding("fairness", "watch" if gap.max() > WATCH_GAP else "fine", sentence + ".", float(gap.max()))


def disparity(agencies: pd.DataFrame) -> Finding:
    """Which agencies carry clearly more than their share (columns disparity, disparity_low, …_high)."""
    columns = ["disparity", "disparity_low", "disparity_high"]
    if any(c not in agencies for c in columns) or agencies[columns].dropna().empty:
        return _unknown("disparity", "No agency's load can be compared with its capacity on this day.")
    known = agencies.dropna(subset=columns)
    above = known[known["disparity_low"] > 1 + EQUAL].sort_values("disparity", ascending=False)
    below = known[known["disparity_high"] < 1 - EQUAL]
    if above.empty:
        more = f"; {count(len(below), 'carries', 'carry')} clearly less" if len(below) else ""
        text = f"No agency carries clearly more than its share of lead work{more}."
        return Finding("disparity", "fine", text)
    row = above.iloc[0]
    interval = f"(95% interval {row['disparity_low']:.2f} to {row['disparity_high']:.2f})"
    carry = "agencies shown carries" if len(above) == 1 else "agencies shown carry"
    most = "" if len(above) == 1 else " most"
    text = (
        f"{len(above)} of the {len(known)} {carry} clearly more than a fair share of lead work: "
        f"{label(above).iloc[0]}{most}, at {times(row['disparity'])} {interval}."
    )
    severity: Severity = "serious" if row["disparity"] >= SERIOUS_DISPARITY else "watch"
    return Finding("disparity", severity, text, float(row["disparity"]))


def _known(value: float | None) -> TypeGuard[float]:
    return value is not None and not math.isnan(value)


def overload(leading: float | None, overloaded: float | None, severe: float | None = None) -> Finding:
    """How many of the practitioners who lead are above their capacity; None or NaN: suppressed."""
    if leading == 0:
        return _unknown("overload", "Nobody leads a TAC on this day.")
    if overloaded == 0:
        return Finding("overload", "fine", "No lead is above capacity.")
    if not _known(overloaded):
        return Finding("overload", "watch", "A few leads (c: suppressed) are above their capacity.")
    text = f"{count(overloaded, 'lead is', 'leads are')} above capacity"
    share = 0.0
    if _known(leading):
        share = overloaded / leading
        text = f"{overloaded:,.0f} of {leading:,.0f} leads ({per_cent(share)}) are above capacity"
    if _known(severe) and severe > 0:
        text += f", {severe:,.0f} of them severely"
    return Finding("overload", "serious" if share >= SERIOUS_OVERLOAD else "watch", text + ".", share)


def overload_by_role(roles: pd.DataFrame) -> Finding:
    """In which role overload is most common (columns role, leading, overloaded; NaN: suppressed).

    Roles with fewer than `FEWEST_LEADS` leads are no finding: one of one is 100%, and says nothing.
    """
    known = roles.dropna(subset=["leading", "overloaded"])
    known = known[known["leading"] >= FEWEST_LEADS]
    if known.empty:
        return _unknown("overload by role", f"No role with {FEWEST_LEADS} leads or more can be shown.")
    if known["overloaded"].sum() == 0:
        return Finding("overload by role", "fine", "No role shown has leads above their capacity.")
    share = known["overloaded"] / known["leading"]
    row = known.iloc[int(share.to_numpy().argmax())]
    text = (
        f"Overload is most common among leads in the role {role_name(row['role'])}: "
        f"{row['overloaded']:,.0f} of {row['leading']:,.0f} ({per_cent(float(share.max()))})."
    )
    return Finding("overload by role", "watch", text, float(share.max()))


def utilisation(people: pd.DataFrame, threshold: float) -> Finding:
    """How many of the leads listed are above `threshold` (column utilisation: points ÷ capacity)."""
    known = people["utilisation"].dropna()
    above = int((known > threshold + EQUAL).sum())
    if known.empty:
        return _unknown("overload", "No lead with a capacity is listed.")
    if above == 0:
        return Finding("overload", "fine", f"Nobody listed is above {per_cent(threshold)} of capacity.")
    text = f"{count(above, 'lead is', 'leads are')} above {per_cent(threshold)} of capacity"
    text += f"; the highest carries {per_cent(float(known.max()))}."
    return Finding("overload", "watch", text, float(known.max()))


def without_lead(active: float | None, without: float | None) -> Finding:
    """How many active TACs have nobody who leads; None or NaN: suppressed."""
    if active == 0:
        return _unknown("without lead", "No TAC is active on this day.")
    if without == 0:
        return Finding("without lead", "fine", "Every active TAC has a lead.")
    if not _known(without):
        return Finding("without lead", "watch", "A few TACs (c: suppressed) have no lead.")
    share = without / active if _known(active) else 0.0
    part = f" of {active:,.0f} active TACs ({per_cent(share)})" if share else " active TACs"
    severity: Severity = "serious" if share >= SERIOUS_WITHOUT_LEAD else "watch"
    return Finding("without lead", severity, f"{without:,.0f}{part} have no lead.", share)


def inequality(curve: pd.DataFrame, gini: float) -> Finding:
    """How evenly utilisation is spread (columns practitioners, load: cumulated shares, least used first)."""
    if curve.empty or pd.isna(gini):
        return _unknown("inequality", "Too few practitioners with capacity to show how load is spread.")
    at = curve.iloc[(curve["practitioners"] - (1 - BUSIEST)).abs().to_numpy().argmin()]
    part = per_cent(1 - float(at["practitioners"]))
    text = (
        f"The busiest {part} of practitioners carry {per_cent(1 - float(at['load']))} "
        f"of all utilisation (Gini {gini:.2f})."
    )
    return Finding("inequality", "watch" if gini >= WATCH_GINI else "fine", text, float(gini))


def lead_points(frame: pd.DataFrame, by: Literal["role", "sector"]) -> Finding:
    """Which role or sector carries most lead points (columns `by`, lead_points; NaN: suppressed)."""
    known = frame.dropna(subset=["lead_points"])
    total = float(known["lead_points"].sum())
    if known.empty or total == 0:
        return _unknown(f"lead points by {by}", f"No lead points can be shown by {by}.")
    row = known.iloc[int(known["lead_points"].to_numpy().argmax())]
    hidden = len(known) < len(frame)
    of_all = "of the lead points shown" if hidden else "of all lead points"
    part = per_cent(row["lead_points"] / total)
    text = f"{role_name(row[by])}: {part} {of_all}, more than any other {by}."
    return Finding(f"lead points by {by}", "fine", text, float(row["lead_points"] / total))


def most(frame: pd.DataFrame, head: tuple[str, str]) -> Finding:
    """Which row has the highest value (columns label, value; `head`: what they are)."""
    known = frame.dropna(subset=["value"])
    if known.empty:
        return _unknown("rows", f"{head[1]} is known of no row.")
    top = float(known["value"].max())
    first = known[known["value"] == top]
    more = f", as {count(len(first) - 1, 'other', 'others')}" if len(first) > 1 else ""
    value = number(top, 2)
    return Finding("rows", "unknown", f"{head[1]} is highest for {first['label'].iloc[0]}{more}: {value}.")


def duplication(counts: pd.DataFrame) -> Finding:
    """Which kind of duplication is most frequent (columns kind, cases; NaN: suppressed)."""
    if counts.empty:
        return _unknown("duplication", "No kind of duplication was looked for.")
    known = counts.dropna(subset=["cases"])
    if len(known) == len(counts) and known["cases"].sum() == 0:
        return Finding("duplication", "fine", "No duplication of any kind was found.")
    if known.empty or known["cases"].max() == 0:
        return Finding("duplication", "watch", "Few cases of duplication (c: suppressed) were found.")
    row = known.iloc[int(known["cases"].to_numpy().argmax())]
    kind = DUPLICATE_KINDS.get(str(row["kind"]), role_name(row["kind"]))
    text = f"Most frequent duplication: {kind[:1].lower()}{kind[1:]}, {count(row['cases'], 'case', 'cases')}"
    if len(known) == len(counts) and known["cases"].sum() > row["cases"]:
        text += f" of {known['cases'].sum():,.0f} of all kinds"
    text += "."
    return Finding("duplication", "watch", text, float(row["cases"]))


TREND_WORDS: Final[Mapping[str, str]] = {
    "overloaded": "overloaded leads",
    "active_tacs": "active TACs",
    "tacs_without_lead": "TACs without a lead",
}


def trend(months: pd.DataFrame) -> Finding:
    """How overload moved between the first and last month known (columns day, overloaded, …)."""
    for column in ("overloaded", "active_tacs"):
        known = months.dropna(subset=[column]) if column in months else months.iloc[:0]
        if len(known) >= 2:  # noqa: PLR2004
            first, last = known.iloc[0], known.iloc[-1]
            change = float(last[column] - first[column])
            since = day_name(pd.Timestamp(first["day"]).date())
            word = TREND_WORDS[column]
            if change == 0:
                text = f"The number of {word} is as it was on {since}: {number(last[column])}."
                return Finding("trend", "fine", text)
            direction = "risen" if change > 0 else "fallen"
            text = (
                f"The number of {word} has {direction} from {number(first[column])} on {since} "
                f"to {number(last[column])}."
            )
            worse = column == "overloaded" and change > 0
            sharp = worse and change >= RISE and last[column] >= SHARP_RISE * first[column]
            severity: Severity = "serious" if sharp else "watch" if worse else "fine"
            return Finding("trend", severity, text)
    return _unknown("trend", "There are too few months with figures to show a trend.")
