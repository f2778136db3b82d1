"""FHIR care teams: every kind of reference, file and period, faults, and a second road."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphmodel.errors import SettingsError, SourceError
from graphmodel.store import Store
from loaders import load
from loaders.sources import guess_format
from loaders.sources.fhir import looks_like_fhir, read_fhir
from loaders.sources.fhir.people import COLUMNS
from loaders.sources.fhir.periods import day_after, first_day, imprecise
from loaders.sources.made import MadeTable
from tests.fuzzing import BILLION_LAUGHS, EXTERNAL_ENTITY, damages, survives
from tests.loading import KEY, facts, read_list, tables_in_graph

EXAMPLE = Path(__file__).parents[2] / "shared" / "data" / "UKCore-CareTeam-Example.xml"
NHS = "https://fhir.nhs.uk/Id/nhs-number"
ODS = "https://fhir.nhs.uk/Id/ods-organization-code"

Json = dict[str, Any]


def reference(where: str) -> Json:
    return {"reference": where}


PATIENT: Json = {
    "resourceType": "Patient",
    "id": "p1",
    "identifier": [{"system": NHS, "value": "943 476 5919"}],
    "name": [{"use": "official", "family": "Reed", "given": ["Ada"]}],
    "birthDate": "2015-06-01",
    "address": [{"postalCode": "T28 2WB"}],
}
TRUST: Json = {
    "resourceType": "Organization",
    "id": "o1",
    "identifier": [{"system": ODS, "value": "rx1"}],
    "name": "Anytown Community Trust",
}
NURSE: Json = {"resourceType": "Practitioner", "id": "n1", "name": [{"text": "Sam Nurse"}]}
WORKER: Json = {
    "resourceType": "Practitioner",
    "id": "w1",
    "identifier": [{"system": "https://www.socialworkengland.org.uk/Id/swe-number", "value": "SW12"}],
}
ROLE: Json = {
    "resourceType": "PractitionerRole",
    "id": "r1",
    "practitioner": reference("Practitioner/n1"),
    "organization": reference("Organization/o1"),
    "code": [{"text": "School Nurse"}],
}
TEAM: Json = {
    "resourceType": "CareTeam",
    "id": "t1",
    "status": "active",
    "subject": reference("Patient/p1"),
    "period": {"start": "2024-01-10"},
    "managingOrganization": [reference("Organization/o1")],
    "participant": [
        {"role": [{"text": "Lead practitioner"}], "member": reference("PractitionerRole/r1")},
        {
            "role": [{"text": "Social worker"}],
            "member": reference("Practitioner/w1"),
            "period": {"start": "2024-02-01", "end": "2024-03-31"},
        },
        {"role": [{"text": "Mother"}], "member": reference("RelatedPerson/m1")},
        {"member": reference("Organization/o1")},
    ],
}
EPISODE: Json = {
    "resourceType": "EpisodeOfCare",
    "id": "e1",
    "status": "active",
    "patient": reference("Patient/p1"),
    "managingOrganization": reference("Organization/o1"),
    "careManager": reference("Practitioner/n1"),
    "type": [{"text": "CAMHS tier 3"}],
    "period": {"start": "2024-02-02T10:00:00+00:00"},
}
ALL = [PATIENT, TRUST, NURSE, WORKER, ROLE, TEAM, EPISODE, {"resourceType": "CarePlan", "id": "c1"}]


def bundle(*resources: Json, urls: str = "") -> Json:
    entries: list[Json] = [{"resource": r} for r in resources]
    for entry in entries:
        if urls:
            entry["fullUrl"] = f"{urls}/{entry['resource']['resourceType']}/{entry['resource']['id']}"
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def write(path: Path, content: Any) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def as_xml(name: str, value: Any, space: str = "") -> str:
    """The XML of a JSON value, as the specification has it."""
    if isinstance(value, list):
        return "".join(as_xml(name, part) for part in value)
    if not isinstance(value, dict):
        return f"<{name} value={quoteattr(str(value))}/>"
    inner = "".join(as_xml(k, v) for k, v in value.items() if k != "resourceType")
    if "resourceType" in value:
        kind = value["resourceType"]
        whole = f"<{kind}{space}>{inner}</{kind}>"
        return whole if space else f"<{name}>{whole}</{name}>"
    return f"<{name}>{inner}</{name}>"


def xml(resource: Json) -> str:
    return '<?xml version="1.0" encoding="UTF-8"?>' + as_xml("", resource, ' xmlns="http://hl7.org/fhir"')


def tables(path: Path) -> dict[str, list[tuple[str | None, ...]]]:
    found = {}
    for table in read_fhir(path, KEY).tables:
        assert isinstance(table, MadeTable)
        every = COLUMNS[table.name]
        rows = [dict(zip(table.columns, cells, strict=True)) for _, cells in table.rows]
        found[table.name] = [tuple(row.get(column) for column in every) for row in rows]
    return found


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
    assert "943" not in json.dumps(before)
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


# -- whatever comes ----------------------------------------------------------------------------------


@given(data=st.data(), form=st.sampled_from(["json", "xml", "ndjson"]))
@settings(max_examples=150)
def test_damaged_files_are_read_or_refused_in_words(
    data: st.DataObject, form: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    whole = {
        "json": json.dumps(bundle(*ALL)),
        "xml": xml(bundle(*ALL)),
        "ndjson": "\n".join(map(json.dumps, ALL)),
    }[form]
    path = tmp_path_factory.mktemp("cut") / f"b.{form}"
    path.write_bytes(data.draw(damages(whole.encode())))
    looks_like_fhir(path)
    survives(lambda: read_fhir(path, KEY))


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8), st.just("Practitioner/n1")),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                [
                    "reference",
                    "start",
                    "end",
                    "system",
                    "value",
                    "coding",
                    "text",
                    "code",
                    "member",
                    "period",
                    "role",
                ]
            ),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=12,
)


@given(
    which=st.integers(0, len(ALL) - 1),
    fields=st.dictionaries(
        st.sampled_from(
            [
                *TEAM,
                *EPISODE,
                *PATIENT,
                "extension",
                "contained",
                "partOf",
                "practitioner",
                "organization",
                "code",
            ]
        ),
        VALUES,
        max_size=5,
    ),
)
@settings(max_examples=200)
def test_values_of_any_type_are_read_or_refused_in_words(
    which: int, fields: Json, tmp_path_factory: pytest.TempPathFactory
) -> None:
    changed = [
        {**r, **fields, "resourceType": r["resourceType"]} if n == which else r for n, r in enumerate(ALL)
    ]
    path = write(tmp_path_factory.mktemp("any") / "b.json", bundle(*changed))
    survives(lambda: read_fhir(path, KEY))


def test_attacks_are_refused(tmp_path: Path) -> None:
    deep = '{"resourceType":"Patient","a":' + "[" * 200_000 + "]" * 200_000 + "}"
    nested = '<Patient xmlns="http://hl7.org/fhir">' + "<a>" * 5000 + "</a>" * 5000 + "</Patient>"
    laughs = BILLION_LAUGHS.replace("<Message>", '<Message xmlns="http://hl7.org/fhir">')
    outside = EXTERNAL_ENTITY.replace("<Message>", '<Message xmlns="http://hl7.org/fhir">')
    for name, content in (("a.json", deep), ("a.xml", nested), ("b.xml", laughs), ("c.xml", outside)):
        with pytest.raises(SourceError):
            read_fhir(write(tmp_path / name, content), KEY)
    with pytest.raises(SourceError):
        read_fhir(write(tmp_path / "empty.json", ""), KEY)


# -- a second road -----------------------------------------------------------------------------------

DAYS = st.dates(dt.date(2020, 1, 1), dt.date(2024, 1, 1))
SPANS = st.tuples(DAYS, st.one_of(st.none(), DAYS))
TEAMS = st.lists(
    st.tuples(
        st.integers(1, 3),
        SPANS,
        st.lists(
            st.tuples(
                st.integers(1, 3), st.sampled_from(["lead worker", "nurse"]), st.one_of(st.none(), SPANS)
            )
        ),
    ),
    max_size=3,
)


def as_period(span: tuple[dt.date, dt.date | None]) -> Json:
    return {"start": str(span[0]), **({"end": str(span[1])} if span[1] else {})}


def half_open(span: tuple[dt.date, dt.date | None]) -> tuple[str, str | None]:
    return str(span[0]), str(span[1] + dt.timedelta(days=1)) if span[1] else None


@given(teams=TEAMS)
@settings(max_examples=60)
def test_teams_members_and_leads_by_plain_loops(
    teams: list[tuple[int, Any, list[tuple[int, str, Any]]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    made: list[Json] = []
    tacs, memberships, leads = [], set(), set()
    for number, (child, span, members) in enumerate(teams):
        participants = []
        for who, role, own in members:
            part: Json = {"role": [{"text": role}], "member": reference(f"Practitioner/{who}")}
            start, end = half_open(span)
            if own is not None:
                part["period"] = as_period(own)
                start, end = half_open(own)[0], half_open(own)[1] or end
            memberships.add((f"fhir:{number}", f"fhir:{who}", start, end))
            if role == "lead worker":
                leads.add((f"fhir:{number}", f"fhir:{who}", start, end, None))
            participants.append(part)
        tacs.append((f"fhir:{number}", f"fhir:{child}", *half_open(span), None))
        made.append(
            {
                "resourceType": "CareTeam",
                "id": str(number),
                "subject": reference(f"Patient/{child}"),
                "period": as_period(span),
                "participant": participants,
            }
        )
    path = tmp_path_factory.mktemp("road")
    got = tables(write(path / "b.json", bundle(PATIENT, *made)))
    assert got.get("tacs", []) == tacs
    assert set(got.get("memberships", [])) == memberships
    assert set(got.get("leads", [])) == leads
    assert got == tables(write(path / "b.xml", xml(bundle(PATIENT, *made))))
