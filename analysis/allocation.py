"""Who must lead: the allocation table against the children's statuses.

See the measures page, the query catalogue; MG Box 1 and Annex C; PL, allocation table.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import pandas as pd

from analysis import asof
from analysis.coded import Bools, Coded, Ints, coded, day_number
from analysis.rows import column, lists, ordered
from analysis.tables import Slice
from graphmodel.codes import ALLOCATION_PROFILES, allocation_rules
from graphmodel.errors import QueryError
from graphmodel.settings import Settings

BINDING: Final = ("required", "expected")
"""Strengths that take a TAC out of the discretionary variants: statute is not unfairness."""


@dataclass(frozen=True)
class Rule:
    """What a profile asks for where a status rules: any of `roles`, with `strength`."""

    status: str
    strength: str
    roles: tuple[str, ...]


def rules_of(profile: str) -> list[Rule]:
    """The rules of a profile, strictest first. Raises `QueryError` where there is no such profile."""
    if profile not in ALLOCATION_PROFILES:
        known = ", ".join(ALLOCATION_PROFILES)
        raise QueryError(f"allocation profile {profile!r}", "is not known", f"Use one of: {known}.")
    rules = []
    for rule in allocation_rules(profile):
        roles = rule["roles"]
        assert isinstance(roles, list)  # noqa: S101  (narrows the type of a query parameter)
        rules.append(Rule(str(rule["status"]), str(rule["strength"]), tuple(sorted(roles))))
    return rules


def bound_tacs(data: Coded, day: int, profile: str) -> Bools:
    """By TAC code: whether its child has on the day a status with a required or expected lead role."""
    codes = [data.status_names.code(r.status) for r in rules_of(profile) if r.strength in BINDING]
    live = data.statuses.on(day) & np.isin(data.statuses.right, [code for code in codes if code >= 0])
    bound = np.zeros(len(data.children) + 1, dtype=np.bool_)
    bound[data.statuses.left[live]] = True
    bound[-1] = False
    found: Bools = bound[data.tac_child]
    return found


def ruling(data: Coded, day: int, rules: list[Rule]) -> Ints:
    """By child code: the place in `rules` of the strictest status held on the day, -1 where none asks."""
    place = np.full(len(data.status_names) + 1, len(rules), dtype=np.int64)
    for number, rule in enumerate(rules):
        place[data.status_names.code(rule.status)] = number
    place[-1] = len(rules)
    found = np.full(len(data.children), len(rules), dtype=np.int64)
    live = data.statuses.on(day) & (data.statuses.left >= 0)
    np.minimum.at(found, data.statuses.left[live], place[data.statuses.right[live]])
    return np.where(found == len(rules), -1, found)


def statutory_breaches(
    tables: Slice, d: date, settings: Settings, *, profile: str | None = None
) -> pd.DataFrame:
    """The catalogue query `statutory_breaches`: leads none of whom has a role the ruling status asks for.

    A row each active TAC with a lead; advisory rules included (`strength` says so). TACs without a lead are
    rows of `tacs_without_lead`, not of this.
    """
    data, day = coded(tables), day_number(d)
    rules = rules_of(profile or settings.allocation_profile)
    state = asof.teams(data, day)
    tac, lead = state.tac[state.is_lead], state.practitioner[state.is_lead]
    rule_of_child = np.append(ruling(data, day, rules), -1)
    asked = rule_of_child[data.tac_child[tac]] if len(tac) else tac
    fits = np.zeros((len(rules) + 1, len(data.role_names) + 1), dtype=np.bool_)
    for number, rule in enumerate(rules):
        for role in rule.roles:
            fits[number, data.role_names.code(role)] = True
    fits[:, -1] = False
    good = np.bincount(tac, weights=fits[asked, data.role[lead]], minlength=len(data.tacs)) > 0
    broken = np.unique(tac[(asked >= 0) & ~good[tac]])
    which = [rules[i] for i in rule_of_child[data.tac_child[broken]]] if len(broken) else []
    frame = pd.DataFrame(
        {
            "tac_id": column(data.tacs.texts[broken]),
            "child_id": column(data.children.named(data.tac_child[broken])),
            "status": column(rule.status for rule in which),
            "strength": column(rule.strength for rule in which),
            "required_roles": column(list(rule.roles) for rule in which),
            "lead_ids": lists(tac, lead, data.practitioners, broken),
            "lead_roles": lists(tac, data.role[lead], data.role_names, broken),
        }
    )
    return ordered(frame)
