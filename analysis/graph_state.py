"""What the load records say of the graph's facts: by it a kept slice is known to be fresh or not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from analysis.readback import SCHEMAS
from graphmodel.errors import EngineError
from graphmodel.migrations import RESTORING
from graphmodel.store import Store


@dataclass(frozen=True)
class State:
    """What the graph's load records say: `key` names the facts, None where no load names them.

    `settled` is false while a load is running or was cut off, so that a read may meet half of it.
    `generation` is another one after facts were changed otherwise than by a load. `ended` says when each load
    that is over ended, by its id; two states of the same facts may differ in it.
    """

    key: str | None
    load_id: str | None
    loaded_at: str | None
    settled: bool
    generation: str = ""
    ended: Mapping[str, str] = field(default_factory=dict, compare=False)


_STATE: Final = (
    "MATCH (m:Model) RETURN null AS load_id, null AS finished_at, null AS outcome, 0 AS changed, "
    "null AS started_at, m.generation AS said "
    "UNION ALL MATCH (l:Load) RETURN l.load_id AS load_id, l.finished_at AS finished_at, "
    "l.outcome AS outcome, coalesce(l.rows_created, 0) + coalesce(l.rows_updated, 0) "
    "+ coalesce(l.rows_retired, 0) AS changed, l.started_at AS started_at, l.source AS said"
)


def load_state(store: Store) -> State:
    """What the load records say of the graph's facts: one small query.

    The key names the latest finished load that changed something, or, where a load was cut off or failed,
    the first one finished after it (its rest may be all that was left to do, or nothing). It names the
    generation too, which an erasure or a migration renews. Raises `EngineError` while a backup is restored
    into the graph, which holds a part of it then.
    """
    rows = store.fetch(_STATE)
    generation = str(next((row[5] for row in rows if row[0] is None), None) or "")
    loads = sorted((row for row in rows if row[0] is not None), key=lambda row: (row[4] or "", row[0]))
    ended = {row[0]: row[1] for row in loads if row[1] is not None}
    named: tuple[str, str] | None = None
    settled = True
    for load_id, finished_at, outcome, changed, _, source in loads:
        if source == RESTORING and outcome == "running":
            raise EngineError(
                "the graph", "is being restored from a backup", "Wait; if that was cut off, run it again."
            )
        if finished_at is None or outcome not in ("loaded", "refused"):
            settled = False
        elif outcome == "loaded":
            if changed or not settled:
                named = (load_id, finished_at)
            settled = True
    if named is None:
        return State(None, None, None, settled=settled, generation=generation, ended=ended)
    key = f"{named[0]}-{digest_of(store)}-{generation}"
    return State(key, *named, settled=settled, generation=generation, ended=ended)


def digest_of(store: Store) -> str:
    """Which database and which columns: another database or a newer program does not find this slice."""
    where = (store.kind, store.uri if store.kind == "neo4j" else "", store.database or "")
    columns = {name: str(schema) for name, schema in SCHEMAS.items()}
    return hashlib.sha256(json.dumps([where, columns]).encode()).hexdigest()[:12]
