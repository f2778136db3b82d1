"""Where the children of a figure live: localities of cases, of practitioners' teams, and counts by locality.

See the measures page, "By locality": cases are chosen by their children, a practitioner's load never is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from analysis import asof
from analysis.coded import Coded, Ids, Ints, coded, day_number
from analysis.tables import Slice

NOT_STATED: Final = "not stated"
"""The locality of a child whose record has none."""

STATES: Final = ("children", "active_tacs", "leading", "overloaded", "severe", "without_lead", "led")
_ABOUT: Final = ("child_ids", "child_id", "tac_id", "action_id", "practitioner_id")


@dataclass(frozen=True, eq=False)
class Places:
    """The localities of a slice by name, and the place of each child and TAC in them, by code."""

    names: tuple[str, ...]
    data: Coded
    child: Ints
    tac: Ints
    child_of: Mapping[str, str]
    tac_of: Mapping[str, str]
    action_of: Mapping[str, str]

    @classmethod
    def of(cls, tables: Slice) -> Places:
        """Made once for a slice. A blank locality, and a child that is not known, is `NOT_STATED`."""
        data, column = coded(tables), tables.arrow["children"]["locality"]
        stated = pc.utf8_trim_whitespace(pc.fill_null(column, ""))
        known = pc.if_else(pc.equal(stated, ""), NOT_STATED, stated)
        ids = Ids.of(known)
        names = tuple(map(str, ids.texts))
        if NOT_STATED not in names and (data.tac_child < 0).any():
            names = (*names, NOT_STATED)
        child = ids.codes(known)
        lost = names.index(NOT_STATED) if NOT_STATED in names else -1
        tac = np.append(child, lost)[data.tac_child]
        texts = np.array([*names, NOT_STATED], dtype=object)
        tac_of = dict(zip(data.tacs.texts, texts[tac], strict=True))
        actions = tables.table("actions")
        of_tac = [tac_of.get(one, NOT_STATED) for one in actions["tac_id"]]
        return cls(
            names=names,
            data=data,
            child=child,
            tac=tac,
            child_of=dict(zip(data.children.texts, texts[child], strict=True)),
            tac_of=tac_of,
            action_of=dict(zip(actions["action_id"], of_tac, strict=True)),
        )


_KNOWN: WeakKeyDictionary[Slice, Places] = WeakKeyDictionary()


def places(tables: Slice) -> Places:
    """The localities of a slice, found once for it."""
    found = _KNOWN.get(tables)
    if found is None:
        found = _KNOWN[tables] = Places.of(tables)
    return found


def localities(tables: Slice) -> list[str]:
    """Every locality of a child, in order of name; `NOT_STATED` last, where a child has none."""
    return sorted(places(tables).names, key=lambda name: (name == NOT_STATED, name.casefold(), name))


def of_cases(tables: Slice, d: date, rows: pd.DataFrame) -> list[frozenset[str]]:
    """The localities of each row of a catalogue query: of its children, its child, its TAC's or its action's.

    A row about a practitioner alone is where they lead on `d`. Raises `KeyError` where a row is about none
    of these.
    """
    known, about = places(tables), next((name for name in _ABOUT if name in rows), None)
    if about is None:
        raise KeyError("these rows are about no child, TAC, action or practitioner")
    if about == "practitioner_id":
        leads = near(tables, d, leading=True)
        return [leads.get(one, frozenset()) for one in rows[about]]
    if about == "child_ids":
        return [_named(known.child_of, ids) for ids in rows[about]]
    of = {"child_id": known.child_of, "tac_id": known.tac_of, "action_id": known.action_of}[about]
    return [_named(of, (one,)) for one in rows[about]]


def _named(of: Mapping[str, str], ids: Iterable[str]) -> frozenset[str]:
    return frozenset(of.get(one, NOT_STATED) for one in ids)


def within(tables: Slice, d: date, rows: pd.DataFrame, locality: str) -> pd.DataFrame:
    """The rows of a catalogue query that are of a locality: see `of_cases`."""
    # a list that is empty would choose no column, where an array of no rows chooses no row
    return rows.loc[np.array([locality in each for each in of_cases(tables, d, rows)], dtype=np.bool_)]


def near(tables: Slice, d: date, *, leading: bool = False) -> dict[str, frozenset[str]]:
    """The localities of the children in whose active teams each practitioner is on `d`, or only leads."""
    known = places(tables)
    state = asof.teams(known.data, day_number(d))
    which = state.is_lead if leading else np.ones(len(state.tac), dtype=np.bool_)
    frame = pd.DataFrame({"who": state.practitioner[which], "where": known.tac[state.tac[which]]})
    found: dict[str, set[str]] = {}
    for who, where in frame.drop_duplicates().itertuples(index=False, name=None):
        found.setdefault(str(known.data.practitioners.texts[who]), set()).add(known.names[where])
    return {who: frozenset(where) for who, where in found.items()}


def counts(tables: Slice, d: date, loads: pd.DataFrame, cases: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Counts by locality on `d`: a row each locality by name, `STATES`, then the rows of each of `cases`.

    `loads` is `analysis.workload.load_by_practitioner` of the whole partnership: whoever leads a TAC in
    several localities counts in each, above capacity by their whole load. A case with children of several
    localities counts in each too.
    """
    known = places(tables)
    state, width = asof.teams(known.data, day_number(d)), len(known.names)
    live = known.tac[state.active]
    led = known.tac[state.tac[state.is_lead]]
    has_lead = np.unique(state.tac[state.is_lead])
    heads = np.unique(led * max(len(known.data.practitioners), 1) + state.practitioner[state.is_lead])
    where, who = np.divmod(heads, max(len(known.data.practitioners), 1))
    child = known.data.tac_child[state.active]
    unknown = np.flatnonzero(child < 0)
    first = np.unique(child[child >= 0])

    def tally(codes: Ints) -> Ints:
        return np.bincount(codes, minlength=width).astype(np.int64)

    above = loads.set_index("practitioner_id")[["overloaded", "severe"]]
    names = known.data.practitioners.texts[who]
    flags = above.reindex(names).fillna(value=False).astype(bool)
    found: dict[str, Ints] = {
        "children": tally(known.child[first]) + tally(live[unknown]),
        "active_tacs": tally(live),
        "leading": tally(where),
        "overloaded": tally(where[flags["overloaded"].to_numpy()]),
        "severe": tally(where[flags["severe"].to_numpy()]),
        "without_lead": tally(live) - tally(known.tac[has_lead]),
        "led": tally(led),
    }
    for name, rows in cases.items():
        codes = [known.names.index(one) for each in of_cases(tables, d, rows) for one in each]
        found[name] = tally(np.array(codes, dtype=np.int64))
    frame = pd.DataFrame(found, index=pd.Index(known.names, name="locality"))
    return frame.loc[localities(tables)].astype(float)
