"""Graphs as earlier versions left them become today's, step by step, wherever a step is cut off.

`tests/data/graphs` holds what each earlier version made of the tables in its `files`, a row a line.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from graphmodel import migrations
from graphmodel.errors import EngineError
from graphmodel.migrations import Migration
from graphmodel.store import Store
from loaders import load
from loaders.backup.graph import shapes
from tests.loading import facts, tables_in_graph

GRAPHS = Path(__file__).parent / "data" / "graphs"
FILES = GRAPHS / "files"
EARLIER = {"0.1.0": migrations.UNSTATED, "0.2.0": migrations.UNSTATED, "0.3.0": 2}
"""Which version of the model each wrote."""


def fill_as(store: Store, version: str) -> None:
    """Make the graph that an earlier version left, without what today's model adds."""
    known = {shape.name: shape for shape in shapes()}
    store.write("MATCH (n) DETACH DELETE n")
    rows: dict[str, list[list[Any]]] = {}
    for line in (GRAPHS / f"{version}.jsonl").read_text(encoding="utf-8").splitlines():
        name, *row = json.loads(line)
        rows.setdefault(name, []).append(row)
    for name, shape in known.items():
        for *ends, values in rows.get(name, []):
            columns = {k: "date" if isinstance(v, Mapping) else "value" for k, v in values.items()}
            cells = [v["date"] if isinstance(v, Mapping) else v for v in values.values()]
            made = store.write(shape.writing(columns), rows=[[*ends, *cells]])  # type: ignore[arg-type]
            assert made == [[[1]]], (name, ends)


@pytest.fixture
def admin(on_engine: Path) -> Iterator[Store]:
    with Store.open(on_engine, "admin") as store:
        yield store
        store.write("MATCH (n) DETACH DELETE n")
        store.apply_model()


def stated(store: Store) -> list[list[Any]]:
    return store.fetch("MATCH (m:Model) RETURN m.model_id, m.version")


@pytest.mark.parametrize("version", EARLIER)
def test_an_earlier_graph_becomes_todays(admin: Store, on_engine: Path, version: str) -> None:
    load(FILES, home=on_engine)
    expected, tables = facts(admin), tables_in_graph(admin)
    fill_as(admin, version)
    assert stated(admin) == ([[migrations.MODEL_ID, EARLIER[version]]] if version == "0.3.0" else [])
    assert migrations.version_of(admin) == EARLIER[version]
    admin.apply_model()
    assert stated(admin) == [[migrations.MODEL_ID, migrations.current()]]
    assert tables_in_graph(admin) == tables
    report = load(FILES, home=on_engine)
    assert not any(c.created or c.retired or c.rejected for c in report.tables.values())
    assert facts(admin) == expected


def test_a_fresh_graph_is_of_today_at_once(admin: Store) -> None:
    admin.write("MATCH (n) DETACH DELETE n")
    assert migrations.version_of(admin) is None
    admin.apply_model()
    assert stated(admin) == [[migrations.MODEL_ID, migrations.current()]]
    before = facts(admin)
    admin.apply_model()
    assert facts(admin) == before


def test_a_newer_graph_is_refused_and_stays_as_it_is(admin: Store, on_engine: Path) -> None:
    load(FILES, home=on_engine)
    newer = migrations.current() + 1
    admin.write("MATCH (m:Model) SET m.version = $version RETURN count(*) AS n", version=newer)
    before = facts(admin)
    with pytest.raises(EngineError, match="newer model"):
        load(FILES, home=on_engine)
    assert facts(admin) == before


STEPS = (
    *migrations.MIGRATIONS,
    Migration(
        migrations.current() + 1,
        "later",
        "localities get their area",
        (
            "MATCH (c:Child) WHERE c.locality IS NOT NULL AND c.area IS NULL WITH c LIMIT 2 "
            "SET c.area = 'area of ' + c.locality RETURN count(*) AS changed",
            "MATCH (c:Child) WHERE c.locality IS NOT NULL WITH c LIMIT 3 "
            "SET c.locality = null RETURN count(*) AS changed",
        ),
    ),
    Migration(
        migrations.current() + 2,
        "later still",
        "areas in capitals",
        (
            "MATCH (c:Child) WHERE c.area <> toUpper(c.area) WITH c LIMIT 4 "
            "SET c.area = toUpper(c.area) RETURN count(*) AS changed",
        ),
    ),
)


class Cut(Exception):
    """The process was killed here."""


class Cutting:
    """The store, until so many writes are done."""

    def __init__(self, store: Store, writes: int) -> None:
        self._store, self._writes = store, writes

    def fetch(self, query: str, parameters: Mapping[str, Any] | None = None) -> list[list[Any]]:
        return self._store.fetch(query, parameters)

    def write(self, statements: Any, **parameters: Any) -> list[list[list[Any]]]:
        if not self._writes:
            raise Cut
        self._writes -= 1
        return self._store.write(statements, **parameters)


@pytest.mark.parametrize("version", EARLIER)
def test_steps_that_are_cut_off_anywhere_are_taken_up(admin: Store, version: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrations, "MIGRATIONS", STEPS)
        migrate_with_cuts(admin, version)


def migrate_with_cuts(admin: Store, version: str) -> None:
    """Run all steps, cut off after the first write, after the second, and so on until nothing is left."""
    fill_as(admin, version)
    before = dict(admin.fetch("MATCH (c:Child) RETURN c.child_id, c.locality"))
    cuts, writes = 0, 0
    while True:
        try:
            migrations.apply(Cutting(admin, writes))
        except Cut:
            cuts, writes = cuts + 1, writes + 1
        else:
            break
    assert cuts > len(STEPS)
    assert stated(admin) == [[migrations.MODEL_ID, STEPS[-1].version]]
    found = admin.fetch("MATCH (c:Child) RETURN c.child_id, c.locality, c.area")
    assert {child: area for child, _, area in found} == {
        child: None if locality is None else f"AREA OF {locality.upper()}"
        for child, locality in before.items()
    }
    assert {locality for _, locality, _ in found} == {None}


def test_versions_have_no_gap_and_say_what_changed() -> None:
    assert [m.version for m in migrations.MIGRATIONS] == list(range(1, migrations.current() + 1))
    assert all(m.what and m.program for m in migrations.MIGRATIONS)
    assert sorted(file.stem for file in GRAPHS.glob("*.jsonl")) == sorted(EARLIER)
