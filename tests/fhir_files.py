"""FHIR resources that the tests of the reader share, and the ways to write them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from loaders.sources.fhir import read_fhir
from loaders.sources.fhir.people import COLUMNS
from loaders.sources.made import MadeTable
from tests.loading import KEY

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
