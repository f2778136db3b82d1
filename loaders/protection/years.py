"""Years as people count them, for rules of retention."""

from __future__ import annotations

from datetime import date


def years_after(day: date, years: int) -> date:
    """The same day so many years later; 29 February becomes 1 March."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def day_of(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
