"""The six figures of the overview, and the month's findings in order of weight."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, Literal

import streamlit as st

from dashboards import coverage, data
from dashboards.data import Held
from dashboards.duplication import WHAT_TO_DO
from dashboards.shown import agencies, duplicates, headline
from reports import findings, findings_coverage
from reports.findings import Finding
from reports.suppress import small
from reports.words import LITTLE, NOT_DEFINED, SUPPRESSED, per_cent

DeltaColor = Literal["normal", "inverse", "off"]
MOST_FINDINGS: Final = 7


@dataclass(frozen=True)
class Figure:
    """One figure of a day; `value` is None where it is undefined or, with `hidden`, suppressed.

    A change of a count by 1 to `little` is said as "within" that many, as in the report.
    """

    label: str
    value: float | None
    help: str
    style: Literal["count", "share"] = "count"
    better: DeltaColor = "off"
    hidden: bool = False
    little: int = 0

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
        if self.style == "count" and small(abs(gap), self.little):
            return LITTLE.format(up_to=self.little)
        words = f"{100 * gap:+.1f} points" if self.style == "share" else f"{gap:+,.0f}"
        return words if words.strip("+-0. points") else "no change"

    def show(self, before: Figure) -> None:
        """Draw it with its change."""
        change = self.change(before)
        still = change is not None and not change.startswith(("+", "-"))
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


def figures(found: Held, day: date, locality: str | None = None) -> dict[str, Figure]:
    """The six figures of a day, by name: counts of a locality, parts of the whole partnership."""
    counts, limit = headline(found, day, locality), found.settings.workload.overload_threshold
    now = data.trend(found, day).iloc[-1]
    kinds = duplicates(found, day, WHAT_TO_DO, locality)
    doubled = None if kinds["suppressed"].any() else float(kinds["cases"].sum())
    used = float(now["utilisation"])
    up_to = found.settings.disclosure.suppress_up_to
    # load is never cut by locality, so these stand for the whole beside a locality's counts
    of_all = "" if locality is None else " (all localities)"

    def counted(label: str, name: str, words: str, better: DeltaColor) -> Figure:
        return Figure(label, counts[name], words, "count", better, hidden=counts[name] is None, little=up_to)

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
            f"Capacity in use{of_all}",
            None if math.isnan(used) else used,
            "All workload points over all capacity of the partnership.",
            "share",
        ),
        "move": Figure(
            f"Lead work out of place{of_all}",
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
            little=up_to,
        ),
    }


def month_findings(found: Held, day: date, locality: str | None = None) -> list[Finding]:
    """The findings of a day in sentences, most serious first; of a locality those that count its cases."""
    counts, rows = headline(found, day, locality), agencies(found, day)
    gini = data.fair(found, day).gini
    counted = [
        findings.overload(counts["leading"], counts["overloaded"], counts["severe"]),
        # said after shares and overload, however many: most gaps are few and have a page of their own
        replace(findings_coverage.coverage(coverage.counts(found, day, locality)), weight=0.0),
        findings.duplication(duplicates(found, day, WHAT_TO_DO, locality)),
    ]
    if locality is not None:
        return findings.ranked(counted)
    said = [
        *counted,
        findings.disparity(rows),
        findings.load_share(rows),
        findings.inequality(data.lorenz(found, day), math.nan if gini is None else gini),
    ]
    return findings.ranked(said)[:MOST_FINDINGS]


GUIDE: Final = {
    "Which agency carries more than its share, and is it chance?": "Fairness",
    "Who is about to break, why, and since when?": "Overload",
    "What could we move, and what would that change?": "Advice",
    "What if two posts go, or the schools close?": "What if",
    "What is done twice?": "Duplication",
    "Which child has nobody, or the wrong one, to lead?": "Coverage",
    "Is it getting better?": "Trends",
    "Who works with whom, and who holds it together?": "Network",
    "Would other weights say the same?": "How sure",
}


def guide() -> None:
    """For a first visit: which question has its answer on which page."""
    with st.expander("New here? Which question has its answer on which page"):
        st.markdown("\n".join(f"- {question} **{page}**" for question, page in GUIDE.items()))
        st.markdown(
            "The pickers above hold for every page: the day asked for and the agencies shown. They are in "
            "the address too, so a view can be sent. At the foot of each page stand what its figures are, "
            "the weights they were made with, and the query behind them."
        )
