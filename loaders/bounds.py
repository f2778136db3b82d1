"""Bounds on workbooks, looked at before they are opened: a file of a few kilobytes can ask for terabytes."""

from __future__ import annotations

import re
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol

from graphmodel.errors import SourceError

MOST_BYTES: Final = 2 << 30
"""Unpacked bytes of a workbook's parts together."""

MOST_CELLS: Final = 30_000_000
"""Cells between the first and the last filled one of a sheet: the reader keeps room for all of them."""

MOST_PACKED: Final = 200
"""How many times its packed size a large part may have: sheets and their texts have thirty times at most."""

_LARGE: Final = 64 << 20
_TAGS: Final = re.compile(rb"<(?:\w+:)?(row|c)(?=[\s/>])([^>]*)>")
_WHERE: Final = re.compile(rb"\sr\s*=\s*['\"]([A-Z]{0,3})([0-9]{1,7})['\"]")
_PART: Final = 1 << 22
_LONGEST_TAG: Final = 1 << 10
_BINARY_SHEET: Final = b"\x81\x01"
_BINARY_CELLS: Final = range(2, 12)
_MEND: Final = "Save the rows that are wanted as a new workbook, or as CSV."
_BROKEN: Final = (
    *(zipfile.BadZipFile, zlib.error, OSError, NotImplementedError, RuntimeError, EOFError, ValueError),
)


def check_workbook(path: Path) -> None:
    """Refuse (`SourceError`) a zipped workbook that unpacks, or whose sheets spread, beyond the bounds.

    What is no zip archive is left to whoever opens it.
    """
    if not zipfile.is_zipfile(path):
        return
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            if sum(part.file_size for part in parts) > MOST_BYTES:
                raise SourceError(path.name, f"unpacks to more than {MOST_BYTES >> 30} GiB", _MEND)
            for part in parts:
                # damaged or locked: opening it says so in words
                with suppress(*_BROKEN):
                    _check_part(path, archive, part)
    except _BROKEN:
        return


def _check_part(path: Path, archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Refuse a part that is packed too well, or a sheet whose cells stand too far apart."""
    seen = 0
    looker: _Looker | None = None
    with archive.open(part) as content:
        while found := content.read(_PART):
            seen += len(found)
            if seen > max(_LARGE, MOST_PACKED * part.compress_size):
                fault = f"has a part ({part.filename}) that unpacks to over {MOST_PACKED} times its size"
                raise SourceError(path.name, fault, _MEND)
            looker = looker or (_Binary() if found.startswith(_BINARY_SHEET) else _Xml())
            looker.take(found)
    spread = looker.spread.places if looker is not None else 0
    if spread > MOST_CELLS:
        name = part.filename.rsplit("/", 1)[-1]
        fault = f"has a sheet ({name}) whose cells spread over {spread:,} places, more than {MOST_CELLS:,}"
        raise SourceError(path.name, fault, _MEND)


# -- how far the cells of a part stand apart ---------------------------------------------------------


class _Spread:
    """The first and the last filled cell, by column and row."""

    def __init__(self) -> None:
        self.first, self.last = [1 << 40, 1 << 40], [0, 0]

    def see(self, column: int, row: int) -> None:
        self.first = [min(self.first[0], column), min(self.first[1], row)]
        self.last = [max(self.last[0], column), max(self.last[1], row)]

    @property
    def places(self) -> int:
        columns, rows = (b - a + 1 for a, b in zip(self.first, self.last, strict=True))
        return max(columns, 0) * max(rows, 0)


class _Looker(Protocol):
    spread: _Spread

    def take(self, content: bytes) -> None:
        """The next part of the content."""


class _Xml:
    """A sheet of an .xlsx, wherever it lies in the archive; rows and cells need not say where they are."""

    def __init__(self) -> None:
        self.spread, self._before = _Spread(), b""
        self._row = self._column = 0

    def take(self, content: bytes) -> None:
        text = self._before + content
        end = text.rfind(b">") + 1
        for tag, said in _TAGS.findall(text, 0, end):
            where = _WHERE.search(said)
            if tag == b"row":
                self._row, self._column = int(where[2]) if where else self._row + 1, 0
                continue
            if where:
                self._column, self._row = column_number(where[1]), int(where[2])
            else:
                self._column += 1
            if not said.endswith(b"/"):
                self.spread.see(self._column, self._row)
        self._before = text[end:][-_LONGEST_TAG:]


class _Binary:
    """A sheet of an .xlsb: records of a type, a length and as many bytes."""

    def __init__(self) -> None:
        self.spread, self._left = _Spread(), b""
        self._row = self._skip = 0

    def take(self, content: bytes) -> None:
        skipped = min(self._skip, len(content))
        self._skip -= skipped
        records, at = self._left + content[skipped:], 0
        while True:
            kind, behind = _grouped(records, at, 2)
            length, begins = _grouped(records, behind, 4)
            if begins < 0 or begins + min(length, 4) > len(records):
                break
            number = int.from_bytes(records[begins : begins + min(length, 4)], "little")
            if kind == 0:
                self._row = number + 1
            elif kind in _BINARY_CELLS:
                self.spread.see(number + 1, self._row)
            at = begins + length
        self._skip += max(at - len(records), 0)
        self._left = records[at:]


def _grouped(content: bytes, at: int, most: int) -> tuple[int, int]:
    """A number in groups of seven bits and the place behind it; -1 where the content ends before."""
    number = 0
    for group in range(most):
        if at < 0 or at + group >= len(content):
            return 0, -1
        byte = content[at + group]
        number |= (byte & 0x7F) << 7 * group
        if byte < 0x80:  # noqa: PLR2004  (the sign that another group follows)
            return number, at + group + 1
    return number, at + most


def column_number(letters: bytes) -> int:
    """The number of a column (from 1) by its letters."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
