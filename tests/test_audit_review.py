"""What is unusual in the audit record: by hand, and against plain loops over every pair of looks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from graphmodel.settings import Audit, settings
from reports.audit import UNUSUAL, by_person, child_of, looks, summary

RULES = Audit(opens_at=7, closes_at=19, burst_looks=3, burst_minutes=10, rare_from=2)
MONDAY = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


def look(minutes: float = 0, who: str = "jo", about: str = "", reason: str = "why") -> dict[str, Any]:
    at = (MONDAY + timedelta(minutes=minutes)).isoformat(timespec="seconds")
    return {"at": at, "who": who, "role": "analyst", "reason": reason, "what": "q", "about": about, "rows": 2}


def marks(entries: list[dict[str, Any]], rules: Audit = RULES) -> list[list[str]]:
    found = looks(entries, rules, UTC).set_index("line")["unusual"]
    return [found[number + 1] for number in range(len(entries))]


def test_an_ordinary_look_is_not_marked() -> None:
    assert marks([look()]) == [[]]
    assert summary(looks([look()], RULES, UTC), [], 30) == (
        "1 look in the last 30 days, 0 of them unusual; the record is whole"
    )


def test_hours_weekends_and_reasons() -> None:
    hour = 60
    entries = [
        look(-2 * hour - 1),
        look(-2 * hour),
        look(10 * hour - 1),
        look(10 * hour),
        look(5 * 24 * hour),
    ]
    assert marks(entries) == [["hours"], [], [], ["hours"], ["hours"]]
    assert marks([look(reason="  ")]) == [["no_reason"]]
    assert marks([{**look(), "refused": "may not"}, look()]) == [["refused"], []]


def test_many_in_a_short_time_marks_the_whole_run_of_one_person() -> None:
    entries = [look(0), look(5), look(7, who="al"), look(10), look(25)]
    assert marks(entries) == [["many"], ["many"], [], ["many"], []]


def test_a_child_of_one_looker_is_rare_once_there_is_a_record() -> None:
    one, two = look(about="child_id=c1"), look(60, about="child_id=c2")
    both = look(120, who="al", about="child_id=c2")
    assert marks([one]) == [[]]
    assert marks([one, two, both, look(about="P1, P2")]) == [["rare"], [], [], []]
    assert child_of(one) == "c1"
    assert child_of(look(about="practitioners by id")) is None


def test_the_most_unusual_comes_first_then_the_latest() -> None:
    entries = [look(), look(60), look(11 * 60, reason=""), look(12 * 60)]
    assert list(looks(entries, RULES, UTC)["line"]) == [3, 4, 2, 1]
    people = by_person(looks([*entries, look(1, who="al")], RULES, UTC))
    assert list(people["who"]) == ["jo", "al"]
    assert list(people["unusual"]) == [2, 0]


def test_a_broken_instant_and_an_empty_record_are_no_fault() -> None:
    assert looks([], RULES, UTC).empty
    assert by_person(looks([], RULES, UTC)).empty
    assert marks([{**look(), "at": "yesterday"}]) == [[]]
    assert summary(looks([], RULES, UTC), ["line 3: it was changed"], None).endswith("altered in 1 places")


ENTRIES = st.lists(
    st.builds(
        look,
        st.integers(-2_000, 2_000),
        st.sampled_from(["jo", "al", "di"]),
        st.sampled_from(["", "child_id=a", "child_id=b", "child_id=c"]),
        st.sampled_from(["", "why"]),
    ),
    max_size=25,
)


@given(ENTRIES, st.integers(1, 5), st.integers(0, 90), st.integers(0, 6))
def test_the_marks_are_those_of_plain_loops(
    entries: list[dict[str, Any]], burst: int, minutes: int, rare_from: int
) -> None:
    rules = Audit(opens_at=8, closes_at=17, burst_looks=burst, burst_minutes=minutes, rare_from=rare_from)
    found = marks(entries, rules)
    at = [datetime.fromisoformat(entry["at"]) for entry in entries]
    children = [entry["about"] for entry in entries if entry["about"]]
    for number, entry in enumerate(entries):
        many = any(
            start <= at[number] <= start + timedelta(minutes=minutes)
            and sum(
                other["who"] == entry["who"] and start <= when <= start + timedelta(minutes=minutes)
                for other, when in zip(entries, at, strict=True)
            )
            >= burst
            for start in at
        )
        lookers = {other["who"] for other in entries if other["about"] == entry["about"]}
        wanted = {
            "refused": False,
            "many": many,
            "rare": bool(entry["about"]) and len(lookers) == 1 and len(children) >= rare_from,
            "hours": at[number].isoweekday() > 5 or at[number].hour < 8 or at[number].hour >= 17,
            "no_reason": not entry["reason"],
        }
        assert found[number] == [name for name in UNUSUAL if wanted[name]]


def test_the_defaults_are_in_order() -> None:
    rules = settings().audit
    assert rules.opens_at < rules.closes_at
