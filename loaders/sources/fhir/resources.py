"""FHIR resources as they lie in files: Bundles or single resources, JSON, JSON lines or XML; one plain form.

XML becomes what the JSON of the same resource would be, but for lists of one, which `many` and `one` even
out. Nothing outside the files is fetched, no entity is expanded.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from graphmodel.errors import SourceError
from loaders.sources.xml_feed import fed, parser_for

SUFFIXES: Final = (".json", ".ndjson", ".jsonl", ".xml")
LARGEST_JSON: Final = 128 << 20
"""Bytes of one JSON document, which is read whole and takes some nine times as much memory.

JSON lines and XML are read one resource at a time.
"""

LONGEST_LINE: Final = 64 << 20
DEEPEST: Final = 60
LARGEST_RESOURCE: Final = 200_000
"""Elements of one resource in XML."""

_HEAD: Final = 1 << 15
_NAMESPACE: Final = "http://hl7.org/fhir"
_MEND: Final = "Ask for the export again, as one resource a line (NDJSON) or in several smaller bundles."


@dataclass
class Resource:
    """One resource: where it stands (`row` is its number in the file, from 1), and what it says.

    `base` is the address of its server, where the bundle gives it; `full_url` its address there. `inner`
    are the resources contained in it, by their local id.
    """

    kind: str
    data: dict[str, Any]
    file: int
    row: int
    full_url: str = ""
    base: str = ""
    inner: dict[str, Resource] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return text(self.data.get("id")) or ""


def many(value: Any) -> list[Any]:
    """A value as a list: R4 repeats what R5 has once, and XML does not tell a list of one."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def one(value: Any) -> dict[str, Any]:
    """The first object of a value; an empty one where there is none."""
    return next((v for v in many(value) if isinstance(v, dict)), {})


def objects(value: Any) -> list[dict[str, Any]]:
    return [v for v in many(value) if isinstance(v, dict)]


def text(value: Any) -> str | None:
    """A primitive as text; None where it is absent, empty or none."""
    first = next(iter(many(value)), None)
    if isinstance(first, bool) or first is None or isinstance(first, dict):
        return None
    return str(first).strip() or None


def flag(value: Any) -> str | None:
    """A boolean as the import format writes it; None where it is none."""
    first = next(iter(many(value)), None)
    plain = str(first).lower()
    return plain if plain in ("true", "false") else None


def fhir_files(path: Path) -> list[Path]:
    """The files at a path whose beginning is FHIR's."""
    if path.is_dir():
        try:
            found = sorted(p for p in path.iterdir() if p.is_file() and not p.name.startswith("."))
        except OSError:
            return []
    else:
        found = [path] if path.is_file() else []
    return [p for p in found if p.suffix.lower() in SUFFIXES and _is_fhir(p)]


def _is_fhir(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD).replace(b"\0", b"")
    except OSError:
        return False
    return _NAMESPACE.encode() in head if path.suffix.lower() == ".xml" else b'"resourceType"' in head


def resources(path: Path, file: int) -> Iterator[Resource]:
    """The resources of a file in order, a bundle's one by one; raises `SourceError` where it is none."""
    suffix = path.suffix.lower()
    if suffix == ".xml":
        found: Iterable[Any] = _xml(path)
    elif suffix == ".json":
        found = _json(path)
    else:
        found = _lines(path)
    row = 0
    for document in found:
        for entry in _entries(document):
            row += 1
            resource = entry.get("resource")
            if isinstance(resource, dict) and isinstance(resource.get("resourceType"), str):
                yield _resource(resource, file, row, text(entry.get("fullUrl")) or "")


def _entries(document: Any) -> Iterator[dict[str, Any]]:
    """What a document holds: a bundle's entries, those of a bundle within it too, or itself."""
    if not isinstance(document, dict):
        return
    if document.get("resourceType") != "Bundle":
        yield {"resource": document}
        return
    for entry in objects(document.get("entry")):
        inner = one(entry.get("resource"))
        if inner.get("resourceType") == "Bundle":
            yield from objects(inner.get("entry"))
        else:
            yield {"resource": inner, "fullUrl": entry.get("fullUrl")}


def _resource(data: dict[str, Any], file: int, row: int, full_url: str) -> Resource:
    kind = str(data["resourceType"])
    tail = f"/{kind}/{text(data.get('id'))}"
    base = full_url[: -len(tail)] if full_url.startswith("http") and full_url.endswith(tail) else ""
    found = Resource(kind, data, file, row, full_url, base)
    for inner in objects(data.get("contained")):
        if isinstance(inner.get("resourceType"), str) and text(inner.get("id")):
            part = Resource(inner["resourceType"], inner, file, row)
            found.inner[part.id.removeprefix("#")] = part
    return found


def _json(path: Path) -> list[Any]:
    size = path.stat().st_size
    if size > LARGEST_JSON:
        raise SourceError(path.name, f"is a JSON document of more than {LARGEST_JSON >> 20} MiB", _MEND)
    return [_parsed(path.name, path.read_bytes())]


def _lines(path: Path) -> Iterator[Any]:
    number = 0
    with path.open("rb") as file:
        while line := file.readline(LONGEST_LINE):
            number += 1
            if len(line) >= LONGEST_LINE:
                raise SourceError(path.name, f"has a line of over {LONGEST_LINE >> 20} MiB", _MEND)
            if line.strip():
                yield _parsed(f"{path.name}, line {number}", line)


def _parsed(name: str, document: bytes) -> Any:
    try:
        return json.loads(document)
    except (ValueError, RecursionError) as fault:
        why = "it nests too deep" if isinstance(fault, RecursionError) else str(fault)[:120]
        raise SourceError(
            name, f"is no complete JSON ({why})", "It may have been cut off: export it again."
        ) from None


class _Target:
    """Builds the plain form of each resource that stands in a bundle, or of the one resource there is."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.done: list[Any] = []
        self._open: list[tuple[str, dict[str, Any]]] = []
        self._skipped = self._size = 0
        self.bundle = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        space, _, name = tag.rpartition("}")
        if self._skipped or (space and space != "{" + _NAMESPACE):
            self._skipped += 1
            return
        self._size += 1
        if len(self._open) > DEEPEST or self._size > LARGEST_RESOURCE:
            raise SourceError(self.name, "has a resource that nests too deep or is too large", _MEND)
        if not self._open:
            self.bundle = name == "Bundle"
        value: dict[str, Any] = {}
        if "value" in attributes:
            value["\0"] = attributes["value"]
        if "url" in attributes:
            value["url"] = attributes["url"]
        if name[:1].isupper():
            value["resourceType"] = name
        self._open.append((name, value))

    def end(self, _: str) -> None:
        if self._skipped:
            self._skipped -= 1
            return
        name, value = self._open.pop()
        plain: Any = value.get("\0", value)
        if isinstance(plain, dict) and plain.get("resourceType") is None and set(plain) == _WRAPPER:
            plain = plain[""]
        if not self._open:
            if not self.bundle:
                self.done.append(plain)
        elif self.bundle and len(self._open) == 1:
            if name == "entry" and isinstance(plain, dict):
                self.done.append({"resourceType": "Bundle", "entry": [plain]})
            self._size = 0
        else:
            self._put("" if name[:1].isupper() else name, plain)

    def _put(self, name: str, plain: Any) -> None:
        holder = self._open[-1][1]
        if name not in holder:
            holder[name] = plain
        elif isinstance(holder[name], list):
            holder[name].append(plain)
        else:
            holder[name] = [holder[name], plain]

    def data(self, _: str) -> None:
        """Text stands in narratives alone."""

    def close(self) -> None:
        """The parser asks for it; there is nothing to close."""


_WRAPPER: Final = {""}
"""What `contained` and `resource` have in XML: one resource and nothing else."""


def _xml(path: Path) -> Iterator[Any]:
    target = _Target(path.name)
    yield from fed(path, parser_for(target), target.done, "bundle")
