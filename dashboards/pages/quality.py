"""How good the data are: what the last loads rejected and found, and what readers say is wrong."""

from __future__ import annotations

import streamlit as st

from analysis.workload import beyond_full_time as over_full_time
from analysis.workload import without_capacity
from dashboards import widgets
from dashboards.quality import (
    beyond_full_time,
    findings,
    lists,
    load_table,
    loads,
    no_capacity,
    notes,
    rejects,
    roles,
    row_by_row,
    said_wrong,
    to_decide,
)
from dashboards.same_child import waiting
from graphmodel.settings import data_folder
from reports import quality

shown = widgets.view()
found, day = shown.found, shown.asked.as_of

listed = loads(str(data_folder()))
latest = found.slice.load_id
lacking = without_capacity(found.slice, day, found.settings)
beyond = over_full_time(found.slice, day)
kept = said_wrong()
unmapped = quality.unmapped_roles(found.slice)
first = listed[listed["load_id"] == latest]
rejected = 0 if first.empty else int(first["rows_rejected"].fillna(0).iloc[0])
suspicious = 0 if first.empty else int(first["findings"].fillna(0).iloc[0])

title = quality.summary(rejected, suspicious, len(lacking), len(kept), len(unmapped), beyond=len(beyond))
widgets.header(title, shown, scope="whole partnership")
if shown.asked.agencies:
    st.info("This page is about the whole partnership; the agencies chosen narrow the other pages.")
load_table(shown, listed)
if len(listed):
    ids = list(listed["load_id"])
    of = st.selectbox("Load", ids, index=ids.index(latest) if latest in ids else 0, key="load", width=360)
    bad, odd = lists(of)
    rejects(shown, of, bad)
    findings(shown, of, odd)
    row_by_row(of, bad, odd)
roles(shown)
no_capacity(shown, lacking)
beyond_full_time(shown, beyond)
to_decide(waiting())
notes(shown, kept)

widgets.foot(shown, ["workload"])
