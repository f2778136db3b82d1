"""Ids that stand for others, as the record linkage has it: put in the place of the files' own ids."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import pyarrow as pa

from graphmodel.declare import NodeType
from graphmodel.ledger import Ledger, id_columns
from graphmodel.relationships import TABLES
from graphmodel.standing import quoted, translated
from loaders.references import good_rows, references
from loaders.staging import Staging

_NOW: Final = "links_now"
_BEFORE: Final = "links_before"


class LinkedIds:
    """Which ids stand for which in one load, and which did when the graph last agreed with the ledger.

    `links` is a table like `ledger.LINKS`; `new` says that it is another than the ledger's latest, `moved`
    that facts of other loads come to bear other ids by it.
    """

    def __init__(self, stage: Staging, ledger: Ledger, links: pa.Table) -> None:
        self.stage, self.ledger, self.links = stage, ledger, links
        before = ledger.settled().links()
        self.new = links != ledger.links()
        self.moved = links != before
        self._kinds = frozenset(links.column("kind").to_pylist())
        self._kinds_before = frozenset(before.column("kind").to_pylist())
        stage.keep(_NOW, links)
        stage.keep(_BEFORE, before)
        stage.run("CREATE TABLE moved_ids (kind VARCHAR, id VARCHAR)")
        if self.moved:
            stage.run(
                "INSERT INTO moved_ids SELECT DISTINCT kind, id FROM "
                f"((SELECT * FROM {_NOW} EXCEPT SELECT * FROM {_BEFORE}) "
                f"UNION ALL (SELECT * FROM {_BEFORE} EXCEPT SELECT * FROM {_NOW}))"
            )

    def look_again(self, ids: Collection[tuple[str, str]]) -> None:
        """Take the facts that name these (kind, id) for changed."""
        if ids:
            kinds, names_ = zip(*ids, strict=True)
            self.stage.insert("moved_ids", {"kind": kinds, "id": names_})
            self.moved = True

    def translate(self) -> None:
        """Put the ids that stand for the files' ids in their place; the ledger keeps the files' own."""
        for table in self.stage.present:
            columns = {
                c: k
                for c, k in id_columns(table).items()
                if k in self._kinds and c in self.stage.present[table]
            }
            if not columns:
                continue
            raw = f"raw_{table}"
            for column, kind in columns.items():
                self.stage.run(f"ALTER TABLE {raw} ADD COLUMN own_{column} VARCHAR")
                self.stage.run(f"UPDATE {raw} SET own_{column} = {column}")
                self.stage.run(
                    f"UPDATE {raw} SET {column} = s.stands_for FROM {_NOW} s "
                    f"WHERE s.kind = {quoted(kind)} AND s.id = {raw}.{column}"
                )
            self.stage.translated[table] = tuple(columns)
            self._drop_loops(table)

    def _drop_loops(self, table: str) -> None:
        declared = TABLES[table]
        if not isinstance(declared, NodeType):
            return
        for column in [x.column for x in declared.links if x.target == declared.label]:
            if column not in self.stage.translated[table]:
                continue
            key = declared.key
            looped = f"{column} = {key} AND own_{column} <> own_{key}"
            words = quoted(f"{column} names the same one under another id: left out")
            self.stage.run(
                f"INSERT INTO findings SELECT 'link_to_itself', {quoted(table)}, own_{key} || ' ' || "
                f"own_{column}, NULL, NULL, {words} FROM raw_{table} WHERE {looped}"
            )
            self.stage.run(f"UPDATE raw_{table} SET {column} = NULL WHERE {looped}")

    def reject_unheard(self, table: str) -> bool:
        """Reject rows that name an id that only a link makes known: without the link they would hang loose.

        Whether there were any.
        """
        before = self.stage.one("SELECT count(*) FROM rejects")
        for reference in references(table):
            column, target, key = reference.column, reference.target, reference.key
            if column not in self.stage.translated.get(table, ()):
                continue
            stated = f"SELECT own_{key} FROM {good_rows(self.stage, target)}"
            if target not in self.stage.translated:
                stated = "SELECT NULL WHERE false"
            earlier = f"SELECT {key} FROM {self.ledger.events(target)}"
            self.stage.run(
                f"INSERT INTO rejects SELECT $tbl, $file, r.row_no, {quoted(column)}, r.own_{column}, "
                f"{quoted(f'is no {key} of {target} that any table or the graph has')} "
                f"FROM {good_rows(self.stage, table)} r WHERE (own_{column} <> {column} "
                f"OR {column} IN (SELECT stands_for FROM {_NOW})) "
                f"AND own_{column} NOT IN ({stated}) AND own_{column} NOT IN ({earlier})",
                {"tbl": table, "file": self.stage.files[table]},
            )
        return bool(self.stage.one("SELECT count(*) FROM rejects") > before)

    def now(self, table: str, facts: str) -> str:
        """SQL: facts under the ids that stand for their own."""
        return translated(table, facts, _NOW, self._kinds)

    def before(self, table: str, facts: str) -> str:
        """SQL: facts under the ids that stood for their own before."""
        return translated(table, facts, _BEFORE, self._kinds_before)

    def names_a_moved_one(self, table: str) -> str:
        """SQL: whether a fact of the table names an id that moved; empty where no column could."""
        return " OR ".join(
            f"{c} IN (SELECT id FROM moved_ids WHERE kind = {quoted(k)})"
            for c, k in id_columns(table).items()
        )
