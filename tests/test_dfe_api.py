"""The Department's daily payloads: every form they are kept in, withdrawn parts, and a second road."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphmodel.errors import SourceError
from graphmodel.store import Store
from loaders import load
from loaders.raw import Identifier
from loaders.sources import guess_format
from loaders.sources.dfe_api import looks_like_dfe_api, payloads, read_dfe_api
from tests.loading import SMALL, check_only, facts, read_list
from tests.partnerships import Size, random_partnership
from tests.returns_files import (
    FORMS,
    Fact,
    found_statuses,
    found_tables,
    payloads_of,
    spans,
    unite,
    write_payloads,
)

DENSE = Size(statuses=60)
SHARED = Path(__file__).parents[2] / "shared" / "data"


def expected(seed: int) -> list[Fact]:
    partnership = random_partnership(seed, DENSE)
    found: list[Fact] = []
    for status in ("CIN", "CIN_ASSESSMENT", "CP", "LAC"):
        for child, parts in spans(partnership, status).items():
            found += [(child, status, a, b) for a, b in (unite(parts) if status == "LAC" else parts)]
    return sorted(found, key=str)


def one(tmp_path: Path, *contents: dict[str, Any], form: str = "list") -> Path:
    return write_payloads(tmp_path / form, contents, form)


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 10_000), form=st.sampled_from(FORMS))
def test_the_second_road_comes_to_the_same_statuses_in_every_form(
    seed: int, form: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    made = payloads_of(random_partnership(seed, DENSE), random.Random(seed))
    path = write_payloads(tmp_path_factory.mktemp("api"), made, form)
    assert looks_like_dfe_api(path)
    assert guess_format(path) == "dfe_api"
    source = read_dfe_api(path)
    assert found_statuses(source) == expected(seed)
    assert len(found_tables(source)["children"]) == len(made)


def test_payloads_load_twice_to_one_graph(on_engine: Path, tmp_path: Path) -> None:
    path = write_payloads(tmp_path, payloads_of(random_partnership(7, DENSE), random.Random(7)), "lines")
    report = load(path, home=on_engine)
    assert (report.format, report.total("rejected")) == ("dfe_api", 0)
    with Store.open(on_engine, "reader") as store:
        before = facts(store, load_ids=True)
        rows = store.fetch(
            "MATCH (c:Child)-[h:HAS_STATUS]->(s:Status) "
            "RETURN c.child_id, s.status, toString(h.started_on), toString(h.ended_on)"
        )
    assert sorted((tuple(row) for row in rows), key=str) == expected(7)
    assert "Ann" not in json.dumps(before)
    assert not load(path, home=on_engine).changed
    with Store.open(on_engine, "reader") as store:
        assert facts(store, load_ids=True) == before


def child(ident: str = "c1", **values: Any) -> dict[str, Any]:
    return {"la_child_id": ident, "child_details": {"date_of_birth": "2006-02-28"}, **values}


def episode(**values: Any) -> dict[str, Any]:
    return {"referral_date": "2024-01-01", "closure_date": None, **values}


def test_everything_that_one_payload_can_say(tmp_path: Path) -> None:
    details = {
        "unique_pupil_number": "A123456789123",
        "former_unique_pupil_number": "B123456789123",
        "first_name": "Ann",
        "surname": "Other",
        "date_of_birth": "2004-02-29",
        "disabilities": ["HAND"],
        "postcode": "AB12 3DE",
    }
    placed = {
        "start_date": "2023-01-01",
        "placement_type": "K2",
        "end_date": "2023-03-01",
        "end_reason": "X1",
    }
    then = {"start_date": "2023-03-01", "placement_type": "A3", "end_date": "2023-09-01", "end_reason": "E11"}
    source = read_dfe_api(
        one(
            tmp_path,
            {
                "la_child_id": "c1",
                "mis_child_id": "mis-1",
                "child_details": details,
                "social_care_episodes": [
                    episode(
                        child_looked_after_placements=[then, placed],
                        adoption={"initial_decision_date": "2023-02-01", "matched_date": "2023-03-01"},
                        care_leavers={"contact_date": "2024-01-01"},
                        child_in_need_plans=[{"start_date": "2024-01-01"}],
                        section_47_assessments=[{"start_date": "2024-01-01"}],
                        care_worker_details=[
                            {"worker_id": "SW1", "start_date": "2024-01-01", "end_date": "2024-06-01"},
                            {"worker_id": "sw 2", "start_date": "2024-05-01"},
                            {"worker_id": None, "start_date": "2024-05-01"},
                        ],
                    ),
                    episode(referral_date="2020-01-01", referral_no_further_action_flag=True),
                ],
            },
        )
    )
    assert found_statuses(source) == [
        ("c1", "ADOPTION", "2023-02-01", "2023-09-01"),
        ("c1", "CARE_LEAVER", "2022-03-01", None),
        ("c1", "CIN", "2024-01-01", None),
        ("c1", "LAC", "2023-01-01", "2023-09-01"),
        ("c1", "RESIDENTIAL", "2023-01-01", "2023-03-01"),
    ]
    found = found_tables(source)
    assert found["children"] == [
        {
            "child_id": "c1",
            "birth_date": "2004-02-29",
            "upn": "A123456789123",
            "first_name": "Ann",
            "last_name": "Other",
            "postcode": "AB12 3DE",
        }
    ]
    assert source.identifiers == [
        Identifier("child", "c1", "former_upn", "B123456789123"),
        Identifier("child", "c1", "legacy_id", "mis-1"),
        Identifier("practitioner", "swe:SW1", "swe_number", "SW1"),
        Identifier("practitioner", "swe:SW2", "swe_number", "SW2"),
    ]
    assert [r["tac_id"] for r in found["tacs"]] == ["dfe_api:c1|2024-01-01"]
    assert len(found["memberships"]) == len(found["leads"]) == 2
    said = " | ".join(source.notes)
    for words in (
        "1 payloads of 1 file read",
        "1 episodes without further action",
        "1 section 47",
        "1 children with a disability",
        "1 care workers without worker_id",
        "do not say who did an assessment",
    ):
        assert words in said
    assert "Ann" not in said


def test_what_is_withdrawn_is_left_out_and_retired_with_replace(on_engine: Path, tmp_path: Path) -> None:
    plan = {"start_date": "2024-02-01", "child_protection_plan_id": "p"}
    first = [child("c1"), child("c2", social_care_episodes=[episode(child_protection_plans=[plan])])]
    load(one(tmp_path, *first), home=on_engine)
    gone = {**plan, "purge": True}
    second = one(
        tmp_path / "later",
        child("c1", purge=True),
        child("c2", social_care_episodes=[episode(child_protection_plans=[gone])]),
    )
    report = load(second, home=on_engine)
    assert report.findings["withdrawn"] == 1
    assert any("1 children are withdrawn (purge)" in note for note in report.notes)
    assert any("1 parts of records are withdrawn" in note for note in report.notes)
    query = "MATCH (c:Child) OPTIONAL MATCH (c)-[:HAS_STATUS]->(s) RETURN c.child_id, collect(s.status)"
    with Store.open(on_engine, "reader") as store:
        before = {row[0]: sorted(row[1]) for row in store.fetch(query)}
    assert before == {"c1": [], "c2": ["CIN", "CP"]}
    load(second, home=on_engine, replace=True)
    with Store.open(on_engine, "reader") as store:
        after = {row[0]: sorted(row[1]) for row in store.fetch(query)}
    assert after == {"c2": ["CIN"]}


def test_dirty_payloads_are_rejects_that_name_the_payload(on_engine: Path, tmp_path: Path) -> None:
    contents: list[Any] = [
        child("c1", social_care_episodes=[episode(closure_date="2023-01-01")]),
        {"child_details": {}},
        child("c3", child_details={"date_of_birth": "soon"}),
        child("c4", social_care_episodes=[episode(care_worker_details=[{"worker_id": "S1"}])]),
        child("c5", social_care_episodes=[episode(), 7, None], child_details="x"),
        child("c6", social_care_episodes={"referral_date": [1], "closure_date": "2024-01-01"}),
    ]
    path = one(tmp_path, *contents, form="lines")
    path.write_text(path.read_text(encoding="utf-8") + "[1]\n{broken\n", encoding="utf-8")
    report = load(path, home=on_engine)
    listed = {(r["row"], r["column"], r["value"]) for r in read_list(report, "rejects.csv")}
    closed = "closure_date, authorisation_date or end_date"
    assert listed == {
        ("1", closed, "2023-01-01"),
        ("2", "la_child_id", ""),
        ("3", "date_of_birth", "soon"),
        ("4", "care_worker_details.start_date", ""),
        ("6", "referral_date, start_date or initial_decision_date", ""),
        ("7", "", ""),
        ("8", "json_payload", "{broken"),
    }
    assert report.tables["children"].created == 4


def test_a_broken_file_among_others_is_a_reject_and_alone_a_fault(tmp_path: Path) -> None:
    folder = one(tmp_path, child("c1"), child("c2"), form="folder")
    (folder / "00001.json").write_text('{"la_child_id": "c2", "social_care_episodes": [', encoding="utf-8")
    run, rejects = check_only(folder, tmp_path / "home", "dfe_api")
    assert run.counts["children"].read == 2
    assert len(rejects) == 2
    with pytest.raises(SourceError, match="is no complete JSON"):
        read_dfe_api(folder / "00001.json")
    cut = one(tmp_path / "cut", child("c1"), child("c2"))
    cut.write_text(cut.read_text(encoding="utf-8").rstrip().removesuffix("]"), encoding="utf-8")
    with pytest.raises(SourceError, match="breaks off behind payload 2"):
        read_dfe_api(cut)


def test_a_payload_beyond_measure_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payloads, "LARGEST", 10_000)
    large = child("c1", child_details={"first_name": "x" * 600_000})
    with pytest.raises(SourceError, match="has more than"):
        read_dfe_api(one(tmp_path, large))
    with pytest.raises(SourceError, match="larger than field limit"):
        read_dfe_api(one(tmp_path, large, form="csv"))
    for form in ("lines", "parquet"):
        _, rejects = check_only(one(tmp_path, large, child("c2"), form=form), tmp_path / "home", "dfe_api")
        assert {r[4] for r in rejects} == {"has more than 0 MiB"}


@pytest.mark.parametrize("part", [1, 7, 50, 333])
@pytest.mark.parametrize("form", ["list", "wrapper", "objects"])
def test_where_the_parts_of_a_file_meet_changes_nothing(
    part: int, form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = payloads_of(random_partnership(11, DENSE), random.Random(11))[:4]
    path = write_payloads(tmp_path, [*made, {"la_child_id": 12345, "purge": False}], form)
    whole = read_dfe_api(path)
    monkeypatch.setattr(payloads, "_PART", part)
    again = read_dfe_api(path)
    assert found_tables(again) == found_tables(whole)
    assert again.notes == whole.notes


def test_nesting_without_end_is_refused(tmp_path: Path) -> None:
    deep = tmp_path / "deep.json"
    deep.write_text('{"la_child_id": ' + "[" * 200_000, encoding="utf-8")
    with pytest.raises(SourceError, match="nested beyond all measure"):
        read_dfe_api(deep)


def test_a_child_deleted_in_the_staging_table_is_withdrawn(tmp_path: Path) -> None:
    path = tmp_path / "staging.csv"
    text = json.dumps(child("c1")).replace('"', '""')
    path.write_text(f'id;row_state;json_payload\n1;Deleted;"{text}"\n2;new;"{{}}"\n', encoding="utf-8")
    source = read_dfe_api(path)
    assert [f.ids for f in source.findings if f.kind == "withdrawn"] == ["c1"]
    assert found_tables(source)["children"] == []


def test_others_files_are_not_taken_for_payloads(tmp_path: Path) -> None:
    assert not any(looks_like_dfe_api(p) for p in (SMALL, SHARED, SHARED / "Annex_A.xlsx", tmp_path / "no"))
    other = tmp_path / "bundle.json"
    other.write_text('{"resourceType": "Bundle"}', encoding="utf-8")
    assert not looks_like_dfe_api(other)
    with pytest.raises(SourceError, match="no payloads"):
        read_dfe_api(tmp_path / "no")


@pytest.mark.parametrize("flag", [True, 1, "1", "Y", "y", "true", "TRUE"])
def test_flags_as_the_published_scripts_write_them(tmp_path: Path, flag: object) -> None:
    led_to_nothing = episode(referral_no_further_action_flag=flag)
    led_on = episode(referral_no_further_action_flag="N")
    made = [
        child("c1", social_care_episodes=[led_to_nothing]),
        child("c2", social_care_episodes=[led_on]),
        child("c3", purge=flag, social_care_episodes=[led_on]),
    ]
    source = read_dfe_api(one(tmp_path, *made))
    assert found_statuses(source) == [("c2", "CIN", "2024-01-01", None)]
    assert [(f.kind, f.ids) for f in source.findings] == [("withdrawn", "c3")]
