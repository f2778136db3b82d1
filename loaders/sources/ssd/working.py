"""The working database of one reading: ids, days and codes of every table, cleaned, with the row each is in.

It is in memory, bounded, and spills to a folder of its own (mode 0700) that goes when the reading does. No
cell for identity matching ever gets there.
"""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from loaders.raw import CHUNK_ROWS, PLACE, Chunk, RowFault
from loaders.sources.ssd.fields import FIELDS, Field, columns_of
from loaders.sources.ssd.files import SourceTable

MEMORY: Final = "256MB"
ABSENT: Final = (
    *("", "ssd_ph", "placeholder_data", "-1", "-1.0", "unknown"),
    *("null", "none", "nan", "nat", "<na>", "n/a", "#n/a"),
)
"""What the scripts and exports write where there is no value."""

_MONTHS: Final = "['jan','feb','mar','apr','may','jun','jul','aug','sep','oct','nov','dec']"


def _day_macro() -> str:
    """SQL: a cell as an ISO day where it is written in one of the styles met; any other text as it stands."""
    time = r"([ T]+\d{1,2}:\d{2}.*)?"
    month = f"list_position({_MONTHS}, left(lower(regexp_extract(x, '([A-Za-z]{{3,9}})', 1)), 3))"

    def made(year: str, month: str, day: str) -> str:
        return f"coalesce({year} || '-' || lpad({month}, 2, '0') || '-' || lpad({day}, 2, '0'), x)"

    def part(pattern: str, group: int) -> str:
        return f"regexp_extract(x, '{pattern}', {group})"

    iso = r"^(\d{4})[-/](\d{2})[-/](\d{2})"
    british = r"^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})"
    compact = r"^(\d{4})(\d{2})(\d{2})"
    words = "[A-Za-z]{3,9}"
    named = rf"^(\d{{1,2}})[- ]+{words}[- ,]+(\d{{4}})"
    server = rf"^{words} +(\d{{1,2}}),? +(\d{{4}})"
    obfuscated = rf"^(\d{{4}})[- ]{words}[- ](\d{{1,2}})"
    cases = [
        (iso + time, made(*(part(iso, n) for n in (1, 2, 3)))),
        (british + time, made(*(part(british, n) for n in (3, 2, 1)))),
        (compact + time, made(*(part(compact, n) for n in (1, 2, 3)))),
        (named + time, made(part(named, 2), f"CAST({month} AS VARCHAR)", part(named, 1))),
        (server + time, made(part(server, 2), f"CAST({month} AS VARCHAR)", part(server, 1))),
        (obfuscated + time, made(part(obfuscated, 1), f"CAST({month} AS VARCHAR)", part(obfuscated, 2))),
    ]
    whens = " ".join(f"WHEN regexp_full_match(x, '{pattern}') THEN {sql}" for pattern, sql in cases)
    return f"CREATE MACRO day_of(x) AS nullif(nullif(CASE {whens} ELSE x END, '1900-01-01'), '9999-12-31')"


@dataclass
class Tally:
    """What is known of a table once it is read."""

    number: int
    label: str
    columns: dict[str, str]
    rows: int = 0
    faults: list[RowFault] = field(default_factory=list)


class Working:
    """`w_<table>` for every table of `FIELDS`, empty where the source has none."""

    def __init__(self) -> None:
        self.folder = tempfile.mkdtemp(prefix="tacgraph-ssd-")
        self._gone = weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        self.db = duckdb.connect(
            ":memory:", config={"memory_limit": MEMORY, "threads": 2, "temp_directory": self.folder}
        )
        self.tallies: dict[str, Tally] = {}
        self.run(_day_macro())
        for table, fields in FIELDS.items():
            columns = ", ".join(f"{name} VARCHAR" for name in fields)
            self.run(f"CREATE TABLE w_{table} (place BIGINT, {columns})")

    def run(self, sql: str, parameters: dict[str, Any] | None = None) -> None:
        self.db.execute(sql, parameters or {}).fetchall()

    def rows(self, sql: str, parameters: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        return self.db.execute(sql, parameters or {}).fetchall()

    def one(self, sql: str) -> Any:
        found = self.rows(sql)
        return found[0][0] if found else None

    def count(self, source: str) -> int:
        """How many rows `FROM source` has."""
        return int(self.one(f"SELECT count(*) FROM {source}"))

    def insert(self, table: str, columns: dict[str, Any], select: str = "*") -> None:
        self.db.register("part", pa.table(columns))
        self.run(f"INSERT INTO {table} BY NAME SELECT {select} FROM part")
        self.db.unregister("part")

    def take(self, number: int, source: SourceTable) -> None:
        """Read one table through."""
        fields = FIELDS[source.table]
        columns = columns_of(fields.values(), source.header)
        tally = Tally(number, source.label, columns)
        self.tallies[source.table] = tally
        select = ", ".join(
            ["place", *(f"day_of({n}) AS {n}" if fields[n].kind == "day" else n for n in columns)]
        )
        for part in source.parts(list(dict.fromkeys(columns.values()))):
            cells = {name: cleaned(fields[name], part.columns[column]) for name, column in columns.items()}
            if part.rows:
                places = pa.array([number * PLACE + row for row in part.rows], pa.int64())
                self.insert(f"w_{source.table}", {"place": places, **cells}, select)
            tally.rows += len(part.rows) + len(part.faults)
            tally.faults += [
                RowFault(number * PLACE + f.row, f.column, f.value, f.reason) for f in part.faults
            ]


def cleaned(field_: Field, cells: Sequence[str | None]) -> Any:
    """Cells without surrounding space; what stands for no value is null."""
    text = pc.utf8_trim_whitespace(pa.array(cells, pa.string()))
    absent = pc.is_in(pc.utf8_lower(text), value_set=pa.array(ABSENT))
    text = pc.if_else(absent, pa.scalar(None, pa.string()), text)
    if field_.kind == "id":
        text = pc.replace_substring_regex(text, r"^(-?\d+)\.0+$", r"\1")
    return text


@dataclass
class QueryTable:
    """A canonical table that a query over the working database gives, its first column the row's place.

    `faults` are the rows that could not be mapped at all.
    """

    name: str
    file: str
    columns: tuple[str, ...]
    working: Working
    sql: str
    faults: list[RowFault] = field(default_factory=list)
    unknown: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)

    def chunks(self) -> Iterator[Chunk]:
        if self.faults:
            yield Chunk([], dict.fromkeys(self.columns, ()), self.faults)
        found = self.working.db.cursor().execute(self.sql)
        while part := found.fetchmany(CHUNK_ROWS):
            places, *cells = zip(*part, strict=True)
            yield Chunk(list(places), dict(zip(self.columns, cells, strict=True)))
