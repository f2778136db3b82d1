"""Pairs of ids that may be one child: evidence side by side, and a decision that can be taken back."""

from __future__ import annotations

import streamlit as st

from dashboards import same_child
from dashboards.plain import plain

pairs, decided = same_child.state()
count = len(pairs)
st.title(
    f"{count:,} {'pair' if count == 1 else 'pairs'} of records may be the same child"
    if count
    else "No pair of records waits for a decision",
    anchor=False,
)
st.markdown(
    "Records of several sources are compared by `tacgraph match`. Sure pairs are linked already; these need "
    "somebody who can tell. Children are shown by id: you state your reason, and every look is on record."
)
done = st.session_state.pop(same_child.DONE, None)
if done:
    st.success(plain(done))
who = same_child.viewer(count)
if who is not None:
    if pairs:
        pair = same_child.chosen(pairs)
        same_child.evidence(pair, who)
        same_child.buttons(pair, who)
    same_child.decisions(decided, who)
