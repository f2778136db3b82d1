"""From the claims of a sign-in to the viewer: which role, of which agency, which practitioner.

The mapping is data, in the settings (`[sign_in]`); it lies here, below every page, so that no page can give
itself a role. What a claim does not say is refused in words, never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, get_args

from graphmodel.access import Role, Viewer
from graphmodel.errors import AccessRefused
from graphmodel.settings import SignIn


def viewer_of(claims: Mapping[str, Any], rules: SignIn, now: datetime, reason: str = "") -> Viewer:
    """Who looks, by the claims of their identity token.

    A claim may hold one text or a list of them; of the mapping's lines the first that fits counts. `iat` (the
    second in which the token was issued) must not be more than the agreed hours before `now`.

    Raises `AccessRefused`: a sign-in too long ago or without a time, no name, no role, an agency manager
    without an agency, a practitioner without an id.
    """
    _must_be_fresh(claims, rules, now)
    name = _one(claims, rules.name_claim) or _one(claims, "sub")
    if name is None:
        raise _lacks("your sign-in", rules.name_claim, "who you are")
    role = _role(claims, rules)
    if role is None:
        held = ", ".join(_texts(claims, rules.role_claim)) or "nothing"
        raise AccessRefused(
            f"the sign-in of {name}",
            f"gives no role here (its claim {rules.role_claim} holds {held})",
            "Ask the administrator to give you one of the roles that the settings map.",
        )
    agency = _one(claims, rules.agency_claim) if role == "agency_manager" else None
    if role == "agency_manager" and agency is None:
        raise _lacks(f"the sign-in of {name}", rules.agency_claim, "whose practitioners you manage")
    own = _one(claims, rules.practitioner_claim) if role == "practitioner" else None
    if role == "practitioner" and own is None:
        raise _lacks(f"the sign-in of {name}", rules.practitioner_claim, "which practitioner you are")
    return Viewer(name, role, reason, agency_id=agency, practitioner_id=own)


def _role(claims: Mapping[str, Any], rules: SignIn) -> Role | None:
    held = set(_texts(claims, rules.role_claim))
    # an authority's own mapping replaces this one: a group that happens to be named like a role is none
    mapping: Mapping[str, Role] = rules.roles or {role: role for role in get_args(Role)}
    return next((role for value, role in mapping.items() if value in held), None)


def _texts(claims: Mapping[str, Any], name: str) -> list[str]:
    value = claims.get(name)
    found = value if isinstance(value, list | tuple) else [value]
    return [text.strip() for text in found if isinstance(text, str) and text.strip()]


def _one(claims: Mapping[str, Any], name: str) -> str | None:
    """The claim's one text; a list of several is no answer to who, so it is none."""
    found = _texts(claims, name)
    return found[0] if len(found) == 1 else None


def _must_be_fresh(claims: Mapping[str, Any], rules: SignIn, now: datetime) -> None:
    issued = claims.get("iat")
    if isinstance(issued, bool) or not isinstance(issued, int | float):
        raise AccessRefused("your sign-in", "does not say when it was made (no claim iat)", "Sign in again.")
    age = now - datetime.fromtimestamp(issued, tz=now.tzinfo)
    if age > timedelta(hours=rules.hours):
        raise AccessRefused(
            "your sign-in", f"is more than {rules.hours:g} hours old", "Sign out and in again."
        )


def _lacks(thing: str, claim: str, what: str) -> AccessRefused:
    return AccessRefused(
        thing,
        f"has no claim {claim} with one value, so it does not say {what}",
        "Ask the administrator to add it at the provider.",
    )
