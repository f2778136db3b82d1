"""One load and the ledger: what it adds, what then stands, and which facts of the graph that concerns.

The order is write-ahead: the part is committed first, then the graph is made to agree, then the part is
marked done. What a load that was cut off left pending, the next load of whatever source completes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self

import pyarrow as pa

from graphmodel import ledger as book
from graphmodel.declare import NodeType
from graphmodel.errors import EngineError
from graphmodel.ledger import Ledger, NewPart, Part, key_names, names, value_names
from graphmodel.relationships import TABLES
from graphmodel.standing import Order, disagreements, quoted, stand
from graphmodel.whole import keep
from graphmodel.whole import references as naming
from loaders.alone import now_after
from loaders.linked_ids import LinkedIds
from loaders.raw import PLACE
from loaders.shape import absent_values, key_sql, same_key, state
from loaders.staging import Staging


class Book:
    """What one load does with the ledger. `source` empty: a load without files, after links changed."""

    def __init__(
        self,
        stage: Staging,
        ledger: Ledger,
        *,
        source: str,
        load_id: str,
        replace: bool,
        links: pa.Table,
        precedence: Sequence[str],
        every: bool = False,
    ) -> None:
        self.stage, self.ledger, self.source, self.load_id = stage, ledger, source, load_id
        self.replace = replace
        # parts are told apart by their instants, so a clock set back must not undo their order
        self.at = now_after(ledger.parts[-1].at if ledger.parts else None)
        self.place = ledger.parts[-1].place + 1 if ledger.parts else 1
        self.order = Order(tuple(precedence))
        settled = ledger.settled()
        self.ids = LinkedIds(stage, ledger, links)
        self.every = every or bool(settled.parts and settled.precedence != tuple(precedence))
        self.placed: int | None = None
        """The place of this load's part, once it is one."""
        self.known: set[str] = set()
        """Tables of which the ledger has current facts."""

    @classmethod
    def without_ledger(cls, stage: Staging, source: str, load_id: str) -> Self:
        """As for the first load of all."""
        nothing = Ledger(stage.folder / "none", ())
        links = book.LINKS.empty_table()
        return cls(stage, nothing, source=source, load_id=load_id, replace=False, links=links, precedence=())

    # -- after the checks of references, table by table -----------------------------------------------------

    def take(self, table: str) -> list[str]:
        """Make `fact_`, `event_`, `stood_` and `empty_<table>` (and the view `good_<table>`).

        `stood_` holds what stands of all facts that this load concerns, `good_` those that its files state,
        `empty_` the keys of those that nobody states any more. What there is to say about it.
        """
        if self.ledger.files(table):
            self.stage.run(f"CREATE TABLE book_{table} AS SELECT * FROM {self.ledger.current(table)}")
            self.known.add(table)
        mine = f"(SELECT * FROM book_{table} WHERE source = {self._me})" if table in self.known else ""
        state(self.stage, table, earlier="" if self.replace else mine)
        self._events(table, mine)
        self._now(table, mine)
        self._stand(table)
        absent = absent_values(self.stage, table)
        if not absent or self.replace or not mine or not self.stage.one(f"SELECT count(*) FROM raw_{table}"):
            return []
        return [f"{self.stage.files[table]} has no {', '.join(absent)}: what is known of them stays"]

    @property
    def _me(self) -> str:
        return quoted(self.source)

    def _events(self, table: str, mine: str) -> None:
        listed = ", ".join(f"f.{name}" for name in names(table))
        head = (
            f"SELECT {listed}, f.lacks, false AS gone, f.row_no, CAST(NULL AS VARCHAR) AS file "
            f"FROM fact_{table} f"
        )
        if not mine:
            self.stage.run(f"CREATE VIEW event_{table} AS {head}")
            return
        differs = " OR ".join(f"f.{n} IS DISTINCT FROM p.{n}" for n in (*value_names(table), "lacks"))
        new = f"p.source IS NULL OR {differs}"
        self.stage.run(
            f"CREATE TABLE event_{table} AS {head} "
            f"LEFT JOIN {mine} p ON {same_key(table, 'f', 'p')} WHERE {new}"
        )
        self._restate_contested(table, mine, head)
        if self.replace and not self.stage.uncertain(table):
            gone = ", ".join(f"p.{name}" for name in names(table))
            raw = f"(SELECT {self._raw_key(table)} FROM raw_{table})"
            self.stage.run(
                f"INSERT INTO event_{table} SELECT {gone}, p.lacks, true, p.row_no, p.file FROM {mine} p "
                f"ANTI JOIN {raw} g ON {same_key(table, 'p', 'g')}"
            )

    def _raw_key(self, table: str) -> str:
        """SQL: the own key of a raw row, by the names of `key_names`."""
        declared = TABLES[table]
        own = self.stage.translated.get(table, ())
        if isinstance(declared, NodeType):
            if declared.key in own:
                return f"own_{declared.key} AS {declared.key}"
            return f"{key_sql(declared)} AS {declared.key}"
        return ", ".join(f"own_{c} AS {c}" if c in own else c for c in declared.key_columns)

    def _restate_contested(self, table: str, mine: str, head: str) -> None:
        """Among sources without precedence the newest load wins, also where it says nothing new."""
        ranked = ", ".join(map(quoted, (self.source, *self.order.precedence)))
        others = f"(SELECT * FROM book_{table} WHERE source NOT IN ({ranked}))"
        if self.source in self.order.precedence or not self.stage.one(f"SELECT 1 FROM {others} LIMIT 1"):
            return
        since = (
            f"(SELECT f.*, p.place AS since FROM fact_{table} f JOIN {mine} p ON {same_key(table, 'f', 'p')})"
        )
        differs = " OR ".join(
            f"m.{n} <> g.{n} OR (m.{n} IS NULL) <> (g.{n} IS NULL)" for n in value_names(table)
        )
        self.stage.run(
            f"INSERT INTO event_{table} {head} WHERE f.row_no NOT IN (SELECT row_no FROM event_{table}) "
            f"AND f.row_no IN (SELECT m.row_no FROM {self.ids.now(table, since)} m "
            f"JOIN {self.ids.now(table, others)} g ON {same_key(table, 'm', 'g')} "
            f"WHERE g.place > m.since AND ({differs or 'false'}))"
        )

    def _now(self, table: str, mine: str) -> None:
        """Make `now_<table>`: all current facts, this load's taken in, under their own ids."""
        listed = ", ".join(names(table))
        marks = "lacks, source, row_no, place, stated_at"
        here = ", ".join(f"f.{n}" for n in names(table))
        mark = (
            f"f.lacks, {self._me} AS source, f.row_no, CAST({self.place} AS BIGINT) AS place, "
            f"{quoted(self.at)} AS stated_at"
        )
        if not mine:
            self.stage.run(
                f"CREATE VIEW now_{table} AS SELECT {here}, {mark}, f.row_no AS here FROM fact_{table} f"
            )
            return
        stated = (
            f"SELECT {here}, {mark}, f.row_no AS here FROM fact_{table} f SEMI JOIN event_{table} e "
            f"ON {same_key(table, 'f', 'e')} UNION ALL "
            f"SELECT {here}, p.lacks, p.source, p.row_no, p.place, p.stated_at, f.row_no AS here "
            f"FROM fact_{table} f JOIN {mine} p ON {same_key(table, 'f', 'p')} "
            f"ANTI JOIN event_{table} e ON {same_key(table, 'f', 'e')}"
        )
        key = ", ".join(key_names(table))
        keys = f"(SELECT {key} FROM fact_{table} UNION ALL SELECT {key} FROM event_{table})"
        rest = (
            f"SELECT {listed}, {marks}, NULL AS here FROM book_{table} WHERE source <> {self._me} UNION ALL "
            f"SELECT {listed}, {marks}, NULL AS here FROM {mine} p "
            f"ANTI JOIN {keys} k ON {same_key(table, 'p', 'k')}"
        )
        self.stage.run(f"CREATE VIEW now_{table} AS {stated} UNION ALL {rest}")

    def _stand(self, table: str) -> None:
        key = ", ".join(key_names(table))
        every = self.ids.now(table, f"now_{table}")
        self.stage.run(f"CREATE TABLE again_{table} AS SELECT DISTINCT {key} FROM ({self._again(table)})")
        if table in self.known:
            self.stage.run(f"CREATE OR REPLACE TEMP TABLE every AS SELECT * FROM {every}")
            wanted = f"(SELECT {key} FROM every WHERE here IS NOT NULL UNION SELECT {key} FROM again_{table})"
            if self.stage.one("SELECT 1 FROM every WHERE here IS NULL LIMIT 1"):
                self.stage.run(f"DELETE FROM every WHERE here IS NULL AND ({key}) NOT IN {wanted}")
            every = "every"
        if stand(self.stage.rows, table, every, f"stood_{table}", self.order):
            self._list_disagreements(table)
        self.stage.run(
            f"CREATE VIEW good_{table} AS SELECT * EXCLUDE (stated) FROM stood_{table} WHERE stated"
        )
        self.stage.run(
            f"CREATE TABLE empty_{table} AS SELECT * FROM again_{table} ANTI JOIN stood_{table} USING ({key})"
        )

    def _again(self, table: str) -> str:
        """SQL: keys, before and after links changed, of facts beside the files' own that matter here."""
        parts = [f"SELECT * FROM event_{table} WHERE gone"]
        facts = self.ledger.events(table, self.ledger.pending())
        parts.append(f"SELECT * FROM {facts}")
        if self.every:
            parts.append(f"SELECT * FROM {self.ledger.last(table)}")
        elif self.ids.moved:
            any_id = self.ids.names_a_moved_one(table)
            if any_id:
                parts.append(f"SELECT * FROM {self.ledger.last(table)} WHERE {any_id}")
        key = ", ".join(key_names(table))
        asked = []
        for part in parts:
            asked.append(f"SELECT {key} FROM {self.ids.now(table, f'({part})')}")
            if self.ids.moved:
                asked.append(f"SELECT {key} FROM {self.ids.before(table, f'({part})')}")
        return " UNION ALL ".join(asked)

    def _list_disagreements(self, table: str) -> None:
        ids = " || ' ' || ".join(key_names(table))
        key = ", ".join(key_names(table))
        self.stage.run(
            "INSERT INTO findings SELECT DISTINCT CASE WHEN other = stands THEN 'same_fact_twice' "
            f"ELSE 'conflicting_sources' END, {quoted(table)}, {ids}, NULL, NULL, "
            "col || ': ' || stands || ' of ' || left(stands_at, 10) || ' stands, not ' "
            "|| other || ' of ' || left(other_at, 10) "
            f"FROM {disagreements(table)} "
            f"SEMI JOIN (SELECT {key} FROM stood_{table} WHERE stated) USING ({key})"
        )

    def keep_referred(self) -> None:
        """Nodes that restated facts refer to and that nobody states any more: as they were last."""
        gone = any(part.retires for part in self.ledger.parts) or self._ends()
        again = any(self.stage.one(f"SELECT 1 FROM again_{table} LIMIT 1") for table in TABLES)
        if not (gone and again):
            return
        for table, declared in reversed(TABLES.items()):
            if isinstance(declared, NodeType):
                ended = self._ended(table)
                current = f"SELECT {declared.key} FROM {self.ids.now(table, f'now_{table}')}"
                also = self._still_named(table, declared)
                while keep(
                    self.stage.rows, table, ended, self.order, prefix="stood", current=current, also=also
                ):
                    pass
                kept = f"(SELECT {declared.key} FROM stood_{table})"
                self.stage.run(f"DELETE FROM empty_{table} WHERE {declared.key} IN {kept}")

    def _still_named(self, table: str, node: NodeType) -> str:
        """SQL: keys that nobody states any more and that facts which nobody restates name; empty for none."""
        if not self.stage.one(f"SELECT 1 FROM empty_{table} LIMIT 1"):
            return ""
        named = " UNION ".join(
            f"SELECT {column} AS {node.key} FROM {self.ids.now(other, f'now_{other}')}"
            for other, column in naming(node.label)
        )
        return f"(SELECT {node.key} FROM empty_{table} INTERSECT ({named}))" if named else ""

    def _ended(self, table: str) -> str:
        """SQL: facts that nobody states any more, this load's among them; ids translated."""
        columns = ", ".join((*names(table), "lacks", "source", "row_no", "place", "stated_at"))
        listed = ", ".join((*names(table), "lacks"))
        mine = (
            f"SELECT {listed}, {self._me}, row_no, {self.place}, {quoted(self.at)} "
            f"FROM event_{table} WHERE gone"
        )
        restated = f"(SELECT * FROM now_{table} WHERE source = {self._me}) n"
        earlier = (
            f"SELECT {columns} FROM {self.ledger.ended(table)} e ANTI JOIN {restated} "
            f"ON {same_key(table, 'e', 'n')} AND e.source = n.source"
        )
        both = f"(SELECT *, NULL::BIGINT AS here FROM ({earlier} UNION ALL {mine}))"
        return self.ids.now(table, both)

    def _ends(self) -> bool:
        return any(self.stage.one(f"SELECT 1 FROM event_{table} WHERE gone LIMIT 1") for table in TABLES)

    # -- writing -------------------------------------------------------------------------------------------

    def commit(self) -> bool:
        """Add the part where there is something to add; whether there was."""
        counts = {t: self.stage.one(f"SELECT count(*) FROM event_{t}") for t in TABLES}
        orders = self.ledger.parts and self.ledger.precedence != tuple(self.order.precedence)
        if not (any(counts.values()) or self.ids.new or orders):
            return False
        part = NewPart(self.ledger)
        for table in (t for t, n in counts.items() if n):
            if self._copy(table, part.file(table)) != counts[table]:
                raise EngineError(f"the ledger's {table}", "was not written whole", "Run the load again.")
        part.commit(
            Part(
                self.place,
                self.load_id,
                self.source,
                self.at,
                tuple(self.order.precedence),
                retires=self._ends(),
                new_links=self.ids.new,
            ),
            self.ids.links if self.ids.new else None,
        )
        self.placed = self.place
        return True

    def _copy(self, table: str, path: Path) -> int:
        """Write a table's events; how many were written."""
        listed = ", ".join(f"e.{name}" for name in (*names(table), "lacks", "gone"))
        sheet = f"concat_ws(', ', {quoted(self.stage.files.get(table, ''))}, p.name)"
        place = str(path).replace("'", "''")
        written = self.stage.one(
            f"COPY (SELECT {listed}, {self._me} AS source, {quoted(self.load_id)} AS load_id, "
            f"coalesce(e.file, {sheet}) AS file, e.row_no, CAST({self.place} AS BIGINT) AS place, "
            f"{quoted(self.at)} AS stated_at FROM event_{table} e "
            f"LEFT JOIN places p ON p.place = e.row_no // {PLACE}) "
            f"TO '{place}' (FORMAT parquet, COMPRESSION zstd)"
        )
        return int(written)
