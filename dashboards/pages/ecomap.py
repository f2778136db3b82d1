"""Who works with one child or one practitioner, via what, since when."""

from __future__ import annotations

import streamlit as st

from dashboards import widgets
from dashboards.ecomap import asked, draw

shown = widgets.view()

widgets.header("Who works with a child or a practitioner?", shown, scope="one child or practitioner")
st.markdown(
    "This page names a child or a practitioner by id. It asks for your reason, and the look is recorded. "
    "Nothing of what you ask goes into the address."
)
found = asked(shown)
if found is not None:
    draw(shown, found)

widgets.foot(shown, ["who_works_with"])
