"""When something was last on record about a child or a practitioner, for rules of retention."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final, Literal

from graphmodel.nodes import NODE_BY_LABEL
from graphmodel.store import Store
from loaders.protection.years import day_of

OF: Final[Mapping[str, Mapping[str, tuple[str, str, bool]]]] = {
    "Child": {
        "(n)-[x:HAS_STATUS]->()": ("x.started_on", "x.ended_on", True),
        "(n)-[x:HAS_NEED]->()": ("x.started_on", "x.ended_on", False),
        "(n)-[:HAD_ASSESSMENT]->(x:Assessment)": ("x.started_on", "x.completed_on", False),
        "(x:Tac)-[:FOR_CHILD]->(n)": ("x.opened_on", "x.closed_on", True),
        "(n)-[:RECEIVES]->(x:Intervention)": ("x.started_on", "x.ended_on", True),
    },
    "Practitioner": {
        "(n)-[x:HOLDS_POST]->()": ("x.started_on", "x.ended_on", True),
        "(n)-[x:LEADS]->()": ("x.started_on", "x.ended_on", True),
        "(n)-[x:MEMBER_OF]->()": ("x.started_on", "x.ended_on", True),
        "(n)-[:CARRIED_OUT]->(x:Assessment)": ("x.started_on", "x.completed_on", False),
        "(n)-[:DELIVERS]->(x:Intervention)": ("x.started_on", "x.ended_on", True),
        "(n)-[:OWNS]->(x:Action)": ("x.due_on", "x.done_on", False),
    },
}
"""What hangs on them: first day, last day (null: still running), and whether running on means known now."""


def last_days(
    store: Store, label: Literal["Child", "Practitioner"], on: date
) -> tuple[dict[str, date], set[str]]:
    """The last day of anything about each id, and the ids of whom something runs on that day."""
    last: dict[str, date] = {}
    running: set[str] = set()
    key = NODE_BY_LABEL[label].key
    for pattern, (begin, end, counts) in OF[label].items():
        asked = f"MATCH (n:{label}) MATCH {pattern} RETURN n.{key}, toString({begin}), toString({end})"
        for rows in store.stream(asked):
            for who, first, closed in rows:
                day = day_of(closed) or day_of(first)
                if counts and (closed is None or (day is not None and day > on)):
                    running.add(who)
                if day is not None:
                    last[who] = max(day, last.get(who, day))
    return last, running
