"""Scenarios as text: one grammar for the command line, a scenario file and the address of a page.

`withdraw AGENCY:ROLE:N` (`:most` at the end for those who carry most), `leaves PRACTITIONER`,
`arrive AGENCY:ROLE:FTE` (`:untrained`), `grow 10%`, `close-schools`, `needs-rise 20%`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from math import isfinite
from pathlib import Path
from typing import Any, Final

from analysis.whatif import Scenario
from analysis.whatif_changes import (
    Arrive,
    Change,
    CloseSchools,
    Grow,
    Leave,
    NeedsRise,
    Withdraw,
)
from graphmodel.errors import SettingsError

FORMS: Final = {
    "withdraw": "withdraw AGENCY:ROLE:N, with :most at the end for the posts of those who carry most",
    "leaves": "leaves PRACTITIONER",
    "arrive": "arrive AGENCY:ROLE:FTE, with :untrained at the end for people not trained to lead",
    "grow": "grow 10%",
    "close-schools": "close-schools",
    "needs-rise": "needs-rise 20%",
}
_KEYS: Final = {"name", "changes", "reassign", "scheme", "weights"}
_THREE: Final = 3


def change_of(text: str) -> Change:
    """The change that a text says. Raises `SettingsError` naming the text and the form it should have."""
    kind, _, rest = text.strip().partition(" ")
    rest = rest.strip()
    if kind not in FORMS:
        raise SettingsError(
            f"change {text!r}", "is none that is known", f"Write {'; '.join(FORMS.values())}."
        )
    try:
        return _read(kind, rest)
    except ValueError as fault:
        raise SettingsError(f"change {text!r}", "cannot be read", f"Write it as: {FORMS[kind]}.") from fault


def _read(kind: str, rest: str) -> Change:
    if kind == "withdraw":
        agency, role, posts, most = _parts(rest, "most")
        return Withdraw(agency, role, int(posts), "most" if most else "least")
    if kind == "arrive":
        agency, role, fte, untrained = _parts(rest, "untrained")
        return Arrive(agency, role, _number(fte), trained=not untrained)
    if kind == "close-schools":
        if rest:
            raise ValueError(rest)
        return CloseSchools()
    if not rest:
        raise ValueError(rest)
    if kind == "leaves":
        return Leave(rest)
    part = _number(rest.removesuffix("%")) / 100
    return Grow(part) if kind == "grow" else NeedsRise(part)


def _parts(rest: str, mark: str) -> tuple[str, str, str, bool]:
    """Agency (which may hold colons), role and number, and whether the mark stands at the end."""
    marked = rest.endswith(f":{mark}")
    found = rest.removesuffix(f":{mark}").rsplit(":", 2)
    if len(found) != _THREE or not all(found):
        raise ValueError(rest)
    return found[0], found[1], found[2], marked


def _number(text: str) -> float:
    value = float(text)
    if not isfinite(value):
        raise ValueError(text)
    return value


def text_of(change: Change) -> str:
    """The text that `change_of` reads back as the same change."""
    match change:
        case Withdraw():
            most = ":most" if change.which == "most" else ""
            return f"withdraw {change.agency_id}:{change.role}:{change.posts}{most}"
        case Leave():
            return f"leaves {change.practitioner_id}"
        case Arrive():
            untrained = "" if change.trained else ":untrained"
            return f"arrive {change.agency_id}:{change.role}:{change.fte:.12g}{untrained}"
        case Grow():
            return f"grow {100 * change.part:.12g}%"
        case CloseSchools():
            return "close-schools"
        case NeedsRise():
            return f"needs-rise {100 * change.part:.12g}%"


def scenario_of(texts: Sequence[str], *, scheme: str = "", reassign: bool = False) -> Scenario:
    """A scenario of changes as texts, in order."""
    return Scenario(tuple(change_of(text) for text in texts), scheme=scheme, reassign=reassign)


def scenario_file(path: Path) -> Scenario:
    """A scenario from a TOML file: `changes` (texts), `scheme`, `reassign`, and `[weights]` as in settings.

    Raises `SettingsError` naming the file and what is wrong with it.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise SettingsError(f"scenario file {path.name}", f"cannot be read: {fault}", "Mend it.") from fault
    unknown = ", ".join(sorted(set(values) - _KEYS))
    if unknown:
        raise SettingsError(f"scenario file {path.name}", f"{unknown}: not known", f"Known: {_known()}.")
    changes, scheme = values.get("changes", []), values.get("scheme", "")
    reassign, weights = values.get("reassign", False), values.get("weights", {})
    _must(path, "changes", "a list of texts", isinstance(changes, list) and _texts(changes))
    _must(path, "scheme", "a text", isinstance(scheme, str))
    _must(path, "reassign", "true or false", isinstance(reassign, bool))
    _must(path, "weights", "a table, as in settings.toml", isinstance(weights, dict))
    return Scenario(tuple(change_of(text) for text in changes), scheme, weights, reassign)


def _texts(values: list[Any]) -> bool:
    return all(isinstance(value, str) for value in values)


def _known() -> str:
    return ", ".join(sorted(_KEYS))


def _must(path: Path, name: str, wanted: str, holds: bool) -> None:
    if not holds:
        raise SettingsError(f"scenario file {path.name}", f"{name} is not {wanted}", "Mend this line.")
