"""The table of all queries by all roads, and why the slowest of them are slow."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from benchmarks.timing import Figures

NAMES: Final = {"embedded": "embedded engine", "neo4j": "Neo4j"}
MOST: Final = 3
WHY: Final = {
    "accountability_line": "one path of line managers from one index look-up",
    "agency_fairness": "the points of every team member, as `workload`, and then each post of everybody in a "
    "team with one lead, to find who could have led it: the whole partnership twice over",
    "assessor_leads": "for each assessment of the year the assessor's posts on its day, sorted one by one",
    "collaboration": "every team is taken apart into pairs of agencies, and each pair into its members, to "
    "count people once over all teams: more rows on the way than the graph has memberships",
    "crowded_children": "everybody around every child by two ways, once each, and only then the few children "
    "with many: no index says who is crowded",
    "crowded_schools": "everybody around every child of every school by two ways, each with all posts, "
    "before those of the school itself are left out",
    "duplicate_services": "all active interventions, grouped by child and category",
    "lead_continuity": "each team's spans of lead are sorted and swept in lists, row by row: list work that "
    "a column store does with one sort, and no answer without looking at every team",
    "lead_not_needed": "all active teams with their members, to find those of one",
    "multi_agency_without_tac": "all active interventions, grouped by child and agency",
    "multiple_leads": "all active leads, grouped by child",
    "multiple_tacs": "all active teams, grouped by child",
    "overdue_actions": "all actions not done, and the home post of each owner, sorted one by one",
    "overdue_reviews": "all active teams with their reviews",
    "overlapping_teams": "every pair of teams that share a member: with the square of the teams that one "
    "practitioner is in",
    "overloaded_leads": "the points of every team member, as `workload`, to find the few above the threshold",
    "repeat_assessments": "each assessment of a year against the others of its child, with the assessor's "
    "posts on the day of each",
    "service_directory": "all active interventions, counted by service",
    "sibling_teams": "all active leads with family and home post, to find families with several",
    "statutory_breaches": "the status of each child with a lead, against the profile's rules",
    "tacs_without_lead": "all active teams without an active lead, and their last lead",
    "transitions_due": "all active teams' children, whose 18th birthday is worked out one by one",
    "unsupported_leads": "all active leads with their posts and memberships",
    "untrained_leads": "all active leads with the home post of each",
    "who_works_with": "one child from one index look-up; from the slice all tables that could name it",
    "workload": "every member of every active team, their level of need and all posts: the whole partnership "
    "once, through three groupings",
}


def milliseconds(values: Figures) -> str:
    """`median (fewest to most)`."""
    low, middle, high = (f"{values[name] * 1000:,.1f}" for name in ("min", "median", "max"))
    return f"{middle} ({low} to {high})"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = list(head)
    lines = ["| " + " | ".join(names) + " |", "|---" * len(names) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)]) + "\n"


def table_of(group: Figures) -> str:
    """All queries by Cypher on each engine, from the slice and, where it was measured, by plain pandas."""
    engines = [name for name in NAMES if name in group["read_back_seconds"]]
    pandas = {"pandas": "pandas", "pandas_with_reading": "pandas, read"}
    more = [key for key in pandas if all(key in x for x in group["queries"].values())]
    roads = [*engines, "slice", *more]
    rows = [
        (f"`{name}`", f"{x['rows']:,}", *(milliseconds(x[road]) for road in roads))
        for name, x in group["queries"].items()
    ]
    head = (
        "query, ms",
        "rows",
        *(f"Cypher, {NAMES[e]}" for e in engines),
        "slice",
        *(pandas[k] for k in more),
    )
    read_back = ", ".join(f"{NAMES[e]} {group['read_back_seconds'][e]:.1f} s" for e in engines)
    return (
        f"{group['times']} runs each after one that does not count; the rows of all roads were compared. "
        f"Reading the slice back from the graph, once a load: {read_back}.\n\n" + table(head, rows)
    )


def explained(group: Figures) -> str:
    """The slowest by Cypher, each with its slower engine, the slice beside it, and why."""
    engines = [name for name in NAMES if name in group["read_back_seconds"]]
    medians = {
        name: max((x[engine]["median"], engine) for engine in engines) for name, x in group["queries"].items()
    }
    worst = sorted(medians, key=lambda name: (-medians[name][0], name))[:MOST]
    lines = []
    for name in worst:
        seconds, engine = medians[name]
        held = group["queries"][name]["slice"]["median"]
        lines.append(
            f"- `{name}`: {seconds * 1000:,.0f} ms on {NAMES[engine]}, {held * 1000:,.0f} ms from the slice. "
            f"It needs {WHY[name]}."
        )
    return "\nThe slowest by Cypher:\n\n" + "\n".join(lines) + "\n"
