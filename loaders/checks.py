"""The rules of the import format as set-based checks over the staged rows, generated from the declarations.

Order: each row's own faults (`check_rows`), then references from table to table (`check_references`),
so that a reference to a rejected row is a fault too. What stands in `good_<table>` afterwards loads.
"""

from __future__ import annotations

from typing import Final

from graphmodel import codes
from graphmodel.declare import NodeType, Property, RelationshipType
from graphmodel.relationships import TABLES
from loaders.raw import required_columns
from loaders.staging import Staging, hashed_columns, staged_columns

LONGEST_ID: Final = 1_000
LONGEST_TEXT: Final = 10_000

_DATE: Final = r"'\d{4}-\d{2}-\d{2}'"
_NUMBER: Final = r"'[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?'"


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def is_date(column: str) -> str:
    """SQL: whether a cell is a real day written YYYY-MM-DD."""
    return (
        f"(regexp_full_match({column}, {_DATE}) AND try_cast({column} AS DATE) IS NOT NULL "
        f"AND {column} >= '0001')"
    )


def _date_fault(c: str) -> str:
    serial = f"strftime(DATE '1899-12-30' + CAST(floor(TRY_CAST({c} AS DOUBLE)) AS INTEGER), '%Y-%m-%d')"
    return (
        f"CASE WHEN {is_date(c)} THEN NULL "
        f"WHEN regexp_full_match({c}, {_DATE}) THEN 'is no day of the calendar' "
        rf"WHEN regexp_full_match({c}, '\d{{5}}(\.\d+)?') THEN "
        f"'looks like an Excel serial date (' || {serial} || '): write dates as YYYY-MM-DD' "
        rf"WHEN regexp_full_match({c}, '\d{{4}}-\d{{2}}-\d{{2}}[ T].*') THEN "
        "'has a time of day: write the day alone, YYYY-MM-DD' "
        rf"WHEN regexp_matches({c}, '^=') THEN 'is a formula, not a value: save its value' "
        "ELSE 'is no ISO date: write dates as YYYY-MM-DD' END"
    )


def _number_fault(c: str, prop: Property) -> str:
    whole = prop.type == "integer"
    kind = "whole number" if whole else "number"
    number = f"TRY_CAST({c} AS DOUBLE)"
    faults = [
        rf"WHEN regexp_full_match({c}, '[+-]?\d+,\d+') THEN 'has a decimal comma: write a point'",
        f"WHEN NOT regexp_full_match({c}, {_NUMBER}) OR isinf({number}) THEN 'is no {kind}'",
    ]
    if whole:
        faults.append(f"WHEN {number} <> floor({number}) THEN 'is no whole number'")
    above = [] if prop.above is None else [(f"{number} <= {prop.above:g}", f"above {prop.above:g}")]
    least = [] if prop.minimum is None else [(f"{number} < {prop.minimum:g}", f"{prop.minimum:g} or more")]
    most = [] if prop.maximum is None else [(f"{number} > {prop.maximum:g}", f"at most {prop.maximum:g}")]
    limits = [*above, *least, *most]
    words = " and ".join(words for _, words in limits)
    faults += [f"WHEN {condition} THEN 'is out of range: must be {words}'" for condition, _ in limits]
    return f"CASE {' '.join(faults)} END"


def _code_fault(c: str, allowed: tuple[str, ...]) -> str:
    listed = ", ".join(quoted(code) for code in allowed)
    words = quoted(f"is no code of the format: use one of {', '.join(allowed)}")
    spelling = f"WHEN lower({c}) IN ({', '.join(quoted(code.lower()) for code in allowed)}) THEN "
    small = "'is written with other capitals than the format''s code'"
    return f"CASE WHEN {c} IN ({listed}) THEN NULL {spelling}{small} ELSE {words} END"


def _text_fault(c: str, longest: int) -> str:
    return f"CASE WHEN length({c}) > {longest} THEN 'is longer than {longest} characters' END"


def _id_fault(c: str) -> str:
    return (
        f"CASE WHEN length({c}) > {LONGEST_ID} THEN 'is longer than {LONGEST_ID} characters' "
        rf"WHEN regexp_matches({c}, '[\x00-\x1f\x7f]') THEN 'has a line break or control character in it' END"
    )


def value_fault(prop: Property) -> str:
    """SQL: why a filled cell of this property breaks the format, else NULL."""
    c = prop.name
    match prop.type:
        case "date":
            return _date_fault(c)
        case "boolean":
            return f"CASE WHEN lower({c}) NOT IN ('true', 'false') THEN 'is neither true nor false' END"
        case "decimal" | "integer":
            return _number_fault(c, prop)
        case "text":
            return _code_fault(c, prop.codes) if prop.codes else _text_fault(c, LONGEST_TEXT)


LEVEL: Final = Property(
    "level", "integer", "step of the continuum", "import format", minimum=1, maximum=len(codes.NEEDS_LEVELS)
)


def _faults_by_column(table: str) -> dict[str, str]:
    declared = TABLES[table]
    found: dict[str, str] = {}
    if isinstance(declared, NodeType):
        properties: tuple[Property, ...] = declared.properties
        ids = [*declared.key_columns, *(x.column for x in declared.links)]
    else:
        properties = declared.all_properties
        ids = [declared.start[1], declared.end[1]]
    found.update({p.name: value_fault(p) for p in properties if p.name not in hashed_columns(table)})
    found.update({c: _id_fault(c) for c in ids if c not in found})
    if isinstance(declared, RelationshipType) and declared.end[0] == "Status":
        found["status"] = _code_fault("status", tuple(s.status for s in codes.STATUSES))
    if isinstance(declared, RelationshipType) and declared.end[0] == "NeedsLevel":
        found["level"] = value_fault(LEVEL)
    return {c: f for c, f in found.items() if c in staged_columns(table)}


def interval_of(table: str) -> tuple[str, str] | None:
    """The columns that open and close the interval of a table's rows."""
    declared = TABLES[table]
    if isinstance(declared, RelationshipType):
        return "started_on", "ended_on"
    if declared.opens and declared.closes:
        return declared.opens, declared.closes
    return None


def check_rows(stage: Staging, table: str) -> None:
    """Put every fault that a row has by itself into `rejects`, one line a fault."""
    needed = [c for c in required_columns(table) if c in staged_columns(table)]
    missing = [c for c in needed if c not in stage.present[table]]
    if missing:
        _refuse_table(stage, table, missing)
        return
    faults = _faults_by_column(table)
    parts = []
    for column in stage.present[table]:
        fault = faults.get(column)
        empty = f"WHEN {column} IS NULL THEN 'is required and empty'" if column in needed else ""
        if fault is not None:
            rest = f"WHEN {column} IS NOT NULL THEN {fault}"
            parts.append(
                f"SELECT row_no, {quoted(column)}, {column}, CASE {empty} {rest} END FROM raw_{table}"
            )
    interval = interval_of(table)
    if interval and set(interval) <= set(stage.present[table]):
        opens, closes = interval
        before = f"{is_date(opens)} AND {is_date(closes)} AND {closes} < {opens}"
        reason = f"CASE WHEN {before} THEN 'is before {opens} (' || {opens} || ')' END"
        parts.append(f"SELECT row_no, {quoted(closes)}, {closes}, {reason} FROM raw_{table}")
    for part in parts:
        stage.run(
            "INSERT INTO rejects SELECT $tbl, $file, f.row_no, f.col, f.value, f.reason "
            f"FROM ({part}) AS f(row_no, col, value, reason) WHERE f.reason IS NOT NULL",
            {"tbl": table, "file": stage.files[table]},
        )


def _refuse_table(stage: Staging, table: str, missing: list[str]) -> None:
    words = f"the file has no column {', '.join(missing)}, which the format requires: none of its rows loaded"
    stage.run(
        "INSERT INTO rejects VALUES ($tbl, $file, 1, $col, NULL, $reason)",
        {"tbl": table, "file": stage.files[table], "col": missing[0], "reason": words},
    )
    stage.refused.add(table)


def drop_blank_rows(stage: Staging, table: str) -> int:
    """Rows without any value state nothing: spreadsheets leave them behind. How many there were."""
    cells = " AND ".join(f"{c} IS NULL" for c in stage.present[table])
    gone: int = stage.one(f"SELECT count(*) FROM raw_{table} WHERE {cells}")
    if gone:
        stage.run(f"DELETE FROM raw_{table} WHERE {cells}")
        stage.read[table] -= gone
    return gone
