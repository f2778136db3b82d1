"""FHIR care teams, damaged in every way, and read on a second road."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphmodel.errors import SourceError
from loaders.sources.fhir import looks_like_fhir, read_fhir
from tests.fhir_files import ALL, EPISODE, PATIENT, TEAM, Json, bundle, reference, tables, write, xml
from tests.fuzzing import BILLION_LAUGHS, EXTERNAL_ENTITY, damages, survives
from tests.loading import KEY

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
