"""Erasing a child whose records moved: what is another child's by now stays theirs, as its source has it."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from analysis.tables import Slice
from graphmodel.access import Viewer
from graphmodel.errors import SourceError
from graphmodel.store import Store
from loaders import load
from loaders.protection import erase, erasing, everything_about
from tests.conftest import anew
from tests.loading import SMALL, load_tables, read_tables, tables_in_graph, write_tables
from tests.partnerships import Size, random_partnership
from tests.test_ledger import assert_ledger_is_graph, link

WHY = Viewer.local("request 1, decided by the data protection officer")
TINY = Size(4, 5, 2, 4, 4, 6, 10, 6, 6, 4, 5, 3, 6, 4, 4)
Found = dict[str, list[tuple[Any, ...]]]


def of_graph(home: Path) -> Found:
    with Store.open(home) as store:
        return tables_in_graph(store)


def moved(column: str, value: str, table: str, key: str) -> dict[str, list[dict[str, str]]]:
    """The small data, but for one record that names another team or child."""
    tables = read_tables(SMALL)
    row = next(row for row in tables[table] if next(iter(row.values())) == key)
    row[column] = value
    if table == "tacs":
        # the assessment that led to it is the first child's still
        row["assessment_id"] = ""
    return tables


def ledger_texts(home: Path) -> set[str]:
    """Every value that stands in the ledger."""
    parts = [pq.read_table(path) for path in sorted((home / "ledger").glob("*/*/*.parquet"))]
    return {str(x) for part in parts for name in part.column_names for x in part[name].to_pylist()}


@pytest.mark.parametrize(
    "move",
    [("actions", "x01", "tac_id", "t02"), ("tacs", "t01", "child_id", "c02"),
     ("assessments", "as01", "child_id", "c02")],
)  # fmt: skip
def test_what_moved_to_another_child_stays_theirs(
    on_engine: Path, tmp_path: Path, move: tuple[str, str, str, str]
) -> None:
    table, key, column, value = move
    load(SMALL, home=on_engine)
    then = datetime.now(UTC)
    now = moved(column, value, table, key)
    load_tables(now, tmp_path / "now", on_engine)
    before = of_graph(on_engine)
    erase(on_engine, ["c01"], WHY)
    assert_ledger_is_graph(on_engine)
    after = of_graph(on_engine)
    theirs = [row for row in before[table] if row[0] == key]
    assert theirs
    assert [row for row in after[table] if row[0] == key] == theirs, "it is another child's"
    assert {name: len(rows) for name, rows in after.items()} == {n: len(rows) for n, rows in before.items()}
    assert "c01" not in ledger_texts(on_engine)
    load(tmp_path / "now", home=on_engine)
    assert of_graph(on_engine) == after, "the next load of the same files finds each fact in its place"
    held = Slice.known(on_engine, then)
    assert len(held.arrow[table]) == len(read_tables(SMALL)[table]), "what was known then still counts"


def test_what_came_from_another_child_goes_with_its_own(on_engine: Path, tmp_path: Path) -> None:
    load(SMALL, home=on_engine)
    load_tables(moved("child_id", "c02", "tacs", "t01"), tmp_path / "now", on_engine)
    erase(on_engine, ["c02"], WHY)
    assert_ledger_is_graph(on_engine)
    texts = ledger_texts(on_engine)
    assert not {"c02", "t01", "t02", "x01"} & texts
    assert {"c01", "t10"} <= texts, "the child who had it before is held as before"


def test_what_a_child_had_once_is_not_told_with_what_another_has(on_engine: Path, tmp_path: Path) -> None:
    load(SMALL, home=on_engine)
    load_tables(moved("tac_id", "t02", "actions", "x01"), tmp_path / "now", on_engine)
    told = everything_about(on_engine, "c01", WHY)
    assert "x01" not in [record.get("action_id") for record in told["graph"]["records"]]
    stated = [(f["tac_id"]) for f in told["ledger"] if f.get("action_id") == "x01"]
    assert stated == ["t01"]


@pytest.mark.parametrize("gone", ["c01", "c02"])
def test_of_two_sources_the_graph_says_whose_it_is(on_engine: Path, tmp_path: Path, gone: str) -> None:
    """Without a precedence the newest load stands, so the team is the second child's."""
    load(SMALL, home=on_engine)
    other = moved("child_id", "c02", "tacs", "t01")
    load_tables(other, tmp_path / "other", on_engine, source="school")
    erase(on_engine, [gone], WHY)
    teams = {row[0]: row[1] for row in of_graph(on_engine)["tacs"]}
    assert ("t01" in teams) == (gone == "c01")
    assert teams.get("t01", "c02") == "c02"
    assert gone not in ledger_texts(on_engine)
    assert_ledger_is_graph(on_engine)
    load(tmp_path / "other", home=on_engine, source="school")
    assert_ledger_is_graph(on_engine)


class Killed(BaseException):
    """What stops a process at once."""


def test_a_move_that_only_the_ledger_knows_yet_counts(
    on_engine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The load that moved it was cut off between ledger and graph."""
    load(SMALL, home=on_engine)
    now = moved("tac_id", "t02", "actions", "x01")
    with monkeypatch.context() as patch:
        patch.setitem(vars(sys.modules["loaders.load"]), "Upsert", _killed)
        with pytest.raises(Killed):
            load_tables(now, tmp_path / "now", on_engine)
    erase(on_engine, ["c01"], WHY)
    load(tmp_path / "now", home=on_engine)
    assert_ledger_is_graph(on_engine)
    actions = {row[0]: row[1] for row in of_graph(on_engine)["actions"]}
    assert actions["x01"] == "t02"
    assert len(actions) == len(now["actions"])


def _killed(*_: Any, **__: Any) -> Any:
    raise Killed


@settings(
    deadline=None,
    max_examples=8,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
@given(seeds=st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), chosen=st.integers(0, 100))
def test_others_are_as_they_were_on_random_data(
    on_engine: Path, tmp_path_factory: pytest.TempPathFactory, seeds: tuple[int, int], chosen: int
) -> None:
    """Two random partnerships under the same ids, so that much moves; then a child goes."""
    anew(on_engine)
    # children erased in another example are not kept out of this one
    (on_engine / "erased.txt").unlink(missing_ok=True)
    folder = tmp_path_factory.mktemp("random")
    first, second = (
        write_tables(folder / str(i), random_partnership(s, TINY).tables) for i, s in enumerate(seeds)
    )
    load(first, home=on_engine)
    load(second, home=on_engine)
    before = of_graph(on_engine)
    children = sorted(row[0] for row in before["children"])
    gone = children[chosen % len(children)]
    erase(on_engine, [gone], WHY)
    after = of_graph(on_engine)
    own = {row[0] for name in ("tacs", "assessments", "interventions") for row in before[name] if gone in row}
    for table, rows in before.items():
        theirs = [row for row in rows if gone not in row and not own & set(row)]
        assert [row for row in theirs if row not in after[table]] == [], table
        assert len(after[table]) == len(rows), table
        assert not [row for row in after[table] if gone in row or own & set(row)], table
    assert_ledger_is_graph(on_engine)
    load(second, home=on_engine)
    assert of_graph(on_engine) == after
    assert_ledger_is_graph(on_engine)


def test_what_several_sources_say_of_an_erased_child_stands_as_before(
    on_engine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One knows the school, one the locality, a third the child under another id."""
    tables = read_tables(SMALL)
    load(SMALL, home=on_engine, source="nursery")
    (child,) = [row for row in tables["children"] if row["child_id"] == "c01"]
    there = {"child_id": "c01", "locality": "West", "school_id": "", "family_id": ""}
    load_tables({"children": [there]}, tmp_path / "other", on_engine, source="school")
    link(monkeypatch, [("child", "k9", "c01")])
    also = {"child_id": "k9", "locality": "", "birth_date": "2014-05-13", "school_id": ""}
    load_tables({"children": [also]}, tmp_path / "third", on_engine, source="clinic")
    assert child["school_id"]
    before = next(row for row in of_graph(on_engine)["children"] if row[0] == "c01")
    assert_ledger_is_graph(on_engine)
    with monkeypatch.context() as patch:
        patch.setattr(erasing, "aliases", lambda *_: {"c01": ["c01", "k9"]})
        erase(on_engine, ["c01"], WHY)
    assert_ledger_is_graph(on_engine)
    after = [row for row in of_graph(on_engine)["children"] if str(row[0]).startswith("erased-")]
    assert len(after) == 1
    same = [i for i, value in enumerate(before) if value in ("West", child["school_id"])]
    assert len(same) == 2
    assert [after[0][i] for i in same] == [before[i] for i in same]
    assert not {"c01", "k9"} & ledger_texts(on_engine)


def test_no_source_has_the_name_of_the_erased(on_engine: Path) -> None:
    for name in ("erased", "erased 0 ssd"):
        with pytest.raises(SourceError, match="Name another"):
            load(SMALL, home=on_engine, source=name)
