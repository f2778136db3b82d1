"""What stands, to the graph: look up, create, update; one transaction a batch, all or nothing.

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
from dataclasses import dataclass, field
from operator import itemgetter
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

Held = tuple[str | None, list[str]]
"""Fingerprint and sources of a fact in the graph."""

_PART: Final = "\x1f"
_SOURCES: Final = -2
_STATED: Final = -1
"""Places behind the values of a row: `shape.batches`."""
_AHEAD: Final = 2
WRITERS: Final = {"neo4j": 2, "embedded": 1}
"""Transactions under way at once: the embedded engine refuses some of two writers' (its decision record)."""


@dataclass
class Changes:
    """Rows of a batch by what they mean to the graph; `claimed` ones change who states the fact."""

    created: list[Row] = field(default_factory=list)
    updated: list[Row] = field(default_factory=list)
    claimed: list[Row] = field(default_factory=list)
    same: list[Row] = field(default_factory=list)


class Upsert:
    """One load's writing. In a dry run everything is looked up and nothing written."""

    def __init__(
        self,
        store: Store,
        stage: Staging,
        *,
        load_id: str,
        owned: frozenset[str] = frozenset(),
        ends: bool = False,
        dry_run: bool = False,
    ) -> None:
        """`owned` sources have their name on a fact only where a row says so; others' names stay.

        `ends`: rows that no file states are there because a source no longer has them, and count as retired.
        """
        self.store, self.stage = store, stage
        self.load_id, self.owned, self.ends, self.dry_run = load_id, owned, ends, dry_run
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
        """Load `stood_<table>`."""
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

    def _sources(self, row: Row, held: Sequence[str] | None = ()) -> list[str]:
        """Who states a fact: those that its row names, and those that the ledger may not know of."""
        return sorted({*filter(None, row[_SOURCES].split(_PART)), *(set(held or ()) - self.owned)})

    def _count(self, counts: TableCounts, made: Changes) -> None:
        """Rows of the files by what became of them; of other rows those that changed."""
        for row in made.created:
            counts.created += 1 if row[_STATED] or not self.ends else 0
            counts.retired += 1 if self.ends and not row[_STATED] else 0
        for row in (*made.updated, *made.claimed):
            counts.updated += 1 if row[_STATED] or not self.ends else 0
            counts.retired += 1 if self.ends and not row[_STATED] and row[_SOURCES] else 0
            counts.kept += 1 if self.ends and not row[_STATED] and not row[_SOURCES] else 0
        counts.unchanged += sum(row[_STATED] for row in made.same)

    def _sort_out(
        self, batch: Sequence[Row], known: Mapping[Any, Held], key: Callable[[Row], Any], seal: int
    ) -> Changes:
        made = Changes()
        for row in batch:
            held = known.get(key(row))
            if held is None:
                made.created.append(row)
            elif held[0] != row[seal]:
                made.updated.append(row)
            elif self._sources(row, held[1]) != held[1]:
                made.claimed.append(row)
            else:
                made.same.append(row)
        return made

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
            made = self._sort_out(batch, known, itemgetter(0), seal)
            statements = _Statements(load_id=self.load_id)
            self._create_nodes(node, made.created, statements)
            updates = [(*r[: seal + 1], self._sources(r, known[r[0]][1])) for r in made.updated]
            self._update_nodes(node, updates, statements)
            if made.claimed:
                pairs = [[r[0], self._sources(r, known[r[0]][1])] for r in made.claimed]
                statements.add(text.claim_nodes(node), len(pairs), pairs=pairs)
            self._send(statements)
            late += [r for r in (*made.created, *made.updated) if _filled(r, late_places)]
            self._count(counts, made)
            advance(len(batch))
        self._settle()
        self._late_links(node, late)

    def _known_nodes(self, node: NodeType, batch: Sequence[Row]) -> dict[str, Held]:
        found = self.store.fetch(text.find_nodes(node), {"ids": [row[0] for row in batch]})
        return {key: (fingerprint, sources or []) for key, fingerprint, sources in found}

    def _create_nodes(self, node: NodeType, rows: Sequence[Row], statements: _Statements) -> None:
        """One statement for each combination of links and of being wholly there at once."""
        shape = text.layout(node)
        places = [(link, shape.at(link.column)) for link in shape.links]
        late = _late_places(node)
        kinds: dict[tuple[tuple[Link, ...], bool, str], list[Row]] = defaultdict(list)
        for row in rows:
            present = tuple(link for link, place in places if row[place] is not None)
            kinds[present, not _filled(row, late), row[_SOURCES]].append(row[:_SOURCES])
        for (links, sealed, sources), group in kinds.items():
            statement = text.create_nodes(node, links, sealed=sealed)
            statements.add(statement, len(group), rows=group, sources=_listed(sources))

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
        cursor.execute(f"SELECT DISTINCT {link.column} FROM stood_{table} WHERE {link.column} IS NOT NULL")
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
            made = self._sort_out(batch, known, lambda row: _key(rel, row), seal)
            held = {id(r): self._sources(r, known[_key(rel, r)][1]) for r in (*made.updated, *made.claimed)}
            statements = _Statements(load_id=self.load_id)
            if made.updated:
                update = [(*r[: seal + 1], held[id(r)]) for r in made.updated]
                statements.add(text.delete_relationships(rel), rows=[r[:3] for r in update])
                statements.add(text.create_relationships(rel, sources_in_row=True), len(update), rows=update)
            for sources, rows in _by_sources(made.created).items():
                statements.add(text.create_relationships(rel), len(rows), rows=rows, sources=_listed(sources))
            if made.claimed:
                claim = [(*r[:3], held[id(r)]) for r in made.claimed]
                statements.add(text.claim_relationships(rel), len(claim), rows=claim)
            self._send(statements)
            self._count(counts, made)
            advance(len(batch))
        self._settle()

    def _known_relationships(
        self, rel: RelationshipType, batch: Sequence[Row]
    ) -> dict[tuple[str, ...], Held]:
        place = 0 if rel.anchor == "start" else 1
        ids = list({row[place] for row in batch})
        found = self.store.fetch(text.find_relationships(rel), {"ids": ids})
        return {_key(rel, tuple(row)): (row[3], row[4] or []) for row in found}


def _listed(sources: str) -> list[str]:
    return sources.split(_PART) if sources else []


def _by_sources(rows: Sequence[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[_SOURCES]].append(row[:_SOURCES])
    return found


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
