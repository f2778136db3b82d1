"""One cell, one row: days in either order, whole numbers, and rows whose cells do not fit their headings."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Mapping
from typing import Final

from loaders.sheets import cell_text
from loaders.sources.values import absent, clean, parse_day

_SLASHED: Final = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](?:\d{4}|\d{2})\b.*")
_TWELVE: Final = 12
_WHOLE: Final = re.compile(r"(\d+)\.0+")
_ROUNDED: Final = re.compile(r"\d(\.\d+)?[eE]\+?\d+")
_ETHNICITY: Final = re.compile(
    r"([a-z]\)? ?)?(WBRI|WIRI|WOTH|WIRT|WROM|MWBC|MWBA|MWAS|MOTH|AIND|APKN|ABAN|AOTH|BCRB|BAFR|BOTH|CHNE|OOTH"
    r"|REFU|NOBT)"
)
_GENDER: Final = re.compile(r"([a-z]\)? ?)?(male|female|indeterminate|not stated.*)|[mfu]", re.IGNORECASE)
_SHIFTED: Final = 2
_TOTAL: Final = re.compile(
    r"(grand |sub ?|overall )?totals?\b.*|(row |record )?counts?\b.*|(notes?|source|end of|produced|"
    r"generated|prepared|report(ed)?|extracted|run)\b.*[ :].*"
)
_COUNTING: Final = re.compile(r"=\s*(COUNTA?|SUM|SUBTOTAL|AVERAGE|ROWS|AGGREGATE)\b", re.IGNORECASE)


def text_of(value: object) -> str:
    """A cell as text without an answer's stand-ins and letters that nobody sees."""
    text = clean(cell_text(value))
    if not text.isascii():
        text = clean("".join(c for c in text if unicodedata.category(c) not in ("Cf", "Cc")))
    return "" if absent(text) else text


def id_text(value: object) -> str:
    """An id as text; `123.0`, as spreadsheets and scripts leave it, is `123`."""
    text = text_of(value)
    whole = _WHOLE.fullmatch(text)
    return whole[1] if whole else text


def lost_digits(ident: str) -> bool:
    """Whether a spreadsheet has rounded an id (`1.2E+15`), so that nobody knows it any more."""
    return _ROUNDED.fullmatch(ident) is not None


def day_of(value: object) -> str:
    """A day as ISO text, the cell's own text where it is none, empty where it has no answer."""
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    text = text_of(value)
    return parse_day(_WHOLE.sub(r"\1", text)) or text


def order_of(value: object) -> str | None:
    """`day` or `month`: which of the two a text date has first; `either` where both could be; else None."""
    found = _SLASHED.fullmatch(clean(value)) if isinstance(value, str) else None
    if found is None:
        return None
    first, second = int(found[1]), int(found[2])
    if first > _TWELVE >= second:
        return "day"
    if second > _TWELVE >= first:
        return "month"
    return "either"


def is_iso(text: str) -> bool:
    return re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) is not None


def misfits(cells: Mapping[str, str]) -> list[str]:
    """The fields whose cells cannot be what their headings say, if they are enough to tell a shifted row."""
    strange = []
    child, gender, age = cells.get("child_id", ""), cells.get("gender", ""), cells.get("age", "")
    if child and (is_iso(child) or _GENDER.fullmatch(child) or _ETHNICITY.fullmatch(child)):
        strange.append("child_id")
    if gender and (is_iso(gender) or _ETHNICITY.fullmatch(gender) or re.fullmatch(r"\d{2,}(\.\d+)?", gender)):
        strange.append("gender")
    if age and (is_iso(age) or not re.search(r"\d", age) or re.search(r"[a-z]\)", age)):
        strange.append("age")
    ethnicity = cells.get("ethnicity", "")
    if ethnicity and (is_iso(ethnicity) or _GENDER.fullmatch(ethnicity)):
        strange.append("ethnicity")
    certain = bool(strange)
    days = [n for n, text in cells.items() if n == "birth_date" or n.endswith("_on")]
    strange += [n for n in days if cells[n] and not is_iso(cells[n]) and not cells[n].startswith("=")]
    return strange if certain and len(strange) >= _SHIFTED else []


def is_no_record(first: str, cells: Mapping[str, str], formula: str | None) -> bool:
    """Whether a row is a total or a footnote: its first filled cell says so, or its id is a count."""
    if formula is not None and _COUNTING.match(formula):
        return True
    others = [n for n, text in cells.items() if text and n != "child_id" and not text.isdigit()]
    return not others and _TOTAL.fullmatch(first.lower()) is not None
