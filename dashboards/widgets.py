"""What every page is made of: the day asked for, the title, blocks of chart, words, table and downloads."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import pandas as pd
import streamlit as st

from dashboards import guarding, picture
from dashboards.data import Held
from dashboards.explained import explained
from graphmodel.access import Viewer
from graphmodel.errors import AccessRefused, EngineError, TacgraphError
from queries.header import Query
from reports.charts import Chart
from reports.theme import THEMES, Theme
from reports.words import day_name, listed

AGENCIES: Final = "agency"
AS_OF: Final = "as_of"
SEVERITY_WORDS: Final[Mapping[str, str]] = {
    "serious": ":red-badge[Serious]",
    "watch": ":orange-badge[Watch]",
    "fine": ":green-badge[Fine]",
    "unknown": ":gray-badge[Not known]",
}
MOST_MONTHS: Final = 120
NOT_DRAWN: Final = "Not drawn for your role: the chart shows people whom it does not see."


@dataclass(frozen=True)
class Asked:
    """What the page is asked for: a day, and the agencies to show (none: all)."""

    as_of: date
    agencies: tuple[str, ...]

    @property
    def before(self) -> date:
        """The day a month earlier; a month's end has the end of the month before."""
        return month_before(self.as_of)


@dataclass(frozen=True)
class View:
    """What a page gets: the data, what is asked of them, and how to draw."""

    found: Held
    asked: Asked
    viewer: Viewer

    @property
    def theme(self) -> Theme:
        """The colours of the ground that the reader has chosen."""
        return THEMES[st.context.theme.type or "light"]

    @property
    def scope(self) -> str:
        """The agencies shown, in words."""
        return listed([self.name(a) for a in self.asked.agencies]) if self.asked.agencies else "all agencies"

    @property
    def source(self) -> str:
        """Whence and as of when, for a chart or a table that leaves the page."""
        load = self.found.slice.load_id or "none"
        return (
            f"As of {day_name(self.asked.as_of)}; {self.scope}; load {load}; "
            f"weights {self.found.settings.stamp}"
        )

    def name(self, agency_id: object) -> str:
        """An agency's name, its id where it has none."""
        if not isinstance(agency_id, str):
            return "no post"
        return self.found.agency_names.get(agency_id, agency_id)

    def within(self, frame: pd.DataFrame, column: str) -> pd.DataFrame:
        """The rows of the agencies asked for."""
        return frame[frame[column].isin(self.asked.agencies)] if self.asked.agencies else frame

    def people(self, frame: pd.DataFrame, column: str = "home_agency_id") -> pd.DataFrame:
        """The rows about practitioners whom the viewer may see by id; `column` holds their home agency."""
        return guarding.people(frame, self.found, self.viewer, column)


def view() -> View:
    """What the router found for this run of the page."""
    found: View = st.session_state["view"]
    return found


def month_end(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def month_before(day: date) -> date:
    """The same day of the month before, its last day where it is shorter or `day` ends its own month."""
    last = day.replace(day=1) - timedelta(days=1)
    return last if day == month_end(day) else last.replace(day=min(day.day, last.day))


def _months(found: Held) -> list[date]:
    """The month ends there are data for, latest first; the running month is not over, so it is not one."""
    months: list[date] = []
    at = month_end(found.last_day)
    if at > found.last_day:
        at = month_before(at)
    while at >= found.first_day and len(months) < MOST_MONTHS:
        months.append(at)
        at = month_before(at)
    return months


def _day_of(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def ask(found: Held) -> Asked:
    """The day, month and agency pickers, kept in the address so that a view can be sent.

    An address that is no date or names no agency is passed over, and said.
    """
    known = found.agency_names
    _take_address(found, known)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "End of month",
            _months(found),
            index=None,
            key="month",
            format_func=lambda day: f"{day:%B %Y}",
            placeholder="Choose a month",
            on_change=_to_month_end,
            width=200,
        )
        st.date_input("As of (one day for all pages)", key=AS_OF, format="DD/MM/YYYY", width=220)
        st.multiselect(
            "Agencies",
            sorted(known, key=lambda a: str(known[a]).casefold()),
            key=AGENCIES,
            format_func=lambda a: str(known.get(a, a)),
            placeholder="All agencies",
            width=360,
        )
    day = st.session_state[AS_OF] or found.default_day()
    asked = Asked(day, tuple(st.session_state[AGENCIES]))
    _put_address(asked)
    return asked


def _take_address(found: Held, known: Mapping[str, str]) -> None:
    """From the address into the pickers, when the address is not the one last written here."""
    given = (st.query_params.get(AS_OF), tuple(st.query_params.get_all(AGENCIES)))
    written = st.session_state.get("address")
    if AS_OF not in st.session_state or (given != written and given[0] is not None):
        day = _day_of(given[0])
        if given[0] and day is None:
            st.warning(f"The address asks for “{given[0]}”, which is no date: the latest day is shown.")
        st.session_state[AS_OF] = day or found.default_day()
        st.session_state[AGENCIES] = [a for a in given[1] if a in known]
        unknown = [a for a in given[1] if a not in known]
        if unknown:
            st.warning(f"The address names agencies that are not known: {', '.join(unknown)}.")
    st.session_state.setdefault(AGENCIES, [])
    at = st.session_state[AS_OF]
    st.session_state["month"] = at if at in _months(found) else None


def _put_address(asked: Asked) -> None:
    st.query_params[AS_OF] = asked.as_of.isoformat()
    if asked.agencies:
        st.query_params[AGENCIES] = list(asked.agencies)
    elif AGENCIES in st.query_params:
        del st.query_params[AGENCIES]
    st.session_state["address"] = (asked.as_of.isoformat(), asked.agencies)


def _to_month_end() -> None:
    if st.session_state["month"] is not None:
        st.session_state[AS_OF] = st.session_state["month"]


# -- the frame of a page ---------------------------------------------------------------------------


def header(title: str, shown: View, *, scope: str | None = None) -> None:
    """The finding as the title, and under it the day, the data and the weights it rests on."""
    found = shown.found
    st.title(title, anchor=False)
    data = day_name(found.slice.data_date) if found.slice.data_date else "no date"
    parts = [
        f"As of **{day_name(shown.asked.as_of)}**",
        scope or shown.scope,
        f"data up to {data}",
        f"load {found.slice.load_id}" if found.slice.load_id else "no load on record",
        f"weights {found.settings.stamp}",
    ]
    st.caption(" · ".join(parts))
    if found.warning:
        st.warning(found.warning)


def parameters(found: Held) -> None:
    """The weights and thresholds of the figures, in a table of words."""
    work, rules = found.settings.workload, found.settings
    rows = {
        "Points for leading a team of up to three, by needs level": ", ".join(
            f"level {level}: {weight:g}" for level, weight in sorted(work.need_weight.items())
        ),
        "Each member of the team above three adds": f"{work.team_size_step:.0%}",
        "In the first weeks of a team (set-up)": f"{work.set_up_days} days times {work.set_up_factor:g}",
        "Supporting instead of leading": f"times {work.supporting_factor:g}",
        "Capacity of a full-time post all for case work": f"{work.points_per_fte:g} points",
        "Overloaded above": f"{work.overload_threshold:.0%} of capacity",
        "Severely overloaded above": f"{work.severe_threshold:.0%} of capacity",
        "A repeat assessment comes within": f"{rules.queries.repeat_window_days} days",
        "Small counts hidden": f"1 to {rules.disclosure.suppress_up_to}",
    }
    with st.expander("Weights and thresholds behind these figures"):
        st.table(pd.DataFrame({"What": list(rows), "Value": list(rows.values())}), hide_index=True)
        st.markdown(f"Weights: **{rules.stamp}**.")


def chart_block(chart: Chart, *, heading: bool = True) -> None:
    """A chart, what it says in words, and the same as a table to read or to take away.

    Not drawn where it shows somebody whom the viewer may not see.
    """
    if heading:
        st.header(chart.title, anchor=False)
    if guarding.unseen_here(chart.table):
        st.caption(NOT_DRAWN)
        return
    st.plotly_chart(
        chart.figure,
        theme=None,
        alt=chart.summary,
        config={"displayModeBar": False},
        key=f"chart-{chart.name}",
    )
    st.caption(f"{chart.summary} {chart.source}.")
    picture.buttons(chart, THEMES[st.context.theme.type or "light"])
    with st.expander("The same as a table"):
        table(chart.table, chart.name, chart.title, chart.source)


def table(
    rows: pd.DataFrame, name: str, title: str, source: str, columns: Mapping[str, Any] | None = None
) -> None:
    """Rows to read and to take away, as CSV and as a workbook with the day and the filters on it.

    Rows about somebody whom the viewer may not see are left out, and said.
    """
    if unseen := guarding.unseen_here(rows):
        rows = rows.drop(index=unseen)
        st.caption(f"Left out for your role: {len(unseen):,} rows about people whom it does not see.")
    st.dataframe(rows, hide_index=True, width="stretch", column_config=dict(columns or {}), alt=title)
    pictures = [c for c in rows.columns if rows[c].map(lambda cell: isinstance(cell, list)).any()]
    downloads(rows.drop(columns=pictures), name, title, source)


def downloads(rows: pd.DataFrame, name: str, title: str, source: str) -> None:
    """Two buttons; the files are made when one is pressed."""
    with st.container(horizontal=True):
        st.download_button(
            "CSV",
            lambda: comma_separated(rows),
            f"{name}.csv",
            "text/csv",
            key=f"csv-{name}",
            help=f"{title}: the table as CSV",
            on_click="ignore",
        )
        st.download_button(
            "Excel",
            lambda: workbook(rows, title, [source]),
            f"{name}.xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            key=f"xlsx-{name}",
            help=f"{title}: the table as a workbook, with the day and filters on it",
            on_click="ignore",
        )


def foot(shown: View, queries: Sequence[str]) -> None:
    """What every page ends with: its figures explained, the weights, the Cypher that asks for the same."""
    from queries import catalogue  # noqa: PLC0415  (read when a page shows it)

    known = catalogue()
    asked = [known[name] for name in queries if name in known]
    explained(asked)
    parameters(shown.found)
    texts(asked)


def texts(queries: Sequence[Query]) -> None:
    """The text of each query."""
    with st.expander("The query behind the figures (Cypher)"):
        for query in queries:
            st.markdown(f"**{query.name}**: {query.question}")
            st.code(query.text, language=None, wrap_lines=True)


def suppression_note(found: Held, hidden: int | None = None) -> None:
    """What “c” stands for; `hidden` counts how many cells were hidden on this page."""
    most = found.settings.disclosure.suppress_up_to
    many = "" if hidden is None else f" Hidden here: {hidden}."
    st.caption(
        f"**c** = hidden: a count of 1 to {most}, or one that would let a reader work such a count out "
        f"(the rule of the Department for Education's children-in-need statistics). 0 is shown.{many}"
    )


# -- states ----------------------------------------------------------------------------------------


def empty(words: str, why: str = "") -> None:
    """Nothing to show, in words: what was looked for, and why there may be none."""
    st.info(f"{words}{' ' + why if why else ''}")


def nothing_loaded() -> None:
    """The first page of an empty installation: what to run."""
    st.title("Nothing has been loaded yet", anchor=False)
    st.markdown(
        "This dashboard shows who works with whom around which child, once there are data. "
        "Load a folder of CSV files in the import format:"
    )
    st.code("tacgraph load PATH", language=None)
    st.markdown("Or try it with a made-up partnership:")
    st.code(
        "tacgraph example example-data --children 5000 --seed 1\ntacgraph load example-data", language=None
    )
    st.markdown("Then reload this page.")


def before_the_data(found: Held, asked: Asked) -> None:
    """An as-of day on which no team had opened yet."""
    st.title("No team had opened by this day", anchor=False)
    st.info(
        f"You asked for {day_name(asked.as_of)}. The first team on record opened on "
        f"{day_name(found.first_day)}. Choose a later day above."
    )


def fault(problem: TacgraphError) -> None:
    """A fault in words: the thing, what is wrong with it and what to do."""
    if isinstance(problem, AccessRefused):
        st.title("You may not see this", anchor=False)
    elif isinstance(problem, EngineError):
        st.title("The database cannot be reached", anchor=False)
    else:
        st.title("This page cannot be shown", anchor=False)
    st.error(f"{problem.thing}: {problem.fault}.")
    st.markdown(f"**What to do:** {problem.mend}")
    if isinstance(problem, EngineError):
        st.markdown("`tacgraph doctor` says what is installed, reachable and loaded.")


# -- tables and downloads --------------------------------------------------------------------------


def workbook(rows: pd.DataFrame, title: str, facts: Sequence[str]) -> bytes:
    """The table as an XLSX file, with what it shows, the day and the filters above it."""
    stream = io.BytesIO()
    with pd.ExcelWriter(stream, engine="xlsxwriter") as writer:
        rows.to_excel(writer, sheet_name="Table", index=False, startrow=len(facts) + 2)
        sheet = writer.sheets["Table"]
        for row, line in enumerate([title, *facts]):
            sheet.write_string(row, 0, line)
        sheet.set_column(0, max(len(rows.columns) - 1, 0), 22)
    return stream.getvalue()


def comma_separated(rows: pd.DataFrame) -> bytes:
    """The table as CSV, UTF-8 with a byte-order mark, which a spreadsheet asks for."""
    return rows.to_csv(index=False).encode("utf-8-sig")
