"""Which database a program run means, and how it signs in."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

from graphmodel import engine
from graphmodel.errors import EngineError

PLAINTEXT: Final = "TACGRAPH_PLAINTEXT"
AUTH_FILE: Final = "NEO4J_AUTH_FILE"
_SCHEMES: Final = ("neo4j+s", "bolt+s", "neo4j+ssc", "bolt+ssc", "neo4j", "bolt")

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


def must_be_safe(uri: str) -> None:
    """Raise `EngineError` for an address that holds a password, or that would send everything in the open.

    Without TLS only this machine is spoken to, or any where TACGRAPH_PLAINTEXT=yes says that the way there is
    encrypted by other means. The address is not repeated where it holds a password.
    """
    try:
        parts = urlsplit(uri)
        host = parts.hostname or ""
    except ValueError:
        parts, host = None, ""
    if parts is None or parts.scheme not in _SCHEMES or not host:
        raise EngineError(
            "NEO4J_URI", "is no address of a database", f"Use one of {', '.join(_SCHEMES)} with ://HOST:PORT."
        )
    if "@" in parts.netloc:
        raise EngineError(
            "NEO4J_URI", "holds a name or a password", "Put them in NEO4J_USERNAME and NEO4J_PASSWORD."
        )
    plain = "+" not in parts.scheme and not _is_loopback(host)
    if plain and os.environ.get(PLAINTEXT) != "yes":
        raise EngineError(
            f"the database at {host}",
            "would be sent children's records and the password in the open",
            f"Write {parts.scheme}+s:// for {parts.scheme}:// in NEO4J_URI; {PLAINTEXT}=yes where the way "
            "there is encrypted by other means.",
        )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _account(uri: str) -> tuple[str, str]:
    """Name and password: the environment's, else those of the file that `NEO4J_AUTH_FILE` names.

    The file holds NAME/PASSWORD, as Neo4j's own container takes it: then the password is in no environment.
    Raises `EngineError` where there is neither, or the file is not so.
    """
    password = os.environ.get("NEO4J_PASSWORD")
    if password is not None:
        return os.environ.get("NEO4J_USERNAME", "neo4j"), password
    named = os.environ.get(AUTH_FILE)
    if not named:
        raise EngineError(
            "NEO4J_PASSWORD",
            f"is not set, but NEO4J_URI names {uri}",
            f"Set it in the environment, or {AUTH_FILE}, or unset NEO4J_URI to use the embedded engine.",
        )
    try:
        name, slash, password = Path(named).read_text(encoding="utf-8").strip().partition("/")
    except (OSError, UnicodeDecodeError) as fault:
        said = fault.strerror if isinstance(fault, OSError) else "no text"
        raise EngineError(
            f"{AUTH_FILE} {named}", f"cannot be read ({said})", "Mend its owner, or the name."
        ) from fault
    if not (name and slash and password):
        raise EngineError(f"{AUTH_FILE} {named}", "does not hold NAME/PASSWORD", "Write it like neo4j/… .")
    return name, password


def find_target(home: Path, account: AccountName, on_wait: Callable[[str], None] | None = None) -> Target:
    """The database that the environment names, else the data folder's embedded engine, started if need be.

    Raises `EngineError` where neither can be had.
    """
    uri = os.environ.get("NEO4J_URI")
    if uri:
        must_be_safe(uri)
        username, password = _account(uri)
        return Target("neo4j", uri, os.environ.get("NEO4J_DATABASE") or None, username, password)
    from graphmodel.settings import settings  # noqa: PLC0415  (settings are optional for a named server)

    endpoint = engine.ensure_running(home, idle_seconds=settings().engine.idle_seconds, on_wait=on_wait)
    user = endpoint.users[account]
    return Target("embedded", endpoint.uri, endpoint.database, user.name, user.password.reveal())
