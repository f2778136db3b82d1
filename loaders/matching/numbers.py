"""Numbers that tell one person from another: written one way, and only where they can be right.

NHS number: ten digits, the last a check digit modulo 11 (NHS Data Dictionary). UPN: a check letter modulo 23
and twelve characters, the last a letter where it is temporary (Department for Education, UPN guide). ULN:
ten digits, modulo 11 (Learning Records Service). A number that fails is no number: it is counted and told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

_LETTERS: Final = "ABCDEFGHJKLMNPQRTUVWXYZ"
_UPN: Final = re.compile(r"[A-HJ-NP-RT-Z]\d{11}[0-9A-HJ-NP-RT-Z]")
_TEN_DIGITS: Final = re.compile(r"\d{10}")
_SWE: Final = re.compile(r"(SWE?|[A-Z]{2})?0*(\d{1,10})")
_EMAIL: Final = re.compile(r"[^@\s;,]+@[^@\s;,]+\.[^@\s;,.]+")


def nhs_number(text: str) -> str | None:
    """Ten digits with a right check digit, else None; ten times one digit stands for "none"."""
    digits = _plain(text)
    if not _TEN_DIGITS.fullmatch(digits) or not digits.isascii() or len(set(digits)) == 1:
        return None
    left = 11 - sum(int(digit) * (10 - at) for at, digit in enumerate(digits[:9])) % 11
    return digits if left % 11 == int(digits[9]) else None


def upn(text: str) -> str | None:
    """Thirteen characters with a right check letter, else None."""
    plain = _plain(text)
    if not _UPN.fullmatch(plain) or not plain.isascii():
        return None
    values = (int(one) if one.isdigit() else _LETTERS.index(one) for one in plain[1:])
    return plain if _LETTERS[sum(value * at for at, value in enumerate(values, 2)) % 23] == plain[0] else None


def uln(text: str) -> str | None:
    """Ten digits with a right check digit, else None."""
    digits = _plain(text)
    if not _TEN_DIGITS.fullmatch(digits) or not digits.isascii() or len(set(digits)) == 1:
        return None
    rest = sum(int(digit) * (10 - at) for at, digit in enumerate(digits[:9])) % 11
    return digits if rest and 10 - rest == int(digits[9]) else None


def swe_number(text: str) -> str | None:
    """A Social Work England number as two letters (`SW` where none stand) and digits: no check digit."""
    found = _SWE.fullmatch(_plain(text))
    if found is None or not found[2].isascii() or not int(found[2]):
        return None
    letters = found[1] if found[1] not in (None, "SWE") else "SW"
    return f"{letters}{found[2]}"


def email(text: str) -> str | None:
    """An address in small letters, else None."""
    plain = text.strip().casefold()
    return plain if _EMAIL.fullmatch(plain) else None


def opaque(text: str) -> str | None:
    """A number of which nothing is known but that it is one."""
    return _plain(text) or None


def _plain(text: str) -> str:
    return re.sub(r"[\s\-./]", "", text).upper()


SCHEMES: Final[Mapping[str, Callable[[str], str | None]]] = MappingProxyType(
    {
        "nhs_number": nhs_number,
        "upn": upn,
        "former_upn": upn,
        "uln": uln,
        "swe_number": swe_number,
        "email": email,
        "staff_id": opaque,
    }
)
"""How a number of each scheme is written; None where it cannot be one."""
