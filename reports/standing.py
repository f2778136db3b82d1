"""What must be said of the loads behind a report: one failed, was refused or cut off, or came too early."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from graphmodel.store import Store
from reports.words import day_name

OUTCOMES: Final = {
    "failed": "failed",
    "refused": "was refused, because its rows have faults",
    "running": "is running, or was cut off",
}
LOADS: Final = (
    "MATCH (l:Load) RETURN l.load_id, coalesce(l.source, ''), coalesce(l.outcome, 'running'), l.finished_at "
    "ORDER BY coalesce(l.started_at, ''), l.load_id"
)


def standing(store: Store, last_of_month: date) -> list[str]:
    """Sentences for page one: each source whose latest load did not succeed, or was too early for the month.

    Nothing to say of a graph without load records.
    """
    latest: dict[str, tuple[str, str]] = {}
    loaded: dict[str, date] = {}
    for load_id, source, outcome, finished_at in store.fetch(LOADS):
        latest[source] = (load_id, outcome)
        if outcome == "loaded" and finished_at:
            loaded[source] = datetime.fromisoformat(finished_at).date()
    said = [
        f"The latest load of the source {source or 'without a name'} "
        f"{OUTCOMES.get(outcome, 'did not end well')} (load {load_id}): what it would have brought is "
        "missing from these figures, or only partly in them."
        for source, (load_id, outcome) in sorted(latest.items())
        if outcome != "loaded"
    ]
    said += [
        f"The data of the source {source or 'without a name'} are late: it was last loaded on "
        f"{day_name(day)}, before the month was over. What happened after is not in these figures."
        for source, day in sorted(loaded.items())
        if day <= last_of_month
    ]
    return said
