"""The page Audit: who may open it, what it finds, and that it leaves a record of itself."""

from __future__ import annotations

import pandas as pd
import pytest

from dashboards.audit import about_it
from graphmodel.access import Viewer
from graphmodel.audit_log import AuditLog
from tests.dashboard.conftest import Partnership
from tests.dashboard.roles import page_for, signed
from tests.dashboard.test_dashboard import opened, title, words

LOOKER = Viewer("una", "safeguarding_lead", "enquiry 7")


@pytest.fixture
def with_looks(at_home: Partnership) -> AuditLog:
    """A record with some looks, and one without a reason."""
    log = AuditLog(at_home.home)
    for number in range(3):
        log.record(LOOKER, "who_works_with", about=f"child_id=C{number}", rows=5)
    log.record(Viewer("dua", "analyst"), "own text", about="child", rows=9)
    return log


def test_it_shows_no_look_before_a_reason_was_stated(with_looks: AuditLog) -> None:
    test = opened("audit")
    assert not test.exception
    assert "the record is whole" in title(test)
    assert "child_id=C1" not in words(test)
    assert "enquiry 7" not in words(test)
    people = next(t.value for t in test.dataframe if "Looks" in t.value.columns)
    assert {"una", "dua"} <= set(people["Who"])
    assert with_looks.verify() == []


def test_looks_come_unusual_first_and_looking_leaves_a_record(with_looks: AuditLog) -> None:
    test = opened("audit")
    before = len(with_looks.entries())

    def ask(role: str, reason: str) -> None:
        test.selectbox(key="audit-role").set_value(role)
        test.text_input(key="audit-reason").set_value(reason)
        next(b for b in test.button if b.label == "Show the looks").click().run()

    ask("analyst", "curious")
    assert "may not see the audit record" in str(test.error[0].value)
    assert len(with_looks.entries()) == before

    ask("administrator", "monthly review")
    table = next(t.value for t in test.dataframe if "About" in t.value.columns)
    assert len(table) == before
    assert "no reason stated" in table["Unusual"].iloc[0]
    found = with_looks.entries()
    assert len(found) == before + 1
    assert (found[-1]["role"], found[-1]["reason"], found[-1]["rows"]) == (
        "administrator",
        "monthly review",
        before,
    )

    test.text_input(key="audit-about").set_value("C2").run()
    table = next(t.value for t in test.dataframe if "About" in t.value.columns)
    assert set(table["About"]) == {"child_id=C2"}
    assert "asked_about=C2" in with_looks.entries()[-1]["about"]
    test.run()
    assert len(with_looks.entries()) == before + 2
    assert with_looks.verify() == []


def test_an_id_is_not_found_within_a_digest_by_chance() -> None:
    told = [
        "sha256:c46c217baf MATCH (n) RETURN n",
        "child_id=C2",
        "sha256:00c2 MATCH (n {child_id: 'C2'}) RETURN n",
    ]
    rows = pd.DataFrame({"about": told})
    assert list(about_it(rows, "c2")["about"]) == told[1:]
    assert list(about_it(rows, "sha256:c46")["about"]) == told[:1]


def test_an_altered_record_is_said_with_what_to_do(with_looks: AuditLog) -> None:
    text = with_looks.path.read_text(encoding="utf-8")
    try:
        with_looks.path.write_text(text.replace('"rows": 5', '"rows": 4', 1), encoding="utf-8")
        test = opened("audit")
        assert "the record has been altered" in title(test)
        assert "What to do" in words(test)
    finally:
        with_looks.path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("role", ["strategic_manager", "analyst", "safeguarding_lead", "agency_manager"])
def test_other_roles_are_refused(at_home: Partnership, monkeypatch: pytest.MonkeyPatch, role: str) -> None:
    signed(monkeypatch, roles=role, agency_id="A0001")
    test = page_for("audit")
    assert title(test) == "You may not see this"
    assert "may not see the audit record" in str(test.error[0].value)
    assert not test.dataframe
    assert at_home.home.exists()


def test_an_administrator_who_signed_in_is_asked_only_for_the_reason(
    with_looks: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed(monkeypatch, roles=["administrator"])
    test = page_for("audit")
    assert "audit-role" not in {box.key for box in test.selectbox}
    test.text_input(key="audit-reason").set_value("monthly review")
    next(b for b in test.button if b.label == "Show the looks").click().run()
    assert [t for t in test.dataframe if "About" in t.value.columns]
    last = with_looks.entries()[-1]
    assert (last["who"], last["role"]) == ("jo@example.org", "administrator")
