"""What a reader hands over: tables of text cells with the row each stands in, and what could not be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

from graphmodel.declare import NodeType
from graphmodel.relationships import TABLES

CHUNK_ROWS: Final = 20_000
PLACE: Final = 1 << 40
"""Row numbers of a table made of several sheets: the sheet's number times this, and the row."""


@dataclass(frozen=True)
class RowFault:
    """A row that breaks the format: where, which value, why. `column` is empty where it is the whole row."""

    row: int
    column: str
    value: str
    reason: str


@dataclass
class Chunk:
    """Some rows: `rows` are their numbers as a spreadsheet shows them, `columns` their cells as text.

    An absent cell is None or empty. `faults` are rows that could not be read and are in no column.
    """

    rows: list[int]
    columns: dict[str, Sequence[str | None]]
    faults: list[RowFault] = field(default_factory=list)


class RawTable(Protocol):
    """One table of a source. `file` is what rejects name; `columns` are those of the format it has."""

    name: str
    file: str
    columns: tuple[str, ...]
    unknown: tuple[str, ...]
    notes: list[str]

    def chunks(self) -> Iterator[Chunk]:
        """The rows in order, in bounded parts. To be run through once."""


@dataclass(frozen=True)
class Seen:
    """Something suspicious that a reader met: ids and dates only, never a name."""

    kind: str
    table: str
    ids: str
    what: str
    from_on: str | None = None
    to_on: str | None = None


@dataclass(frozen=True)
class Identifier:
    """Another number or address that a source knows somebody by; for matching, never for the graph.

    `scheme` is one of nhs_number, upn, former_upn, uln, legacy_id (of a child), swe_number, staff_id, email
    (of a practitioner), urn, laestab, ukprn, ofsted_urn, ods (of an agency).
    """

    kind: Literal["child", "practitioner", "agency"]
    id: str
    scheme: str
    value: str


@dataclass
class Source:
    """What a reader found at a path.

    `places` name the sheets by number, where tables are made of several (see `PLACE`), and `headings` what
    a column of a table is called there: (sheet number, table, column) → heading. `whose` is the name of the
    source where the reader knows it; `when_loaded` is called when all of it is in the graph.
    """

    format: str
    path_name: str
    tables: Sequence[RawTable]
    notes: list[str] = field(default_factory=list)
    findings: list[Seen] = field(default_factory=list)
    identifiers: list[Identifier] = field(default_factory=list)
    places: dict[int, str] = field(default_factory=dict)
    headings: dict[tuple[int, str, str], str] = field(default_factory=dict)
    whose: str = ""
    when_loaded: Callable[[], None] | None = None

    def table(self, name: str) -> RawTable | None:
        return next((t for t in self.tables if t.name == name), None)


def plain_header(cell: object) -> str:
    """A header as the format writes it: without surrounding space, small letters, `_` for spaces."""
    return "_".join(str(cell or "").replace("-", " ").lower().split())


def declared_columns(table: str) -> tuple[str, ...]:
    return TABLES[table].columns


def required_columns(table: str) -> tuple[str, ...]:
    """Columns without which no row of the table can be loaded."""
    declared = TABLES[table]
    if isinstance(declared, NodeType):
        needed = [*declared.key_columns, *(x.column for x in declared.links if x.required)]
        needed += [p.name for p in declared.properties if p.required]
        return tuple(dict.fromkeys(needed))
    ends = (declared.start[1], declared.end[1])
    return (*ends, *(p.name for p in declared.all_properties if p.required))
