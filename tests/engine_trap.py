"""The engine that the tests of its traps ask."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import neo4j
import pytest

from graphmodel import engine
from tests.engine_support import ask, signed_in


@dataclass(frozen=True)
class Trap:
    """The engine that is asked, its administrator and its reader."""

    endpoint: engine.Endpoint
    driver: neo4j.Driver
    reader: neo4j.Driver

    def ask(self, query: str, **parameters: Any) -> list[list[Any]]:
        return ask(self.driver, query, **parameters)


@pytest.fixture(scope="module")
def trap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trap]:
    home = tmp_path_factory.mktemp("traps")
    endpoint = engine.ensure_running(home, heap="512m")
    with signed_in(endpoint, "admin") as driver, signed_in(endpoint, "reader") as reader:
        yield Trap(endpoint, driver, reader)
    engine.stop(home)
