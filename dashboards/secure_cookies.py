"""Cookies marked `Secure` where browsers reach the dashboard over https.

Streamlit leaves the mark out, as it cannot know what stands in front of it; the redirect address of the
sign-in says so here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_NAME: Final = b"set-cookie"
_MARK: Final = b"; Secure"


class SecureCookies:
    """Middleware that marks each cookie set by an answer; the rest of the answer goes through as it is."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; mark what is answered."""

        async def marking(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.accept"):
                message["headers"] = [(n, marked(n, v)) for n, v in message.get("headers", ())]
            await send(message)

        await self.app(scope, receive, marking)


def marked(name: bytes, value: bytes) -> bytes:
    """A header's value, a cookie's with `Secure` at its end unless it has it."""
    attributes = [part.strip().lower() for part in value.split(b";")[1:]]
    return value if name.lower() != _NAME or b"secure" in attributes else value + _MARK
