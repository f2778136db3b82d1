"""`tacgraph overload` and `tacgraph certainty` as people and scripts use them."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from analysis.certainty import certainty
from analysis.overload import PARTS, explain
from analysis.tables import Slice
from graphmodel.audit_log import AuditLog
from graphmodel.settings import settings
from tests.test_cli import SMALL, tacgraph

DAY = date(2026, 6, 30)
AS_OF = ("--as-of", DAY.isoformat())


@pytest.fixture
def loaded(on_engine: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert tacgraph("load", str(SMALL)) == 0
    capsys.readouterr()
    return on_engine


def test_overload_is_listed_and_explained(loaded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert tacgraph("overload", *AS_OF, "--warning", "--format", "json") == 0
    found = json.loads(capsys.readouterr().out)
    wanted = explain(Slice.from_folder(SMALL), DAY, settings())
    assert [lead["practitioner_id"] for lead in found["leads"]] == list(wanted.leads["practitioner_id"])
    assert len(found["leads"]) > 0
    for lead in found["leads"]:
        assert sum(lead[name] for name in PARTS) == pytest.approx(lead["points"])
    assert {rule["rule"] for rule in found["back_test"]["rules"]} == {"trend", "one_more"}
    who = found["leads"][0]["practitioner_id"]
    assert tacgraph("overload", *AS_OF, "--practitioner", who, "--format", "json") == 0
    one = json.loads(capsys.readouterr().out)
    assert one["points"] == pytest.approx(found["leads"][0]["points"])
    assert one["changes"] == found["leads"][0]["changes"]
    looks = [e for e in AuditLog(loaded).entries() if e["what"] == "command line: overload"]
    assert [e["about"] for e in looks] == ["working of all leads on 2026-06-30", who]
    assert tacgraph("overload", *AS_OF, "--practitioner", who) == 0
    assert "of capacity:" in capsys.readouterr().out
    assert tacgraph("overload", *AS_OF, "--warning") == 0
    assert who in capsys.readouterr().out


@pytest.mark.usefixtures("loaded")
def test_somebody_who_is_not_there_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert tacgraph("overload", *AS_OF, "--practitioner", "nobody") == 4
    said = capsys.readouterr()
    assert "nobody" in said.err
    assert said.out == ""


@pytest.mark.usefixtures("loaded")
def test_certainty_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert tacgraph("certainty", *AS_OF, "--format", "json") == 0
    found = json.loads(capsys.readouterr().out)
    wanted = certainty(Slice.from_folder(SMALL), DAY, settings())
    assert {k: v for k, v in found.items() if k not in ("version", "agreed_by", "agreed_on")} == json.loads(
        json.dumps(wanted.record())
    )
    assert found["version"] == settings().version
    assert tacgraph("certainty", *AS_OF) == 0
    assert "Each weight alone" in capsys.readouterr().out
