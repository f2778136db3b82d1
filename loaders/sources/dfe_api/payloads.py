"""Where the Department's payloads lie, and one after the other out of them, in bounded memory.

A JSON file with a list, with one object after another (one a line, say), or with the wrapper that is sent;
a folder of such files; or a dump of the staging table as CSV or Parquet with a column `json_payload`.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from graphmodel.errors import SourceError
from loaders.csv_text import Encoding, choose_separator, detect_encoding
from loaders.raw import RowFault, plain_header

LARGEST: Final = 8 << 20
"""Letters of one payload: the longest history of a child has some hundred thousand."""

MOST_FILES: Final = 200_000
PAYLOAD: Final = "json_payload"
STATE: Final = "row_state"

_PART: Final = 1 << 18
_HEAD: Final = 1 << 14
_BATCH: Final = 32
_LITERAL: Final = 16
_JSON: Final = (".json", ".jsonl", ".ndjson")
_WRAPPER: Final = re.compile(
    r'\ufeff?\s*\{(?:\s*"[^"]{1,60}"\s*:\s*(?:"[^"]{0,60}"|[\w.-]{1,60})\s*,){0,5}'
    r'\s*"children"\s*:\s*\[',
    re.IGNORECASE,
)
_KNOWN: Final = re.compile(r'"(la_child_id|mis_child_id|social_care_episodes|child_details)"')
_SPACE: Final = re.compile(r"[\s,\ufeff]*")


@dataclass(frozen=True)
class Payload:
    """One child's payload and the number of its object or row in the file; `gone` where the table says so."""

    number: int
    content: dict[str, Any]
    gone: bool = False


def looks_like_dfe_api(path: Path) -> bool:
    """Whether a file, or the first of a folder, begins as payloads do."""
    try:
        files = payload_files(path)
        if not files:
            return False
        first = files[0]
        if first.suffix.lower() == ".parquet":
            return PAYLOAD in _parquet_columns(first)
        with first.open("rb") as file:
            head = file.read(_HEAD).replace(b"\0", b"").decode("utf-8", "replace")
        if first.suffix.lower() == ".csv":
            return PAYLOAD in head.partition("\n")[0].lower()
        return _KNOWN.search(head) is not None
    except (OSError, ValueError, SourceError):
        return False


def payload_files(path: Path) -> list[Path]:
    """The files at a path that may hold payloads: of a folder its JSON files, or else its dumps."""
    if path.is_file():
        return [path] if path.suffix.lower() in (*_JSON, ".csv", ".parquet") else []
    if not path.is_dir():
        return []
    found = sorted(p for p in path.iterdir() if p.suffix.lower() in _JSON and not p.name.startswith("."))
    if len(found) > MOST_FILES:
        raise SourceError(str(path), f"holds more than {MOST_FILES} files", "Put the payloads into one file.")
    return found or [
        p
        for p in sorted(path.iterdir())
        if (p.suffix.lower() == ".parquet" and PAYLOAD in _parquet_columns(p))
        or (p.suffix.lower() == ".csv" and PAYLOAD in _csv_columns(p))
    ]


def payloads(path: Path) -> Iterator[Payload | RowFault]:
    """The payloads of one file in order, and the rows that hold none.

    Raises `SourceError` where the file is none of these, breaks off, or has a payload beyond all measure.
    """
    match path.suffix.lower():
        case ".parquet":
            return _dump(_parquet_cells(path))
        case ".csv":
            return _dump(_csv_cells(path))
        case ".jsonl" | ".ndjson":
            return _dump(_lines(path))
        case _:
            return _json(path)


# -- JSON --------------------------------------------------------------------------------------------


class _Text:
    """A file's text, read on as far as it is needed."""

    def __init__(self, path: Path) -> None:
        encoding = detect_encoding(path)
        self.name = path.name
        self._file = path.open(encoding=encoding.name, errors="replace", newline="")
        self.text, self.at, self.ended = "", 0, False

    def more(self) -> bool:
        """Read on, and let go of what is behind; False where the file has ended."""
        part = "" if self.ended else self._file.read(max(_PART, len(self.text) - self.at))
        self.ended = not part
        self.text, self.at = self.text[self.at :] + part, 0
        return bool(part)

    def skip(self) -> str:
        """Go behind white space and commas; the next letter, empty at the end."""
        while True:
            found = _SPACE.match(self.text, self.at)
            self.at = found.end() if found else self.at
            if self.at < len(self.text):
                return self.text[self.at]
            if not self.more():
                return ""

    def close(self) -> None:
        self._file.close()


def _json(path: Path) -> Iterator[Payload | RowFault]:
    text = _Text(path)
    try:
        text.more()
        wrapper = _WRAPPER.match(text.text)
        listed = wrapper is not None or text.skip() == "["
        text.at = wrapper.end() if wrapper else text.at + listed
        number = 0
        while (sign := text.skip()) and not (listed and sign == "]"):
            number += 1
            value = _value(text, number)
            inside = None if listed else _children(value)
            if inside is None:
                yield _payload(number, value)
            else:
                yield from (_payload(n, v) for n, v in enumerate(inside, start=number))
        if listed and not sign:
            raise SourceError(path.name, f"breaks off behind payload {number}", "Export it again.")
    finally:
        text.close()


def _children(value: Any) -> list[Any] | None:
    """What is in a wrapper; None where this is none."""
    known = value if isinstance(value, dict) else {}
    return next((v for k, v in known.items() if k.lower() == "children" and isinstance(v, list)), None)


def _payload(number: int, value: Any) -> Payload | RowFault:
    if isinstance(value, dict):
        return Payload(number, value)
    return RowFault(number, "", "", "is no JSON object, so no payload")


def _value(text: _Text, number: int) -> Any:
    """The JSON value that begins here; reads on while it is not complete."""
    decoder = json.JSONDecoder()
    while True:
        try:
            value, end = decoder.raw_decode(text.text, text.at)
        except RecursionError:
            raise _broken(text.name, number, "is nested beyond all measure") from None
        except ValueError as fault:
            if len(text.text) - text.at > LARGEST:
                raise _broken(text.name, number, f"has more than {LARGEST >> 20} MiB") from None
            if _is_wrong(fault, len(text.text)) or not text.more():
                where = fault.msg if isinstance(fault, json.JSONDecodeError) else "a number is too long"
                raise _broken(text.name, number, f"is no complete JSON ({where})") from None
        else:
            if end == len(text.text) and text.more():
                continue  # a number at the end of a part may go on
            text.at = end
            return value


def _is_wrong(fault: ValueError, length: int) -> bool:
    """Whether text is wrong where it stands, and does not only break off at the end of what was read."""
    if not isinstance(fault, json.JSONDecodeError):
        return True
    return not fault.msg.startswith("Unterminated") and fault.pos < length - _LITERAL


def _broken(name: str, number: int, fault: str) -> SourceError:
    return SourceError(f"{name}, payload {number}", fault, "Export the payloads again.")


# -- dumps of the staging table ----------------------------------------------------------------------


def _dump(cells: Iterator[tuple[int, str | None, str | None]]) -> Iterator[Payload | RowFault]:
    for number, cell, state in cells:
        if cell is None or not cell.strip():
            yield RowFault(number, PAYLOAD, "", "is required and empty")
        elif len(cell) > LARGEST:
            yield RowFault(number, PAYLOAD, "", f"has more than {LARGEST >> 20} MiB")
        else:
            try:
                value = json.loads(cell)
            except (ValueError, RecursionError):
                yield RowFault(number, PAYLOAD, cell[:40], "is no complete JSON")
                continue
            found = _payload(number, value)
            if isinstance(found, Payload) and (state or "").strip().lower() == "deleted":
                found = Payload(number, found.content, gone=True)
            yield found


def _lines(path: Path) -> Iterator[tuple[int, str | None, str | None]]:
    """Line number and payload of a file with one payload a line."""
    with path.open(encoding=detect_encoding(path).name, errors="replace", newline="") as file:
        number = 0
        while line := file.readline(LARGEST + 1):
            number += 1
            rest = line
            while len(rest) >= LARGEST and not rest.endswith("\n"):
                rest = file.readline(LARGEST)
            if line.strip():
                yield number, line.strip(), None


def _csv_start(path: Path) -> tuple[Encoding, str, list[str]]:
    encoding = detect_encoding(path)
    with path.open(encoding=encoding.name, errors="replace", newline="") as file:
        line = file.readline(1 << 16)
    separator = choose_separator(line, (PAYLOAD, STATE, "person_id", "id"))
    return encoding, separator, [plain_header(c) for c in next(csv.reader([line], delimiter=separator), [])]


def _csv_columns(path: Path) -> list[str]:
    try:
        return _csv_start(path)[2]
    except (SourceError, OSError, ValueError, csv.Error):
        return []


def _csv_cells(path: Path) -> Iterator[tuple[int, str | None, str | None]]:
    """Row number, payload and state of a table dumped as CSV."""
    try:
        encoding, separator, header = _csv_start(path)
    except csv.Error as fault:
        raise SourceError(
            path.name, f"has a header that cannot be read ({fault})", "Export it again."
        ) from None
    if PAYLOAD not in header:
        raise SourceError(path.name, f"has no column {PAYLOAD}", "Export the staging table with it.")
    at, state = header.index(PAYLOAD), header.index(STATE) if STATE in header else -1
    before = csv.field_size_limit(LARGEST)
    try:
        with path.open(encoding=encoding.name, errors="replace", newline="") as file:
            for number, row in enumerate(csv.reader(file, delimiter=separator), start=1):
                if number > 1 and any(row):
                    yield number, _cell(row, at), _cell(row, state) if state >= 0 else None
    except csv.Error as fault:
        raise SourceError(path.name, f"cannot be read as CSV ({fault})", "Export it again.") from None
    finally:
        csv.field_size_limit(before)


def _cell(row: list[str], place: int) -> str | None:
    return row[place] if place < len(row) else None


def _parquet_columns(path: Path) -> list[str]:
    try:
        return [plain_header(name) for name in pq.read_schema(path).names]
    except (pa.ArrowException, OSError):
        return []


def _parquet_cells(path: Path) -> Iterator[tuple[int, str | None, str | None]]:
    """Row number, payload and state of a table dumped as Parquet; a payload beyond measure is cut."""
    number = 0
    try:
        with pq.ParquetFile(path) as file:
            names = {plain_header(name): name for name in file.schema_arrow.names}
            if PAYLOAD not in names:
                raise SourceError(path.name, f"has no column {PAYLOAD}", "Export the staging table with it.")
            wanted = [names[c] for c in (PAYLOAD, STATE) if c in names]
            for batch in file.iter_batches(batch_size=_BATCH, columns=wanted):
                cells = [_texts(batch.column(name)) for name in wanted]
                for row in zip(*cells, strict=True):
                    number += 1
                    yield number, row[0], row[1] if len(row) > 1 else None
    except (pa.ArrowException, OSError) as fault:
        words = str(fault).splitlines()[0][:120]
        raise SourceError(path.name, f"cannot be read as Parquet ({words})", "Export it again.") from None


def _texts(column: Any) -> list[str | None]:
    text = pc.utf8_slice_codeunits(pc.cast(column, pa.string()), 0, LARGEST + 1)
    return [None if cell is None else str(cell) for cell in text.to_pylist()]
