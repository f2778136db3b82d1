"""The lead has one name wherever people read it: the settings'."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmodel.terms import lead, said
from queries import catalogue
from queries.terms import local

BOTH = "lead practitioner (lead professional)"


@pytest.mark.parametrize(
    ("term", "many"),
    [
        ("lead professional", "lead professionals"),
        ("lead practitioner", "lead practitioners"),
        (BOTH, "lead practitioners (lead professionals)"),
        ("key worker", "key workers"),
    ],
)
def test_many_of_a_term(term: str, many: str) -> None:
    assert lead(many=True, term=term) == many
    assert lead(term=term) == term
    assert said("Lead professionals and a lead practitioner", term) == (
        f"{many[:1].upper()}{many[1:]} and a {term}"
    )


@given(st.text("aL (),.\n"), st.sampled_from(["lead professional", "lead practitioner"]))
def test_the_other_term_is_nowhere_and_saying_it_twice_changes_nothing(text: str, term: str) -> None:
    other = ({"lead professional", "lead practitioner"} - {term}).pop()
    mixed = f"{text} {other}s, {term} {other.capitalize()} {text}"
    once = said(mixed, term)
    assert other not in once.lower()
    assert said(once, term) == once


def test_queries_are_shown_in_local_terms_and_asked_as_they_are() -> None:
    held = [query for query in catalogue().values() if "lead professional" in query.text]
    assert held
    for query in held:
        shown = local(query)
        assert "lead professional" not in said(f"{shown.title} {shown.question}", "key worker")
        body = [line for line in query.text.splitlines() if not line.startswith("//")]
        assert [line for line in shown.text.splitlines() if not line.startswith("//")] == body
        assert (shown.name, shown.path, shown.column_names) == (query.name, query.path, query.column_names)
