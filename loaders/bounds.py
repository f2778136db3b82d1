"""Bounds on workbooks, looked at before they are opened: a file of a few kilobytes can ask for terabytes."""

from __future__ import annotations

import re
import zipfile
import zlib
from pathlib import Path
from typing import Final

from graphmodel.errors import SourceError

MOST_BYTES: Final = 2 << 30
"""Unpacked bytes of a workbook's parts together."""

MOST_CELLS: Final = 30_000_000
"""Cells between the first and the last filled one of a sheet: the reader keeps room for all of them."""

_FILLED: Final = re.compile(rb'<(?:\w+:)?c\s[^>]*?\br="([A-Z]{1,3})([0-9]{1,7})"[^>]*(?<!/)>')
_PART: Final = 1 << 22
_LONGEST_TAG: Final = 1 << 10
_MEND: Final = "Save the rows that are wanted as a new workbook, or as CSV."


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
                if part.filename.startswith("xl/worksheets/") and part.filename.endswith(".xml"):
                    _check_spread(path, archive, part)
    except (zipfile.BadZipFile, zlib.error, OSError, NotImplementedError, RuntimeError, EOFError, ValueError):
        return  # damaged or locked: opening it says so in words


def _check_spread(path: Path, archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Refuse a sheet whose filled cells stand too far apart, or that unpacks to more than it says."""
    first, last, seen, before = [1 << 20, 1 << 20], [0, 0], 0, b""
    with archive.open(part) as sheet:
        while found := sheet.read(_PART):
            seen += len(found)
            for column, row in _FILLED.findall(before + found):
                place = (_column(column), int(row))
                first = [min(a, b) for a, b in zip(first, place, strict=True)]
                last = [max(a, b) for a, b in zip(last, place, strict=True)]
            before = found[-_LONGEST_TAG:]
    spread = max(last[0] - first[0] + 1, 0) * max(last[1] - first[1] + 1, 0)
    if spread > MOST_CELLS or seen > MOST_BYTES:
        name = part.filename.rsplit("/", 1)[-1]
        fault = f"has a sheet ({name}) whose cells spread over {spread:,} places, more than {MOST_CELLS:,}"
        raise SourceError(path.name, fault, _MEND)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
