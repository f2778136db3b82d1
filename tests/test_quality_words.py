"""Every kind of finding that a load can leave has words for people, and none that it cannot."""

from __future__ import annotations

import ast
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as effort

from analysis.workload import beyond_full_time
from reports.quality import summary
from reports.quality_words import FINDING_WORDS
from tests.naive_day import active
from tests.partnerships import Partnership, partnerships
from tests.test_analysis_catalogue import as_slice

LOADERS = Path(__file__).parent.parent / "loaders"


def stated() -> tuple[set[str], set[str]]:
    """Kinds named in calls that leave a finding, and every text in the loaders' code."""
    kinds: set[str] = set()
    texts: set[str] = set()
    for file in sorted(LOADERS.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts |= {node.value, *node.value.replace("'", " ").split()}
            if isinstance(node, ast.Call) and node.args:
                called = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
                first = node.args[0]
                if called in ("Seen", "seen", "Finding") and isinstance(first, ast.Constant):
                    kinds.add(str(first.value))
    return kinds, texts


def test_every_kind_has_words_and_a_mend() -> None:
    kinds, texts = stated()
    assert len(kinds) > 30
    assert sorted(kinds - FINDING_WORDS.keys()) == []
    assert sorted(FINDING_WORDS.keys() - texts) == []
    assert all(what and mend.endswith(".") for what, mend in FINDING_WORDS.values())


@effort(max_examples=30, deadline=None)
@given(partnerships())
def test_who_has_more_than_a_full_time_post_by_plain_loops(drawn: tuple[Partnership, date]) -> None:
    partnership, day = drawn
    hours: dict[str, list[float]] = {}
    for post in partnership.tables["posts"]:
        if active(post, day):
            hours.setdefault(post["practitioner_id"], []).append(float(post["fte"]))
    wanted = {who: (len(each), sum(each)) for who, each in hours.items() if sum(each) > 1 + 1e-9}
    found = beyond_full_time(as_slice(partnership), day)
    posts = dict(zip(found["practitioner_id"], found["posts"], strict=True))
    fte = dict(zip(found["practitioner_id"], found["fte"], strict=True))
    assert posts == {who: many for who, (many, _) in wanted.items()}
    assert fte == pytest.approx({who: hours for who, (_, hours) in wanted.items()})
    assert list(found["fte"]) == sorted(found["fte"], reverse=True)


def test_the_summary_counts_it() -> None:
    assert "2 practitioners with posts beyond full time" in summary(0, 0, 0, 0, 0, beyond=2)
    assert summary(0, 0, 0, 0, 0, beyond=1) == "1 practitioner with posts beyond full time"
