"""Every second road against plain loops over the rows, on awkward partnerships of all kinds."""

from __future__ import annotations

import math
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as effort

from analysis import SECOND_ROADS
from analysis.tables import Slice
from graphmodel.errors import QueryError
from graphmodel.settings import settings
from tests.naive import Naive
from tests.partnerships import AS_OF, Partnership, partnerships, random_partnership

_LOAD = "practitioner_id role home_agency_id tacs_led tacs_supported points capacity utilisation"
COLUMNS = {
    "workload": _LOAD,
    "overloaded_leads": _LOAD,
    "agency_fairness": "agency_id tacs_led expected_tacs_led lead_points capacity load_share "
    "capacity_share disparity",
    "duplicate_services": "child_id category agency_ids interventions",
    "repeat_assessments": "child_id kind first_assessment_id first_agency_id second_assessment_id "
    "second_agency_id days_between",
    "sibling_teams": "family_id child_ids tac_ids lead_ids agency_ids",
    "multiple_leads": "child_id tac_ids lead_ids",
    "multiple_tacs": "child_id tac_ids",
    "overlapping_teams": "tac_id_1 tac_id_2 shared jaccard same_family",
    "crowded_children": "child_id practitioners agencies roles_doubled",
    "crowded_schools": "school_id children practitioners agencies roles",
    "multi_agency_without_tac": "child_id agency_ids since",
    "tacs_without_lead": "tac_id child_id level team_size days_without_lead",
    "unsupported_leads": "tac_id practitioner_id problem",
    "lead_not_needed": "tac_id child_id practitioner_id",
    "statutory_breaches": "tac_id child_id status strength required_roles lead_ids lead_roles",
    "overdue_reviews": "tac_id child_id lead_ids due_on days_overdue",
    "overdue_actions": "action_id tac_id practitioner_id home_agency_id due_on days_overdue",
    "transitions_due": "child_id tac_id lead_ids turns_18_on",
    "lead_continuity": "tac_id leads handovers days_without_lead",
    "assessor_leads": "agency_id tacs assessor_led share",
    "untrained_leads": "practitioner_id home_agency_id tacs_led untrained term_time_only",
    "who_works_with": "practitioner_id role agency_id via since",
    "accountability_line": "step practitioner_id role home_agency_id",
    "service_directory": "category service_id name agency_id sensitive active_children",
    "collaboration": "agency_id_1 agency_id_2 shared_tacs practitioners",
}


def as_slice(partnership: Partnership) -> Slice:
    with tempfile.TemporaryDirectory() as folder:
        return Slice.from_folder(partnership.write(Path(folder)))


def parameters(name: str, partnership: Partnership) -> dict[str, str]:
    people, children = partnership.tables["practitioners"], partnership.tables["children"]
    known = {
        "who_works_with": {"child_id": children[0]["child_id"]},
        "accountability_line": {"practitioner_id": people[-1]["practitioner_id"]},
    }
    return known.get(name, {})


def sort_key(row: tuple[Any, ...]) -> list[tuple[bool, Any]]:
    """All columns from the left, empty values last, lists as their text, figures to nine decimals."""

    def comparable(value: Any) -> Any:
        if isinstance(value, list):
            return ";".join(value)
        return round(value, 9) if isinstance(value, float) else value

    return [(value is None, 0 if value is None else comparable(value)) for value in row]


def expected_order(name: str, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    if name == "overloaded_leads":
        return sorted(rows, key=lambda row: (-round(row[7], 9), sort_key(row)))
    return sorted(rows, key=sort_key)


def cell(value: Any) -> Any:
    """A value of a frame as plain Python; a missing one None."""
    if isinstance(value, list):
        return value
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    return value.item() if hasattr(value, "item") else value


def rows_of(frame: pd.DataFrame) -> list[tuple[Any, ...]]:
    return [tuple(cell(value) for value in row) for row in frame.itertuples(index=False, name=None)]


def check(name: str, partnership: Partnership, d: date) -> int:
    """Compare both ways; the number of rows seen."""
    given_as = parameters(name, partnership)
    frame = SECOND_ROADS[name](as_slice(partnership), d, settings(), **given_as)
    wanted = expected_order(name, getattr(Naive(partnership, d, settings()), name)(**given_as))
    assert list(frame.columns) == COLUMNS[name].split()
    found = rows_of(frame)
    assert len(found) == len(wanted)
    for mine, plain in zip(found, wanted, strict=True):
        for a, b in zip(mine, plain, strict=True):
            assert type(a) is type(b)
            assert a == (pytest.approx(b, abs=1e-9) if isinstance(b, float) else b), (mine, plain)
    return len(found)


def test_every_query_of_the_measures_page_has_its_second_road() -> None:
    assert set(SECOND_ROADS) == set(COLUMNS)


@pytest.mark.parametrize("name", sorted(COLUMNS))
def test_second_road_is_the_plain_reading(name: str) -> None:
    """On fixed partnerships, which between them give every query rows."""
    seen = [check(name, random_partnership(n, centre=AS_OF[n % 4]), AS_OF[n % 4]) for n in range(24)]
    assert any(seen)


@effort(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(partnerships())
def test_second_roads_are_the_plain_readings(drawn: tuple[Partnership, date]) -> None:
    for name in COLUMNS:
        check(name, *drawn)


@pytest.mark.parametrize("name", sorted(COLUMNS))
def test_nothing_loaded_gives_no_rows(name: str) -> None:
    empty = Partnership({})
    given_as = {"who_works_with": {"child_id": "x"}, "accountability_line": {"practitioner_id": "x"}}
    frame = SECOND_ROADS[name](as_slice(empty), AS_OF[0], settings(), **given_as.get(name, {}))
    assert list(frame.columns) == COLUMNS[name].split()
    assert frame.empty


def test_a_loop_of_line_managers_is_named() -> None:
    people = [
        {"practitioner_id": a, "role": "teacher", "line_manager_id": b} for a, b in ("xa", "ab", "bc", "ca")
    ]
    with pytest.raises(QueryError, match="a → b → c → a"):
        SECOND_ROADS["accountability_line"](
            as_slice(Partnership({"practitioners": people})), AS_OF[0], settings(), practitioner_id="x"
        )


def test_an_unknown_allocation_profile_is_named() -> None:
    with pytest.raises(QueryError, match="'leeds': is not known"):
        SECOND_ROADS["statutory_breaches"](as_slice(Partnership({})), AS_OF[0], settings(), profile="leeds")
