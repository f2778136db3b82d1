"""What fuzz tests share: an outcome is a result, or an error that says what, why and how to mend it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from hypothesis import strategies as st

from graphmodel.errors import TacgraphError
from loaders.raw import Source

T = TypeVar("T")


def outcome(attempt: Callable[[], T]) -> T | TacgraphError:
    """What an attempt gives, or the program's own error; any other error goes on up and fails the test."""
    try:
        return attempt()
    except TacgraphError as fault:
        return fault


FORMULAS: Final = ("=cmd|'/C calc'!A0", "=1+1", "@SUM(A1)", "+1", "-1", '=HYPERLINK("http://x")', "\t=1")
CELLS: Final = (
    *FORMULAS,
    *("", " ", "\u00a0", "0", "-1", "1900-01-01", "31/02/2020", "99/99/99", "2020-02-30", "1e999", "NaN"),
    *("x" * 70_000, "\u202e", "\ud7ff", "漢字", "a\nb", 'a"b', "a,b;c\td", "NULL", "#N/A", "' OR 1=1 --"),
)
"""Cells that people, formulas and attackers leave."""

BILLION_LAUGHS: Final = (
    '<?xml version="1.0"?><!DOCTYPE Message [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    + "]><Message>&i;</Message>"
)
EXTERNAL_ENTITY: Final = (
    '<?xml version="1.0"?><!DOCTYPE Message [<!ENTITY x SYSTEM "file:///etc/passwd">]><Message>&x;</Message>'
)


def survives(read: Callable[[], Source]) -> Source | TacgraphError:
    """Read to the last row: a source, or a fault that a person can act on; anything else is raised."""
    try:
        source = read()
        for table in source.tables:
            for chunk in table.chunks():
                lengths = {len(cells) for cells in chunk.columns.values()} if chunk.rows else {0}
                assert lengths == {len(chunk.rows)}
                assert set(chunk.columns) >= set(table.columns) or not chunk.rows
    except TacgraphError as said:
        refusal = said
    else:
        return source
    assert refusal.thing
    assert refusal.fault
    assert refusal.mend
    return refusal


_DAMAGE: Final = ("cut", "spoil", "insert", "double", "drop", "encode", "swap", "nothing")


@st.composite
def damages(draw: st.DrawFn, good: bytes) -> bytes:
    """Bytes of a good file: cut, spoilt, doubled or in another encoding."""
    at = draw(st.integers(0, len(good)))
    to = draw(st.integers(at, min(len(good), at + 200)))
    encoding = draw(st.sampled_from(("utf-16", "utf-16-le", "cp1252", "utf-8-sig")))
    sign = draw(st.sampled_from((b",", b"<", b'"', b"2", b"\n")))
    found = {
        "cut": good[:at],
        "spoil": good[:at] + draw(st.binary(min_size=1, max_size=8)) + good[at + 1 :],
        "insert": good[:at] + draw(st.binary(min_size=1, max_size=64)) + good[at:],
        "double": good[:to] + good[at:],
        "drop": good[:at] + good[to:],
        "encode": good.decode("utf-8", "replace").encode(encoding, "replace"),
        "swap": good.replace(sign, b";", 3),
        "nothing": good,
    }
    return found[draw(st.sampled_from(_DAMAGE))]


def chance(draw: st.DrawFn) -> bool:
    return draw(st.booleans())


@st.composite
def mangled(draw: st.DrawFn, header: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """A table with columns in another order, away, twice or renamed, and cells that nobody expects."""
    order = list(draw(st.permutations(list(range(len(header))))))
    kept = order[: draw(st.integers(0, len(order)))] if chance(draw) else order
    if kept and chance(draw):
        kept.append(kept[0])
    names: list[str] = [header[place] for place in kept]
    if names and chance(draw):
        names[draw(st.integers(0, len(names) - 1))] = draw(st.sampled_from(("", "Column1", "child", "=1+1")))
    found: list[list[Any]] = [names]
    for row in rows:
        cells = [row[place] if place < len(row) else "" for place in kept]
        if cells and chance(draw):
            cells[draw(st.integers(0, len(cells) - 1))] = draw(st.sampled_from(CELLS))
        found.append(cells)
    return found
