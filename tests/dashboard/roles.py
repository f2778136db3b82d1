"""A page as somebody in a role sees it, without a browser: the claims of a sign-in, put in."""

from __future__ import annotations

import time
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboards import signed_in
from tests.dashboard.test_dashboard import APP


def signed(monkeypatch: pytest.MonkeyPatch, **claims: Any) -> None:
    """From now on somebody with these claims is signed in; with none, nobody."""
    told = {"sub": "1", "email": "jo@example.org", "iat": time.time(), **claims} if claims else None
    monkeypatch.setattr(signed_in, "provider", lambda: True)
    monkeypatch.setattr(signed_in, "claims", lambda: told)


def page_for(page: str, **asked: str) -> AppTest:
    """A page by its name for whoever is signed in, whichever page they begin with."""
    test = AppTest.from_file(str(APP), default_timeout=120)
    for name, value in asked.items():
        test.query_params[name] = value
    return test.run().switch_page(f"../pages/{page}.py").run()
