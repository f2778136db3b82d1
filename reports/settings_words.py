"""What each setting means and where it comes from, for those who agree them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

LOCAL: Final = "an example, to agree locally"
_POINTS: Final = f"MG 5.21, TG 4.5 say what the time depends on; the figure is {LOCAL}"
_WIDTH: Final = "a convention of statistics"

WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "version": ("The name of these settings; stands beside every figure", LOCAL),
    "agreed_by": ("Who agreed them", LOCAL),
    "agreed_on": ("The day on which they were agreed", LOCAL),
    "scheme": ("A published scheme of weights they start from", "see `tacgraph schemes`"),
    "lead_term": (
        "What the lead is called on pages and in reports",
        "guidance since 2023: lead practitioner",
    ),
    "allocation_profile": (
        "Who must lead for which status of a child",
        "national: MG Box 1, Annex C; Plymouth: PL",
    ),
    "workload.need_weight": ("Points for leading a small team, by needs level", _POINTS),
    "workload.default_needs_level": ("The needs level where none is on record", LOCAL),
    "workload.supporting_factor": ("Supporting as a part of leading", _POINTS),
    "workload.team_size_free": ("Members of a team that add nothing", _POINTS),
    "workload.team_size_step": ("What each further member adds to a lead", _POINTS),
    "workload.set_up_days": ("Days that setting a team up takes", _POINTS),
    "workload.set_up_factor": ("A lead in those days, times", _POINTS),
    "workload.points_per_fte": ("Points that a full-time post all for case work carries", LOCAL),
    "workload.overload_threshold": ("Part of capacity above which a lead is overloaded", "MG 5.18; " + LOCAL),
    "workload.severe_threshold": ("Part of capacity above which overload is severe", LOCAL),
    "workload.outlier_z": ("Modified z-score from which somebody stands out in their role", _WIDTH),
    "workload.outlier_minimum": ("Fewest in a role for that", _WIDTH),
    "workload.default_tac_share": ("Part of a post for case work where neither post nor role says", LOCAL),
    "workload.newly_qualified_share": (
        "Part of a post that somebody newly qualified can carry; 1: no difference",
        "published schemes: 90 points of 100; " + LOCAL,
    ),
    "workload.tac_share": ("Part of a post for case work, by role", LOCAL),
    "fairness": ("How intervals around shares are drawn", _WIDTH),
    "early_warning": ("How far ahead overload is warned of, and from what", LOCAL),
    "certainty": ("How far weights are varied to see which findings hold", LOCAL),
    "advice": ("What advice on the lead role may propose", "MG 2.10, 3.14 to 3.15; " + LOCAL),
    "costs": ("What hours and pounds a point stands for", "each has its source beside it"),
    "network": ("How the network of collaboration is held against chance", _WIDTH),
    "queries.repeat_window_days": (
        "Days within which a second assessment is a repeat",
        "DU, CAF fact sheet; " + LOCAL,
    ),
    "queries.review_days": ("Days within which a team is reviewed", "TG 2.7; " + LOCAL),
    "queries.transition_days": (
        "Days before the 18th birthday in which a transition is due",
        "MG 3.18, 4.9; " + LOCAL,
    ),
    "queries": ("Defaults and limits of the questions", LOCAL),
    "disclosure.suppress_up_to": (
        "Counts of 1 up to this many are hidden",
        "DfE, children-in-need statistics",
    ),
    "disclosure.days": (
        "Days for which roles that see no rows about children are shown figures",
        "docs/decisions/differencing.md; " + LOCAL,
    ),
    "sources": ("Which source counts where two differ about one fact", LOCAL),
    "about": ("Who runs this installation", "for the accessibility statement"),
    "sign_in": ("What the claims of a sign-in mean here", "docs/sign-in.md"),
    "audit": ("Which looks count as unusual", LOCAL),
    "retention": ("For how long children and the lists of loads are kept", LOCAL),
    "retention.practitioner_years": (
        "Years after which the name of a practitioner who left goes",
        "Limitation Act 1980, section 5; " + LOCAL,
    ),
    "retention.agency_years": ("Years after which an agency that nothing names goes", LOCAL),
    "retention.audit_years": ("Years after which lines of the audit record go", LOCAL),
    "matching": (
        "From which probability records count as one person",
        "docs/decisions/matching.md; " + LOCAL,
    ),
    "engine": ("When the embedded database rests", "technical"),
    "database": ("How long a database that does not answer is waited for", "technical"),
}
ADMINISTRATION: Final = frozenset(
    {"about", "sign_in", "audit", "matching", "retention", "engine", "database"}
)
"""Groups for whoever runs the installation, not for those who agree weights."""


def words_for(name: str) -> tuple[str, str]:
    """Meaning and source of a setting by its dotted name; those of its group where it has none of its own."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        found = WORDS.get(".".join(parts[:length]))
        if found is not None:
            return found
    raise KeyError(name)


def leaves(values: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Every single setting by its dotted name."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from leaves(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", value
