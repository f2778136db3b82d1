"""Good rows to the graph: look up, create, update; one transaction a batch, all or nothing.

A load that was cut off is mended by running it again: what is there with the same fingerprint is left
alone. Rows with a link to their own table get their fingerprint only together with that link, so that
a node whose link is still missing counts as changed.
"""

from __future__ import annotations

import queue
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, Final, Self

from graphmodel import cypher_load as text
from graphmodel.declare import Link, NodeType, RelationshipType
from graphmodel.errors import EngineError
from graphmodel.nodes import NODE_BY_LABEL
from graphmodel.relationships import TABLES
from graphmodel.store import Store
from loaders.report import TableCounts
from loaders.shape import batches
from loaders.staging import Staging

Row = tuple[Any, ...]
Statement = tuple[str, Mapping[str, Any]]

_AHEAD: Final = 2
WRITERS: Final = {"neo4j": 2, "embedded": 1}
"""Transactions under way at once: the embedded engine refuses some of two writers' (its decision record)."""


class Upsert:
    """One load's writing. In a dry run everything is looked up and nothing written."""

    def __init__(
        self, store: Store, stage: Staging, *, source: str, load_id: str, dry_run: bool = False
    ) -> None:
        self.store, self.stage = store, stage
        self.source, self.load_id, self.dry_run = source, load_id, dry_run
        self.moved_families = False
        self._writers = WRITERS[store.kind]
        self._pool = ThreadPoolExecutor(max_workers=self._writers, thread_name_prefix="load-write")
        self._under_way: deque[Future[None]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let what is under way end: a transaction is whole or not there."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    # -- what every table does -----------------------------------------------------------------------

    def table(self, table: str, counts: TableCounts, advance: Callable[[int], None]) -> None:
        """Load `good_<table>`."""
        declared = TABLES[table]
        if isinstance(declared, RelationshipType):
            self._relationships(declared, counts, advance)
        else:
            self._nodes(table, declared, counts, advance)

    def _send(self, statements: _Statements) -> None:
        """Write one transaction in the background; wait first where too many are under way."""
        if self.dry_run or not statements.given:
            return
        while len(self._under_way) >= self._writers:
            self._under_way.popleft().result()
        self._under_way.append(self._pool.submit(self._write, statements))

    def _settle(self) -> None:
        """Wait until all that was sent is written."""
        while self._under_way:
            self._under_way.popleft().result()

    def _write(self, statements: _Statements) -> None:
        for place, rows in enumerate(self.store.write(statements.given)):
            expected, made = statements.expected.get(place), rows[0][0] if rows else 0
            if expected is not None and made != expected:
                raise EngineError(
                    "the graph",
                    f"took {made} of {expected} facts: something they refer to went away meanwhile",
                    "Run the load again.",
                )

    def _merged(self, sources: Sequence[str] | None) -> list[str]:
        return sorted({*(sources or ()), self.source})

    # -- nodes -----------------------------------------------------------------------------------------

    def _nodes(self, table: str, node: NodeType, counts: TableCounts, advance: Callable[[int], None]) -> None:
        for link in node.links:
            if link.creates_target:
                self._bare_targets(table, link)
        rows = text.layout(node)
        seal = rows.at("fingerprint")
        fresh = not self.store.fetch(text.any_node(node.label))
        late_places = _late_places(node)
        late: list[Row] = []
        for batch in ahead(batches(self.stage, table)):
            known = {} if fresh else self._known_nodes(node, batch)
            create = [row for row in batch if row[0] not in known]
            update = [row for row in batch if row[0] in known and known[row[0]][0] != row[seal]]
            same = [row for row in batch if row[0] in known and known[row[0]][0] == row[seal]]
            claim = [row[0] for row in same if self.source not in known[row[0]][1]]
            statements = _Statements(load_id=self.load_id, sources=[self.source])
            self._create_nodes(node, create, statements)
            self._update_nodes(node, [(*r, self._merged(known[r[0]][1])) for r in update], statements)
            if claim:
                pairs = [[i, self._merged(known[i][1])] for i in claim]
                statements.add(text.claim_nodes(node), len(pairs), pairs=pairs)
            self._send(statements)
            late += [r for r in (*create, *update) if _filled(r, late_places)]
            counts.created += len(create)
            counts.updated += len(update) + len(claim)
            counts.unchanged += len(same) - len(claim)
            advance(len(batch))
        self._settle()
        self._late_links(node, late)

    def _known_nodes(self, node: NodeType, batch: Sequence[Row]) -> dict[str, tuple[str | None, list[str]]]:
        found = self.store.fetch(text.find_nodes(node), {"ids": [row[0] for row in batch]})
        return {key: (fingerprint, sources or []) for key, fingerprint, sources in found}

    def _create_nodes(self, node: NodeType, rows: Sequence[Row], statements: _Statements) -> None:
        """One statement for each combination of links and of being wholly there at once."""
        shape = text.layout(node)
        places = [(link, shape.at(link.column)) for link in shape.links]
        late = _late_places(node)
        kinds: dict[tuple[tuple[Link, ...], bool], list[Row]] = defaultdict(list)
        for row in rows:
            present = tuple(link for link, place in places if row[place] is not None)
            kinds[present, not _filled(row, late)].append(row)
        for (links, sealed), group in kinds.items():
            statements.add(text.create_nodes(node, links, sealed=sealed), len(group), rows=group)

    def _update_nodes(self, node: NodeType, rows: Sequence[Row], statements: _Statements) -> None:
        """New values, and all links anew. Rows carry their list of sources at the end."""
        if not rows:
            return
        shape = text.layout(node)
        seal = shape.at("fingerprint")
        late = _late_places(node)
        unsealed = [(*r[:seal], None, r[-1]) if _filled(r, late) else r for r in rows]
        statements.add(text.update_nodes(node), len(rows), rows=unsealed)
        ids = [row[0] for row in rows]
        for link in (*shape.links, *shape.late):
            statements.add(text.unlink_nodes(node, link), ids=ids)
            self.moved_families = self.moved_families or link.creates_target
        for link in shape.links:
            pairs = [[r[0], r[shape.at(link.column)]] for r in rows if r[shape.at(link.column)] is not None]
            if pairs:
                statements.add(text.link_nodes(node, link), len(pairs), pairs=pairs)

    def _late_links(self, node: NodeType, rows: Sequence[Row]) -> None:
        shape = text.layout(node)
        for start in range(0, len(rows), 5_000):
            part = rows[start : start + 5_000]
            statements = _Statements(load_id=self.load_id)
            for link in shape.late:
                place = shape.at(link.column)
                pairs = [[r[0], r[place]] for r in part if r[place] is not None]
                statements.add(text.link_nodes(node, link), len(pairs), pairs=pairs)
            seals = [[r[0], r[shape.at("fingerprint")]] for r in part]
            statements.add(text.seal_nodes(node), len(seals), pairs=seals)
            self._send(statements)
        self._settle()

    def _bare_targets(self, table: str, link: Link) -> None:
        """Make the nodes that no table states and that links of this table run to (families)."""
        node = NODE_BY_LABEL[link.target]
        cursor = self.stage.db.cursor()
        cursor.execute(f"SELECT DISTINCT {link.column} FROM good_{table} WHERE {link.column} IS NOT NULL")
        fresh = not self.store.fetch(text.any_node(node.label))
        while part := cursor.fetchmany(5_000):
            ids = [row[0] for row in part]
            if not fresh:
                there = {row[0] for row in self.store.fetch(text.find_nodes(node), {"ids": ids})}
                ids = [i for i in ids if i not in there]
            if ids:
                statements = _Statements()
                statements.add(text.create_bare(node), ids=ids)
                self._send(statements)
        cursor.close()
        self._settle()

    # -- relationships ---------------------------------------------------------------------------------

    def _relationships(
        self, rel: RelationshipType, counts: TableCounts, advance: Callable[[int], None]
    ) -> None:
        seal = text.layout(rel).at("fingerprint")
        fresh = not self.store.fetch(text.any_relationship(rel))
        for batch in ahead(batches(self.stage, rel.table)):
            known = {} if fresh else self._known_relationships(rel, batch)
            create = [r for r in batch if _key(rel, r) not in known]
            there = [(r, known[_key(rel, r)]) for r in batch if _key(rel, r) in known]
            update = [(*r, self._merged(s)) for r, (f, s) in there if f != r[seal]]
            claim = [
                (*r[:3], self._merged(s)) for r, (f, s) in there if f == r[seal] and self.source not in s
            ]
            statements = _Statements(load_id=self.load_id, sources=[self.source])
            if update:
                statements.add(text.delete_relationships(rel), rows=[r[:3] for r in update])
                statements.add(text.create_relationships(rel, sources_in_row=True), len(update), rows=update)
            if create:
                statements.add(text.create_relationships(rel), len(create), rows=create)
            if claim:
                statements.add(text.claim_relationships(rel), len(claim), rows=claim)
            self._send(statements)
            counts.created += len(create)
            counts.updated += len(update) + len(claim)
            counts.unchanged += len(there) - len(update) - len(claim)
            advance(len(batch))
        self._settle()

    def _known_relationships(
        self, rel: RelationshipType, batch: Sequence[Row]
    ) -> dict[tuple[str, ...], tuple[str, list[str]]]:
        place = 0 if rel.anchor == "start" else 1
        ids = list({row[place] for row in batch})
        found = self.store.fetch(text.find_relationships(rel), {"ids": ids})
        return {_key(rel, tuple(row)): (row[3], row[4] or []) for row in found}


def _key(rel: RelationshipType, row: Row) -> tuple[str, ...]:
    return (row[0], row[1], row[2]) if rel.end_in_key else (row[0], row[2])


def _late_places(node: NodeType) -> list[int]:
    shape = text.layout(node)
    return [shape.at(link.column) for link in shape.late]


def _filled(row: Row, places: Sequence[int]) -> bool:
    return any(row[place] is not None for place in places)


class _Statements:
    """The statements of one transaction, and how many facts each must come to."""

    def __init__(self, **shared: Any) -> None:
        self._shared = shared
        self.given: list[Statement] = []
        self.expected: dict[int, int] = {}

    def add(self, statement: str, expected: int | None = None, **parameters: Any) -> None:
        if expected is not None:
            self.expected[len(self.given)] = expected
        self.given.append((statement, {**self._shared, **parameters}))


def ahead(parts: Iterator[list[Row]]) -> Iterator[list[Row]]:
    """The same parts, the next ones made ready in a thread while the database works on this one."""
    ready: queue.Queue[list[Row] | BaseException | None] = queue.Queue(maxsize=_AHEAD)
    stopped = threading.Event()

    def offer(item: list[Row] | BaseException | None) -> None:
        while not stopped.is_set():
            try:
                ready.put(item, timeout=0.2)
            except queue.Full:
                continue
            return

    def work() -> None:
        try:
            for part in parts:
                offer(part)
                if stopped.is_set():
                    return
            offer(None)
        except BaseException as fault:  # noqa: BLE001  (handed to the thread that asked)
            offer(fault)

    thread = threading.Thread(target=work, name="load-ahead", daemon=True)
    thread.start()
    try:
        while (item := ready.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stopped.set()
        thread.join()
