"""Declarations: what a property, a node type and a relationship type may say of themselves.

Everything else (constraints, load checks, import templates, the model page) is generated from these
frozen records, so a bad one is refused the moment it is made.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final, Literal

from graphmodel.errors import DeclarationError

PropertyType = Literal["text", "date", "boolean", "decimal", "integer"]
Storage = Literal["graph", "hashed", "matching_only"]
Identity = Literal["name", "child"]
"""Whom a property identifies: a practitioner by name, or a child."""

_COLUMN: Final = re.compile(r"[a-z][a-z0-9_]*")
_LABEL: Final = re.compile(r"[A-Z][A-Za-z]*")
_TYPE: Final = re.compile(r"[A-Z][A-Z_]*")


def _refuse(thing: str, fault: str, mend: str) -> None:
    raise DeclarationError(thing, fault, mend)


@dataclass(frozen=True)
class Property:
    """A column of the import format and, where `storage` is `graph`, a property in the graph.

    `codes` closes the list of values; `known` only names the usual ones (others are taken and
    reported). `default` fills an empty value; `default_by` names the rule where the default depends
    on the row. `hashed` properties are stored as a keyed hash under `<name>_hash`;
    `matching_only` ones never reach the graph. What `identifies` is read only by who may see these.
    """

    name: str
    type: PropertyType
    meaning: str
    source: str
    required: bool = False
    codes: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    minimum: float | None = None
    above: float | None = None
    maximum: float | None = None
    default: str | None = None
    default_by: str | None = None
    storage: Storage = "graph"
    identifies: Identity | None = None

    def __post_init__(self) -> None:
        thing = f"property {self.name!r}"
        if not _COLUMN.fullmatch(self.name):
            _refuse(thing, "its name is not lower snake case", "Rename it like `started_on`.")
        if not self.meaning.strip() or not self.source.strip():
            _refuse(thing, "it has no meaning or no source", "Say both in a few words.")
        if (self.codes or self.known) and self.type != "text":
            _refuse(thing, f"a {self.type} cannot have codes", "Make it text or drop the codes.")
        limits = (self.minimum, self.above, self.maximum)
        if any(x is not None for x in limits) and self.type not in ("decimal", "integer"):
            _refuse(thing, f"a {self.type} cannot have limits", "Make it a number or drop them.")
        if self.default is not None and self.codes and self.default not in self.codes:
            _refuse(thing, f"its default {self.default!r} is no code", "Use one of its codes.")

    @property
    def stored_as(self) -> str | None:
        """The property's name in the graph, or None where it never gets there."""
        return {"graph": self.name, "hashed": f"{self.name}_hash", "matching_only": None}[self.storage]


@dataclass(frozen=True)
class Link:
    """A to-one relationship that a column of the row states, without properties of its own.

    Its source and load are those of the node whose row states it. `outgoing` runs from that node to
    `target`; the arrow is drawn the way the field says it ("practitioner carried out assessment").
    `creates_target` makes the target node where no table declares it (families).
    """

    column: str
    type: str
    target: str
    meaning: str
    source: str
    outgoing: bool = True
    required: bool = False
    creates_target: bool = False

    def __post_init__(self) -> None:
        if not _COLUMN.fullmatch(self.column) or not _TYPE.fullmatch(self.type):
            _refuse(f"link {self.type!r}", "bad column or type name", "Use snake_case and TYPE.")
        if not self.meaning.strip() or not self.source.strip():
            _refuse(f"link {self.type!r}", "it has no meaning or no source", "Say both.")


STARTED_ON: Final = Property(
    "started_on", "date", "first day on which it holds", "import format", required=True
)
ENDED_ON: Final = Property(
    "ended_on",
    "date",
    "first day on which it no longer holds; empty: still running",
    "import format",
)


@dataclass(frozen=True)
class NodeType:
    """A kind of node. `key` is the name of its unique, immutable text id in the graph.

    `table` is the import table (None for reference nodes of the model and for targets that links
    create). `key_columns` differ from (`key`,) where the format's key has several columns: the id is
    then their values joined by `|`. `opens`/`closes` name the interval's columns where it has one.
    `identifies` says whom the key tells of.
    """

    label: str
    key: str
    meaning: str
    source: str
    table: str | None = None
    properties: tuple[Property, ...] = ()
    links: tuple[Link, ...] = ()
    key_columns: tuple[str, ...] = ()
    opens: str | None = None
    closes: str | None = None
    identifies: Identity | None = None

    def __post_init__(self) -> None:
        thing = f"node type {self.label!r}"
        if not _LABEL.fullmatch(self.label):
            _refuse(thing, "its label is not in CamelCase", "Rename it like `Practitioner`.")
        if not self.meaning.strip() or not self.source.strip():
            _refuse(thing, "it has no meaning or no source", "Say both in a few words.")
        if not self.key_columns:
            object.__setattr__(self, "key_columns", (self.key,))
        names = [p.name for p in self.properties] + [x.column for x in self.links]
        if len(set(names)) != len(names):
            _refuse(thing, "a column is declared twice", "Drop one of them.")
        for bound in (self.opens, self.closes):
            if bound is not None and bound not in names:
                _refuse(thing, f"its interval names {bound!r}, which it lacks", "Declare it.")

    @property
    def columns(self) -> tuple[str, ...]:
        """The import columns: key first, then links, then properties."""
        names = [*self.key_columns, *(x.column for x in self.links)]
        return tuple(dict.fromkeys([*names, *(p.name for p in self.properties)]))


@dataclass(frozen=True)
class RelationshipType:
    """A relationship with properties; its key is (start, end, `started_on`).

    `start` and `end` are (label, column). `anchor` says on which side the few are, from where a
    look-up runs. Where `end_in_key` is false, the end is a value like any other: a row with a known
    key and another end moves the relationship. The interval is there by default: every relationship
    that can end carries it.
    """

    type: str
    table: str
    start: tuple[str, str]
    end: tuple[str, str]
    meaning: str
    source: str
    properties: tuple[Property, ...] = ()
    anchor: Literal["start", "end"] = "start"
    end_in_key: bool = True
    interval: tuple[Property, ...] = field(default=(STARTED_ON, ENDED_ON))

    def __post_init__(self) -> None:
        thing = f"relationship type {self.type!r}"
        if not _TYPE.fullmatch(self.type):
            _refuse(thing, "its name is not in capitals", "Rename it like `MEMBER_OF`.")
        if not self.meaning.strip() or not self.source.strip():
            _refuse(thing, "it has no meaning or no source", "Say both in a few words.")

    @property
    def key_columns(self) -> tuple[str, ...]:
        ends = (self.start[1], self.end[1]) if self.end_in_key else (self.start[1],)
        return (*ends, *(p.name for p in self.interval if p.required))

    @property
    def all_properties(self) -> tuple[Property, ...]:
        return (*self.interval, *self.properties)

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.start[1], self.end[1], *(p.name for p in self.all_properties))


PROVENANCE: Final = (
    Property("sources", "text", "sources that state this fact, sorted (a list)", "import format"),
    Property("load_id", "text", "the load that last wrote it", "import format"),
    Property("fingerprint", "text", "digest of the row as loaded: equal rows write nothing", "loader"),
)
"""On every node that a table states and on every relationship with an interval."""
