"""Partners' lists of every shape, made up with a known truth: proposed mapping, memberships and leads."""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loaders.raw import Source
from loaders.sources.made import MadeTable
from loaders.sources.spreadsheet.cells import name_key, role_of
from loaders.sources.spreadsheet.grid import open_grid
from loaders.sources.spreadsheet.mapping import DATED, Mapping, read_mapping
from loaders.sources.spreadsheet.propose import propose
from loaders.sources.spreadsheet.read import read_mapped
from loaders.sources.spreadsheet.written import write_mapping
from tests.loading import KEY
from tests.strange import SHAPES, Maker, Strange

Fact = tuple[str, str, str]


def rows_of(source: Source, name: str) -> list[dict[str, Any]]:
    table = source.table(name)
    assert table is None or isinstance(table, MadeTable)
    return [] if table is None else [dict(zip(table.columns, cells, strict=True)) for _, cells in table.rows]


def read_by(mapping: Mapping, made: Strange) -> Source:
    return read_mapped(made.path.name, [open_grid(made.path)], mapping, KEY)


def facts_of(source: Source, table: str) -> set[Fact]:
    """Whose team, who, from when, by names: (child's name, practitioner's name, first day)."""
    child = {r["child_id"]: f"{r['first_name']} {r['last_name']}" for r in rows_of(source, "children")}
    team = {r["tac_id"]: child[r["child_id"]] for r in rows_of(source, "tacs")}
    who = {r["practitioner_id"]: name_key(r["name"]) for r in rows_of(source, "practitioners")}
    return {(team[r["tac_id"]], who[r["practitioner_id"]], r["started_on"]) for r in rows_of(source, table)}


def truth(made: Strange, *, leads: bool) -> set[Fact]:
    """The same from what was made, by plain loops."""
    found: set[Fact] = set()
    for child in made.children:
        for person, since in child.members:
            if made.shape == "lead only" and person != child.lead:
                continue
            if leads and person != child.lead:
                continue
            first = since if made.shape.startswith(("long", "sheet")) else child.opened
            key = f"{person.name[0]} {person.name[1]}".replace("'", "").replace("-", " ").lower()
            key = key.replace("ë", "e")
            found.add((" ".join(child.name), key, first.isoformat()))
    return found


def dated(mapping: Mapping) -> Mapping:
    """The same mapping, read as facts whose first day is the team's where there is no other."""
    return replace(mapping, list_is=DATED, since_is="opened_on")


def right_fields(made: Strange) -> tuple[int, int, Counter[tuple[str, str]]]:
    """Of the list's headings, how many the proposal gives the right field; and what it took for what."""
    proposed = {c.heading: c.field for c in propose(made.path).mapping.columns}
    got = {heading: proposed.get(heading, "left_out") for heading in made.fields}
    wrong = Counter((want, got[heading]) for heading, want in made.fields.items() if got[heading] != want)
    return len(made.fields) - wrong.total(), len(made.fields), wrong


@pytest.mark.parametrize("shape", SHAPES)
@settings(max_examples=15)
@given(seed=st.integers(0, 10**6))
def test_the_proposed_mapping_alone_gives_the_true_teams_and_leads(shape: str, seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = Maker(seed, shape).make(Path(folder))
        proposal = propose(made.path)
        source = read_by(dated(proposal.mapping), made)
        assert facts_of(source, "memberships") == truth(made, leads=False)
        assert facts_of(source, "leads") == truth(made, leads=True)
        levels = {r["child_id"]: r["level"] for r in rows_of(source, "needs")}
        assert sorted(levels.values()) == sorted(str(c.level) for c in made.children)
        assert len(rows_of(source, "children")) == len(made.children)


def test_of_many_lists_nearly_every_heading_is_proposed_rightly(tmp_path: Path) -> None:
    right = everything = 0
    wrong: Counter[tuple[str, str]] = Counter()
    for seed in range(150):
        folder = tmp_path / str(seed)
        folder.mkdir()
        good, total, missed = right_fields(Maker(seed).make(folder))
        right, everything, wrong = right + good, everything + total, wrong + missed
    assert right / everything > 0.98, wrong.most_common()


@settings(max_examples=10)
@given(seed=st.integers(0, 10**6))
def test_a_mapping_written_is_read_as_it_was(seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = Maker(seed).make(Path(folder))
        mapping = propose(made.path).mapping
        path = Path(folder) / "m.toml"
        path.write_text(write_mapping(mapping, made.path.name), encoding="utf-8")
        again = read_mapping(path)
        assert [(c.heading, c.field, c.role, c.agency, c.sector) for c in again.columns] == [
            (c.heading, c.field, c.role, c.agency, c.sector) for c in mapping.columns
        ]
        first, second = read_by(dated(mapping), made), read_by(dated(again), made)
        assert [t.rows for t in first.tables if isinstance(t, MadeTable)] == [
            t.rows for t in second.tables if isinstance(t, MadeTable)
        ]


def test_a_column_of_schools_is_known_by_the_registry(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(
        "Child ID,Where,Lead professional\n1,Brookside,Jo Smith\n2,The Mount,Kim Lee\n3,Brookside,Jo Smith\n"
    )
    assert {c.heading: c.field for c in propose(path).mapping.columns}["Where"] == "left_out"
    known = propose(path, schools=frozenset({"brookside", "the mount"})).mapping
    (where,) = known.of("school")
    assert where.heading == "Where"
    assert where.why == "100% are names of schools in your registry"


def test_roles_are_known_by_the_words_for_them() -> None:
    assert role_of("Health Visitors") == "health_visitor"
    assert role_of("SENCo") == "senco"
    assert role_of("clown") is None
