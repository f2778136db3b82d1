"""The Standard Safeguarding Dataset: two roads over made-up extracts of all dialects, and the report."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphmodel.errors import SourceError
from loaders.raw import PLACE, Source
from loaders.sources.ssd import read_ssd
from tests.ssd_files import DIALECTS, STYLES, Dataset, Row, Writing, write_dataset
from tests.ssd_made import random_dataset
from tests.ssd_naive import Naive


def rows_of(source: Source, table: str) -> list[dict[str, Any]]:
    """The rows that a reader hands over, with `_file` and `_row` of the user's own table."""
    found = []
    raw = source.table(table)
    for chunk in raw.chunks() if raw is not None else ():
        for at, place in enumerate(chunk.rows):
            cells = {name: column[at] for name, column in chunk.columns.items()}
            found.append({**cells, "_file": source.places[place // PLACE], "_row": place % PLACE})
    return found


def cells_of(source: Source, table: str) -> Counter[tuple[Any, ...]]:
    """The same without places, and without columns that the second road does not work out."""
    left_out = ["_file", "_row"]
    if table == "tacs":
        left_out += ["model", "assessment_id", "next_review_on"]
    return Counter(tuple(v for k, v in row.items() if k not in left_out) for row in rows_of(source, table))


def refused(source: Source, table: str) -> set[int]:
    raw = source.table(table)
    chunks = raw.chunks() if raw is not None else ()
    return {fault.row % PLACE for chunk in chunks for fault in chunk.faults}


WRITINGS = st.builds(
    Writing,
    dialect=st.sampled_from(DIALECTS),
    style=st.integers(0, len(STYLES) - 1),
    older=st.booleans(),
    parquet=st.booleans(),
    name=st.sampled_from(("{table}", "ssd_development.{table}", "{table}_2026-01-31", "dbo_{table}")),
    seed=st.integers(0, 99),
    separator=st.sampled_from((",", ";", "\t")),
)


@given(seed=st.integers(0, 10_000), how=WRITINGS)
@settings(max_examples=40)
def test_two_roads_to_teams_statuses_and_reviews(
    tmp_path_factory: pytest.TempPathFactory, seed: int, how: Writing
) -> None:
    data = random_dataset(seed, how.dialect)
    plain = Naive(data, how.dialect)
    source = read_ssd(write_dataset(tmp_path_factory.mktemp("ssd"), data, how))
    assert cells_of(source, "memberships") == Counter(plain.memberships())
    assert cells_of(source, "leads") == Counter(plain.leads())
    assert cells_of(source, "tacs") == Counter((tac, *about) for tac, about in plain.teams.items())
    assert cells_of(source, "statuses") == Counter(plain.statuses())
    assert cells_of(source, "assessments") == Counter(plain.assessments())
    assert cells_of(source, "reviews") == Counter(plain.reviews())
    if not how.parquet:
        assert refused(source, "memberships") == plain.bad_rows


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_dataset_reads_the_same_however_it_is_written(tmp_path: Path, dialect: str) -> None:
    made = (random_dataset(seed, dialect) for seed in range(20))
    data = next(data for data in made if len(Naive(data, dialect).memberships()) > 4)
    read = []
    for number, style in enumerate(range(len(STYLES))):
        how = Writing(dialect, style, older=number % 2 == 1, parquet=number % 3 == 2, seed=number)
        source = read_ssd(write_dataset(tmp_path / str(number), data, how))
        read.append({table.name: cells_of(source, table.name) for table in source.tables})
    assert all(found == read[0] for found in read)
    assert read[0]["memberships"]


def small() -> Dataset:
    """Two brothers: one with a team and a lead, one with a social worker alone."""

    def involved(who: str | None, role: str, child: str, start: str, end: str | None, **more: str) -> Row:
        return {"id": who, "role": role, "person": child, "start": start, "end": end, "team": "T1", **more}

    return {
        "ssd_person": [
            {"person": "1", "first": "Ann", "last": "Bee", "birth": "2010-05-04", "unique": "9434765919"},
            {"person": "2", "first": "Bo", "last": "Bee", "birth": "2012-02-29", "upn": "A123"},
            {"person": "3", "first": "Mum", "last": "Bee", "birth": "1985-01-01", "mother": "Y"},
        ],
        "ssd_family": [{"family": "F", "person": child} for child in "123"],
        "ssd_department": [{"team": "T1", "name": "North", "parent": "9", "parent_name": "Service"}],
        "ssd_professionals": [
            {"id": "P1", "staff": "S1", "name": "Kim", "swe": "SW1", "title": "Social Worker", "fte": "0.8"},
            {"id": "P2", "staff": "S2", "name": "Lee", "title": "Head of Year"},
        ],
        "ssd_cin_episodes": [
            {"referral": "R1", "person": "1", "start": "2025-01-01", "end": None, "nfa": "N"},
            {"referral": "R2", "person": "2", "start": "2025-01-01", "end": None, "nfa": "N"},
        ],
        "ssd_involvements": [
            involved("P1", "CW", "1", "2025-01-06", None, referral="R1"),
            involved("P2", "KASCH", "1", "2025-02-03", None),
            involved("P1", "CW", "2", "2025-01-06", None, referral="R2"),
            involved("P3", "ZZZ", "2", "2025-01-06", None, referral="R2"),
            involved(None, "CW", "2", "2025-03-03", None),
            involved("P3", "IRO", "2", "2025-03-03", None),
        ],
        "ssd_cp_plans": [
            {"plan": "L1", "person": "1", "referral": "R1", "start": "2025-02-01", "end": None, "ola": "Y"}
        ],
        "ssd_cp_reviews": [
            {"review": "V1", "plan": "L1", "person": "1", "due": "2025-05-01", "held": "2025-05-02"},
            {"review": "V2", "plan": "L1", "person": "1", "due": "2025-11-01", "held": None},
            {"review": "V3", "plan": "L1", "person": "1", "due": "2025-01-20", "held": "2025-01-20"},
        ],
        "ssd_cin_assessments": [
            {"assessment": "A1", "person": "1", "referral": "R1", "start": "2025-01-07", "end": "2025-02-10",
             "worker": "P1"},
            {"assessment": "A2", "person": "1", "referral": "R1", "start": "2025-03-01", "end": None,
             "worker": None},
        ],
    }  # fmt: skip


def without(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if not name.startswith("_")}


def test_a_team_is_there_from_the_day_on_which_two_are_involved(tmp_path: Path) -> None:
    source = read_ssd(write_dataset(tmp_path, small()))
    (team,) = rows_of(source, "tacs")
    assert without(team) == {
        "tac_id": "ssd:ref:R1:1",
        "child_id": "1",
        "opened_on": "2025-02-03",
        "closed_on": None,
        "model": "tac",
        "assessment_id": "ssd:cina:A1",
        "next_review_on": "2025-11-01",
    }
    assert [
        (m["practitioner_id"], m["started_on"], m["_file"], m["_row"]) for m in rows_of(source, "memberships")
    ] == [
        ("P1", "2025-01-06", "ssd_involvements.csv", 2),
        ("P2", "2025-02-03", "ssd_involvements.csv", 3),
    ]
    assert [(lead["practitioner_id"], lead["reason"]) for lead in rows_of(source, "leads")] == [
        ("P1", "other")
    ]
    assert [(r["tac_id"], r["held_on"]) for r in rows_of(source, "reviews")] == [
        ("ssd:ref:R1:1", "2025-05-02")
    ]


def test_people_as_the_dataset_states_them_and_nothing_more(tmp_path: Path) -> None:
    source = read_ssd(write_dataset(tmp_path, small()))
    children = {row["child_id"]: without(row) for row in rows_of(source, "children")}
    assert set(children) == {"1", "2"}
    assert children["1"]["nhs_number"] == "9434765919"
    assert (children["2"]["upn"], children["2"]["family_id"]) == ("A123", "F")
    roles = {row["practitioner_id"]: (row["role"], row["name"]) for row in rows_of(source, "practitioners")}
    assert roles == {"P1": ("social_worker", "Kim"), "P2": ("head_of_year", "Lee")}
    (post,) = rows_of(source, "posts")
    assert without(post) == {
        "practitioner_id": "P1",
        "agency_id": "ssd:team:T1",
        "started_on": "2025-01-06",
        "ended_on": None,
        "fte": "0.8",
    }
    parents = {row["agency_id"]: row["parent_agency_id"] for row in rows_of(source, "agencies")}
    assert parents == {"ssd:team:9": None, "ssd:team:T1": "ssd:team:9"}
    numbers = {(i.kind, i.id, i.scheme, i.value) for i in source.identifiers}
    assert ("practitioner", "P1", "swe_number", "SW1") in numbers


def test_nothing_is_said_of_what_the_dataset_lacks(tmp_path: Path) -> None:
    """An empty column would wipe out what other sources say of the same child or worker."""
    data = {name: rows for name, rows in small().items() if name not in ("ssd_family", "ssd_department")}
    for row in data["ssd_professionals"]:
        row["name"] = None
    columns = {t.name: t.columns for t in read_ssd(write_dataset(tmp_path, data)).tables}
    assert columns["children"] == (
        *("child_id", "birth_date", "upn", "nhs_number"),
        *("first_name", "last_name"),
    )
    assert columns["practitioners"] == ("practitioner_id", "role")
    assert columns["agencies"] == ("agency_id", "name", "sector")


def test_a_time_of_care_does_not_end_with_a_placement(tmp_path: Path) -> None:
    spans = (("2024-01-01", "2024-03-01"), ("2024-03-01", "2024-06-01"), ("2024-07-01", "2024-09-01"))
    data = small()
    data["ssd_cla_episodes"] = [
        {"episode": str(n), "period": "Q", "person": "1", "start": s, "end": e}
        for n, (s, e) in enumerate(spans)
    ]
    short: Row = {"person": "1", "code": "V4", "start": "2024-07-01", "end": "2024-09-01"}
    data["ssd_legal_status"] = [short, {"person": "2", "code": "C2 - care order", "start": "2025-01-01"}]
    source = read_ssd(write_dataset(tmp_path, data))
    looked_after = [row for row in cells_of(source, "statuses") if row[1] == "LAC"]
    assert sorted(looked_after) == [
        ("1", "LAC", "2024-01-01", "2024-06-01"),
        ("2", "LAC", "2025-01-01", None),
    ]
    assert "1 episodes of care are short breaks" in " ".join(source.notes)


def test_what_was_not_loaded_is_said(tmp_path: Path) -> None:
    source = read_ssd(write_dataset(tmp_path, small()))
    kinds = {(seen.kind, seen.ids) for seen in source.findings}
    assert kinds == {
        ("unmapped_role", "ZZZ"),
        ("team_without_worker", "T1"),
        ("cp_plan_of_other_authority", "1"),
        ("assessment_without_worker", "ssd:cina:A2"),
    }
    said = " ".join(source.notes)
    assert "'ZZZ' (1, 1 open)" in said
    assert "1 further episodes had fewer than 2 practitioners at once" in said
    assert "1 persons are mothers" in said
    assert "ssd_legal_status is not there" in said
    assert "1 of 2 reviews were held on a day" in said
    assert "Kim" not in said + repr(source.findings)


def test_the_authoritys_own_role_map_comes_first(tmp_path: Path) -> None:
    folder = write_dataset(tmp_path / "data", small())
    own = tmp_path / "roles.toml"
    own.write_text(
        "least_practitioners = 1\nallocated_worker_leads = false\n"
        '[[involvement]]\nmatch = "z*"\nis = "lead"\nrole = "youth_worker"\n'
        '[[involvement]]\nmatch = ["KA*", "IRO"]\nis = "ignore"\n',
        encoding="utf-8",
    )
    source = read_ssd(folder, own)
    assert [(r["tac_id"], r["practitioner_id"], r["reason"]) for r in rows_of(source, "leads")] == [
        ("ssd:ref:R2:2", "P3", None)
    ]
    assert {r["practitioner_id"] for r in rows_of(source, "memberships")} == {"P1", "P3"}
    assert {r["tac_id"] for r in rows_of(source, "tacs")} == {"ssd:ref:R1:1", "ssd:ref:R2:2"}
    assert {r["practitioner_id"]: r["role"] for r in rows_of(source, "practitioners")}["P3"] == "youth_worker"
    assert not [seen for seen in source.findings if seen.kind == "unmapped_role"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("x = ", "is no TOML"),
        ('[[involvement]]\nmatch = "x"\nis = "boss"\n', "involvement.0"),
        ("least_practitioners = 0\n", "least_practitioners"),
        ("surprise = 1\n", "surprise"),
        ('[[title]]\nmatch = "x"\n', "title.0"),
    ],
)
def test_a_role_map_that_says_nonsense_is_refused_with_the_place(
    tmp_path: Path, text: str, fault: str
) -> None:
    folder = write_dataset(tmp_path / "data", small())
    own = tmp_path / "roles.toml"
    own.write_text(text, encoding="utf-8")
    with pytest.raises(SourceError, match=fault):
        read_ssd(folder, own)


def test_mosaic_is_read_as_mosaic_and_said(tmp_path: Path) -> None:
    data = small()
    for row in data["ssd_involvements"]:
        row["role"] = {"CW": "REL.ALLWORK"}.get(str(row["role"]), row["role"])
        row["referral"] = row.get("referral") or "R1"
    data["ssd_cin_plans"] = [{"plan": "X", "person": "1", "start": "2020-01-01", "end": "2020-02-01"}]
    source = read_ssd(write_dataset(tmp_path, data, Writing("mosaic")))
    said = " ".join(source.notes)
    assert "ssd_involvements is as Mosaic writes it" in said
    assert "ssd_cin_plans is as Mosaic writes it: cin_plan_id" in said
    assert "ssd_cp_reviews is as Mosaic writes it: actual_date" in said
    assert "no FTE is given" in said
    assert source.table("posts") is None
    assert [r["tac_id"] for r in rows_of(source, "tacs")] == ["ssd:ref:R1:1"]
    assert ("1", "CIN", "2020-01-01", "2020-02-01") in cells_of(source, "statuses")


def test_eclipse_lists_professionals_again(tmp_path: Path) -> None:
    data = small()
    data["ssd_professionals"] += [
        data["ssd_professionals"][0],
        {"id": "P2", "staff": "S2", "name": "Lee-Ann"},
    ]
    source = read_ssd(write_dataset(tmp_path, data, Writing("eclipse")))
    assert {r["practitioner_id"]: r["name"] for r in rows_of(source, "practitioners")} == {
        "P1": "Kim",
        "P2": "Lee-Ann",
    }
    assert "lists 2 professionals again, as Eclipse does" in " ".join(source.notes)
    assert [s.ids for s in source.findings if s.kind == "conflicting_professional"] == ["P2"]


def test_system_c_has_no_worker_of_early_help_and_mosaic_has(tmp_path: Path) -> None:
    data = small()
    data["ssd_early_help_episodes"] = [
        {"episode": "E1", "person": "2", "start": "2024-01-01", "end": "2024-06-01", "worker": "P2"}
    ]
    data["ssd_involvements"].append(
        {"id": "P1", "role": "KASCH", "person": "2", "start": "2024-02-01", "end": "2024-03-01"}
    )
    with_worker = read_ssd(write_dataset(tmp_path / "a", data))
    team = next(r for r in rows_of(with_worker, "tacs") if r["child_id"] == "2")
    assert (team["tac_id"], team["opened_on"], team["closed_on"]) == (
        "ssd:eh:E1:2",
        "2024-02-01",
        "2024-06-01",
    )
    assert ("ssd:eh:E1:2", "P2", "2024-01-01", "2024-06-01", "other") in cells_of(with_worker, "leads")
    assert "early_help" in {r["kind"] for r in rows_of(with_worker, "assessments")}
    data["ssd_early_help_episodes"][0]["worker"] = None
    nobody = read_ssd(write_dataset(tmp_path / "b", data))
    assert "early_help" not in {r["kind"] for r in rows_of(nobody, "assessments")}
    assert "1 rows of ssd_early_help_episodes name no worker" in " ".join(nobody.notes)
