"""The simple one-sheet template: a row for each child and practitioner, read without any mapping."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from loaders.sources.spreadsheet.mapping import DATED, Column, Mapping

SIMPLE: Final = (
    ("Child id", "child_id", "The child's id in your system. The same child, the same id, every month."),
    ("Child first name", "first_name", "Only to recognise the child in other sources; not kept."),
    ("Child last name", "last_name", "Only to recognise the child in other sources; not kept."),
    ("Child date of birth", "birth_date", "DD/MM/YYYY"),
    ("UPN", "upn", "Unique pupil number, 13 characters; kept only as a keyed hash."),
    ("NHS number", "nhs_number", "10 digits; kept only as a keyed hash."),
    ("Home postcode", "postcode", "Only to recognise the child in other sources; not kept."),
    ("School", "school", "The school that the child goes to."),
    ("Level of need", "needs_level", "1, 2, 3 or 4"),
    ("Child status", "status", "A status from the list, or empty."),
    ("Status since", "status_since", "DD/MM/YYYY"),
    ("Team opened", "opened_on", "First day of the Team Around the Child: DD/MM/YYYY"),
    ("Team closed", "closed_on", "First day on which it is closed; empty: open."),
    ("Next review", "next_review_on", "DD/MM/YYYY"),
    ("Last review held", "review_on", "DD/MM/YYYY"),
    ("Practitioner name", "practitioner_name", "Forename Surname. One practitioner a row."),
    ("Practitioner role", "role", "A role from the list, or any text."),
    ("Practitioner agency", "agency", "Whom the practitioner works for; always the same spelling."),
    ("Agency sector", "sector", "A sector from the list."),
    ("Practitioner FTE", "fte", "Hours as a part of full time, above 0 and at most 1; empty: not known."),
    ("Member since", "member_since", "First day in this team; empty: since the team opened."),
    ("Member until", "member_until", "First day no longer in it; empty: still is."),
    ("Lead practitioner", "lead_flag", "Yes for the one who leads."),
)
"""Heading, field and what to put in, in the order of the sheet."""

ORGANISATION: Final = "Your organisation:"
"""In the first row, in front of whose list it is."""


@lru_cache(maxsize=1)
def simple_mapping() -> Mapping:
    """The mapping of the simple template."""
    columns = tuple(Column(heading, name) for heading, name, _ in SIMPLE)
    return Mapping("partner", columns, DATED, since_is="opened_on")
