"""A query with its parameters as text to paste into Neo4j Browser or `cypher-shell`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from queries.answering import as_date, bound, check_parameters
from queries.header import AS_OF, Query


def for_browser(query: Query, as_of: date | str, **parameters: Any) -> str:
    """A `:param` line for each parameter (defaults and weights of the settings included), then the query.

    Each ends with `;`: Neo4j Browser takes all at once where its multi-statement editor is switched on, else
    line by line; `cypher-shell` takes it as it is.

    Raises `QueryError` as `answer` does for wrong parameters.
    """
    values = {AS_OF: as_date(as_of), **bound(query, check_parameters(query, parameters))}
    lines = [f":param {name} => {literal(value)};" for name, value in values.items()]
    text = query.text.strip()
    # a comment in the last line would hide what follows it
    end = "\n;" if "//" in text.splitlines()[-1] else ";"
    return "\n".join([*lines, "", text + end, ""])


def literal(value: Any) -> str:
    """A value as Cypher writes it."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, date):
        return f"date('{value.isoformat()}')"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_name(key)}: {literal(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(literal(item) for item in value) + "]"
    text = str(value).replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r")
    return f"'{text}'"


def _name(key: str) -> str:
    return "`" + str(key).replace("`", "``") + "`"
