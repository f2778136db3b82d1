"""The page Advice: what it says is what the optimiser gives; nobody's team without role and reason."""

from __future__ import annotations

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from analysis.advice import advise
from analysis.advice_lead import who_should_lead
from dashboards.handovers import summed_up
from graphmodel.audit_log import AuditLog
from graphmodel.settings import settings
from tests.dashboard.conftest import LAST, Partnership
from tests.dashboard.roles import page_for, signed
from tests.dashboard.test_dashboard import opened, title, words


def test_the_page_says_what_the_optimiser_gives(at_home: Partnership) -> None:
    test = opened("advice")
    assert not test.exception
    held = advise(at_home.tables, LAST, settings())
    assert held.chosen.plan.proven
    options = test.selectbox(key="point").options
    assert len(options) == len(held.points)
    test.selectbox(key="point").set_value(options[-1]).run()
    last = held.chosen
    over, fte = held.before["overloaded"], int((last.unhelped["verdict"] == "fte").sum())
    assert title(test).startswith(f"{last.handovers} handovers would ")
    then = last.figures["overloaded"]
    assert f"overloaded leads from {over} down to {then};" in title(test)
    assert f"{fte} leads need more FTE" in title(test)
    table = next(t.value for t in test.dataframe if "Points off unfairness" in t.value.columns)
    assert list(table["Why"]) == list(last.moves["reason"])
    assert list(table["From"]) == list(last.moves["from_practitioner_id"])
    left = next(t.value for t in test.dataframe if "What would help" in t.value.columns)
    assert list(left["Practitioner"]) == list(last.unhelped["practitioner_id"])


def test_today_is_a_point_too(at_home: Partnership) -> None:
    test = opened("advice")
    test.selectbox(key="point").set_value(test.selectbox(key="point").options[0]).run()
    assert not test.exception
    assert title(test).startswith("Without a handover ")
    assert not [t for t in test.dataframe if "Points off unfairness" in t.value.columns]
    assert at_home.home.exists()


def test_small_numbers_of_handovers_between_agencies_are_hidden(at_home: Partnership) -> None:
    test = opened("advice")
    test.selectbox(key="point").set_value(test.selectbox(key="point").options[-1]).run()
    tables = [t.value for t in test.dataframe if list(t.value.columns) == ["From", "To", "Handovers"]]
    for table in tables:
        assert (table["Handovers"] > 5).all()
    assert "Pairs with a small number" in words(test)
    last = advise(at_home.tables, LAST, settings()).chosen
    whole = summed_up(last.moves.assign(From="all", To="all"), 5)
    assert whole["Handovers"].tolist() == [last.handovers]
    few = summed_up(last.moves.head(8).assign(From=list("aaaaaaab"), To="c"), 5)
    assert few.empty
    assert summed_up(last.moves.head(0).assign(From="", To=""), 5).empty


def test_an_agency_with_no_handover_is_shown_all_the_same(at_home: Partnership) -> None:
    last = advise(at_home.tables, LAST, settings()).chosen
    touched = {*last.moves["from_agency_id"], *last.moves["to_agency_id"]}
    apart = sorted({*at_home.tables.table("agencies")["agency_id"]} - touched)
    assert apart, "no agency of this partnership is out of it"
    for agency in apart[:2]:
        test = opened("advice", agency=agency)
        test.selectbox(key="point").set_value(test.selectbox(key="point").options[-1]).run()
        assert not test.exception
        assert "Pairs with a small number" in words(test)


def test_a_filter_of_agencies_opens_no_pair(at_home: Partnership, monkeypatch: pytest.MonkeyPatch) -> None:
    signed(monkeypatch, roles="strategic_manager")
    last = advise(at_home.tables, LAST, settings()).chosen

    def pairs_of(**asked: str) -> set[tuple[str, ...]]:
        test = page_for("advice", **asked)
        test.selectbox(key="point").set_value(test.selectbox(key="point").options[-1]).run()
        assert not test.exception
        tables = [t.value for t in test.dataframe if list(t.value.columns) == ["From", "To", "Handovers"]]
        return {tuple(map(str, row)) for table in tables for row in table.to_numpy()}

    whole = pairs_of()
    touched = {*last.moves["from_agency_id"].dropna(), *last.moves["to_agency_id"].dropna()}
    for agency in sorted(touched)[:6]:
        assert pairs_of(agency=agency) <= whole


def show_teams(test: AppTest, role: str) -> None:
    test.selectbox(key="advice-teams-role").set_value(role)
    test.text_input(key="advice-teams-reason").set_value("to carry them out")
    next(b for b in test.button if b.label == "Show teams").click().run()


def test_teams_are_shown_after_role_and_reason_and_on_the_record(at_home: Partnership) -> None:
    test = opened("advice")
    log = AuditLog(at_home.home)
    before = len(log.entries())
    show_teams(test, "strategic_manager")
    assert "may not see rows about a child" in str(test.error[0].value)
    (refused,) = log.entries()[before:]
    assert (refused["what"], refused["role"]) == ("dashboard: handovers by team", "strategic_manager")
    assert "may not see rows about a child" in refused["refused"]
    show_teams(test, "safeguarding_lead")
    table = next(t.value for t in test.dataframe if "TAC" in t.value.columns)
    assert set(table["TAC"]) <= set(at_home.tables.table("tacs")["tac_id"])
    entry = log.entries()[-1]
    assert (entry["what"], entry["role"], entry["rows"]) == (
        "dashboard: handovers by team",
        "safeguarding_lead",
        len(table),
    )


def test_who_should_lead_one_team(at_home: Partnership) -> None:
    tacs = at_home.tables.table("tacs")
    at = pd.Timestamp(LAST)
    live = tacs[(tacs["opened_on"] <= at) & (tacs["closed_on"].isna() | (at < tacs["closed_on"]))]
    tac = str(live["tac_id"].iloc[0])
    test = opened("advice")
    test.text_input(key="who-leads-tac").set_value(tac)
    test.selectbox(key="who-leads-role").set_value("safeguarding_lead")
    test.text_input(key="who-leads-reason").set_value("a new lead is needed")
    next(b for b in test.button if b.label == "Show the team").click().run()
    assert not test.exception
    table = next(t.value for t in test.dataframe if "Role asked for" in t.value.columns)
    wanted = who_should_lead(at_home.tables, tac, LAST, settings())
    assert list(table["Practitioner"]) == list(wanted.members["practitioner_id"])
    assert AuditLog(at_home.home).entries()[-1]["about"] == f"tac_id={tac}"
    test.text_input(key="who-leads-tac").set_value("nobody")
    next(b for b in test.button if b.label == "Show the team").click().run()
    assert "not known" in str(test.error[0].value)
