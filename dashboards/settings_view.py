"""The page Settings: what is in force, what is proposed, what was agreed."""

from __future__ import annotations

from datetime import datetime

import pandas as pd
import streamlit as st

from dashboards import agreeing, asking, widgets
from dashboards.agreeing import STATES, Proposal
from dashboards.plain import plain
from graphmodel.access import Viewer
from graphmodel.errors import AccessRefused, SettingsError
from graphmodel.settings import Settings
from reports.settings_words import words_for
from reports.words import day_name


def heading(agreed: Settings) -> None:
    """What is in force, by whom and since when, as the title."""
    when = f", agreed on {day_name(agreed.agreed_on)}" if agreed.agreed_on else ", not agreed yet"
    st.title(f"Settings {agreed.version}{when}", anchor=False)
    st.markdown(
        f"Agreed by: **{agreed.agreed_by}**. Every figure rests on these values and names their version. "
        "A change is proposed here, agreed by those whose figures it moves, and put in force as a file."
    )


def table(agreed: Settings, who: Viewer) -> None:
    """Every setting with its meaning and source."""
    st.header("What is in force", anchor=False)
    rows = agreeing.shown(agreed, administration=who.may("agree_settings"))
    words = st.text_input("Search names and meanings", key="settings-search", max_chars=80, width=360)
    if words.strip():
        fits = rows.apply(
            lambda row: words.strip().lower() in f"{row['name']} {row['meaning']}".lower(), axis=1
        )
        rows = rows[fits]
    if rows.empty:
        widgets.empty("No setting fits.")
        return
    named = rows[["meaning", "value", "name", "source"]]
    named.columns = pd.Index(["What it is", "Value", "Name", "Where it comes from"])
    st.dataframe(named, hide_index=True, width="stretch", alt="Settings in force")
    widgets.downloads(
        named, "settings", "Settings in force", f"Settings {agreed.version} ({agreed.agreed_by})"
    )


def _rows(found: list[Proposal]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Setting": [words_for(one.name)[0] for one in found],
            "Name": [one.name for one in found],
            "Now": [agreeing.as_text(one.now) for one in found],
            "Proposed": [agreeing.as_text(one.value) for one in found],
            "Why": [one.why for one in found],
            "By": [one.who for one in found],
            "On": [one.when[:10] for one in found],
            "State": [STATES.get(one.state, one.state) for one in found],
            "Decided by": [one.decided_by for one in found],
            "Decided on": [one.agreed_on for one in found],
        }
    )


def decisions(agreed: Settings, who: Viewer) -> None:
    """What is proposed and what became of it; an administrator marks what was decided elsewhere."""
    st.header("What is proposed", anchor=False)
    found = agreeing.proposals(agreed)
    if not found:
        widgets.empty("No change is proposed.")
        return
    rows = _rows(found)
    st.dataframe(rows, hide_index=True, width="stretch", alt="Proposed changes of settings")
    widgets.downloads(rows, "proposals", "Proposed changes of settings", f"Settings {agreed.version}")
    still = {one.key: one for one in found if one.state == "proposed"}
    if still and who.may("agree_settings"):
        _decide(still)


def _decide(still: dict[str, Proposal]) -> None:
    with st.expander("Mark what was decided (for the administrator)"), st.form("decide"):
        key = st.selectbox(
            "Proposal",
            list(still),
            format_func=lambda key: (
                f"{still[key].name} = {agreeing.as_text(still[key].value)} ({still[key].who})"
            ),
            key="decide-key",
        )
        with st.container(horizontal=True, vertical_alignment="bottom"):
            outcome = st.selectbox("Outcome", ["agreed", "declined"], key="decide-outcome", width=180)
            by = st.text_input("Decided by (a board, a group)", key="decide-by", max_chars=120, width=320)
            today = datetime.now().astimezone().date()
            on = st.date_input("Decided on", today, key="decide-on", format="DD/MM/YYYY", width=200)
        told = asking.stated("decide", "this marked")
        pressed = st.form_submit_button("Mark as decided")
    if not pressed or key is None:
        return
    try:
        agreeing.decide(told.viewer(), key, agree=outcome == "agreed", by=by, on=on)
    except (AccessRefused, SettingsError) as problem:
        st.error(plain(f"Not marked: {problem.thing}: {problem.fault}. {problem.mend}"))
        return
    st.rerun()


def proposing(agreed: Settings) -> None:
    """A form to propose another value; what cannot be is said at once."""
    st.header("Propose a change", anchor=False)
    values = agreeing.plain(agreed)
    with st.form("propose"):
        name = st.selectbox(
            "Setting",
            agreeing.may_be_proposed(agreed),
            index=None,
            format_func=lambda name: f"{words_for(name)[0]}: {name} (now {agreeing.as_text(values[name])})",
            key="propose-name",
            placeholder="Choose a setting",
        )
        text = st.text_input("Proposed value", key="propose-value", max_chars=200, width=320)
        told = asking.stated("propose", "it changed")
        pressed = st.form_submit_button("Propose")
    if not pressed:
        return
    if name is None or not text.strip():
        st.error("Not kept: choose a setting and write the value that you propose.")
        return
    try:
        agreeing.propose(told.viewer(), agreed, name, text, told.reason)
    except (AccessRefused, SettingsError) as problem:
        st.error(plain(f"Not kept: {problem.thing}: {problem.fault}. {problem.mend}"))
        return
    st.rerun()


def waiting_file(agreed: Settings, who: Viewer) -> None:
    """What was agreed and is not in force yet, as the file to put in place: with all that the file has."""
    waiting = [one for one in agreeing.proposals(agreed) if one.state == "agreed"]
    if not waiting or not who.may("agree_settings"):
        return
    st.header("Agreed, to be put in force", anchor=False)
    text = agreeing.agreed_file(waiting)
    st.markdown(
        "Whoever runs the installation puts this in place of the authority's settings file (`settings.toml` "
        "in the working folder, or the file that `TACGRAPH_SETTINGS` names) and starts the dashboard again."
    )
    st.code(text, language=None)
    st.download_button(
        "settings.toml", text, "settings.toml", "application/toml", key="settings-file", on_click="ignore"
    )
