"""Names, dates and postcodes as they are compared: written one way, with placeholders taken for missing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import date
from typing import Final

_PLACEHOLDERS: Final = """
unborn baby babyof bby unknown notknown notrecorded notprovided none null nil na nk tbc tba test child girl
boy infant twin x xx xxx xxxx noname nofirstname forename surname withheld
"""
_ABSENT: Final = frozenset(_PLACEHOLDERS.split())
_UNKNOWN: Final = frozenset({date(1, 1, 1), date(1753, 1, 1), date(1900, 1, 1), date(9999, 12, 31)})
_ISO: Final = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})(?:[T ].*)?")
_BRITISH: Final = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})")
_PSEUDO: Final = "ZZ99"
_SHORTEST: Final = 3
_LETTERS_OTHERWISE: Final = str.maketrans({"ß": "ss", "ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe"})


def name(text: str) -> str | None:
    """Small letters without accents, apostrophes or hyphens, single spaces; None for a placeholder."""
    folded = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS_OTHERWISE))
    kept = "".join(one for one in folded if not unicodedata.combining(one))
    words = re.sub(r"[^\w]+|[\d_]+", " ", re.sub("['\u2019`\u02bc]", "", kept)).split()
    plain = " ".join(words)
    return None if not plain or plain.replace(" ", "") in _ABSENT else plain


def birth_date(text: str) -> str | None:
    """ISO date; None for what is none, and for the days that case systems write for "unknown"."""
    plain = text.strip()
    if found := _ISO.fullmatch(plain):
        year, month, day = found.groups()
    elif found := _BRITISH.fullmatch(plain):
        day, month, year = found.groups()
    else:
        return None
    try:
        born = date(int(year), int(month), int(day))
    except ValueError:
        return None
    return None if born in _UNKNOWN else born.isoformat()


def postcode(text: str) -> str | None:
    """Capitals without space; None for pseudo postcodes (`ZZ99 ..Z`: no fixed abode, not known)."""
    plain = re.sub(r"[^0-9A-Za-z]", "", text).upper()
    pseudo = plain.startswith(_PSEUDO) and plain.endswith("Z")
    return None if len(plain) < _SHORTEST or pseudo or len(set(plain)) == 1 else plain


def cleaned(cells: Iterable[object], clean: Callable[[str], str | None]) -> list[str | None]:
    """Every cell cleaned; each different text once, as names and postcodes repeat."""
    known: dict[str, str | None] = {}
    found: list[str | None] = []
    for cell in cells:
        text = str(cell) if cell is not None and cell == cell else ""  # noqa: PLR0124  (NaN)
        if text not in known:
            known[text] = clean(text) if text.strip() else None
        found.append(known[text])
    return found
