"""The workbench as Streamlit runs it: its rows are those of `queries.answer`, and it says why it refuses."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

import queries
from dashboards import data
from dashboards.workbench import ANSWER, OWN_TEXT, Answer
from graphmodel.access import Viewer
from graphmodel.audit_log import AuditLog
from graphmodel.errors import AccessRefused
from graphmodel.settings import settings
from queries import catalogue
from queries.terms import local
from reports.words import heading
from tests.dashboard.conftest import LAST, Partnership
from tests.dashboard.test_dashboard import address, opened, title, words

ANALYST = Viewer("test", "analyst", "a test")
LEADS_BY_ROLE = """
MATCH (p:Practitioner)-[l:LEADS]->(t:Tac)
WHERE l.started_on <= $as_of AND (l.ended_on IS NULL OR $as_of < l.ended_on)
RETURN p.role AS role, count(DISTINCT t) AS tacs_led
ORDER BY tacs_led DESC, role
"""


def workbench(query: str = "", **asked: str) -> AppTest:
    """The page with this query in its address."""
    test = opened("overview", **asked)
    test.switch_page("../pages/workbench.py").run()
    if query:
        test.query_params["query"] = query
        test.run()
    return test


def press(test: AppTest, label: str = "Run") -> str:
    """Press a button by its label; the errors said then."""
    next(b for b in test.button if b.label == label).click().run()
    assert not test.exception
    return " ".join(str(e.value) for e in test.error)


def state(test: AppTest, role: str | None = "analyst", reason: str = "checking a figure") -> None:
    test.selectbox(key="workbench-role").set_value(role)
    test.text_input(key="workbench-reason").set_value(reason)


def rows_of(test: AppTest) -> list[tuple[Any, ...]]:
    """The rows behind the table on the page."""
    held: Answer = test.session_state[ANSWER]
    return held.result.rows.rows


def again(name: str, **parameters: Any) -> list[tuple[Any, ...]]:
    """The rows by the other way in, as of the last day."""
    return queries.answer(name, as_of=LAST, store=data.store(), viewer=ANALYST, **parameters).rows.rows


def test_the_catalogue_is_searched_by_words_and_tags(at_home: Partnership) -> None:
    test = workbench()
    assert not test.exception
    assert title(test) == f"{len(catalogue())} questions to put to the graph"
    said = words(test)
    plain = said.replace("'", "").replace("\\", "")
    questions = [local(query).question.replace("'", "") for query in catalogue().values()]
    assert [question for question in questions if question not in plain] == []
    test.text_input(key="workbench-search").set_value("school practitioners").run()
    keys = {b.key for b in test.button if str(b.key).startswith("choose-")}
    assert "choose-crowded_schools" in keys
    assert len(keys) < 5
    test.text_input(key="workbench-search").set_value("").run()
    test.pills(key="workbench-tags").set_value(["fairness"]).run()
    keys = {str(b.key) for b in test.button if str(b.key).startswith("choose-")}
    assert keys == {f"choose-{q.name}" for q in catalogue().values() if "fairness" in q.tags}
    test.text_input(key="workbench-search").set_value("xyzzy").run()
    assert "No query has all of these words" in str(test.info[0].value)
    assert at_home.home.exists()


def test_a_query_chosen_stands_in_the_address(at_home: Partnership) -> None:
    test = workbench()
    next(b for b in test.button if b.key == "choose-agency_fairness").click().run()
    assert address(test, "query") == ["agency_fairness"]
    assert address(test, "as_of") == [LAST.isoformat()]
    assert title(test) == catalogue()["agency_fairness"].title
    press(test, "All questions")
    assert address(test, "query") == []
    assert "questions" in title(test)
    test = workbench("no_such_query")
    assert [w for w in test.warning if "no_such_query" in str(w.value)]
    assert at_home.home.exists()


def test_a_query_that_names_nobody_runs_as_the_catalogue_says(at_home: Partnership) -> None:
    test = workbench("agency_fairness")
    assert not [s for s in test.selectbox if s.key == "workbench-role"]
    assert not press(test)
    wanted = again("agency_fairness")
    assert len(wanted) > 3
    assert rows_of(test) == wanted
    table = next(t.value for t in test.dataframe if "disparity" in t.value.columns)
    assert list(table["disparity"].dropna()) == [
        row[[c.name for c in catalogue()["agency_fairness"].columns].index("disparity")]
        for row in wanted
        if row[[c.name for c in catalogue()["agency_fairness"].columns].index("disparity")] is not None
    ]
    said = " ".join(str(c.value) for c in test.caption)
    assert "all rows" in said
    assert str(data.held().slice.load_id) in said
    top = max((row for row in wanted if row[-1] is not None), key=lambda row: row[-1])
    test.selectbox(key="figure-agency_fairness").set_value("disparity").run()
    assert f"Disparity is highest for {data.held().agency_names[top[0]]}" in words(test)
    assert at_home.home.exists()


def test_parameters_of_the_widgets_reach_the_query(at_home: Partnership) -> None:
    test = workbench("overloaded_leads")
    threshold = test.number_input(key="p-overloaded_leads-threshold")
    assert threshold.value == settings().workload.overload_threshold
    assert "agreed in the settings" in str(threshold.help)
    assert json.loads(str(test.json[0].value))["points_per_fte"] == settings().workload.points_per_fte
    threshold.set_value(1.5)
    state(test)
    before = len(AuditLog(at_home.home).entries())
    assert not press(test)
    wanted = again("overloaded_leads", threshold=1.5)
    assert 0 < len(wanted) < len(again("overloaded_leads"))
    assert rows_of(test) == wanted
    entry = AuditLog(at_home.home).entries()[before]
    assert (entry["role"], entry["reason"], entry["what"]) == (
        "analyst", "checking a figure", "overloaded_leads",
    )  # fmt: skip
    assert entry["rows"] == len(wanted)
    browser = next(str(c.value) for c in test.code if ":param" in str(c.value))
    assert ":param threshold => 1.5;" in browser
    assert f":param as_of => date('{LAST.isoformat()}');" in browser


def test_rows_about_children_need_role_and_reason_and_are_recorded(at_home: Partnership) -> None:
    log = AuditLog(at_home.home)
    test = workbench("multiple_leads")
    before = len(log.entries())
    state(test, None)
    assert "no role was stated" in press(test)
    state(test, "analyst", "  ")
    assert "no reason was stated" in press(test)
    state(test, "strategic_manager", "curious")
    assert "may not see rows about a child" in press(test)
    assert ANSWER not in test.session_state
    (entry,) = log.entries()[before:]
    assert (entry["role"], entry["rows"], entry["what"]) == ("strategic_manager", 0, "multiple_leads")
    assert "may not see rows about a child" in entry["refused"]
    before += 1
    state(test, "safeguarding_lead", "two leads reported")
    assert not press(test)
    assert rows_of(test) == again("multiple_leads")
    assert rows_of(test)
    entry = log.entries()[before]
    assert (entry["role"], entry["reason"], entry["what"]) == (
        "safeguarding_lead", "two leads reported", "multiple_leads",
    )  # fmt: skip
    assert log.verify() == []


def test_a_parameter_that_must_be_given_is_asked_for(at_home: Partnership) -> None:
    test = workbench("who_works_with")
    state(test)
    assert "is not given" in press(test)
    child = at_home.tables.table("tacs")["child_id"].iloc[0]
    test.text_input(key="p-who_works_with-child_id").set_value(child)
    assert not press(test)
    assert rows_of(test) == again("who_works_with", child_id=child)
    assert AuditLog(at_home.home).entries()[-1]["about"] == f"child_id={child}"
    assert child not in str(test.query_params)


def test_another_day_or_query_does_not_show_old_rows(at_home: Partnership) -> None:
    test = workbench("collaboration")
    assert not press(test)
    held = len(test.dataframe)
    assert held
    test.selectbox(key="month").set_value(date(2026, 6, 30)).run()
    assert not test.dataframe
    assert [i for i in test.info if "30 June 2026" in str(i.value)]
    assert not press(test)
    wanted = queries.answer("collaboration", as_of="2026-06-30", store=data.store(), viewer=ANALYST)
    assert rows_of(test) == wanted.rows.rows
    test.query_params["query"] = "service_directory"
    test.run()
    assert not test.dataframe
    assert at_home.home.exists()


def test_limits_say_when_they_bite(at_home: Partnership) -> None:
    test = workbench("service_directory")
    test.number_input(key="workbench-rows").set_value(3)
    assert not press(test)
    assert len(rows_of(test)) == 3
    assert [w for w in test.warning if "row limit of 3" in str(w.value)]
    assert "the first rows only" in " ".join(str(c.value) for c in test.caption)
    test = workbench(OWN_TEXT)
    state(test)
    many = " ".join(f"UNWIND range(1, 3000) AS {name}" for name in "abc")
    slow = f"{many} RETURN sum(a * b * c) AS n"
    test.text_area(key="workbench-text").set_value(slow)
    test.number_input(key="workbench-seconds").set_value(1)
    assert "was stopped after 1 seconds" in press(test)
    assert at_home.home.exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("CREATE (n:Child {child_id: 'x'}) RETURN n", "only read"),
        ("MATCH (n:Child) SET n.name = 'x' RETURN n", "only read"),
        ("MATCH (n) DETACH DELETE n", "only read"),
        ("MATCH (n:Child) RETURN n.nhs_number_hash AS h", "nhs_number_hash"),
        ("MATCH (n:Child RETURN n", "query"),
        ("RETURN $nobody AS x", "nobody"),
        ("  ", "says nothing"),
    ],
)
def test_free_text_is_refused_in_words(at_home: Partnership, text: str, said: str) -> None:
    count = "MATCH (n) RETURN count(n) AS n"
    before = data.store().fetch(count)
    looks = len(AuditLog(at_home.home).entries())
    test = workbench(OWN_TEXT)
    state(test)
    test.text_area(key="workbench-text").set_value(text)
    refused = press(test)
    assert "Not run" in refused
    assert said in refused
    assert ANSWER not in test.session_state
    assert data.store().fetch(count) == before
    # a refused text is on the record; a parameter that is missing is no refusal
    left = AuditLog(at_home.home).entries()[looks:]
    assert [(entry["what"], entry["rows"]) for entry in left] == [("free text", 0)] * (said != "nobody")
    assert all(entry["about"].startswith("sha256:") and entry["refused"] for entry in left)


def test_free_text_without_a_reason_is_refused(at_home: Partnership) -> None:
    test = workbench(OWN_TEXT)
    state(test, "analyst", "")
    assert "no reason was stated" in press(test)
    state(test, "agency_manager", "curious")
    assert "may not see rows about a child" in press(test)
    assert ANSWER not in test.session_state
    assert at_home.home.exists()


def test_names_are_not_for_an_analyst_under_any_alias(at_home: Partnership) -> None:
    test = workbench(OWN_TEXT)
    state(test)
    test.text_area(key="workbench-text").set_value("MATCH (p:Practitioner) RETURN p.name AS role")
    assert "may not see named practitioners (the text reads p.name)" in press(test)
    test.text_area(key="workbench-text").set_value("MATCH (a:Agency) RETURN a.name AS name")
    assert not press(test)
    assert {row[0] for row in rows_of(test)} == set(at_home.tables.table("agencies")["name"])


def test_free_text_runs_is_saved_and_found(at_home: Partnership) -> None:
    test = workbench(OWN_TEXT)
    state(test)
    text = LEADS_BY_ROLE.replace("p.role AS", "p.role AS").replace("ORDER", "// of $least or more\nORDER")
    text = text.replace("count(DISTINCT t) AS tacs_led", "count(DISTINCT t) + $plus AS tacs_led")
    test.text_area(key="workbench-text").set_value(text)
    test.text_area(key="workbench-pairs").set_value("plus = 0\n")
    assert not press(test)
    wanted = data.store().read(LEADS_BY_ROLE, {"as_of": LAST}, viewer=ANALYST).rows
    assert rows_of(test) == wanted
    assert len(wanted) > 3

    test.text_input(key="save-name").set_value("workload")
    assert "is a query of the catalogue" in press(test, "Save")
    test.text_input(key="save-name").set_value("leads_by_role")
    test.text_input(key="save-question").set_value("Who leads, by role?")
    assert not press(test, "Save")
    path = at_home.home / "queries" / "leads_by_role.cypher"
    assert path.exists()
    try:
        press(test, "Open it")
        assert address(test, "query") == ["leads_by_role"]
        state(test)
        assert not press(test)
        assert rows_of(test) == sorted(wanted)
        test = workbench()
        assert "choose-leads_by_role" in {b.key for b in test.button}
        assert "Who leads, by role?" in words(test)
        path.write_text(path.read_text().replace("RETURN", "SET p.role = 'x' RETURN"))
        test = workbench("leads_by_role")
        assert "choose-leads_by_role" not in {b.key for b in test.button}
        assert [w for w in test.warning if "is refused" in str(w.value)]
    finally:
        path.unlink()


def test_a_copy_of_a_query_can_be_edited_and_run(at_home: Partnership) -> None:
    test = workbench("transitions_due")
    press(test, "Edit a copy")
    assert address(test, "query") == [OWN_TEXT]
    assert str(test.text_area(key="workbench-text").value) == catalogue()["transitions_due"].text
    state(test)
    assert not press(test)
    assert rows_of(test) == again("transitions_due")
    assert at_home.home.exists()


# -- over time -------------------------------------------------------------------------------------


@given(st.from_regex(r"[a-z][a-z0-9_]{0,30}", fullmatch=True))
def test_a_heading_is_plain_and_never_empty(name: str) -> None:
    said = heading(name)
    assert said
    assert said.strip("_") == said or not name.strip("_").replace("_id", "")


def test_headings_of_the_catalogue_are_plain_and_differ_within_a_query() -> None:
    for query in catalogue().values():
        heads = [heading(name) for name in query.column_names]
        assert len(set(heads)) == len(heads), query.name
        assert not [head for head in heads if "_" in head]
    assert heading("tacs_led") == "TACs led"
    assert heading("child_id") == "Child"


def test_a_viewer_is_made_only_of_role_and_reason() -> None:
    from dashboards.asking import Stated  # noqa: PLC0415

    assert Stated("analyst", " why ").viewer().reason == "why"
    for stated in (Stated(None, "why"), Stated("analyst", " ")):
        with pytest.raises(AccessRefused):
            stated.viewer()
