"""A lost, refused, silent, slow or broken line to the database: retried where nothing can be done twice."""

from __future__ import annotations

import threading
import time

import pytest

from graphmodel.access import Viewer
from graphmodel.errors import EngineError
from graphmodel.patience import Patience
from tests.faults.conftest import QUICK, Behind
from tests.faults.wire import COMMIT

MANY = 30_000
NUMBERS = f"UNWIND range(1, {MANY}) AS n RETURN n, 'a text that takes some room ' + toString(n) AS text"
MAKE = "UNWIND range(1, 50) AS n CREATE (f:Family {family_id: 'f' + toString(n)}) RETURN count(*) AS made"
COUNT = "MATCH (f:Family) RETURN count(f) AS families"


def asked(behind: Behind) -> int:
    with behind.open() as store:
        return int(store.fetch(COUNT)[0][0])


def test_a_read_broken_in_mid_message_is_asked_again_and_comes_whole(behind: Behind) -> None:
    with behind.open() as store:
        behind.wire.break_after(200_000)
        rows = store.read(NUMBERS, viewer=Viewer.local("test"), checked=True, identifies="no")
        assert [row[0] for row in rows.rows] == list(range(1, MANY + 1))
        behind.wire.break_after(200_000, times=2)
        assert [row[0] for row in store.fetch(NUMBERS)] == list(range(1, MANY + 1))


def test_a_stream_is_begun_again_only_while_nothing_was_handed_out(behind: Behind) -> None:
    with behind.open() as store:
        behind.wire.break_after(1)
        assert sum(len(rows) for rows in store.stream(NUMBERS, chunk=1_000)) == MANY
        chunks = store.stream(NUMBERS, chunk=1_000)
        assert len(next(chunks)) == 1_000
        behind.wire.cut()
        with pytest.raises(EngineError, match="went away in the middle of the work"):
            list(chunks)


def test_a_refused_line_is_said_in_time(behind: Behind) -> None:
    with behind.open() as store:
        behind.wire.cut()
        begun = time.monotonic()
        with pytest.raises(EngineError, match=r"the database at bolt://127.0.0.1:\d+: went away") as told:
            store.fetch(COUNT)
        assert time.monotonic() - begun < QUICK.retry_seconds + 3
        assert "run it again" in str(told.value)
        assert told.value.exit_code == 3
    with pytest.raises(EngineError, match="cannot be reached"):
        behind.open()


def test_a_silent_line_does_not_hang(behind: Behind) -> None:
    with behind.open(patience=Patience(connect_seconds=2, silence_seconds=1, retry_seconds=0)) as store:
        behind.wire.hold()
        begun = time.monotonic()
        with pytest.raises(EngineError, match="did not answer for 1 second"):
            store.fetch(COUNT)
        with pytest.raises(EngineError, match="cannot be reached"):
            behind.open()
        assert time.monotonic() - begun < 10
        behind.wire.mend()
        assert store.fetch(COUNT) == [[0]]


def test_a_slow_line_is_no_fault(behind: Behind) -> None:
    with behind.open() as store:
        behind.wire.slow(0.3)
        assert store.fetch(COUNT) == [[0]]


def test_a_line_that_comes_back_in_time_is_waited_for(behind: Behind) -> None:
    with behind.open("writer") as store:
        behind.wire.cut()
        threading.Timer(0.8, behind.wire.mend).start()
        assert store.fetch(COUNT) == [[0]]
        behind.wire.reset()
        assert store.write(MAKE)[0] == [[50]]
    assert asked(behind) == 50


def test_a_write_whose_commit_was_not_answered_is_not_done_twice(behind: Behind) -> None:
    with behind.open("writer") as store:
        behind.wire.lose_answer_to(COMMIT)
        with pytest.raises(EngineError, match="whether the last change was taken is not known"):
            store.write(MAKE)
    assert asked(behind) in (0, 50)


def test_a_write_lost_before_its_commit_is_done_once(behind: Behind) -> None:
    with behind.open("writer") as store:
        behind.wire.lose_answer_to(b"CREATE (f:Family")
        assert store.write(MAKE)[0] == [[50]]
    assert asked(behind) == 50
