"""What the tests of the embedded engine share: signing in, asking, looking at its process."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import neo4j

from graphmodel import engine


@contextlib.contextmanager
def signed_in(endpoint: engine.Endpoint, role: str) -> Iterator[neo4j.Driver]:
    """A driver signed in as one of the engine's accounts."""
    account = endpoint.users[role]
    with neo4j.GraphDatabase.driver(
        endpoint.uri, auth=(account.name, account.password.reveal()), max_transaction_retry_time=0
    ) as driver:
        yield driver


def ask(driver: neo4j.Driver, query: str, **parameters: Any) -> list[list[Any]]:
    """The rows of one query, run by itself."""
    found = driver.execute_query(query, parameters, database_=engine.DATABASE)
    return [list(record.values()) for record in found.records]


def wait_until(done: Callable[[], bool], seconds: float) -> bool:
    """Whether something came true in time."""
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that ended and that nobody waited for does not."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    return status.rsplit(")", 1)[1].split()[0] != "Z"


def kill(pid: int) -> None:
    """End a process without giving it a chance, and see it gone."""
    os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: not is_alive(pid), 10)


def listening_addresses(pid: int) -> set[str]:
    """The local addresses, in the kernel's hexadecimal, on which a process listens."""
    inodes = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            inodes.add(str(entry.readlink()))
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text(encoding="ascii").splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in inodes:
                found.add(fields[1].split(":")[0])
    return found


@dataclass(frozen=True)
class Served:
    """A running engine with its three sign-ins and two nodes in it."""

    endpoint: engine.Endpoint
    admin: neo4j.Driver
    writer: neo4j.Driver
    reader: neo4j.Driver


@contextlib.contextmanager
def serving(home: Path) -> Iterator[Served]:
    """An engine with a little in it, stopped at the end."""
    endpoint = engine.ensure_running(home, heap="256m", reader_timeout=3)
    with (
        signed_in(endpoint, "admin") as admin,
        signed_in(endpoint, "writer") as writer,
        signed_in(endpoint, "reader") as reader,
    ):
        ask(admin, "CREATE CONSTRAINT thing_id FOR (n:Thing) REQUIRE n.id IS UNIQUE")
        ask(admin, "CREATE CONSTRAINT link_id FOR ()-[r:LINK]-() REQUIRE r.id IS UNIQUE")
        ask(writer, "CREATE (a:Thing {id: 'a', size: 1})-[:LINK {id: 'l'}]->(b:Thing {id: 'b', size: 2})")
        yield Served(endpoint, admin, writer, reader)
    assert engine.stop(home)
