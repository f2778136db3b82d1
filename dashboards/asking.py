"""Role and reason: what a page asks for before it shows a named practitioner or a child.

With a sign-in the role is the one signed in with and only the reason is asked for; without one the reader
states both. Either way the audit record keeps them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, get_args

import streamlit as st

from dashboards import signed_in
from dashboards.plain import plain
from graphmodel.access import Role, Viewer
from graphmodel.errors import AccessRefused
from reports.words import role_name

MOST_LETTERS: Final = 200
STATED: Final = (
    "Without a sign-in the role is what you state. The audit record keeps who, when, in which role, "
    "why and what was asked."
)
SIGNED: Final = "The audit record keeps who, when, in which role, why and what was asked."


@dataclass(frozen=True)
class Stated:
    """What the reader states before rows that show somebody: a role and a reason."""

    role: Role | None
    reason: str

    def viewer(self) -> Viewer:
        """Who looks, with the reason; the role is the signed in one, without a sign-in the one stated.

        Raises `AccessRefused` where one is missing.
        """
        found = signed_in.viewer(self.reason.strip())
        if not signed_in.provider():
            if self.role is None:
                raise AccessRefused("the rows", "no role was stated", "State your role.")
            found = replace(found, role=self.role)
        if not found.reason:
            raise AccessRefused("the rows", "no reason was stated", "State why you need to see them.")
        return found


def stated(key: str, words: str) -> Stated:
    """Widgets for role (only without a sign-in) and reason, to stand in a form: `{key}-role`, `{key}-reason`.

    `words` say what is to be seen: “names”, “children”.
    """
    with st.container(horizontal=True, vertical_alignment="bottom"):
        role: Role | None = None
        if not signed_in.provider():
            role = st.selectbox(
                "Your role", list(get_args(Role)), index=None, format_func=role_name, key=f"{key}-role",
                width=240, placeholder="State your role",
            )  # fmt: skip
        reason = st.text_input(
            f"Why do you need to see {words}?", key=f"{key}-reason", max_chars=MOST_LETTERS, width=460
        )
    st.caption(SIGNED if signed_in.provider() else STATED)
    return Stated(role, reason or "")


def asked_viewer(key: str, words: str) -> Viewer | None:
    """A form that asks for role and reason; who looks in the run in which it is sent, else None.

    The button says “Show {words}”. What is missing is said in words below it. The caller still asks the
    viewer's rights (`must_see_names`, `Store.read`), and shows a refusal by `refused`.
    """
    with st.form(key):
        asked = stated(key, words)
        pressed = st.form_submit_button(f"Show {words}")
    if not pressed:
        return None
    try:
        return asked.viewer()
    except AccessRefused as problem:
        refused(problem)
        return None


def refused(problem: AccessRefused) -> None:
    """Why nothing is shown, in words, where the rows would stand."""
    st.error(plain(f"Not shown: {problem.thing}: {problem.fault}. {problem.mend}"))
