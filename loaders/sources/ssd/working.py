"""The working database of one reading: ids, days and codes of every table, cleaned, with the row each is in.

It is in memory, bounded, and spills to a folder of its own (mode 0700) that goes when the reading does. No
cell for identity matching ever gets there.
"""

from __future__ import annotations

import re
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

_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_TIME: Final = r"(?:[ T]+[0-9]{1,2}:[0-9]{2}.*)?"
_WORD: Final = r"(?P<word>[A-Za-z]{3,9})"
_DAY: Final = r"(?P<day>[0-9]{1,2})"
_YEAR: Final = r"(?P<year>[0-9]{4})"
_STYLES: Final = tuple(
    re.compile(pattern + _TIME)
    for pattern in (
        rf"{_YEAR}[-/](?P<month>[0-9]{{2}})[-/](?P<day>[0-9]{{2}})",
        rf"{_DAY}[-/.](?P<month>[0-9]{{1,2}})[-/.]{_YEAR}",
        rf"{_YEAR}(?P<month>[0-9]{{2}})(?P<day>[0-9]{{2}})",
        rf"{_DAY}[- ]+{_WORD}[- ,]+{_YEAR}",
        rf"{_WORD} +{_DAY},? +{_YEAR}",
        rf"{_YEAR}[- ]{_WORD}[- ]{_DAY}",
    )
)
_NO_DAYS: Final = ("1900-01-01", "9999-12-31")
_LONGEST_DAY: Final = 60


def day_of(text: str) -> str | None:
    """A cell as an ISO day where it is in a style of SQL Server, of ISO or of British spreadsheets.

    Any other text stays as it is, to be rejected by name; what stands for no day is None.
    """
    if len(text) > _LONGEST_DAY:
        return text
    for style in _STYLES:
        if found := style.fullmatch(text):
            parts = found.groupdict()
            month = parts.get("month")
            if month is None:
                short = parts["word"][:3].lower()
                if short not in _MONTHS:
                    return text
                month = str(_MONTHS.index(short) + 1)
            day = f"{parts['year']}-{month:0>2}-{parts['day']:0>2}"
            return None if day in _NO_DAYS else day
    return text


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

    def insert(self, table: str, columns: dict[str, Any]) -> None:
        self.db.register("part", pa.table(columns))
        self.run(f"INSERT INTO {table} BY NAME SELECT * FROM part")
        self.db.unregister("part")

    def take(self, number: int, source: SourceTable) -> None:
        """Read one table through."""
        fields = FIELDS[source.table]
        columns = columns_of(fields.values(), source.header)
        tally = Tally(number, source.label, columns)
        self.tallies[source.table] = tally
        for part in source.parts(list(dict.fromkeys(columns.values()))):
            cells = {name: cleaned(fields[name], part.columns[column]) for name, column in columns.items()}
            if part.rows:
                places = pa.array([number * PLACE + row for row in part.rows], pa.int64())
                self.insert(f"w_{source.table}", {"place": places, **cells})
            tally.rows += len(part.rows) + len(part.faults)
            tally.faults += [
                RowFault(number * PLACE + f.row, f.column, f.value, f.reason) for f in part.faults
            ]


def cleaned(field_: Field, cells: Sequence[str | None]) -> Any:
    """Cells without surrounding space; what stands for no value is null."""
    text = pc.utf8_trim_whitespace(pa.array(cells, pa.string()))
    absent = pc.is_in(pc.utf8_lower(text), value_set=pa.array(ABSENT))
    text = pc.if_else(absent, pa.scalar(None, pa.string()), text)
    if field_.kind == "day":
        coded = text.dictionary_encode()
        days = pa.array([day_of(value) for value in coded.dictionary.to_pylist()], pa.string())
        return days.take(coded.indices)
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
