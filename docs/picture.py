"""A picture of a pattern: plain SVG, drawn alike every time, readable in light and in dark.

Nodes stand in columns by their distance from one end of the longest path; parts that nothing joins stand
below one another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import hypot
from typing import Final

from docs.pattern import Arrow, Node, Pattern
from graphmodel.relationships import RELATIONSHIP_TYPES

WIDTH: Final = 128.0
HEIGHT: Final = 44.0
COLUMN: Final = WIDTH + 140.0
ROW: Final = HEIGHT + 34.0
MARGIN: Final = 18.0
_BESIDE: Final = 24.0
_HEAD: Final = 9.0
_LEGEND: Final = 26.0
_LETTER_WIDE: Final = 7.2
_LETTERS_HIGH: Final = 14.0
_MOST_COLUMNS: Final = 5
_PARTS: Final = (0.5, 0.35, 0.65, 0.25, 0.75)
_INTERVALS: Final = frozenset(kind.type for kind in RELATIONSHIP_TYPES)
_STYLE: Final = (
    ".card{fill:#ffffff}.box{fill:#12436D;stroke:#12436D;stroke-width:1.5}"
    ".line{stroke:#12436D;stroke-width:1.8;fill:none}.head{fill:#12436D}"
    ".interval.line{stroke:#28A197}.interval.head{fill:#28A197}"
    ".optional{stroke-dasharray:6 4}.absent{stroke-dasharray:2 4}"
    ".box.optional,.box.absent{fill:#ffffff}"
    "text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;text-anchor:middle;fill:#ffffff}"
    ".label{font-size:14px;font-weight:600}.variable{font-size:11px}text.optional,text.absent{fill:#12436D}"
    ".type{font-size:11px;fill:#0b0c0c;stroke:#ffffff;stroke-width:4px;paint-order:stroke}"
    ".legend{font-size:11px;fill:#0b0c0c;text-anchor:start}"
    "@media (prefers-color-scheme:dark){.card{fill:#16191d}.box{stroke:#9cc3e6}"
    ".box.optional,.box.absent{fill:#16191d}text.optional,text.absent{fill:#9cc3e6}"
    ".line{stroke:#9cc3e6}.head{fill:#9cc3e6}.type{fill:#f3f2f1;stroke:#16191d}.legend{fill:#f3f2f1}}"
)


@dataclass(frozen=True)
class Place:
    """Where the middle of a node's box is, from the top left corner."""

    x: float
    y: float


def _neighbours(pattern: Pattern) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {node.number: [] for node in pattern.nodes}
    for arrow in pattern.arrows:
        found[arrow.start].append(arrow.end)
        found[arrow.end].append(arrow.start)
    return found


def _distances(start: int, neighbours: Mapping[int, Sequence[int]]) -> dict[int, int]:
    found, queue = {start: 0}, [start]
    for number in queue:
        for other in neighbours[number]:
            if other not in found:
                found[other] = found[number] + 1
                queue.append(other)
    return found


def _parts(neighbours: Mapping[int, Sequence[int]]) -> Iterator[dict[int, int]]:
    """Each joined part, as the column of each of its nodes."""
    seen: set[int] = set()
    for number in neighbours:
        if number not in seen:
            part = sorted(_distances(number, neighbours))
            seen.update(part)
            columns = [_distances(start, neighbours) for start in part]
            yield max(columns, key=lambda column: _fit(max(column.values()) + 1))


def _fit(columns: int) -> int:
    """The more columns the better, up to what a page is wide."""
    return columns if columns <= _MOST_COLUMNS else -columns


def places(pattern: Pattern) -> dict[int, Place]:
    """Where each node stands: no two boxes touch."""
    neighbours = _neighbours(pattern)
    found: dict[int, Place] = {}
    top = MARGIN
    for columns in _parts(neighbours):
        layers = [
            [n for n in sorted(columns) if columns[n] == depth] for depth in range(max(columns.values()) + 1)
        ]
        tallest = max(len(layer) for layer in layers)
        middle = top + ((tallest - 1) * ROW + HEIGHT) / 2
        for depth, layer in enumerate(layers):
            ordered = sorted(layer, key=lambda n: (_pull(n, depth, columns, neighbours, found), n))
            for i, number in enumerate(ordered):
                y = middle + (i - (len(layer) - 1) / 2) * ROW
                found[number] = Place(MARGIN + depth * COLUMN + WIDTH / 2, y)
        top += tallest * ROW
    return found


def _pull(
    number: int,
    depth: int,
    columns: Mapping[int, int],
    neighbours: Mapping[int, Sequence[int]],
    found: Mapping[int, Place],
) -> float:
    """The mean height of the neighbours one column to the left."""
    heights = [found[other].y for other in neighbours[number] if columns[other] < depth]
    return sum(heights) / len(heights) if heights else 0.0


def segment(arrow: Arrow, at: Mapping[int, Place], aside: float) -> tuple[Place, Place]:
    """The two ends of an arrow's line, on the edges of its boxes, `aside` from the line of their middles."""
    a, b = at[arrow.start], at[arrow.end]
    if a.x == b.x:
        down = 1 if b.y > a.y else -1
        return Place(a.x + aside, a.y + down * HEIGHT / 2), Place(b.x + aside, b.y - down * HEIGHT / 2)
    right = 1 if b.x > a.x else -1
    return Place(a.x + right * WIDTH / 2, a.y + aside), Place(b.x - right * WIDTH / 2, b.y + aside)


def _classes(part: Node | Arrow) -> str:
    if part.absent:
        return " absent"
    return " optional" if part.optional else ""


def _arrow(arrow: Arrow, ends: tuple[Place, Place]) -> Iterator[str]:
    a, b = ends
    long = hypot(b.x - a.x, b.y - a.y)
    u, v = (b.x - a.x) / long, (b.y - a.y) / long
    foot = Place(b.x - u * _HEAD, b.y - v * _HEAD)
    kind = " interval" if set(arrow.types) <= _INTERVALS else ""
    yield (
        f'<line class="line{kind}{_classes(arrow)}" x1="{a.x:.1f}" y1="{a.y:.1f}" '
        f'x2="{foot.x:.1f}" y2="{foot.y:.1f}"/>'
    )
    corners = [(b.x, b.y), (foot.x - v * 5, foot.y + u * 5), (foot.x + v * 5, foot.y - u * 5)]
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
    yield f'<polygon class="head{kind}" points="{points}"/>'


def name_of(arrow: Arrow) -> str:
    """What is written at an arrow."""
    return " | ".join(arrow.types) + arrow.length


def label_places(arrows: Sequence[Arrow], lines: Sequence[tuple[Place, Place]]) -> list[Place]:
    """The middle of each arrow's name: on its line, where it covers no other name."""
    found: list[Place] = []
    for arrow, (a, b) in zip(arrows, lines, strict=True):
        tried = [Place(a.x + (b.x - a.x) * part, a.y + (b.y - a.y) * part - 5) for part in _PARTS]
        free = (
            place
            for place in tried
            if not any(
                abs(place.y - other.y) < _LETTERS_HIGH
                and abs(place.x - other.x) < (len(name_of(arrow)) + len(name_of(earlier))) / 2 * _LETTER_WIDE
                for other, earlier in zip(found, arrows, strict=False)
            )
        )
        found.append(next(free, tried[0]))
    return found


def _box(node: Node, place: Place) -> Iterator[str]:
    yield (
        f'<rect class="box{_classes(node)}" x="{place.x - WIDTH / 2:.1f}" y="{place.y - HEIGHT / 2:.1f}" '
        f'width="{WIDTH:g}" height="{HEIGHT:g}" rx="10"/>'
    )
    below = ": ".join(part for part in (node.variable, node.key) if part)
    rise = 0 if below else 6
    for kind, y, text in (("label", place.y - 2 + rise, node.label), ("variable", place.y + 14, below)):
        if text:
            yield f'<text class="{kind}{_classes(node)}" x="{place.x:.1f}" y="{y:.1f}">{escape(text)}</text>'


def _legend(pattern: Pattern) -> str:
    parts = []
    drawn: list[Node | Arrow] = [*pattern.nodes, *pattern.arrows]
    if any(set(arrow.types) <= _INTERVALS for arrow in pattern.arrows):
        parts.append("green: holds for an interval")
    if any(part.optional for part in drawn):
        parts.append("dashed: may be missing")
    if any(part.absent for part in drawn):
        parts.append("dotted: must not be there")
    return " · ".join(parts)


def _asides(arrows: Sequence[Arrow]) -> list[float]:
    """How far beside the middle each arrow runs: two between the same nodes do not cover each other."""
    pairs = [frozenset((arrow.start, arrow.end)) for arrow in arrows]
    return [_BESIDE * (pairs[:i].count(pair) - (pairs.count(pair) - 1) / 2) for i, pair in enumerate(pairs)]


def picture(pattern: Pattern, title: str) -> str:
    """The SVG of a pattern, with its title and the pattern in words for those who do not see it."""
    at = places(pattern)
    legend = _legend(pattern)
    width = max([place.x for place in at.values()] + [2 * WIDTH]) + WIDTH / 2 + MARGIN
    height = max(place.y for place in at.values()) + HEIGHT / 2 + MARGIN + (_LEGEND if legend else 0)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
        f'viewBox="0 0 {width:g} {height:g}" role="img" aria-labelledby="title desc">',
        f'<title id="title">{escape(title)}</title>',
        f'<desc id="desc">{escape(pattern.words())}</desc>',
        f"<style>{_STYLE}</style>",
        f'<rect class="card" width="{width:g}" height="{height:g}" rx="8"/>',
    ]
    for node in pattern.nodes:
        lines += _box(node, at[node.number])
    drawn = [
        segment(arrow, at, aside)
        for arrow, aside in zip(pattern.arrows, _asides(pattern.arrows), strict=True)
    ]
    for arrow, ends in zip(pattern.arrows, drawn, strict=True):
        lines += _arrow(arrow, ends)
    for arrow, place in zip(pattern.arrows, label_places(pattern.arrows, drawn), strict=True):
        text = escape(name_of(arrow))
        lines.append(f'<text class="type" x="{place.x:.1f}" y="{place.y:.1f}">{text}</text>')
    if legend:
        lines.append(f'<text class="legend" x="{MARGIN:g}" y="{height - 12:g}">{escape(legend)}</text>')
    return "\n".join([*lines, "</svg>"]) + "\n"
