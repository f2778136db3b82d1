"""A real OpenID Connect provider for the tests, on this machine only: whoever it knows may sign in."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from playwright.sync_api import Page, expect

from tests.dashboard.browser import MINUTE, free_port, wait_for

REFUSED: Final[dict[str, dict[str, Any]]] = {
    "nobody": {"roles": "director"},
    "headless": {"roles": "agency_manager"},
    "nameless": {"roles": ["practitioner"]},
    "silent": {},
}
"""People whose claims give no role, or a role without what it needs."""


def people(agency_id: str, practitioner_id: str) -> dict[str, dict[str, Any]]:
    """One of each role, by name."""
    return {
        "strategic_manager": {"roles": ["staff", "strategic_manager"]},
        "agency_manager": {"roles": "agency_manager", "agency_id": agency_id},
        "practitioner": {"roles": "practitioner", "practitioner_id": practitioner_id},
        "analyst": {"roles": "analyst"},
        "safeguarding_lead": {"roles": "safeguarding_lead"},
        "administrator": {"roles": "administrator"},
    }


@contextmanager
def provider(known: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """The address of a provider that knows these people by their claims; ended afterwards."""
    port = free_port()
    claims = [
        json.dumps({"sub": name, "email": f"{name}@example.org", **more}) for name, more in known.items()
    ]
    told = [argument for text in claims for argument in ("--user-claims", text)]
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port), *told]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(port, server)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=30)


def sign_in(page: Page, site: str, name: str) -> None:
    """From the door through the provider's form and back."""
    page.route("**/*", lambda route: route.continue_() if "127.0.0.1" in route.request.url else route.abort())
    page.goto(site, timeout=MINUTE)
    page.get_by_role("button", name="Sign in").click(timeout=MINUTE)
    page.get_by_role("button", name=name, exact=True).click(timeout=MINUTE)
    expect(page.get_by_role("button", name="Sign out")).to_be_visible(timeout=MINUTE)
