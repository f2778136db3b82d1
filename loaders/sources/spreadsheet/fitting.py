"""Whether a file has the headings that a mapping names, and which went where it has not."""

from __future__ import annotations

from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass
from typing import Final

from rapidfuzz import fuzz

from graphmodel.errors import SourceError
from loaders.sources.spreadsheet.cells import plain_words, word_lists
from loaders.sources.spreadsheet.grid import Grid, Sheet
from loaders.sources.spreadsheet.mapping import Column, Mapping

_PERHAPS: Final = 55.0


@dataclass(frozen=True)
class Gone:
    """A heading of the mapping that a file lacks, and the file's heading most like it (empty: none)."""

    heading: str
    likely: str


def fitting_sheets(mapping: Mapping, grid: Grid) -> list[Sheet]:
    """The sheets that have every heading of the mapping."""
    wanted = {plain_words(c.heading) or c.heading for c in mapping.used()}
    asked = [s for s in grid.sheets if not mapping.sheets or s.name in mapping.sheets]
    return [s for s in asked if wanted <= {plain_words(h) or h for h in s.headings}]


def fit(mapping: Mapping, grid: Grid) -> float:
    """The greatest part of the mapping's headings that one sheet of the file has."""
    wanted = {plain_words(c.heading) or c.heading for c in mapping.used()}
    parts = [
        len(wanted & {plain_words(h) or h for h in s.headings}) / len(wanted) for s in grid.sheets if wanted
    ]
    return max(parts, default=0.0)


def gone(mapping: Mapping, grid: Grid) -> list[Gone]:
    """The mapping's headings that the best fitting sheet lacks."""
    wanted = {plain_words(c.heading) or c.heading: c.heading for c in mapping.used()}
    best = max(grid.sheets, key=lambda s: len(set(wanted) & {plain_words(h) or h for h in s.headings}))
    there = {plain_words(h) or h: h for h in best.headings}
    everything = {plain_words(c.heading) or c.heading for c in mapping.columns}
    fresh = {words: heading for words, heading in there.items() if words not in everything}
    found = []
    for words, heading in wanted.items():
        if words not in there:
            scored = [(fuzz.WRatio(words, new), text) for new, text in fresh.items()]
            score, likely = max(scored, default=(0.0, ""))
            by_field = _same_field(next(c for c in mapping.columns if c.heading == heading), fresh)
            found.append(Gone(heading, likely if score >= _PERHAPS else by_field))
    return found


def _same_field(column: Column, fresh: AnyMapping[str, str]) -> str:
    """A new heading that the word lists know as the same field."""
    words = word_lists()["field"][column.field]["words"]
    return next((heading for new, heading in fresh.items() if new in words), "")


def must_fit(mapping: Mapping, grid: Grid) -> list[Sheet]:
    """The sheets to read; raises `SourceError` naming each heading that went and its likeliest new name."""
    sheets = fitting_sheets(mapping, grid)
    if sheets:
        return sheets
    if mapping.sheets and not any(s.name in mapping.sheets for s in grid.sheets):
        fault = f"has none of the sheets {', '.join(mapping.sheets)} that the mapping names"
        raise SourceError(grid.path.name, fault, f"Its sheets are {', '.join(s.name for s in grid.sheets)}.")
    parts = []
    for missing in gone(mapping, grid):
        likely = f" (most like it: “{missing.likely}”)" if missing.likely else ""
        parts.append(f"“{missing.heading}”{likely}")
    mend = "Write the new heading into the mapping, or make a new one with `tacgraph map`."
    raise SourceError(
        grid.path.name, f"lacks columns of the mapping {mapping.source}: {', '.join(parts)}", mend
    )
