"""FHIR care teams: every kind of reference, file and period, and what is wrong in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from graphmodel.errors import SettingsError
from graphmodel.store import Store
from loaders import load
from loaders.sources import guess_format
from loaders.sources.fhir import looks_like_fhir, read_fhir
from loaders.sources.fhir.periods import day_after, first_day, imprecise
from loaders.sources.made import MadeTable
from tests.fhir_files import (
    ALL,
    EPISODE,
    EXAMPLE,
    NURSE,
    PATIENT,
    TEAM,
    TRUST,
    WORKER,
    Json,
    bundle,
    reference,
    tables,
    write,
    xml,
)
from tests.loading import KEY, facts, read_list, tables_in_graph

EXPECTED = {
    "agencies": [("ods:RX1", "Anytown Community Trust", "health", None)],
    "practitioners": [("fhir:n1", "school_nurse", "Sam Nurse"), ("swe:SW12", "social_worker", None)],
    "children": [("fhir:p1", "2015-06-01", "943 476 5919", None, "Ada", "Reed", "T28 2WB")],
    "tacs": [("fhir:t1", "fhir:p1", "2024-01-10", None, None)],
    "memberships": [
        ("fhir:t1", "fhir:n1", "2024-01-10", None),
        ("fhir:t1", "swe:SW12", "2024-02-01", "2024-04-01"),
    ],
    "leads": [("fhir:t1", "fhir:n1", "2024-01-10", None, None)],
    "services": [("fhir:ods:RX1|mental_health", "ods:RX1", "mental_health", "CAMHS tier 3", "true")],
    "interventions": [
        ("fhir:e1", "fhir:p1", "fhir:ods:RX1|mental_health", "fhir:n1", "2024-02-02", None),
    ],
}


@pytest.mark.parametrize("style", ["json", "xml", "ndjson", "folder", "bundle in bundle"])
def test_a_partnership_in_every_kind_of_file(tmp_path: Path, style: str) -> None:
    match style:
        case "json":
            path = write(tmp_path / "b.json", bundle(*ALL))
        case "xml":
            path = write(tmp_path / "b.xml", xml(bundle(*ALL)))
        case "ndjson":
            path = write(tmp_path / "b.ndjson", "\n".join(map(json.dumps, ALL)))
        case "folder":
            path = tmp_path
            for resource in ALL:
                write(path / f"{resource['resourceType']}-{resource['id']}.json", resource)
            write(path / "other.json", {"a": 1})
        case _:
            path = write(tmp_path / "b.json", bundle(bundle(*ALL)))
    assert guess_format(path) == "fhir"
    assert {name: sorted(rows, key=str) for name, rows in tables(path).items()} == EXPECTED


def test_the_published_example_is_over_and_does_not_say_since_when(on_engine: Path) -> None:
    assert looks_like_fhir(EXAMPLE)
    report = load(EXAMPLE, home=on_engine)
    (reject,) = read_list(report, "rejects.csv")
    assert reject["column"] == "CareTeam.status"
    assert "when it ended is not known" in reject["reason"]
    assert report.total("created") == 0


def test_a_bundle_loads_twice_to_one_graph(on_engine: Path, tmp_path: Path) -> None:
    path = write(tmp_path / "b.json", bundle(*ALL))
    report = load(path, home=on_engine)
    assert (report.total("rejected"), report.format, report.source) == (0, "fhir", "fhir")
    with Store.open(on_engine, "reader") as store:
        before = facts(store, load_ids=True)
        graph = tables_in_graph(store)
    assert graph["leads"] == [("fhir:t1", "fhir:n1", "2024-01-10", None, None)]
    assert "Reed" not in json.dumps(before)
    # The whole number: three digits of it stand in a fingerprint now and then.
    for number in ("943 476 5919", "9434765919", "943 476"):
        assert number not in json.dumps(before)
    assert not load(path, home=on_engine).changed
    with Store.open(on_engine, "reader") as store:
        assert facts(store, load_ids=True) == before


def test_a_dirty_bundle_loads_what_is_good(on_engine: Path, tmp_path: Path) -> None:
    def team(ident: str, **changes: Any) -> Json:
        return {**TEAM, "id": ident, **changes}

    path = write(
        tmp_path / "b.json",
        bundle(
            *ALL,
            team("wrong", status="entered-in-error"),
            team("later", status="proposed"),
            team("year", period={"start": "2024"}),
            team("none", period={}),
            team("group", subject=reference("Group/g1")),
            team("back", period={"start": "2024-02-01", "end": "2024-01-01"}),
            {**PATIENT, "id": "p2", "birthDate": "2015-06", "identifier": []},
        ),
    )
    report = load(path, home=on_engine)
    tacs = {
        (r["column"], r["value"])
        for r in read_list(report, "rejects.csv")
        if "is no tac_id" not in r["reason"]
    }
    assert tacs >= {
        ("CareTeam.period.start", "2024"),
        ("CareTeam.period.start", ""),
        ("CareTeam.period.end", "2024-01-02"),
        ("CareTeam.subject", "Group"),
    }
    assert report.tables["tacs"].created == 1
    said = " ".join(report.notes)
    for words in (
        "1 CareTeam entered-in-error: left out",
        "1 CareTeam proposed: not begun, left out",
        "1 dates that are a year or a month alone: their rows are rejected",
        "1 dates of birth that are a year or a month alone: left out",
        "resources left out: CarePlan 1",
    ):
        assert words in said
    assert {f["kind"] for f in read_list(report, "findings.csv")} >= {"imprecise_date", "post_without_fte"}


def test_references_of_every_kind(tmp_path: Path) -> None:
    base = "https://server.example/fhir"
    inner: Json = {
        "resourceType": "Practitioner",
        "id": "in",
        "name": [{"family": "Kept", "given": ["Inside"]}],
    }
    uuid = "urn:uuid:0a0a0a0a-0000-4000-8000-000000000001"
    members = [
        {"reference": "#in"},
        {"reference": uuid},
        {"reference": f"{base}/Practitioner/n1/_history/3"},
        {"reference": "Practitioner/away", "display": "Far Away"},
        {
            "type": "Practitioner",
            "identifier": {"system": "https://fhir.nhs.uk/Id/sds-user-id", "value": "5"},
        },
        {"reference": "Practitioner?identifier=https://fhir.nhs.uk/Id/sds-user-id|5"},
        {"type": "Practitioner", "identifier": WORKER["identifier"][0]},
        {"reference": "https://other.example/Practitioner/n1"},
        {"display": "nobody known"},
    ]
    team = {
        **TEAM,
        "contained": [inner],
        "subject": {"type": "Patient", "identifier": PATIENT["identifier"][0]},
        "participant": [{"member": member} for member in members],
    }
    found = bundle(PATIENT, NURSE, WORKER, TRUST, team, urls=base)
    found["entry"].append({"fullUrl": uuid, "resource": {"resourceType": "Practitioner"}})
    got = tables(write(tmp_path / "b.json", found))
    assert got["children"][0][:3] == ("fhir:server.example/fhir/p1", "2015-06-01", "943 476 5919")
    assert got["tacs"][0][1] == "fhir:server.example/fhir/p1"
    named = [row[1] for row in got["memberships"]]
    assert [str(n) for n in named][:4] == [
        "fhir:server.example/fhir/t1#in",
        f"fhir:{uuid.removeprefix('urn:uuid:')}",
        "fhir:server.example/fhir/n1",
        "fhir:server.example/fhir/away",
    ]
    assert str(named[4]).startswith("fhir:practitioner-")
    assert named[5:] == ["swe:SW12", "fhir:other.example/n1"]
    assert ("fhir:server.example/fhir/away", "unspecified", "Far Away") in got["practitioners"]


def test_r5_spellings_and_the_latest_version(tmp_path: Path) -> None:
    old = {**TEAM, "meta": {"lastUpdated": "2024-01-01T00:00:00Z"}, "period": {"start": "2020-01-01"}}
    new = {
        **TEAM,
        "meta": {"lastUpdated": "2024-05-01T00:00:00Z"},
        "participant": [
            {
                "role": {"text": "Key worker"},
                "member": reference("Practitioner/n1"),
                "coveragePeriod": {"start": "2024-01-20", "end": "2024-01-31T00:00:00Z"},
            },
            {
                "role": {"text": "adviser"},
                "member": reference("Practitioner/w1"),
                "coverageTiming": {"repeat": {"boundsPeriod": {"start": "2024-01-21"}}},
            },
        ],
    }
    for order in ([old, new], [new, old]):
        got = tables(write(tmp_path / "b.json", bundle(PATIENT, NURSE, WORKER, *order)))
        assert [row[2] for row in got["tacs"]] == ["2024-01-10"]
        assert got["leads"] == [("fhir:t1", "fhir:n1", "2024-01-20", "2024-01-31", None)]
        assert got["memberships"][1] == ("fhir:t1", "swe:SW12", "2024-01-21", None)


def test_the_care_manager_leads_the_team_of_the_episode(tmp_path: Path) -> None:
    team = {**TEAM, "participant": [], "period": {"start": "2024-01-10", "end": "2024-12-31"}}
    episode = {**EPISODE, "team": [reference("CareTeam/t1")]}
    got = tables(write(tmp_path / "b.json", bundle(*ALL[:5], team, episode)))
    assert got["leads"] == [("fhir:t1", "fhir:n1", "2024-02-02", "2025-01-01", None)]
    assert got["memberships"] == [("fhir:t1", "fhir:n1", "2024-02-02", "2025-01-01")]


def test_codes_of_ones_own(tmp_path: Path) -> None:
    mine = write(
        tmp_path / "mine.toml", '[[lead]]\nmatch = "http://x|77"\n[[role]]\nmatch = "77"\nis = "boss"\n'
    )
    code = {"coding": [{"system": "http://x", "code": "77"}]}
    team = {**TEAM, "participant": [{"role": [code], "member": reference("Practitioner/n1")}]}
    path = write(tmp_path / "b.json", bundle(PATIENT, NURSE, team))
    source = read_fhir(path, KEY, mine)
    rows = {t.name: t.rows for t in source.tables if isinstance(t, MadeTable)}
    assert len(rows["leads"]) == 1
    assert rows["practitioners"][0][1][1] == "boss"
    assert "leads" not in tables(path)
    for bad in ("[[lead]]\nx = 1", "[[role]]\nmatch='a'", "lead = 1", "[[other]]\na=1", "nonsense"):
        with pytest.raises(SettingsError):
            read_fhir(path, KEY, write(tmp_path / "bad.toml", bad))


@pytest.mark.parametrize(
    ("end", "after"),
    [
        ("2024-02-28", "2024-02-29"),
        ("2024-12-31T10:00:00Z", "2025-01-01"),
        ("2024-12-31T00:00:00+01:00", "2024-12-31"),
        ("2024", "2024"),
        ("9999-12-31", "9999-12-31"),
        ("2024-02-30", "2024-02-30"),
        (None, None),
    ],
)
def test_the_end_of_a_period(end: str | None, after: str | None) -> None:
    assert day_after(end) == after


def test_days_as_written() -> None:
    assert first_day("2024-06-30T23:30:00Z") == "2024-06-30"
    assert imprecise("2024-05")
    assert not imprecise("2024-05-01")
    assert not imprecise(None)
