"""The page Ecomap: who gets it, what it shows of one child and one practitioner, and the record it leaves."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from analysis import SECOND_ROADS
from analysis.one_practitioner import colleagues
from graphmodel.audit_log import AuditLog
from graphmodel.settings import settings
from reports import charts
from tests.dashboard.conftest import LAST, Partnership
from tests.dashboard.roles import page_for, signed
from tests.dashboard.test_dashboard import opened, title, words


@pytest.fixture
def child(at_home: Partnership) -> str:
    """The child with most practitioners around it."""
    crowded = SECOND_ROADS["crowded_children"](at_home.tables, LAST, settings(), min_practitioners=1)
    return str(crowded.sort_values("practitioners").iloc[-1]["child_id"])


def ask(test: AppTest, about: str, *, kind: str = "A child", role: str | None = "safeguarding_lead") -> None:
    test.radio(key="ecomap-kind").set_value(kind)
    test.text_input(key="ecomap-id").set_value(about)
    if role is not None:
        test.selectbox(key="ecomap-role").set_value(role)
    test.text_input(key="ecomap-reason").set_value("enquiry 7")
    next(b for b in test.button if b.label == "Show the ecomap").click().run()


def table_of(test: AppTest) -> pd.DataFrame:
    found: pd.DataFrame = next(t.value for t in test.dataframe if "Via" in t.value.columns)
    return found


def test_a_child_is_shown_as_the_query_says_and_recorded(at_home: Partnership, child: str) -> None:
    log = AuditLog(at_home.home)
    before = len(log.entries())
    test = opened("ecomap")
    assert not test.exception
    assert not test.dataframe
    ask(test, child)
    assert not test.error
    wanted = SECOND_ROADS["who_works_with"](at_home.tables, LAST, settings(), child_id=child)
    table = table_of(test)
    assert list(table["Practitioner"]) == list(wanted["practitioner_id"])
    assert list(table["Since"]) == [f"{day:%Y-%m-%d}" for day in wanted["since"]]
    (entry,) = log.entries()[before:]
    assert (entry["role"], entry["reason"], entry["about"]) == (
        "safeguarding_lead",
        "enquiry 7",
        f"child_id={child}",
    )
    assert child not in str(test.query_params)
    test.date_input(key="as_of").set_value(date(2026, 6, 30)).run()
    assert not [t for t in test.dataframe if "Via" in t.value.columns]
    assert child not in words(test).replace(f'value: "{child}"', "")


def test_a_practitioner_is_shown_with_those_in_common_teams(at_home: Partnership) -> None:
    members = at_home.tables.table("memberships")
    who = str(members[members["ended_on"].isna()]["practitioner_id"].mode()[0])
    test = opened("ecomap")
    ask(test, who, kind="A practitioner", role="analyst")
    wanted = colleagues(at_home.tables, LAST, who)
    assert set(table_of(test)["Practitioner"]) == set(wanted["practitioner_id"])
    entry = AuditLog(at_home.home).entries()[-1]
    assert (entry["what"], entry["about"]) == ("ecomap", f"practitioner_id={who}")


@pytest.mark.parametrize("role", ["strategic_manager", "agency_manager", "practitioner", "administrator"])
def test_a_role_without_the_right_gets_nothing(at_home: Partnership, child: str, role: str) -> None:
    log = AuditLog(at_home.home)
    before = len([e for e in log.entries() if not e.get("refused")])
    test = opened("ecomap")
    ask(test, child, role=role)
    assert "may not see rows about a child" in str(test.error[0].value)
    assert not test.dataframe
    assert len([e for e in log.entries() if not e.get("refused")]) == before


@pytest.mark.parametrize("role", ["strategic_manager", "agency_manager", "practitioner", "administrator"])
def test_signed_in_without_the_right_the_page_is_refused(
    at_home: Partnership, monkeypatch: pytest.MonkeyPatch, role: str
) -> None:
    signed(monkeypatch, roles=role, agency_id="A0001", practitioner_id="P00001")
    assert title(page_for("ecomap")) == "You may not see this"
    assert at_home.home.exists()


def test_a_safeguarding_lead_who_signed_in_states_only_the_reason(
    at_home: Partnership, child: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed(monkeypatch, roles="safeguarding_lead")
    test = page_for("ecomap")
    ask(test, child, role=None)
    assert len(table_of(test))
    assert AuditLog(at_home.home).entries()[-1]["who"] == "jo@example.org"


def test_an_unknown_id_is_said(at_home: Partnership) -> None:
    test = opened("ecomap")
    ask(test, "no-such-child")
    assert "No child has the id no-such-child" in str(test.info[-1].value)
    assert at_home.home.exists()


ROWS = pd.DataFrame(
    [
        ("p1", "social_worker", "A", "lead", date(2026, 1, 5)),
        ("p1", "social_worker", "A", "member", date(2026, 1, 2)),
        ("p2", "senco", "B", "intervention", date(2025, 9, 1)),
        ("p3", "gp", None, "assessment", date(2026, 2, 1)),
        ("p<4>", "clown", "A", "member", date(2026, 2, 1)),
    ],
    columns=["practitioner_id", "role", "agency_id", "via", "since"],
)


def test_the_picture_has_one_mark_a_practitioner_and_all_in_words() -> None:
    chart = charts.ecomap(ROWS, centre="Child C1", name=lambda x: str(x or "no post"), source="today")
    assert chart.title == "4 practitioners of 2 agencies work with child C1."
    assert len(chart.table) == len(ROWS)
    marks = next(trace for trace in chart.figure.data if trace.mode == "markers" and len(trace.x) > 1)
    assert len(marks.x) == 4
    said = " ".join(note.text for note in chart.figure.layout.annotations)
    assert "leads the team since 2026-01-05<br>in the team since 2026-01-02" in said
    assert "p&lt;4&gt;" in said
    assert len({marks.marker.symbol[0], *marks.marker.symbol}) == 4
    assert "thick line and star" in chart.summary


def test_nobody_is_said_in_words() -> None:
    chart = charts.ecomap(ROWS.iloc[:0], centre="Child C1", name=str, source="today")
    assert chart.title == "Nobody is on record as working with child C1 on this day."
