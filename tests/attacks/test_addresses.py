"""Addresses that nobody's menu makes: no page breaks, none shows rows of another role."""

from __future__ import annotations

import os
from typing import Any, Final

import pytest
from streamlit.testing.v1 import AppTest

from tests.attacks.conftest import PERSON, Hostile
from tests.dashboard.roles import signed
from tests.dashboard.test_dashboard import APP, words

STRANGE: Final[dict[str, dict[str, Any]]] = {
    "the last day there is": {"as_of": "9999-12-31"},
    "the first day there is": {"as_of": "0001-01-01"},
    "no day": {"as_of": "2026-02-30"},
    "a day in other digits": {"as_of": "\u0662\u0660\u0662\u0666-10-31"},
    "a week": {"as_of": "2026-W44-6"},
    "nothing": {"as_of": "", "agency": [""], "locality": ""},
    "many": {"agency": [f"A{n}" for n in range(2_000)]},
    "long": {"as_of": "9" * 100_000, "locality": "x" * 100_000},
    "a null": {"as_of": "2026-10-31\x00", "agency": ["A0001\x00"], "locality": "\x00"},
    "a path": {"agency": ["../../../etc/passwd"], "locality": "..\\..\\x"},
    "Cypher": {"agency": ["A0001'}) MATCH (n) DETACH DELETE n //"], "locality": "`}) RETURN 1 //"},
    "SQL": {"agency": ["' OR 1=1 --"], "locality": "'; DROP TABLE tacs; --"},
    "numbers that are none": {"grow": "1e999", "needs_rise": "nan", "to_fte": "-inf", "from_posts": "0x10"},
    "somebody to leave": {"leaves": [PERSON, "P00002", "nobody"], "reassign": "true"},
    "a scheme elsewhere": {"scheme": "../../../etc/passwd"},
    "a period": {"trend-months": "999999999"},
    "keys of the session": {
        "same-child-viewer": "x",
        "audit-viewer": "x",
        "view": "x",
        "names-role": "analyst",
    },
}


def at(page: str, asked: dict[str, Any]) -> AppTest:
    """A page at an address."""
    test = AppTest.from_file(str(APP), default_timeout=120)
    for name, value in asked.items():
        test.query_params[name] = value
    return test.run() if page == "overview" else test.run().switch_page(f"../pages/{page}.py").run()


def test_no_address_breaks_a_page(at_hostile: Hostile) -> None:
    every = tuple(STRANGE) if os.environ.get("TACGRAPH_ATTACKS") else tuple(STRANGE)[::2]
    for page, names in (("overview", every), ("what_if", ("numbers that are none", "somebody to leave"))):
        for name in names:
            test = at(page, STRANGE[name])
            assert not test.exception, name
            assert len(test.title) == 1, name
    assert at_hostile.home.exists()


def test_who_comes_after_somebody_else_gets_nothing_of_theirs(
    at_hostile: Hostile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One process, its caches warm from those who may see more; an address names people."""
    others = set(at_hostile.tables["practitioners"]["practitioner_id"])
    asked = {"leaves": sorted(others)[:20], "agency": ["A0003"]}
    pages = ("overload", "network", "what_if")
    for page in pages:
        signed(monkeypatch, roles="analyst")
        assert any(who in words(at(page, asked)) for who in others)
    signed(monkeypatch, roles="strategic_manager")
    for page in pages:
        test = at(page, asked)
        assert not test.exception
        said = words(test)
        assert [who for who in others if who in said] == []
