"""A store behind a line that can fail, on both engines."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from graphmodel.patience import Patience
from graphmodel.settings import settings
from graphmodel.store import Store
from graphmodel.target import AccountName, find_target
from tests.faults.wire import Wire, wired

QUICK = Patience(connect_seconds=2, silence_seconds=2, retry_seconds=3)
"""Short, so that the tests are."""


@dataclass
class Behind:
    """The engine of the test, reached through a line."""

    home: Path
    wire: Wire

    def open(self, account: AccountName = "reader", patience: Patience = QUICK) -> Store:
        """A store of which the driver knows only the line."""
        target = replace(find_target(self.home, account), uri=self.wire.uri)
        return Store(target, self.home, patience=patience)


@pytest.fixture
def behind(on_engine: Path) -> Iterator[Behind]:
    with wired(find_target(on_engine, "reader").uri) as wire:
        yield Behind(on_engine, wire)


@pytest.fixture
def neo4j_behind(behind: Behind, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Behind]:
    """As `behind`, with the environment of this process and of its children pointing at the line."""
    if os.environ.get("NEO4J_URI"):
        monkeypatch.setenv("NEO4J_URI", behind.wire.uri)
    impatient = tmp_path / "impatient.toml"
    impatient.write_text(
        "database.connect_seconds = 2\ndatabase.silence_seconds = 2\ndatabase.retry_seconds = 1\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("TACGRAPH_SETTINGS", str(impatient))
    settings.cache_clear()
    yield behind
    monkeypatch.delenv("TACGRAPH_SETTINGS")
    settings.cache_clear()
