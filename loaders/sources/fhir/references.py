"""Where references lead: within the resource, the bundle, the files, or to a number alone."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs

from loaders.sources.fhir.resources import Resource, objects, one, text

_PATH: Final = re.compile(r"(?:(https?://.+)/)?([A-Z][A-Za-z]+)/([A-Za-z0-9.\-]{1,200})(?:/_history/[^/]+)?")


@dataclass(frozen=True)
class Known:
    """An identifier: who gives it out, and the number."""

    system: str
    value: str


@dataclass
class Target:
    """What a reference leads to: a kind of resource under a name, with the resource where the files have it.

    `name` is what its id is made of; empty where only an identifier is known.
    """

    kind: str
    name: str
    resource: Resource | None = None
    display: str | None = None
    identifier: Known | None = None


def identifiers(data: dict[str, Any]) -> list[Known]:
    """The identifiers of a resource or reference that have a value."""
    found = [(text(i.get("system")) or "", text(i.get("value"))) for i in objects(data.get("identifier"))]
    return [Known(system, value) for system, value in found if value]


class Index:
    """All resources by their addresses, ids and identifiers."""

    def __init__(self, found: Iterable[Resource]) -> None:
        self.by_url: dict[str, Resource] = {}
        self.by_id: dict[tuple[str, str, str], Resource] = {}
        self.by_number: dict[tuple[str, Known], Resource] = {}
        self.again = 0
        for resource in found:
            self._add(resource)

    def _add(self, resource: Resource) -> None:
        key = (resource.base, resource.kind, resource.id)
        known = self.by_id.get(key) if resource.id else None
        if known is not None:
            self.again += 1
            if _version(known) > _version(resource):
                return
        if resource.id:
            self.by_id[key] = resource
            anywhere = ("", resource.kind, resource.id)
            if self.by_id.get(anywhere) in (None, known):
                self.by_id[anywhere] = resource
        if resource.full_url:
            self.by_url[resource.full_url] = resource
        for number in identifiers(resource.data):
            self.by_number.setdefault((resource.kind, number), resource)

    def latest(self, resource: Resource) -> bool:
        """Whether no later version of the resource stands in the files."""
        key = (resource.base, resource.kind, resource.id)
        return not resource.id or self.by_id.get(key) is resource

    def name(self, resource: Resource) -> str:
        """What a resource is called beyond its bundle: its id, at its server where that is known."""
        if resource.base:
            return f"{re.sub('^https?://', '', resource.base)}/{resource.id}"
        return resource.id or resource.full_url.removeprefix("urn:uuid:")

    def follow(self, reference: Any, origin: Resource, kind: str) -> Target | None:
        """Where a reference leads; `kind` is what it must be where it does not say; None: nowhere."""
        said = one(reference)
        display, where = text(said.get("display")), text(said.get("reference"))
        kind = text(said.get("type")) or kind
        numbers = identifiers(said)
        if where is None:
            return self._by_number(kind, numbers[0], display) if numbers else None
        if where.startswith("#"):
            inner = origin.inner.get(where[1:])
            return Target(inner.kind, f"{self.name(origin)}#{inner.id}", inner, display) if inner else None
        if where in self.by_url:
            return self._to(self.by_url[where], display)
        if "?" in where:
            return self._by_query(where, display)
        return self._by_path(where, origin, Target(kind, "", None, display, next(iter(numbers), None)))

    def _by_path(self, where: str, origin: Resource, known: Target) -> Target:
        """An address relative to the origin's server, or a whole one."""
        found = _PATH.fullmatch(where)
        if found is None:
            name = where.removeprefix("urn:uuid:").removeprefix("urn:oid:")
            return Target(known.kind, name, None, known.display, known.identifier)
        base, kind, ident = found[1] or origin.base, found[2], found[3]
        resource = self.by_id.get((base, kind, ident))
        if resource is None and not found[1]:
            resource = self.by_id.get(("", kind, ident))
        if resource is not None:
            return self._to(resource, known.display)
        name = f"{re.sub('^https?://', '', base)}/{ident}" if base else ident
        return Target(kind, name, None, known.display, known.identifier)

    def _to(self, resource: Resource, display: str | None) -> Target:
        return Target(resource.kind, self.name(resource), resource, display)

    def _by_number(self, kind: str, number: Known, display: str | None) -> Target:
        resource = self.by_number.get((kind, number))
        return self._to(resource, display) if resource else Target(kind, "", None, display, number)

    def _by_query(self, where: str, display: str | None) -> Target | None:
        """A conditional reference: `Patient?identifier=system|value`."""
        kind, _, query = where.partition("?")
        asked = parse_qs(query).get("identifier", [""])[0]
        system, _, value = asked.rpartition("|")
        return self._by_number(kind.rpartition("/")[2], Known(system, value), display) if value else None


def _version(resource: Resource) -> str:
    return text(one(resource.data.get("meta")).get("lastUpdated")) or ""
