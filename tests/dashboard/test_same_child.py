"""The page Same child?: who sees which part of it, what a decision does, and that it can be taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from dashboards import data, same_child
from graphmodel.audit_log import AuditLog
from graphmodel.settings import load_settings
from loaders.matching import run
from loaders.matching.identities import SCHEMAS, IdentityStore
from loaders.matching.links import Links, crosswalk
from tests.dashboard.roles import page_for, signed
from tests.dashboard.test_dashboard import title

NAMES = ("Amber", "Birch", "Basket")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data folder with two records that may be one child: the surname agrees, the first name does not."""
    monkeypatch.setenv("TACGRAPH_HOME", str(tmp_path))
    monkeypatch.delenv("NEO4J_URI", raising=False)
    store = IdentityStore(tmp_path)
    for source, first in (("ssd", "Amber"), ("school", "Birch")):
        row = dict.fromkeys(SCHEMAS["child"].names) | {
            "id": f"{source}:1",
            "source": source,
            "space": source,
            "first_name": first,
            "last_name": "Basket",
            "birth_date": "2014-05-06",
            "postcode": "AB1 2CD",
        }
        store.keep("child", source, pa.Table.from_pylist([row], schema=SCHEMAS["child"]))
    report = run.match(tmp_path, load_settings())
    assert report.review["child"] == 1
    yield tmp_path
    data.forget()


def asked(role: str, monkeypatch: pytest.MonkeyPatch, reason: str = "enquiry 7") -> AppTest:
    signed(monkeypatch, roles=role)
    test = page_for("same_child")
    test.text_input(key="same-child-reason").set_value(reason)
    next(b for b in test.button if b.label == "Show the pairs").click()
    return test.run()


def said(test: AppTest) -> str:
    tables = [str(table.value.to_numpy().tolist()) for table in test.dataframe]
    return " ".join([*tables, *(str(block.value) for block in [*test.markdown, *test.header, *test.title])])


def pressed(test: AppTest, key: str) -> AppTest:
    return next(b for b in test.button if b.key == key).click().run()


def test_nothing_is_shown_before_a_reason_and_an_analyst_sees_no_value(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = asked("analyst", monkeypatch, reason="")
    assert not test.dataframe
    assert "no reason was stated" in str(test.error[0].value)
    test = asked("analyst", monkeypatch)
    text = said(test)
    assert "school:1" in text
    assert "differs" in text
    assert not any(name in text for name in NAMES)
    assert not [b for b in test.button if b.key in {f"same-child-{v}" for v in same_child.BUTTONS.values()}]
    (look,) = AuditLog(home).entries()
    assert (look["what"], look["reason"]) == ("pairs of children", "enquiry 7")


def test_a_safeguarding_lead_sees_the_values_decides_and_takes_it_back(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = asked("safeguarding_lead", monkeypatch)
    assert not test.exception
    assert all(name in said(test) for name in NAMES)
    test = pressed(test, "same-child-same")
    assert not test.exception
    assert title(test) == "No pair of records waits for a decision"
    assert "Kept" in str(test.success[0].value)
    assert crosswalk(home).num_rows == 1
    with Links(home) as links:
        (one,) = links.history("child")
        assert (one.verdict, one.who, one.role) == ("same", "jo@example.org", "safeguarding_lead")
    next(b for b in test.button if b.label == "Take it back").click()
    test = test.run()
    assert title(test) == "1 pair of records may be the same child"
    assert crosswalk(home).num_rows == 0
    whats = [entry["what"] for entry in AuditLog(home).entries()]
    assert whats[:3] == ["pairs of children", "identities of two children", "decided: the same child"]
    assert "took a decision back" in whats


def test_others_may_not_see_the_page_and_counts_name_nobody(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for role in ("administrator", "strategic_manager", "practitioner"):
        signed(monkeypatch, roles=role, practitioner_id="p1")
        assert title(page_for("same_child")) == "You may not see this"
    assert same_child.waiting() == {"children": 1}
    assert home.exists()
