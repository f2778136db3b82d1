"""Answering a query of the catalogue: parameters checked, rows sorted and typed, the look on the record."""

from __future__ import annotations

import difflib
import json
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from datetime import date, datetime
from math import isfinite
from typing import Any, Final

from graphmodel.access import Viewer
from graphmodel.audit_log import AuditLog
from graphmodel.codes import ALLOCATION_PROFILES, allocation_rules
from graphmodel.errors import QueryError
from graphmodel.settings import Settings, data_folder, settings
from graphmodel.store import Rows, Store
from queries.catalogue import catalogue
from queries.grammar import check_text
from queries.header import SETTINGS_PREFIX, Column, Parameter, Query
from queries.own import is_own, own_queries
from queries.result import Result

_SAME_FIGURE_DIGITS: Final = 9
_LATEST_LOAD: Final = "MATCH (l:Load) WHERE l.finished_at IS NOT NULL RETURN max(l.load_id) AS load_id"


def answer(
    name: str,
    *,
    as_of: date | str,
    store: Store | None = None,
    viewer: Viewer | None = None,
    time_limit: float | None = None,
    row_limit: int | None = None,
    **parameters: Any,
) -> Result:
    """Run the query `name` of the catalogue as of a date (or its ISO text).

    Without a `store`, it opens the data folder's own as the reader and closes it; without a `viewer`, the
    one who runs the process looks. Limits left out are those of the settings. Rows come sorted as the
    header says, empty values last, alike on both engines.

    Raises `QueryError` for an unknown query (with names like it), an unknown, missing or wrongly typed
    parameter, a loop in a line of accountability, or what the database refuses; `AccessRefused` where the
    viewer may not see such rows.
    """
    return answer_query(
        find(name),
        as_of=as_of,
        store=store,
        viewer=viewer,
        time_limit=time_limit,
        row_limit=row_limit,
        **parameters,
    )


def answer_query(
    query: Query,
    *,
    as_of: date | str,
    store: Store | None = None,
    viewer: Viewer | None = None,
    time_limit: float | None = None,
    row_limit: int | None = None,
    **parameters: Any,
) -> Result:
    """Run a query that is at hand (an own one may be saved nowhere yet): see `answer`.

    An own query is held to the grammar of every analyst's text first, and counts as a look at children.
    """
    day = as_date(as_of)
    given = check_parameters(query, parameters)
    must_fit(given)
    looker = viewer or Viewer.local()
    own = is_own(query)
    about = _about(query, given)
    audit = store.audit if store is not None else AuditLog(data_folder())
    identifies = "child" if own else query.identifying
    with audit.refusals(looker, query.name, about=about):
        if own:
            check_text(query.text)
        if identifies == "child":
            looker.must_see_children()
    seconds_allowed, rows_allowed = settings().queries.limits(time_limit, row_limit)
    with ExitStack() as stack:
        held = store or stack.enter_context(Store.open(data_folder()))
        begun = time.perf_counter()
        rows = held.read(
            query.text,
            {**bound(query, given), "as_of": day},
            viewer=looker,
            what=query.name,
            about=about,
            time_limit=seconds_allowed,
            row_limit=rows_allowed,
            identifies=identifies,
            checked=not own,
        )
        seconds = time.perf_counter() - begun
        load_id = latest_load(held)
    return Result(
        query, shaped(query, rows), given, day, seconds, load_id, float(seconds_allowed), rows_allowed
    )


def latest_load(store: Store) -> str | None:
    """The latest finished load of the graph, None where none is recorded."""
    found = store.fetch(_LATEST_LOAD)[0][0]
    return None if found is None else str(found)


def find(name: str) -> Query:
    """The query of this name; raises `QueryError` with names like it where there is none."""
    if name in catalogue():
        return catalogue()[name]
    own, faults = own_queries()
    if name in faults:
        raise QueryError(f"query {name!r}", "; ".join(faults[name]), "Mend its file.")
    known = catalogue() | own
    if name in known:
        return known[name]
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    mend = f"Did you mean {' or '.join(close)}?" if close else "See `tacgraph query --list`."
    raise QueryError(f"query {name!r}", "is not in the catalogue", mend)


# -- parameters ------------------------------------------------------------------------------------


def coerce(name: str, pairs: Iterable[str]) -> dict[str, Any]:
    """The `key=value` texts of a command line as typed parameters of the query `name`.

    Raises `QueryError` that names the text, the fault and the mend.
    """
    return typed_pairs(find(name), pairs)


def typed_pairs(query: Query, pairs: Iterable[str]) -> dict[str, Any]:
    """The same for a query that is at hand."""
    given: dict[str, Any] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals:
            raise QueryError(f"parameter {pair!r}", "has no '='", "Write it as key=value.")
        parameter = _parameter(query, key.strip())
        if parameter.name in given:
            raise QueryError(f"parameter {parameter.name!r}", "is given twice", "Drop one.")
        given[parameter.name] = _from_text(parameter, text.strip())
    return given


def check_parameters(query: Query, given: Mapping[str, Any]) -> dict[str, Any]:
    """The caller's parameters and, for those left out, the header's defaults; each of its declared type.

    Raises `QueryError` naming an unknown, missing, wrongly typed or too small one.
    """
    for name in given:
        _parameter(query, name)
    values = {}
    for parameter in query.parameters:
        if parameter.name in given:
            values[parameter.name] = _checked(parameter, given[parameter.name])
            _refuse_other_keys(parameter, values[parameter.name])
        elif parameter.default is None:
            raise QueryError(
                f"parameter {parameter.name!r} of {query.name}",
                "is not given and has no default",
                f"Give {parameter.meaning}: -p {parameter.name}=...",
            )
        else:
            values[parameter.name] = _checked(parameter, default(parameter, settings()))
    return values


def _refuse_other_keys(parameter: Parameter, value: Any) -> None:
    """A part of the settings is given whole: a weight left out would be empty without a word."""
    if parameter.type != "map" or parameter.default is None:
        return
    known, found = ({str(key) for key in x} for x in (default(parameter, settings()), value))
    wrong = sorted(known - found) or sorted(found - known)
    if wrong:
        fault = f"lacks {wrong[0]}" if known - found else f"has an unknown {wrong[0]}"
        raise QueryError(f"parameter {parameter.name!r}", fault, f"Give {', '.join(sorted(known))}.")


def default(parameter: Parameter, agreed: Settings) -> Any:
    """A parameter's default: the literal of the header, or the value that it names in the settings."""
    if not (isinstance(parameter.default, str) and parameter.default.startswith(SETTINGS_PREFIX)):
        is_date = parameter.type == "date" and isinstance(parameter.default, str)
        return _from_text(parameter, str(parameter.default)) if is_date else parameter.default
    value: Any = agreed.model_dump()
    for part in parameter.default.removeprefix(SETTINGS_PREFIX).split("."):
        value = value[part]
    return value


def bound(query: Query, values: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters as the database gets them: maps with text keys, a profile as its list of rules."""
    types = {parameter.name: parameter.type for parameter in query.parameters}
    return {
        name: allocation_rules(value) if types[name] == "profile" else _text_keys(value)
        for name, value in values.items()
    }


def must_fit(values: Mapping[str, Any]) -> None:
    """Raise `QueryError` for a whole number that no database holds, wherever in a parameter it stands."""
    for name, value in values.items():
        if any(not -(2**63) <= number < 2**63 for number in _integers(value)):
            raise QueryError(f"parameter {name!r}", "has a whole number of more than 64 bits", "Give less.")


def _integers(value: Any) -> Iterator[int]:
    if isinstance(value, int):
        yield value
    elif isinstance(value, (Mapping, list, tuple)):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _integers(inner)


def _text_keys(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _text_keys(inner) for key, inner in value.items()}
    return value


def _parameter(query: Query, name: str) -> Parameter:
    known = {parameter.name: parameter for parameter in query.parameters}
    if name in known:
        return known[name]
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    if close:
        mend = f"Did you mean {close[0]}?"
    else:
        mend = f"It takes {', '.join(known)}." if known else "It takes none but the date."
    raise QueryError(f"parameter {name!r}", f"is not one of {query.name}", mend)


_KINDS: Final = {
    "text": "a text",
    "integer": "a whole number",
    "decimal": "a number",
    "date": "a date (YYYY-MM-DD)",
    "boolean": "true or false",
    "list": 'a list, as JSON: ["a", "b"]',
    "map": 'a mapping, as JSON: {"a": 1}',
    "profile": f"one of {', '.join(ALLOCATION_PROFILES)}",
}


def _checked(parameter: Parameter, value: Any) -> Any:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    fits = {
        "text": isinstance(value, str),
        "integer": number and isinstance(value, int),
        "decimal": number and isfinite(value),
        "date": isinstance(value, date) and not isinstance(value, datetime),
        "boolean": isinstance(value, bool),
        "list": isinstance(value, list),
        "map": isinstance(value, Mapping),
        "profile": value in ALLOCATION_PROFILES,
    }[parameter.type]
    if not fits:
        raise _not_a(parameter, value)
    if number and parameter.minimum is not None and value < parameter.minimum:
        raise QueryError(
            f"parameter {parameter.name!r}",
            f"is {value}, below {parameter.minimum:g}",
            f"Give {parameter.minimum:g} or more.",
        )
    return float(value) if parameter.type == "decimal" else value


def _not_a(parameter: Parameter, value: Any) -> QueryError:
    return QueryError(
        f"parameter {parameter.name!r}",
        f"is {value!r}, not {_KINDS[parameter.type]}",
        f"Give {_KINDS[parameter.type]}: {parameter.meaning}.",
    )


def _from_text(parameter: Parameter, text: str) -> Any:
    try:
        if parameter.type == "integer":
            return _checked(parameter, int(text))
        if parameter.type == "decimal":
            return _checked(parameter, float(text))
        if parameter.type == "date":
            return date.fromisoformat(text)
        if parameter.type == "boolean":
            return {"true": True, "false": False}[text.lower()]
        if parameter.type in ("list", "map"):
            return _checked(parameter, from_json(text))
    except (ValueError, KeyError) as fault:
        raise _not_a(parameter, text) from fault
    return _checked(parameter, text)


def from_json(text: str) -> Any:
    """A value written as JSON; raises `ValueError` for what is none, a name given twice, NaN or infinity."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            raise ValueError("a name is given twice")
        return found

    def no_number(word: str) -> Any:
        raise ValueError(f"{word} is no number")

    return json.loads(text, object_pairs_hook=once, parse_constant=no_number)


def as_date(value: date | str) -> date:
    """A day, or its ISO text; raises `QueryError` for anything else."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError) as fault:
        raise QueryError("as_of", f"is {value!r}, not a date", "Give a date as YYYY-MM-DD.") from fault


def _about(query: Query, given: Mapping[str, Any]) -> str:
    ids = [f"{p.name}={given[p.name]}" for p in query.parameters if p.name.endswith("_id")]
    return ", ".join(ids)


# -- rows ------------------------------------------------------------------------------------------


def shaped(query: Query, rows: Rows) -> Rows:
    """The rows with each value of its column's type, lists sorted, in the header's order.

    Raises `QueryError` where the columns are not the header's, or a line of accountability loops.
    """
    # the embedded engine names no columns where there are no rows
    if rows.columns != query.column_names and (rows.columns or rows.rows):
        raise QueryError(
            f"query {query.name}",
            f"gave the columns {', '.join(rows.columns)}",
            f"Its header says {', '.join(query.column_names)}: make them the same.",
        )
    typed = [
        tuple(_typed(column, value) for column, value in zip(query.columns, row, strict=True))
        for row in rows.rows
    ]
    ordered = sorted_rows(query, typed)
    if query.name == "accountability_line":
        _refuse_loop(ordered)
    return Rows(query.column_names, ordered, rows.complete, rows.full)


def _typed(column: Column, value: Any) -> Any:
    if column.type == "list":
        return sorted(value or ())
    if column.type == "decimal" and value is not None:
        return float(value)
    return value


def sorted_rows(query: Query, rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Rows in the header's order, then by all columns from the left; empty values last either way.

    Figures alike to nine decimals are ties, so that a last bit does not change the order.
    """
    index = {name: i for i, name in enumerate(query.column_names)}
    ordered = sorted(rows, key=lambda row: [_sort_key(value) for value in row])
    for name, downwards in reversed(query.sort):
        at = index[name]
        ordered.sort(key=lambda row, at=at: _sort_key(row[at])[1:], reverse=downwards)  # type: ignore[misc]
        ordered.sort(key=lambda row, at=at: row[at] is None)  # type: ignore[misc]
    return ordered


def _sort_key(value: Any) -> tuple[Any, ...]:
    if value is None:
        return (True,)
    return (False, round(value, _SAME_FIGURE_DIGITS) if isinstance(value, float) else value)


def _refuse_loop(rows: Iterable[tuple[Any, ...]]) -> None:
    line: list[str] = []
    for row in rows:
        if row[1] in line:
            loop = [*line[line.index(row[1]) :], row[1]]
            raise QueryError(
                f"the line of accountability of {line[0]}",
                f"is a loop: {' → '.join(loop)}",
                "Correct line_manager_id of one of them and load again.",
            )
        line.append(row[1])
