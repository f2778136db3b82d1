"""What the report says in so many words, and the order of its parts: one text for paper and page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SEVERITY_WORDS: Final = {
    "serious": "Serious",
    "watch": "Watch",
    "fine": "In order",
    "unknown": "Not known",
}
RULE: Final = (
    "Counts from 1 to {up_to} are shown as c, and so is every figure worked out from them. Where one "
    "hidden count could be found by taking the others from a total, a second one is hidden with it. Zeros "
    "are shown. This is the rule of the Department for Education's statistics on children in need."
)
LIMITS: Final = (
    "Points compare practitioners' lead and supporting work by agreed weights. They are not hours, and they "
    "do not judge how well anybody works.",
    "Capacity is what the records of posts say (FTE and the part of the post for this work). Leave, sickness "
    "and other caseloads are not in it.",
    "A disparity says that lead work and capacity are spread differently. It does not say why, and some of "
    "it is the law: a child with a child protection plan or in care must have a social worker.",
    "What was not recorded, or recorded late, is not here. The figures of a month can change when late "
    "records come in.",
    "The 95% intervals say how far shares would move with another draw of TACs. They do not cover errors in "
    "the records.",
)
METHOD: Final = (
    "A TAC is active on a day if it has been opened by then and not closed. Leading a team of three for a "
    "child at needs level 2 is 1 point; a higher level of need, a larger team and the first weeks make it "
    "more, supporting makes it less. Capacity is FTE, times the part of the post that is there for this "
    "work, times the points of a full post. Utilisation is points over capacity, and above the threshold "
    "below a lead is overloaded.",
    "Expected leads are those an agency would have if, in each team, everybody's chance to lead were in "
    "proportion to capacity. Figures at month end are those of its last day; means are over all its days. "
    "Changes are from the last day of the month before, and from that of the same month a year before.",
)


@dataclass(frozen=True)
class Part:
    """A picture or a table of a section, by name; `beside` is the table that says what a picture says."""

    kind: str
    name: str
    beside: str = ""


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it."""

    name: str
    heading: str
    parts: tuple[Part, ...]


SECTIONS: Final = (
    Section(
        "fairness",
        "Fairness: who leads, against capacity",
        (
            Part("picture", "load-against-capacity", "agencies"),
            Part("picture", "disparity", "agencies"),
            Part("picture", "lorenz"),
            Part("table", "fairness"),
        ),
    ),
    Section(
        "overload",
        "Overload: whose load is above capacity",
        (
            Part("picture", "overload-by-role", "roles"),
            Part("table", "roles"),
        ),
    ),
    Section(
        "duplication",
        "Duplication",
        (Part("picture", "duplication", "duplication"), Part("table", "duplication")),
    ),
    Section(
        "coverage",
        "Coverage: children without the cover there should be",
        (Part("picture", "coverage", "coverage"), Part("table", "coverage")),
    ),
    Section("trends", "Trends", (Part("picture", "trend", "trend"), Part("table", "trend"))),
)
ANNEX: Final = (
    "headline",
    "agencies",
    "agencies-compared",
    "agency-means",
    "agency-overload",
    "caseload-teams",
    "parameters",
)
"""The tables that stand in full at the end; those of the workers are in the workbook only."""
