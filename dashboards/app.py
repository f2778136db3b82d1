"""The router: the pages, the pickers that all of them share, and the states in which no page can be shown."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import streamlit as st

from dashboards import asked as asking
from dashboards import data, first_visit, signed_in, widgets
from graphmodel.access import Right, Viewer
from graphmodel.audit_log import AuditLog
from graphmodel.disk import disk_fault
from graphmodel.errors import AccessRefused, TacgraphError
from graphmodel.settings import data_folder

PAGES: Final = Path(__file__).with_name("pages")
WITHOUT_DATA: Final = frozenset({"accessibility", "audit", "mapping", "same_child", "settings"})
# every page in the order of the menu, and the right it needs; None: for whoever has signed in
MENU: Final[Mapping[str, tuple[str, Right | None]]] = {
    "overview": ("Overview", "figures"),
    "fairness": ("Fairness", "figures"),
    "overload": ("Overload", "figures"),
    "certainty": ("How sure", "figures"),
    "duplication": ("Duplication", "figures"),
    "coverage": ("Coverage", "figures"),
    "trends": ("Trends", "figures"),
    "network": ("Network", "figures"),
    "what_if": ("What if", "figures"),
    "advice": ("Advice", "figures"),
    "ecomap": ("Ecomap", "children"),
    "same_child": ("Same child?", "children"),
    "me": ("My load", "own_view"),
    "workbench": ("Workbench", "workbench"),
    "quality": ("Data quality", "data_quality"),
    "mapping": ("Map a file", "data_quality"),
    "settings": ("Settings", "settings"),
    "audit": ("Audit", "audit"),
    "accessibility": ("Accessibility", None),
}


def router(who: Viewer | None) -> dict[str, st.Page]:
    """Every page by name, in the order of the menu; a flat list, as groups fail the accessibility check.

    Those that the viewer may not see (None: nobody has signed in) are not in the menu, but their addresses
    are known, so that whoever types one is told in words. They begin with the first that they may see.
    """
    may = [name for name, (_, right) in MENU.items() if right is None or (who is not None and who.may(right))]
    return {
        name: st.Page(
            PAGES / f"{name}.py",
            title=title,
            default=name == may[0],
            visibility="visible" if name in may else "hidden",
        )
        for name, (title, _) in MENU.items()
    }


def main() -> None:
    """Show the page asked for, or say in words why it cannot be shown."""
    st.set_page_config(page_title="tacgraph", layout="wide", menu_items={"About": None})
    try:
        who = signed_in.viewer()
    except AccessRefused as problem:
        at_the_door(problem)
        return
    pages = router(who)
    page = st.navigation(list(pages.values()), position="top")
    name = next(name for name, known in pages.items() if known.title == page.title)
    if signed_in.provider():
        signed_in.bar(who)
    try:
        right = MENU[name][1]
        if right is not None:
            with AuditLog(data_folder()).refusals(who, "page", about=name):
                who.must(right)
        show(name, page, who)
    except TacgraphError as problem:
        widgets.fault(problem)
    except Exception as problem:
        told = disk_fault(problem, data_folder())
        if told is None:
            raise
        widgets.fault(told)
    if not signed_in.provider():
        st.caption(signed_in.said(who))


def at_the_door(problem: AccessRefused) -> None:
    """Nobody has signed in, or their sign-in gives no role: no page, no figure, only the way in."""
    page = st.navigation(list(router(None).values()), position="hidden")
    if page.url_path in MENU and MENU[page.url_path][1] is None:
        page.run()
        return
    signed_in.door(problem)


def show(name: str, page: st.Page, who: Viewer) -> None:
    """Run a page over the data of the day asked for."""
    if name in WITHOUT_DATA:
        page.run()
        return
    found = data.held()
    if found.empty:
        first_visit.nothing_loaded(who)
        return
    asked = asking.ask(found, who)
    if asked.as_of < found.first_day:
        widgets.before_the_data(found, asked)
        return
    st.session_state["view"] = asking.View(found, asked, who, name)
    page.run()
