"""A query as people read it here: its words with the lead's local name; what it asks stays the same."""

from __future__ import annotations

from dataclasses import replace

from graphmodel.terms import said
from queries.header import Query


def local(query: Query) -> Query:
    """The query with title, question, notes, meanings and the text in local terms: to show only."""
    return replace(
        query,
        title=said(query.title),
        question=said(query.question),
        grain=said(query.grain),
        notes=tuple(said(note) for note in query.notes),
        parameters=tuple(replace(p, meaning=said(p.meaning)) for p in query.parameters),
        columns=tuple(replace(c, meaning=said(c.meaning)) for c in query.columns),
        text=said(query.text),
    )
