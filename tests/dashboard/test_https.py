"""Behind a web server with a certificate: sign-in, web sockets, and cookies that go over https alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from dashboards.secure_cookies import marked
from tests.dashboard.browser import MINUTE, free_port, served
from tests.dashboard.conftest import Partnership
from tests.dashboard.provider import people, provider, sign_in
from tests.dashboard.proxy import proxied


@pytest.fixture(scope="module")
def over_https(partnership: Partnership, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address under which browsers reach a guarded dashboard through a proxy."""
    folder, inner, outer = tmp_path_factory.mktemp("https"), free_port(), free_port()
    with provider(people("A0003", "P00001")) as issuer, pytest.MonkeyPatch.context() as patch:
        patch.setenv("TACGRAPH_OIDC_METADATA_URL", f"{issuer}/.well-known/openid-configuration")
        patch.setenv("TACGRAPH_OIDC_CLIENT_ID", "tacgraph")
        patch.setenv("TACGRAPH_OIDC_CLIENT_SECRET", "only for the tests")
        patch.setenv("TACGRAPH_OIDC_REDIRECT_URI", f"https://127.0.0.1:{outer}/oauth2callback")
        with served(partnership.home, folder, inner), proxied(outer, inner, folder):
            yield f"https://127.0.0.1:{outer}"


def test_sign_in_through_the_proxy_sets_cookies_for_https_alone(over_https: str, chromium: Browser) -> None:
    context = chromium.new_context(ignore_https_errors=True, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    sockets: list[str] = []
    page.on("websocket", lambda socket: sockets.append(socket.url))
    sign_in(page, over_https, "strategic_manager")
    expect(page.get_by_role("heading", level=1)).to_be_visible(timeout=MINUTE)
    assert page.url.startswith(over_https), "the redirect address brought the browser back through the proxy"
    assert sockets
    assert all(one.startswith("wss://") for one in sockets)
    cookies = {c["name"]: c for c in context.cookies() if c["domain"] == "127.0.0.1"}
    mine = {name: c for name, c in cookies.items() if "streamlit" in name}
    assert "_streamlit_user" in mine
    assert all(c["secure"] for c in mine.values()), [n for n, c in mine.items() if not c["secure"]]
    assert mine["_streamlit_user"]["httpOnly"]
    assert mine["_streamlit_user"]["sameSite"] == "Lax"
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="End session").click(timeout=MINUTE)
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in to see this dashboard", timeout=MINUTE)
    context.close()


@pytest.mark.parametrize(
    ("name", "value", "after"),
    [
        (b"set-cookie", b"a=b; Path=/", b"a=b; Path=/; Secure"),
        (b"Set-Cookie", b"a=b; Path=/; secure", b"a=b; Path=/; secure"),
        (b"set-cookie", b"a=secure", b"a=secure; Secure"),
        (b"content-type", b"text/html", b"text/html"),
    ],
)
def test_only_cookies_are_marked_and_once(name: bytes, value: bytes, after: bytes) -> None:
    assert marked(name, value) == after
