"""Canonical tables that a reader makes of other files' rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from loaders.raw import CHUNK_ROWS, Chunk, RowFault


@dataclass
class MadeTable:
    """A canonical table made of rows of several lists; `faults` are rows that could not be read at all."""

    name: str
    file: str
    columns: tuple[str, ...]
    rows: list[tuple[int, tuple[str | None, ...]]] = field(default_factory=list)
    unknown: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)
    faults: list[RowFault] = field(default_factory=list)

    def add(self, place: int, *cells: str | None) -> None:
        self.rows.append((place, cells))

    def drop_unsaid(self, *columns: str) -> None:
        """Take out those of these columns that no row fills: silence must not undo what other sources say."""
        filled = {c for _, cells in self.rows for c, cell in zip(self.columns, cells, strict=True) if cell}
        kept = [place for place, c in enumerate(self.columns) if c in filled or c not in columns]
        if len(kept) < len(self.columns):
            self.columns = tuple(self.columns[place] for place in kept)
            self.rows = [(at, tuple(cells[place] for place in kept)) for at, cells in self.rows]

    def chunks(self) -> Iterator[Chunk]:
        for start in range(0, len(self.rows), CHUNK_ROWS):
            part = self.rows[start : start + CHUNK_ROWS]
            cells = list(zip(*(cells for _, cells in part), strict=True))
            yield Chunk([place for place, _ in part], dict(zip(self.columns, cells, strict=True)))
        if self.faults:
            yield Chunk([], dict.fromkeys(self.columns, ()), self.faults)
