"""Cells as people and systems really write them: days in many spellings, and ways to leave a cell empty."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from typing import Final

NO_ANSWER: Final = frozenset(
    {
        *("", "-", "--", ".", "?", "n/a", "na", "nan", "nat", "none", "null", "<na>", "nil", "unknown"),
        *("not known", "not recorded", "#n/a", "#ref!", "#value!", "#name?", "#null!", "#div/0!", "#num!"),
        *("ssd_ph", "placeholder_data"),
    }
)
"""What people, formulas and extracts leave in a cell that has no answer, in small letters."""

YEARS_AHEAD: Final = 2
"""A year of two digits is taken as the latest that is at most this many years ahead of today."""

_LONGEST: Final = 40
_EPOCH: Final = dt.date(1899, 12, 30)
_SERIALS: Final = range(10_000, 73_051)  # 1927 to 2099; smaller numbers are no serial date of anybody's life
_NAMES: Final = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september"),
    *("october", "november", "december"),
)
_TIME: Final = r"(?:[T ]\s*\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?\s*(?:Z|[+-]\d{2}:?\d{2}|[AaPp][Mm])?)?"
_BRITISH: Final = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})" + _TIME)
_ISO: Final = re.compile(r"(\d{4})([/-])(\d{1,2})\2(\d{1,2})" + _TIME)
_COMPACT: Final = re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})")
_NAMED: Final = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[ /-]([A-Za-z]{3,9})\.?[ /,-]+(\d{4}|\d{2})" + _TIME)
_NAMED_ISO: Final = re.compile(r"(\d{4})[ /-]([A-Za-z]{3,9})[ /-](\d{1,2})" + _TIME)
_SHAPES: Final = (
    (_ISO, (1, 3, 4)),
    (_BRITISH, (4, 3, 1)),
    (_COMPACT, (1, 2, 3)),
    (_NAMED, (3, 2, 1)),
    (_NAMED_ISO, (1, 2, 3)),
)
"""How a day is written, and where year, month and day stand."""

_SERIAL: Final = re.compile(r"(\d{5})(?:\.\d+)?")


def clean(text: str | None) -> str:
    """A cell with single spaces of the plain kind and no space around it."""
    return "" if text is None else " ".join(unicodedata.normalize("NFKC", text).split())


def plain_id(text: str | None) -> str | None:
    """An id without the spaces around it and the `.0` that tables of numbers add; None where absent."""
    if text is None or absent(text):
        return None
    plain = text.strip()
    whole, point, rest = plain.partition(".")
    return whole if point and rest.strip("0") == "" and whole.isascii() and whole.isdigit() else plain


def absent(text: str | None) -> bool:
    """Whether a cell has no answer: empty, or a word or mark that stands for nothing (`NO_ANSWER`)."""
    return clean(text).casefold() in NO_ANSWER


def parse_day(text: str | None, *, today: dt.date | None = None) -> str | None:
    """The day that a cell means, as YYYY-MM-DD; None where it is empty or no day of the calendar.

    Read are ISO days, British ones (day first, with `/`, `-` or `.`), months by name, YYYYMMDD and Excel's
    serial numbers; a time of day behind it is dropped. American order is never tried. A year of two digits
    is the latest one that is at most `YEARS_AHEAD` ahead of today, because no date in a child's record lies
    in the far future: in 2026, 28 is 2028 and 29 is 1929.
    """
    plain = clean(text)
    if not plain or len(plain) > _LONGEST or not plain.isascii():
        return None
    for shape, parts in _SHAPES:
        if found := shape.fullmatch(plain):
            year, month, day = (found[part] for part in parts)
            return _day(year, month if month.isdigit() else _month(month), day, today)
    if (found := _SERIAL.fullmatch(plain)) and int(found[1]) in _SERIALS:
        return (_EPOCH + dt.timedelta(days=int(found[1]))).isoformat()
    return None


def day_or_text(text: str | None, *, today: dt.date | None = None) -> str | None:
    """What to hand to the checks: the ISO day, None where absent, else the text as it is, to be rejected."""
    return None if absent(text) else parse_day(text, today=today) or clean(text)


def _month(name: str) -> str:
    """The number of a month by its name, short or long; 0 where it is none."""
    small = "sep" if name.lower() == "sept" else name.lower()
    return str(next((n for n, month in enumerate(_NAMES, 1) if small in (month, month[:3])), 0))


def _day(year: str, month: str, day: str, today: dt.date | None) -> str | None:
    number = int(year)
    if len(year) == len("yy"):
        latest = (today or dt.datetime.now(tz=dt.UTC).date()).year + YEARS_AHEAD
        number = latest - (latest - number) % 100
    try:
        return dt.date(number, int(month), int(day)).isoformat()
    except ValueError:
        return None
