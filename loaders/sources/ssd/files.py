"""The dataset's tables as files: a folder of CSV or Parquet, under the names that people give them."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from graphmodel.errors import SourceError
from loaders.csv_text import CsvTable, detect_encoding, read_header
from loaders.raw import CHUNK_ROWS, Chunk, plain_header
from loaders.sources.ssd.fields import KNOWN, READ, names_of

TEXTS: Final = (".csv", ".txt", ".tsv")
PARQUET: Final = (".parquet", ".pq")
MOST_ROWS: Final = 50_000_000
LARGEST_GROUP: Final = 1 << 30
LONGEST_CELL: Final = 1 << 16

_BY_LENGTH: Final = sorted(KNOWN, key=len, reverse=True)


class SourceTable(Protocol):
    """One table of the dataset, wherever it lies; `header` in small letters, `label` for rejects."""

    table: str
    label: str
    header: tuple[str, ...]
    notes: list[str]

    def parts(self, columns: Sequence[str]) -> Iterator[Chunk]:
        """The rows in bounded parts, with these columns of the header as text."""


def table_named(stem: str) -> str | None:
    """The table that a file or database table of this name holds: prefix, suffix and date do not count."""
    plain = plain_header(stem)
    for name in _BY_LENGTH:
        if re.search(rf"(?<![a-z]){name}(?![a-z])", plain):
            return name
    bare = re.sub(r"[^a-z]+$", "", plain)
    return f"ssd_{bare}" if f"ssd_{bare}" in KNOWN else None


def table_files(folder: Path) -> tuple[dict[str, Path], list[str], list[str]]:
    """The files of tables that are read, those of other tables of the dataset, and other files.

    Raises `SourceError` where a table is there twice.
    """
    found: dict[str, Path] = {}
    unread: list[str] = []
    strange: list[str] = []
    for file in sorted(p for p in folder.iterdir() if p.is_file() and not p.name.startswith(".")):
        table = table_named(file.stem) if file.suffix.lower() in (*TEXTS, *PARQUET) else None
        if table is None:
            strange.append(file.name)
        elif table not in READ:
            unread.append(file.name)
        elif table in found:
            fault = f"holds the table {table} twice: {found[table].name} and {file.name}"
            raise SourceError(f"folder {folder.name}", fault, "Keep one of them.")
        else:
            found[table] = file
    return found, unread, strange


def column_word(cell: object) -> str:
    """A heading without the table's name, brackets or quotes in front and behind."""
    return plain_header(re.sub(r"[\[\]\"`]", "", str(cell or "")).rsplit(".", 1)[-1])


def check_columns(label: str, table: str, header: Sequence[str]) -> None:
    """Refuse a header that has a column of the table twice, or none of them."""
    known = set(names_of(table))
    twice = sorted(c for c, n in Counter(header).items() if n > 1 and c in known)
    if twice:
        raise SourceError(label, f"has the column {', '.join(twice)} twice", "Keep one of them.")
    if not known & set(header):
        raise SourceError(
            label,
            f"has no column of the table {table}",
            f"Export it with a header row; among the columns should be {', '.join(names_of(table)[:4])}.",
        )


@dataclass
class TextFile:
    """A table as CSV."""

    table: str
    label: str
    header: tuple[str, ...]
    csv: CsvTable
    notes: list[str] = field(default_factory=list)

    def parts(self, columns: Sequence[str]) -> Iterator[Chunk]:
        read = replace(self.csv, columns=tuple(columns), notes=[], blank_rows=0)
        yield from read.chunks()


@dataclass
class ParquetTable:
    """A table as Parquet; `columns` are the file's own names by ours."""

    table: str
    label: str
    header: tuple[str, ...]
    path: Path
    columns: dict[str, str]
    texts: list[str]
    notes: list[str] = field(default_factory=list)

    def parts(self, columns: Sequence[str]) -> Iterator[Chunk]:
        names = [self.columns[c] for c in columns]
        number = 1
        try:
            with pq.ParquetFile(self.path, read_dictionary=self.texts) as file:
                for batch in file.iter_batches(batch_size=CHUNK_ROWS, columns=names):
                    cells: dict[str, Sequence[str | None]] = {
                        c: _as_text(self.label, batch.column(n)) for c, n in zip(columns, names, strict=True)
                    }
                    yield Chunk(list(range(number, number + batch.num_rows)), cells)
                    number += batch.num_rows
        except (pa.ArrowException, OSError, ValueError) as fault:
            raise _unreadable(self.label, fault) from None


def _as_text(label: str, column: Any) -> list[str | None]:
    values = column.dictionary if isinstance(column, pa.DictionaryArray) else column
    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        longest = pc.max(pc.binary_length(values)).as_py() or 0
        if longest > LONGEST_CELL:
            raise SourceError(label, "has a cell of over 65,536 characters", "Export the table again.")
    try:
        found: list[str | None] = column.cast(pa.string()).to_pylist()
    except pa.ArrowException:
        found = [None if value is None else str(value) for value in column.to_pylist()]
    return found


def _unreadable(label: str, fault: Exception) -> SourceError:
    words = (str(fault).strip().splitlines() or [type(fault).__name__])[0][:120]
    return SourceError(label, f"cannot be read as Parquet ({words})", "Write it again, or export CSV.")


def open_file(path: Path, table: str) -> SourceTable:
    """Look at one file's header. Raises `SourceError` where it cannot be used."""
    return _open_parquet(path, table) if path.suffix.lower() in PARQUET else _open_text(path, table)


def _open_text(path: Path, table: str) -> TextFile:
    encoding = detect_encoding(path)
    known = names_of(table)
    try:
        separator, cells, first_line = read_header(path, encoding, known)
    except (csv.Error, UnicodeError) as fault:
        raise SourceError(
            path.name, f"has a header that cannot be read ({fault})", "Export it again."
        ) from None
    header = tuple(column_word(cell) for cell in cells)
    check_columns(path.name, table, header)
    notes = [f"{path.name} {encoding.note}"] if encoding.note else []
    read = CsvTable(table, path.name, (), (), path, encoding, separator, header, first_line)
    return TextFile(table, path.name, header, read, notes)


def _open_parquet(path: Path, table: str) -> ParquetTable:
    try:
        with pq.ParquetFile(path) as file:
            schema, about = file.schema_arrow, file.metadata
            groups = [about.row_group(n).total_byte_size for n in range(about.num_row_groups)]
            rows = about.num_rows
    except (pa.ArrowException, OSError, ValueError) as fault:
        raise _unreadable(path.name, fault) from None
    if rows > MOST_ROWS or max(groups, default=0) > LARGEST_GROUP:
        fault_words = f"has {rows} rows, or a row group of over a thousand million bytes"
        raise SourceError(path.name, fault_words, "Write it in smaller row groups, or as CSV.")
    header = tuple(column_word(name) for name in schema.names)
    check_columns(path.name, table, header)
    columns = dict(zip(header, schema.names, strict=True))
    texts = [f.name for f in schema if pa.types.is_string(f.type) or pa.types.is_large_string(f.type)]
    return ParquetTable(table, path.name, header, path, columns, texts)
