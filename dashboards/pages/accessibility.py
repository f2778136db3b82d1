"""The accessibility statement, in the form set for public sector bodies."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from graphmodel.settings import settings

TEXT = Path(__file__).parents[1] / "texts" / "accessibility.md"

about = settings().about
st.title("Accessibility statement", anchor=False)
st.markdown(
    TEXT.read_text(encoding="utf-8").format(
        contact=about.contact or "whoever runs this installation (no contact was put into its settings)",
        body=about.body or "The body that runs this installation",
    )
)
