"""What a Neo4j cluster does to its clients, for tests: a routing table, one leader, and copies that lag.

Each member listens on a port of its own, speaks Bolt and hands everything to a real server, decoded with the
driver's own packer. It answers what a cluster answers and a single server does not: where to read and where
to write, "not a leader" to a write elsewhere, and on a copy that lags nothing before it has come as far as
the bookmarks that a transaction brings. A copy that lags is another server, with the graph of an earlier day.
"""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

from neo4j._codec.packstream import v1

# it is typed in parts
PACKSTREAM: Final[Any] = v1

MAGIC: Final = bytes.fromhex("6060b017")
OFFER: Final = bytes.fromhex("00040405") + bytes(12)
"""Bolt 5.4 down to 5.0: one short handshake, every message in plain sight."""
RUN, BEGIN, COMMIT, ROLLBACK, RESET, ROUTE, GOODBYE = 0x10, 0x11, 0x12, 0x13, 0x0F, 0x66, 0x02
SUCCESS, IGNORED, FAILURE = 0x70, 0x7E, 0x7F
NOT_A_LEADER: Final = "Neo.ClientError.Cluster.NotALeader"
TOO_LATE: Final = "Neo.TransientError.Transaction.BookmarkTimeout"


@dataclass(frozen=True)
class Seen:
    """A transaction that a member was asked for: `mode` is r or w."""

    member: str
    mode: str
    bookmarks: tuple[str, ...]
    served: bool


@dataclass
class Member:
    """One member: its name, the port of the server behind it, and whether it only follows."""

    name: str
    backend: int
    lags: bool = False
    port: int = 0


@dataclass
class Cluster:
    """The members and what they were asked. `patience`: seconds that a copy waits to catch up."""

    members: dict[str, Member]
    leader: str
    readers: tuple[str, ...]
    patience: float = 0.3
    seen: list[Seen] = field(default_factory=list)
    before_write: Callable[[int], None] = lambda _: None
    waited: Callable[[], None] = lambda: None
    order: dict[str, int] = field(default_factory=dict)
    applied: int = 0
    writes: int = 0
    lock: threading.Condition = field(default_factory=threading.Condition)

    @property
    def uri(self) -> str:
        return f"neo4j://127.0.0.1:{next(iter(self.members.values())).port}"

    def at(self, name: str) -> str:
        return f"127.0.0.1:{self.members[name].port}"

    def routes(self) -> dict[str, Any]:
        """The routing table as a server gives it."""
        roles = {
            "ROUTE": list(self.members),
            "READ": list(self.readers),
            "WRITE": [self.leader] if self.leader else [],
        }
        servers = [{"role": r, "addresses": [self.at(n) for n in names]} for r, names in roles.items()]
        return {"rt": {"ttl": 300, "db": "neo4j", "servers": servers}}

    def caught_up(self) -> None:
        """The copies that lag have now come as far as the leader."""
        with self.lock:
            self.applied = len(self.order)
            self.lock.notify_all()

    def learn(self, bookmark: str) -> None:
        with self.lock:
            self.order.setdefault(bookmark, len(self.order) + 1)

    def has(self, bookmarks: tuple[str, ...]) -> bool:
        """Whether a copy that lags has come so far, after waiting for it."""

        def reached() -> bool:
            return all(self.order.get(one, 1 << 60) <= self.applied for one in bookmarks)

        with self.lock:
            if not reached():
                self.waited()
            return self.lock.wait_for(reached, self.patience)

    def reached(self) -> str:
        """The leader's bookmark that says how far a copy that lags has come."""
        with self.lock:
            return next((one for one, place in self.order.items() if place == self.applied), "")


# -- messages ----------------------------------------------------------------------------------------


def fields_of(message: bytes) -> tuple[int, list[tuple[Any, bytes]]]:
    """The tag of a message, and each field as a value and as it came."""
    buffer = PACKSTREAM.UnpackableBuffer(message)
    buffer.p = 2
    unpacker, found = PACKSTREAM.Unpacker(buffer), []
    for _ in range(message[0] & 0x0F):
        start = buffer.p
        value = unpacker.unpack()
        found.append((value, bytes(message[start : buffer.p])))
    return message[1], found


def packed(value: Any) -> bytes:
    buffer = PACKSTREAM.PackableBuffer()
    PACKSTREAM.Packer(buffer).pack(value)
    return bytes(buffer.data)


def message(tag: int, *values: bytes) -> bytes:
    return bytes([0xB0 | len(values), tag]) + b"".join(values)


def framed(content: bytes) -> bytes:
    parts = [content[i : i + 0xFFFF] for i in range(0, len(content), 0xFFFF)]
    return b"".join(struct.pack(">H", len(part)) + part for part in parts) + b"\0\0"


class Line:
    """One end of a connection, message by message."""

    def __init__(self, line: socket.socket) -> None:
        self.line, self.file = line, line.makefile("rb")
        self.sending = threading.Lock()

    def read(self) -> bytes | None:
        content = b""
        while True:
            head = self.file.read(2)
            if len(head) < 2:
                return None
            (size,) = struct.unpack(">H", head)
            if size:
                content += self.file.read(size)
            elif content:
                return content

    def send(self, content: bytes) -> None:
        with self.sending:
            self.line.sendall(framed(content))

    def close(self) -> None:
        with suppress(OSError):
            self.line.shutdown(socket.SHUT_RDWR)
        self.file.close()
        self.line.close()


# -- a connection ------------------------------------------------------------------------------------


class Connection:
    """A client's connection to a member, and the member's to the server behind it."""

    def __init__(self, cluster: Cluster, member: Member, client: socket.socket) -> None:
        self.cluster, self.member = cluster, member
        self.client = Line(client)
        self.server = Line(socket.create_connection(("127.0.0.1", member.backend)))
        self.waiting = threading.Condition()
        self.outstanding = 0
        self.failed = self.in_transaction = False

    def serve(self) -> None:
        self.client.file.read(20)
        self.server.line.sendall(MAGIC + OFFER)
        self.client.line.sendall(self.server.file.read(4))
        back = threading.Thread(target=self._back, daemon=True)
        back.start()
        try:
            while (content := self.client.read()) is not None:
                self._take(content)
        finally:
            self.server.close()
            back.join()
            self.client.file.close()

    def _back(self) -> None:
        """Hand on what the server says."""
        with suppress(OSError, ValueError):
            while (content := self.server.read()) is not None:
                if content[1] in (SUCCESS, IGNORED, FAILURE):
                    self.client.send(self._bookmarked(content))
                    with self.waiting:
                        self.outstanding -= 1
                        self.waiting.notify_all()
                else:
                    self.client.send(content)

    def _bookmarked(self, content: bytes) -> bytes:
        if content[1] != SUCCESS:
            return content
        _, ((said, _),) = fields_of(content)
        if "bookmark" not in said:
            return content
        if not self.member.lags:
            self.cluster.learn(said["bookmark"])
            return content
        return message(SUCCESS, packed({**said, "bookmark": self.cluster.reached()}))

    def _take(self, content: bytes) -> None:
        tag = content[1]
        if tag == RESET:
            self.failed = self.in_transaction = False
        elif self.failed:
            self._answer(message(IGNORED))
            return
        if tag == ROUTE:
            self._answer(message(SUCCESS, packed(self.cluster.routes())))
            return
        if tag in (COMMIT, ROLLBACK):
            self.in_transaction = False
        if tag == BEGIN or (tag == RUN and not self.in_transaction):
            asked = self._asked(content)
            if asked is None:
                return
            content = asked
            self.in_transaction = tag == BEGIN
        self._forward(content)

    def _asked(self, content: bytes) -> bytes | None:
        """What the server is asked in place of this; None where the member has answered itself."""
        tag, fields = fields_of(content)
        extra = dict(fields[-1][0])
        mode, bookmarks = extra.get("mode", "w"), tuple(extra.get("bookmarks", ()))
        if mode == "w":
            self.cluster.writes += 1
            self.cluster.before_write(self.cluster.writes)
        fault = ""
        if mode == "w" and self.member.name != self.cluster.leader:
            fault = NOT_A_LEADER
        elif self.member.lags and not self.cluster.has(bookmarks):
            fault = TOO_LATE
        self.cluster.seen.append(Seen(self.member.name, mode, bookmarks, served=not fault))
        if fault:
            self.failed = True
            self._answer(message(FAILURE, packed({"code": fault, "message": "as a cluster says"})))
            return None
        if self.member.lags:
            extra.pop("bookmarks", None)
        return message(tag, *(raw for _, raw in fields[:-1]), packed(extra))

    def _answer(self, content: bytes) -> None:
        """Say it after everything that the server was asked before has been answered."""
        with self.waiting:
            self.waiting.wait_for(lambda: self.outstanding <= 0, 30)
        self.client.send(content)

    def _forward(self, content: bytes) -> None:
        if content[1] != GOODBYE:
            with self.waiting:
                self.outstanding += 1
        self.server.send(content)


@contextmanager
def serving(cluster: Cluster) -> Iterator[Cluster]:
    """The members at work, each on a free port of this machine."""

    def handler(member: Member) -> type[socketserver.BaseRequestHandler]:
        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with suppress(OSError, ValueError):
                    Connection(cluster, member, self.request).serve()

        return Handler

    servers = []
    for member in cluster.members.values():
        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler(member))
        server.daemon_threads, server.block_on_close = True, False
        member.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        servers.append(server)
    try:
        yield cluster
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()
