"""Who is at the browser: the one who signed in, or, without a provider, the one local user.

With a provider (OpenID Connect) the claims of the sign-in decide the role, by the mapping of the settings;
nobody can state another. Without one the dashboard is for whoever runs it, on this machine only.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import streamlit as st

from dashboards.launch import PROVIDER_VARIABLE
from dashboards.plain import plain
from graphmodel.access import LOCAL_USER, Viewer
from graphmodel.errors import AccessRefused
from graphmodel.settings import settings
from graphmodel.sign_in import viewer_of
from reports.words import role_name

LOCAL_WORDS: Final = (
    "No sign-in is set up: this dashboard answers on this machine only, whoever opens it is the local user "
    "“{name}”, and a role is what they state. For others to use it, set up sign-in."
)


def provider() -> bool:
    """Whether a provider decides who looks; then a role is never stated by the reader."""
    return os.environ.get(PROVIDER_VARIABLE) == "yes" or "is_logged_in" in st.user


def claims() -> Mapping[str, Any] | None:
    """What the provider says of the one who signed in; None where nobody has."""
    return st.user.to_dict() if st.user.get("is_logged_in", False) else None


def viewer(reason: str = "") -> Viewer:
    """Who looks, for this reason: the local user, or the one who signed in.

    Raises `AccessRefused` where a sign-in is wanted and nobody has, where it is too long ago, or where
    its claims give no role.
    """
    if not provider():
        return Viewer.local(reason)
    stated = claims()
    if stated is None:
        raise AccessRefused("this dashboard", "is shown to those who sign in", "Sign in.")
    return viewer_of(stated, settings().sign_in, datetime.now(UTC), reason)


def said(who: Viewer) -> str:
    """Who looks and as what, in words."""
    if who.role == LOCAL_USER:
        return LOCAL_WORDS.format(name=who.name)
    of = who.agency_id or who.practitioner_id
    return f"Signed in as {who.name} · {role_name(who.role)}{f' · {of}' if of else ''}"


def bar(who: Viewer) -> None:
    """Who is signed in, and the way out, above every page."""
    with st.container(horizontal=True, vertical_alignment="center"):
        # plain text: a caption would make a link of an e-mail address, and markup of whatever a claim holds
        st.text(said(who), width="content")
        st.button("Sign out", on_click=st.logout, key="sign-out")


def door(problem: AccessRefused) -> None:
    """The way in for whoever has not signed in; for whoever has, and is refused, why, and the way out."""
    if claims() is None:
        st.title("Sign in to see this dashboard", anchor=False)
        st.markdown(
            "It shows who works with whom around which child to those whose work needs it. What you see goes "
            "by your role; who looks at a child or at a named practitioner is asked why, and it is recorded."
        )
        st.button("Sign in", on_click=st.login, key="sign-in")
        return
    st.title("Your sign-in gives you nothing to see here", anchor=False)
    st.error(plain(f"{problem.thing}: {problem.fault}."))
    st.markdown(f"**What to do:** {problem.mend}")
    st.button("Sign out", on_click=st.logout, key="sign-out")
