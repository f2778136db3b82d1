"""Sign-in through a real provider, in real Chromium: in, what the role shows and refuses, and out."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from typing import get_args

import pytest
from playwright.sync_api import Browser, Page, expect

from dashboards.app import MENU
from graphmodel.access import RIGHTS, Role
from tests.dashboard.browser import MINUTE, does_not_run_off, free_port, page_of, serious, served
from tests.dashboard.conftest import Partnership
from tests.dashboard.provider import REFUSED, people, provider, sign_in

DOOR = "Sign in to see this dashboard"


@pytest.fixture(scope="module")
def own(partnership: Partnership) -> tuple[str, str]:
    """An agency and a practitioner of the data."""
    posts = partnership.tables.table("posts")
    running = posts[posts["ended_on"].isna()]
    return str(running["agency_id"].mode()[0]), str(running["practitioner_id"].iloc[0])


@pytest.fixture(scope="module")
def guarded(
    partnership: Partnership, own: tuple[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of a dashboard that shows its pages to those who sign in."""
    folder, port = tmp_path_factory.mktemp("guarded"), free_port()
    with provider({**people(*own), **REFUSED}) as issuer, pytest.MonkeyPatch.context() as patch:
        patch.setenv("TACGRAPH_OIDC_METADATA_URL", f"{issuer}/.well-known/openid-configuration")
        patch.setenv("TACGRAPH_OIDC_CLIENT_ID", "tacgraph")
        patch.setenv("TACGRAPH_OIDC_CLIENT_SECRET", "only for the tests")
        with served(partnership.home, folder, port):
            yield f"http://127.0.0.1:{port}"
    assert not list(partnership.home.glob("*.secrets.toml"))


def settled(page: Page) -> None:
    expect(page.get_by_role("heading", level=1)).to_be_visible(timeout=MINUTE)
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0, timeout=MINUTE)


@pytest.mark.parametrize("path", ["", "overload", "workbench?query=workload"])
def test_who_has_not_signed_in_sees_the_door_and_no_figure(
    guarded: str, chromium: Browser, path: str
) -> None:
    with page_of(chromium, "light", 320) as (page, outside):
        page.goto(f"{guarded}/{path}", timeout=MINUTE)
        expect(page.get_by_role("heading", level=1)).to_have_text(DOOR, timeout=MINUTE)
        expect(page.get_by_test_id("stDataFrame")).to_have_count(0)
        expect(page.get_by_text("As of")).to_have_count(0)
        does_not_run_off(page)
        assert not serious(page)
        assert not outside


def test_the_secrets_lie_in_a_file_of_their_owner(guarded: str, partnership: Partnership) -> None:
    (path,) = partnership.home.glob("*.secrets.toml")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert guarded.rpartition(":")[2] in path.name


@pytest.mark.parametrize("role", get_args(Role))
def test_each_role_in_its_menu_refused_elsewhere_and_out_again(
    guarded: str, chromium: Browser, own: tuple[str, str], role: Role
) -> None:
    with page_of(chromium, "dark" if role == "analyst" else "light", 1440) as (page, _):
        sign_in(page, guarded, role)
        said = f"Signed in as {role}@example.org"
        expect(page.get_by_text(said)).to_be_visible()
        for of, whose in (("agency_manager", own[0]), ("practitioner", own[1])):
            expect(page.get_by_text(re.compile(rf"{re.escape(said)} · .* · {whose}$"))).to_have_count(
                int(role == of)
            )
        settled(page)
        assert not serious(page)
        menu = {title for title, right in MENU.values() if right is None or right in RIGHTS[role]}
        expect(page.get_by_test_id("stTopNavLink")).to_have_count(len(menu), timeout=MINUTE)
        assert set(page.get_by_test_id("stTopNavLink").all_inner_texts()) == menu
        expect(page.get_by_label("Your role")).to_have_count(0)

        other = next(name for name, (title, _) in MENU.items() if title not in menu)
        page.goto(f"{guarded}/{other}", timeout=MINUTE)
        expect(page.get_by_role("heading", level=1)).to_have_text("You may not see this", timeout=MINUTE)
        expect(page.get_by_role("alert")).to_contain_text(f"viewer in the role {role}")
        expect(page.get_by_test_id("stDataFrame")).to_have_count(0)

        page.get_by_role("button", name="Sign out").click()
        page.get_by_role("button", name="End session").click(timeout=MINUTE)
        expect(page.get_by_role("heading", level=1)).to_have_text(DOOR, timeout=MINUTE)
        page.goto(f"{guarded}/", timeout=MINUTE)
        expect(page.get_by_role("heading", level=1)).to_have_text(DOOR, timeout=MINUTE)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nobody", "its claim roles holds director"),
        ("silent", "its claim roles holds nothing"),
        ("headless", "has no claim agency_id"),
        ("nameless", "has no claim practitioner_id"),
    ],
)
def test_a_wrong_or_absent_claim_is_refused_in_words(
    guarded: str, chromium: Browser, name: str, words: str
) -> None:
    with page_of(chromium, "light", 1440) as (page, _):
        sign_in(page, guarded, name)
        for path in ("", "fairness", "workbench"):
            page.goto(f"{guarded}/{path}", timeout=MINUTE)
            expect(page.get_by_role("alert")).to_contain_text(words, timeout=MINUTE)
            expect(page.get_by_test_id("stDataFrame")).to_have_count(0)
        assert not serious(page)


def test_a_cookie_of_ones_own_making_signs_nobody_in(guarded: str, chromium: Browser) -> None:
    with page_of(chromium, "light", 1440) as (page, _):
        sign_in(page, guarded, "strategic_manager")
        (cookie,) = [c for c in page.context.cookies() if c["name"] == "_streamlit_user"]
        forged = cookie["value"].replace(cookie["value"][20:24], "AAAA", 1)
        page.context.add_cookies([{**cookie, "value": forged}])  # type: ignore[typeddict-item]
        page.goto(f"{guarded}/", timeout=MINUTE)
        expect(page.get_by_role("heading", level=1)).to_have_text(DOOR, timeout=MINUTE)
