"""A small made-up partnership in an embedded engine of its own, for the pages and for a real server."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.tables import Slice
from dashboards import data
from graphmodel import engine
from loaders import load
from tacgraph.example import write_example
from tests.dashboard.browser import free_port, served

LAST = date(2026, 10, 31)
FIGURES = (
    *("overview", "fairness", "overload", "certainty", "duplication", "coverage", "trends"),
    *("network", "what_if", "advice"),
)
"""The pages of figures: each is run, and opened in a browser in both themes and at phone width."""


@dataclass(frozen=True)
class Partnership:
    """The data folder that the pages read, and the tables that were loaded into it."""

    home: Path
    tables: Slice


@pytest.fixture(autouse=True)
def own_main(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page run without a browser leaves itself as `__main__`, which a process started later would run."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


def spread(table: Path) -> None:
    """The children over three localities by family, one in twenty without: so few have one."""
    children = pd.read_csv(table, dtype=str, keep_default_na=False)
    number = children["family_id"].map({one: n for n, one in enumerate(sorted(set(children["family_id"])))})
    place = np.array(["North", "South", "West, and the Hills"])[number % 3]
    children.assign(locality=np.where(number % 20 == 7, "", place)).to_csv(table, index=False)


@pytest.fixture(scope="session")
def partnership(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Partnership]:
    """Loaded by the real loader, once."""
    folder = tmp_path_factory.mktemp("dashboard")
    home = folder / "home"
    home.mkdir(mode=0o700)
    write_example(folder / "example", children=4_000, seed=1, until=LAST)
    spread(folder / "example" / "children.csv")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("NEO4J_URI", raising=False)
        patch.setenv("TACGRAPH_HOME", str(home))
        load(folder / "example", home=home)
    yield Partnership(home, Slice.from_folder(folder / "example"))
    engine.stop(home)


@pytest.fixture
def at_home(partnership: Partnership, monkeypatch: pytest.MonkeyPatch) -> Iterator[Partnership]:
    """The process pointed at the partnership."""
    monkeypatch.delenv("NEO4J_URI", raising=False)
    monkeypatch.delenv("TACGRAPH_AS_OF", raising=False)
    monkeypatch.setenv("TACGRAPH_HOME", str(partnership.home))
    yield partnership
    data.forget()


@pytest.fixture(scope="session")
def site(partnership: Partnership, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server; its first page was opened, so that its caches are warm."""
    port = free_port()
    with served(partnership.home, tmp_path_factory.mktemp("elsewhere"), port):
        yield f"http://127.0.0.1:{port}"
