"""What stands in the cells of a column: shares of dates, ids, names, ticks, roles and so on."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from loaders.sources.spreadsheet.cells import (
    is_nhs_number,
    is_postcode,
    is_upn,
    level_of,
    looks_like_name,
    looks_like_word,
    part_of,
    people_of,
    plain_words,
    role_of,
    sector_of,
    status_of,
    tick,
)
from loaders.sources.values import absent, clean, parse_day

MOST_LOOKED_AT: Final = 500
_MOST_KINDS: Final = 25
_WORDY: Final = 6
_ID: Final = re.compile(r"[A-Za-z]{0,6}[-/ .]?\d[\w/.-]*")


@dataclass(frozen=True)
class Content:
    """What the cells of a column are: shares of the filled ones by kind."""

    shares: dict[str, float]
    filled: int
    values: tuple[str, ...]

    def share(self, kinds: Sequence[str]) -> float:
        return max((self.shares.get(kind, 0.0) for kind in kinds), default=0.0)


def content_of(values: Sequence[str], schools: frozenset[str] = frozenset()) -> Content:
    """The kinds of the filled cells; at most `MOST_LOOKED_AT` are looked at."""
    filled = [v for v in values if not absent(v)][:MOST_LOOKED_AT]
    if not filled:
        return Content({}, 0, ())
    counts: Counter[str] = Counter()
    for value in filled:
        counts.update(_kinds(value, schools))
    distinct = len({clean(v).casefold() for v in filled})
    shares = {kind: n / len(filled) for kind, n in counts.items()}
    shares["few"] = 1.0 if distinct <= max(len("few"), min(_MOST_KINDS, len(filled) // 2)) else 0.0
    return Content(shares, len(filled), tuple(dict.fromkeys(clean(v) for v in filled)))


@lru_cache(maxsize=20_000)
def _kinds(value: str, schools: frozenset[str]) -> tuple[str, ...]:
    plain = clean(value)
    serial = bool(re.fullmatch(r"\d{5,8}(\.\d+)?", plain))
    found = {
        "date": bool(parse_day(plain)) and not serial,
        "upn": is_upn(plain),
        "nhs": is_nhs_number(plain),
        "postcode": is_postcode(plain),
        "flag": tick(plain) is not None,
        "part": part_of(plain) is not None,
        "level": level_of(plain) is not None,
        "fte": _is_fte(plain),
        "role": role_of(plain) is not None,
        "status": status_of(plain) is not None,
        "registry": plain_words(plain) in schools,
        "agency": sector_of(plain) is not None or plain_words(plain) in schools,
        "name": looks_like_name(plain),
        "names": _are_names(value),
        "word": looks_like_word(plain),
        "id": serial or (bool(_ID.fullmatch(plain)) and not parse_day(plain) and not is_upn(plain)),
        "text": len(plain.split()) > _WORDY,
    }
    return tuple(kind for kind, is_it in found.items() if is_it)


def _is_fte(text: str) -> bool:
    found = re.fullmatch(r"(\d?\.\d+|[01]|1\.0+|(\d{1,3}) ?%)", text)
    return bool(found) and text not in ("0", ".0")


def _are_names(value: str) -> bool:
    people = people_of(value)
    return (
        bool(people)
        and all(looks_like_name(p.name) or looks_like_word(p.name) for p in people)
        and (len(people) > 1 or bool(people[0].role or people[0].agency))
    )
