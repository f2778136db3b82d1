"""What a registry says of an establishment, and how its name is compared."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Final

_ALIKE: Final = (
    (r"\bsaint\b", "st"),
    (r"\bsts\b", "st"),
    (r"\b(church of england|c of e|cofe|c e|coe)\b", "ce"),
    (r"\b(roman catholic|r c)\b", "rc"),
    (r"\b(voluntary (aided|controlled)|va|vc)\b", " "),
    (r"\bprim\b", "primary"),
    (r"\binfants\b", "infant"),
    (r"\bjuniors\b", "junior"),
    (r"\bjnr\b", "junior"),
    (r"\binf\b", "infant"),
    (r"\bsch\b", "school"),
    (r"\bdr s\b", "drs"),
    (r"\bgp (practice|surgery)\b", "surgery"),
    (r"\bmedical (centre|practice)\b", "surgery"),
)
_SAYS_LITTLE: Final = frozenset(
    {"the", "school", "academy", "trust", "nhs", "foundation", "and", "of", "a", "limited", "ltd", "practice"}
)
_KINDS: Final = (
    "primary",
    "infant",
    "junior",
    "secondary",
    "high",
    "nursery",
    "special",
    "college",
    "surgery",
)


@dataclass(frozen=True)
class Establishment:
    """One entry of a registry. `scheme` and `value` are its number; days are ISO, empty where not known."""

    scheme: str
    value: str
    name: str
    sector: str
    opened_on: str = ""
    closed_on: str = ""
    postcode: str = ""
    la_code: str = ""
    laestab: str = ""
    ukprn: str = ""
    kind: str = ""

    @property
    def ident(self) -> str:
        return f"{self.scheme}:{self.value}"


@dataclass(frozen=True)
class Succession:
    """One establishment that became another, as a school its academy: ids, day, whence it is known."""

    before: str
    after: str
    on: str
    rule: str


@dataclass
class Registry:
    """What was read of one or more files."""

    establishments: list[Establishment] = field(default_factory=list)
    successions: list[Succession] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def plain_name(name: str) -> str:
    """A name in small letters with its spellings made alike: St, C of E, RC, primary, infant."""
    text = unicodedata.normalize("NFKD", name)
    text = (
        "".join(c for c in text if not unicodedata.combining(c))
        .lower()
        .replace("'", "")
        .replace("\u2019", "")
    )
    text = " ".join(re.sub(r"[^0-9a-z]+", " ", text.replace("&", " and ")).split())
    for pattern, replacement in _ALIKE:
        text = re.sub(pattern, replacement, text)
    return " ".join(text.split())


def compared_name(name: str) -> str:
    """The words of a name that tell it from others, in order of the alphabet."""
    words = plain_name(name).split()
    telling = sorted(word for word in words if word not in _SAYS_LITTLE)
    return " ".join(telling or words)


def kinds_differ(one: str, other: str) -> bool:
    """Whether two plain names say different kinds: an infant school is no junior school."""
    first, second = ({k for k in _KINDS if k in name.split()} for name in (one, other))
    return bool(first and second and first.isdisjoint(second))
