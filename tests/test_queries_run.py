"""The catalogue on both engines: expected rows of the small partnership, edges, the audit record."""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

import pytest

import queries
from graphmodel.access import Viewer
from graphmodel.errors import AccessRefused, QueryError
from graphmodel.relationships import TABLES
from graphmodel.settings import settings
from graphmodel.store import Store
from queries.result import text
from tests.plain_loader import load_plainly

SMALL: Final = Path(__file__).parent / "data" / "small"
EXPECTED: Final = Path(__file__).parent / "expected"
ASKED: Final = tomllib.loads((EXPECTED / "asked.toml").read_text(encoding="utf-8"))
AS_OF: Final[date] = ASKED["as_of"]
GIVEN: Final[dict[str, dict[str, Any]]] = ASKED["parameters"]
Tables = Mapping[str, Sequence[str]]


def run(store: Store, name: str, as_of: date = AS_OF, **given: Any) -> list[tuple[Any, ...]]:
    return queries.answer(name, store=store, as_of=as_of, **given).rows.rows


def write(folder: Path, tables: Tables) -> Path:
    """A folder of the format; each row is its values in the order of the declared columns, by commas."""
    folder.mkdir()
    for table, rows in tables.items():
        header = ",".join(TABLES[table].columns)
        (folder / f"{table}.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return folder


def same_cell(found: Any, wanted: str) -> bool:
    if isinstance(found, float) and wanted:
        return abs(found - float(wanted)) < 1e-9
    return text(found) == wanted


def test_every_query_gives_the_expected_rows(reader: Store, writer: Store) -> None:
    load_plainly(SMALL, writer, rows_per_transaction=200)
    wrong = []
    for name in queries.catalogue():
        found = run(reader, name, **GIVEN.get(name, {}))
        with (EXPECTED / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            wanted = list(csv.reader(file))[1:]
        alike = len(found) == len(wanted) and all(
            same_cell(x, y)
            for row, line in zip(found, wanted, strict=True)
            for x, y in zip(row, line, strict=True)
        )
        if not alike:
            wrong.append(f"{name}: found {found}, expected {wanted}")
    assert wrong == []


def test_every_query_answers_an_empty_graph(reader: Store) -> None:
    for name, query in queries.catalogue().items():
        result = queries.answer(name, store=reader, as_of="2026-10-31", **GIVEN.get(name, {}))
        assert result.rows.rows == [], name
        assert tuple(result.frame().columns) == query.column_names


AGENCIES: Final = ("B,,N,health,", "A,,N,health,", "a,,N,health,")


def people(*roles: str) -> list[str]:
    return [f"p{i},,{role},x,," for i, role in enumerate(roles, start=1)]


def test_home_agency_is_the_earliest_home_post_then_the_smaller_id(
    reader: Store, writer: Store, tmp_path: Path
) -> None:
    tables = {
        "agencies": AGENCIES,
        "practitioners": people("gp", "gp", "gp", "gp"),
        "posts": [
            *("p1,a,2020-01-01,,1,false,", "p1,B,2021-01-01,,1,true,", "p1,A,2021-01-01,,1,,"),
            *("p2,B,2020-01-01,2021-01-01,1,true,", "p2,a,2021-01-01,,1,false,", "p2,A,2022-01-01,,1,false,"),
            *("p3,A,2020-01-01,,1,true,0.5", "p3,A,2020-06-01,,1,true,0.25"),
            "p4,A,2026-11-01,,1,true,",
        ],
    }
    load_plainly(write(tmp_path / "in", tables), writer, rows_per_transaction=50)
    rows = run(reader, "workload")
    assert [(row[0], row[2], row[6]) for row in rows] == [
        ("p1", "A", pytest.approx(3 * 0.05 * 15)),
        ("p2", "a", pytest.approx(2 * 0.05 * 15)),
        ("p3", "A", pytest.approx(0.75 * 15)),
    ]


def test_intervals_are_half_open_and_repeated_ones_count_once(
    reader: Store, writer: Store, tmp_path: Path
) -> None:
    tables = {
        "agencies": AGENCIES,
        "practitioners": people("social_worker", "social_worker", "social_worker"),
        "posts": ["p1,A,2020-01-01,,1,,", "p2,A,2020-01-01,,1,,"],
        "children": ["c1,,,", "c2,,,"],
        "needs": ["c1,2,2020-01-01,", "c1,4,2026-10-31,2026-11-01", "c1,3,2020-01-01,2026-10-31"],
        "tacs": [
            *("t1,c1,,2026-09-20,,,", "t2,c1,,2026-10-31,2026-11-01,,"),
            *("t3,c1,,2026-10-31,2026-10-31,,", "t4,c1,,2026-01-01,2026-10-31,,", "t5,c2,,2026-11-01,,,"),
        ],
        "leads": [
            *("p1,t1,2026-09-20,,", "p1,t1,2026-10-01,,", "p2,t1,2026-10-31,2026-10-31,"),
            *("p1,t3,2026-01-01,,", "p1,t4,2026-01-01,,"),
        ],
        "memberships": [
            *("p1,t1,2026-09-20,", "p2,t1,2026-09-20,2026-10-31"),
            *("p2,t2,2026-01-01,", "p3,t2,2026-01-01,"),
        ],
    }
    load_plainly(write(tmp_path / "in", tables), writer, rows_per_transaction=50)
    # 41 days after its opening a TAC is still being set up, 42 days after it is not
    points = [(row[0], row[3], row[4], row[5]) for row in run(reader, "workload")]
    assert points == [("p1", 1, 0, 2.0 * 1.25), ("p2", 0, 1, 2.0 * 0.4), ("p3", 0, 1, 2.0 * 0.4)]
    later = run(reader, "workload", date(2026, 11, 1))
    assert (later[0][3], later[0][5]) == (1, 1.0)
    assert run(reader, "multiple_leads") == []
    assert run(reader, "lead_not_needed") == [("t1", "c1", "p1")]
    assert run(reader, "tacs_without_lead") == [("t2", "c1", 4, 2, 0)]


def test_threshold_comparisons_take_ties_as_equal(reader: Store, writer: Store, tmp_path: Path) -> None:
    # six TACs of one point each on 0.3 x 15 + 0.1 x 15: a utilisation of 1 but for rounding
    tables = {
        "agencies": AGENCIES,
        "practitioners": people("clown"),
        "posts": ["p1,A,2020-01-01,,0.3,,", "p1,B,2020-01-01,,0.1,,"],
        "children": ["c1,,,"],
        "tacs": [f"t{i},c1,,2020-01-01,,," for i in range(1, 7)],
        "leads": [f"p1,t{i},2020-01-01,," for i in range(1, 7)],
    }
    load_plainly(write(tmp_path / "in", tables), writer, rows_per_transaction=50)
    row = run(reader, "workload")[0]
    assert (row[5], row[6]) == (6.0, pytest.approx(6.0))
    assert run(reader, "overloaded_leads") == []
    assert run(reader, "overloaded_leads", threshold=1.0 - 1e-8)[0][0] == "p1"
    assert run(reader, "overloaded_leads", threshold=1.0 + 5e-10 - 1e-9) == []


def test_leap_days(reader: Store, writer: Store, tmp_path: Path) -> None:
    tables = {
        "agencies": AGENCIES,
        "practitioners": people("gp", "gp"),
        "children": ["c1,,,2008-02-29,", "c2,,,2008-02-28,", "c3,,,"],
        "tacs": ["t1,c1,,2023-01-01,,,", "t2,c2,,2023-01-01,,,", "t3,c3,,2023-01-01,,,"],
        "leads": ["p1,t1,2023-01-01,2023-02-28,", "p2,t1,2023-03-01,,", "p2,t2,2023-01-01,2023-03-01,"],
    }
    load_plainly(write(tmp_path / "in", tables), writer, rows_per_transaction=50)
    assert run(reader, "transitions_due", date(2026, 2, 27)) == [
        ("c1", "t1", ["p2"], date(2026, 3, 1)),
        ("c2", "t2", [], date(2026, 2, 28)),
    ]
    assert [r[0] for r in run(reader, "transitions_due", date(2026, 2, 28), within_days=1)] == ["c1"]
    assert run(reader, "transitions_due", date(2026, 3, 1)) == []
    # the year to 29 February 2024 begins after 28 February 2023: the one day that nobody led is outside
    steady = run(reader, "lead_continuity", date(2024, 2, 29))
    assert steady == [("t1", 1, 1, 0), ("t2", 0, 0, 366), ("t3", 0, 0, 366)]
    assert run(reader, "lead_continuity", date(2023, 3, 1), months=1)[0] == ("t1", 2, 1, 1)


def test_doubled_roles_and_handovers_at_equal_starts(reader: Store, writer: Store, tmp_path: Path) -> None:
    tables = {
        "agencies": AGENCIES,
        "practitioners": people("gp", "senco", "senco", "gp"),
        "posts": ["p1,A,2020-01-01,,1,,", "p2,B,2020-01-01,,1,,", "p3,B,2020-01-01,,1,,"],
        "children": ["c1,,,"],
        "tacs": ["t1,c1,,2026-01-01,,,"],
        "leads": [
            *("p2,t1,2026-05-01,2026-07-01,", "p1,t1,2026-05-01,2026-06-01,"),
            "p2,t1,2026-03-01,2026-03-01,",
        ],
        "memberships": ["p3,t1,2026-01-01,", "p4,t1,2026-01-01,"],
        "services": ["s1,A,parenting,,"],
        "interventions": ["i1,c1,s1,p1,2026-01-01,,", "i2,c1,s1,p2,2026-01-01,,"],
    }
    load_plainly(write(tmp_path / "in", tables), writer, rows_per_transaction=50)
    assert run(reader, "crowded_children", min_practitioners=4) == [("c1", 4, 2, ["gp", "senco"])]
    assert run(reader, "crowded_children", min_practitioners=5) == []
    # in order: p2 (no length), p1, p2: two handovers; nobody led before May and from July
    assert run(reader, "lead_continuity") == [("t1", 2, 2, 31 + 28 + 31 + 30 + 31 + 31 + 30 + 31)]


def test_one_child_is_one_family_two_unknown_families_are_not(
    reader: Store, writer: Store, tmp_path: Path
) -> None:
    tables = {
        "practitioners": people("gp"),
        "children": ["c1,,,", "c2,,,", "c3,f,,", "c4,f,,"],
        "tacs": [f"t{i},{c},,2026-01-01,,," for i, c in enumerate(("c1", "c1", "c2", "c3", "c4"))],
        "memberships": [f"p1,t{i},2026-01-01," for i in range(5)],
    }
    load_plainly(write(tmp_path / "in", tables), writer, rows_per_transaction=50)
    rows = run(reader, "overlapping_teams", min_shared=1)
    assert len(rows) == 10
    assert all((row[2], row[3]) == (1, 1.0) for row in rows)
    assert [row[:2] for row in rows if row[4]] == [("t0", "t1"), ("t3", "t4")]


def test_a_loop_of_line_managers_is_an_error_that_names_it(
    reader: Store, writer: Store, tmp_path: Path
) -> None:
    rows = ["p1,p2,gp,x,,", "p2,p3,gp,x,,", "p3,p2,gp,x,,", "p4,p4,gp,x,,"]
    load_plainly(write(tmp_path / "in", {"practitioners": rows}), writer, rows_per_transaction=50)
    with pytest.raises(QueryError, match="p2 → p3 → p2"):
        run(reader, "accountability_line", practitioner_id="p1")
    with pytest.raises(QueryError, match="p4 → p4"):
        run(reader, "accountability_line", practitioner_id="p4")


def test_sensitive_services_show_only_with_consent(reader: Store, writer: Store, tmp_path: Path) -> None:
    tables = {
        "agencies": AGENCIES,
        "practitioners": people("gp", "senco", "teacher"),
        "children": ["c1,,,"],
        "services": ["s1,A,mental_health,,", "s2,A,mental_health,,false"],
        "interventions": [
            *("i1,c1,s1,p1,2026-01-01,,", "i2,c1,s1,p2,2026-02-01,,true", "i3,c1,s2,p3,2026-03-01,,"),
            "i4,c1,s2,,2026-01-01,,",
        ],
    }
    load_plainly(write(tmp_path / "in", tables), writer, rows_per_transaction=50)
    assert run(reader, "who_works_with", child_id="c1") == [
        ("p2", "senco", None, "intervention", date(2026, 2, 1)),
        ("p3", "teacher", None, "intervention", date(2026, 3, 1)),
    ]


def test_a_look_at_a_child_leaves_a_record_others_do_not(reader: Store, writer: Store) -> None:
    load_plainly(SMALL, writer, rows_per_transaction=200)
    before = len(reader.audit.entries())
    who = Viewer("safe", "safeguarding_lead", "enquiry 7")
    queries.answer("who_works_with", store=reader, viewer=who, as_of=AS_OF, child_id="c02")
    queries.answer("who_works_with", store=reader, viewer=who, as_of=AS_OF, child_id="nobody")
    for name in ("service_directory", "agency_fairness", "workload"):
        queries.answer(name, store=reader, viewer=who, as_of=AS_OF)
    left = reader.audit.entries()[before:]
    assert [(e["who"], e["reason"], e["what"], e["about"], e["rows"]) for e in left] == [
        ("safe", "enquiry 7", "who_works_with", "child_id=c02", 5),
        ("safe", "enquiry 7", "who_works_with", "child_id=nobody", 0),
    ]
    manager = Viewer("head", "strategic_manager", "")
    with pytest.raises(AccessRefused):
        queries.answer("who_works_with", store=reader, viewer=manager, as_of=AS_OF, child_id="c02")
    assert queries.answer("agency_fairness", store=reader, viewer=manager, as_of=AS_OF).rows.rows


def test_run_without_a_store_opens_the_data_folders_own(on_engine: Path) -> None:
    with Store.open(on_engine, "writer") as writer:
        load_plainly(SMALL, writer, rows_per_transaction=200)
        writer.write("CREATE (:Load {load_id: 'L1', finished_at: 'x'}), (:Load {load_id: 'L2'})")
    result = queries.answer("overloaded_leads", as_of="2026-10-31", threshold=1.5)
    assert result.load_id == "L1"
    assert result.frame().practitioner_id.tolist() == ["p05"]
    assert result.about["parameters"]["workload"]["need_weight"] == {"1": 0.5, "2": 1.0, "3": 1.5, "4": 2.0}
    stream = io.StringIO()
    result.to_csv(stream)
    assert stream.getvalue().splitlines()[0] == ",".join(result.query.column_names)


def test_the_row_limit_says_that_it_bit(reader: Store, writer: Store) -> None:
    load_plainly(SMALL, writer, rows_per_transaction=200)
    cut = queries.answer("workload", store=reader, as_of=AS_OF, row_limit=3)
    assert (len(cut.rows.rows), cut.rows.complete) == (3, False)
    assert queries.answer("workload", store=reader, as_of=AS_OF).rows.complete


def test_a_caller_may_agree_other_weights(reader: Store, writer: Store) -> None:
    load_plainly(SMALL, writer, rows_per_transaction=200)
    other = settings().workload.model_dump() | {"points_per_fte": 30.0}
    usual, changed = run(reader, "workload"), run(reader, "workload", workload=other)
    assert [row[6] for row in changed] == [pytest.approx(2 * row[6]) for row in usual]
