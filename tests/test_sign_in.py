"""From claims to viewer: every role; what lacks is refused in words; no claim gives more than its line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmodel.access import Role, Viewer
from graphmodel.errors import AccessRefused
from graphmodel.settings import SignIn, settings
from graphmodel.sign_in import viewer_of

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
RULES = SignIn(
    name_claim="email",
    role_claim="groups",
    agency_claim="agency",
    practitioner_claim="staff_id",
    hours=10,
    roles={"tac-safeguarding": "safeguarding_lead", "tac-analysts": "analyst", "tac-heads": "agency_manager",
           "tac-staff": "practitioner"},
)  # fmt: skip


def claims(**more: Any) -> dict[str, Any]:
    return {"sub": "7", "iat": NOW.timestamp() - 60, "email": "jo@example.org", **more}


def test_the_claims_say_who_and_as_what() -> None:
    found = viewer_of(claims(groups="tac-analysts"), RULES, NOW, "a question")
    assert found == Viewer("jo@example.org", "analyst", "a question")


def test_an_agency_manager_has_an_agency_and_a_practitioner_an_id() -> None:
    head = viewer_of(claims(groups=["tac-heads"], agency="A1", staff_id="P9"), RULES, NOW)
    assert (head.role, head.agency_id, head.practitioner_id) == ("agency_manager", "A1", None)
    own = viewer_of(claims(groups=["tac-staff"], agency="A1", staff_id="P9"), RULES, NOW)
    assert (own.role, own.agency_id, own.practitioner_id) == ("practitioner", None, "P9")


def test_the_first_line_of_the_mapping_that_fits_counts() -> None:
    both = claims(groups=["tac-staff", "tac-analysts", "other"], staff_id="P9")
    assert viewer_of(both, RULES, NOW).role == "analyst"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({}, "gives no role"),
        ({"groups": "director"}, "holds director"),
        ({"groups": ["tac-analysts "[:5], 7, None]}, "gives no role"),
        ({"groups": {"tac-analysts": True}}, "gives no role"),
        ({"groups": "TAC-ANALYSTS"}, "gives no role"),
        ({"groups": "tac-heads"}, "no claim agency"),
        ({"groups": "tac-heads", "agency": ["A1", "A2"]}, "no claim agency"),
        ({"groups": "tac-heads", "agency": " "}, "no claim agency"),
        ({"groups": "tac-staff", "agency": "A1"}, "no claim staff_id"),
        ({"groups": "tac-analysts", "iat": None}, "does not say when"),
        ({"groups": "tac-analysts", "iat": True}, "does not say when"),
        ({"groups": "tac-analysts", "iat": NOW.timestamp() - 36_001}, "more than 10 hours old"),
        ({"groups": "tac-analysts", "email": None, "sub": ""}, "no claim email"),
    ],
)
def test_what_a_claim_does_not_say_is_refused_in_words(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(AccessRefused, match=words):
        viewer_of(claims(**wrong), RULES, NOW)


def test_a_sign_in_holds_for_the_agreed_hours() -> None:
    at = datetime.fromtimestamp(NOW.timestamp() - 60, tz=UTC)
    assert viewer_of(claims(groups="tac-analysts"), RULES, at + timedelta(hours=10)).role == "analyst"
    with pytest.raises(AccessRefused):
        viewer_of(claims(groups="tac-analysts"), RULES, at + timedelta(hours=10, seconds=1))


def test_the_default_mapping_knows_every_role() -> None:
    rules = settings().sign_in
    more = {"agency_id": "A", "practitioner_id": "P"}
    for role in get_args(Role):
        assert viewer_of(claims(roles=[role], **more), rules, NOW).role == role


def test_ones_own_mapping_replaces_the_names_of_the_roles() -> None:
    with pytest.raises(AccessRefused, match="gives no role"):
        viewer_of(claims(groups="administrator"), RULES, NOW)


ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([*RULES.roles, "local_user", "administrator", "A1", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=6,
)


@given(groups=ANY, agency=ANY, staff=ANY)
def test_whatever_the_claims_hold_only_a_mapped_value_gives_its_role(
    groups: Any, agency: Any, staff: Any
) -> None:
    try:
        found = viewer_of(claims(groups=groups, agency=agency, staff_id=staff), RULES, NOW)
    except AccessRefused:
        return
    held = groups if isinstance(groups, list) else [groups]
    assert found.role in {RULES.roles[x] for x in held if isinstance(x, str) and x in RULES.roles}
    if found.role == "agency_manager":
        assert found.agency_id in (agency if isinstance(agency, list) else [agency])
    if found.role == "practitioner":
        assert found.practitioner_id in (staff if isinstance(staff, list) else [staff])
