"""What the dashboard keeps in memory: figures of data that a load has replaced are not among it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from analysis import workload
from dashboards import data, data_overload
from tests.dashboard.conftest import LAST, Partnership


def test_figures_of_replaced_data_are_not_kept(at_home: Partnership, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    real = workload.load_by_practitioner

    def counted(*given: Any) -> Any:
        made.append(1)
        return real(*given)

    monkeypatch.setattr(workload, "load_by_practitioner", counted)
    told: list[int] = []
    monkeypatch.setattr(data, "REPLACED", [*data.REPLACED, lambda: told.append(1)])
    peers = data_overload._peers(LAST, data.held().key, data.held())
    keeper = data._keeper(str(at_home.home))
    before = data.held()
    data.load(before, LAST)
    data.ask_again()
    assert data.held().key == before.key
    data.load(before, LAST)
    assert data_overload._peers(LAST, before.key, before) is peers
    assert not told
    assert len(made) == 1, "kept while the data are the same"
    keeper.held, keeper.graph_key = replace(before, key="data before the load"), None
    data.ask_again()
    assert data.held().key == before.key
    data.load(before, LAST)
    assert told == [1]
    assert data_overload._peers(LAST, before.key, before) is not peers
    assert len(made) == 2, "all figures go with the data that they were of"
