"""The heap that the engine takes unless told otherwise follows the machine's memory."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmodel import memory

GB = 1 << 30


def megabytes(heap: str) -> int:
    assert heap.endswith("m")
    return int(heap[:-1])


@given(st.integers(64 << 20, 4096 * GB))
def test_a_heap_is_an_eighth_within_bounds(held: int) -> None:
    heap = megabytes(memory.heap_for(held)) << 20
    assert heap <= held / 4
    assert heap <= 4 * GB
    assert heap >= min(held // 8, 4 * GB, held // 4) - (1 << 20)
    assert heap == GB or not 4 * GB <= held <= 8 * GB


def test_an_unknown_machine_gets_the_least() -> None:
    assert memory.heap_for(0) == "1024m"


def test_a_container_s_limit_counts_where_it_is_less(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limit = tmp_path / "memory.max"
    monkeypatch.setattr(memory, "_LIMITS", (limit, tmp_path / "none"))
    whole = memory.machine_bytes()
    assert whole > 0
    limit.write_text("max\n", encoding="ascii")
    assert memory.machine_bytes() == whole
    limit.write_text(f"{whole * 2}\n", encoding="ascii")
    assert memory.machine_bytes() == whole
    limit.write_text("2147483648\n", encoding="ascii")
    assert memory.machine_bytes() == min(2 * GB, whole)
    assert memory.default_heap() == memory.heap_for(min(2 * GB, whole))
