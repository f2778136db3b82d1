"""What the workbench shows of a result: its rows, a chart where one suits, its Cypher, files, saving it."""

from __future__ import annotations

import io
import json
import tempfile
from pathlib import Path
from typing import Any, Final

import pandas as pd
import streamlit as st

from dashboards import widgets
from dashboards.asked import View
from dashboards.over_time import drawn
from dashboards.plain import plain
from dashboards.workbench import ANSWER, OWN_TEXT, Answer, choose, folders_said, refusal
from graphmodel.errors import QueryError
from graphmodel.terms import said
from queries import Query, Result, for_browser, save
from queries.own import has_header, with_header
from queries.terms import local
from reports import charts
from reports.words import count, day_name, heading, role_name

MOST_SHOWN: Final = 10_000
MOST_LABELS: Final = 2
FEWEST_BARS: Final = 2


def answer(shown: View, asked: str) -> None:
    """The rows last asked for, if they are those of this query and day."""
    found: Answer | None = st.session_state.get(ANSWER)
    if found is None or found.asked != asked:
        return
    if found.day != shown.asked.as_of:
        st.info(f"The day has changed: run it again for {day_name(shown.asked.as_of)}.")
        return
    result = found.result
    rows = len(result.rows.rows)
    st.header(f"{count(rows, 'row', 'rows')[:1].upper()}{count(rows, 'row', 'rows')[1:]}", anchor=False)
    if result.limit_said:
        st.warning(result.limit_said)
    st.caption(whence(result))
    if not rows:
        widgets.empty("No row answers to this on the day.")
    else:
        _rows(result)
    _files(result)
    if rows:
        _chart(shown, result)
    if found.asked == OWN_TEXT:
        _saving(found)


def over(shown: View, asked: str) -> None:
    """What was last asked over time, if it is of this query: drawn, then all rows and files of them."""
    result = drawn(shown, asked)
    if result is None:
        return
    if result.rows.rows:
        st.header("All rows", anchor=False)
        _rows(result)
    _files(result)


def whence(result: Result) -> str:
    """Day, load, completeness and time of a result, in one line."""
    many = "all rows" if result.rows.complete else "the first rows only"
    load = f"load {result.load_id}" if result.load_id else "no load on record"
    return f"As of {day_name(result.as_of)} · {load} · {many} · asked of the graph in {result.seconds:.2f} s"


def _rows(result: Result) -> None:
    frame = result.frame()
    if len(frame) > MOST_SHOWN:
        st.markdown(
            f"The table shows the first **{MOST_SHOWN:,} of {len(frame):,}** rows; the files hold all."
        )
        frame = frame.head(MOST_SHOWN)
    st.dataframe(
        frame,
        hide_index=True,
        width="stretch",
        column_config=columns(local(result.query)),
        alt=said(result.query.title),
    )


def columns(query: Query) -> dict[str, Any]:
    """Plain headings, with each column's meaning to be read on them."""
    kinds: dict[str, Any] = {
        "integer": st.column_config.NumberColumn,
        "decimal": st.column_config.NumberColumn,
        "boolean": st.column_config.CheckboxColumn,
        "list": st.column_config.ListColumn,
        "text": st.column_config.TextColumn,
    }
    found = {}
    for column in query.columns:
        told: dict[str, Any] = {
            "label": heading(column.name),
            "help": f"{column.name}: {column.meaning}",
        }
        if column.type == "date":
            found[column.name] = st.column_config.DateColumn(**told, format="YYYY-MM-DD")
        else:
            found[column.name] = kinds[column.type](**told)
    return found


# -- a chart, where one suits ----------------------------------------------------------------------


def labels(result: Result) -> list[str]:
    """The leading text columns that together name each row: at most two, none where they do not."""
    texts = []
    for column in result.query.columns[:MOST_LABELS]:
        if column.type != "text":
            break
        texts.append(column.name)
    frame = result.frame()
    for many in range(1, len(texts) + 1):
        part = frame[texts[:many]]
        if part[texts[0]].notna().all() and not part.duplicated().any():
            return texts[:many]
    return []


def figures(result: Result) -> list[str]:
    """The numeric columns that bars can show: none below 0; those that the query sorts by first."""
    frame, sorts = result.frame(), [name for name, _ in result.query.sort]
    numeric = [c.name for c in result.query.columns if c.type in ("integer", "decimal")]
    fit = [name for name in numeric if frame[name].notna().any() and not (frame[name] < 0).any()]
    return sorted(fit, key=lambda name: (name not in sorts, numeric.index(name)))


def _chart(shown: View, result: Result) -> None:
    by, numeric = labels(result), figures(result)
    if not by or not numeric or len(result.rows.rows) < FEWEST_BARS:
        return
    st.header("The same as bars", anchor=False)
    value = st.selectbox("Figure", numeric, key=f"figure-{result.query.name}", format_func=heading, width=300)
    frame = result.frame()
    named = [[_name(shown, column, value) for value in frame[column]] for column in by]
    label = [" and ".join(row) for row in zip(*named, strict=True)]
    chart = charts.bars(
        pd.DataFrame({"label": label, "value": frame[value].astype(float)}),
        (" and ".join(heading(c) for c in by), heading(value)),
        name=f"{result.query.name}-{value}",
        source=f"As of {day_name(result.as_of)}; load {result.load_id or 'none'}; query {result.query.name}",
        theme=shown.theme,
    )
    st.markdown(f"**{plain(chart.title)}**")
    widgets.chart_block(chart, heading=False)


def _name(shown: View, column: str, value: object) -> str:
    if not isinstance(value, str):
        return "none"
    if column.endswith("agency_id"):
        return shown.name(value)
    return role_name(value) if column in ("role", "sector", "category", "kind") else value


# -- files -----------------------------------------------------------------------------------------


def comma_separated(result: Result) -> bytes:
    """CSV as `Result.to_csv`, below lines that begin with `# ` and say where the rows come from.

    The first of them says how many such lines there are.
    """
    told = {name: json.dumps(value, ensure_ascii=False) for name, value in result.about.items()}
    lines = [f"# {name}: {value}" for name, value in told.items()]
    stream = io.StringIO()
    stream.write(f"# lines before the headings: {len(lines) + 1}\n" + "".join(f"{x}\n" for x in lines))
    result.to_csv(stream)
    return stream.getvalue().encode("utf-8-sig")


def workbook(result: Result) -> bytes:
    """The bytes of `Result.to_xlsx`."""
    return _made(result, "xlsx")


def parquet(result: Result) -> bytes:
    """The bytes of `Result.to_parquet`."""
    return _made(result, "parquet")


def _made(result: Result, ending: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"rows.{ending}"
        if ending == "xlsx":
            result.to_xlsx(path)
        else:
            result.to_parquet(path)
        return path.read_bytes()


_FILES: Final = {
    "csv": ("CSV", comma_separated, "text/csv", "its first lines"),
    "xlsx": (
        "Excel",
        workbook,
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "the sheet “about”",
    ),
    "parquet": ("Parquet", parquet, "application/vnd.apache.parquet", "its metadata"),
}


def _files(result: Result) -> None:
    with st.container(horizontal=True):
        for ending, (label, make, kind, where) in _FILES.items():
            st.download_button(
                label,
                lambda make=make: make(result),  # type: ignore[misc]
                f"{result.query.name}-{result.as_of}.{ending}",
                kind,
                key=f"take-{ending}",
                help=f"All rows; day, parameters, load and numbers of rows are in {where}",
                on_click="ignore",
            )


# -- the Cypher, and saving ------------------------------------------------------------------------


def cypher(query: Query, shown: View) -> None:
    """The text of a query, and the same with its parameters to paste into Neo4j Browser."""
    found: Answer | None = st.session_state.get(ANSWER)
    if query.parameters:
        ran = found is not None and found.result.query.name == query.name
        given = dict(found.result.parameters) if ran and found is not None else {}
        if any(p.default is None and p.name not in given for p in query.parameters):
            st.caption("Run it once to copy it for Neo4j Browser with its parameters.")
            return
    else:
        given = {}
    with st.expander("Copy for Neo4j Browser"):
        st.code(said(for_browser(query, shown.asked.as_of, **given)), language=None, wrap_lines=True)


def _saving(found: Answer) -> None:
    with st.expander("Save it with your own queries"), st.form("save-own"):
        st.caption(
            f"It is held to what the catalogue is held to. Own queries are in {plain(folders_said())}."
        )
        name = st.text_input("Name, in lower snake case", key="save-name", max_chars=61, width=360)
        question = st.text_input("The question it answers", key="save-question", max_chars=200)
        over = st.checkbox("Replace an own query of this name", key="save-over")
        if not st.form_submit_button("Save"):
            return
        try:
            keep(found, name.strip(), question.strip(), replace=over)
        except QueryError as problem:
            refusal(problem)
            return
        st.success(f"Saved. **{name.strip()}** is in the catalogue now.")
        st.session_state["workbench-saved"] = name.strip()
    if "workbench-saved" in st.session_state:
        st.button("Open it", on_click=choose, args=(st.session_state["workbench-saved"],))


def keep(found: Answer, name: str, question: str, *, replace: bool) -> Path:
    """Save the text of an answer as an own query; one without a header gets it from what came back.

    Raises `QueryError` for a name that is none or is taken, and for all faults of the text.
    """
    text, result = found.text, found.result
    if not has_header(text):
        text = with_header(name, text, result.query.columns, result.parameters, question)
    return save(name, text, replace=replace)
