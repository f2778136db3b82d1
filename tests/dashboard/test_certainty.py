"""Marks beside findings, the page How sure, and the lower half of the overload page, without a browser."""

from __future__ import annotations

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from analysis.certainty import certainty
from analysis.overload import explain
from analysis.warning import back_test, early_warning
from graphmodel.settings import settings
from reports import findings_overload
from reports.words import SUPPRESSED
from tests.dashboard.conftest import LAST, Partnership
from tests.dashboard.roles import page_for, signed
from tests.dashboard.test_dashboard import opened, title, words


def table_with(test: AppTest, *columns: str) -> pd.DataFrame:
    found: pd.DataFrame = next(
        t.value for t in test.dataframe if all(column in t.value.columns for column in columns)
    )
    return found


def test_the_list_says_how_sure_each_overload_is(at_home: Partnership) -> None:
    table = table_with(opened("overload"), "Since", "How sure")
    leads = certainty(at_home.tables, LAST, settings()).leads.set_index("practitioner_id")
    wanted = leads["verdict"].to_dict()
    assert list(table["How sure"]) == [wanted[who] for who in table["Practitioner"]]
    assert len(set(table["How sure"])) > 1


def test_a_lead_is_explained_and_another_when_chosen(at_home: Partnership) -> None:
    test = opened("overload")
    found = explain(at_home.tables, LAST, settings())
    for who in list(found.leads["practitioner_id"])[:3]:
        test.selectbox(key="working").set_value(who).run()
        said = words(test)
        row = found.of(str(who))
        assert findings_overload.made_of(row) in said
        assert findings_overload.tipped(row, row["changes"]) in said.replace("\\'", "'")
        assert findings_overload.beside(row, "").split("(half")[1][:30] in said


def test_the_warning_stands_beside_its_judgement(at_home: Partnership) -> None:
    test = opened("overload")
    rows = early_warning(at_home.tables, LAST, settings(), planned=True)
    table = table_with(test, "One more lead would do")
    assert set(table["Practitioner"]) == set(rows["practitioner_id"])
    judged = back_test(at_home.tables, LAST, settings())
    assert len(judged.months) == 24
    for rule in ("trend", "one_more"):
        assert findings_overload.judged(judged.rules, rule, better=judged.better(rule)) in words(test)
    months = table_with(test, "Came true of as many fullest")
    assert list(months["Came true"]) == list(judged.months["hits"])


def test_how_sure_shows_every_weight_and_hides_what_fairness_hides(at_home: Partnership) -> None:
    test = opened("certainty")
    found = certainty(at_home.tables, LAST, settings())
    assert f"of the {len(found.overloaded):,} leads above capacity" in title(test)
    weights = table_with(test, "Weight or rule")
    assert len(weights) == len(found.weights)
    assert settings().version in words(test)
    agencies = table_with(test, "Same side of fair in")
    fairness = table_with(opened("fairness"), "How sure", "Times fair share")
    for frame in (agencies, fairness):
        hidden = frame["Times fair share"] == SUPPRESSED
        assert ((frame["How sure"] == SUPPRESSED) == hidden).all()
    assert (agencies["Times fair share"] == SUPPRESSED).any()
    ranks = [int(x) for x in agencies["Rank"] if x != SUPPRESSED]
    assert ranks[0] == 1
    assert max(ranks) <= len(ranks)


def test_findings_that_rest_on_weights_are_marked_and_others_are_not(at_home: Partnership) -> None:
    test = opened("overview")
    assert at_home.home.exists()
    lines = [str(m.value) for m in test.markdown if str(m.value)[:2] in {f"{n}." for n in range(1, 8)}]
    marks = ("-badge[Robust]", "-badge[Leaning]", "-badge[Depends on the weights]")
    for line in lines:
        rests = any(text in line for text in ("above capacity", "fair share", "of the lead work", "Gini"))
        if "No agency" not in line:
            assert any(mark in line for mark in marks) == rests, line
    assert sum(any(mark in line for mark in marks) for line in lines) >= 2


@pytest.mark.parametrize("page", ["overload", "certainty"])
def test_a_strategic_manager_sees_no_practitioner(
    at_home: Partnership, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed(monkeypatch, roles="strategic_manager")
    test = page_for(page)
    assert not test.exception
    said = words(test)
    people = at_home.tables.table("practitioners")["practitioner_id"]
    assert not [who for who in people if who in said]
