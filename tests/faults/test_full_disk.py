"""A full disk at every step: said in words that name the disk, nothing half there, whole with room again."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphmodel.store import Store
from tests.conftest import empty
from tests.faults.disk import on_small_disk


@pytest.fixture
def small(tmp_path: Path, neo4j_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to be a small disk, a data folder in it, the graph on a server elsewhere."""
    folder = tmp_path / "disk"
    folder.mkdir(mode=0o700)
    for name, value in neo4j_environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TACGRAPH_HOME", str(tmp_path / "elsewhere"))
    with Store.open(tmp_path / "elsewhere", "admin") as store:
        empty(store)
        store.apply_model()
    monkeypatch.setenv("TACGRAPH_HOME", str(folder / "home"))
    return folder


@pytest.mark.parametrize("scenario", ["load", "records", "writings", "read-only"])
def test_with_the_data_folder_on_a_full_disk(small: Path, scenario: str) -> None:
    on_small_disk(scenario, small, megabytes=24)


def test_with_the_embedded_engine_on_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "disk"
    folder.mkdir(mode=0o700)
    monkeypatch.delenv("NEO4J_URI", raising=False)
    monkeypatch.setenv("TACGRAPH_HOME", str(folder / "home"))
    on_small_disk("engine", folder, megabytes=160)
