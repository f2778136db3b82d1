"""`tacgraph fairness` with all of its options."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from analysis import fairness
from analysis.tables import Slice
from graphmodel.settings import settings
from tests.test_cli import SMALL, tacgraph

D = date(2026, 6, 30)


@pytest.fixture
def loaded(on_engine: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert tacgraph("load", str(SMALL)) == 0
    capsys.readouterr()
    return on_engine


@pytest.mark.usefixtures("loaded")
def test_full_and_months_add_keys_and_change_none(capsys: pytest.CaptureFixture[str]) -> None:
    words = ("fairness", "--as-of", str(D), "--format", "json")
    assert tacgraph(*words) == 0
    plain = json.loads(capsys.readouterr().out)
    assert tacgraph(*words, "--full", "--months", "2") == 0
    found = json.loads(capsys.readouterr().out)
    assert {key: found[key] for key in plain if key != "agencies"} == {
        key: plain[key] for key in plain if key != "agencies"
    }
    for less, more in zip(plain["agencies"], found["agencies"], strict=True):
        assert {key: more[key] for key in less} == less
    tables = Slice.from_folder(SMALL)
    test = fairness.expected_leads(tables, D, settings()).set_index("agency_id")
    for row in found["agencies"]:
        for key in ("expected", "expected_low", "expected_high", "p_adjusted"):
            assert row[key] == pytest.approx(test.loc[row["agency_id"], key])
    sectors = fairness.expected_by_sector(tables, D, settings())
    assert [row["sector"] for row in found["sectors"]] == list(sectors["sector"])
    assert [row["day"] for row in found["trend"]] == ["2026-04-30", "2026-05-31", "2026-06-30"]
    assert found["trend"][-1]["hoover"] == pytest.approx(found["hoover"])


@pytest.mark.usefixtures("loaded")
def test_discretionary_is_the_other_figure(capsys: pytest.CaptureFixture[str]) -> None:
    assert tacgraph("fairness", "--as-of", str(D), "--discretionary", "--format", "json") == 0
    found = json.loads(capsys.readouterr().out)
    wanted = fairness.fairness(Slice.from_folder(SMALL), D, settings(), discretionary=True)
    assert found["discretionary"] is True
    assert found["hoover"] == wanted.hoover
    assert [a["tacs_led"] for a in found["agencies"]] == list(wanted.agencies["tacs_led"])


@pytest.mark.usefixtures("loaded")
def test_the_table_says_it_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert tacgraph("fairness", "--as-of", str(D), "--full", "--months", "3") == 0
    shown = capsys.readouterr()
    assert "95 % between" in shown.out
    assert "2026-03-31" in shown.out
    assert "Given who sits in which team" in shown.err
    assert tacgraph("fairness", "--months", "0") == 2
    assert "Give 1 to 120" in capsys.readouterr().err
