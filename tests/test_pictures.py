"""Patterns and their pictures: what the Cypher says is drawn, nothing covers anything, alike every time."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import Counter
from itertools import combinations
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

import queries
from docs.pattern import Arrow, Pattern, pattern_of
from docs.picture import HEIGHT, WIDTH, Place, label_places, picture, places, segment
from queries.tokens import tokenise

SVG: Final = "{http://www.w3.org/2000/svg}"
NAMES: Final = sorted(queries.catalogue())


def drawn(name: str) -> Pattern:
    return pattern_of(queries.catalogue()[name].text)


def crosses(a: Place, b: Place, box: Place) -> bool:
    """Whether the line goes through the box, looked at in steps of its hundredth part."""
    return any(
        abs(a.x + (b.x - a.x) * i / 100 - box.x) < WIDTH / 2
        and abs(a.y + (b.y - a.y) * i / 100 - box.y) < HEIGHT / 2
        for i in range(1, 100)
    )


@pytest.mark.parametrize("name", NAMES)
def test_the_picture_has_the_pattern_and_its_words(name: str) -> None:
    pattern, query = drawn(name), queries.catalogue()[name]
    svg = picture(pattern, query.title)
    assert svg == picture(pattern_of(query.text), query.title)
    tree = ET.fromstring(svg)  # noqa: S314  (our own text)
    assert [tree.findtext(f"{SVG}title"), tree.findtext(f"{SVG}desc")] == [query.title, pattern.words()]
    texts = Counter(x.text for x in tree.iter(f"{SVG}text") if "label" in x.get("class", ""))
    assert texts == Counter(node.label for node in pattern.nodes)
    assert len(list(tree.iter(f"{SVG}line"))) == len(pattern.arrows)
    words = {
        t.value for t in tokenise(query.text) if t.kind == "name" and t.value.isupper() and "_" in t.value
    }
    types = {kind for arrow in pattern.arrows for kind in arrow.types}
    assert {word for word in words if f":{word}" in query.text} <= types


@pytest.mark.parametrize("name", NAMES)
def test_nothing_covers_anything(name: str) -> None:
    pattern = drawn(name)
    at = places(pattern)
    for one, other in combinations(at.values(), 2):
        assert abs(one.x - other.x) > WIDTH or abs(one.y - other.y) > HEIGHT
    lines = [segment(arrow, at, 0.0) for arrow in pattern.arrows]
    for arrow, (a, b) in zip(pattern.arrows, lines, strict=True):
        strangers = [place for n, place in at.items() if n not in (arrow.start, arrow.end)]
        assert not any(crosses(a, b, box) for box in strangers), arrow
    labels = label_places(pattern.arrows, lines)
    assert len({(place.x, place.y) for place in labels}) == len(labels) or _parallel(pattern.arrows)


def _parallel(arrows: tuple[Arrow, ...]) -> bool:
    pairs = [frozenset((arrow.start, arrow.end)) for arrow in arrows]
    return len(set(pairs)) < len(pairs)


def named(pattern: Pattern) -> set[tuple[str, tuple[str, ...], str]]:
    of = {node.number: node.variable or node.label for node in pattern.nodes}
    return {(of[arrow.start], arrow.types, of[arrow.end]) for arrow in pattern.arrows}


def test_a_variable_is_one_node_in_its_own_scope() -> None:
    apart = pattern_of(
        "MATCH (c:Child) CALL (c) { MATCH (c)-[:HAD_ASSESSMENT]->(x:Assessment) RETURN count(x) AS n } "
        "CALL (c) { MATCH (c)-[:HAD_ASSESSMENT]->(x:Assessment) RETURN count(x) AS m } RETURN n, m"
    )
    assert [node.variable for node in apart.nodes] == ["c", "x", "x"]
    handed_on = pattern_of(
        "CALL { MATCH (c:Child)-[:HAD_ASSESSMENT]->(x:Assessment) RETURN x "
        "UNION MATCH (x:Assessment) RETURN x } MATCH (x)<-[:CARRIED_OUT]-(p:Practitioner) RETURN p"
    )
    assert [node.variable for node in handed_on.nodes] == ["c", "x", "p"]


def test_what_may_be_missing_and_what_must_not_be_there() -> None:
    pattern = pattern_of(
        "MATCH (c:Child)<-[:FOR_CHILD]-(t:Tac) OPTIONAL MATCH (t)<-[:LEADS]-(p:Practitioner) "
        "WITH c, t, p WHERE NOT EXISTS { (c)-[:RECEIVES]->(:Intervention) } "
        "AND NOT EXISTS { MATCH (t)-[:HELD_REVIEW]->(v:Review) } RETURN c"
    )
    found = {arrow.types[0]: (arrow.optional, arrow.absent) for arrow in pattern.arrows}
    assert found == {
        "FOR_CHILD": (False, False),
        "LEADS": (True, False),
        "RECEIVES": (False, True),
        "HELD_REVIEW": (False, True),
    }
    both = pattern_of("OPTIONAL MATCH (c:Child)<-[:FOR_CHILD]-(t:Tac) MATCH (c)<-[:FOR_CHILD]-(t) RETURN c")
    assert [arrow.optional for arrow in both.arrows] == [False]


TYPES: Final = ("LEADS", "MEMBER_OF", "FOR_CHILD", "OWNS")
STEPS: Final = st.tuples(
    st.integers(0, 5),
    st.lists(st.sampled_from(TYPES), min_size=1, max_size=2, unique=True).map(tuple),
    st.booleans(),
    st.integers(0, 5),
).filter(lambda step: step[0] != step[3])


@given(st.lists(STEPS, min_size=1, max_size=8))
def test_what_is_written_is_read_and_finds_room(
    written: list[tuple[int, tuple[str, ...], bool, int]],
) -> None:
    wanted, clauses = set(), []
    for start, types, right, end in written:
        arrow = f"-[r:{'|'.join(types)}]->" if right else f"<-[r:{'|'.join(types)} {{}}]-"
        clauses.append(f"MATCH (n{start}:Tac {{tac_id: $x}}){arrow}(n{end}:Child)")
        ends = (start, end) if right else (end, start)
        wanted.add((f"n{ends[0]}", types, f"n{ends[1]}"))
    pattern = pattern_of("\n".join(clauses) + "\nRETURN 1 AS x")
    assert named(pattern) == wanted
    at = places(pattern)
    assert at.keys() == {node.number for node in pattern.nodes}
    for one, other in combinations(at.values(), 2):
        assert abs(one.x - other.x) > WIDTH or abs(one.y - other.y) > HEIGHT
    ET.fromstring(picture(pattern, "a < b & c"))  # noqa: S314  (our own text)
