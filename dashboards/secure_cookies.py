"""Cookies marked `Secure`, and answers that say what a browser may do with them, where it comes over https.

Streamlit leaves the mark out, as it cannot know what stands in front of it; the redirect address of the
sign-in says so here. Of the headers it sets none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_NAME: Final = b"set-cookie"
_MARK: Final = b"; Secure"
HEADERS: Final = (
    # pictures from nowhere else, so that no text on a page can tell somebody that it was looked at
    (b"content-security-policy", b"img-src 'self' data: blob:; object-src 'none'; base-uri 'self'; "
     b"frame-ancestors 'self'"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"SAMEORIGIN"),
    (b"referrer-policy", b"same-origin"),
)  # fmt: skip
"""Set on each answer that does not say otherwise itself."""


class SecureCookies:
    """Middleware that marks each cookie an answer sets and adds `HEADERS`; all else goes through as it is."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; mark what is answered."""

        async def marking(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.accept"):
                message["headers"] = [(n, marked(n, v)) for n, v in message.get("headers", ())]
            if message["type"] == "http.response.start":
                said = {name.lower() for name, _ in message["headers"]}
                message["headers"] += [(n, v) for n, v in HEADERS if n not in said]
            await send(message)

        await self.app(scope, receive, marking)


def marked(name: bytes, value: bytes) -> bytes:
    """A header's value, a cookie's with `Secure` at its end unless it has it."""
    attributes = [part.strip().lower() for part in value.split(b";")[1:]]
    return value if name.lower() != _NAME or b"secure" in attributes else value + _MARK
