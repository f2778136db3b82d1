"""Answers that are kept beside the slice: without loss, without names, made once, and gone with the slice."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import threading
import zlib
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import advice, answers, network_chance, network_day
from analysis.advice import Advice
from analysis.answers import FOLDER, Question, kept_or_made
from analysis.network_day import Network
from analysis.plain_values import Unknown, packed, unpacked
from analysis.tables import Slice
from dashboards import warm
from dashboards.launch import WARMING
from graphmodel.settings import Settings, settings
from graphmodel.store import Store
from loaders.protection.erasing import forget_slices
from tacgraph.example import write_example
from tests.loading import load_quietly

DAY = date(2026, 10, 31)
NAMES = ("name", "first_name", "last_name")


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_example(tmp_path_factory.mktemp("made") / "example", children=120, seed=3, until=DAY).folder


@pytest.fixture
def loaded(embedded_home: Path, example: Path) -> tuple[Path, Slice]:
    load_quietly(example, embedded_home)
    forget_slices(embedded_home)
    with Store.open(embedded_home) as store:
        return embedded_home, Slice.current(store, embedded_home)


def quick(agreed: Settings) -> Settings:
    fewer = agreed.network.model_copy(update={"runs": 10, "restarts": 1})
    return agreed.model_copy(update={"network": fewer})


def same(one: Any, other: Any) -> None:
    """Equal in every field, with the kinds of values they had."""
    assert type(one) is type(other)
    if isinstance(one, pd.DataFrame):
        pd.testing.assert_frame_equal(one, other)
    elif isinstance(one, np.ndarray):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    elif isinstance(one, list | tuple):
        assert len(one) == len(other)
        for a, b in zip(one, other, strict=True):
            same(a, b)
    elif hasattr(one, "__dataclass_fields__"):
        for name in one.__dataclass_fields__:
            same(getattr(one, name), getattr(other, name))
    else:
        assert one == other or (one != one and other != other)  # noqa: PLR0124  (NaN)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text() | st.integers() | st.dates(), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(values)
def test_plain_values_come_back(value: Any) -> None:
    again = unpacked(packed(value))
    assert repr(again) == repr(value)


@given(st.lists(st.tuples(st.text(), st.floats(), st.none() | st.text(), st.lists(st.text()))))
def test_frames_come_back(rows: list[tuple[str, float, str | None, list[str]]]) -> None:
    frame = pd.DataFrame(rows, columns=["who", "value", "maybe", "many"])
    frame["day"] = pd.Series([pd.Timestamp("2026-01-02")] * len(rows), dtype="datetime64[us]")
    frame["mixed"] = pd.Series([np.int64(3)] * len(rows), dtype=object)
    frame["value"] = frame["value"].astype(float)
    for shown in (frame, frame[::-1], frame.iloc[:0]):
        same(shown, unpacked(packed(shown)))


def test_a_network_and_an_advice_come_back(example: Path) -> None:
    held, agreed = Slice.from_folder(example), quick(settings())
    network = network_day.network(held, DAY, agreed)
    same(network, unpacked(packed(network)))
    assert len(network.nodes)
    found = advice.advise(held, DAY, agreed, max_moves=3)
    assert len(found.chosen.moves)
    same(found, unpacked(packed(found)))


@pytest.mark.parametrize(
    "text",
    [
        '{"!":"object","name":"Popen","of":{"args":"true"}}',
        '{"!":"object","name":"Tested","of":{"value":1,"more":2}}',
        '{"!":"code","of":"1"}',
        '{"no":"kind"}',
        '{"!":"array","of":{"dtype":"int64","shape":[2],"values":["x"]}}',
    ],
)
def test_a_text_that_is_no_answer_is_refused(text: str) -> None:
    with pytest.raises((Unknown, ValueError)):
        unpacked(text)
    with pytest.raises(Unknown):
        packed(object())
    assert unpacked(packed(network_chance.Tested(1.0))) == network_chance.Tested(1.0)


class Counted:
    """Something to make, and how often it was made."""

    def __init__(self, value: Any = 1.5) -> None:
        self.value, self.times = value, 0
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.go_on.set()

    def __call__(self) -> Any:
        self.times += 1
        self.begun.set()
        assert self.go_on.wait(20)
        return self.value


def ask(home: Path, held: Slice, make: Callable[[], Any], **more: Any) -> Any:
    return kept_or_made(Question("one", home, held, DAY, settings()), make, **more)


def kept(home: Path) -> list[Path]:
    return sorted((home / "slice" / FOLDER).glob("*.z"))


def test_an_answer_is_made_once_and_kept_for_its_owner_alone(loaded: tuple[Path, Slice]) -> None:
    home, held = loaded
    make = Counted()
    assert [ask(home, held, make) for _ in range(3)] == [1.5] * 3
    assert make.times == 1
    (path,) = kept(home)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    # another process reads the slice from its file, and finds the same answer
    with Store.open(home) as store:
        assert ask(home, Slice.current(store, home), make) == 1.5
    assert make.times == 1


def test_what_changes_the_answer_changes_where_it_is_kept(
    loaded: tuple[Path, Slice], monkeypatch: pytest.MonkeyPatch
) -> None:
    home, held = loaded
    agreed = settings()
    rules = agreed.workload.model_copy(update={"supporting_factor": 0.5})
    asked = Question("one", home, held, DAY, agreed)
    others = [
        Question("two", home, held, DAY, agreed),
        Question("one", home, held, date(2026, 9, 30), agreed),
        Question("one", home, held, DAY, agreed.model_copy(update={"workload": rules})),
    ]
    paths = {x.path for x in (asked, *others)}
    monkeypatch.setattr(answers, "_code", lambda: "another program")
    assert len({*paths, asked.path}) == 5


def test_an_answer_that_is_not_worth_it_is_not_kept(loaded: tuple[Path, Slice]) -> None:
    home, held = loaded
    make = Counted()
    for _ in range(2):
        assert ask(home, held, make, worth=lambda _: False) == 1.5
    assert make.times == 2
    assert kept(home) == []


def test_who_comes_first_waits_and_makes_none_of_their_own(loaded: tuple[Path, Slice]) -> None:
    home, held = loaded
    make = Counted()
    make.go_on.clear()
    found: list[Any] = []
    both = [threading.Thread(target=lambda: found.append(ask(home, held, make))) for _ in range(2)]
    both[0].start()
    assert make.begun.wait(20)
    both[1].start()
    both[1].join(0.2)
    assert both[1].is_alive()
    make.go_on.set()
    for thread in both:
        thread.join(20)
    assert found == [1.5, 1.5]
    assert make.times == 1


def test_a_damaged_file_is_made_anew(loaded: tuple[Path, Slice]) -> None:
    home, held = loaded
    make = Counted()
    ask(home, held, make)
    (path,) = kept(home)
    whole = path.read_bytes()
    for damaged in (b"", whole[:-1], whole[:40] + bytes([whole[40] ^ 1]) + whole[41:]):
        path.write_bytes(damaged)
        assert ask(home, held, make) == 1.5
        assert path.read_bytes() == whole
    assert make.times == 4


def test_a_disk_that_lets_nothing_be_kept_keeps_nobody_from_an_answer(
    loaded: tuple[Path, Slice], monkeypatch: pytest.MonkeyPatch
) -> None:
    home, held = loaded

    def full(*_: Any, **__: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "mkstemp", full)
    assert ask(home, held, Counted()) == 1.5
    monkeypatch.setattr(os, "open", full)
    assert ask(home, held, Counted()) == 1.5


def test_answers_go_with_the_slices(loaded: tuple[Path, Slice], tmp_path: Path) -> None:
    home, held = loaded
    make = Counted()
    ask(home, held, make)
    assert len(kept(home)) == 1
    forget_slices(home)
    # whoever still holds the slice leaves nothing of it behind
    assert ask(home, held, make) == 1.5
    assert not (home / "slice" / FOLDER).exists()
    with Store.open(home) as store:
        Slice.current(store, home)
    ask(home, held, make)
    changed = write_example(tmp_path / "next", children=60, seed=4, until=DAY).folder
    load_quietly(changed, home, replace=True)
    with Store.open(home) as store:
        latest = Slice.current(store, home)
    ask(home, latest, make)
    assert make.times == 4, "another load, another answer"


def test_no_more_than_some_are_kept(loaded: tuple[Path, Slice], monkeypatch: pytest.MonkeyPatch) -> None:
    home, held = loaded
    monkeypatch.setattr(answers, "MOST", 3)
    for n in range(5):
        kept_or_made(Question(f"{n}", home, held, DAY, settings()), Counted(n))
    assert len(kept(home)) == 3


def test_working_ahead_makes_what_the_pages_ask_for_and_names_nobody(
    loaded: tuple[Path, Slice], monkeypatch: pytest.MonkeyPatch
) -> None:
    home, held = loaded
    agreed = quick(settings())
    monkeypatch.setattr(warm, "settings", lambda: agreed)
    monkeypatch.setenv("TACGRAPH_AS_OF", DAY.isoformat())
    warm.work_ahead(home)
    texts = [json.dumps(unpacked_text(path)) for path in kept(home)]
    assert len(texts) == 2

    def never(*_: Any, **__: Any) -> Any:
        raise AssertionError("worked out a second time")

    monkeypatch.setattr(network_day, "network", never)
    monkeypatch.setattr(advice, "advise", never)
    assert isinstance(warm.network(home, held, DAY, agreed), Network)
    assert isinstance(warm.advice(home, held, DAY, agreed), Advice)
    people = held.table("practitioners")["name"].dropna()
    assert len(people)
    assert not [name for name in people for text in texts if name in text]


@pytest.fixture
def ahead(loaded: tuple[Path, Slice], tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The process that a dashboard begins, in a working folder that has a package of the same name."""
    home, _ = loaded
    (tmp_path / "dashboards").mkdir()
    (tmp_path / "dashboards" / "__init__.py").write_text("raise SystemExit(9)", encoding="utf-8")
    few = tmp_path / "few.toml"
    few.write_text("network.runs = 10\nnetwork.restarts = 1\n", encoding="utf-8")
    more = {"TACGRAPH_HOME": str(home), "TACGRAPH_AS_OF": DAY.isoformat(), "TACGRAPH_SETTINGS": str(few)}
    begun = subprocess.Popen(WARMING, stdin=subprocess.PIPE, cwd=tmp_path, env={**os.environ, **more})
    with begun:
        yield begun
        begun.kill()


def test_the_process_of_its_own_works_ahead_and_ends(
    loaded: tuple[Path, Slice], ahead: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    home, held = loaded
    assert ahead.wait(120) == 0
    assert len(kept(home)) == 2
    monkeypatch.setattr(advice, "advise", None)
    monkeypatch.setattr(network_day, "network", None)
    agreed = quick(settings())
    assert isinstance(warm.network(home, held, DAY, agreed), Network)
    assert isinstance(warm.advice(home, held, DAY, agreed), Advice)


def test_it_ends_with_the_dashboard(loaded: tuple[Path, Slice], ahead: subprocess.Popen[bytes]) -> None:
    """While it waits for an answer that somebody else makes: the visitor who asked is gone too."""
    home, held = loaded
    agreed = quick(settings())
    wait = Counted()
    wait.go_on.clear()
    maker = threading.Thread(
        target=lambda: kept_or_made(Question("network", home, held, DAY, agreed), wait, worth=lambda _: False)
    )
    maker.start()
    try:
        assert wait.begun.wait(20)
        with pytest.raises(subprocess.TimeoutExpired):
            ahead.wait(8)
        assert ahead.stdin is not None
        ahead.stdin.close()
        assert ahead.wait(20) == 0
    finally:
        wait.go_on.set()
        maker.join()


def unpacked_text(path: Path) -> str:
    return zlib.decompress(path.read_bytes()[32:]).decode()


def test_the_opening_day_is_the_one_named_or_the_last_of_the_data(
    example: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Slice.from_folder(example)
    monkeypatch.setenv("TACGRAPH_AS_OF", "2025-03-01")
    assert warm.opening_day(held) == date(2025, 3, 1)
    monkeypatch.delenv("TACGRAPH_AS_OF")
    assert held.data_date is not None
    assert warm.opening_day(held) <= held.data_date
