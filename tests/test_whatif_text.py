"""Scenarios as text: read back as they were written, faults in words, and the sentence over a comparison."""

from __future__ import annotations

import json
import math
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.tables import Slice
from analysis.whatif import Scenario, compare
from analysis.whatif_changes import (
    Arrive,
    Change,
    CloseSchools,
    Grow,
    Leave,
    NeedsRise,
    Withdraw,
)
from analysis.whatif_text import change_of, scenario_file, scenario_of, text_of
from graphmodel.errors import SettingsError
from graphmodel.settings import settings
from reports.findings_whatif import what_if
from tests.test_cli import SMALL, tacgraph

D = date(2026, 6, 30)
ids = st.text(
    st.characters(codec="utf-8", exclude_characters=" \t\n\r:", exclude_categories=("C", "Z")), min_size=1
)
numbers = st.integers(1, 99)
changes = st.one_of(
    st.builds(Withdraw, st.one_of(ids, st.just("X:1")), ids, numbers, st.sampled_from(["least", "most"])),
    st.builds(Leave, ids),
    st.builds(Arrive, ids, ids, st.integers(1, 99).map(lambda n: n / 4), st.booleans()),
    st.builds(Grow, numbers.map(lambda n: n / 100)),
    st.builds(CloseSchools),
    st.builds(NeedsRise, numbers.map(lambda n: n / 100)),
)


@given(changes)
def test_a_change_reads_back_as_it_was_written(change: Change) -> None:
    assert change_of(text_of(change)) == change


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("sack P1", "none that is known"),
        ("withdraw A1", "withdraw AGENCY:ROLE:N"),
        ("withdraw A1:gp:two", "withdraw AGENCY:ROLE:N"),
        ("withdraw A1:gp:2:all", "withdraw AGENCY:ROLE:N"),
        ("arrive A1:gp:nan", "arrive AGENCY:ROLE:FTE"),
        ("leaves", "leaves PRACTITIONER"),
        ("grow a lot", "grow 10%"),
        ("close-schools in August", "close-schools"),
    ],
)
def test_a_text_that_is_no_change_is_said(text: str, fault: str) -> None:
    with pytest.raises(SettingsError, match=fault) as caught:
        change_of(text)
    assert text in str(caught.value)


def test_a_scenario_file(tmp_path: Path) -> None:
    file = tmp_path / "august.toml"
    file.write_text(
        'name = "August"\nchanges = ["close-schools", "grow 5%"]\nreassign = true\nscheme = "points-100"\n'
        "[weights.workload]\noverload_threshold = 0.9\n",
        encoding="utf-8",
    )
    found = scenario_file(file)
    assert found.changes == (CloseSchools(), Grow(0.05))
    assert (found.scheme, found.reassign) == ("points-100", True)
    assert found.weights == {"workload": {"overload_threshold": 0.9}}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("change = []", "change: not known"),
        ('changes = "grow 5%"', "changes is not a list of texts"),
        ("reassign = 1", "reassign is not true or false"),
        ("changes = [", "cannot be read"),
        ('changes = ["grow"]', "grow 10%"),
    ],
)
def test_a_faulty_file_is_said(tmp_path: Path, text: str, fault: str) -> None:
    file = tmp_path / "bad.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=fault):
        scenario_file(file)


def test_the_sentence() -> None:
    withdrawn = Scenario((Withdraw("A7", "health_visitor", 2),))
    names = {"A7": "Health trust"}.get
    said = what_if(withdrawn, {"overloaded": 6, "tacs_without_lead": 14}, lambda a: names(a, a))
    assert str(said) == (
        "Without two health visitor posts at Health trust, 6 more leads would be above capacity "
        "and 14 more teams would have nobody to lead them."
    )
    assert said.severity == "watch"
    both = Scenario((Grow(0.1), CloseSchools()), reassign=True)
    said = what_if(both, {"overloaded": -1, "tacs_without_lead": 0})
    assert str(said) == (
        "With 10% more TACs and with schools closed, with leads left open handed on, 1 fewer lead would be "
        "above capacity and as many teams as today would have nobody to lead them."
    )
    assert said.severity == "fine"
    hidden = what_if(withdrawn, {"overloaded": 0, "tacs_without_lead": math.nan})
    assert "a few (c)" in str(hidden)
    assert what_if(Scenario(), {}).severity == "unknown"


# -- the command line ------------------------------------------------------------------------------


@pytest.fixture
def loaded(on_engine: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert tacgraph("load", str(SMALL)) == 0
    capsys.readouterr()
    return on_engine


@pytest.mark.usefixtures("loaded")
def test_what_if_prints_what_is_measured(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    tables = Slice.from_folder(SMALL)
    lead = min(tables.table("leads")["practitioner_id"])
    file = tmp_path / "grown.toml"
    file.write_text('changes = ["grow 50%"]\n', encoding="utf-8")
    words = ("what-if", "--as-of", str(D), "--leaves", lead, "--scenario", str(file), "--reassign")
    assert tacgraph(*words, "--format", "json") == 0
    found = json.loads(capsys.readouterr().out)
    wanted = compare(tables, D, settings(), scenario_of(["grow 50%", f"leaves {lead}"], reassign=True))
    assert found == json.loads(json.dumps(wanted.record()))
    assert found["scenario"] == f"TACs grow by 50%; {lead} leaves; leads left open are handed on"
    assert tacgraph(*words) == 0
    out = capsys.readouterr().out
    assert "With 50% more TACs and without" in out
    assert "TACs without a lead" in out


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (("--leaves", "nobody"), "no practitioner has the id 'nobody'"),
        (("--withdraw", "A1"), "withdraw AGENCY:ROLE:N"),
        (("--scheme", "nope"), "points-100"),
        (("--grow", "0%"), "out of range"),
    ],
)
def test_faults_end_in_one_line(
    words: tuple[str, ...], fault: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tacgraph("what-if", "--as-of", str(D), *words) == 2
    shown = capsys.readouterr()
    assert fault in shown.err
    assert not shown.out


def test_schemes_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert tacgraph("schemes", "--format", "json") == 0
    rows = json.loads(capsys.readouterr().out)
    assert rows[0]["version"] == settings().version
    assert [row["name"] for row in rows[1:]] == ["case-count", "points-100", "points-4-to-10"]
    assert all(row["source"] and row["agreed_by"] for row in rows[1:])
    assert tacgraph("schemes") == 0
    assert "Not expressed" in capsys.readouterr().out
