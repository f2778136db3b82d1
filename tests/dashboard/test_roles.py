"""Each role on each page: its own menu, the rest refused in words, and nobody in it whom it must not see."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import get_args

import pytest

from dashboards import data
from dashboards.app import MENU
from dashboards.guarding import parts_of
from graphmodel.access import RIGHTS, Role
from graphmodel.audit_log import AuditLog
from tests.dashboard.conftest import Partnership
from tests.dashboard.roles import page_for, signed
from tests.dashboard.test_dashboard import title, words

AGENCY, OWN = "A0003", "P00001"
_WORD = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True)
class Everybody:
    """Ids and names of the data."""

    practitioners: frozenset[str]
    names: frozenset[str]
    children: frozenset[str]
    of_agency: frozenset[str]


@pytest.fixture
def everybody(at_home: Partnership) -> Everybody:
    tables = at_home.tables
    people, posts = tables.table("practitioners"), tables.table("posts")
    within = parts_of(data.held(), AGENCY)
    own = posts.loc[posts["agency_id"].isin(within), "practitioner_id"]
    children = tables.table("children")
    ids = (children["child_id"], children["family_id"].dropna(), tables.table("tacs")["tac_id"])
    return Everybody(
        frozenset(people["practitioner_id"]),
        frozenset(people["name"].dropna()),
        frozenset(str(one) for column in ids for one in column),
        frozenset(own),
    )


@pytest.fixture(params=get_args(Role))
def role(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Role:
    found: Role = request.param
    signed(monkeypatch, roles=found, agency_id=AGENCY, practitioner_id=OWN)
    return found


@pytest.mark.parametrize("page", MENU)
def test_a_role_sees_its_pages_and_on_them_only_whom_it_may(
    everybody: Everybody, role: Role, page: str
) -> None:
    needed = MENU[page][1]
    test = page_for(page)
    assert not test.exception
    if needed is not None and needed not in RIGHTS[role]:
        assert title(test) == "You may not see this"
        assert f"viewer in the role {role}" in str(test.error[0].value)
        assert not test.dataframe
        return
    assert not test.error
    said = words(test)
    ids = set(_WORD.findall(said))
    assert not [name for name in everybody.names if name in said]
    own_teams = page == "me" and role == "practitioner"
    assert own_teams or not ids & everybody.children
    seen = ids & everybody.practitioners
    if role == "strategic_manager":
        assert not seen
    elif role == "agency_manager":
        assert seen <= everybody.of_agency
    elif role == "practitioner":
        assert seen <= {OWN}


def test_nobody_signed_in_gets_the_door_on_every_page(
    at_home: Partnership, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed(monkeypatch)
    for page in MENU:
        test = page_for(page)
        if MENU[page][1] is not None:
            assert title(test) == "Sign in to see this dashboard"
            assert not test.dataframe
    assert at_home.home.exists()


def test_an_agency_manager_gets_the_names_of_the_own_agency_only(
    everybody: Everybody, at_home: Partnership, monkeypatch: pytest.MonkeyPatch
) -> None:
    busiest = at_home.tables.table("posts")["agency_id"].mode()[0]
    signed(monkeypatch, roles="agency_manager", agency_id=busiest)
    test = page_for("overload")
    buttons = [b for b in test.button if b.label == "Show names"]
    if not buttons:
        pytest.fail("no overloaded lead in the largest agency of the example")
    test.text_input(key="names-reason").set_value("supervision")
    buttons[0].click().run()
    assert not test.error
    table = next(t.value for t in test.dataframe if "Name" in t.value.columns)
    posts = at_home.tables.table("posts")
    own = set(posts.loc[posts["agency_id"].isin(parts_of(data.held(), busiest)), "practitioner_id"])
    assert set(table["Practitioner"]) <= own
    assert len(table)
    assert everybody.names


def test_names_asked_for_without_the_right_leave_a_line(
    at_home: Partnership, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed(monkeypatch, roles="analyst")
    test, log = page_for("overload"), AuditLog(at_home.home)
    before = len(log.entries())
    test.text_input(key="names-reason").set_value("curious")
    next(b for b in test.button if b.label == "Show names").click().run()
    assert "may not see named practitioners" in str(test.error[0].value)
    (entry,) = log.entries()[before:]
    assert (entry["who"], entry["role"], entry["rows"]) == ("jo@example.org", "analyst", 0)
    assert "may not see named practitioners" in entry["refused"]
