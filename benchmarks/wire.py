"""A session of the dashboard without a browser: what Streamlit's own page sends and gets, over its websocket.

A browser costs more processor than the dashboard itself; for hours of many sessions only the server counts.
The server cannot tell the difference: it runs every page, keeps every session and makes every file.
"""

from __future__ import annotations

import asyncio
import urllib.request
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Final, Self

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

LIMIT_SECONDS: Final = 90.0
_ERROR: Final = 1
_EARLY: Final = 3


class Wire:
    """One open session. Use as an asynchronous context manager; not to be shared between tasks."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.elements: dict[tuple[int, ...], Any] = {}
        self.pages: dict[str, str] = {}
        self.query = ""
        self._page = ""
        self._session = ""
        self._numbers = 0
        self._socket: ClientConnection | None = None

    async def __aenter__(self) -> Self:
        host = self.address.removeprefix("http://")
        self._socket = await connect(
            f"ws://{host}/_stcore/stream", subprotocols=["streamlit"],  # type: ignore[list-item]
            max_size=None, open_timeout=LIMIT_SECONDS, origin=self.address,  # type: ignore[arg-type]
        )  # fmt: skip
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._socket is not None:
            await self._socket.close()

    # -- running pages ---------------------------------------------------------------------------

    async def open(self, path: str, query: str = "") -> None:
        """A page by its address."""
        message = self._rerun(query)
        message.rerun_script.page_name = path
        await self._run(message)

    async def turn(self, path: str) -> None:
        """A page by the menu: the session stays, the query of the address too."""
        message = self._rerun(self.query)
        message.rerun_script.page_script_hash = self.pages[path]
        await self._run(message)

    async def change(self, **widgets: tuple[str, Any]) -> None:
        """Run again with other values: any name = (widget's label, value); True presses a button."""
        message = self._rerun(self.query)
        message.rerun_script.page_script_hash = self._page
        for label, value in widgets.values():
            state = message.rerun_script.widget_states.widgets.add()
            kind, found = self.find(label)
            state.id = found.id
            if kind in ("button", "download_button"):
                state.trigger_value = True
            elif isinstance(value, list):
                state.string_array_value.data.extend(value)
            else:
                state.string_value = value
        await self._run(message)

    def _rerun(self, query: str) -> BackMsg:
        message = BackMsg()
        message.rerun_script.query_string = query
        message.rerun_script.context_info.url = f"{self.address}/"
        message.rerun_script.context_info.timezone = "Europe/London"
        return message

    async def _run(self, message: BackMsg) -> None:
        """Send, and take what comes until the script has ended and no other run follows."""
        await self._send(message)
        async with asyncio.timeout(LIMIT_SECONDS):
            while True:
                got = await self._next()
                kind = got.WhichOneof("type")
                if kind == "script_finished" and got.script_finished != _EARLY:
                    return
                self._take(kind or "", got)

    def _take(self, kind: str, got: ForwardMsg) -> None:
        if kind == "new_session":
            self.elements.clear()
            self._session = got.new_session.initialize.session_id or self._session
            self._page = got.new_session.page_script_hash or self._page
        elif kind == "navigation":
            self._page = got.navigation.page_script_hash
            self.pages = {page.url_pathname: page.page_script_hash for page in got.navigation.app_pages}
        elif kind == "page_info_changed":
            self.query = got.page_info_changed.query_string
        elif kind == "delta" and got.delta.WhichOneof("type") == "new_element":
            self.elements[tuple(got.metadata.delta_path)] = got.delta.new_element

    # -- what is on the page ---------------------------------------------------------------------

    def find(self, label: str) -> tuple[str, Any]:
        """Kind and widget that bears this label. Raises `LookupError` where there is none."""
        for kind, part in self._parts():
            if getattr(part, "label", None) == label:
                return kind, part
        raise LookupError(f"no widget is called {label!r}")

    def keyed(self, key: str) -> Any:
        """The widget with this key of the program. Raises `LookupError` where there is none."""
        for _, part in self._parts():
            if str(getattr(part, "id", "")).endswith(f"-{key}"):
                return part
        raise LookupError(f"no widget has the key {key!r}")

    def words(self) -> str:
        """All text of the page."""
        return " ".join(str(getattr(part, "body", "")) for _, part in self._parts())

    def fault(self) -> str:
        """What the page says in red; empty where it says nothing so."""
        for kind, part in self._parts():
            if kind == "exception":
                return f"exception {part.type}: {part.message}"
            if kind == "alert" and part.format == _ERROR:
                return str(part.body)
        return ""

    def title(self) -> str:
        """The first heading of the first size."""
        return next((str(p.body) for kind, p in self._parts() if kind == "heading" and p.tag == "h1"), "")

    def charts(self) -> int:
        """How many charts there are."""
        return sum(kind == "plotly_chart" for kind, _ in self._parts())

    def _parts(self) -> Iterator[tuple[str, Any]]:
        for element in self.elements.values():
            kind = element.WhichOneof("type")
            if kind is not None:
                yield kind, getattr(element, kind)

    # -- files -----------------------------------------------------------------------------------

    async def taken(self, key: str) -> bytes:
        """The file behind a download button, by its key."""
        button = self.keyed(key)
        self._numbers += 1
        message = BackMsg()
        message.backend_operation_request.request_id = str(self._numbers)
        message.backend_operation_request.session_id = self._session
        message.backend_operation_request.deferred_file.file_id = button.deferred_file_id
        await self._send(message)
        async with asyncio.timeout(LIMIT_SECONDS):
            while True:
                got = await self._next()
                if got.WhichOneof("type") == "backend_operation_response":
                    break
        answer = got.backend_operation_response
        if answer.error_msg:
            raise AssertionError(f"no file: {answer.error_msg}")
        return await asyncio.to_thread(self._get, answer.deferred_file.url)

    def _get(self, path: str) -> bytes:
        with urllib.request.urlopen(f"{self.address}{path}", timeout=LIMIT_SECONDS) as answer:  # noqa: S310
            content: bytes = answer.read()
        return content

    # -- the socket ------------------------------------------------------------------------------

    async def _send(self, message: BackMsg) -> None:
        if self._socket is None:
            raise RuntimeError("the session is not open")
        await self._socket.send(message.SerializeToString())

    async def _next(self) -> ForwardMsg:
        if self._socket is None:
            raise RuntimeError("the session is not open")
        content = await self._socket.recv(decode=False)
        got = ForwardMsg()
        got.ParseFromString(content)
        return got
