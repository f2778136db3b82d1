"""`--replace`: what the source no longer has goes, the other sources' facts never.

A row that is rejected still says that the source has its fact, so the fact stays as it was; where rows
could not be read at all, nothing of their table is retired. A fact that others state too only loses this
source's name. A node that facts of other sources refer to stays without a source, and is reported; it
goes with a later replacement, when nothing refers to it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from graphmodel import cypher_load as text
from graphmodel.declare import Link, NodeType, RelationshipType
from graphmodel.nodes import NODE_BY_LABEL
from graphmodel.relationships import TABLES
from graphmodel.store import Store
from loaders.report import TableCounts
from loaders.shape import BATCH_ROWS, key_sql
from loaders.staging import Staging

Counts = dict[str, TableCounts]


class Retirement:
    """One load's taking away, to be run after its upsert."""

    def __init__(
        self,
        store: Store,
        stage: Staging,
        *,
        source: str,
        load_id: str,
        owned: frozenset[str] = frozenset(),
        dry_run: bool = False,
    ) -> None:
        """`source` empty: only nodes that nobody states go. `owned` as for `Upsert`."""
        self.store, self.stage = store, stage
        self.source, self.load_id, self.owned, self.dry_run = source, load_id, owned, dry_run

    def run(self, counts: Counts, advance: Callable[[int], None]) -> None:
        """Relationships with an interval first, then nodes, those that refer before those referred to.

        Rows that stand for another source after this one's were set right by the upsert.
        """
        for table, declared in TABLES.items():
            if isinstance(declared, RelationshipType) and not self.stage.uncertain(table):
                self._relationships(table, declared, counts[table], advance)
        for table, declared in reversed(TABLES.items()):
            if isinstance(declared, NodeType) and not self.stage.uncertain(table):
                self._nodes(table, declared, counts[table], advance)

    def _write(self, statement: str, name: str, rows: Sequence[Any]) -> None:
        for start in range(0, len(rows), BATCH_ROWS):
            if not self.dry_run:
                part = rows[start : start + BATCH_ROWS]
                self.store.write([(statement, {name: part, "load_id": self.load_id})])

    def _relationships(
        self, table: str, rel: RelationshipType, counts: TableCounts, advance: Callable[[int], None]
    ) -> None:
        self.stage.run("CREATE OR REPLACE TABLE stated (a VARCHAR, b VARCHAR, c VARCHAR, others VARCHAR)")
        for part in self.store.stream(text.stated_relationships(rel), {"source": self.source}):
            others = ["\x1f".join(sorted(set(r[3]) - {self.source})) for r in part]
            columns = {name: [r[i] for r in part] for i, name in enumerate("abc")}
            self.stage.insert("stated", {**columns, "others": others})
            advance(len(part))
        names = dict(zip((rel.start[1], rel.end[1], "started_on"), "abc", strict=True))
        same = " AND ".join(f"g.{column} = {names[column]}" for column in rel.key_columns)
        gone = self.stage.rows(
            f"SELECT a, b, c, others FROM stated ANTI JOIN raw_{table} g ON {same} "
            f"{self._restated(table, same)} ORDER BY a, b, c"
        )
        retire = [list(row[:3]) for row in gone if not row[3]]
        shared = [[*row[:3], row[3].split("\x1f")] for row in gone if row[3]]
        self._write(text.retire_relationships(rel), "rows", retire)
        self._write(text.claim_relationships(rel), "rows", shared)
        counts.retired += len(gone)

    def _nodes(self, table: str, node: NodeType, counts: TableCounts, advance: Callable[[int], None]) -> None:
        self.stage.run("CREATE OR REPLACE TABLE stated (id VARCHAR, others VARCHAR, mine BOOLEAN)")
        for part in self.store.stream(text.stated_nodes(node), {"source": self.source}):
            others = ["\x1f".join(sorted(set(r[1]) - {self.source})) for r in part]
            mine = [self.source in r[1] for r in part]
            self.stage.insert("stated", {"id": [r[0] for r in part], "others": others, "mine": mine})
            advance(len(part))
        gone = self.stage.rows(
            f"SELECT id, others, mine FROM stated ANTI JOIN raw_{table} g ON {key_sql(node, 'g.')} = id "
            f"{self._restated(table, f'g.{node.key} = id')} ORDER BY id"
        )
        shared = [[i, others.split("\x1f")] for i, others, _ in gone if others]
        self._end_nodes(node, shared, {i: mine for i, others, mine in gone if not others}, counts)

    def _restated(self, table: str, same: str) -> str:
        """SQL: leave those out that stand for others and that the upsert took this source's name off."""
        return f"ANTI JOIN stood_{table} g ON {same}" if self.source in self.owned else ""

    def _end_nodes(
        self, node: NodeType, shared: list[list[Any]], candidates: dict[str, bool], counts: TableCounts
    ) -> None:
        """`candidates` go where nothing refers to them; true where a source's name is on them still."""
        kept = self._still_needed(node, list(candidates))
        doomed = [i for i in candidates if i not in kept]
        self._write(text.claim_nodes(node), "pairs", shared)
        self._write(text.claim_nodes(node), "pairs", [[i, []] for i in kept if candidates[i]])
        self._write(text.retire_nodes(node), "ids", doomed)
        counts.retired += len(doomed) + len(shared)
        counts.kept += sum(candidates[i] for i in kept)

    def unstated(self, counts: Counts, advance: Callable[[int], None]) -> None:
        """Take out the nodes that nobody states and, by now, nothing refers to."""
        for table, declared in reversed(TABLES.items()):
            if isinstance(declared, NodeType):
                self._nodes(table, declared, counts[table], advance)

    # -- facts by their key ----------------------------------------------------------------------------

    def emptied(self, counts: Counts, advance: Callable[[int], None]) -> None:
        """Take out the facts whose keys stand in `empty_<table>`: no source states them any more.

        In a replacement those that still bear its source's name are `run`'s.
        """
        for table, declared in TABLES.items():
            if isinstance(declared, RelationshipType):
                self._emptied_relationships(table, declared, counts[table], advance)
        for table, declared in reversed(TABLES.items()):
            if isinstance(declared, NodeType):
                found = []
                for part in self._keys(table, declared.key):
                    found += self.store.fetch(text.find_nodes(declared), {"ids": [row[0] for row in part]})
                    advance(len(part))
                rows = [
                    (i, self._others(sources), bool(sources)) for i, _, sources in found if self._due(sources)
                ]
                shared = [[i, others] for i, others, _ in rows if others]
                self._end_nodes(
                    declared, shared, {i: m for i, others, m in rows if not others}, counts[table]
                )

    def _emptied_relationships(
        self, table: str, rel: RelationshipType, counts: TableCounts, advance: Callable[[int], None]
    ) -> None:
        anchor = rel.start[1] if rel.anchor == "start" else rel.end[1]
        retire: list[list[Any]] = []
        shared: list[list[Any]] = []
        place = [(rel.start[1], rel.end[1], "started_on").index(c) for c in rel.key_columns]
        for part in self._keys(table, anchor, *rel.key_columns):
            keys = {tuple(row[1:]) for row in part}
            ids = list({row[0] for row in part})
            for row in self.store.fetch(text.find_relationships(rel), {"ids": ids}):
                if tuple(row[i] for i in place) in keys and self._due(row[4]):
                    others = self._others(row[4])
                    (shared if others else retire).append([*row[:3], others] if others else row[:3])
            advance(len(part))
        self._write(text.retire_relationships(rel), "rows", retire)
        self._write(text.claim_relationships(rel), "rows", shared)
        counts.retired += len(retire) + len(shared)

    def _keys(self, table: str, *columns: str) -> list[list[tuple[Any, ...]]]:
        rows = self.stage.rows(f"SELECT {', '.join(columns)} FROM empty_{table} ORDER BY ALL")
        return [rows[start : start + BATCH_ROWS] for start in range(0, len(rows), BATCH_ROWS)]

    def _due(self, sources: Sequence[str] | None) -> bool:
        return not self.source or self.source not in (sources or ())

    def _others(self, sources: Sequence[str] | None) -> list[str]:
        return sorted(set(sources or ()) - self.owned)

    def _still_needed(self, node: NodeType, ids: list[str]) -> set[str]:
        """Those that a fact of another row refers to, and what they in turn refer to within their type.

        In a dry run none: what now refers to them may be about to go, so the counts say at most how many.
        """
        if self.dry_run:
            return set()
        asked = text.referenced_nodes(node)
        kept: set[str] = set()
        referring: dict[str, set[str]] = {i: set() for i in ids}
        for start in range(0, len(ids), BATCH_ROWS):
            part = {"ids": ids[start : start + BATCH_ROWS]}
            if asked is not None:
                kept.update(row[0] for row in self.store.fetch(asked, part))
            for link in text.layout(node).late:
                for target, other in self.store.fetch(text.late_links(node, link), part):
                    referring[target].add(other)
        fallen = {i for i in ids if i not in kept}
        while needed := {i for i in fallen if referring[i] - fallen}:
            fallen -= needed
        return {i for i in ids if i not in fallen}


def retire_childless(store: Store) -> int:
    """Take out families without children; how many."""
    gone = 0
    for declared in TABLES.values():
        for link in declared.links if isinstance(declared, NodeType) else ():
            if link.creates_target and isinstance(declared, NodeType):
                gone += _retire_unlinked(store, declared, link)
    return gone


def _retire_unlinked(store: Store, node: NodeType, link: Link) -> int:
    target, total = NODE_BY_LABEL[link.target], 0
    while True:
        rows = store.write(text.retire_childless(target, link, node.label), limit=BATCH_ROWS)[0]
        gone = int(rows[0][0]) if rows else 0
        total += gone
        if gone < BATCH_ROWS:
            return total
