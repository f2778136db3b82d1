"""A line between driver and server that a test can cut, hold up, slow down or break in mid-message."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

PIECE = 16_384
COMMIT = bytes.fromhex("0002b0120000")
"""A Bolt message in its chunk: commit."""


class Wire:
    """A TCP proxy to `to`. Faults act on what flows from then on, and on new connections."""

    def __init__(self, to: int) -> None:
        self.to, self.port = to, 0
        self.passed = 0
        """Bytes that the server sent and the client got."""
        self._held = threading.Event()
        self._slow = 0.0
        self._break_after: int | None = None
        self._breaks = 0
        self._lose_answer_to = b""
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._lock = threading.Lock()
        self._listener: socket.socket | None = None
        self.mend()

    @property
    def uri(self) -> str:
        return f"bolt://127.0.0.1:{self.port}"

    def mend(self) -> None:
        """All passes again, on the same port."""
        self._held.clear()
        self._slow, self._break_after, self._breaks, self._lose_answer_to = 0.0, None, 0, b""
        if self._listener is None:
            self._listener = socket.create_server(("127.0.0.1", self.port), reuse_port=False)
            self.port = self._listener.getsockname()[1]
            threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def cut(self) -> None:
        """Every connection is reset, and new ones are refused."""
        if self._listener is not None:
            # else the thread that waits in accept keeps the port open
            with suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        self.reset()

    def hold(self) -> None:
        """A black hole: connections stay, new ones are taken, and no byte comes through."""
        self._held.set()

    def slow(self, seconds: float) -> None:
        """Each piece takes so long."""
        self._slow = seconds

    def break_after(self, count: int, times: int = 1) -> None:
        """Reset the connection in mid-message once the server has sent so many bytes, so many times."""
        self._break_after, self._breaks, self.passed = count, times, 0

    def lose_answer_to(self, message: bytes) -> None:
        """Pass this message on to the server, then reset the connection before its answer comes."""
        self._lose_answer_to = message

    def reset(self) -> None:
        """Reset what is connected; new connections work."""
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for pair in pairs:
            for end in pair:
                _reset(end)

    def close(self) -> None:
        self.cut()
        self._held.clear()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.to), timeout=5)
            except OSError:
                _reset(client)
                continue
            server.settimeout(None)
            with self._lock:
                self._pairs.append((client, server))
            for source, sink, up in ((client, server, True), (server, client, False)):
                threading.Thread(target=self._pass_on, args=(source, sink, up), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket, up: bool) -> None:
        with suppress(OSError):
            while piece := source.recv(PIECE):
                while self._held.is_set():
                    time.sleep(0.02)
                if self._slow:
                    time.sleep(self._slow)
                if up and self._lose_answer_to and self._lose_answer_to in piece:
                    self._lose(piece, sink)
                    break
                sink.sendall(piece)
                if not up and self._is_to_break(len(piece)):
                    break
        for end in (source, sink):
            _reset(end)

    def _lose(self, piece: bytes, sink: socket.socket) -> None:
        """Let the server have it, and nobody its answer."""
        self._lose_answer_to = b""
        self._held.set()
        sink.sendall(piece)
        time.sleep(0.3)
        self.reset()
        self._held.clear()

    def _is_to_break(self, count: int) -> bool:
        self.passed += count
        if self._break_after is None or self.passed < self._break_after or self._breaks <= 0:
            return False
        self._breaks -= 1
        self.passed = 0
        return True


def _reset(end: socket.socket) -> None:
    """Close with a reset, as a lost line does; what was on the way is gone."""
    with suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()


@contextmanager
def wired(uri: str) -> Iterator[Wire]:
    """A line to the server at a Bolt address."""
    wire = Wire(urlsplit(uri).port or 7687)
    try:
        yield wire
    finally:
        wire.close()
