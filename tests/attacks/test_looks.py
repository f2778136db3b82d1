"""Every road on which a child or a named person is looked at leaves a line, also when it is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Final, cast

import pytest

from graphmodel.access import Viewer
from graphmodel.audit_log import AuditLog
from loaders.matching.links import Proposal
from tacgraph import cli
from tests.attacks.conftest import LAST, PERSON, Hostile
from tests.dashboard.roles import page_for, signed
from tests.dashboard.test_dashboard import opened

DAY: Final = ("--as-of", LAST.isoformat())
CHILD: Final = "C000100"
TEXT: Final = "MATCH (c:Child) RETURN c.child_id AS x LIMIT 1"
# what is asked, and what of the record must say of it
ROADS: Final[dict[str, tuple[tuple[str, ...], str]]] = {
    "a query about a child": (
        ("query", "who_works_with", *DAY, "-p", f"child_id={CHILD}", "--reason", "test"),
        CHILD,
    ),
    "the same over time": (
        ("query", "who_works_with", "--from", "2026-08", "--to", "2026-09", "-p", f"child_id={CHILD}"),
        CHILD,
    ),
    "the same as a file": (
        ("query", "multiple_tacs", *DAY, "--format", "csv", "--reason", "test"),
        "multiple_tacs",
    ),
    "own text": (("cypher", "{text}", "--reason", "test"), "free text"),
    "own text that is refused": (("cypher", "{refused}", "--reason", "test"), "free text"),
    "who should lead": (("who-should-lead", "T000060", *DAY, "--reason", "test"), "who should lead"),
    "handovers": (("advise", *DAY), "advise"),
    "the working of one lead": (("overload", *DAY, "--practitioner", PERSON), PERSON),
    "the working of all leads": (("overload", *DAY, "--format", "json"), "all leads"),
    "a changed partnership": (("what-if", *DAY, "--leaves", PERSON, "--format", "json"), "what-if"),
    "where facts come from": (("where-from", "child", CHILD, "--reason", "test"), CHILD),
    "where a team comes from": (("where-from", "tac", "T000001", "--reason", "test"), "T000001"),
    "where a name comes from": (("where-from", "practitioner", "P00002", "--reason", "test"), "P00002"),
    "where facts come from, for no reason": (("where-from", "child", CHILD), ""),
    "pairs to decide": (("match", "--review", "--reason", "test"), "list pairs"),
    "all that is held": (("subject-access", CHILD, "--reason", "test", "--out", "{out}"), CHILD),
    "an export": (("export", "{folder}", "--reason", "test"), "export"),
    "a backup": (("backup", "{archive}"), "backup"),
    "a pack with names": (
        ("report", "--month", "2026-09", "--agency", "A0003", "--reason", "test", "--out", "{folder}"),
        "A0003",
    ),
}


def run(words: tuple[str, ...], tmp_path: Path) -> int:
    """A command with files of the test's own."""
    (tmp_path / "text.cypher").write_text(TEXT, encoding="utf-8")
    (tmp_path / "refused.cypher").write_text("MATCH (n) DETACH DELETE n", encoding="utf-8")
    places = {
        "text": "text.cypher", "refused": "refused.cypher", "out": "o.json", "folder": "f", "archive": "a",
    }  # fmt: skip
    named = {name: str(tmp_path / file) for name, file in places.items()}
    with pytest.raises(SystemExit) as ended:
        cli.main([word.format(**named) if word.startswith("{") else word for word in words])
    return int(ended.value.code or 0)


@pytest.mark.parametrize("road", ROADS)
def test_a_look_leaves_a_line(
    at_hostile: Hostile, road: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words, told = ROADS[road]
    log = AuditLog(at_hostile.home)
    before = len(log.entries())
    code = run(words, tmp_path)
    entries = log.entries()[before:]
    if code and "no reason" in road:
        # nothing was shown
        assert CHILD not in capsys.readouterr().out
        return
    assert entries, capsys.readouterr().err
    assert any(told in f"{entry['what']} {entry['about']}" for entry in entries)
    assert log.verify() == []


def test_the_same_pair_looked_at_in_another_role_leaves_another_line(
    at_hostile: Hostile, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dashboards import same_child  # noqa: PLC0415

    class Pair:
        """Two ids."""

        pair = (CHILD, "C000101")

    monkeypatch.setattr("streamlit.session_state", {})
    log = AuditLog(at_hostile.home)
    before = len(log.entries())
    for who in (Viewer("a", "safeguarding_lead", "one"), Viewer("b", "safeguarding_lead", "another")):
        for _ in range(2):
            same_child._values(cast("Proposal", Pair()), who)
    assert [entry["who"] for entry in log.entries()[before:]] == ["a", "b"]


@pytest.mark.parametrize("page", ["ecomap", "same_child", "workbench", "overload", "advice", "quality"])
def test_no_page_shows_anybody_before_it_was_asked(at_hostile: Hostile, page: str) -> None:
    log = AuditLog(at_hostile.home)
    before = len(log.entries())
    test = opened(page)
    assert not test.exception
    children = set(at_hostile.tables["children"]["child_id"])
    names = {name for name in at_hostile.tables["practitioners"]["name"] if "Surname" in name}
    shown = " ".join(str(table.value) for table in (*test.dataframe, *test.table))
    assert not [one for one in (*children, *names) if one in shown]
    assert len(log.entries()) == before


def test_a_page_asked_for_without_the_right_leaves_a_line(
    at_hostile: Hostile, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed(monkeypatch, roles="strategic_manager")
    log = AuditLog(at_hostile.home)
    before = len(log.entries())
    page_for("audit")
    (entry,) = log.entries()[before:]
    assert (entry["who"], entry["what"], entry["about"]) == ("jo@example.org", "page", "audit")
    assert "may not see the audit record" in entry["refused"]
