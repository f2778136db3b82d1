"""The as-of slice and the second road to each figure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pandas as pd

from analysis import allocation, coverage, directory, duplication, fairness, workload

SECOND_ROADS: Final[dict[str, Callable[..., pd.DataFrame]]] = {
    road.__name__: road
    for road in (
        workload.workload,
        workload.overloaded_leads,
        fairness.agency_fairness,
        duplication.duplicate_services,
        duplication.repeat_assessments,
        duplication.sibling_teams,
        duplication.multiple_leads,
        duplication.multiple_tacs,
        duplication.overlapping_teams,
        duplication.crowded_children,
        duplication.crowded_schools,
        coverage.multi_agency_without_tac,
        coverage.tacs_without_lead,
        coverage.unsupported_leads,
        coverage.lead_not_needed,
        allocation.statutory_breaches,
        coverage.overdue_reviews,
        coverage.overdue_actions,
        coverage.transitions_due,
        coverage.lead_continuity,
        coverage.assessor_leads,
        coverage.untrained_leads,
        directory.who_works_with,
        directory.accountability_line,
        directory.service_directory,
        directory.collaboration,
    )
}
"""By name of the catalogue query: `road(slice, as_of, settings, **parameters)` gives a frame with the query's
columns and row order; lists are Python lists of text, dates `date`, a missing text None, a missing figure
NaN. It shares no code with the Cypher of that name."""

ONLY_IN_GRAPH: Final = frozenset({"duplicate_identities"})
"""Queries without a second road: they ask for identity numbers, which no slice holds, hashed or not."""
