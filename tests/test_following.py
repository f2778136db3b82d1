"""The tutorial and the how-tos, followed: each `sh` block runs, in order, and prints what stands below it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs.following import DOCS, FOLLOWED, Follower, NotAsSaid, followed, follower, plain
from tests.pages import commands


@pytest.fixture
def somebody(tmp_path: Path) -> Iterator[Follower]:
    with follower(tmp_path) as one:
        yield one


def page(name: str) -> str:
    return (DOCS / f"{name}.md").read_text(encoding="utf-8")


def test_following_the_pages_gives_what_they_show(somebody: Follower, tmp_path: Path) -> None:
    for name in FOLLOWED:
        text = page(name)
        came = followed(text, somebody, tmp_path)
        # line by line, so that a difference is readable
        assert came.splitlines() == text.splitlines(), name
    assert len(somebody.ran) > 80
    assert sum(line.startswith("tacgraph ") for line in somebody.ran) > 60


def test_every_page_of_tutorial_and_how_tos_is_followed_or_says_that_it_cannot_be() -> None:
    there = {str(file.relative_to(DOCS).with_suffix("")) for file in DOCS.glob("*/*.md")}
    there = {name for name in there if name.startswith(("tutorial/", "how-to/"))}
    left_out = there - set(FOLLOWED)
    assert left_out == {"tutorial/index", "how-to/index", "how-to/neo4j-server"}
    for name in left_out:
        assert "```sh" not in page(name), f"{name} has a block that nobody runs"
    for name in FOLLOWED:
        assert commands(page(name), "tacgraph"), name
        assert page(name).count("```text") <= page(name).count("```sh"), name
        assert not re.search(r"^ +```", page(name), re.MULTILINE), f"{name}: an indented block is not run"


def test_a_result_that_is_another_one_and_a_command_that_fails_are_found(
    somebody: Follower, tmp_path: Path
) -> None:
    shown = "```sh\necho one\necho two | tr a-z A-Z\n```\n\n```text\none\nTWO\n```\n"
    assert followed(shown, somebody, tmp_path) == shown
    other = shown.replace("TWO", "THREE")
    assert followed(other, somebody, tmp_path) == shown
    with pytest.raises(NotAsSaid, match="false"):
        followed("```sh\nfalse\n```\n", somebody, tmp_path)
    with pytest.raises(NotAsSaid, match="tacgraph query nothing"):
        followed("```sh\ntacgraph query nothing\n```\n", somebody, tmp_path)
    assert followed("```bash\nfalse\n```\n", somebody, tmp_path) == "```bash\nfalse\n```\n"


def test_what_is_set_holds_for_the_blocks_after_it(somebody: Follower, tmp_path: Path) -> None:
    somebody.block("mkdir deep\ncd deep\nexport COLOUR='dark blue'\n")
    assert somebody.block('echo "$COLOUR"; pwd\n') == f"dark blue\n{tmp_path}/deep\n"
    somebody.block("tacgraph --version > version\n")
    assert re.fullmatch(r"\d+\.\d+\.\d+\s", (tmp_path / "deep" / "version").read_text(encoding="utf-8"))
    assert somebody.block("tacgraph --version | tr . _\n").count("_") == 2


def test_what_differs_from_run_to_run_is_left_out() -> None:
    here = Path("/here")
    told = "Load 20261122T132642-ad430a at /here/our-data/x, 21 rows in 27.5 s (1 rows a second)"
    assert plain(told, here, here) == "Load 20261102T090000-5ac0de at our-data/x, 21 rows in 1.2 s"
    assert plain("7 rows were rejected on 2026-10-31", here, here) == "7 rows were rejected on 2026-10-31"
