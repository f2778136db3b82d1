"""The ledger's format: every fact that each source ever stated, as immutable Parquet parts.

One part is what one load changed: facts stated anew and facts that its source no longer has. Parts are only
ever added (a folder is made aside and renamed), so a reader needs no lock and sees a part whole or not at
all. A pack holds the events of many parts, each with its part's place, and stands for them.
`docs/decisions/ledger.md` says why.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Final, Self

import pyarrow as pa
import pyarrow.parquet as pq

from graphmodel.cypher_load import layout
from graphmodel.declare import NodeType, Property
from graphmodel.relationships import TABLES

FOLDER: Final = "ledger"
LINKS: Final = pa.schema([("kind", pa.string()), ("id", pa.string()), ("stands_for", pa.string())])
"""Which ids are one person or agency: `kind` is child, practitioner or agency."""
KINDS: Final = {"Child": "child", "Practitioner": "practitioner", "Agency": "agency"}
"""Label → kind of the ids that may be linked."""

PACK: Final = "pack.json"
_META: Final = "part.json"
_DONE: Final = "done"
_EMPTY_SAYS: Final = ("done_on", "next_review_on", "newly_qualified_until")
_SQL_TYPES: Final = {"boolean": "BOOLEAN", "decimal": "DOUBLE", "integer": "BIGINT"}


# -- the columns of a fact -----------------------------------------------------------------------------


def names(table: str) -> tuple[str, ...]:
    """The columns that hold a fact's key and values, named as the graph stores them; dates are ISO text."""
    return layout(TABLES[table]).names[:-1]


def key_names(table: str) -> tuple[str, ...]:
    """Those of them that are its key."""
    declared = TABLES[table]
    return (declared.key,) if isinstance(declared, NodeType) else declared.key_columns


def value_names(table: str) -> tuple[str, ...]:
    return tuple(n for n in names(table) if n not in key_names(table))


def properties(table: str) -> dict[str, Property]:
    """Stored name → property."""
    return {p.stored_as or p.name: p for p in layout(TABLES[table]).properties}


def sql_type(table: str, name: str) -> str:
    prop = properties(table).get(name)
    return "VARCHAR" if prop is None else _SQL_TYPES.get(prop.type, "VARCHAR")


def empty_says(table: str) -> tuple[str, ...]:
    """The columns in which an empty cell says something: still running, not done, none set."""
    declared = TABLES[table]
    closes = declared.closes if isinstance(declared, NodeType) else "ended_on"
    return tuple(n for n in names(table) if n == closes or n in _EMPTY_SAYS)


def id_columns(table: str) -> dict[str, str]:
    """Column → kind, of the columns whose ids may be linked."""
    declared = TABLES[table]
    if isinstance(declared, NodeType):
        named = [(declared.key, declared.label), *((x.column, x.target) for x in declared.links)]
    else:
        named = [(declared.start[1], declared.start[0]), (declared.end[1], declared.end[0])]
    return {column: KINDS[label] for column, label in named if label in KINDS}


# -- parts ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Part:
    """What one load changed. `at` is its instant (ISO, UTC); `place` orders the parts of a ledger.

    `precedence` is the order of sources in force since then; `retires` says whether facts ended; `ledger`
    names the ledger the part belongs to.
    """

    place: int
    load_id: str
    source: str
    at: str
    precedence: tuple[str, ...]
    retires: bool = False
    new_links: bool = False

    @property
    def name(self) -> str:
        return f"{self.place:08d}-{self.load_id}"


class Ledger:
    """The parts of one graph's ledger that are there, in order."""

    def __init__(self, folder: Path, parts: Sequence[Part], packs: Mapping[int, str] | None = None) -> None:
        """`packs`: by the place of each part that lies in a pack, that pack's folder."""
        self.folder, self.parts = folder, tuple(parts)
        self.packs = dict(packs or {})

    @classmethod
    def open(cls, folder: Path) -> Self:
        places = sorted(folder.iterdir()) if folder.exists() else []
        places = [place for place in places if not place.name.startswith(".")]
        found: dict[int, Part] = {}
        packs: dict[int, str] = {}
        held = [(place.name, _parts_of(place / PACK)) for place in places if (place / PACK).exists()]
        # of packs one of which stands for the other, the larger
        for name, parts in sorted(held, key=lambda pack: -len(pack[1])):
            if not any(part.place in found for part in parts):
                found.update((part.place, part) for part in parts)
                packs.update((part.place, name) for part in parts)
        for place in places:
            if (place / _META).exists():
                for part in _parts_of(place / _META):
                    found.setdefault(part.place, part)
        return cls(folder, [found[place] for place in sorted(found)], packs)

    @classmethod
    def make(cls, home: Path) -> Self:
        """A new, empty one."""
        folder = home / FOLDER / secrets.token_hex(8)
        for each in (home / FOLDER, folder):
            each.mkdir(mode=0o700, parents=True, exist_ok=True)
        return cls(folder, ())

    @property
    def name(self) -> str:
        return self.folder.name

    def until(self, at: str) -> Self:
        """The ledger as it was at an instant (ISO, UTC), that instant left out."""
        return type(self)(self.folder, [part for part in self.parts if part.at < at], self.packs)

    def done(self, part: Part) -> bool:
        """Whether the graph has taken the part over."""
        return part.place in self.packs or (self.folder / part.name / _DONE).exists()

    def settled(self) -> Self:
        """The parts up to the last that the graph has wholly taken over."""
        last = max((i for i, part in enumerate(self.parts) if self.done(part)), default=-1)
        return type(self)(self.folder, self.parts[: last + 1], self.packs)

    def pending(self) -> tuple[Part, ...]:
        """The parts that a load which was cut off left to the next one."""
        return self.parts[len(self.settled().parts) :]

    @property
    def precedence(self) -> tuple[str, ...]:
        return self.parts[-1].precedence if self.parts else ()

    def links(self) -> pa.Table:
        """Which ids were one, as of the last part."""
        for part in reversed(self.parts):
            if part.new_links:
                return pq.read_table(self.links_file(part), schema=LINKS)
        return LINKS.empty_table()

    def files(self, table: str, parts: Sequence[Part] | None = None) -> list[Path]:
        """Where events of a table in these parts lie; a pack's file may hold others' too."""
        wanted = self.parts if parts is None else parts
        folders = dict.fromkeys(self.packs.get(p.place, p.name) for p in wanted)
        places = [self.folder / name / f"{table}.parquet" for name in folders]
        return [place for place in places if place.exists()]

    def links_file(self, part: Part) -> Path:
        """Where the links of a part with `new_links` lie."""
        pack = self.packs.get(part.place)
        if pack is None:
            return self.folder / part.name / "links.parquet"
        return self.folder / pack / f"links-{part.place:08d}.parquet"

    def _beyond(self, pack: str, wanted: frozenset[int]) -> bool:
        """Whether a pack holds other parts than the wanted ones."""
        return any(name == pack and place not in wanted for place, name in self.packs.items())

    def events(self, table: str, parts: Sequence[Part] | None = None) -> str:
        """SQL: every event of a table: key and values, `lacks`, `gone`, and where it comes from.

        `lacks` names, between commas, the columns of `empty_says` that the source did not give.
        """
        typed = {name: sql_type(table, name) for name in names(table)} | _MARKS
        empty = ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in typed.items())
        wanted = ", ".join(typed)
        places = frozenset(part.place for part in (self.parts if parts is None else parts))
        files = self.files(table, parts)
        several = [file for file in files if self._beyond(file.parent.name, places)]
        read = _reading([file for file in files if file not in several])
        if several:
            read += f"{_reading(several)} WHERE place IN ({', '.join(map(str, sorted(places)))})"
        return f"(SELECT {wanted} FROM (SELECT {empty} WHERE false{read}))"

    def last(self, table: str) -> str:
        """SQL: the last event of each fact of each source."""
        if not self.files(table)[1:] and not self.packs:
            return self.events(table)
        key = ", ".join(key_names(table))
        newest = f"row_number() OVER (PARTITION BY source, {key} ORDER BY place DESC) = 1"
        return f"(SELECT * FROM {self.events(table)} QUALIFY {newest})"

    def current(self, table: str) -> str:
        """SQL: the facts that their sources state."""
        return f"(SELECT * FROM {self.last(table)} WHERE NOT gone)"

    def ended(self, table: str) -> str:
        """SQL: the facts that their sources stated last and no longer do, with the values they had."""
        return f"(SELECT * FROM {self.last(table)} WHERE gone)"


def _parts_of(meta: Path) -> list[Part]:
    """The parts that a part's or a pack's description names."""
    values = json.loads(meta.read_text(encoding="utf-8"))
    said = values["parts"] if meta.name == PACK else [values]
    return [Part(**{**one, "precedence": tuple(one["precedence"])}) for one in said]


def _reading(files: Sequence[Path]) -> str:
    """SQL that adds the rows of these files, in parentheses or without a WHERE of its own."""
    paths = ", ".join("'" + str(file).replace("'", "''") + "'" for file in files)
    return f" UNION ALL BY NAME SELECT * FROM read_parquet([{paths}], union_by_name = true)" if paths else ""


_MARKS: Final = {
    "lacks": "VARCHAR",
    "gone": "BOOLEAN",
    "source": "VARCHAR",
    "load_id": "VARCHAR",
    "file": "VARCHAR",
    "row_no": "BIGINT",
    "place": "BIGINT",
    "stated_at": "VARCHAR",
}


ERASED: Final = "erased"
"""Whose facts an erased child's are: so in the graph; in the ledger a number and the former source follow.

So no file replaces or retires them, and of what several sources or ids said the same stands as before.
"""


SHEET: Final = 1 << 40
"""Row numbers of tables made of several sheets: the sheet's number times this, and the row."""


def sheet_row(row_no: int) -> int:
    """The row as its file or sheet numbers it."""
    return row_no % SHEET


# -- adding a part -------------------------------------------------------------------------------------


class NewPart:
    """A part or a pack in the making, aside from the others; nobody sees it before `commit` or `put`."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        ledger.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for left in ledger.folder.glob(".making-*"):
            shutil.rmtree(left, ignore_errors=True)
        self.folder = Path(tempfile.mkdtemp(prefix=".making-", dir=ledger.folder))

    def file(self, name: str) -> Path:
        return self.folder / f"{name}.parquet"

    def commit(self, part: Part, links: pa.Table | None) -> None:
        """Make it one of the ledger's parts, all at once and safely on disk."""
        if links is not None:
            pq.write_table(links, self.file("links"))
        (self.folder / _META).write_text(json.dumps(asdict(part)), encoding="utf-8")
        self.put(part.name)

    def put(self, name: str) -> None:
        """Give it its name among the others, safely on disk before and after."""
        for place in self.folder.iterdir():
            place.chmod(0o600)
            _to_disk(place)
        _to_disk(self.folder)
        self.folder.rename(self.ledger.folder / name)
        _to_disk(self.ledger.folder)


def _to_disk(place: Path) -> None:
    descriptor = os.open(place, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def mark_done(ledger: Ledger) -> None:
    """The graph has taken over all that the ledger says."""
    for part in Ledger.open(ledger.folder).pending():
        (ledger.folder / part.name / _DONE).touch(mode=0o600)


# -- which ledger --------------------------------------------------------------------------------------


def _pointer(home: Path) -> Path:
    """Names the ledger of the database that the environment means."""
    where = (os.environ.get("NEO4J_URI", ""), os.environ.get("NEO4J_DATABASE", ""))
    return home / FOLDER / f"of-{hashlib.sha256(json.dumps(where).encode()).hexdigest()[:12]}"


def point(home: Path, ledger: Ledger) -> None:
    """From now on this is the ledger of the database that the environment means."""
    made = home / FOLDER / f".{ledger.name}"
    made.write_text(ledger.name, encoding="utf-8")
    made.chmod(0o600)
    made.rename(_pointer(home))


def find_ledger(home: Path) -> Ledger | None:
    """The ledger of the database that the environment means; None where nothing was loaded with one."""
    try:
        name = _pointer(home).read_text(encoding="utf-8").strip()
    except OSError:
        return None
    return Ledger.open(home / FOLDER / name) if name else None


def end_of(day: date) -> str:
    """The instant at which a day ends by this computer's clock, ISO, UTC, as parts write theirs."""
    midnight = datetime.combine(day + timedelta(days=1), time.min).astimezone()
    return midnight.astimezone(UTC).isoformat(timespec="microseconds")
