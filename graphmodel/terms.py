"""The one home of the lead's name: “lead professional”, “lead practitioner”, both, or a word of one's own.

Texts of the program say “lead professional” or “lead practitioner”; what people read goes through `said`.
"""

from __future__ import annotations

import re
from typing import Final

from graphmodel.settings import settings

_EITHER: Final = re.compile(r"\b(?P<first>[Ll])ead (?:professional|practitioner)(?P<many>s?)\b")
_LAST_WORD: Final = re.compile(r"(?P<word>\w)(?=\)?$|\s*\()")


def lead(*, many: bool = False, term: str | None = None) -> str:
    """What the lead is called by the settings (or by `term`), one or many of them.

    Of a term with another in brackets both are many: “lead practitioners (lead professionals)”.
    """
    word = settings().lead_term if term is None else term
    return _LAST_WORD.sub(r"\g<word>s", word) if many else word


def said(text: str, term: str | None = None) -> str:
    """A text with the lead called what it is called here, in the number and case in which it stands."""

    def name(found: re.Match[str]) -> str:
        word = lead(many=bool(found["many"]), term=term)
        return word[:1].upper() + word[1:] if found["first"] == "L" else word

    return _EITHER.sub(name, text)
