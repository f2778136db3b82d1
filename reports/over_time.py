"""A query over time: its second road on each date, from one slice, in one frame with the date in front.

`over_time` gives the rows, `per_day` one figure a day to draw.
"""

from __future__ import annotations

import calendar
import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from analysis import SECOND_ROADS
from analysis.tables import Slice
from graphmodel.access import Viewer, audited_kind
from graphmodel.audit_log import AuditLog
from graphmodel.errors import QueryError, SettingsError
from graphmodel.settings import Settings, settings
from graphmodel.store import Rows
from queries import Column, Query, Result, find, shaped
from queries.answering import check_parameters
from queries.header import SETTINGS_PREFIX

Every = Literal["week", "month", "quarter"]
How = Literal["sum", "mean", "max"]

ROWS: Final = "rows"
"""The figure that every query has: how many rows it gives."""

_MONTH: Final = 7
_MOST_DATES: Final = 1_200


def day_from(text: str, *, last: bool) -> date:
    """A day of a `YYYY-MM-DD`, or the first or last one of a `YYYY-MM`; `SettingsError` for anything else."""
    try:
        if len(text) != _MONTH:
            return date.fromisoformat(text)
        first = date.fromisoformat(f"{text}-01")
    except ValueError as fault:
        raise SettingsError(f"{text!r}", "is no month and no day", "Write 2026-10 or 2026-10-31.") from fault
    return _month_end(first) if last else first


def _month_end(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def _period_end(day: date, every: Every) -> date:
    """The last day of the week (a Sunday), calendar month or calendar quarter that a day is in."""
    if every == "week":
        return day + timedelta(days=6 - day.weekday())
    if every == "month":
        return _month_end(day)
    return _month_end(date(day.year, (day.month + 2) // 3 * 3, 1))


def dates(first: date, last: date, every: Every, known_to: date) -> tuple[list[date], list[str]]:
    """The days to ask about, and what is out of the ordinary about them, in words.

    One for each period that shares a day with `first` to `last`: its last day; `last` where the period goes
    on after it; and for the period in progress `known_to`, the last day of which the graph can know.
    """
    if last < first:
        raise SettingsError("--to", f"{last} is before --from {first}", "Swap them.")
    found: list[date] = []
    said: list[str] = []
    for begin, end in _periods(first, last, every):
        asked = min(end, last)
        if asked < end:
            said.append(f"The last {every} ends on {end}; asked for as of {asked}.")
        if max(begin, first) <= known_to < asked:
            said.append(f"The {every} to {end} is in progress; asked for as of {known_to}, the latest known.")
            asked = known_to
        found.append(asked)
        if len(found) > _MOST_DATES:
            raise SettingsError("--from and --to", f"are more than {_MOST_DATES} {every}s", "Ask for fewer.")
    if found[-1] > known_to:
        said.append(f"Dates after {known_to}, the latest known, show what is planned.")
    return found, said


def _periods(first: date, last: date, every: Every) -> Iterator[tuple[date, date]]:
    begin = first
    while begin <= last:
        end = _period_end(begin, every)
        yield begin, end
        begin = end + timedelta(days=1)


def over_time(
    name: str,
    held: Slice,
    days: list[date],
    *,
    viewer: Viewer,
    audit: AuditLog,
    given: Mapping[str, Any] | None = None,
) -> Result:
    """The rows of a catalogue query on each day, `as_of` as the first column, days in order.

    Each day's rows are those that the query gives by Cypher, in its order. Where they show children, the
    viewer must be allowed to see them and the look is recorded once for all days.

    Raises `QueryError` for wrong parameters and for a query without a second road (an own one).
    """
    query, parameters = find(name), dict(given or {})
    values = check_parameters(query, parameters)
    if name not in SECOND_ROADS:
        raise QueryError(
            f"query {name!r}",
            "has no road from the slice (an own one, or one about identity numbers)",
            "Run it date by date.",
        )
    ids = ", ".join(f"{key}={value}" for key, value in parameters.items() if key.endswith("_id"))
    with audit.refusals(viewer, name, about=ids):
        _must_see(viewer, query)
    rows: list[tuple[Any, ...]] = []
    agreed, others = _agreed(query, parameters)
    for day in days:
        table = SECOND_ROADS[name](held, day, agreed, **others)
        plain = [tuple(_plain(value) for value in row) for row in table.itertuples(index=False, name=None)]
        rows += [(day, *row) for row in shaped(query, Rows(tuple(table.columns), plain)).rows]
    kind = None if query.identifying == "no" else audited_kind(query.column_names)
    if query.identifying == "child":
        kind = "child"
    if kind is not None:
        audit.record(viewer, name, about=ids or kind, rows=len(rows), dates=[x.isoformat() for x in days])
    dated = replace(query, columns=(Column("as_of", "date", "the day asked for"), *query.columns))
    return Result(
        dated,
        Rows(dated.column_names, rows),
        values,
        days[-1],
        seconds=0.0,
        load_id=held.load_id,
        dates=tuple(days),
    )


def _must_see(viewer: Viewer, query: Query) -> None:
    if query.identifying == "child":
        viewer.must_see_children()
    if query.identifying == "practitioner":
        viewer.must_see_practitioners()


def _agreed(query: Query, given: Mapping[str, Any]) -> tuple[Settings, dict[str, Any]]:
    """The settings, with the parts of them that were given as parameters; and the other parameters."""
    parts = {
        p.name: str(p.default).removeprefix(SETTINGS_PREFIX) for p in query.parameters if p.type == "map"
    }
    changed = {parts[name]: value for name, value in given.items() if name in parts}
    others = {name: value for name, value in given.items() if name not in parts}
    return Settings.model_validate(settings().model_dump() | changed) if changed else settings(), others


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return value
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, pd.Timestamp):
        return value.date()
    return value.item() if hasattr(value, "item") else value


# -- one figure a day ------------------------------------------------------------------------------


def per_day(result: Result, column: str = ROWS, how: How = "sum", *, up_to: int = 0) -> pd.DataFrame:
    """One figure for each day of a result over time: day, rows, value, suppressed; days in order.

    `value` is the number of rows, or the sum, mean or highest of a numeric column over them (empty cells
    left out). The sum of no row is 0, a mean or a highest of none NaN.

    With `up_to`, counts of children and teams from 1 to it are NaN with `suppressed` true, and with them
    whatever is worked out from so few rows: see `counts_people`.
    """
    frame = result.frame()
    day = frame["as_of"].astype("datetime64[s]")
    index = pd.DatetimeIndex([pd.Timestamp(x) for x in result.dates], name="day").astype("datetime64[s]")
    rows = frame.groupby(day).size().reindex(index, fill_value=0).astype(float)
    if column == ROWS:
        value = rows
    else:
        grouped = frame[column].astype("float64").groupby(day)
        value = grouped.agg(how).reindex(index)
        value = value.fillna(0.0) if how == "sum" else value
    hidden = np.zeros(len(index), dtype=bool)
    if counts_people(result, ROWS):
        hidden |= rows.between(1, up_to).to_numpy()
    if column != ROWS and how == "sum" and counts_people(result, column):
        hidden |= value.between(1, up_to).to_numpy()
    told = pd.DataFrame({"rows": rows, "value": value, "suppressed": hidden}, index=index)
    told.loc[hidden, ["value"]] = np.nan
    if counts_people(result, ROWS):
        told.loc[hidden & rows.between(1, up_to).to_numpy(), ["rows"]] = np.nan
    return told.reset_index()


def counts_people(result: Result, column: str) -> bool:
    """Whether a figure counts children or teams, whose small counts tell about somebody.

    Rows do where the query shows children or a row is a team; a whole-number column does where its name says
    children or TACs, or where the query shows children.
    """
    columns = {c.name: c.type for c in result.query.columns if c.name != "as_of"}
    if column == ROWS:
        return result.query.identifying == "child" or next(iter(columns), "").startswith("tac_id")
    named = "child" in column or "tac" in column.split("_") or "tacs" in column.split("_")
    return columns.get(column) == "integer" and (named or result.query.identifying == "child")
