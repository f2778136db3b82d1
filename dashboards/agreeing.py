"""Settings shown with meaning and source, changes proposed, and what was agreed as a file to put in place.

Nothing here changes a figure: a proposal is a line in the data folder, an agreement another one. What is in
force is the authority's own settings file, put in place by whoever runs the installation.
"""

from __future__ import annotations

import json
import secrets
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import pandas as pd

from dashboards import keeping
from graphmodel.access import Viewer
from graphmodel.errors import SettingsError
from graphmodel.settings import Settings, changed_settings, data_folder, own_file
from reports.settings_words import ADMINISTRATION, leaves, words_for

STATES: Final[dict[str, str]] = {
    "proposed": "proposed",
    "agreed": "agreed, not yet in force",
    "declined": "declined",
    "in_force": "in force",
}


@dataclass(frozen=True)
class Proposal:
    """A change somebody proposed, and what became of it."""

    key: str
    name: str
    value: Any
    now: Any
    why: str
    who: str
    when: str
    state: str
    decided_by: str = ""
    agreed_on: str = ""


def plain(agreed: Settings) -> dict[str, Any]:
    """The settings by dotted name, as values that a file can hold."""
    return dict(leaves(agreed.model_dump(mode="json")))


def shown(agreed: Settings, *, administration: bool) -> pd.DataFrame:
    """Every setting: what it means, its value, where it comes from. Columns: name, meaning, value, source."""
    rows = [
        (name, *words_for(name)[:1], as_text(value), words_for(name)[1])
        for name, value in plain(agreed).items()
        if administration or name.split(".")[0] not in ADMINISTRATION
    ]
    return pd.DataFrame(rows, columns=["name", "meaning", "value", "source"])


def may_be_proposed(agreed: Settings) -> list[str]:
    """Names of the settings that a proposal may be about."""
    fixed = {"version", "agreed_by", "agreed_on"}
    return [n for n in plain(agreed) if n.split(".")[0] not in ADMINISTRATION and n not in fixed]


def as_text(value: Any) -> str:
    """A value as it is typed: `0.5`, `true`, `[1, 2]`, text as it is."""
    return value if isinstance(value, str) else json.dumps(value)


def parsed(text: str, like: Any) -> Any:
    """What somebody typed, as a value of the kind of `like`. Raises `SettingsError` in words."""
    if isinstance(like, str):
        return text.strip()
    try:
        value = json.loads(text.strip().lower())
    except json.JSONDecodeError:
        value = None
    if isinstance(like, float) and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) is not type(like):
        raise SettingsError(
            "the value", f"{text.strip()!r} is not like {as_text(like)}", "Write it likewise."
        )
    return value


def nested(name: str, value: Any) -> dict[str, Any]:
    """A dotted name and its value as tables within tables."""
    found: Any = value
    for part in reversed(name.split(".")):
        found = {part: found}
    return dict(found)


def propose(viewer: Viewer, agreed: Settings, name: str, text: str, why: str) -> None:
    """Keep a proposal. Raises `SettingsError` where the value cannot be, or is the one in force."""
    viewer.must("settings")
    now = plain(agreed)[name]
    value = parsed(text, now)
    if value == now:
        raise SettingsError(f"setting {name}", f"is {as_text(now)} already", "Propose another value.")
    changed_settings(agreed, weights=nested(name, value))
    keeping.keep(
        data_folder() / keeping.PROPOSALS,
        viewer,
        key=secrets.token_hex(4),
        name=name,
        value=value,
        now=now,
        why=why.strip(),
        version=agreed.version,
    )


def decide(viewer: Viewer, key: str, *, agree: bool, by: str, on: date) -> None:
    """Keep what became of a proposal. Raises `AccessRefused` for whoever may not, `SettingsError` unnamed."""
    viewer.must("agree_settings")
    if not by.strip():
        raise SettingsError("the agreement", "does not say whose it is", "Name who agreed, such as a board.")
    outcome = "agreed" if agree else "declined"
    path = data_folder() / keeping.PROPOSALS
    keeping.keep(path, viewer, decides=key, outcome=outcome, by=by.strip(), on=on.isoformat())


def proposals(agreed: Settings) -> list[Proposal]:
    """All proposals with what became of each, latest first; one whose value holds is in force."""
    lines = keeping.kept(data_folder() / keeping.PROPOSALS)
    decided = {line["decides"]: line for line in lines if "decides" in line}
    values = plain(agreed)
    found = []
    for line in lines:
        if "decides" in line:
            continue
        told: Mapping[str, Any] = decided.get(line["key"], {})
        state = str(told.get("outcome", "proposed"))
        if state == "agreed" and values.get(line["name"]) == line["value"]:
            state = "in_force"
        found.append(
            Proposal(
                key=line["key"],
                name=line["name"],
                value=line["value"],
                now=line["now"],
                why=line["why"],
                who=line["who"],
                when=line["at"],
                state=state,
                decided_by=str(told.get("by", "")),
                agreed_on=str(told.get("on", "")),
            )
        )
    return found[::-1]


def agreed_file(waiting: Iterable[Proposal]) -> str:
    """The authority's settings file with what was agreed put in, the latest last; comments are not kept."""
    own = own_file()
    stated = tomllib.loads(own.read_text(encoding="utf-8")) if own else {}
    values = dict(leaves(stated))
    latest = sorted(waiting, key=lambda one: (one.agreed_on, one.when))
    for one in latest:
        values[one.name] = one.value
    if latest:
        values["version"] = f"{latest[-1].agreed_on}"
        values["agreed_by"] = latest[-1].decided_by
        values["agreed_on"] = date.fromisoformat(latest[-1].agreed_on)
    lines = [f"{name} = {_toml(value)}" for name, value in values.items()]
    return "\n".join(["# The settings as agreed; what is left out stays as the defaults.", *lines, ""])


def _toml(value: Any) -> str:
    # a JSON text, number, truth or list is one of TOML too
    return value.isoformat() if isinstance(value, date) else json.dumps(value, ensure_ascii=False)
