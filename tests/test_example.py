"""The made-up authority: the format's rules, the sizes, and each planted case, all by plain pandas."""

from __future__ import annotations

import filecmp
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tacgraph.example import ExampleRefused, ExampleReport, write_example
from tacgraph.example.sizes import ROLE_SHARE
from tacgraph.example.write import TABLES, months_before
from tests.example_tables import (
    UNTIL,
    Tables,
    active,
    active_tacs,
    home_agencies,
    pairs,
    plants,
    read,
    team,
    workload,
)

KEYS = {
    "agencies": ["agency_id"],
    "practitioners": ["practitioner_id"],
    "posts": ["practitioner_id", "agency_id", "started_on"],
    "children": ["child_id"],
    "statuses": ["child_id", "status", "started_on"],
    "needs": ["child_id", "level", "started_on"],
    "tacs": ["tac_id"],
    "memberships": ["tac_id", "practitioner_id", "started_on"],
    "leads": ["tac_id", "practitioner_id", "started_on"],
    "assessments": ["assessment_id"],
    "services": ["service_id"],
    "interventions": ["intervention_id"],
    "actions": ["action_id"],
    "reviews": ["tac_id", "held_on"],
}
MAY_BE_EMPTY = {
    *("ended_on", "closed_on", "completed_on", "done_on", "next_review_on", "lead_trained_on", "tac_share"),
    *("parent_agency_id", "pooled_contribution_gbp", "line_manager_id", "upn", "nhs_number", "assessment_id"),
    "school_id",
}
CODES = {
    ("agencies", "sector"): "local_authority health education police youth_justice housing voluntary other",
    ("practitioners", "term_time_only"): "true false",
    ("posts", "home"): "true false",
    ("statuses", "status"): "CP LAC ADOPTION RESIDENTIAL CIN_ASSESSMENT CARE_LEAVER MH_CPA YOUTH_JUSTICE "
    "DISABILITY SEN CIN",
    ("needs", "level"): "1 2 3 4",
    ("tacs", "model"): "tac panel team integrated_service",
    ("leads", "reason"): "statutory predominant_need relationship family_choice capacity handover other",
    ("assessments", "kind"): "common early_help initial core sen youth_justice mental_health other",
    ("services", "sensitive"): "true false",
    ("interventions", "consent"): "true false",
}


@pytest.fixture(scope="module", params=[(50, 1), (200, 7), (6000, 3)], ids=lambda p: f"{p[0]}-children")
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Tables:
    children, seed = request.param
    folder = tmp_path_factory.mktemp("example")
    write_example(folder, children=children, seed=seed)
    return read(folder)


@pytest.fixture(scope="module")
def median(tmp_path_factory: pytest.TempPathFactory) -> tuple[ExampleReport, Tables]:
    report = write_example(tmp_path_factory.mktemp("median"))
    return report, read(report.folder)


# --- the folder ---------------------------------------------------------------------------------


def test_same_arguments_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_example(tmp_path / name, children=300, seed=5)
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert names == sorted([*(f"{table}.csv" for table in TABLES), "planted.csv", "README.txt"])
    same, differ, odd = filecmp.cmpfiles(tmp_path / "one", tmp_path / "two", names, shallow=False)
    assert (sorted(same), differ, odd) == (names, [], [])


def test_another_seed_is_another_authority(tmp_path: Path) -> None:
    for seed in (1, 2):
        write_example(tmp_path / str(seed), children=300, seed=seed)
    for table in ("children", "memberships", "leads"):
        assert (tmp_path / "1" / f"{table}.csv").read_bytes() != (
            tmp_path / "2" / f"{table}.csv"
        ).read_bytes()


def test_report_counts_what_is_on_disk(tmp_path: Path) -> None:
    report = write_example(tmp_path, children=200)
    tables = read(tmp_path)
    assert report.tables == {name: len(tables[name]) for name in TABLES}
    assert report.planted == tables["planted"]["kind"].value_counts().to_dict()
    assert report.tables["children"] == 200
    assert "made-up" in (tmp_path / "README.txt").read_text(encoding="utf-8")


def test_an_earlier_example_is_overwritten_and_nothing_else(tmp_path: Path) -> None:
    write_example(tmp_path / "ours", children=200, seed=1)
    write_example(tmp_path / "ours", children=60, seed=1)
    assert len(read(tmp_path / "ours")["children"]) == 60
    foreign = tmp_path / "theirs"
    foreign.mkdir()
    (foreign / "children.csv").write_text("child_id\nreal\n", encoding="utf-8")
    with pytest.raises(ExampleRefused, match=r"not an example of ours.*Name a new or an empty folder"):
        write_example(foreign, children=60)
    assert [path.name for path in foreign.iterdir()] == ["children.csv"]
    with pytest.raises(ExampleRefused, match="is not a folder"):
        write_example(foreign / "children.csv", children=60)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"children": 49}, "49 is too few"),
        ({"seed": -1}, "-1 is negative"),
        ({"months": 11}, "11 is out of range"),
        ({"months": 61}, "61 is out of range"),
        ({"until": date(1999, 12, 31)}, "out of range"),
    ],
)
def test_arguments_refused(tmp_path: Path, arguments: dict[str, object], said: str) -> None:
    with pytest.raises(ExampleRefused, match=said):
        write_example(tmp_path / "new", **({"children": 60} | arguments))  # type: ignore[arg-type]
    assert not (tmp_path / "new").exists()


@given(st.dates(date(2000, 1, 1), date(2100, 12, 31)), st.integers(12, 60))
def test_months_before_counts_calendar_months(until: date, months: int) -> None:
    then = months_before(until, months)
    assert (until.year * 12 + until.month) - (then.year * 12 + then.month) == months
    assert then.day == until.day or then.day >= 28


def test_other_last_days_and_lengths(tmp_path: Path) -> None:
    write_example(tmp_path, children=100, until=date(2024, 2, 29), months=12)
    tables = read(tmp_path)
    assert tables["tacs"]["opened_on"].max() <= "2024-02-29"
    assert tables["actions"]["done_on"].max() <= "2024-02-29"


# --- the format ---------------------------------------------------------------------------------


def test_keys_are_unique_and_required_values_there(made: Tables) -> None:
    for name, key in KEYS.items():
        rows = made[name]
        assert len(rows), name
        assert not rows.duplicated(key).any(), name
        for column in rows.columns.difference(sorted(MAY_BE_EMPTY)):
            if (name, column) != ("interventions", "practitioner_id"):
                assert (rows[column] != "").all(), (name, column)
        assert (rows == rows.apply(lambda column: column.str.strip())).all().all(), name


def test_children_of_school_age_go_to_a_school_with_their_siblings(made: Tables) -> None:
    children, agencies = made["children"], made["agencies"]
    schools = agencies.loc[agencies["sector"] == "education", "agency_id"]
    enrolled = children[children["school_id"] != ""]
    assert enrolled["school_id"].isin(schools).all()
    assert enrolled.groupby("family_id")["school_id"].nunique().eq(1).all()
    assert enrolled["birth_date"].max() < children.loc[children["school_id"] == "", "birth_date"].min()


def test_every_reference_is_met(made: Tables) -> None:
    home = {"agency_id": "agencies", "practitioner_id": "practitioners", "child_id": "children"}
    home |= {"tac_id": "tacs", "service_id": "services", "assessment_id": "assessments"}
    for name in TABLES:
        for column in made[name].columns.intersection(sorted(home)):
            values = made[name][column]
            assert values[values != ""].isin(made[home[column]][column]).all(), (name, column)
    agencies, staff = made["agencies"], made["practitioners"]
    parents, managers = agencies["parent_agency_id"], staff["line_manager_id"]
    assert parents[parents != ""].isin(agencies["agency_id"]).all()
    assert managers[managers != ""].isin(staff["practitioner_id"]).all()
    assessed = made["tacs"].merge(made["assessments"], on="assessment_id", suffixes=("", "_of"))
    assert (assessed["child_id"] == assessed["child_id_of"]).all()


def test_codes_numbers_and_days_are_legal(made: Tables) -> None:
    for (name, column), codes in CODES.items():
        assert set(made[name][column]) <= set(codes.split()), (name, column)
    assert set(made["practitioners"]["role"]) <= set(ROLE_SHARE)
    assert pd.to_numeric(made["posts"]["fte"]).between(0.01, 1).all()
    share = made["posts"]["tac_share"]
    assert pd.to_numeric(share[share != ""]).between(0, 1).all()
    for name in TABLES:
        rows = made[name]
        for column in (c for c in rows.columns if c.endswith("_on") or c == "birth_date"):
            given_days = rows[column][rows[column] != ""]
            assert given_days.str.fullmatch(r"\d{4}-\d{2}-\d{2}").all(), (name, column)
            pd.to_datetime(given_days, format="%Y-%m-%d")
        for start, end in (
            ("started_on", "ended_on"),
            ("opened_on", "closed_on"),
            ("started_on", "completed_on"),
        ):
            if {start, end} <= set(rows.columns):
                assert ((rows[end] == "") | (rows[end] >= rows[start])).all(), name
                assert (rows[start] <= UNTIL).all(), name
                assert (rows[end] <= UNTIL).all(), name


def test_nothing_happens_before_birth(made: Tables) -> None:
    birth = made["children"].set_index("child_id")["birth_date"]
    for name, day in (("statuses", "started_on"), ("tacs", "opened_on"), ("assessments", "started_on")):
        assert (made[name]["child_id"].map(birth) <= made[name][day]).all(), name


def test_suspicious_facts_are_only_the_planted_ones(made: Tables) -> None:
    """A lead who is no member, two needs levels at once and the like are put in, never left over."""
    planted = plants(made)
    tacs = made["tacs"].set_index("tac_id")
    late = made["memberships"]
    closed = late["tac_id"].map(tacs["closed_on"])
    late = late[(closed != "") & ((late["ended_on"] == "") | (late["ended_on"] > closed))]
    assert set(late["practitioner_id"]) == {
        ids["practitioner_id"] for ids in planted["membership_outlives_tac"]
    }
    levels = active(made["needs"]).groupby("child_id").size()
    assert set(levels[levels > 1].index) == {ids["child_id"] for ids in planted["two_needs_levels"]}
    posts = active(made["posts"]).query("home == 'true'").groupby("practitioner_id").size()
    assert set(posts[posts > 1].index) == {
        ids["practitioner_id"] for ids in planted["overlapping_home_posts"]
    }
    without = set(made["practitioners"]["practitioner_id"]) - set(made["posts"]["practitioner_id"])
    assert without == {ids["practitioner_id"] for ids in planted["practitioner_without_post"]}
    lead, member = pairs(made, "leads"), pairs(made, "memberships")
    outside = {ids["tac_id"] for ids in planted["unsupported_leads"] if ids["problem"] == "not_member"}
    assert {tac for tac, _ in lead - member} == outside


def test_identity_numbers_check_and_belong_to_nobody(made: Tables) -> None:
    children = made["children"]
    numbers = children["nhs_number"][children["nhs_number"] != ""]
    assert numbers.is_unique
    assert len(numbers)
    for number in numbers:
        total = sum(int(digit) * weight for digit, weight in zip(number, range(10, 1, -1), strict=False))
        assert number.startswith("999")
        assert len(number) == 10
        assert (11 - total % 11) % 11 == int(number[9])
    pupils = children["upn"][children["upn"] != ""]
    assert pupils.is_unique
    for pupil in pupils:
        total = sum(int(digit) * weight for digit, weight in zip(pupil[1:], range(2, 14), strict=True))
        assert pupil[0] == "ABCDEFGHJKLMNPQRTUVWXYZ"[total % 23]
    assert children["postcode"].str.fullmatch(r"ZZ99 \d[A-Z]{2}").all()


# --- the sizes ----------------------------------------------------------------------------------


def test_a_median_authority_has_the_published_sizes(median: tuple[ExampleReport, Tables]) -> None:
    _, tables = median
    per_10k = len(tables["children"]) / 10_000
    helped = tables["assessments"].query("kind in ('early_help', 'common') and started_on > '2025-10-31'")
    assert 231 <= len(helped) / per_10k <= 288
    statuses = active(tables["statuses"])
    ladder = statuses[statuses["status"].isin(["CIN", "CP", "LAC", "CIN_ASSESSMENT"])]
    assert 346 * 0.9 <= ladder["child_id"].nunique() / per_10k <= 346 * 1.1
    posts = active(tables["posts"]).merge(tables["practitioners"], on="practitioner_id")
    holders = posts[(posts["role"] == "social_worker") & (posts["tac_share"] != "0")]
    assert 14 <= ladder["child_id"].nunique() / pd.to_numeric(holders["fte"]).sum() <= 17
    assert 110 <= len(tables["agencies"]) <= 150
    schools = tables["agencies"].query("sector == 'education'")
    assert 60 <= len(schools) <= 90


def test_teams_and_load_look_like_a_partnership(median: tuple[ExampleReport, Tables]) -> None:
    _, tables = median
    sizes = team(tables).groupby("tac_id").size()
    assert 4 <= sizes.mean() <= 5
    assert sizes.max() <= 9
    assert (sizes >= 2).mean() > 0.95
    load = workload(tables)
    used = load[load["points"] > 0]["utilisation"]
    assert used.between(0.2, 1.1).mean() > 0.6
    assert 0.1 < (used > 1).mean() < 0.4
    left = tables["posts"].query("home == 'true' and '2025-10-31' < ended_on <= '2026-10-31'")
    held = tables["posts"].query("home == 'true' and tac_share != '0'")
    there = held[
        (held["started_on"] <= "2025-10-31") & ((held["ended_on"] == "") | (held["ended_on"] > "2025-10-31"))
    ]
    assert 0.10 <= len(left) / len(there) <= 0.18


def test_schools_lead_more_of_early_help_than_anyone(median: tuple[ExampleReport, Tables]) -> None:
    _, tables = median
    statutory = active(tables["statuses"]).query("status not in ('SEN', 'CIN_ASSESSMENT')")["child_id"]
    early = tables["tacs"][~tables["tacs"]["child_id"].isin(statutory)]["tac_id"]
    leads = active(tables["leads"])
    leads = leads[leads["tac_id"].isin(early) & leads["tac_id"].isin(active_tacs(tables)["tac_id"])]
    sector = tables["agencies"].set_index("agency_id")["sector"]
    home = home_agencies(tables).map(sector)
    parts = leads["practitioner_id"].map(home).value_counts(normalize=True)
    assert 0.4 <= parts["education"] <= 0.7
    assert parts.idxmax() == "education"


def test_a_median_authority_is_made_quickly(median: tuple[ExampleReport, Tables]) -> None:
    assert median[0].seconds < 60  # seconds on a busy machine; a third of that is the aim
