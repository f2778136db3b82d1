"""What a load keeps of identities, as columns, is what going through its rows one by one gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from loaders.matching.capture import Capture, space
from loaders.raw import Chunk, Identifier

CELL = st.sampled_from([None, "", " ", "a", "b ", "x:1"])
ID = st.sampled_from([None, "", " a", "a", "b", "q:a", "q:", "::", ":z", "x\n:y"])
TEXTS = ("first_name", "last_name", "postcode", "upn")
SCHEMES = ("former_upn", "upn", "nhs_number", "legacy_id", "uln")
NUMBER = st.builds(
    Identifier,
    st.just("child"),
    st.sampled_from(["a", "b", "new", "q:a"]),
    st.sampled_from(SCHEMES),
    st.sampled_from(["1", "2"]),
)
ROWS = st.lists(st.lists(st.tuples(ID, CELL, CELL, CELL, CELL), max_size=5), max_size=3)


def chunks(parts: list[list[tuple[str | None, ...]]], lacking: str) -> list[Chunk]:
    """Rows numbered throughout; one column lacks."""
    found, at = [], 0
    for rows in parts:
        columns = {"child_id": [row[0] for row in rows]}
        columns |= {name: [row[i] for row in rows] for i, name in enumerate(TEXTS, 1) if name != lacking}
        found.append(Chunk(list(range(at, at + len(rows))), {**columns}))
        at += len(rows)
    return found


def one_by_one(parts: list[Chunk], rejected: list[int], numbers: list[Identifier]) -> dict[str, Any]:
    """The last row of each id, its numbers added, where anything tells who it is."""
    rows: dict[str, dict[str, Any]] = {}
    for part in parts:
        for n, place in enumerate(part.rows):
            row: dict[str, Any] = {name: column[n] for name, column in part.columns.items()}
            who = (row.pop("child_id") or "").strip()
            if who and place not in rejected:
                rows[who] = row
    for number in numbers:
        named = rows.setdefault(number.id, {})
        if number.scheme == "former_upn":
            named.setdefault("former_upn", []).append(number.value)
        elif number.scheme != "legacy_id" and not named.get(number.scheme):
            named[number.scheme] = number.value
    telling = ("first_name", "last_name", "postcode", "nhs_number", "upn", "uln", "former_upn")
    return {who: row for who, row in rows.items() if any(row.get(name) for name in telling)}


@given(ROWS, st.sampled_from(TEXTS), st.lists(st.integers(0, 12), max_size=4), st.lists(NUMBER, max_size=4))
def test_columns_keep_what_rows_would(
    rows: list[list[tuple[str | None, ...]]], lacking: str, rejected: list[int], numbers: list[Identifier]
) -> None:
    parts = chunks(rows, lacking)
    seen = Capture(Path("nowhere"), "here", "canonical")
    for part in parts:
        seen.see("children", part)
    found = {row["id"]: row for row in seen._records("children", "child", rejected, numbers).to_pylist()}
    wanted = one_by_one(parts, rejected, numbers)
    assert set(found) == set(wanted)
    for who, row in wanted.items():
        assert {name: found[who][name] for name in row} == row
        assert all(found[who][name] is None for name in TEXTS if name not in row)
        assert found[who]["space"] == space(who, "here", "canonical")
        assert found[who]["source"] == "here"
