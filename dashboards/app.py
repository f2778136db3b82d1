"""The router: the pages, the pickers that all of them share, and the states in which no page can be shown."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import streamlit as st

from dashboards import data, widgets
from graphmodel.errors import TacgraphError

PAGES: Final = Path(__file__).with_name("pages")
WITHOUT_DATA: Final = frozenset({"accessibility"})


def router() -> list[st.Page]:
    """Every page, in the order of the menu; a flat list, as groups fail the accessibility check."""
    return [
        st.Page(PAGES / "overview.py", title="Overview", default=True),
        st.Page(PAGES / "fairness.py", title="Fairness"),
        st.Page(PAGES / "overload.py", title="Overload"),
        st.Page(PAGES / "duplication.py", title="Duplication"),
        st.Page(PAGES / "coverage.py", title="Coverage"),
        st.Page(PAGES / "trends.py", title="Trends"),
        st.Page(PAGES / "workbench.py", title="Workbench"),
        st.Page(PAGES / "accessibility.py", title="Accessibility"),
    ]


def main() -> None:
    """Show the page asked for, or say in words why it cannot be shown."""
    st.set_page_config(page_title="tacgraph", layout="wide", menu_items={"About": None})
    page = st.navigation(router(), position="top")
    try:
        if page.url_path in WITHOUT_DATA:
            page.run()
            return
        found = data.held()
        if found.empty:
            widgets.nothing_loaded()
            return
        asked = widgets.ask(found)
        if asked.as_of < found.first_day:
            widgets.before_the_data(found, asked)
            return
        st.session_state["view"] = widgets.View(found, asked)
        page.run()
    except TacgraphError as problem:
        widgets.fault(problem)
