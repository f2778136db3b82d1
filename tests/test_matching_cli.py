"""`tacgraph match` as people use it: link, list, decide, take back; on both engines."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphmodel.audit_log import AuditLog
from loaders import load
from tests.loading import write_tables
from tests.test_cli import tacgraph
from tests.test_matching_loads import ONE, TWO, children, partner, unlinked

__all__ = ["unlinked"]

WHY = ("--reason", "two records of one child?")


@pytest.fixture
def two_sources(unlinked: Path, tmp_path: Path) -> Path:
    load(partner(tmp_path / "a", "c"), home=unlinked, source="authority")
    load(partner(tmp_path / "b", "school:", first_name="Ambre"), home=unlinked, source="school")
    return unlinked


def test_match_links_and_a_decision_parts_them_and_is_taken_back(
    two_sources: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    both, linked = ["c1", "c2", "school:1", "school:2"], ["c1", "c2"]
    assert tacgraph("match", "--dry-run") == 0
    assert "dry run" in capsys.readouterr().err
    assert sorted(children(two_sources)) == both
    assert tacgraph("match") == 0
    said = capsys.readouterr().err
    assert "2 ids moved in the graph" in said
    assert not {"Amber", "Basket", ONE["nhs_number"]} & set(said.split())
    assert sorted(children(two_sources)) == linked
    assert tacgraph("match", "decide", "c1", "school:1", "--different", *WHY) == 0
    assert sorted(children(two_sources)) == ["c1", "c2", "school:1"]
    assert tacgraph("match", "undo", "c1", "school:1", *WHY) == 0
    assert sorted(children(two_sources)) == linked
    looks = [entry["what"] for entry in AuditLog(two_sources).entries()]
    assert looks[-2:] == ["matching: decide different", "matching: undo a decision"]
    assert AuditLog(two_sources).verify() == []


def test_pairs_to_decide_are_listed_by_id_alone(
    unlinked: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    twice = [{"child_id": "c1", **ONE}, {"child_id": "c9", **ONE}, {"child_id": "c2", **TWO}]
    load(write_tables(tmp_path / "a", {"children": twice}), home=unlinked, source="authority")
    assert tacgraph("match") == 0
    assert "1 pairs need somebody" in " ".join(capsys.readouterr().err.split())
    assert sorted(children(unlinked)) == ["c1", "c2", "c9"]
    assert tacgraph("match", "--review", *WHY) == 0
    said = capsys.readouterr().err
    assert "c1" in said
    assert "c9" in said
    assert "Amber" not in said


def test_faults_are_said_and_change_nothing(two_sources: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (
        ("decide", "c1", "school:1", *WHY),
        ("decide", "c1", "school:1", "--same", "--different", *WHY),
        ("undo", "c1", "school:1", *WHY),
    ):
        assert tacgraph("match", *words) > 0, words
        assert "Traceback" not in capsys.readouterr().err
    assert sorted(children(two_sources)) == ["c1", "c2", "school:1", "school:2"]


def test_forgotten_identities_are_gone(two_sources: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert tacgraph("match", "forget") == 0
    assert "files of identity records deleted" in capsys.readouterr().err
    assert not [
        file for file in (two_sources / "identity").rglob("*") if file.is_file() and file.name != ".lock"
    ]
