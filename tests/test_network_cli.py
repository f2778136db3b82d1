"""`tacgraph network` as people and scripts use it."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from analysis.network import Effort
from analysis.network_day import effort_of, network, record
from analysis.tables import Slice
from graphmodel.settings import settings
from tests.test_cli import SMALL, tacgraph

DAY = date(2026, 10, 31)


@pytest.fixture
def loaded(on_engine: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert tacgraph("load", str(SMALL)) == 0
    capsys.readouterr()
    return on_engine


@pytest.mark.usefixtures("loaded")
def test_the_network_as_json_and_as_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert tacgraph("network", "--as-of", "2026-10-31", "--format", "json", "--runs", "200") == 0
    found = json.loads(capsys.readouterr().out)
    agreed = effort_of(settings())
    effort = Effort(200, agreed.restarts, agreed.seed)
    wanted = record(network(Slice.from_folder(SMALL), DAY, settings(), effort=effort))
    assert found == json.loads(json.dumps(wanted))
    assert tacgraph("network", "--as-of", "2026-10-31", "--runs", "20", "--min-weight", "2") == 0
    said = capsys.readouterr().out
    assert f"{found['practitioners']}" in said
    assert "Single points of failure" in said
    assert tacgraph("network", "--as-of", "1999-01-01", "--runs", "20") == 0
    assert "Nobody is tied to anybody." in capsys.readouterr().out
    assert tacgraph("network", "--min-weight", "0") == 2
