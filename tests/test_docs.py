"""What the pages say is so: computed pages fresh, links and commands good, nothing from one machine."""

from __future__ import annotations

import ast
import os
import re
import shlex
from pathlib import Path
from typing import Any, Final

import pytest
from cyclopts import CycloptsError, MissingArgumentError

import queries
from docs.build import stale
from loaders import load
from queries.answering import check_parameters
from tacgraph import cli
from tests.pages import ROOT, anchors, commands, links, pages
from tests.primer import PRIMER, steps

TEXTS: Final = {page: page.read_text(encoding="utf-8") for page in pages()}
PLACEHOLDERS: Final = {"NAME": "workload", "PATH": "tests/data/small", "OUT": "out", "FILE": "step-1.cypher"}
SAFE: Final = {"query", "fairness", "cypher", "report", "doctor", "load"}
_MACHINE: Final = re.compile(r"(?<![\w.:/~-])/(?:work|home|root|tmp|mnt|Users|opt|srv|build)/\w+|[A-Z]:\\\w")


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def words_of(command: str) -> list[str]:
    """A command line as words, the placeholders of prose filled in."""
    return [PLACEHOLDERS.get(word, word) for word in shlex.split(command)]


def shown_commands() -> dict[str, list[str]]:
    """Every `tacgraph …` of the pages, with where it stands first."""
    found: dict[str, list[str]] = {}
    for page, text in TEXTS.items():
        if page.name != "command-line.md":
            for command in commands(text, "tacgraph"):
                found.setdefault(command, []).append(name_of(page))
    return found


def test_the_computed_pages_are_fresh() -> None:
    assert stale(write=False) == []


def test_every_link_and_picture_leads_somewhere() -> None:
    wrong = []
    for page, text in TEXTS.items():
        for target in links(text):
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            file = (page.parent / path).resolve() if path else page
            inside = file.is_relative_to(ROOT)
            if not inside or not file.exists():
                wrong.append(f"{name_of(page)}: {target} is not there")
            elif anchor and anchor not in anchors(file.read_text(encoding="utf-8")):
                wrong.append(f"{name_of(page)}: {target} has no such heading")
    assert wrong == []


def test_the_front_page_shows_its_pictures_and_what_was_measured() -> None:
    shown = links(TEXTS[ROOT / "README.md"])
    assert len([target for target in shown if re.fullmatch(r"docs/pictures/\w+\.png", target)]) >= 4
    assert "docs/performance.md" in shown
    for target in shown:
        if target.endswith(".png"):
            assert (ROOT / target).read_bytes().startswith(b"\x89PNG"), target


def test_the_front_page_names_every_query_and_every_page_is_reached() -> None:
    front = set(links(TEXTS[ROOT / "README.md"]))
    index = set(links(TEXTS[ROOT / "docs" / "queries.md"]))
    for name in queries.catalogue():
        assert f"docs/queries/{name}.md" in front
        assert f"queries/{name}.md" in index
    for start in (ROOT / "README.md", ROOT / "docs" / "index.md"):
        for page in (ROOT / "docs").glob("*.md"):
            path = os.path.relpath(page, start.parent)
            assert page == start or path in links(TEXTS[start]), f"{name_of(start)} does not lead to {path}"


def test_every_command_is_one() -> None:
    shown, wrong = shown_commands(), []
    saved = {name for command in shown for name in re.findall(r"--save (\w+)", command)}
    for command, where in shown.items():
        try:
            run, bound, _ = cli.app.parse_args(words_of(command), exit_on_error=False, print_error=False)
        except CycloptsError as fault:
            # a command that is only named needs no arguments
            named = isinstance(fault, MissingArgumentError) and not cli.app.parse_commands(command.split())[2]
            if not named:
                wrong.append(f"{where[0]}: tacgraph {command}: {fault}")
            continue
        name = bound.arguments.get("name") if run.__name__ == "query" else None
        if name and name not in saved:
            queries.coerce(name, bound.arguments.get("parameter", ()))
    assert wrong == []
    assert len(shown) > len(queries.catalogue())


def test_a_command_that_is_none_is_found() -> None:
    for words in (["query", "--as-off", "2026-10-31"], ["sing"], ["fairness", "--as-of", "2026-02-30"]):
        with pytest.raises(CycloptsError):
            cli.app.parse_args(words, exit_on_error=False, print_error=False)


def test_commands_that_are_safe_do_what_they_say(
    on_engine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    load(ROOT / "tests" / "data" / "small", home=on_engine)
    here = tmp_path / "here"
    (here / "tests" / "data").mkdir(parents=True)
    (here / "tests" / "data" / "small").symlink_to(ROOT / "tests" / "data" / "small")
    first = next(steps(PRIMER.read_text(encoding="utf-8")))
    (here / "step-1.cypher").write_text(first.cypher, encoding="utf-8")
    monkeypatch.chdir(here)
    ran = []
    for command, where in shown_commands().items():
        words = words_of(command)
        if all(page.startswith(("docs/tutorial/", "docs/how-to/")) for page in where):
            continue  # followed as a whole: tests/test_following.py
        # named only, or with a file of the reader's own
        bare = words in (["cypher"], ["load"], ["report"]) or "FILE" in command.split()
        if words[0] not in SAFE or bare or (words[0] == "load" and not Path(words[1]).exists()):
            continue
        with pytest.raises(SystemExit) as ended:
            cli.main(words)
        captured = capsys.readouterr()
        assert not ended.value.code, f"tacgraph {command}: {captured.err}"
        assert captured.out or captured.err, command
        ran.append(words[0])
    assert set(ran) == SAFE
    assert (here / "reports" / "2026-10").is_dir()


def test_every_call_in_python_is_one_of_the_catalogue() -> None:
    for name, query in queries.catalogue().items():
        text = TEXTS[ROOT / "docs" / "queries" / f"{name}.md"]
        block = re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
        calls = [node for node in ast.walk(ast.parse(block[0])) if isinstance(node, ast.Call)]
        call = next(call for call in calls if ast.unparse(call.func) == "queries.run")
        given = {key.arg: ast.literal_eval(key.value) for key in call.keywords if key.arg}
        assert ast.literal_eval(call.args[0]) == name
        assert given.pop("as_of")
        check_parameters(query, given)


def test_the_code_for_notebooks_runs(on_engine: Path) -> None:
    load(ROOT / "tests" / "data" / "small", home=on_engine)
    section = TEXTS[ROOT / "docs" / "queries.md"].partition("## In a notebook")[2]
    blocks = re.findall(r"^```python\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
    found: dict[str, Any] = {}
    for block in blocks:
        exec(block, found)  # noqa: S102  (the page's own code)
    assert found["frame"].practitioner_id.tolist() == ["p05"]
    assert [len(frame) for frame in found["frames"]] == [1, 2]
    assert found["frames"][1].attrs["as_of"] == "2026-10-31"


def test_every_make_target_exists() -> None:
    known = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    wrong = [
        f"{name_of(page)}: make {command}"
        for page, text in TEXTS.items()
        for command in commands(text, "make")
        if not {word for word in command.split() if "=" not in word} <= known
    ]
    assert wrong == []
    assert {"demo", "test", "check"} <= {c for t in TEXTS.values() for c in commands(t, "make")}


def test_nothing_is_from_one_machine() -> None:
    computed = {file: file.read_text(encoding="utf-8") for file in (ROOT / "docs").rglob("*.svg")}
    wrong = [
        f"{name_of(page)}: {found[0]}"
        for page, text in (TEXTS | computed).items()
        for found in _MACHINE.finditer(text)
    ]
    assert wrong == []
    assert _MACHINE.search("see /home/somebody/data")
    assert not _MACHINE.search("https://example.org/home/x")
