"""What every page is made of: the day asked for, the title, blocks of chart, words, table and downloads."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd
import streamlit as st

from dashboards import guarding, picture
from dashboards.asked import REACH_WORDS, Asked, View
from dashboards.data import Held
from dashboards.explained import explained
from dashboards.plain import plain
from graphmodel.errors import AccessRefused, EngineError, TacgraphError
from graphmodel.letters import harmless
from queries.header import Query
from queries.terms import local
from reports.charts import Chart
from reports.theme import THEMES
from reports.words import day_name

SEVERITY_WORDS: Final[Mapping[str, str]] = {
    "serious": ":red-badge[Serious]",
    "watch": ":orange-badge[Watch]",
    "fine": ":green-badge[Fine]",
    "unknown": ":gray-badge[Not known]",
}
AS_TEXT: Final = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
NOT_DRAWN: Final = "Not drawn for your role: the chart shows people whom it does not see."


def view() -> View:
    """What the router found for this run of the page."""
    found: View = st.session_state["view"]
    return found


# -- the frame of a page ---------------------------------------------------------------------------


def header(title: str, shown: View, *, scope: str | None = None) -> None:
    """The finding as the title, and under it the day, the data and the weights it rests on."""
    found = shown.found
    st.title(plain(title), anchor=False)
    data = day_name(found.slice.data_date) if found.slice.data_date else "no date"
    parts = [
        f"As of **{day_name(shown.asked.as_of)}**",
        plain(shown.scope if shown.locality or not scope else scope),
        f"data up to {data}",
        f"load {found.slice.load_id}" if found.slice.load_id else "no load on record",
        plain(f"weights {found.settings.stamp}"),
    ]
    st.caption(" · ".join(parts))
    if shown.asked.locality is not None:
        st.info(REACH_WORDS[shown.reach].format(name=plain(shown.asked.locality)))
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
        st.markdown(f"Weights: **{plain(rules.stamp)}**.")


def chart_block(chart: Chart, *, heading: bool = True) -> None:
    """A chart, what it says in words, and the same as a table to read or to take away.

    Not drawn where it shows somebody whom the viewer may not see.
    """
    if heading:
        st.header(plain(chart.title), anchor=False)
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
    st.caption(plain(f"{chart.summary} {chart.source}."))
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
            lambda: comma_separated(rows, title, [source]),
            f"{name}.csv",
            "text/csv",
            key=f"csv-{name}",
            help=f"{title}: the table as CSV, with the day and filters above it",
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
    asked = [local(known[name]) for name in queries if name in known]
    explained(asked)
    parameters(shown.found)
    texts(asked)


def texts(queries: Sequence[Query]) -> None:
    """The text of each query."""
    with st.expander("The query behind the figures (Cypher)"):
        for query in map(local, queries):
            st.markdown(f"**{query.name}**: {plain(query.question)}")
            st.code(query.text, language=None, wrap_lines=True)


def suppression_note(found: Held, hidden: int | None = None) -> None:
    """What “c” stands for; `hidden` counts how many cells were hidden on this page."""
    most = found.settings.disclosure.suppress_up_to
    many = "" if hidden is None else f" Hidden here: {hidden}."
    st.caption(
        f"**c** = hidden: a count of 1 to {most}, or one that would let a reader work such a count out "
        f"(the rule of the Department for Education's children-in-need statistics). 0 is shown.{many}"
    )


def groups_note(shown: View) -> None:
    """Why a locality's page counts by kind alone."""
    if shown.locality is not None:
        st.caption(
            "By agency and by group only for all localities: in one of them most such counts are small, and "
            "the two filters together would give them away."
        )


# -- states ----------------------------------------------------------------------------------------


def empty(words: str, why: str = "") -> None:
    """Nothing to show, in words: what was looked for, and why there may be none."""
    st.info(f"{words}{' ' + why if why else ''}")


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
    st.error(plain(f"{problem.thing}: {problem.fault}."))
    st.markdown(f"**What to do:** {problem.mend}")
    if isinstance(problem, EngineError):
        st.markdown("`tacgraph doctor` says what is installed, reachable and loaded.")


# -- tables and downloads --------------------------------------------------------------------------


def workbook(rows: pd.DataFrame, title: str, facts: Sequence[str]) -> bytes:
    """The table as an XLSX file, with what it shows, the day and the filters above it."""
    stream = io.BytesIO()
    with pd.ExcelWriter(stream, engine="xlsxwriter", engine_kwargs={"options": AS_TEXT}) as writer:
        rows.to_excel(writer, sheet_name="Table", index=False, startrow=len(facts) + 2)
        sheet = writer.sheets["Table"]
        for row, line in enumerate([title, *facts]):
            sheet.write_string(row, 0, line)
        sheet.set_column(0, max(len(rows.columns) - 1, 0), 22)
    return stream.getvalue()


def comma_separated(rows: pd.DataFrame, title: str, facts: Sequence[str]) -> bytes:
    """The table as CSV, UTF-8 with a byte-order mark, which a spreadsheet asks for.

    Lines that begin with `# ` stand above it: how many they are, the title, the day and the filters. What a
    spreadsheet would take for a formula is a text in it.
    """
    lines = [" ".join(line.split()) for line in (title, *facts)]
    above = "".join(f"# {line}\n" for line in (f"lines before the headings: {len(lines) + 1}", *lines))
    cells = rows.map(lambda cell: harmless(cell) if isinstance(cell, str) else cell)
    heads = [harmless(str(name)) for name in rows.columns]
    return (above + cells.to_csv(index=False, header=heads)).encode("utf-8-sig")
