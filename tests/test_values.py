"""Days and empty cells as they are really written."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.sources.values import absent, clean, day_or_text, parse_day

TODAY = dt.date(2026, 11, 22)
DAYS = st.dates(dt.date(1950, 1, 1), dt.date(2028, 12, 31))


@given(DAYS, st.sampled_from(["/", "-", "."]), st.booleans())
def test_every_spelling_of_a_day_is_that_day(day: dt.date, sign: str, padded: bool) -> None:
    d, m = (f"{day.day:02}", f"{day.month:02}") if padded else (str(day.day), str(day.month))
    serial = (day - dt.date(1899, 12, 30)).days
    spellings = [
        day.isoformat(),
        f"{day.isoformat()}T00:00:00",
        f"{day.isoformat()} 13:45:10.123",
        f"{d}{sign}{m}{sign}{day.year}",
        f" {d}{sign}{m}{sign}{day.year} 00:00 ",
        day.strftime("%d-%b-%Y"),
        day.strftime("%d %B %Y"),
        day.strftime("%Y-%b-%d 00:00:00"),
        day.strftime("%Y%m%d"),
        str(serial),
        f"{serial}.0",
    ]
    assert {parse_day(text, today=TODAY) for text in spellings} == {day.isoformat()}


@given(st.dates(dt.date(1929, 1, 1), dt.date(2028, 12, 31)))
def test_a_year_of_two_digits_is_never_in_the_far_future(day: dt.date) -> None:
    assert parse_day(day.strftime("%d/%m/%y"), today=TODAY) == day.isoformat()


@pytest.mark.parametrize(
    "text",
    ["", "31/02/2020", "02/13/2020", "=A1", "sometime", "1/2", "9999", "2020-00-01", "1" * 50, "99999"],
)
def test_what_is_no_day_is_none(text: str) -> None:
    assert parse_day(text, today=TODAY) is None


@given(st.text(max_size=60))
def test_any_text_is_a_day_or_none(text: str) -> None:
    found = parse_day(text, today=TODAY)
    assert found is None or dt.date.fromisoformat(found).isoformat() == found


def test_absent_cells_and_what_is_handed_on() -> None:
    assert all(absent(t) for t in (None, "", "  ", "N/A", "#N/A", "NULL", "nan", "SSD_PH", "\u00a0"))
    assert not absent("0")
    assert day_or_text("n/a") is None
    assert day_or_text("05/12/1993") == "1993-12-05"
    assert day_or_text(" no\u00a0 day ") == "no day"
    assert clean("Dustin\u00a0Hazlett ") == "Dustin Hazlett"
