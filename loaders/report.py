"""What a load says of itself while it runs and when it is done."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


class Progress(Protocol):
    """Somebody who wants to see how far a load is."""

    def begin(self, name: str, total: int | None) -> None:
        """A new stage of work; `total` rows where it is known."""

    def advance(self, count: int) -> None:
        """So many rows further in this stage."""

    def close(self) -> None:
        """The load is over, well or not."""


class Silent:
    """Nobody looks."""

    def begin(self, name: str, total: int | None) -> None:
        """Nothing to show."""

    def advance(self, count: int) -> None:
        """Nothing to show."""

    def close(self) -> None:
        """Nothing to show."""


@dataclass
class TableCounts:
    """Rows of one table: `read` = created + updated + unchanged + repeated + rejected.

    `repeated` rows have a key that a later row of the same file has too. `retired` facts are no rows of
    the files: the source no longer has them. `kept` were to be retired, but other sources' facts refer to
    them.
    """

    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    repeated: int = 0
    rejected: int = 0
    retired: int = 0
    kept: int = 0


@dataclass(frozen=True)
class LoadReport:
    """The outcome of one load; `load_id` is None in a dry run. `folder` has rejects.csv and findings.csv."""

    load_id: str | None
    source: str
    format: str
    tables: dict[str, TableCounts]
    findings: dict[str, int]
    folder: Path
    unknown_columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    unknown_roles: tuple[str, ...] = ()
    missing_tables: tuple[str, ...] = ()
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    stages: dict[str, float] = field(default_factory=dict)
    """Seconds by stage of work."""

    def total(self, what: str) -> int:
        """The sum over all tables of one of the counts, by its name."""
        return sum(int(getattr(counts, what)) for counts in self.tables.values())

    @property
    def changed(self) -> bool:
        """Whether the graph's facts are not as before (or, in a dry run, would not be)."""
        return any(self.total(what) for what in ("created", "updated", "retired"))
