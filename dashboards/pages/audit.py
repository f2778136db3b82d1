"""Who looked at whom, when and why; what is unusual first."""

from __future__ import annotations

import streamlit as st

from dashboards.audit import PERIODS, chain, looks, people, read, source, within
from graphmodel.settings import settings
from reports import audit

entries, faults = read()
period = st.session_state.get("audit-period", "Last 30 days")
days = PERIODS[period]
found = within(audit.looks(entries, settings().audit), days)

st.title(audit.summary(found, faults, days).capitalize(), anchor=False)
st.markdown(
    "Every look at a child or at a named practitioner leaves a line that cannot be changed without breaking "
    "the chain. Unusual does not mean wrong: it is where to ask first."
)
st.selectbox("Time", list(PERIODS), index=list(PERIODS).index("Last 30 days"), key="audit-period", width=280)
chain(entries, faults)
people(found)
looks(found, days)
st.caption(f"{source()}.")
