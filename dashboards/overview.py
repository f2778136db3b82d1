"""The six figures of the overview, and the month's findings in order of weight."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

import streamlit as st

from dashboards import data
from dashboards.data import Held
from dashboards.duplication import WHAT_TO_DO
from dashboards.shown import agencies, duplicates, headline
from reports import findings
from reports.findings import Finding
from reports.words import NOT_DEFINED, SUPPRESSED, per_cent

DeltaColor = Literal["normal", "inverse", "off"]
MOST_FINDINGS: Final = 7


@dataclass(frozen=True)
class Figure:
    """One figure of a day; `value` is None where it is undefined or, with `hidden`, suppressed."""

    label: str
    value: float | None
    help: str
    style: Literal["count", "share"] = "count"
    better: DeltaColor = "off"
    hidden: bool = False

    def words(self) -> str:
        """The value as people read it."""
        if self.hidden:
            return SUPPRESSED
        if self.value is None:
            return NOT_DEFINED
        return per_cent(self.value) if self.style == "share" else f"{self.value:,.0f}"

    def change(self, before: Figure) -> str | None:
        """Since the figure before, in words; None where either is not shown."""
        if self.value is None or before.value is None or self.hidden or before.hidden:
            return None
        gap = self.value - before.value
        words = f"{100 * gap:+.1f} points" if self.style == "share" else f"{gap:+,.0f}"
        return words if words.strip("+-0. points") else "no change"

    def show(self, before: Figure) -> None:
        """Draw it with its change."""
        change = self.change(before)
        still = change == "no change"
        st.metric(
            self.label,
            self.words(),
            change,
            delta_color="off" if still else self.better,
            delta_arrow="off" if still else "auto",
            help=self.help,
            border=True,
            width=190,
            height="stretch",
        )


def figures(found: Held, day: date) -> dict[str, Figure]:
    """The six figures of a day, by name."""
    counts, limit = headline(found, day), found.settings.workload.overload_threshold
    now = data.trend(found, day).iloc[-1]
    kinds = duplicates(found, day, WHAT_TO_DO)
    doubled = None if kinds["suppressed"].any() else float(kinds["cases"].sum())
    used = float(now["utilisation"])

    def counted(label: str, name: str, words: str, better: DeltaColor) -> Figure:
        return Figure(label, counts[name], words, "count", better, hidden=counts[name] is None)

    return {
        "active": counted("Active TACs", "active_tacs", "Teams Around the Child open on the day.", "off"),
        "without": counted(
            "TACs without a lead", "without_lead", "Open teams in which nobody leads on the day.", "inverse"
        ),
        "overloaded": counted(
            "Leads above capacity",
            "overloaded",
            f"Practitioners who lead and carry more than {limit:.0%} of their capacity.",
            "inverse",
        ),
        "used": Figure(
            "Capacity in use",
            None if math.isnan(used) else used,
            "All workload points over all capacity of the partnership.",
            "share",
        ),
        "move": Figure(
            "Lead work out of place",
            data.fair(found, day).hoover,
            "The part of lead work that would have to move for each agency to carry what its capacity is "
            "(Hoover index); 0% is perfectly fair.",
            "share",
            "inverse",
        ),
        "double": Figure(
            "Signs of duplication",
            doubled,
            "All cases of every kind on the page Duplication, added up.",
            "count",
            "inverse",
            hidden=doubled is None,
        ),
    }


def month_findings(found: Held, day: date) -> list[Finding]:
    """The findings of a day in sentences, most serious first."""
    counts, rows = headline(found, day), agencies(found, day)
    gini = data.fair(found, day).gini
    said = [
        findings.overload(counts["leading"], counts["overloaded"], counts["severe"]),
        findings.without_lead(counts["active_tacs"], counts["without_lead"]),
        findings.disparity(rows),
        findings.load_share(rows),
        findings.inequality(data.lorenz(found, day), math.nan if gini is None else gini),
        findings.duplication(duplicates(found, day, WHAT_TO_DO)),
    ]
    return findings.ranked(said)[:MOST_FINDINGS]
