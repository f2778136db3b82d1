"""Which database a program run means, and how it signs in."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from graphmodel import engine
from graphmodel.errors import EngineError

AccountName = Literal["reader", "writer", "admin"]
EngineKind = Literal["embedded", "neo4j"]


@dataclass(frozen=True)
class Target:
    """Which database, and how to sign in. The password never shows in a representation."""

    kind: EngineKind
    uri: str
    database: str | None
    username: str
    password: str = field(repr=False)


def find_target(home: Path, account: AccountName, on_wait: Callable[[str], None] | None = None) -> Target:
    """The database that the environment names, else the data folder's embedded engine, started if need be.

    Raises `EngineError` where neither can be had.
    """
    uri = os.environ.get("NEO4J_URI")
    if uri:
        password = os.environ.get("NEO4J_PASSWORD")
        if password is None:
            raise EngineError(
                "NEO4J_PASSWORD",
                f"is not set, but NEO4J_URI names {uri}",
                "Set it in the environment, or unset NEO4J_URI to use the embedded engine.",
            )
        username = os.environ.get("NEO4J_USERNAME", "neo4j")
        return Target("neo4j", uri, os.environ.get("NEO4J_DATABASE") or None, username, password)
    from graphmodel.settings import settings  # noqa: PLC0415  (settings are optional for a named server)

    endpoint = engine.ensure_running(home, idle_seconds=settings().engine.idle_seconds, on_wait=on_wait)
    user = endpoint.users[account]
    return Target("embedded", endpoint.uri, endpoint.database, user.name, user.password.reveal())
