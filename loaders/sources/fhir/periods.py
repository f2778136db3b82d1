"""Days and periods: FHIR's end is the last day of a period, the graph's the first day after it."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, Final

from loaders.sources.fhir.resources import one, text

_DAY: Final = re.compile(r"(\d{4}-\d{2}-\d{2})(T.*)?")
_PARTIAL: Final = re.compile(r"\d{4}(-\d{2})?")
_MIDNIGHT: Final = re.compile(r"T(00:00(:00(\.0*)?)?|24:00(:00)?)(Z|[+-]\d{2}:\d{2})?")


def imprecise(value: str | None) -> bool:
    """Whether a date is a year or a month alone, which FHIR allows."""
    return value is not None and _PARTIAL.fullmatch(value) is not None


def first_day(value: str | None) -> str | None:
    """The day that a date or time names, as whoever wrote it counts days; other text as it is."""
    found = _DAY.fullmatch(value) if value else None
    return found[1] if found else value


def day_after(value: str | None) -> str | None:
    """The first day that no longer belongs to a period with this end; other text as it is.

    A day, or a time in it, still belongs to the period; an end at midnight sharp is that day's beginning.
    """
    found = _DAY.fullmatch(value) if value else None
    if not found or _MIDNIGHT.fullmatch(found[2] or ""):
        return first_day(value)
    try:
        return (dt.date.fromisoformat(found[1]) + dt.timedelta(days=1)).isoformat()
    except (ValueError, OverflowError):
        return value


def period_of(value: Any) -> tuple[str | None, str | None]:
    """(first day, first day after) of a period; a day that is none stays as text, to be rejected."""
    period = one(value)
    return first_day(text(period.get("start"))), day_after(text(period.get("end")))
