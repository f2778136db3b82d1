"""One click away from each figure: what it is, how it comes about, and where the guidance says so."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import streamlit as st

from queries.header import Query
from reports.words import heading

DOCUMENTS: Final = {
    "MG": "The lead professional: managers' guide (CWDC 2007)",
    "PL": "Lead Professional Guidance for Plymouth",
    "TG": "The Team Around the Child and the lead professional: a guide for practitioners (CWDC 2009)",
    "DU": "Dudley Schools Forum paper (2007)",
    "FS": "Lead professional fact sheet (2007)",
}


def explained(queries: Sequence[Query]) -> None:
    """Each figure's question, what is counted, its columns, and the paragraphs it rests on."""
    with st.expander("What these figures are, how they are computed, and where the guidance says so"):
        for query in queries:
            st.markdown(f"**{query.title}.** {query.question}")
            st.markdown(f"Counted: {query.grain}. Where it is said: {query.source}.")
            meanings = "; ".join(f"*{heading(c.name)}*: {c.meaning}" for c in query.columns)
            st.markdown(f"{meanings}.")
            if query.notes:
                st.markdown("\n".join(f"- {note}" for note in query.notes))
        cited = [code for code in DOCUMENTS if any(re.search(rf"\b{code}\b", q.source) for q in queries)]
        if cited:
            st.markdown("; ".join(f"{code}: {DOCUMENTS[code]}" for code in cited) + ".")
