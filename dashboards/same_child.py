"""The page Same child?: pairs of ids that may be one child, what agrees, and what people decide of them.

The pairs show ids; what the sources say (names, dates, numbers) is shown only to whoever may see names as
well, and they alone decide. Every look and every decision is on record. Nothing of it is cached.
"""

from __future__ import annotations

from typing import Final

import pandas as pd
import pyarrow.compute as pc
import streamlit as st

from dashboards import asking, data
from dashboards.plain import plain
from graphmodel.access import Viewer
from graphmodel.audit_log import AuditLog
from graphmodel.errors import AccessRefused, TacgraphError
from graphmodel.settings import data_folder, settings
from loaders.matching.identities import IdentityStore
from loaders.matching.links import Decision, Links, Proposal, Verdict
from loaders.matching.run import decide, undo

LOOKS: Final = "same-child-viewer"
SEEN: Final = "same-child-seen"
DONE: Final = "same-child-done"
FIELDS: Final = {
    "first_name": "First name",
    "last_name": "Surname",
    "birth_date": "Date of birth",
    "postcode": "Postcode",
    "nhs_number": "NHS number",
    "upn": "Unique pupil number",
    "uln": "Unique learner number",
}
BUTTONS: Final[dict[str, Verdict]] = {
    "Same child": "same",
    "Different children": "different",
    "Not sure": "undecided",
}
SAID: Final = {"same": "the same child", "different": "different children", "undecided": "not sure"}
MOST_DECISIONS: Final = 20


def waiting() -> dict[str, int]:
    """How many pairs wait for a decision, by kind; nothing about whom."""
    home = data_folder()
    if not (home / "links").exists():
        return {}
    with Links(home) as links:
        counts = {
            "children": len(links.pending("child")),
            "practitioners": len(links.pending("practitioner")),
            "agencies": len(links.pending("agency")),
        }
    return {kind: count for kind, count in counts.items() if count}


def state() -> tuple[list[Proposal], dict[tuple[str, str], Decision]]:
    """The pairs of children that wait, the most uncertain first, and the decisions that stand."""
    if not (data_folder() / "links").exists():
        return [], {}
    with Links(data_folder()) as links:
        return links.pending("child"), links.decided("child")


def viewer(pairs: int) -> Viewer | None:
    """Who looks: asked for once, kept while the page is open; a refusal is said and on record."""
    with st.form("same-child"):
        told = asking.stated("same-child", "pairs of children")
        pressed = st.form_submit_button("Show the pairs")
    if pressed:
        st.session_state.pop(LOOKS, None)
        log = AuditLog(data_folder())
        try:
            found = told.viewer()
            with log.refusals(found, "pairs of children", about="matching"):
                found.must_see_children()
        except AccessRefused as problem:
            asking.refused(problem)
            return None
        log.record(found, "pairs of children", about="matching", rows=pairs)
        st.session_state[LOOKS] = found
    held: Viewer | None = st.session_state.get(LOOKS)
    return held


def chosen(pairs: list[Proposal]) -> Proposal:
    """The pair to look at; the most uncertain first."""
    by_name = {f"{p.a} and {p.b}": p for p in pairs}
    name = st.selectbox(
        f"Pair ({len(pairs):,} wait, the most uncertain first)",
        list(by_name),
        key="same-child-pair",
        width=520,
    )
    return by_name[name]


def evidence(pair: Proposal, who: Viewer) -> None:
    """What agrees and what does not, side by side; what the sources say where the viewer may see it."""
    st.header(plain(f"{pair.a} and {pair.b}: {pair.probability:.1%} likely one child"), anchor=False)
    st.markdown(plain(f"Not linked by itself: {pair.evidence.get('why', 'no reason was kept')}."))
    rows = {
        "What": list(FIELDS.values()),
        "Agreement": [pair.evidence.get(name, "missing") for name in FIELDS],
    }
    if _may_decide(who):
        values = _values(pair, who)
        for one in (pair.a, pair.b):
            rows[one] = [values.get((one, name), "") for name in ("source", *FIELDS)][1:]
        sources = [values.get((one, "source"), "no record is kept") for one in (pair.a, pair.b)]
        st.markdown(plain(f"{pair.a} is known from {sources[0]}, {pair.b} from {sources[1]}."))
    else:
        st.caption("What the sources say is shown to a safeguarding lead, who also decides.")
    st.dataframe(
        pd.DataFrame(rows), hide_index=True, width="stretch", alt=f"What agrees between {pair.a} and {pair.b}"
    )


def _may_decide(who: Viewer) -> bool:
    return "name" not in who.lacks() and "child" not in who.lacks()


def _values(pair: Proposal, who: Viewer) -> dict[tuple[str, str], str]:
    """What sources say of the two, by id and field; several sources' words are set beside one another."""
    # whoever looks anew, in another role or for another reason, leaves a line of their own
    if st.session_state.get(SEEN) != (who, pair.pair):
        AuditLog(data_folder()).record(who, "identities of two children", about=", ".join(pair.pair), rows=2)
        st.session_state[SEEN] = (who, pair.pair)
    records = IdentityStore(data_folder()).records("child")
    found: dict[tuple[str, str], list[str]] = {}
    for row in records.filter(pc.is_in(records["id"], pc.cast(list(pair.pair), "string"))).to_pylist():
        for name in ("source", *FIELDS):
            said = found.setdefault((row["id"], name), [])
            if row[name] and row[name] not in said:
                said.append(row[name])
    return {key: " / ".join(said) for key, said in found.items()}


def buttons(pair: Proposal, who: Viewer) -> None:
    """Same, different or not sure, with a note; for whoever may decide."""
    if not _may_decide(who):
        return
    note = st.text_input("Note (kept with the decision)", key="same-child-note", max_chars=200, width=520)
    with st.container(horizontal=True):
        for words, verdict in BUTTONS.items():
            if st.button(words, key=f"same-child-{verdict}"):
                _keep(pair, verdict, who, note)


def _keep(pair: Proposal, verdict: Verdict, who: Viewer, note: str) -> None:
    why = note.strip() or who.reason
    home = data_folder()
    AuditLog(home).record(who, f"decided: {SAID[verdict]}", about=", ".join(pair.pair), rows=1)
    try:
        with st.spinner("Bringing the graph up to date"):
            decide(
                home, "child", *pair.pair, verdict, settings=settings(), who=who.name, role=who.role, why=why
            )
    except TacgraphError as problem:
        st.error(plain(f"Kept, but the graph is not up to date yet: {problem}"))
        return
    _afresh(f"Kept: {pair.a} and {pair.b} are {SAID[verdict]}.")


def _afresh(words: str) -> None:
    data.forget()
    st.session_state[DONE] = words
    st.session_state.pop("same-child-pair", None)
    st.rerun()


def decisions(decided: dict[tuple[str, str], Decision], who: Viewer) -> None:
    """What was decided, by whom and when, latest first; each can be taken back."""
    st.header("Decided", anchor=False)
    if not decided:
        st.markdown("Nothing is decided yet.")
        return
    latest = sorted(decided.values(), key=lambda one: -one.seq)
    moments = [vars(one)["at"] for one in latest]
    table = pd.DataFrame(
        {
            "One": [one.a for one in latest],
            "Other": [one.b for one in latest],
            "Decision": [SAID.get(one.verdict, one.verdict) for one in latest],
            "By": [one.who for one in latest],
            "When (UTC)": [moment[:16].replace("T", " ") for moment in moments],
            "Why": [one.why for one in latest],
        }
    )
    st.dataframe(table, hide_index=True, width="stretch", alt="Decisions on pairs of children")
    if not _may_decide(who):
        return
    names = {f"{one.a} and {one.b}": one for one in latest[:MOST_DECISIONS]}
    with st.form("same-child-undo"):
        name = st.selectbox("Decision to take back", list(names), key="same-child-undo-which", width=520)
        pressed = st.form_submit_button("Take it back")
    if pressed:
        one = names[name]
        home = data_folder()
        AuditLog(home).record(who, "took a decision back", about=f"{one.a}, {one.b}", rows=1)
        try:
            with st.spinner("Bringing the graph up to date"):
                undo(
                    home,
                    "child",
                    one.a,
                    one.b,
                    settings=settings(),
                    who=who.name,
                    role=who.role,
                    why=who.reason,
                )
        except TacgraphError as problem:
            st.error(plain(problem))
            return
        _afresh(f"Taken back: {one.a} and {one.b}.")
