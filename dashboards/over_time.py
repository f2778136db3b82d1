"""A query of the catalogue over time on the workbench: asked in its form, from the slice, drawn and kept."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final, get_args

import pandas as pd
import streamlit as st

from dashboards import widgets
from dashboards.asked import View
from graphmodel.access import Viewer, audited_kind
from graphmodel.audit_log import AuditLog
from graphmodel.errors import SettingsError
from graphmodel.settings import data_folder
from queries import Query, Result
from reports import charts
from reports.over_time import ROWS, Every, How, counts_people, dates, over_time, per_day
from reports.words import count, day_name
from reports.words import heading as plain_heading

MOST_DAYS: Final = 120
OVER: Final = "workbench-over-time"
HOW_WORDS: Final[Mapping[How, str]] = {"sum": "sum", "mean": "mean", "max": "highest"}
EVERY_WORDS: Final[Mapping[Every, str]] = {"week": "Week", "month": "Month", "quarter": "Quarter"}
DAYS_BACK: Final = 365


@dataclass(frozen=True)
class Span:
    """From which day to which, and how often."""

    first: date
    last: date
    every: Every


@dataclass(frozen=True)
class OverTime:
    """A result over time, the query it is of, and what is out of the ordinary about its days."""

    asked: str
    result: Result
    said: tuple[str, ...]


def span(shown: View) -> tuple[Span, bool]:
    """Widgets for the days, inside the form of a query; and whether to run."""
    last = shown.asked.as_of
    first = max(shown.found.first_day, (last - timedelta(days=DAYS_BACK)).replace(day=1))
    with st.expander("Over time, from the slice"):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            begin = st.date_input("From", min(first, last), format="DD/MM/YYYY", key="over-from", width=180)
            end = st.date_input("To", last, format="DD/MM/YYYY", key=f"over-to-{last}", width=180)
            every = st.selectbox(
                "A day for each", get_args(Every), 1, format_func=EVERY_WORDS.__getitem__, key="over-every",
                width=180, help="Each period is asked for as of its last day",
            )  # fmt: skip
        pressed = st.form_submit_button("Run over time")
    return Span(begin, end, every), pressed


def ask(query: Query, shown: View, span: Span, viewer: Viewer, given: Mapping[str, Any]) -> OverTime:
    """The rows on each day, by the road from the slice; a look at somebody is recorded once for all days.

    Raises `SettingsError` for days that are too many or in the wrong order, and what
    `reports.over_time.over_time` raises.
    """
    held = shown.found.slice
    known_to = held.loaded_at.date() if held.loaded_at else shown.found.last_day
    days, said = dates(span.first, span.last, span.every, known_to)
    if len(days) > MOST_DAYS:
        raise SettingsError("the days", f"are {len(days)}, more than {MOST_DAYS}", "Ask for fewer.")
    begun = time.perf_counter()
    audit = AuditLog(data_folder())
    result = over_time(query.name, held, days, viewer=viewer, audit=audit, given=given)
    if query.identifying == "practitioner" and audited_kind(query.column_names) is None:
        asked = [day.isoformat() for day in days]
        many = len(result.rows.rows)
        audit.record(viewer, query.name, about="practitioners by id", rows=many, dates=asked)
    return OverTime(query.name, replace(result, seconds=time.perf_counter() - begun), tuple(said))


def drawn(shown: View, asked: str) -> Result | None:
    """Draw what was last asked over time, if it is of this query; its result for the rows below."""
    held: OverTime | None = st.session_state.get(OVER)
    if held is None or held.asked != asked:
        return None
    result = held.result
    rows, days = len(result.rows.rows), len(result.dates)
    st.header(f"{count(rows, 'row', 'rows').capitalize()} on {count(days, 'day', 'days')}", anchor=False)
    for line in held.said:
        st.info(line)
    load = f"load {result.load_id}" if result.load_id else "no load on record"
    st.caption(
        f"{day_name(result.dates[0])} to {day_name(result.dates[-1])} · {load} · all rows · "
        f"from the slice in {result.seconds:.2f} s"
    )
    column, how, hide = _figure(shown, result)
    up_to = shown.found.settings.disclosure.suppress_up_to if hide else 0
    frame = per_day(result, column, how, up_to=up_to)
    widgets.chart_block(
        charts.over_days(
            frame[["day", "value", "suppressed"]],
            heading(column, how),
            name=f"{asked}-over-time",
            source=f"{_source(result)}; load {result.load_id or 'none'}; query {asked}",
            theme=shown.theme,
        )
    )
    if hide:
        widgets.suppression_note(shown.found, int(frame["suppressed"].sum()))
    return result


def _figure(shown: View, result: Result) -> tuple[str, How, bool]:
    """Which figure is drawn, and whether its small counts are hidden."""
    asked, numeric = result.query.name, columns(result)
    column, how = ROWS, "sum"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        column = st.selectbox(
            "Figure", [ROWS, *numeric], key=f"over-figure-{asked}", format_func=_column_words, width=280
        )
        if column != ROWS:
            how = st.selectbox(
                "Over the rows of a day", list(HOW_WORDS), key=f"over-how-{asked}",
                format_func=lambda how: HOW_WORDS[how].capitalize(), width=220,
            )  # fmt: skip
    hide = False
    if counts_people(result, ROWS) or counts_people(result, column):
        most = shown.found.settings.disclosure.suppress_up_to
        hide = st.checkbox(
            f"Hide small counts (1 to {most}) in the chart and its table",
            value=True, key=f"over-hide-{asked}",
            help="For a chart that is to be circulated; the rows below stay exact",
        )  # fmt: skip
    return column, how, hide  # type: ignore[return-value]


def columns(result: Result) -> list[str]:
    """The numeric columns with a figure on some day, none of them below 0."""
    frame = result.frame()
    numeric = [c.name for c in result.query.columns if c.type in ("integer", "decimal")]
    return [name for name in numeric if frame[name].notna().any() and not (frame[name] < 0).any()]


def heading(column: str, how: How) -> str:
    """The figure in words."""
    return "Number of rows" if column == ROWS else f"{_column_words(column)}, {HOW_WORDS[how]} over the rows"


def _column_words(column: str) -> str:
    return "Number of rows" if column == ROWS else plain_heading(column)


def _source(result: Result) -> str:
    first, last = (day_name(pd.Timestamp(day).date()) for day in (result.dates[0], result.dates[-1]))
    return f"From {first} to {last}"
