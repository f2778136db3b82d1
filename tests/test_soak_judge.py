"""The judge of growth: a line that climbs is seen through noise and teeth, a level one is left alone."""

from __future__ import annotations

import os
import random
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.leaking import FEWEST, growth, line
from benchmarks.processes import held, size
from benchmarks.soak import counts, judge, passed

MINUTES = [float(n) for n in range(60)]
MEGABYTE = 2.0**20


def noisy(level: float, slope: float, noise: float, seed: int) -> list[float]:
    """A level, a slope a minute, and noise that hangs together from one minute to the next."""
    chance, at, found = random.Random(seed), 0.0, []
    for minute in MINUTES:
        at = 0.6 * at + chance.gauss(0, noise)
        found.append(level + slope * minute + at)
    return found


@given(st.integers(0, 10**6))
def test_a_leak_of_a_megabyte_a_minute_is_seen_through_noise(seed: int) -> None:
    values = noisy(400 * MEGABYTE, MEGABYTE, 2 * MEGABYTE, seed)
    assert growth(MINUTES, values).verdict == "grows"


@given(st.integers(0, 10**6))
def test_noise_alone_never_is_growth_by_more_than_chance(seed: int) -> None:
    values = noisy(400 * MEGABYTE, 0, MEGABYTE, seed)
    assert growth(MINUTES, values).verdict == "steady"


def test_caches_that_fill_in_the_first_quarter_are_no_growth() -> None:
    values = [min(minute, 14.0) * 20 * MEGABYTE + 300 * MEGABYTE for minute in MINUTES]
    assert growth(MINUTES, values).verdict == "steady"


def test_a_handle_a_minute_grows_and_a_saw_without_slope_does_not() -> None:
    assert judge("dashboard.sockets", MINUTES, [40 + m for m in MINUTES])["verdict"] == "grows"
    saw = [40.0 + (m % 5) for m in MINUTES]
    assert judge("dashboard.sockets", MINUTES, saw)["verdict"] == "steady"


def test_what_swings_too_wildly_is_not_known() -> None:
    chance = random.Random(3)
    values = [chance.choice((100.0, 900.0)) for _ in MINUTES]
    assert growth(MINUTES, values).verdict == "not known"


def test_too_few_samples_are_no_judgement() -> None:
    with pytest.raises(ValueError, match="too few"):
        growth(MINUTES[:FEWEST], [1.0] * FEWEST)
    assert "too few" in judge("dashboard.rss", MINUTES[:3], [1.0] * 3)["verdict"]


@given(st.floats(-5, 5), st.floats(-100, 100))
def test_the_line_through_exact_points_is_that_line(slope: float, begin: float) -> None:
    found, low, high = line(MINUTES, [begin + slope * x for x in MINUTES])
    assert found == pytest.approx(slope, abs=1e-6)
    assert low <= found + 1e-9
    assert found <= high + 1e-9


def test_a_growing_figure_or_a_fault_fails_the_soak() -> None:
    good = {
        "growth": {"dashboard.rss": {"verdict": "steady"}},
        "commands": {"load": {"failed": 0}},
        "faults": [],
        "audit_chain_faults": [],
    }
    assert passed(good)
    assert not passed(good | {"growth": {"dashboard.rss": {"verdict": "grows"}}})
    assert not passed(good | {"faults": ["a page says so"]})
    assert not passed(good | {"commands": {"load": {"failed": 1}}})
    assert counts("engine.threads")
    assert not counts("data.loads.bytes")


def test_what_a_process_holds_is_what_it_opened(tmp_path: Path) -> None:
    before = held(os.getpid())
    over = threading.Event()
    thread = threading.Thread(target=over.wait)
    files = [(tmp_path / str(n)).open("wb") for n in range(5)]
    thread.start()
    try:
        files[0].write(b"x" * 1000)
        files[0].flush()
        after = held(os.getpid())
    finally:
        over.set()
        thread.join()
        for file in files:
            file.close()
    assert after["files"] - before["files"] == 5
    assert after["threads"] - before["threads"] == 1
    assert after["rss"] > MEGABYTE
    assert size(tmp_path) == 1000
    with pytest.raises(ProcessLookupError):
        held(2**22 + 1)
