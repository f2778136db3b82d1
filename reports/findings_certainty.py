"""How sure a finding is, in words that stand beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from reports import findings
from reports.findings import Finding
from reports.suppress import small
from reports.words import SUPPRESSED, count, per_cent, role_name

EQUAL: Final = 1e-9
RULE_NAMES: Final[Mapping[str, str]] = {
    "supporting_factor": "Supporting instead of leading",
    "team_size_step": "Each team member above the free size",
    "set_up_factor": "Set-up phase",
    "points_per_fte": "Points of a full-time post",
    "default_tac_share": "Case work in a post: any other role",
    "newly_qualified_share": "Capacity of the newly qualified",
    "set_up_days": "Days of the set-up phase",
    "team_size_free": "Team members that add nothing",
    "overload_threshold": "Overloaded above (part of capacity)",
}


def weight_name(name: str) -> str:
    """A weight in words: `need_weight.3` → `Lead at needs level 3`."""
    table, _, key = name.partition(".")
    if table == "need_weight":
        return f"Lead at needs level {key}"
    if table == "tac_share" and key:
        return f"Case work in a post: {role_name(key)}"
    return RULE_NAMES.get(name, name)


def verdict(share: float, robust: float, leaning: float) -> str:
    """The word for a finding that holds in this share of the draws."""
    if share >= robust - EQUAL:
        return "robust"
    return "leaning" if share >= leaning - EQUAL else "depends on the weights"


def leads(over: pd.DataFrame, variation: float, *, hide_up_to: int = 0, hidden: bool = False) -> Finding:
    """How many of the overloaded leads stay so under other weights (column verdict).

    With `hidden` not even how many there are; else neither of the two parts where one has 1 to `hide_up_to`.
    """
    plus = f"± {per_cent(variation)}"
    if hidden:
        return Finding(
            "certainty",
            "fine",
            f"How many leads are above capacity is not shown ({SUPPRESSED}), nor how many of them stay "
            f"above it in nearly every draw of weights {plus}.",
        )
    if over.empty:
        return Finding("certainty", "fine", f"No lead is above capacity, so nothing hangs on weights {plus}.")
    robust, whole = int((over["verdict"] == "robust").sum()), f"of the {len(over):,} leads above capacity"
    rest = len(over) - robust
    stay = f"above it in nearly every draw of weights {plus}"
    if not rest:
        text = f"All {len(over):,} leads above capacity stay {stay}."
    elif small(rest, hide_up_to):
        text = f"All but a few ({SUPPRESSED}) {whole} stay {stay}; the others depend on them."
    elif small(robust, hide_up_to):
        text = f"A few ({SUPPRESSED}) {whole} stay {stay}; the others depend on them."
    else:
        text = f"{robust:,} {whole} stay {stay}; {count(rest, 'depends', 'depend')} on them."
    share = robust / len(over)
    return Finding("certainty", "fine" if share >= 0.5 else "watch", text, 1 - share)  # noqa: PLR2004


def agencies(rows: pd.DataFrame, variation: float) -> Finding:
    """How many agencies stay on their side of a fair share (columns verdict, same_side)."""
    known = rows.dropna(subset=["same_side"])
    plus = f"± {per_cent(variation)}"
    if known.empty:
        return Finding("certainty", "unknown", "No agency's load can be compared with its capacity.")
    robust = int((known["verdict"] == "robust").sum())
    text = (
        f"{robust:,} of {count(len(known), 'agency', 'agencies')} stay on their side of a fair share in "
        f"nearly every draw of weights {plus}."
    )
    return Finding("certainty", "fine", text, 1 - robust / len(known))


def overload_mark(draws: pd.DataFrame, leading: float, overloaded: float, settings: Any) -> tuple[str, str]:
    """The mark of the sentence on overload, and the reason: whether it stays as serious in the draws."""
    word = findings.overload(leading, overloaded).severity
    each = [findings.overload(leading, float(over)).severity for over in draws["overloaded"]]
    share = sum(x == word for x in each) / len(each) if each else 1.0
    low, high = draws["overloaded"].quantile(0.05), draws["overloaded"].quantile(0.95)
    rules = settings.certainty
    up_to = settings.disclosure.suppress_up_to
    ends = [SUPPRESSED if small(round(end), up_to) else f"{end:,.0f}" for end in (low, high)]
    reason = f"as serious in {per_cent(share)} of the draws; {' to '.join(ends)} leads in 90% of them"
    return verdict(share, rules.robust_from, rules.leaning_from), reason


def agency_mark(rows: pd.DataFrame, agency_id: str) -> tuple[str, str] | None:
    """The mark of a sentence that says an agency is above its fair share; None where it is not known."""
    found = rows[rows["agency_id"] == agency_id].dropna(subset=["same_side"])
    if found.empty:
        return None
    row = found.iloc[0]
    return str(row["verdict"]), (
        f"{row['side']} its fair share in {per_cent(float(row['same_side']))} of the draws, "
        f"{row['low']:.2f} to {row['high']:.2f} times in 90% of them"
    )


def inequality_mark(draws: pd.DataFrame, gini: float, settings: Any) -> tuple[str, str]:
    """The mark of the sentence on unevenness: whether it stays on its side of what is worth watching."""
    known = draws["gini"].dropna()
    line = findings.WATCH_GINI
    share = float(((known >= line) == (gini >= line)).mean()) if len(known) else 1.0
    rules = settings.certainty
    reason = f"Gini {known.quantile(0.05):.2f} to {known.quantile(0.95):.2f} in 90% of the draws"
    return verdict(share, rules.robust_from, rules.leaning_from), reason


def clearly_above(rows: pd.DataFrame) -> str | None:
    """The agency that the sentence on disparity names; None where it names none."""
    columns = ["disparity", "disparity_low", "disparity_high"]
    known = rows.dropna(subset=columns)
    above = known[known["disparity_low"] > 1 + EQUAL].sort_values("disparity", ascending=False)
    return None if above.empty else str(above.iloc[0]["agency_id"])


def widest_gap(rows: pd.DataFrame) -> str | None:
    """The agency that the sentence on shares names; None where it names none."""
    known = rows.dropna(subset=["load_share", "capacity_share"])
    gap = known["load_share"] - known["capacity_share"]
    if len(known) <= 1 or gap.abs().max() < findings.NEGLIGIBLE_GAP:
        return None
    return str(known.iloc[int(gap.to_numpy().argmax())]["agency_id"])


def tipping(names: list[str], most: int = 3) -> str:
    """The weights that alone change a finding."""
    said = [weight_name(n) for n in names[:most]]
    more = len(names) - len(said)
    return "; ".join([*said, f"{more} more"] if more else said) or "none alone"
