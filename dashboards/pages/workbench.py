"""The analyst's page: any question of the catalogue, or one's own, put to the graph itself."""

from __future__ import annotations

import streamlit as st

from dashboards import widgets
from dashboards.answer import answer, cypher, over
from dashboards.plain import plain
from dashboards.workbench import OWN_TEXT, asking, choose, chosen, edit, known, listing, writing

shown = widgets.view()
name = chosen()
query = known(name)

if shown.asked.agencies or shown.asked.locality:
    st.info("The agencies and the locality chosen narrow the other pages, not this one.")
if name and name != OWN_TEXT and query is None:
    st.warning(f"The address names the query “{plain(name[:200])}”, which is not known.")
if query is None and name != OWN_TEXT:
    listing(shown)
else:
    st.button("All questions", icon=":material/arrow_back:", on_click=choose, args=("",))
    if query is None:
        writing(shown)
    else:
        asking(shown, query)
    answer(shown, name)
    over(shown, name)
    if query is not None:
        st.button("Edit a copy", on_click=edit, args=(query.text,))
        cypher(query, shown)
widgets.parameters(shown.found)
if query is not None:
    widgets.texts([query])
