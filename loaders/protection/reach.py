"""Whose records are a child's own: the ids under which it is held, and the nodes that exist for it alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from graphmodel.nodes import NODE_BY_LABEL
from graphmodel.store import Store

LEDGER: Final = "ledger"
LINKS: Final = Path("links") / "links.sqlite"
OWN: Final = {
    "Assessment": "(c)-[:HAD_ASSESSMENT]->(n:Assessment)",
    "Tac": "(n:Tac)-[:FOR_CHILD]->(c)",
    "Intervention": "(c)-[:RECEIVES]->(n:Intervention)",
    "Action": "(c)<-[:FOR_CHILD]-(:Tac)-[:HAS_ACTION]->(n:Action)",
    "Review": "(c)<-[:FOR_CHILD]-(:Tac)-[:HELD_REVIEW]->(n:Review)",
}
"""Label → how its nodes hang on one child: made for it, so their ids lead to it too."""

COLUMNS: Final = {"child_id": "Child"} | {NODE_BY_LABEL[label].key: label for label in OWN}
"""Column of the ledger → the label whose ids it holds: one number may be a child here and a team there."""

OWN_TABLES: Final = (
    ("assessments", "child_id", "Assessment"),
    ("tacs", "child_id", "Tac"),
    ("interventions", "child_id", "Intervention"),
    ("actions", "tac_id", "Action"),
    ("reviews", "tac_id", "Review"),
)
"""Table of the ledger, its column that names the child or the team, and the label of its own ids."""


def aliases(home: Path, children: Sequence[str], kind: str = "child") -> dict[str, list[str]]:
    """Every id of these in the record of links: the id in the graph → all its ids, itself first."""
    found = {child: [child] for child in children}
    path = home / LINKS
    if path.exists():
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            rows = database.execute("SELECT id, stands_for FROM standing WHERE kind = ?", (kind,)).fetchall()
        for id_, stands_for in rows:
            if stands_for in found and id_ not in found[stands_for]:
                found[stands_for].append(id_)
    return found


def own_ids(store: Store, home: Path, children: Sequence[str]) -> dict[str, set[str]]:
    """Label → the ids of what exists for these children alone, in the graph and in the ledger."""
    found = {label: set[str]() for label in OWN}
    for label, pattern in OWN.items():
        key = NODE_BY_LABEL[label].key
        asked = f"UNWIND $ids AS id MATCH (c:Child {{child_id: id}}) MATCH {pattern} RETURN DISTINCT n.{key}"
        found[label].update(row[0] for row in store.fetch(asked, {"ids": list(children)}))
    for table, column, label in OWN_TABLES:
        by = set(children) if column == "child_id" else found["Tac"]
        mine, others, both = _claimed(home, table, column, NODE_BY_LABEL[label].key, by)
        # of what two sources give to two children the graph says whose it is
        found[label] = ((found[label] | mine) - others) | (found[label] & both)
    return found


_Claim = tuple[bool, str, int]
"""Whether a source ended what it stated, when it said so last, and in which load."""


def _claimed(
    home: Path, table: str, column: str, key: str, by: Collection[str]
) -> tuple[set[str], set[str], set[str]]:
    """Ids that these children or teams have, ids that they had and others have now, ids given to both.

    An action may move to another team, a team entered under the wrong child to the right one: each source's
    last word counts, and an ended one only where none stands.
    """
    parts = [
        rows.select([key, column, "source", "gone", "stated_at", "place"])
        for _, rows in ledger_tables(home, table)
        if {key, column} <= set(rows.column_names)
    ]
    if not parts:
        return set(), set(), set()
    rows = pa.concat_tables(parts, promote_options="permissive")
    ours = pc.is_in(rows[column], pa.array(sorted(by), pa.string()))
    ever = pc.unique(rows.filter(ours)[key])
    last: dict[tuple[str, str], tuple[_Claim, bool]] = {}
    for row in rows.append_column("ours", ours).filter(pc.is_in(rows[key], ever)).to_pylist():
        said: _Claim = (not row["gone"], row["stated_at"], row["place"])
        one = (row[key], row["source"])
        if one not in last or said[1:] >= last[one][0][1:]:
            last[one] = (said, row["ours"])
    return _parted(last)


def _parted(last: Mapping[tuple[str, str], tuple[_Claim, bool]]) -> tuple[set[str], set[str], set[str]]:
    claims: dict[str, list[tuple[_Claim, bool]]] = {}
    for (id_, _), claim in last.items():
        claims.setdefault(id_, []).append(claim)
    mine, others, both = set[str](), set[str](), set[str]()
    for id_, every in claims.items():
        newest = max(said for said, _ in every)
        count = {ours for said, ours in every if said[0]} or {o for said, o in every if said == newest}
        (both if len(count) > 1 else mine if count == {True} else others).add(id_)
    return mine, others, both


def mentions(rows: Any, ids: Mapping[str, Collection[str]]) -> Any:
    """Which rows of a ledger's table name one of these ids (by label), as a mask."""
    hit = pa.array([False] * rows.num_rows, pa.bool_())
    for name, label in COLUMNS.items():
        if name in rows.column_names:
            wanted = pa.array(sorted(ids.get(label, ())), pa.string())
            hit = pc.or_(hit, pc.is_in(rows[name], wanted).combine_chunks())
    if "stands_for" in rows.column_names:
        wanted = pa.array(sorted(ids.get("Child", ())), pa.string())
        either = pc.or_(pc.is_in(rows["id"], wanted), pc.is_in(rows["stands_for"], wanted))
        hit = pc.or_(hit, pc.and_(pc.equal(rows["kind"], "child"), either).combine_chunks())
    return hit


def ledger_tables(home: Path, table: str = "*") -> Iterator[tuple[Path, Any]]:
    """The ledger's files (of one table, or all), each with its content."""
    for path in sorted((home / LEDGER).glob(f"*/*/{table}.parquet")):
        yield path, pq.read_table(path)
