"""A partner's own list: what each column is, what a load would read, the mapping kept for every month."""

from __future__ import annotations

import streamlit as st

from dashboards import mapping, signed_in
from dashboards.plain import plain

who = signed_in.viewer()
mapping.heading()
given = mapping.uploaded()
proposal = mapping.proposed(*given) if given else None
if given and proposal:
    for ask in proposal.to_fill:
        st.info(plain(ask))
    chosen = mapping.columns(proposal)
    wrong = mapping.twice(chosen)
    for fault in wrong:
        st.error(plain(fault))
    ready = mapping.rules(proposal, chosen)
    good = None if wrong else mapping.valid(ready)
    if good and mapping.preview(good, *given):
        mapping.keeping(ready, *given, who)
