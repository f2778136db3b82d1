"""What the command line prints of the data moves no terminal, is no mark-up, and breaks no table."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from graphmodel.letters import letters
from tacgraph import cli, console
from tests.attacks.conftest import CHILD, EVIL, LAST, NAMES, PERSON, Hostile

TURNS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f"


def printed(table: console.Table) -> str:
    """The table as a terminal that draws colours and links gets it."""
    stream = io.StringIO()
    Console(file=stream, width=400, force_terminal=True, color_system="truecolor").print(table)
    return stream.getvalue()


@given(st.lists(st.sampled_from(NAMES) | st.text(max_size=30), min_size=1, max_size=4))
def test_a_cell_a_head_and_a_title_are_letters(texts: list[str]) -> None:
    table = console.Table(*texts, title=texts[0])
    table.add_row(*texts)
    shown = printed(table)
    # all that a terminal obeys here is the program's own bold and italic
    for own in ("\x1b[1m", "\x1b[3m", "\x1b[0m"):
        shown = shown.replace(own, "")
    assert "\x1b" not in shown
    assert not any(c in shown for c in TURNS)


def test_what_is_said_is_letters(capsys: pytest.CaptureFixture[str]) -> None:
    for speak in (console.say, console.warn, console.tell):
        for name in NAMES:
            speak(name)
    caught = capsys.readouterr()
    assert "owned" in caught.out
    assert "owned" in caught.err
    for text in (caught.out, caught.err):
        assert "\x1b" not in text
        assert not any(c in text for c in TURNS)


COMMANDS = (
    ("query", "workload", "--as-of", LAST.isoformat()),
    ("query", "service_directory", "--as-of", LAST.isoformat()),
    (
        "query",
        "who_works_with",
        "--as-of",
        LAST.isoformat(),
        "-p",
        f"child_id={CHILD}",
        "--reason",
        "\x1b[2J",
    ),
    ("query", "\x1b]0;owned\x07[/b]"),
    ("fairness", "--as-of", LAST.isoformat()),
    ("overload", "--as-of", LAST.isoformat(), "--practitioner", PERSON),
    ("where-from", "agency", "A0008"),
    ("where-from", "agency", "A0009"),
    ("where-from", "practitioner", PERSON, "--reason", "a test"),
    ("what-if", "--as-of", LAST.isoformat(), "--leaves", PERSON),
    ("who-should-lead", "[/b]\x1b[2J", "--reason", "a test"),
)


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: f"{words[0]}-{words[1][:9].strip('-')}")
def test_no_command_prints_what_a_name_orders(
    at_hostile: Hostile, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    assert ended.value.code in (0, 4)
    caught = capsys.readouterr()
    said = caught.out + caught.err
    assert said.strip()
    assert letters(said) == said
    assert at_hostile.home.exists()


def test_a_name_with_markup_is_printed_as_it_is(
    at_hostile: Hostile, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        cli.main(["where-from", "agency", "A0008"])
    assert f"[link=https://{EVIL}/r]Clinic[/link]" in " ".join(capsys.readouterr().out.split())
    assert at_hostile.home.exists()
