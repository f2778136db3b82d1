"""What the driver hands out, as plain Python, and whom the whole nodes in it show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from neo4j.graph import Node, Relationship
from neo4j.graph import Path as GraphPath
from neo4j.time import Date, DateTime, Duration, Time

from graphmodel import identity
from graphmodel.declare import Identity
from graphmodel.errors import AccessRefused


def plain(value: Any) -> Any:
    """A driver value as plain Python: dates and times of the standard library, lists and maps likewise.

    A node or relationship comes as a map of its label or type and its properties without the keyed hashes of
    identity numbers, a path as the list of these; durations and times of day come as ISO text.
    """
    if isinstance(value, (Node, Relationship)):
        kind = {"label": ":".join(sorted(value.labels))} if isinstance(value, Node) else {"type": value.type}
        return kind | {k: plain(v) for k, v in sorted(value.items()) if not k.endswith("_hash")}
    if isinstance(value, GraphPath):
        steps = zip(value.relationships, value.nodes[1:], strict=True)
        return [plain(value.start_node), *(plain(x) for step in steps for x in step)]
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return _plain_time(value)


def _plain_time(value: Any) -> Any:
    if isinstance(value, Date):
        return date(value.year, value.month, value.day)
    if isinstance(value, DateTime):
        return value.to_native()
    return value.iso_format() if isinstance(value, (Duration, Time)) else value


def shown_whole(value: Any, lacking: Mapping[Identity, AccessRefused]) -> frozenset[Identity]:
    """Whom whole nodes within a value show; raises `AccessRefused` where `lacking` has one of them."""
    inner: Iterable[Any] = ()
    if isinstance(value, Node):
        shown = [identity.shown_whole(label, dict(value.items()), lacking) for label in value.labels]
        return frozenset().union(*shown)
    if isinstance(value, (GraphPath, Relationship)):
        inner = value.nodes
    elif isinstance(value, (Mapping, list, tuple)):
        inner = value.values() if isinstance(value, Mapping) else value
    return frozenset().union(*(shown_whole(part, lacking) for part in inner))
