"""Which list a sheet holds, and which column which field: by names and headings in plain words."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from loaders.sources.care import RESIDENTIAL, SHORT_BREAKS

HEADERS: Final = Path(__file__).with_name("headers.toml")
SEARCHED_ROWS: Final = 30
"""The header is looked for among so many rows."""

_WIDEST: Final = 400
_OWN_FIELDS: Final = 2
_NUMBERED: Final = re.compile(r"\blist ?0*(\d{1,2})(?!\d)")
CODES: Final = {"residential": RESIDENTIAL, "short_break": SHORT_BREAKS}
_CODE: Final = re.compile(r"\b[A-Z]\d\b")
_NOT_FIELDS: Final = ("sheet", "name")


@lru_cache(maxsize=20_000)
def _words(text: str) -> str:
    text = unicodedata.normalize("NFKC", text[:1000])
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", text)
    return " ".join(re.sub(r"[^0-9a-z]+", " ", text.lower()).split())


def plain_words(heading: object) -> str:
    """A heading or sheet name in small letters, single spaces, no signs; CamelCase taken apart."""
    return _words(str(heading or ""))


@lru_cache(maxsize=1)
def _read() -> dict[str, Any]:
    return tomllib.loads(HEADERS.read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def patterns() -> tuple[dict[str, str], dict[int, dict[str, str]]]:
    """Patterns of the fields common to all lists, and by list."""
    read = _read()
    return read["common"], {int(number): fields for number, fields in read["list"].items()}


def loose_patterns() -> dict[str, str]:
    """Patterns for fields of which no heading fits exactly."""
    found: dict[str, str] = _read()["loose"]
    return found


def says(kind: str, text: str | None) -> bool:
    """Whether a cell says `residential` or `short_break`: by its code where it has one, else by its words."""
    words = plain_words(text)
    codes = _CODE.findall(words.upper())
    if codes:
        return any(code in CODES[kind] for code in codes)
    return bool(words) and re.fullmatch(_read()[kind]["pattern"], words) is not None


def sector_of(organisation: str) -> str:
    """The sector that an organisation's name speaks of; `other` where it speaks of none."""
    words = plain_words(organisation)
    fitting = (s["sector"] for s in _read()["sector"] if re.fullmatch(s["pattern"], words))
    return str(next(fitting, "other"))


def own_fields(number: int) -> dict[str, str]:
    """The patterns of the fields that a list has of its own."""
    return {k: v for k, v in patterns()[1][number].items() if k not in _NOT_FIELDS}


def list_of(name: str) -> int | None:
    """The number of the list that a sheet or file of this name holds."""
    words = plain_words(name)
    _, lists = patterns()
    if numbered := _NUMBERED.search(words):
        return int(numbered[1]) if int(numbered[1]) in lists else None
    bare = re.sub(r"^(\d{1,2} |annex a )+|( \d{2,8})+$", "", words)
    return next((n for n, fields in lists.items() if re.fullmatch(fields["sheet"], bare)), None)


@dataclass
class Header:
    """The row of a sheet that has the headings, from 0; each field's columns and what they are called."""

    at: int
    columns: dict[str, list[int]] = field(default_factory=dict)
    called: dict[str, str] = field(default_factory=dict)


def find_header(
    rows: Sequence[Sequence[Any]], wanted: Mapping[str, str], loose: Mapping[str, str] | None = None
) -> Header:
    """The row, among the first ones, that has most of the wanted headings, and where each of them stands."""
    best = Header(0)
    for at, row in enumerate(rows[:SEARCHED_ROWS]):
        words = [plain_words(cell) if isinstance(cell, str) else "" for cell in row[:_WIDEST]]
        columns: dict[str, list[int]] = {}
        for name, pattern in wanted.items():
            fitting = [place for place, word in enumerate(words) if word and re.fullmatch(pattern, word)]
            if fitting:
                columns[name] = fitting
        if columns:
            _add_loose(words, columns, {k: v for k, v in (loose or {}).items() if k in wanted})
        if len(columns) > len(best.columns):
            best = Header(at, columns)
    row = rows[best.at] if rows else []
    best.called = {name: " ".join(str(row[c[0]]).split())[:200] for name, c in best.columns.items()}
    return best


def _add_loose(words: Sequence[str], columns: dict[str, list[int]], loose: Mapping[str, str]) -> None:
    taken = {place for places in columns.values() for place in places}
    for name, pattern in loose.items():
        fitting = [p for p, word in enumerate(words) if p not in taken and re.fullmatch(pattern, word)]
        if name not in columns and fitting:
            columns[name] = fitting[:1]
            taken.add(fitting[0])


def header_of(rows: Sequence[Sequence[Any]], number: int) -> Header:
    """The header of a sheet, read as that list."""
    return find_header(rows, {**patterns()[0], **own_fields(number)}, loose_patterns())


def own_found(header: Header, number: int) -> int:
    """How many of the list's own fields the header has."""
    return sum(name in own_fields(number) for name in header.columns)


def list_by_headings(rows: Sequence[Sequence[Any]]) -> int | None:
    """The one list whose own headings a sheet has: two of them, and more than any other list; else None."""
    scores: dict[int, int] = {}
    for number in patterns()[1]:
        header = header_of(rows, number)
        if "child_id" in header.columns and own_fields(number):
            scores[number] = own_found(header, number)
    ranked = sorted(scores.items(), key=lambda pair: -pair[1])
    if not ranked or ranked[0][1] < _OWN_FIELDS:
        return None
    return ranked[0][0] if len(ranked) == 1 or ranked[0][1] > ranked[1][1] else None
