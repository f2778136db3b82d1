"""One's own load, and what is done with “this is wrong”: the pages My load and Data quality."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from analysis import workload
from analysis.one_practitioner import teams_of
from dashboards import keeping
from graphmodel.access import Viewer
from graphmodel.audit_log import AuditLog
from graphmodel.settings import settings
from reports import quality
from tests.dashboard.conftest import LAST, Partnership
from tests.dashboard.roles import page_for, signed
from tests.dashboard.test_dashboard import opened, title, words


@pytest.fixture
def busy(at_home: Partnership) -> str:
    """The practitioner with the most points."""
    load = workload.load_by_practitioner(at_home.tables, LAST, settings())
    return str(load.sort_values("points").iloc[-1]["practitioner_id"])


def table_with(test: AppTest, column: str) -> pd.DataFrame:
    found: pd.DataFrame = next(t.value for t in test.dataframe if column in t.value.columns)
    return found


def test_without_a_sign_in_one_is_chosen_and_no_team_is_named(at_home: Partnership, busy: str) -> None:
    test = opened("me")
    assert not test.exception
    assert title(test) == "Your own load and its working"
    test.selectbox(key="me").set_value(busy).run()
    assert title(test).startswith("You lead ")
    table = table_with(test, "Needs level")
    wanted = teams_of(at_home.tables, LAST, settings(), busy)
    assert list(table["Points"]) == list(wanted["points"].round(2))
    assert "TAC" not in table.columns
    assert not [tac for tac in wanted["tac_id"] if tac in words(test)]


def test_whoever_signs_in_sees_the_own_load_with_teams_on_the_record(
    at_home: Partnership, busy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed(monkeypatch, roles="practitioner", practitioner_id=busy)
    log = AuditLog(at_home.home)
    before = len(log.entries())
    test = page_for("me")
    assert "me" not in {box.key for box in test.selectbox}
    wanted = teams_of(at_home.tables, LAST, settings(), busy)
    assert list(table_with(test, "Needs level")["TAC"]) == list(wanted["tac_id"])
    test.run()
    (entry,) = log.entries()[before:]
    assert (entry["who"], entry["about"], entry["rows"]) == ("jo@example.org", f"TACs of {busy}", len(wanted))
    others = set(at_home.tables.table("practitioners")["practitioner_id"]) - {busy}
    assert not [who for who in others if who in words(test)]


def test_an_id_that_the_data_do_not_know_is_said(
    at_home: Partnership, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed(monkeypatch, roles="practitioner", practitioner_id="nobody-7")
    test = page_for("me")
    assert title(test) == "You are in no team and have no post on this day"
    assert at_home.home.exists()


def test_what_is_said_to_be_wrong_is_kept_as_choices_and_listed(at_home: Partnership, busy: str) -> None:
    path = at_home.home / keeping.WRONG
    test = opened("me")
    test.selectbox(key="me").set_value(busy).run()
    next(b for b in test.button if b.label == "This is wrong").click().run()
    assert "choose a figure" in str(test.error[0].value)
    assert not path.exists()
    try:
        test.selectbox(key="wrong-figure").set_value("tacs_led")
        test.selectbox(key="wrong-fault").set_value("ended")
        next(b for b in test.button if b.label == "This is wrong").click().run()
        assert "Kept" in str(test.success[0].value)
        (line,) = keeping.kept(path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        led = workload.load_by_practitioner(at_home.tables, LAST, settings()).set_index("practitioner_id")[
            "tacs_led"
        ]
        assert (line["practitioner_id"], line["figure"], line["fault"], line["shown"]) == (
            busy, "tacs_led", "ended", led[busy],
        )  # fmt: skip
        seen = opened("quality")
        assert "1 figure said to be wrong" in title(seen)
        table = table_with(seen, "What is wrong")
        assert list(table["Practitioner"]) == [busy]
        assert list(table["Figure"]) == ["TACs I lead"]
        # whoever sees to the data gets the id, no name
        assert "By" not in table.columns
        assert line["who"]
        assert line["who"] not in [str(cell) for cell in table.to_numpy().ravel()]
    finally:
        path.unlink(missing_ok=True)


def test_no_field_takes_free_text(at_home: Partnership, busy: str) -> None:
    test = opened("me")
    test.selectbox(key="me").set_value(busy).run()
    assert not test.text_input
    assert not test.text_area
    assert at_home.home.exists()


def test_quality_counts_what_the_load_and_the_data_say(at_home: Partnership) -> None:
    test = opened("quality")
    assert not test.exception
    (folder,) = (at_home.home / "loads").glob("2*")
    load = table_with(test, "Outcome").iloc[0]
    assert load["Load"] == folder.name
    assert load["Outcome"] == "loaded"
    found = quality.listed(folder, quality.FINDINGS)
    assert found is not None
    assert len(found) == load["Findings"]
    by_kind = table_with(test, "What to do")
    assert by_kind["Cases"].sum() == len(found)
    lacking = workload.without_capacity(at_home.tables, LAST, settings())
    if len(lacking):
        assert list(table_with(test, "Points")["Practitioner"]) == list(lacking["practitioner_id"])


def test_the_rows_need_a_role_and_a_reason(at_home: Partnership) -> None:
    log = AuditLog(at_home.home)
    before = len(log.entries())
    test = opened("quality")

    def ask(role: str, reason: str) -> None:
        test.selectbox(key="rows-role").set_value(role)
        test.text_input(key="rows-reason").set_value(reason)
        next(b for b in test.button if b.label == "Show the rows").click().run()

    ask("administrator", "mending the load")
    assert "may not see rows about a child" in str(test.error[0].value)
    (refused,) = log.entries()[before:]
    assert (refused["what"], refused["role"], refused["rows"]) == ("rejects and findings", "administrator", 0)
    assert "may not see rows about a child" in refused["refused"]
    ask("analyst", "mending the load")
    assert list(table_with(test, "ids").columns) == list(quality.FINDING_COLUMNS)
    assert log.entries()[-1]["what"] == "rejects and findings"


def test_a_fault_is_told_without_the_value_of_a_row() -> None:
    rejects = pd.DataFrame(
        [
            ("leads.csv", "2", "ended_on", "2026-01-01", "is before started_on (2026-02-03)"),
            ("leads.csv", "9", "ended_on", "2025-01-01", "is before started_on (2025-12-24)"),
            ("tacs.csv", "3", "child_id", "C77", "no row of children has 'C77'"),
        ],
        columns=list(quality.REJECT_COLUMNS),
    )
    found = quality.by_fault(rejects)
    assert list(found["rows"]) == [2, 1]
    assert list(found["fault"]) == ["is before started_on …", "no row of children has …"]
    assert quality.by_fault(rejects.iloc[:0]).empty


def test_lines_are_kept_for_whoever_wrote_them(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    assert keeping.kept(path) == []
    for number in range(3):
        keeping.keep(path, Viewer("jo", "practitioner"), number=number, text="line\nbreak é")
    assert [line["number"] for line in keeping.kept(path)] == [0, 1, 2]
    assert json.loads(path.read_text(encoding="utf-8").splitlines()[0])["who"] == "jo"
