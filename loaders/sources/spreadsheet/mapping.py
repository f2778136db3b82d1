"""How one partner's list is read: a small TOML file that people edit, kept and used every month."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Mapping as AnyMapping
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from rapidfuzz import fuzz

from graphmodel import codes
from graphmodel.errors import SourceError
from loaders.sources.spreadsheet.cells import plain_words, word_lists

DATED: Final = "facts with their dates"
EVERYBODY: Final = "everybody on this day"
SINCE: Final = ("opened_on", "as_at", "")
AS_AT_WORDS: Final = ("file name", "title")
SHEET_IS: Final = ("", "agency", "school", "locality")
SAME_SCHOOL: Final = "@school"
"""As the agency of a column: the school in the child's own row."""

MAPPINGS: Final = "mappings"
_MOST_BYTES: Final = 1 << 20


@dataclass(frozen=True)
class Column:
    """One column of theirs and the field it fills.

    `role`, `agency` and `sector` belong to `member` columns, `of` (a `member` column's heading) to their
    first and last days, `status` to `status_flag` ones. `why` and
    `confidence` (0 to 1) come from the proposal.
    """

    heading: str
    field: str
    role: str = ""
    agency: str = ""
    sector: str = ""
    status: str = ""
    of: str = ""
    why: str = ""
    confidence: float = 1.0


@dataclass(frozen=True)
class Mapping:
    """What `tacgraph map` proposes and `tacgraph load --with` follows; `docs/sources.md` explains each part.

    `roles`, `statuses` and `agencies` map the list's own words onto codes (agencies: onto sectors);
    `agency_ids` gives agencies a registry's id.
    """

    source: str
    columns: tuple[Column, ...]
    list_is: str = DATED
    as_at: str = ""
    since_is: str = ""
    day_first: bool = True
    child_ids_are: str = "own"
    sheet_is: str = ""
    sheets: tuple[str, ...] = ()
    fill_down: tuple[str, ...] = ()
    fte_when_missing: float | None = None
    posts_since: str = ""
    roles: AnyMapping[str, str] = field(default_factory=dict)
    statuses: AnyMapping[str, str] = field(default_factory=dict)
    agencies: AnyMapping[str, str] = field(default_factory=dict)
    agency_ids: AnyMapping[str, str] = field(default_factory=dict)

    def compared(self) -> Mapping:
        """The same with its words as they are compared: small letters, no signs."""
        words = (self.roles, self.statuses, self.agencies, self.agency_ids)
        plain = ({plain_words(k) or k: v for k, v in of.items()} for of in words)
        roles, statuses, agencies, ids = plain
        return replace(self, roles=roles, statuses=statuses, agencies=agencies, agency_ids=ids)

    def used(self) -> tuple[Column, ...]:
        return tuple(c for c in self.columns if c.field != "left_out")

    def of(self, name: str) -> tuple[Column, ...]:
        """The columns that fill a field."""
        return tuple(c for c in self.columns if c.field == name)

    def has(self, *names: str) -> bool:
        return any(c.field in names for c in self.columns)


# -- reading ---------------------------------------------------------------------------------------


def read_mapping(path: Path) -> Mapping:
    """The mapping in a file. Raises `SourceError` naming the entry that is wrong, and the mend."""
    thing = f"mapping {path.name}"
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise SourceError(thing, "is far too big for a mapping", "Make it again with `tacgraph map`.")
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as fault:
        raise SourceError(
            thing, f"cannot be read ({fault})", "Name the file that `tacgraph map` wrote."
        ) from None
    except tomllib.TOMLDecodeError as fault:
        raise SourceError(
            thing, f"is no TOML ({fault})", "Put quotes round texts, one entry a line."
        ) from None
    return mapping_of(values, thing)


def is_mapping(path: Path) -> bool:
    """Whether a file is a mapping of a spreadsheet, right or wrong."""
    try:
        if path.suffix.lower() != ".toml" or path.stat().st_size > _MOST_BYTES:
            return False
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        return False
    return isinstance(values.get("column"), list) and "list_is" in values


def mapping_of(values: AnyMapping[str, Any], thing: str) -> Mapping:
    """A mapping of the values of its TOML."""
    known = {"version", "column", "roles", "statuses", "agencies"} | {
        *("source", "list_is", "as_at", "since_is", "day_first", "child_ids_are", "sheet_is", "sheets"),
        *("fill_down", "fte_when_missing", "posts_since"),
    }
    for name in values:
        if name not in known:
            raise SourceError(
                thing, f"has an entry {name!r} that is not known", f"Use: {', '.join(sorted(known))}."
            )
    entries = _Entries(values, thing)
    columns = tuple(_column(entry, thing) for entry in entries.tables("column"))
    if not columns:
        raise SourceError(thing, "maps no column", "Make it with `tacgraph map`.")
    _once(columns, thing)
    agencies, ids = _agencies(values.get("agencies", {}), thing)
    return Mapping(
        source=entries.source(),
        columns=columns,
        list_is=entries.one_of("list_is", (DATED, EVERYBODY), DATED),
        as_at=entries.as_at(),
        since_is=entries.one_of("since_is", SINCE, ""),
        day_first=bool(values.get("day_first", True)),
        child_ids_are=entries.one_of("child_ids_are", ("own", "authority"), "own"),
        sheet_is=entries.one_of("sheet_is", SHEET_IS, ""),
        sheets=entries.texts("sheets"),
        fill_down=entries.texts("fill_down"),
        fte_when_missing=entries.fte(),
        posts_since=entries.day("posts_since"),
        roles=_words(values.get("roles", {}), thing, "roles"),
        statuses=_words(values.get("statuses", {}), thing, "statuses"),
        agencies=agencies,
        agency_ids=ids,
    )


@dataclass(frozen=True)
class _Entries:
    """The entries of a mapping's TOML, each taken as what it must be."""

    values: AnyMapping[str, Any]
    thing: str

    def text(self, name: str) -> str:
        value = self.values.get(name, "")
        if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
            return value.isoformat()
        if not isinstance(value, str):
            raise SourceError(self.thing, f"{name} is {value!r}, no text", "Write it in quotes.")
        return value.strip()

    def source(self) -> str:
        name = self.text("source")
        if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,39}", name):
            mend = 'Use small letters, digits and _, like source = "brook_school".'
            raise SourceError(self.thing, f"source is {name!r}", mend)
        return name

    def one_of(self, name: str, allowed: Sequence[str], default: str) -> str:
        value = self.text(name) if name in self.values else default
        if value not in allowed:
            listed = ", ".join(f'"{a}"' for a in allowed)
            raise SourceError(self.thing, f"{name} is {value!r}", f"Use one of {listed}.")
        return value

    def day(self, name: str) -> str:
        value = self.text(name)
        if value and not _is_day(value):
            raise SourceError(self.thing, f"{name} is {value!r}, no day", "Write it as 2026-10-31.")
        return value

    def as_at(self) -> str:
        value = self.text("as_at")
        if value and value not in AS_AT_WORDS and not _is_day(value):
            mend = 'Write a day as 2026-10-31, or "file name" or "title", where the day stands there.'
            raise SourceError(self.thing, f"as_at is {value!r}", mend)
        return value

    def fte(self) -> float | None:
        value = self.values.get("fte_when_missing", "")
        if value == "":
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= 1:
            fault = f"fte_when_missing is {value!r}, no part of a full-time post"
            raise SourceError(self.thing, fault, 'Write a number above 0 and at most 1, or "".')
        return float(value)

    def texts(self, name: str) -> tuple[str, ...]:
        value = self.values.get(name, [])
        if not isinstance(value, list) or not all(isinstance(x, str) for x in value):
            raise SourceError(self.thing, f"{name} is no list of texts", f'Write {name} = ["…"].')
        return tuple(value)

    def tables(self, name: str) -> list[dict[str, Any]]:
        value = self.values.get(name, [])
        if not isinstance(value, list) or not all(isinstance(x, dict) for x in value):
            raise SourceError(self.thing, f"{name} is no list of tables", f"Begin each with [[{name}]].")
        return value


def _is_day(text: str) -> bool:
    try:
        return dt.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _column(entry: dict[str, Any], thing: str) -> Column:
    heading, name = entry.get("heading"), entry.get("field")
    if not isinstance(heading, str) or not isinstance(name, str) or not heading:
        raise SourceError(thing, "has a [[column]] without heading or field", "Give both, in quotes.")
    if name not in word_lists()["field"]:
        nearest = max(word_lists()["field"], key=lambda known: fuzz.ratio(name, known))
        fault = f"the column “{heading}” has the field {name!r}, which is not known"
        raise SourceError(thing, fault, f"Perhaps {nearest!r}; `tacgraph map --fields` lists all.")
    rest = {k: entry.get(k, "") for k in ("role", "agency", "sector", "status", "of")}
    strange = set(entry) - {"heading", "field", *rest}
    if strange or not all(isinstance(v, str) for v in rest.values()):
        fault = f"the column “{heading}” has {', '.join(sorted(strange)) or 'a value that is no text'}"
        raise SourceError(
            thing, fault, "Use heading, field, role, agency, sector, status, of; values in quotes."
        )
    if rest["sector"] and rest["sector"] not in codes.SECTORS:
        raise SourceError(
            thing,
            f"the column “{heading}” has the sector {rest['sector']!r}",
            f"Use one of {', '.join(codes.SECTORS)}.",
        )
    known = [s.status for s in codes.STATUSES]
    if name == "status_flag" and rest["status"] not in known:
        raise SourceError(
            thing, f"the column “{heading}” needs a status", f"Add status = one of {', '.join(known)}."
        )
    return Column(heading, name, **rest)


MANY: Final = frozenset({"member", "members", "left_out", "status_flag", "review_on", "status"})
"""Fields that several columns may fill."""


def _once(columns: Sequence[Column], thing: str) -> None:
    by_field: dict[str, str] = {}
    for column in columns:
        if column.of:
            continue
        if column.field in by_field and column.field not in MANY:
            fault = f"“{by_field[column.field]}” and “{column.heading}” both fill {column.field}"
            raise SourceError(thing, fault, 'Set one of them to "left_out".')
        by_field[column.field] = column.heading
    headings = [plain_words(c.heading) or c.heading for c in columns]
    members = {c.heading for c in columns if c.field == "member"}
    lost = next((c for c in columns if c.of and c.of not in members), None)
    if lost is not None:
        fault = f"“{lost.heading}” belongs to “{lost.of}”, which is no column of the field member"
        raise SourceError(thing, fault, "Write the heading of a member column, or take `of` out.")
    twice = next((c.heading for c, h in zip(columns, headings, strict=True) if headings.count(h) > 1), None)
    if twice is not None:
        raise SourceError(thing, f"has the column “{twice}” twice", "Keep one of them.")


def _words(value: object, thing: str, name: str) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
        raise SourceError(thing, f"[{name}] has an entry that is no text", 'Write "their word" = "code".')
    if name == "statuses":
        allowed = {s.status for s in codes.STATUSES} | {""}
        wrong = next((v for v in value.values() if v not in allowed), None)
        if wrong is not None:
            fault = f"[statuses] has the code {wrong!r}"
            raise SourceError(
                thing, fault, f'Use one of {", ".join(sorted(allowed - {""}))}, or "" for none.'
            )
    return {plain_words(k) or k: v for k, v in value.items()}


def _agencies(value: object, thing: str) -> tuple[dict[str, str], dict[str, str]]:
    """Sectors and ids by the plain words of an agency's name."""
    sectors: dict[str, str] = {}
    ids: dict[str, str] = {}
    if not isinstance(value, dict):
        raise SourceError(thing, "[agencies] is no table", 'Write [agencies], then "name" = "sector".')
    for name, said in value.items():
        entry = said if isinstance(said, dict) else {"sector": said}
        sector, ident = entry.get("sector", ""), entry.get("id", "")
        if sector not in (*codes.SECTORS, "") or not isinstance(ident, str) or set(entry) - {"sector", "id"}:
            fault = f"[agencies] gives “{name}” {said!r}"
            raise SourceError(thing, fault, f"Use one of {', '.join(codes.SECTORS)}.")
        key = plain_words(name) or name
        sectors[key] = sector
        if ident:
            ids[key] = ident
    return sectors, ids
