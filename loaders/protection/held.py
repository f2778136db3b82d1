"""Everything that is held about one child, with its sources: for a subject access request (TG 2.11-2.14)."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from graphmodel.access import Viewer
from graphmodel.audit_log import AuditLog
from graphmodel.driver_values import plain
from graphmodel.errors import QueryError
from graphmodel.nodes import NODE_BY_LABEL
from graphmodel.relationships import TABLES
from graphmodel.store import Store
from loaders.backup.graph import Shape, shapes
from loaders.protection.reach import COLUMNS, aliases, ledger_tables, mentions, own_ids
from loaders.record import LOADS, now

_PARTS: Final = re.compile(r"[;,|=\s]+")
OF_CHILDREN: Final = frozenset(
    name
    for name, declared in TABLES.items()
    if {"child_id", "tac_id"} & set(declared.columns) or name == "children"
)
WITHOUT: Final = frozenset({"name", "fingerprint"})
"""Properties left out: names of practitioners and agencies' names are other people's; digests say nothing."""


def everything_about(home: Path, child: str, viewer: Viewer) -> dict[str, Any]:
    """All that the graph, the ledger, the identity store, the lists of loads and the audit record hold.

    Sections: `graph` (records and relations, with sources and load), `ledger` (what each source ever stated),
    `identity` (what record linkage keeps), `lists` (rows that were rejected or looked odd), `looks` (who
    looked at the child's record). Practitioners appear by id, role and agency, not by name. Values are plain,
    dates ISO text. The audit record holds this look.

    Raises `AccessRefused` (no right, no reason); `QueryError` for an id that nothing holds.
    """
    viewer.must_see_children()
    ids = aliases(home, [child])[child]
    with Store.open(home) as store:
        own = own_ids(store, home, ids)
        mine = {"Child": set(ids), **own}
        graph = _graph(store, mine)
        looks = [e for e in store.audit.entries() if set(ids) & set(_PARTS.split(str(e.get("about", ""))))]
        found = {
            "about": child,
            "also_known_as": ids[1:],
            "made_at": now(),
            "graph": graph,
            "ledger": _ledger(home, mine),
            "identity": _identity(home, ids),
            "lists": _lists(home, mine),
            "looks": [{k: e[k] for k in ("at", "who", "role", "reason", "what") if k in e} for e in looks],
        }
        if not (graph["records"] or found["ledger"] or found["identity"]):
            raise QueryError(f"child {child!r}", "is not held here", "Check the id.")
        rows = len(graph["records"]) + len(graph["relations"])
        AuditLog(home).record(viewer, "subject access", about=f"child_id={child}", rows=rows)
    return found


def _graph(store: Store, mine: dict[str, set[str]]) -> dict[str, list[dict[str, Any]]]:
    records = []
    for label, ids in mine.items():
        key = NODE_BY_LABEL[label].key
        asked = f"UNWIND $ids AS id MATCH (n:{label} {{{key}: id}}) RETURN properties(n)"
        records += [{"record": label, **_plain(row[0])} for row in store.fetch(asked, {"ids": sorted(ids)})]
    relations = []
    for shape in shapes():
        for end in ("a", "b"):
            label = shape.start if end == "a" else shape.end
            # an own record's link to the child is found once, from its start
            if shape.type and label in mine and not (end == "b" and shape.start in mine):
                relations += _relations(store, shape, end, sorted(mine[label]))
    return {"records": records, "relations": relations}


def _relations(store: Store, shape: Shape, end: str, ids: Sequence[str]) -> list[dict[str, Any]]:
    a, b = NODE_BY_LABEL[shape.start].key, NODE_BY_LABEL[shape.end].key
    label, key = (shape.start, a) if end == "a" else (shape.end, b)
    role = {"a": "b", "b": "a"}[end]
    asked = (
        f"UNWIND $ids AS id MATCH ({end}:{label} {{{key}: id}}) MATCH (a:{shape.start})-[r:{shape.type}]->"
        f"(b:{shape.end}) RETURN a.{a}, b.{b}, properties(r), {role}.role"
    )
    return [
        {
            "relation": shape.type,
            "from": row[0],
            "to": row[1],
            **({"role": row[3]} if row[3] else {}),
            **_plain(row[2]),
        }
        for row in store.fetch(asked, {"ids": list(ids)})
    ]


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value if isinstance(value, str | int | float | bool | list) else str(value)
        for name, value in ((k, plain(v)) for k, v in sorted(values.items()))
        if name not in WITHOUT and value is not None
    }


def _ledger(home: Path, mine: Mapping[str, Collection[str]]) -> list[dict[str, Any]]:
    found = []
    for path, rows in ledger_tables(home):
        for row in rows.filter(mentions(rows, mine)).to_pylist():
            held = {k: v for k, v in row.items() if v is not None and k not in WITHOUT}
            found.append({"table": path.stem, **held})
    return found


def _identity(home: Path, ids: Sequence[str]) -> list[dict[str, Any]]:
    if not (home / "identity").exists():
        return []
    from loaders.matching.identities import IdentityStore  # noqa: PLC0415  (few installations keep one)

    records = IdentityStore(home).records("child")
    theirs: list[dict[str, Any]] = records.filter(
        pc.is_in(records["id"], pa.array(list(ids), pa.string()))
    ).to_pylist()
    return theirs


def _lists(home: Path, mine: Mapping[str, Collection[str]]) -> list[dict[str, str]]:
    """Rows that name the child or its own records: by the column rejected, or in a table about children."""
    old = {id_ for ids in mine.values() for id_ in ids}
    found = []
    for path in sorted((home / LOADS).glob("*/*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                column, table = row.get("column") or "", row.get("table")
                by_column = (row.get("value") or "") in mine.get(COLUMNS.get(column, ""), ())
                by_table = table in OF_CHILDREN and bool(old & set(_PARTS.split(row.get("ids") or "")))
                if by_column or by_table:
                    found.append({"load": path.parent.name, "list": path.stem, **row})
    return found
