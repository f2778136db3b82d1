"""The threat model and the impact assessment name modules and tests: each of them exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.pages import ROOT

PAGES = ("threat-model.md", "dpia.md")


def defined_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def wrong_names(text: str) -> list[str]:
    """What a text names in backquotes that is no file, folder or test here."""
    wrong = []
    for name in re.findall(r"`([\w./-]+/[\w./-]+(?:::\w+)?)`", text):
        path, _, test = name.partition("::")
        file = ROOT / path
        if not file.exists() or (test and test not in defined_in(file)):
            wrong.append(name)
    return wrong


@pytest.mark.parametrize("page", PAGES)
def test_every_module_and_test_that_is_named_exists(page: str) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    assert wrong_names(text) == []
    assert len(re.findall(r"`[\w./-]+/[\w./-]+", text)) >= 10


def test_a_name_that_is_none_is_found() -> None:
    assert wrong_names("see `graphmodel/nowhere.py`") == ["graphmodel/nowhere.py"]
    assert wrong_names("see `tests/test_store.py::test_nothing`") == ["tests/test_store.py::test_nothing"]
    assert wrong_names("see `graphmodel/store.py`, `tests/test_store.py::test_a_reader_cannot_write`") == []


def test_every_abuse_case_has_its_test() -> None:
    text = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
    cases = text.partition("## Abuse cases")[2].partition("\n## ")[0]
    rows = [row for row in cases.splitlines() if row.startswith("| ")][1:]
    assert len(rows) >= 25
    assert [row for row in rows if "`tests/" not in row] == []
