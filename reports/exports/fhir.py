"""A slice as FHIR R4 bundles: agencies, practitioners and their posts, children, teams, members and leads.

Each bundle is whole in itself: what its care teams refer to stands in it too, so some resources stand in
several. Ids are kept as identifiers of tacgraph's own systems, so that a bundle reads back as it was.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from analysis.tables import Slice
from loaders.sources.fhir.codes import ODS, SYSTEM

TEAMS_A_BUNDLE: Final = 5_000
ENTRIES_A_BUNDLE: Final = 50_000

CARRIED: Final[Mapping[str, tuple[str, ...]]] = {
    "agencies": ("agency_id", "name", "sector", "parent_agency_id"),
    "practitioners": ("practitioner_id", "role", "name"),
    "posts": ("practitioner_id", "agency_id", "started_on", "ended_on", "fte", "home", "tac_share"),
    "children": ("child_id", "birth_date"),
    "tacs": ("tac_id", "child_id", "opened_on", "closed_on", "model"),
    "memberships": ("tac_id", "practitioner_id", "started_on", "ended_on"),
    "leads": ("tac_id", "practitioner_id", "started_on", "ended_on", "reason"),
}
"""What FHIR carries of a partnership: these tables with these columns. All else is left out."""

_NAMES: Final = uuid.UUID("6f0d2d6a-6a35-5c0e-9d0f-8f6f7b0c4a11")

Row = dict[str, Any]


def write_fhir(slice_: Slice, folder: Path) -> dict[str, int]:
    """Write bundle-0001.json and so on; gives the rows by table that they carry."""
    tables = {name: _rows(slice_, name, columns) for name, columns in CARRIED.items()}
    with _Bundles(folder, tables) as bundles:
        for team in tables["tacs"]:
            bundles.team(team)
        for agency in tables["agencies"]:
            bundles.agency(agency["agency_id"])
        for practitioner in tables["practitioners"]:
            bundles.practitioner(practitioner["practitioner_id"])
        for child in tables["children"]:
            bundles.child(child["child_id"])
    return {name: len(rows) for name, rows in tables.items() if rows}


def _rows(slice_: Slice, name: str, columns: Iterable[str]) -> list[Row]:
    found: list[Row] = slice_.arrow[name].select(list(columns)).to_pylist()
    return found


def resource_id(kind: str, *key: object) -> str:
    """A resource's id: always the same one for the same thing, and of letters that FHIR allows."""
    return str(uuid.uuid5(_NAMES, "\x1f".join([kind, *map(str, key)])))


def period(started_on: dt.date, ended_on: dt.date | None) -> Row:
    """A half-open interval as FHIR's period, whose end is its last day; an empty one ends as it begins."""
    found: Row = {"start": started_on.isoformat()}
    if ended_on is not None:
        last = ended_on - dt.timedelta(days=1)
        found["end"] = last.isoformat() if last >= started_on else f"{ended_on.isoformat()}T00:00:00Z"
    return found


def _identifier(what: str, value: str) -> list[Row]:
    found = [{"system": SYSTEM + what, "value": value}]
    if what == "agency-id" and value.startswith("ods:"):
        found.append({"system": ODS, "value": value.removeprefix("ods:")})
    return found


def _coded(words: str | None = None, **codes: str | None) -> Row:
    """A CodeableConcept of tacgraph's own codes (underscores of the keys are hyphens)."""
    coding = [{"system": SYSTEM + k.replace("_", "-"), "code": v} for k, v in codes.items() if v is not None]
    return {"coding": coding, **({"text": words} if words else {})}


class _Bundles:
    """The bundles of one export, one open at a time."""

    def __init__(self, folder: Path, tables: Mapping[str, list[Row]]) -> None:
        self.folder = folder
        self.agencies = {row["agency_id"]: row for row in tables["agencies"]}
        self.practitioners = {row["practitioner_id"]: row for row in tables["practitioners"]}
        self.children = {row["child_id"]: row for row in tables["children"]}
        self.posts = _by(tables["posts"], "practitioner_id")
        self.members = _by(tables["memberships"], "tac_id")
        self.leads = _by(tables["leads"], "tac_id")
        self._number = self._teams = self._written = 0
        self._here: set[str] = set()
        self._ever: set[str] = set()
        self._file: Any = None

    def __enter__(self) -> Self:
        self._begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _begin(self) -> None:
        self._number += 1
        path = self.folder / f"bundle-{self._number:04}.json"
        self._file = path.open("w", encoding="utf-8")
        self._file.write('{"resourceType":"Bundle","type":"collection","entry":[')
        self._here, self._teams, self._written = set(), 0, 0

    def _end(self) -> None:
        self._file.write("\n]}\n")
        self._file.close()

    def _next(self) -> None:
        """Begin another bundle where this one is full; only between things that belong together."""
        if self._teams >= TEAMS_A_BUNDLE or len(self._here) >= ENTRIES_A_BUNDLE:
            self._end()
            self._begin()

    def _put(self, kind: str, ident: str, resource: Row) -> None:
        comma = "," if self._written else ""
        self._written += 1
        self._here.add(ident)
        self._ever.add(ident)
        whole = {"resourceType": kind, "id": ident, **resource}
        entry = {"fullUrl": f"urn:uuid:{ident}", "resource": whole}
        self._file.write(f"{comma}\n{json.dumps(entry, ensure_ascii=False, separators=(',', ':'))}")

    def _to(self, ident: str) -> Row:
        return {"reference": f"urn:uuid:{ident}"}

    # -- things, each once a bundle ------------------------------------------------------------------

    def agency(self, agency: str, *, wanted: bool = False) -> str:
        """An agency with those above it; `wanted`: in this bundle, also where an earlier one has it."""
        ident = resource_id("Organization", agency)
        if ident in (self._here if wanted else self._ever):
            return ident
        if not wanted:
            self._next()
        self._here.add(ident)
        row = self.agencies[agency]
        above = row["parent_agency_id"]
        parent = {"partOf": self._to(self.agency(above, wanted=True))} if above in self.agencies else {}
        self._here.discard(ident)
        self._put(
            "Organization",
            ident,
            {
                "identifier": _identifier("agency-id", agency),
                "type": [_coded(sector=row["sector"])],
                "name": row["name"],
                **parent,
            },
        )
        return ident

    def practitioner(self, practitioner: str, *, wanted: bool = False) -> str:
        """A practitioner, and at the first time the posts."""
        ident = resource_id("Practitioner", practitioner)
        if ident in (self._here if wanted else self._ever):
            return ident
        if not wanted:
            self._next()
        row, first = self.practitioners[practitioner], ident not in self._ever
        named = {"name": [{"text": row["name"]}]} if row["name"] else {}
        role = _coded(row["role"].replace("_", " "), role=row["role"])
        found = {"identifier": _identifier("practitioner-id", practitioner), **named}
        self._put("Practitioner", ident, {**found, "qualification": [{"code": role}]})
        for post in self.posts.get(practitioner, ()) if first else ():
            self._post(ident, post)
        return ident

    def _post(self, practitioner: str, post: Row) -> None:
        ident = resource_id(
            "PractitionerRole", post["practitioner_id"], post["agency_id"], post["started_on"]
        )
        extension: list[Row] = [{"url": f"{SYSTEM}fte", "valueDecimal": post["fte"]}]
        if post["home"] is not None:
            extension.append({"url": f"{SYSTEM}home", "valueBoolean": post["home"]})
        if post["tac_share"] is not None:
            extension.append({"url": f"{SYSTEM}tac-share", "valueDecimal": post["tac_share"]})
        agency = self.agency(post["agency_id"], wanted=True)
        self._put(
            "PractitionerRole",
            ident,
            {
                "extension": extension,
                "period": period(post["started_on"], post["ended_on"]),
                "practitioner": self._to(practitioner),
                "organization": self._to(agency),
            },
        )

    def child(self, child: str, *, wanted: bool = False) -> str:
        ident = resource_id("Patient", child)
        if ident in (self._here if wanted else self._ever):
            return ident
        if not wanted:
            self._next()
        born = self.children[child]["birth_date"]
        dated = {"birthDate": born.isoformat()} if born else {}
        self._put("Patient", ident, {"identifier": _identifier("child-id", child), **dated})
        return ident

    # -- teams ---------------------------------------------------------------------------------------

    def team(self, row: Row) -> None:
        """A care team with all that it refers to; members and leads are participants of their own."""
        self._next()
        tac, closed = row["tac_id"], row["closed_on"]
        over = closed is not None and closed <= dt.datetime.now(tz=dt.UTC).date()
        parts = [self._part(m, "member", None) for m in self.members.get(tac, ())]
        parts += [self._part(lead, "lead", lead["reason"]) for lead in self.leads.get(tac, ())]
        model = {"category": [_coded(model=row["model"])]} if row["model"] else {}
        self._teams += 1
        self._put(
            "CareTeam",
            resource_id("CareTeam", tac),
            {
                "identifier": _identifier("tac-id", tac),
                "status": "inactive" if over else "active",
                **model,
                "subject": self._to(self.child(row["child_id"], wanted=True)),
                "period": period(row["opened_on"], closed),
                **({"participant": parts} if parts else {}),
            },
        )

    def _part(self, row: Row, part: str, reason: str | None) -> Row:
        words = "lead practitioner" if part == "lead" else None
        return {
            "role": [_coded(words, part=part, lead_reason=reason)],
            "member": self._to(self.practitioner(row["practitioner_id"], wanted=True)),
            "period": period(row["started_on"], row["ended_on"]),
        }


def _by(rows: Iterable[Row], column: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[column]].append(row)
    return found
