"""One practitioner's teams and colleagues, against plain loops over the rows."""

from __future__ import annotations

import math
from datetime import date
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import settings as settings_of

from analysis.one_practitioner import COLLEAGUE_COLUMNS, TEAM_COLUMNS, colleagues, teams_of
from analysis.overload import PARTS
from analysis.tables import Slice
from graphmodel.settings import settings
from tests.naive import Naive
from tests.naive_day import active, day
from tests.partnerships import AS_OF, Partnership, partnerships


def begun(naive: Naive, table: str, person: str, tac: str) -> date | None:
    rows = naive.rows[table]
    starts = [
        day(r["started_on"])
        for r in rows
        if r["practitioner_id"] == person and r["tac_id"] == tac and active(r, naive.d)
    ]
    return min(starts, default=None)


def check_teams(naive: Naive, tables: Slice, person: str) -> None:
    found = teams_of(tables, naive.d, settings(), person)
    assert tuple(found.columns) == TEAM_COLUMNS
    mine = {tac for tac, team in naive.team.items() if person in team}
    assert set(found["tac_id"]) == mine
    assert all(a >= b - 1e-9 for a, b in pairwise(found["points"]))
    assert math.isclose(found["points"].sum(), naive.points(person), abs_tol=1e-9)
    for row in found.to_dict(orient="records"):
        tac = row["tac_id"]
        leads = person in naive.leads[tac]
        assert row["as"] == ("lead" if leads else "member")
        assert row["since"] == begun(naive, "leads" if leads else "memberships", person, tac)
        assert row["opened_on"] == day(naive.tacs[tac]["opened_on"])
        assert row["level"] == naive.level(naive.tacs[tac]["child_id"])
        assert row["members"] == len(naive.team[tac])
        assert row["points"] == pytest.approx(naive.points_from(person, tac), abs=1e-9)
        assert sum(row[part] for part in PARTS) == pytest.approx(row["points"], abs=1e-9)


def check_colleagues(naive: Naive, tables: Slice, person: str) -> None:
    found = colleagues(tables, naive.d, person)
    assert tuple(found.columns) == COLLEAGUE_COLUMNS
    shared: dict[str, list[date]] = {}
    for tac, team in naive.team.items():
        for other in team - {person} if person in team else set():
            starts = []
            for one in (person, other):
                kinds = [begun(naive, table, one, tac) for table in ("leads", "memberships")]
                starts.append(min(start for start in kinds if start is not None))
            shared.setdefault(other, []).append(max(starts))
    assert set(found["practitioner_id"]) == set(shared)
    order = [(-row["shared_tacs"], row["practitioner_id"]) for row in found.to_dict(orient="records")]
    assert order == sorted(order)
    for row in found.to_dict(orient="records"):
        other = row["practitioner_id"]
        assert row["shared_tacs"] == len(shared[other])
        assert row["since"] == min(shared[other])
        assert row["role"] == naive.people[other]["role"]
        assert row["home_agency_id"] == naive.home(other)


@settings_of(max_examples=40, deadline=None)
@given(partnerships())
def test_teams_and_colleagues_are_those_of_plain_loops(drawn: tuple[Partnership, date]) -> None:
    made, d = drawn
    naive = Naive(made, d, settings())
    with TemporaryDirectory() as folder:
        tables = Slice.from_folder(made.write(Path(folder)))
        for person in naive.people:
            check_teams(naive, tables, person)
            check_colleagues(naive, tables, person)


def test_nobody_has_no_rows(tmp_path: Path) -> None:
    tables = Slice.from_folder(Path(__file__).parent / "data" / "small")
    assert teams_of(tables, AS_OF[0], settings(), "nobody").empty
    assert colleagues(tables, AS_OF[0], "nobody").empty
    assert tmp_path.exists()
