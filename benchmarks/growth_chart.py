"""The growth curve as a drawing: processor seconds against children, both axes by powers of ten."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from reports.canvas import Canvas
from reports.theme import LIGHT

Points = Sequence[tuple[float, float]]
HEIGHT: Final = 420
WIDTH: Final = 760
_LEFT, _RIGHT, _TOP, _FOOT = 9.0, 78.0, 30.0, 370.0
_COLOURS: Final = (LIGHT.blue, LIGHT.turquoise, LIGHT.pink, LIGHT.orange, LIGHT.grey, LIGHT.ink)
_APART: Final = 16


def curve(lines: Mapping[str, Points], words: str) -> str:
    """An SVG of the lines by name; values from 0 down are left out."""
    held = {name: [p for p in points if p[1] > 0] for name, points in lines.items()}
    held = {name: points for name, points in held.items() if points}
    canvas = Canvas(HEIGHT)
    canvas.text(_LEFT, 16, words, bold=True)
    if held:
        _draw(canvas, held)
    return canvas.svg(WIDTH)


def _draw(canvas: Canvas, lines: Mapping[str, Points]) -> None:
    across = [x for points in lines.values() for x, _ in points]
    up = [y for points in lines.values() for _, y in points]
    low, high = math.floor(math.log10(min(across))), math.ceil(math.log10(max(across)))
    least, most = math.floor(math.log10(min(up))), math.ceil(math.log10(max(up)))

    def x(value: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * (math.log10(value) - low) / max(high - low, 1)

    def y(value: float) -> float:
        return _FOOT - (_FOOT - _TOP) * (math.log10(value) - least) / max(most - least, 1)

    for power in range(low, high + 1):
        canvas.line((x(10**power), _TOP), (x(10**power), _FOOT))
        canvas.text(x(10**power), _FOOT + 18, f"{10**power:,}", anchor="middle", colour=LIGHT.quiet)
    for power in range(least, most + 1):
        canvas.line((_LEFT, y(10.0**power)), (_RIGHT, y(10.0**power)))
        canvas.text(_LEFT, y(10.0**power) + 4, f"{10.0**power:g}", anchor="end", shift=-6, colour=LIGHT.quiet)
    canvas.text(_RIGHT, _FOOT + 38, "children aged 0 to 17", anchor="end", colour=LIGHT.quiet)
    heights = _parted({name: y(points[-1][1]) for name, points in lines.items()})
    for colour, (name, points) in zip(_COLOURS, lines.items(), strict=False):
        canvas.path([(x(a), y(b)) for a, b in points], colour=colour)
        for a, b in points:
            canvas.mark(x(a), y(b), colour=colour, size=3.5)
        canvas.text(_RIGHT, heights[name] + 4, name, shift=8, colour=colour, bold=True)


def _parted(heights: dict[str, float]) -> dict[str, float]:
    """The same places, moved down where two names would lie on one another."""
    found: dict[str, float] = {}
    last = -math.inf
    for name, height in sorted(heights.items(), key=lambda item: item[1]):
        last = found[name] = max(height, last + _APART)
    return found
