"""The ledger: the graph is what the ledger says stands, whatever was loaded, linked, retired or cut off."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from analysis.readback import SCHEMAS, from_graph
from analysis.tables import Slice
from graphmodel.ledger import LINKS, find_ledger
from graphmodel.store import Store
from loaders import load
from loaders import same as sameness
from loaders.restate import restate
from tests.conftest import anew
from tests.loading import graph, write_tables
from tests.partnerships import Size, random_partnership

Row = dict[str, str]
Tables = dict[str, list[Row]]

TINY = Size(4, 5, 2, 4, 4, 6, 10, 6, 6, 4, 5, 3, 6, 4, 4)
SOURCES = ("ssd", "annex_a", "school", "clinic")
"""Two that the precedence names, two that it does not."""


def link(monkeypatch: pytest.MonkeyPatch, rows: Iterable[tuple[str, str, str]]) -> None:
    """From now on these ids (kind, id, stands for) are one."""
    columns = list(zip(*rows, strict=True)) or [(), (), ()]
    links = pa.table(dict(zip(LINKS.names, columns, strict=True)), schema=LINKS)
    monkeypatch.setitem(vars(sys.modules["loaders.load"]), "same_as", lambda _: sameness.settled(links))


def assert_ledger_is_graph(home: Path) -> None:
    """The second road: every table of the graph, told from the ledger alone."""
    with Store.open(home, "reader") as store:
        held = from_graph(store)
    ledger = find_ledger(home)
    if ledger is None or not ledger.parts:
        # all that was loaded so far was rejected
        assert not any(table.num_rows for table in held.values())
        return
    known = Slice.known(home, datetime.now(UTC))
    for name in SCHEMAS:
        assert known.arrow[name].to_pylist() == held[name].to_pylist(), name


def part_of(tables: Tables, chance: random.Random) -> Tables:
    """Some of the tables, some of their rows, sometimes without a column that need not be there."""
    needed = {
        "agencies": ("agency_id", "name", "sector"),
        "practitioners": ("practitioner_id", "role"),
        "children": ("child_id",),
        "tacs": ("tac_id", "child_id", "opened_on"),
        "assessments": ("assessment_id", "child_id", "practitioner_id", "kind", "started_on"),
        "posts": ("practitioner_id", "agency_id", "started_on", "fte"),
        "memberships": ("tac_id", "practitioner_id", "started_on"),
        "actions": ("action_id", "tac_id", "practitioner_id", "due_on"),
    }
    found: Tables = {}
    for name, rows in tables.items():
        if not rows or chance.random() < 0.25:
            continue
        kept = [row for row in rows if chance.random() < 0.8] or rows[:1]
        columns = list(rows[0])
        spare = [c for c in columns if name in needed and c not in needed[name]]
        if spare and chance.random() < 0.4:
            columns.remove(chance.choice(spare))
        found[name] = [{c: row[c] for c in columns} for row in kept]
    return found or {"agencies": tables["agencies"]}


def random_links(chance: random.Random) -> list[tuple[str, str, str]]:
    """Some ids of each kind that stand for others, as a linkage would have it."""
    found = []
    for kind, letter in (("child", "C"), ("practitioner", "P"), ("agency", "A")):
        ids = [f"{letter}1", f"{letter}-2", f'{letter}"3"', f"{letter},4", f"{letter} 5"]
        chance.shuffle(ids)
        found += [(kind, other, ids[0]) for other in ids[1 : 1 + chance.randrange(3)]]
    return found


def loads(seed: int, count: int) -> list[tuple[str, Tables, bool]]:
    """(source, tables, replace) of a row of loads."""
    chance = random.Random(seed)
    found = []
    for n in range(count):
        tables = random_partnership(seed * 7 + chance.randrange(3), TINY).tables
        found.append((chance.choice(SOURCES), part_of(tables, chance), n > 0 and chance.random() < 0.4))
    return found


def load_all(home: Path, work: Path, row: Sequence[tuple[str, Tables, bool]]) -> None:
    for n, (source, tables, replace) in enumerate(row):
        folder = write_tables(work / str(n), tables)
        load(folder, home=home, source=source, replace=replace)


# each example is a row of loads, seconds long: the same few every time, others by MORE_LOADS=yes
QUICK = settings(
    max_examples=6,
    derandomize="MORE_LOADS" not in os.environ,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@QUICK
@given(seed=st.integers(0, 10**6))
@example(seed=31645)  # every row of the first load is rejected
def test_the_ledger_alone_tells_what_the_graph_holds(
    on_engine: Path, tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    anew(on_engine)
    work = tmp_path_factory.mktemp("loads")
    for n, step in enumerate(loads(seed, 6)):
        load_all(on_engine, work / str(n), [step])
        assert_ledger_is_graph(on_engine)


@QUICK
@given(seed=st.integers(0, 10**6))
@example(seed=106)  # a service names an agency that only a link makes known
@example(seed=2155)  # an agency that nobody states any more, named by others, when its link is undone
def test_links_made_and_undone_leave_the_graph_as_it_would_be_without_them(
    on_engine: Path, tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    chance, work = random.Random(seed), tmp_path_factory.mktemp("links")
    row = loads(seed, 4)
    anew(on_engine)
    with pytest.MonkeyPatch.context() as patch:
        link(patch, [])
        load_all(on_engine, work / "before", row[:2])
        before = graph(on_engine)
        link(patch, random_links(chance))
        restate(on_engine, progress=None)
        assert_ledger_is_graph(on_engine)
        link(patch, [])
        restate(on_engine)
        assert graph(on_engine) == before
        link(patch, random_links(chance))
        load_all(on_engine, work / "linked", row[2:3])
        assert_ledger_is_graph(on_engine)
        link(patch, random_links(chance))
        load_all(on_engine, work / "otherwise", row[3:])
        assert_ledger_is_graph(on_engine)
        link(patch, [])
        restate(on_engine)
        assert_ledger_is_graph(on_engine)
