"""The header of a query file: TOML in its leading `//` lines, so that the file can be pasted as it is.

One `.cypher` file is one query: what it asks, what a row is, where it is defined, its parameters and its
columns. Every query takes `as_of`, the date it is asked for, so no header lists it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, get_args

from graphmodel.access import CHILD_COLUMNS
from graphmodel.store import Identifies

ParameterType = Literal["text", "integer", "decimal", "date", "boolean", "list", "map", "profile"]
ColumnType = Literal["text", "integer", "decimal", "date", "boolean", "list"]

AS_OF: Final = "as_of"
SETTINGS_PREFIX: Final = "settings:"

_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
_TEXTS: Final = ("title", "question", "grain", "source", "identifying")
_KEYS: Final = {*_TEXTS, "tags", "sort", "notes", "parameters", "columns"}
_PARAMETER_KEYS: Final = {"name", "type", "meaning", "unit", "default", "minimum"}
_COLUMN_KEYS: Final = {"name", "type", "meaning"}
_STRICTNESS: Final = get_args(Identifies)
_PRACTITIONER_COLUMNS: Final = {"practitioner_id", "lead_ids"}


@dataclass(frozen=True)
class Parameter:
    """A value the query asks for besides `as_of`.

    `default` is a literal, `settings:<path>` (the value there), or None where the caller must give one.
    A `map` is a part of the settings, handed over whole, or one that the caller gives; a `profile` is the
    name of an allocation table, which the query gets as its list of rules.
    """

    name: str
    type: ParameterType
    meaning: str
    unit: str
    default: str | float | bool | None = None
    minimum: float | None = None


@dataclass(frozen=True)
class Column:
    """A column of the result. A `list` is a sorted list of text."""

    name: str
    type: ColumnType
    meaning: str


@dataclass(frozen=True)
class Query:
    """A query of the catalogue: its header, and `text` as in the file, header included.

    `sort` names the columns that rows are sorted by first, with whether downwards; all columns follow from
    the left.
    """

    name: str
    title: str
    question: str
    grain: str
    source: str
    tags: tuple[str, ...]
    identifying: Identifies
    sort: tuple[tuple[str, bool], ...]
    notes: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    columns: tuple[Column, ...]
    text: str
    path: Path

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


def split(text: str) -> tuple[str, str]:
    """The header's TOML and the Cypher after it."""
    lines = text.splitlines()
    end = next((i for i, line in enumerate(lines) if not line.startswith("//")), len(lines))
    return "\n".join(line[2:].removeprefix(" ") for line in lines[:end]), "\n".join(lines[end:])


def read_header(name: str, text: str, path: Path) -> tuple[Query | None, list[str]]:
    """The query a file declares, and the faults of its header in words; None where it cannot be read."""
    toml, _ = split(text)
    try:
        values = tomllib.loads(toml)
    except tomllib.TOMLDecodeError as fault:
        return None, [f"its header is not TOML ({fault}): write `// name = value` lines at the top"]
    faults = _faults(values)
    if not _NAME.fullmatch(name):
        faults.append(
            f"its name {name!r} is not lower snake case: rename the file like `overdue_reviews.cypher`"
        )
    if faults:
        return None, faults
    query = Query(
        name=name,
        **{key: values[key] for key in _TEXTS},
        tags=tuple(values["tags"]),
        sort=tuple(_sort_term(term) for term in values["sort"]),
        notes=tuple(values.get("notes", ())),
        parameters=tuple(Parameter(**entry) for entry in values["parameters"]),
        columns=tuple(Column(**entry) for entry in values["columns"]),
        text=text,
        path=path,
    )
    return query, _disagreements(query)


def _sort_term(term: str) -> tuple[str, bool]:
    return term.removesuffix(" desc"), term.endswith(" desc")


def _faults(values: Mapping[str, Any]) -> list[str]:
    faults = [f"its header has an unknown key {key!r}: drop it" for key in sorted(set(values) - _KEYS)]
    faults += [
        f"its header says no {key!r}: add it"
        for key in _TEXTS
        if not isinstance(values.get(key), str) or not values[key].strip()
    ]
    for key in ("tags", "sort", "notes"):
        found = values.get(key, [] if key == "notes" else None)
        if not isinstance(found, list) or not all(isinstance(x, str) and x.strip() for x in found):
            faults.append(f"its {key!r} is not a list of texts: write {key} = [...]")
    for key, known, types in (
        ("parameters", _PARAMETER_KEYS, get_args(ParameterType)),
        ("columns", _COLUMN_KEYS, get_args(ColumnType)),
    ):
        faults += _entry_faults(key, values.get(key), known, types)
    return faults


def _entry_faults(key: str, entries: Any, known: set[str], types: Sequence[str]) -> list[str]:
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        return [f"its {key!r} is not a list of tables: write {key} = [{{name = ..., type = ...}}]"]
    faults = []
    for entry in entries:
        thing = f"{key[:-1]} {entry.get('name', '?')!r}"
        needed = ["name", "type", "meaning"] + (["unit"] if "unit" in known else [])
        faults += [
            f"{thing} says no {x!r}: add it"
            for x in needed
            if not isinstance(entry.get(x), str) or not entry[x].strip()
        ]
        faults += [f"{thing} has an unknown key {x!r}: drop it" for x in sorted(set(entry) - known)]
        if isinstance(entry.get("type"), str) and entry["type"] not in types:
            faults.append(f"{thing} has the unknown type {entry['type']!r}: use one of {', '.join(types)}")
    names = [entry.get("name") for entry in entries]
    faults += [
        f"{key[:-1]} {name!r} is there twice: drop one"
        for name in dict.fromkeys(names)
        if names.count(name) > 1
    ]
    return faults


def _disagreements(query: Query) -> list[str]:
    names = set(query.column_names)
    faults = [
        f"it sorts by {column!r}, which is no column: name a column, with ` desc` for downwards"
        for column, _ in query.sort
        if column not in names
    ]
    if not query.columns:
        faults.append("it declares no column: list what it returns")
    if query.identifying not in _STRICTNESS:
        faults.append(f"its 'identifying' is {query.identifying!r}: use one of {', '.join(_STRICTNESS)}")
        return faults
    least: Identifies = "no"
    if names & _PRACTITIONER_COLUMNS:
        least = "practitioner"
    if names & CHILD_COLUMNS:
        least = "child"
    if _STRICTNESS.index(query.identifying) < _STRICTNESS.index(least):
        faults.append(f"its columns identify a {least}: set identifying = {least!r}")
    if any(parameter.name == AS_OF for parameter in query.parameters):
        faults.append("it declares 'as_of', which every query takes: drop it")
    return faults
