"""The workbench: the catalogue to choose from, a query's parameters as widgets, an analyst's own text.

The one page that asks the graph itself, as the account that only reads, and so the one whose rows are exact:
what `dashboards.shown` hides elsewhere is not hidden here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import streamlit as st

from dashboards import data, over_time, signed_in, widgets
from dashboards.asked import View
from dashboards.asking import Stated, stated
from dashboards.plain import plain
from graphmodel.access import NAME_COLUMNS, Viewer, audited_kind
from graphmodel.codes import ALLOCATION_PROFILES
from graphmodel.engine import READER_SECONDS
from graphmodel.errors import AccessRefused, QueryError, SettingsError, TacgraphError
from graphmodel.settings import settings
from queries import Query, Result, answer_query, answer_text, catalogue, guessed, own_queries, search
from queries.answering import default, typed_pairs
from queries.free_text import WHAT, told
from queries.header import SETTINGS_PREFIX, Parameter
from queries.own import folders, has_header, is_own, refuse_faults
from queries.terms import local
from reports.words import count, heading, listed, role_name

ADDRESS: Final = "query"
# no name of a query has a hyphen
OWN_TEXT: Final = "own-text"
ANSWER: Final = "workbench-answer"
DRAFT: Final = "workbench-draft"
TEXT: Final = "workbench-text"
SHOWS: Final[Mapping[str, str]] = {
    "no": ":green-badge[names nobody]",
    "practitioner": ":orange-badge[shows practitioners by id]",
    "child": ":red-badge[shows children by id]",
}
MAY_SHOW: Final = ":red-badge[may show children]"
EDITOR_LABEL: Final = "Cypher, one query"
# an editor's letters are of one width; Streamlit has no option for it
EDITOR_STYLE: Final = f'<style>textarea[aria-label="{EDITOR_LABEL}"] {{font-family: monospace;}}</style>'
FIRST_TEXT: Final = """\
MATCH (p:Practitioner)-[l:LEADS]->(t:Tac)
WHERE l.started_on <= $as_of AND (l.ended_on IS NULL OR $as_of < l.ended_on)
RETURN p.role AS role, count(DISTINCT t) AS tacs_led
ORDER BY tacs_led DESC
"""


@dataclass(frozen=True)
class Answer:
    """A result, the view of the page and the day it was asked for, and the text where it was an own one."""

    asked: str
    day: date
    result: Result
    text: str = ""


@dataclass(frozen=True)
class Written:
    """A map or a list as its JSON, which is read when it is run, so that a fault is said there."""

    text: str


def chosen() -> str:
    """What the address asks for: a query's name, `own-text`, or nothing for the catalogue."""
    return st.query_params.get(ADDRESS, "")


def choose(name: str) -> None:
    """Go to a query, or with an empty name back to the catalogue; rows shown before are dropped."""
    forget()
    if name:
        st.query_params[ADDRESS] = name
    elif ADDRESS in st.query_params:
        del st.query_params[ADDRESS]


def forget() -> None:
    """Drop the rows that were asked for."""
    st.session_state.pop(ANSWER, None)
    st.session_state.pop(over_time.OVER, None)


def edit(text: str) -> None:
    """Go to the editor with a text in it."""
    st.session_state[DRAFT] = text
    st.session_state.pop(TEXT, None)
    choose(OWN_TEXT)


def known(name: str) -> Query | None:
    """The query of the catalogue, or an own one that is not refused."""
    return catalogue().get(name) or own_queries()[0].get(name)


def refusal(problem: TacgraphError) -> None:
    """Why there are no rows, in words, where the rows would stand."""
    st.error(f"**Not run.** {plain(problem.thing)}: {plain(problem.fault)}. {plain(problem.mend)}")


# -- the catalogue ---------------------------------------------------------------------------------


def tags_known() -> list[str]:
    """All tags, those of most queries first."""
    every = [tag for query in search() for tag in query.tags]
    return sorted(set(every), key=lambda tag: (-every.count(tag), tag))


def listing(shown: View) -> None:
    """All queries as questions in plain words, to be searched and chosen from."""
    every = search()
    widgets.header(f"{len(every)} questions to put to the graph", shown, scope="whole partnership")
    st.markdown(
        "Choose a question, or write your own Cypher. Rows here are exact, and **small counts are not "
        "hidden**: they are for analysts, not for circulation."
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        words = st.text_input(
            "Search names, questions, tags and columns", key="workbench-search", width=360, max_chars=100
        )
        st.button("Write your own Cypher", on_click=choose, args=(OWN_TEXT,))
    tags = st.pills("Tags", tags_known(), selection_mode="multi", key="workbench-tags")
    found = [query for query in search(words) if not tags or set(tags) & set(query.tags)]
    for faults in own_queries()[1].values():
        st.warning(plain(f"An own query is refused: {'; '.join(faults)}."))
    if not found:
        widgets.empty("No query has all of these words.", "Take one out, or choose another tag.")
        return
    st.header(count(len(found), "question", "questions"), anchor=False)
    ordered = sorted(map(local, found), key=lambda query: query.title.casefold())
    for left in range(0, len(ordered), 2):
        for place, one in zip(st.columns(2), ordered[left : left + 2], strict=False):
            with place:
                _entry(one)


def _entry(query: Query) -> None:
    with st.container(border=True, gap="xxsmall"):
        st.button(
            f":blue[**{plain(query.title)}**]", key=f"choose-{query.name}", type="tertiary",
            on_click=choose, args=(query.name,), help=f"Open {query.name}",
        )  # fmt: skip
        own = " :blue-badge[own query]" if is_own(query) else ""
        tags = " · ".join(plain(tag) for tag in query.tags)
        st.markdown(f"{plain(query.question)}  \n{_badge(query)}{own} {tags}")


def _identifying(query: Query) -> str:
    # the header of an own query is its writer's word, not a checked fact
    return "child" if is_own(query) else query.identifying


def _badge(query: Query) -> str:
    return MAY_SHOW if is_own(query) else SHOWS[query.identifying]


# -- one query -------------------------------------------------------------------------------------


def asking(shown: View, query: Query) -> None:
    """A query in words, its parameters as widgets, and its run."""
    words = local(query)
    widgets.header(words.title, shown, scope="whole partnership")
    st.markdown(f"**{plain(words.question)}**")
    st.markdown(f"{_badge(query)} One row is {plain(words.grain)}. Source: {plain(query.source)}.")
    if words.notes:
        with st.expander("What the definition leaves open, and how it is settled"):
            st.markdown("\n".join(f"- {plain(note)}" for note in words.notes))
    with st.form(f"ask-{query.name}"):
        given = _parameters(shown, query)
        identifying = _identifying(query)
        told = None if identifying == "no" else _stated(identifying)
        limits = _limits()
        pressed = st.form_submit_button("Run")
        # an own query has no road from the slice
        span, over = (None, False) if is_own(query) else over_time.span(shown)
    if not (pressed or over):
        return
    forget()
    try:
        given = given | typed_pairs(
            query, [f"{k}={v.text}" for k, v in given.items() if isinstance(v, Written)]
        )
        viewer = told.viewer() if told else signed_in.viewer()
        if over and span is not None:
            with data.store().audit.refusals(viewer, query.name, about=""):
                _must_see(query, viewer)
            with st.spinner("Reading the slice…", show_time=True):
                st.session_state[over_time.OVER] = over_time.ask(query, shown, span, viewer, given)
            return
        with st.spinner("Asking the graph…", show_time=True):
            result = run_catalogue(query, shown.asked.as_of, viewer, limits, given)
    except (QueryError, AccessRefused, SettingsError) as problem:
        refusal(problem)
        return
    st.session_state[ANSWER] = Answer(query.name, shown.asked.as_of, result)


def _must_see(query: Query, viewer: Viewer) -> None:
    if _identifying(query) != "no" and NAME_COLUMNS & set(query.column_names):
        viewer.must_see_names()


def run_catalogue(
    query: Query, day: date, viewer: Viewer, limits: Mapping[str, Any], given: Mapping[str, Any]
) -> Result:
    """The rows of a query; a look at practitioners by id is put on the record too, as one at children is.

    Raises `AccessRefused` for a viewer who may not see them, `QueryError` as `queries.answer` does.
    """
    store = data.store()
    with store.audit.refusals(viewer, query.name, about=""):
        _must_see(query, viewer)
    result = answer_query(query, as_of=day, store=store, viewer=viewer, **limits, **given)
    if query.identifying == "practitioner" and not is_own(query) and audited_kind(query.column_names) is None:
        store.audit.record(viewer, query.name, about="practitioners by id", rows=len(result.rows.rows))
    return result


def _stated(identifying: str) -> Stated:
    """Widgets for role and reason."""
    return stated("workbench", "children" if identifying == "child" else "practitioners")


def _limits() -> dict[str, Any]:
    agreed = settings().queries
    with st.expander("Time and row limit"), st.container(horizontal=True):
        seconds = st.number_input(
            "Seconds at most", 1, int(READER_SECONDS), min(agreed.time_limit_seconds, int(READER_SECONDS)),
            key="workbench-seconds", width=220,
            help="The database stops the query after them, and this page says so",
        )  # fmt: skip
        rows = st.number_input(
            "Rows at most", 1, agreed.row_limit, agreed.row_limit, key="workbench-rows", width=220,
            help="No more are taken, and this page says so",
        )  # fmt: skip
    return {"time_limit": float(seconds), "row_limit": int(rows)}


def _parameters(shown: View, query: Query) -> dict[str, Any]:
    """A widget for each parameter; a part of the settings is shown, and stays what was agreed."""
    given: dict[str, Any] = {}
    maps = [p for p in query.parameters if p.type == "map" and p.default is not None]
    others = [parameter for parameter in query.parameters if parameter not in maps]
    if others:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            for parameter in others:
                value = _widget(query, parameter, shown)
                if value is not None:
                    given[parameter.name] = value
    elif not maps:
        st.markdown("It asks for nothing but the day above.")
    for parameter in maps:
        with st.expander(plain(f"{heading(parameter.name)}: {parameter.meaning} (shown, not changed here)")):
            st.json(default(parameter, shown.found.settings), expanded=1)
            st.caption(plain(f"Version {shown.found.settings.version}: {shown.found.settings.agreed_by}."))
    return given


def _widget(query: Query, parameter: Parameter, shown: View) -> Any:
    label = f"{heading(parameter.name)} ({parameter.unit})"
    preset = None if parameter.default is None else default(parameter, shown.found.settings)
    told = _told(parameter, preset)
    options: dict[str, Any] = {"key": f"p-{query.name}-{parameter.name}", "help": told, "width": 300}
    least = parameter.minimum
    match parameter.type:
        case "integer":
            floor = None if least is None else int(least)
            return st.number_input(label, floor, None, preset, 1, **options)
        case "decimal":
            return st.number_input(label, least, None, preset, 0.05, **options)
        case "date":
            return st.date_input(label, preset, format="DD/MM/YYYY", **options)
        case "boolean":
            return st.checkbox(label, bool(preset), **options)
        case "profile":
            names = list(ALLOCATION_PROFILES)
            return st.selectbox(label, names, names.index(str(preset)), format_func=role_name, **options)
        case _:
            return _written(parameter, label, preset, options)


def _written(parameter: Parameter, label: str, preset: Any, options: dict[str, Any]) -> Any:
    if parameter.type in ("list", "map"):
        json = st.text_area(f"{label}, as JSON", "", max_chars=5_000, height=68, **options).strip()
        return Written(json) if json else None
    text = st.text_input(label, preset or "", max_chars=200, **options).strip()
    return None if parameter.default is None and not text else text


def _told(parameter: Parameter, preset: Any) -> str:
    if parameter.default is None:
        return f"{parameter.meaning}; must be given"
    stated = isinstance(parameter.default, str) and parameter.default.startswith(SETTINGS_PREFIX)
    whence = " (agreed in the settings)" if stated else ""
    return f"{parameter.meaning}; left alone: {'empty' if preset == '' else preset}{whence}"


# -- an analyst's own text -------------------------------------------------------------------------


def writing(shown: View) -> None:
    """An editor for Cypher that only reads, its parameters, and its run."""
    widgets.header("Your own Cypher", shown, scope="whole partnership")
    st.markdown(
        f"{MAY_SHOW} A text may show anybody under any name, so every run asks for role and reason and "
        "is recorded. It runs as an account that can only read; `$as_of` is the day above."
    )
    st.html(EDITOR_STYLE)
    st.session_state.setdefault(TEXT, st.session_state.get(DRAFT, FIRST_TEXT))
    with st.form("own-text"):
        text = st.text_area(
            EDITOR_LABEL, key=TEXT, height=260, max_chars=50_000,
            help="With or without a header like the catalogue's; Ctrl+Enter runs it",
        )  # fmt: skip
        pairs = st.text_area(
            "Parameters, one a line: name = value", key="workbench-pairs", height=68, max_chars=5_000,
            help="Numbers, true, false and dates (2026-10-31) are taken as such, 'quoted' values as text",
        )  # fmt: skip
        told = _stated("child")
        limits = _limits()
        pressed = st.form_submit_button("Run")
    if pressed:
        forget()
        st.session_state[DRAFT] = text
        lines = [line for line in pairs.splitlines() if line.strip()]
        try:
            viewer = told.viewer()
            with st.spinner("Asking the graph…", show_time=True):
                result = run_own(text, lines, shown.asked.as_of, viewer, limits)
        except (QueryError, AccessRefused) as problem:
            refusal(problem)
            return
        st.session_state[ANSWER] = Answer(OWN_TEXT, shown.asked.as_of, result, text)


def run_own(text: str, pairs: list[str], day: date, viewer: Viewer, limits: Mapping[str, Any]) -> Result:
    """The rows of an analyst's text: with a header as an own query, without one as it is.

    Raises `QueryError` in the guard's words, `AccessRefused` for a viewer who may not see children.
    """
    store = data.store()
    if not has_header(text):
        return answer_text(text, as_of=day, parameters=guessed(pairs), store=store, viewer=viewer, **limits)
    with store.audit.refusals(viewer, WHAT, about=told(text)):
        query = refuse_faults("own_text", text, folders()[0] / "own_text.cypher")
    return answer_query(query, as_of=day, store=store, viewer=viewer, **limits, **typed_pairs(query, pairs))


def folders_said() -> str:
    """Where own queries are searched, in words."""
    return listed([str(folder) for folder in folders()])
