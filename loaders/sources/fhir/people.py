"""Children, practitioners and agencies of FHIR resources, each once, under ids that stay."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any, Final

from loaders.identity import keyed_hash
from loaders.raw import PLACE, Identifier, RowFault, Seen
from loaders.sources.annex_a.headings import sector_of
from loaders.sources.fhir.codes import SYSTEM, Concept, Meanings, concepts, scheme_of
from loaders.sources.fhir.periods import imprecise
from loaders.sources.fhir.references import Index, Known, Target, identifiers
from loaders.sources.fhir.resources import Resource, many, objects, one, text
from loaders.sources.made import MadeTable

COLUMNS: Final = {
    "agencies": ("agency_id", "name", "sector", "parent_agency_id"),
    "practitioners": ("practitioner_id", "role", "name"),
    "posts": ("practitioner_id", "agency_id", "started_on", "ended_on", "fte", "home", "tac_share"),
    "children": ("child_id", "birth_date", "nhs_number", "upn", "first_name", "last_name", "postcode"),
    "tacs": ("tac_id", "child_id", "opened_on", "closed_on", "model"),
    "memberships": ("tac_id", "practitioner_id", "started_on", "ended_on"),
    "leads": ("tac_id", "practitioner_id", "started_on", "ended_on", "reason"),
    "services": ("service_id", "agency_id", "category", "name", "sensitive"),
    "interventions": (
        "intervention_id",
        "child_id",
        "service_id",
        "practitioner_id",
        "started_on",
        "ended_on",
    ),
}
UNKNOWN_ROLE: Final = "unspecified"


def own_id(data: dict[str, Any], what: str) -> str | None:
    """The id that tacgraph itself gave, in a bundle that it exported."""
    return next((n.value for n in identifiers(data) if n.system == SYSTEM + what), None)


def numbers(data: dict[str, Any], scheme: str) -> list[str]:
    return list(dict.fromkeys(n.value for n in identifiers(data) if scheme_of(n.system) == scheme))


def place_of(resource: Resource) -> int:
    return resource.file * PLACE + resource.row


class People:
    """Who occurs in the files, on the way into tables."""

    def __init__(self, path_name: str, index: Index, meanings: Meanings, key: bytes) -> None:
        self.index, self.meanings, self.key = index, meanings, key
        self.tables = {name: MadeTable(name, path_name, columns) for name, columns in COLUMNS.items()}
        self.findings: list[Seen] = []
        self.identifiers: dict[Identifier, None] = {}
        self.counts: Counter[str] = Counter()
        self.roles: dict[str, list[Concept]] = defaultdict(list)
        self._done: dict[tuple[str, str], str] = {}
        self._practitioners: dict[str, tuple[int, str | None]] = {}

    def fault(self, table: str, resource: Resource, column: str, value: str | None, reason: str) -> None:
        """Reject a resource; of a team also its members and leads, so that none of them is retired."""
        for part in ("tacs", "memberships", "leads") if table == "tacs" else (table,):
            self.tables[part].faults.append(RowFault(place_of(resource), column, value or "", reason))

    def _identify(self, kind: Any, ident: str, scheme: str, value: str | None) -> None:
        if value:
            self.identifiers.setdefault(Identifier(kind, ident, scheme, value))

    def _absent(self, target: Target, ident: str, table: str) -> None:
        """Somebody whom the files name and do not hold: known by id alone."""
        self.counts[f"{target.kind} named but not in the files: known by id alone"] += 1
        what = f"{target.kind} is referred to and not in the files: known by id alone"
        self.findings.append(Seen("reference_not_in_files", table, ident, what))

    # -- children ------------------------------------------------------------------------------------

    def child(self, target: Target, origin: Resource) -> str:
        """The child's id; the child is put into the table when met first."""
        data = target.resource.data if target.resource else {}
        ident = own_id(data, "child-id") or self._named("child", target, origin)
        if self._met("child", ident):
            return ident
        nhs = numbers(data, "nhs_number")
        if target.identifier and scheme_of(target.identifier.system) == "nhs_number":
            nhs.append(target.identifier.value)
        upn = numbers(data, "upn")
        name, address = _official(data.get("name")), one(data.get("address"))
        given = " ".join(t for t in map(text, many(name.get("given"))) if t) or None
        born = text(data.get("birthDate"))
        if imprecise(born):
            self.counts["dates of birth that are a year or a month alone: left out"] += 1
            what = "the date of birth is a year or a month alone: left out"
            self.findings.append(Seen("imprecise_date", "children", ident, what))
            born = None
        cells = (born, next(iter(nhs), None), next(iter(upn), None), given, text(name.get("family")))
        place = place_of(target.resource or origin)
        self.tables["children"].add(place, ident, *cells, text(address.get("postalCode")))
        for scheme, values in (("nhs_number", nhs), ("upn", upn)):
            for value in values:
                self._identify("child", ident, scheme, value)
        if target.resource is None:
            self._absent(target, ident, "children")
        return ident

    def _met(self, kind: str, ident: str) -> bool:
        if (kind, ident) in self._done:
            return True
        self._done[kind, ident] = ident
        return False

    def _named(self, kind: str, target: Target, origin: Resource) -> str:
        """An id with the source's prefix; of a person who is only named by a number, a keyed hash of it."""
        if target.identifier and target.identifier.system.startswith(SYSTEM):
            return target.identifier.value
        if target.name:
            return f"fhir:{target.name}"
        if target.identifier:
            return f"fhir:{kind}-{keyed_hash(self.key, f'fhir {kind}', _both(target.identifier))[:16]}"
        return f"fhir:{kind}-in-{self.index.name(origin)}"

    # -- practitioners -------------------------------------------------------------------------------

    def practitioner(self, target: Target, origin: Resource, said: list[Concept]) -> str | None:
        """The practitioner's id, also of one behind a PractitionerRole; None where nobody is."""
        if target.kind == "PractitionerRole":
            return self._behind(target, said)
        data = target.resource.data if target.resource else {}
        swe = numbers(data, "swe_number")
        if target.identifier and scheme_of(target.identifier.system) == "swe_number":
            swe.append(target.identifier.value)
        registered = f"swe:{''.join(swe[0].split()).upper()}" if swe else None
        ident = own_id(data, "practitioner-id") or registered or self._named("practitioner", target, origin)
        self.roles[ident] += [*said, *_qualifications(data)]
        if not self._met("practitioner", ident):
            name = _name(data) or target.display
            self._practitioners[ident] = (place_of(target.resource or origin), name)
            self._identify("practitioner", ident, "swe_number", swe[0] if swe else None)
            for value in numbers(data, "staff_id"):
                self._identify("practitioner", ident, "staff_id", value)
            for point in objects(data.get("telecom")):
                if text(point.get("system")) == "email":
                    self._identify("practitioner", ident, "email", text(point.get("value")))
            if target.resource is None:
                self._absent(target, ident, "practitioners")
        return ident

    def _behind(self, target: Target, said: list[Concept]) -> str | None:
        role = target.resource
        if role is None:
            self.counts["PractitionerRole named but not in the files: nobody known behind it"] += 1
            return None
        behind = self.index.follow(role.data.get("practitioner"), role, "Practitioner")
        if behind is None or behind.kind != "Practitioner":
            self.counts["PractitionerRole without a practitioner: a post, not a person"] += 1
            return None
        return self.practitioner(behind, role, [*concepts(role.data.get("code")), *said])

    def write_practitioners(self) -> None:
        """All practitioners, with the trade that the first known code or word gives."""
        for ident, (place, name) in self._practitioners.items():
            said = self.roles[ident]
            own = next((code for c in said if (code := c.own_code("role"))), None)
            words = next((word for c in said for word in c.words), None)
            role = own or self.meanings.means("role", said) or (words.casefold()[:100] if words else None)
            if role is None:
                what = "neither code nor word says what they are by trade"
                self.findings.append(Seen("practitioner_without_role", "practitioners", ident, what))
            self.tables["practitioners"].add(place, ident, role or UNKNOWN_ROLE, name)

    # -- agencies ------------------------------------------------------------------------------------

    def agency(self, target: Target, origin: Resource) -> str:
        """The agency's id; it and those that it is part of are put into the table when met first."""
        data = target.resource.data if target.resource else {}
        ods, urn = numbers(data, "ods"), numbers(data, "urn")
        if target.identifier and scheme_of(target.identifier.system) == "ods":
            ods.append(target.identifier.value)
        scheme = f"ods:{ods[0].upper()}" if ods else f"urn:{urn[0]}" if urn else None
        ident = own_id(data, "agency-id") or scheme or self._named("agency", target, origin)
        if self._met("agency", ident):
            return ident
        name = text(data.get("name")) or target.display
        kinds = concepts(data.get("type"))
        sector = next((code for c in kinds if (code := c.own_code("sector"))), None)
        sector = sector or self.meanings.means("sector", kinds) or ("health" if ods else None)
        above = self.index.follow(data.get("partOf"), target.resource or origin, "Organization")
        parent = (
            self.agency(above, target.resource or origin) if above and above.kind == "Organization" else None
        )
        place = place_of(target.resource or origin)
        if name is None:
            self.counts["agencies without a name: their id stands for it"] += 1
        self.tables["agencies"].add(place, ident, name or ident, sector or sector_of(name or ""), parent)
        for scheme_name, values in (("ods", ods), ("urn", urn)):
            for value in values:
                self._identify("agency", ident, scheme_name, value)
        if target.resource is None:
            self._absent(target, ident, "agencies")
        return ident


def _both(number: Known) -> str:
    return f"{number.system}|{number.value}"


def _official(names: Any) -> dict[str, Any]:
    """The official or usual name of several, else the first."""
    found = objects(names)
    uses = {text(n.get("use")): n for n in reversed(found)}
    return uses.get("official") or uses.get("usual") or (found[0] if found else {})


def _name(data: dict[str, Any]) -> str | None:
    name = _official(data.get("name"))
    parts = [*map(text, many(name.get("given"))), text(name.get("family"))]
    return text(name.get("text")) or " ".join(p for p in parts if p) or None


def _qualifications(data: dict[str, Any]) -> list[Concept]:
    return [c for q in objects(data.get("qualification")) for c in concepts(q.get("code"))]
