"""An analyst's own Cypher, run as it is: read account, time and row limit, and always on the record.

A column may show a child under any name, so every run counts as a look at children.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any, Final

from graphmodel.access import Viewer
from graphmodel.audit_log import AuditLog
from graphmodel.errors import QueryError
from graphmodel.settings import data_folder, settings
from graphmodel.store import Rows, Store
from queries.answering import as_date, from_json, latest_load, must_fit
from queries.grammar import check_text
from queries.header import AS_OF, Column, Query
from queries.own import type_of
from queries.result import Result
from queries.tokens import tokenise

WHAT: Final = "free text"
_LINE: Final = 120


def answer_text(
    text: str,
    *,
    as_of: date | str,
    parameters: Mapping[str, Any] | None = None,
    store: Store | None = None,
    viewer: Viewer | None = None,
    time_limit: float | None = None,
    row_limit: int | None = None,
) -> Result:
    """Run one Cypher statement that only reads; `$as_of` in it is the date, other parameters are given.

    Rows come in the order of the text's own ORDER BY, columns typed by what is in them: nodes, maps and mixed
    values are text (JSON). The audit record holds the text's digest and first line, of a refused one too.

    Raises `WriteRefused` for what would write, `TextRefused` for what is no single read, `QueryError` for
    what lacks a parameter or fails in the database; `AccessRefused` where the viewer may not see children, or
    names that the text reads or its rows hold.
    """
    looker = viewer or Viewer.local()
    audit = store.audit if store is not None else AuditLog(data_folder())
    with audit.refusals(looker, WHAT, about=told(text)):
        looker.must_see_children()
        statement = check_text(text)
    day = as_date(as_of)
    given = dict(parameters or {})
    _refuse_missing(statement, given)
    must_fit(given)
    seconds_allowed, rows_allowed = settings().queries.limits(time_limit, row_limit)
    with ExitStack() as stack:
        held = store or stack.enter_context(Store.open(data_folder()))
        begun = time.perf_counter()
        rows = held.read(
            statement,
            {**given, AS_OF: day},
            viewer=looker,
            what=WHAT,
            about=told(statement),
            time_limit=seconds_allowed,
            row_limit=rows_allowed,
            identifies="child",
        )
        seconds = time.perf_counter() - begun
        load_id = latest_load(held)
    query = _as_query(statement, rows)
    return Result(
        query, _shaped(query, rows), given, day, seconds, load_id, float(seconds_allowed), rows_allowed
    )


def told(text: str) -> str:
    """What the audit record says of a text: its SHA-256 and its first line of code."""
    first = next(
        (line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("//")),
        "",
    )
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()} {first[:_LINE]}"


def _refuse_missing(text: str, given: Mapping[str, Any]) -> None:
    used = {token.value for token in tokenise(text) if token.kind == "parameter"}
    missing = sorted(used - set(given) - {AS_OF})
    if missing:
        raise QueryError(f"parameter {missing[0]!r}", "is used and not given", f"Add -p {missing[0]}=...")


def _as_query(text: str, rows: Rows) -> Query:
    columns = tuple(
        Column(name, type_of(row[at] for row in rows.rows), "as returned")
        for at, name in enumerate(rows.columns)
    )
    return Query(
        name="free_text",
        title="An analyst's own text",
        question=told(text),
        grain="a row of the result",
        source="own query",
        tags=(),
        identifying="child",
        sort=(),
        notes=(),
        parameters=(),
        columns=columns,
        text=text,
        path=Path("free_text.cypher"),
    )


def _shaped(query: Query, rows: Rows) -> Rows:
    decimals = [column.type == "decimal" for column in query.columns]
    typed = [
        tuple(
            float(value) if is_decimal and value is not None else value
            for value, is_decimal in zip(row, decimals, strict=True)
        )
        for row in rows.rows
    ]
    return Rows(rows.columns, typed, rows.complete, rows.full)


_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_INTEGER: Final = re.compile(r"[+-]?\d{1,18}")
_DECIMAL: Final = re.compile(r"[+-]?(\d+\.\d*|\.\d+|\d+(\.\d*)?[eE][+-]?\d+)([eE][+-]?\d+)?")


def guessed(pairs: Iterable[str]) -> dict[str, Any]:
    """`key=value` texts as values: whole numbers, decimals, true, false, ISO dates, JSON; all else is text.

    JSON is what begins with `{` or `[`: a map or a list.

    A value in single or double quotes is text whatever it looks like. Raises `QueryError` for a pair without
    `=`, one given twice, or `as_of`.
    """
    found: dict[str, Any] = {}
    for pair in pairs:
        key, equals, text = (part.strip() for part in pair.partition("="))
        if not equals or not key.isidentifier():
            raise QueryError(f"parameter {pair!r}", "is not key=value", "Write it as key=value.")
        if key in found or key == AS_OF:
            fault = "is given twice" if key in found else "is the date asked for"
            raise QueryError(f"parameter {key!r}", fault, "Drop one." if key in found else "Use --as-of.")
        found[key] = _guess(key, text)
    return found


def _guess(key: str, text: str) -> Any:
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1]
    if text in ("true", "false"):
        return text == "true"
    if text[:1] in ("{", "["):
        return _guess_json(key, text)
    if _INTEGER.fullmatch(text) or _DECIMAL.fullmatch(text):
        return int(text) if _INTEGER.fullmatch(text) else float(text)
    if _DATE.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError as fault:
            raise QueryError(
                f"parameter {key!r}", f"is {text!r}, no date", "Quote it to mean text."
            ) from fault
    return text


def _guess_json(key: str, text: str) -> Any:
    try:
        return from_json(text)
    except ValueError as fault:
        said = f"begins like a map or a list, and is no JSON ({fault})"
        raise QueryError(f"parameter {key!r}", said, "Mend it, or quote it to mean text.") from fault
