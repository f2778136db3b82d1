"""What every answer over https says to the browser."""

from __future__ import annotations

import asyncio
from typing import Any

from dashboards.secure_cookies import HEADERS, SecureCookies


def answered(
    headers: list[tuple[bytes, bytes]], kind: str = "http.response.start"
) -> list[tuple[bytes, bytes]]:
    """The headers of an answer after the middleware."""
    sent: list[Any] = []

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": kind, "headers": headers})
        await send({"type": "http.response.body", "body": b"x"})

    async def keep(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request"}

    asyncio.run(SecureCookies(app)({"type": "http"}, receive, keep))
    assert sent[1] == {"type": "http.response.body", "body": b"x"}
    found: list[tuple[bytes, bytes]] = sent[0]["headers"]
    return found


def test_an_answer_keeps_browsers_from_fetching_pictures_elsewhere_and_from_framing_it() -> None:
    found = dict(answered([(b"content-type", b"text/html")]))
    assert found[b"content-type"] == b"text/html"
    assert b"img-src 'self' data: blob:" in found[b"content-security-policy"]
    assert b"frame-ancestors 'self'" in found[b"content-security-policy"]
    assert found[b"x-content-type-options"] == b"nosniff"
    assert found[b"x-frame-options"] == b"SAMEORIGIN"
    assert found[b"referrer-policy"] == b"same-origin"


def test_what_an_answer_says_itself_stays_and_a_socket_gets_none() -> None:
    own = (b"Referrer-Policy", b"no-referrer")
    found = answered([own])
    assert [v for n, v in found if n.lower() == b"referrer-policy"] == [b"no-referrer"]
    assert len(found) == len(HEADERS)
    assert answered([], kind="websocket.accept") == []
