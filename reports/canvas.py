"""A drawing as SVG that needs no script: places across in per cent of the width, down in pixels.

So one drawing serves the page, where it widens with the window while its letters keep their size, and the
paper, where it is a vector. Texts are escaped here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import pairwise
from typing import Final, Literal

from graphmodel.letters import letters
from reports.theme import LIGHT, Theme

FONT: Final = "Source Sans Pro, Arial, Helvetica, sans-serif"
SIZE: Final = 13
PAPER_WIDTH: Final = 640
Anchor = Literal["start", "middle", "end"]
Mark = Literal["dot", "ring", "tick", "square"]


class Canvas:
    """Marks in the order they are drawn; `height` in pixels."""

    def __init__(self, height: int, theme: Theme = LIGHT) -> None:
        self.height = height
        self.theme = theme
        self.parts: list[str] = []

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        anchor: Anchor = "start",
        shift: float = 0,
        colour: str = "",
        bold: bool = False,
    ) -> None:
        """Words on the base line `y`, `shift` pixels from `x`; a longer name is cut before it comes here."""
        weight = ' font-weight="700"' if bold else ""
        self.parts.append(
            f'<text x="{x:.2f}%" y="{y:.1f}" dx="{shift:g}" text-anchor="{anchor}"{weight} '
            f'fill="{colour or self.theme.ink}">{escape(letters(words))}</text>'
        )

    def line(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        *,
        colour: str = "",
        width: float = 1,
        dashed: bool = False,
    ) -> None:
        dashes = ' stroke-dasharray="5 4"' if dashed else ""
        self.parts.append(
            f'<line x1="{start[0]:.2f}%" y1="{start[1]:.1f}" x2="{end[0]:.2f}%" y2="{end[1]:.1f}" '
            f'stroke="{colour or self.theme.grid}" stroke-width="{width:g}"{dashes}/>'
        )

    def path(self, points: Sequence[tuple[float, float]], *, colour: str, width: float = 2.5) -> None:
        """A line through points, piece by piece: a path knows no per cent."""
        for start, end in pairwise(points):
            self.line(start, end, colour=colour, width=width)

    def bar(
        self, x: float, y: float, *, width: float, height: float, colour: str, hollow: bool = False
    ) -> None:
        fill, edge = (self.theme.ground, colour) if hollow else (colour, colour)
        self.parts.append(
            f'<rect x="{x:.2f}%" y="{y:.1f}" width="{max(width, 0):.2f}%" height="{height:g}" '
            f'fill="{fill}" stroke="{edge}" stroke-width="1"/>'
        )

    def mark(self, x: float, y: float, *, colour: str, shape: Mark = "dot", size: float = 5.5) -> None:
        if shape == "tick":
            self.line((x, y - 10), (x, y + 10), colour=colour, width=3.5)
        elif shape == "square":
            self.parts.append(
                f'<rect x="{x:.2f}%" y="{y:.1f}" width="{2 * size:g}" height="{2 * size:g}" '
                f'transform="translate(-{size:g},-{size:g})" fill="{colour}"/>'
            )
        else:
            fill = self.theme.ground if shape == "ring" else colour
            self.parts.append(
                f'<circle cx="{x:.2f}%" cy="{y:.1f}" r="{size:g}" fill="{fill}" stroke="{colour}" '
                'stroke-width="2.5"/>'
            )

    def svg(self, width: int | None = None) -> str:
        """The drawing; `width` in pixels for paper, left out: as wide as where it stands."""
        view = f' viewBox="0 0 {width} {self.height}"' if width else ""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width or "100%"}" height="{self.height}"{view} '
            f'font-family="{FONT}" font-size="{SIZE}">{"".join(self.parts)}</svg>'
        )
