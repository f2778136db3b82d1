"""A slice brought up to date: after a load only what it changed is read.

Every load records how many rows of each table it created, updated and retired, and every fact names the
load that wrote it last. So a table that no load since then touched stays as it is, of one that only gained
or changed rows those are read, and one that lost rows is read anew.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from analysis.readback import Progress, changed_rows, table_from_graph
from graphmodel.relationships import TABLES
from graphmodel.store import Store

_OTHERS: Final = (
    "MATCH (l:Load) WHERE NOT l.load_id IN $known RETURN l.load_id, l.finished_at, l.outcome, l.counts_json"
)


@dataclass(frozen=True)
class Since:
    """Loads since a slice was read: their ids, the tables they wrote to, those they took rows from."""

    loads: tuple[str, ...]
    written: frozenset[str]
    shortened: frozenset[str]


def since(store: Store, known: Mapping[str, str], ended: Mapping[str, str]) -> Since | None:
    """The loads that are not among the `known` ones; only their records are read.

    `known` and `ended` say when each load ended, by its id: those of a kept slice, and those of the graph.
    None where a load does not say whole what it did, or where a known one is gone: then it is another graph,
    or one that was emptied.
    """
    if known.keys() - ended.keys():
        return None
    as_known = [load_id for load_id, at in known.items() if ended[load_id] == at]
    rows = store.fetch(_OTHERS, {"known": as_known})
    loads, written, shortened = [], set(), set()
    for load_id, finished_at, outcome, counts_json in rows:
        if finished_at is None or outcome not in ("loaded", "refused") or counts_json is None:
            return None
        if outcome == "refused":
            continue
        loads.append(load_id)
        for table, counts in json.loads(counts_json)["tables"].items():
            if table in TABLES and (counts["created"] or counts["updated"]):
                written.add(table)
            if table in TABLES and counts["retired"]:
                shortened.add(table)
    return Since(tuple(loads), frozenset(written), frozenset(shortened))


def brought_up(
    store: Store, before: Mapping[str, pa.Table], changes: Since, progress: Progress | None = None
) -> dict[str, pa.Table]:
    """All tables as the graph holds them now, by what `changes` says was touched since `before`."""
    found = {}
    for done, name in enumerate(TABLES):
        if progress is not None:
            progress(name, done, len(TABLES))
        if name in changes.shortened:
            found[name] = table_from_graph(store, name)
        elif name in changes.written:
            found[name] = changed_rows(store, name, changes.loads, before[name])
        else:
            found[name] = before[name]
    if progress is not None:
        progress("", len(TABLES), len(TABLES))
    return found
