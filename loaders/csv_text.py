"""CSV files as people really save them: encodings, separators, broken rows. Nothing is guessed silently."""

from __future__ import annotations

import codecs
import csv
import io
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from graphmodel.errors import SourceError
from loaders.raw import CHUNK_ROWS, Chunk, RowFault, declared_columns, plain_header

_SCAN_BYTES: Final = 1 << 20
_LONGEST_LINE: Final = 1 << 20
_LONGEST_CELL: Final = 1 << 16
_SEPARATORS: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_SIGNATURES: Final = {
    b"PK\x03\x04": "a workbook or zip archive, not CSV text",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook, not CSV text",
    b"\x1f\x8b": "a compressed file, not CSV text",
    b"%PDF": "a PDF, not CSV text",
}


@dataclass(frozen=True)
class Encoding:
    """How to decode a file; `broken` where bytes of it may not decode, `nuls` where it has NULs."""

    name: str
    note: str = ""
    broken: bool = False
    nuls: bool = False


def detect_encoding(path: Path) -> Encoding:
    """Read the file once as bytes: UTF-8 (also with BOM), UTF-16 by its BOM or shape, else Windows-1252.

    Windows-1252 only where no byte sequence is UTF-8 beyond ASCII: a file that mixes both keeps UTF-8, and
    the rows with broken bytes are rejected, so that no good letter is changed. Raises `SourceError` for
    what is no text.
    """
    with path.open("rb") as file:
        head = file.read(4096)
        if not head:
            raise SourceError(path.name, "is empty: it has not even a header row", "Export it again.")
        for signature, what in _SIGNATURES.items():
            if head.startswith(signature):
                raise SourceError(path.name, f"is {what}", "Save it as CSV UTF-8, or name the .xlsx file.")
        if head.startswith((b"\xff\xfe", b"\xfe\xff")):
            return Encoding("utf-16", "is UTF-16; read as such (the format says UTF-8)", broken=True)
        if head.count(b"\0") * 3 > len(head):
            little = head[1::2].count(0) >= head[::2].count(0)
            name = "utf-16-le" if little else "utf-16-be"
            return Encoding(name, "is UTF-16 without a mark; read as such", broken=True)
        return _scan(path, head, file)


def _scan(path: Path, head: bytes, file: io.BufferedReader) -> Encoding:
    decoder = codecs.getincrementaldecoder("utf-8")(errors="surrogateescape")
    broken = beyond_ascii = nuls = False
    part = head
    while True:
        nuls = nuls or b"\0" in part
        text = decoder.decode(part, final=not part)
        if not text.isascii():
            rest = "".join(set(text))
            escaped = [c for c in rest if "\udc80" <= c <= "\udcff"]
            broken = broken or bool(escaped)
            beyond_ascii = beyond_ascii or any(c > "\x7f" and not "\udc80" <= c <= "\udcff" for c in rest)
        if not part:
            break
        part = file.read(_SCAN_BYTES)
    if broken and not beyond_ascii:
        try:
            with path.open(encoding="cp1252", newline="") as text_file:
                while text_file.read(_SCAN_BYTES):
                    pass
        except UnicodeDecodeError:
            pass
        else:
            return Encoding(
                "cp1252", "is not UTF-8; read as Windows-1252: check letters with accents", nuls=nuls
            )
    if broken:
        return Encoding(
            "utf-8-sig", "has bytes that are not UTF-8: those rows are rejected", broken=True, nuls=nuls
        )
    return Encoding("utf-8-sig", nuls=nuls)


class Lines:
    """Lines for a CSV reader, which can be given back: a quote that never closes must not eat the file.

    A line beyond all measure means that the file is no CSV.
    """

    def __init__(self, file: io.TextIOBase, name: str) -> None:
        self._file, self._name = file, name
        self._again: deque[str] = deque()
        self.taken: list[str] = []

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._file.readline(_LONGEST_LINE)
        if not line:
            raise StopIteration
        if len(line) >= _LONGEST_LINE:
            raise SourceError(self._name, "has a line of over a million characters", "Save it as CSV again.")
        self.taken.append(line)
        return line

    def give_back(self) -> None:
        """Offer again what the last record took, but for its first line."""
        self._again.extendleft(reversed(self.taken[1:]))


def choose_separator(header: str, known: Iterable[str]) -> str:
    """The separator under which the header has most of the format's columns; a comma on equal terms."""
    names = set(known)

    def hits(separator: str) -> int:
        try:
            cells = next(csv.reader([header], delimiter=separator), [])
        except csv.Error:
            return 0
        return sum(plain_header(c) in names for c in cells)

    return max(_SEPARATORS, key=hits)


@dataclass
class CsvTable:
    """One CSV file as a table of the format. Made by `open_csv`."""

    name: str
    file: str
    columns: tuple[str, ...]
    unknown: tuple[str, ...]
    path: Path
    encoding: Encoding
    separator: str
    header: tuple[str, ...]
    first_line: int
    notes: list[str] = field(default_factory=list)
    blank_rows: int = 0

    def chunks(self) -> Iterator[Chunk]:
        csv.field_size_limit(_LONGEST_CELL)
        with self.path.open(encoding=self.encoding.name, errors="surrogateescape", newline="") as file:
            lines = Lines(file, self.file)
            for _ in range(self.first_line):
                next(lines)
            reader = csv.reader(lines, delimiter=self.separator, strict=True)
            number = self.first_line
            while True:
                rows, numbers, faults = self._read(reader, lines, number)
                if not rows and not faults:
                    break
                number += len(rows) + len(faults)
                yield self._chunk(rows, numbers, faults)
        if self.blank_rows:
            self.notes.append(f"{self.file}: {self.blank_rows} rows without any value left out")

    def _read(
        self, reader: Iterator[list[str]], lines: Lines, number: int
    ) -> tuple[list[list[str]], list[int], list[RowFault]]:
        """The next rows behind row `number`, their numbers, and those that are no CSV."""
        rows: list[list[str]] = []
        numbers: list[int] = []
        faults: list[RowFault] = []
        while len(rows) + len(faults) < CHUNK_ROWS:
            number += 1
            lines.taken.clear()
            try:
                row = next(reader, None)
            except csv.Error as fault:
                lines.give_back()
                faults.append(RowFault(number, "", "", reading_fault(fault)))
                continue
            except UnicodeError:
                raise SourceError(
                    self.file, "is damaged in the middle of a character", "Export it again."
                ) from None
            if row is None:
                break
            rows.append(row)
            numbers.append(number)
        return rows, numbers, faults

    def _chunk(self, rows: list[list[str]], numbers: list[int], faults: list[RowFault]) -> Chunk:
        width = len(self.header)
        careful = self.encoding.broken or self.encoding.nuls
        if careful or any(len(row) != width for row in rows):
            kept = [(n, r) for n, r in zip(numbers, rows, strict=True) if self._readable(n, r, faults)]
            numbers, rows = [n for n, _ in kept], [r[:width] for _, r in kept]
        cells = list(zip(*rows, strict=True)) if rows else [()] * width
        columns = {c: cells[self.header.index(c)] for c in self.columns}
        return Chunk(numbers, dict(columns), faults)

    def _readable(self, number: int, row: list[str], faults: list[RowFault]) -> bool:
        if not any(cell.strip() for cell in row):
            self.blank_rows += 1
            return False
        width = len(self.header)
        if len(row) < width or any(cell.strip() for cell in row[width:]):
            reason = f"row has {len(row)} cells, the header {width}"
            faults.append(RowFault(number, "", "", reason))
            return False
        for name, cell in zip(self.header, row, strict=False):
            if "\0" in cell:
                faults.append(
                    RowFault(
                        number, name, _shown(cell).replace("\0", "␀"), "has a NUL: the file is damaged here"
                    )
                )
                return False
            if any("\ud800" <= c <= "\udfff" for c in cell):
                shown = _shown(cell)
                faults.append(
                    RowFault(number, name, shown, "has bytes that are not UTF-8: export as CSV UTF-8")
                )
                return False
        return True


def _shown(cell: str) -> str:
    """A cell with bytes that are no text, fit to be written somewhere."""
    return cell.encode("utf-8", "replace").decode()


def reading_fault(fault: csv.Error) -> str:
    text = str(fault)
    if "unexpected end of data" in text or "field limit" in text:
        return "a quotation mark opens in this row and does not close"
    if "expected after" in text:
        return "has text behind a closing quotation mark: double the marks inside a quoted cell"
    return f"cannot be read as CSV ({text})"


def read_header(path: Path, encoding: Encoding, known: Iterable[str]) -> tuple[str, tuple[str, ...], int]:
    """The separator, the header's cells in the format's spelling, and the rows up to and with the header."""
    with path.open(encoding=encoding.name, errors="surrogateescape", newline="") as file:
        lines = Lines(file, path.name)
        separator, skipped = "", 0
        for line in lines:
            if skipped == 0 and line.lower().startswith("sep=") and line.strip()[4:5]:
                separator, skipped = line[4], 1
                continue
            if line.strip():
                separator = separator or choose_separator(line, known)
                cells = next(csv.reader([line], delimiter=separator), [])
                return separator, tuple(plain_header(_shown(c)) for c in cells), skipped + 1
            skipped += 1
    raise SourceError(path.name, "is empty: it has not even a header row", "Export it again.")


def open_csv(path: Path, table: str) -> CsvTable:
    """Look at encoding, separator and header of one file.

    Raises `SourceError` where the header cannot be used: none, a column twice, or no column of the table.
    """
    encoding = detect_encoding(path)
    known = declared_columns(table)
    try:
        separator, header, first_line = read_header(path, encoding, known)
    except (csv.Error, UnicodeError) as fault:
        raise SourceError(
            path.name, f"has a header that cannot be read ({fault})", "Export it again."
        ) from None
    check_header(path.name, table, header)
    notes = [f"{path.name} {encoding.note}"] if encoding.note else []
    if separator != ",":
        notes.append(f"{path.name} is separated by {_SEPARATORS.get(separator, separator)}s; read as such")
    columns = tuple(c for c in known if c in header)
    unknown = tuple(c for c in header if c and c not in known)
    return CsvTable(table, path.name, columns, unknown, path, encoding, separator, header, first_line, notes)


def check_header(file: str, table: str, header: Iterable[str]) -> None:
    """Refuse a header with a column twice or without any column of the table."""
    cells = [c for c in header if c]
    twice = sorted({c for c in cells if cells.count(c) > 1})
    known = declared_columns(table)
    if twice:
        raise SourceError(file, f"has the column {', '.join(twice)} twice", "Keep one of them.")
    if not set(cells) & set(known):
        raise SourceError(
            file,
            f"has no column of the table {table}",
            f"Its first row must name the columns: {', '.join(known)}. A partner's own list is read by a "
            "mapping: tacgraph map FILE.",
        )


def ragged(rows: Sequence[tuple[int, Sequence[object]]], width: int) -> dict[int, str]:
    """Rows (number, cells) that do not have the header's width, by number, and what is wrong with them.

    A sign of the separator in a cell shifts those behind it; a file that was cut off ends in a short row.
    Where most rows are so, the file is written so, and none is meant.
    """
    longer = [(n, row) for n, row in rows if any(str(cell or "").strip() for cell in row[width:])]
    shorter = [(n, row) for n, row in rows if len(row) < width]
    return {
        number: f"row has {len(row)} cells, the header {width}"
        for found in (longer, shorter)
        if 2 * len(found) <= len(rows)
        for number, row in found
    }
