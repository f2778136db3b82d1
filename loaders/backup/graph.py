"""The graph as rows and back: every node by label, every relationship by type and ends, on either engine.

A row is JSON: the properties of a node, or two keys and the properties of a relationship; a date is
`{"date": "2026-10-31"}`. The digest is the sum of the rows' SHA-256, so it does not depend on their order and
is the same on both engines: after a restore the graph is read back whole and must come to it again.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from graphmodel.driver_values import plain
from graphmodel.errors import EngineError, SourceError
from graphmodel.nodes import NODE_BY_LABEL, NODE_TYPES
from graphmodel.relationships import RELATIONSHIP_TYPES
from graphmodel.store import Store
from loaders.backup.archive import Kind, Manifest, Part

BATCH_ROWS: Final = 5_000
_PROPERTY: Final = re.compile(r"[a-z][a-z0-9_]*")
_MODULUS: Final = 1 << 256

Told = Callable[[int], None]


@dataclass(frozen=True)
class Shape:
    """Nodes of a label (`type` empty), or relationships of a type between two labels."""

    start: str
    type: str = ""
    end: str = ""

    @property
    def name(self) -> str:
        ends = f"{self.type}-{self.start}-{self.end}"
        return f"graph/relationships/{ends}.jsonl" if self.type else f"graph/nodes/{self.start}.jsonl"

    @property
    def reading(self) -> str:
        """The query that gives the rows: properties, or key, key, properties."""
        if not self.type:
            return f"MATCH (n:{self.start}) RETURN properties(n) AS properties"
        a, b = NODE_BY_LABEL[self.start].key, NODE_BY_LABEL[self.end].key
        return (
            f"MATCH (a:{self.start})-[r:{self.type}]->(b:{self.end}) "
            f"RETURN a.{a} AS a, b.{b} AS b, properties(r) AS properties"
        )

    def writing(self, columns: Mapping[str, Kind]) -> str:
        """The statement that makes `$rows`: (keys of the ends,) then the values in the columns' order."""
        ends = 2 if self.type else 0
        cells = [f"{name}: {_cell(i + ends, kind)}" for i, (name, kind) in enumerate(columns.items())]
        values = f" {{{', '.join(cells)}}}" if cells else ""
        if not self.type:
            return f"UNWIND $rows AS row CREATE (n:{self.start}{values}) RETURN count(*) AS made"
        a, b = NODE_BY_LABEL[self.start].key, NODE_BY_LABEL[self.end].key
        return (
            f"UNWIND $rows AS row MATCH (a:{self.start} {{{a}: row[0]}}) "
            f"MATCH (b:{self.end} {{{b}: row[1]}}) "
            f"CREATE (a)-[r:{self.type}{values}]->(b) RETURN count(*) AS made"
        )


def _cell(at: int, kind: Kind) -> str:
    return f"row[{at}]" if kind == "value" else f"{kind}(row[{at}])"


def shapes() -> tuple[Shape, ...]:
    """Everything that the model declares: nodes first, so that relationships find their ends."""
    nodes = [Shape(node.label) for node in NODE_TYPES]
    links = [
        Shape(node.label, link.type, link.target)
        if link.outgoing
        else Shape(link.target, link.type, node.label)
        for node in NODE_TYPES
        for link in node.links
    ]
    arrows = [Shape(r.start[0], r.type, r.end[0]) for r in RELATIONSHIP_TYPES]
    return tuple(dict.fromkeys([*nodes, *links, *arrows]))


@dataclass
class Tally:
    """What was seen of a graph: rows by label and by type, and the digest so far."""

    nodes: dict[str, int] = field(default_factory=dict)
    relationships: dict[str, int] = field(default_factory=dict)
    total: int = 0

    def take(self, shape: Shape, line: bytes) -> None:
        counted, name = (self.relationships, shape.type) if shape.type else (self.nodes, shape.start)
        counted[name] = counted.get(name, 0) + 1
        seen = hashlib.sha256(shape.name.encode() + b"\n" + line).digest()
        self.total = (self.total + int.from_bytes(seen, "big")) % _MODULUS

    @property
    def digest(self) -> str:
        return f"{self.total:064x}"


# -- from the graph --------------------------------------------------------------------------------


def dump(store: Store, folder: Path, told: Told) -> tuple[tuple[Part, ...], Tally]:
    """Write every part below `folder`. Raises `EngineError` where the graph holds what the model lacks."""
    tally, parts = Tally(), []
    for shape in shapes():
        file = folder / shape.name
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        rows, columns = 0, dict[str, Kind]()
        with file.open("wb") as out:
            for values in read(store, shape):
                line = _line(values)
                tally.take(shape, line)
                out.write(line + b"\n")
                _learn(shape, values[-1], columns)
                rows += 1
                if rows % BATCH_ROWS == 0:
                    told(BATCH_ROWS)
        told(rows % BATCH_ROWS)
        if rows:
            parts.append(Part(name=shape.name, rows=rows, columns=dict(sorted(columns.items()))))
        else:
            file.unlink()
    _must_be_all(store, tally)
    return tuple(parts), tally


def read(store: Store, shape: Shape) -> Iterator[list[Any]]:
    """The rows of one shape, dates as `{"date": …}`."""
    for chunk in store.stream(shape.reading):
        for row in chunk:
            properties = {name: _packed(plain(value)) for name, value in row[-1].items() if value is not None}
            yield [*row[:-1], properties]


def totals(store: Store) -> tuple[int, int]:
    """All nodes and all relationships, whatever they are."""
    nodes = store.fetch("MATCH (n) RETURN count(n) AS total")[0][0]
    return int(nodes), int(store.fetch("MATCH ()-[r]->() RETURN count(r) AS total")[0][0])


def _must_be_all(store: Store, tally: Tally) -> None:
    nodes, links = totals(store)
    seen = sum(tally.nodes.values()), sum(tally.relationships.values())
    if seen != (nodes, links):
        raise EngineError(
            "the graph",
            f"holds {nodes:,} nodes and {links:,} relationships, of which the model knows {seen[0]:,} and "
            f"{seen[1]:,}",
            "Something else writes to this database, or a newer tacgraph has: use that one.",
        )


def _packed(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"datetime": value.isoformat()}
    return {"date": value.isoformat()} if isinstance(value, date) else value


def _line(values: Any) -> bytes:
    return json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _kind(value: Any) -> Kind:
    if isinstance(value, dict):
        return "datetime" if "datetime" in value else "date"
    return "value"


def _learn(shape: Shape, properties: Mapping[str, Any], columns: dict[str, Kind]) -> None:
    for name, value in properties.items():
        if columns.setdefault(name, _kind(value)) != _kind(value) or not _PROPERTY.fullmatch(name):
            raise EngineError(
                f"property {name!r} of {shape.type or shape.start}",
                "is a date here and something else there, or has a name that the model never gives",
                "Something else wrote to this database.",
            )


# -- to the graph ----------------------------------------------------------------------------------


def fill(store: Store, folder: Path, manifest: Manifest, told: Told) -> None:
    """Make the nodes and relationships of the archive's parts in an empty graph that has its model."""
    known = {shape.name: shape for shape in shapes()}
    strange = [part.name for part in manifest.parts if part.name not in known]
    odd = [name for part in manifest.parts for name in part.columns if not _PROPERTY.fullmatch(name)]
    if strange or odd:
        raise SourceError(
            "the backup",
            f"holds {(strange or odd)[0]!r}, which this version's model does not know",
            "Restore it with the version that made it, or a newer one.",
        )
    for name, shape in known.items():
        for part in manifest.parts:
            if part.name == name:
                _fill_part(store, folder, shape, part, told)


def _fill_part(store: Store, folder: Path, shape: Shape, part: Part, told: Told) -> None:
    statement, made = shape.writing(part.columns), 0
    with (folder / part.name).open(encoding="utf-8") as file:
        for rows in _batches(file, list(part.columns)):
            made += store.write(statement, rows=rows)[0][0][0]
            told(len(rows))
    if made != part.rows:
        raise SourceError(
            "the backup",
            f"says {part.rows:,} rows of {part.name}, but {made:,} could be made",
            "Take another backup; this one does not fit together.",
        )


def _batches(lines: Iterable[str], columns: list[str]) -> Iterator[list[list[Any]]]:
    rows: list[list[Any]] = []
    for line in lines:
        *ends, properties = json.loads(line)
        rows.append([*ends, *(_opened(properties.get(name)) for name in columns)])
        if len(rows) >= BATCH_ROWS:
            yield rows
            rows = []
    if rows:
        yield rows


def _opened(value: Any) -> Any:
    return next(iter(value.values())) if isinstance(value, dict) else value


def verify(store: Store, manifest: Manifest, told: Told, *, besides: str = "") -> None:
    """Read the graph back whole: counts by label and by type, and the digest, must be the manifest's.

    `besides` is a load record that is not the backup's. Raises `EngineError` with the first difference.
    """
    tally = Tally()
    for shape in shapes():
        for values in read(store, shape):
            if shape.start != "Load" or values[-1].get("load_id") != besides:
                tally.take(shape, _line(values))
        told(tally.nodes.get(shape.start, 0) if not shape.type else 0)
    for what, found, said in (
        ("nodes", tally.nodes, manifest.nodes),
        ("relationships", tally.relationships, manifest.relationships),
    ):
        wrong = sorted(k for k in {*found, *said} if found.get(k, 0) != said.get(k, 0))
        if wrong:
            name = wrong[0]
            raise EngineError(
                f"the restored {what}",
                f"are {found.get(name, 0):,} {name}, not {said.get(name, 0):,} as in the backup",
                "Nothing else may write while a backup is restored; try again.",
            )
    if tally.digest != manifest.digest:
        raise EngineError(
            "the restored graph",
            "has the backup's counts but not its values",
            "Nothing else may write while a backup is restored; try again.",
        )
