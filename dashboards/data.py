"""The only cache of the dashboard: the slice, and each analysis frame by load, as-of day and settings.

Pages read from the slice alone; the database is asked one small question (which load is the latest?) at
most every few seconds, and in full only by the slice itself after a new load.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import streamlit as st

from analysis import SECOND_ROADS, workload
from analysis.fairness import Fairness, fairness
from analysis.graph_state import load_state
from analysis.since import overloaded_since
from analysis.tables import Slice
from dashboards.launch import AS_OF_VARIABLE
from graphmodel.audit_log import AuditLog
from graphmodel.errors import CopyLags, EngineError
from graphmodel.patience import Patience
from graphmodel.settings import Settings, data_folder, settings
from graphmodel.store import Store
from reports.figures import counts_on

CHECK_SECONDS: Final = 5.0
LAG_SECONDS: Final = 60.0
"""After a copy of the database lagged, it is left alone for so long: each asking keeps every page waiting."""
ANSWER_SECONDS: Final = 10.0
"""So long at most a page that has figures to show waits for a line that says nothing."""
KEPT_FRAMES: Final = 256
CURVE_STEPS: Final = 20
REPLACED: Final[list[Callable[[], None]]] = []
"""What is called when a load has replaced the data: caches of objects, which hold on to whole slices."""


@dataclass(frozen=True)
class Held:
    """What the pages read: the slice, `key` naming its facts and the settings, and what to warn of."""

    slice: Slice
    settings: Settings
    key: str
    warning: str = ""

    @property
    def empty(self) -> bool:
        """Whether nothing was loaded yet."""
        return not (len(self.slice.table("practitioners")) or len(self.slice.table("tacs")))

    @cached_property
    def agency_names(self) -> dict[str, str]:
        """The name of each agency by its id."""
        table = self.slice.table("agencies")
        return dict(zip(table["agency_id"], table["name"].fillna(table["agency_id"]), strict=True))

    @property
    def first_day(self) -> date:
        """The day the first team opened (no team: the last day of the data): nothing to ask before it."""
        opened = self.slice.table("tacs")["opened_on"].min()
        return self.last_day if pd.isna(opened) else opened.date()

    @property
    def last_day(self) -> date:
        """The last day of the data, at most today."""
        today = datetime.now().astimezone().date()
        return min(self.slice.data_date or today, today)

    def default_day(self) -> date:
        """The day that pages open with: the one named at the start, else the last day of the data."""
        stated = os.environ.get(AS_OF_VARIABLE)
        return date.fromisoformat(stated) if stated else self.last_day


@dataclass
class _Keeper:
    """The one open store and the one slice of the process; asks after a newer load now and then."""

    home: Path
    lock: threading.Lock = field(default_factory=threading.Lock)
    store: Store | None = None
    asking: Store | None = None
    held: Held | None = None
    graph_key: str | None = None
    ask_at: float = float("-inf")

    def current(self) -> Held:
        """What is held, asked anew now and then: by one, while the others go on with what was held before."""
        if not self.lock.acquire(blocking=self.held is None):
            return self.held or self.current()
        try:
            if self.held is not None and time.monotonic() < self.ask_at:
                return self.held
            before, pause, begun = self.held, CHECK_SECONDS, time.monotonic()
            try:
                self.held = self._ask()
            except EngineError as fault:
                self.close()
                # a database that keeps silent is asked less often than one that refuses at once
                slow = isinstance(fault, CopyLags) or time.monotonic() - begun > CHECK_SECONDS
                pause = LAG_SECONDS if slow else CHECK_SECONDS
                if self.held is None or self.held.empty:
                    raise
                warning = f"Not up to date: {fault.thing} {fault.fault}. These are the figures read before."
                self.held = Held(self.held.slice, self.held.settings, self.held.key, warning)
            self.ask_at = time.monotonic() + pause
            if before is not None and before.key != self.held.key:
                # nobody asks for figures of replaced data again; kept, they would add up load by load
                st.cache_data.clear()
                for let_go in REPLACED:
                    let_go()
            return self.held
        finally:
            self.lock.release()

    def _ask(self) -> Held:
        state = load_state(self._asking_store() if self.held is not None else self.open_store())
        fresh = self.held is not None and self.held.slice.complete and not self.held.empty
        if fresh and state.key is not None and state.key == self.graph_key and self.held is not None:
            return Held(self.held.slice, self.held.settings, self.held.key)
        read = Slice.current(self.open_store(), self.home)
        self.graph_key = state.key
        asked = settings()
        facts = (read.load_id, read.loaded_at, read.complete, read.generation, asked.model_dump_json())
        key = hashlib.sha256(repr(facts).encode()).hexdigest()[:16]
        warning = f"The figures cannot be kept: {read.not_kept}." if read.not_kept else ""
        warning = warning if read.complete else "A load is running, or one was cut off: figures may change."
        if not read.complete:
            key += f"-{time.time_ns()}"
        return Held(read, asked, key, warning)

    def open_store(self) -> Store:
        if self.store is None:
            # a page that waits shows nothing: what was held before is shown sooner
            patience = replace(Patience.agreed(), retry_seconds=1)
            self.store = Store.open(self.home, "reader", patience=patience)
        return self.store

    def _asking_store(self) -> Store:
        """For the small question alone, which a server that is there answers at once, unlike large reads."""
        if self.asking is None:
            agreed = Patience.agreed()
            soon = Patience(
                min(agreed.connect_seconds, ANSWER_SECONDS), min(agreed.silence_seconds, ANSWER_SECONDS), 1
            )
            self.asking = Store.open(self.home, "reader", patience=soon)
        return self.asking

    def close(self) -> None:
        for store in (self.store, self.asking):
            if store is not None:
                store.close()
        self.store = self.asking = None


@st.cache_resource(show_spinner=False)
def _keeper(home: str) -> _Keeper:
    return _Keeper(Path(home))


def held() -> Held:
    """The latest slice. Raises a `TacgraphError` in words where none can be had."""
    with st.spinner("Reading the graph…", show_time=True):
        return _keeper(str(data_folder())).current()


def forget() -> None:
    """Drop every cached frame and the open store: for tests."""
    _keeper(str(data_folder())).close()
    st.cache_data.clear()
    st.cache_resource.clear()


def ask_again() -> None:
    """Ask after a newer load at once, not only after some seconds."""
    _keeper(str(data_folder())).ask_at = float("-inf")


def store() -> Store:
    """The open store, for the one read of the dashboard that names people."""
    return _keeper(str(data_folder())).open_store()


# -- figures: the key stands for the facts and the settings, so the slice itself is not hashed ------


@st.cache_data(max_entries=KEPT_FRAMES, show_spinner=False)
def _query(name: str, day: date, key: str, _found: Held) -> pd.DataFrame:  # noqa: ARG001
    return SECOND_ROADS[name](_found.slice, day, _found.settings)


@st.cache_data(max_entries=KEPT_FRAMES, show_spinner=False)
def _load(day: date, key: str, _found: Held) -> pd.DataFrame:  # noqa: ARG001
    return workload.load_by_practitioner(_found.slice, day, _found.settings)


@st.cache_data(max_entries=KEPT_FRAMES, show_spinner=False)
def _fairness(day: date, key: str, discretionary: bool, full: bool, _found: Held) -> Fairness:  # noqa: ARG001
    return fairness(_found.slice, day, _found.settings, discretionary=discretionary, full=full)


@st.cache_data(max_entries=KEPT_FRAMES, show_spinner=False)
def _trend(day: date, key: str, _found: Held) -> pd.DataFrame:  # noqa: ARG001
    return workload.trend(_found.slice, day, _found.settings)


@st.cache_data(max_entries=KEPT_FRAMES, show_spinner=False)
def _since(day: date, key: str, _found: Held) -> pd.DataFrame:  # noqa: ARG001
    return overloaded_since(_found.slice, day, _found.settings)


@st.cache_data(max_entries=KEPT_FRAMES, show_spinner=False)
def _counts(day: date, key: str, _found: Held) -> dict[str, float]:  # noqa: ARG001
    return counts_on(_found.slice, day, _found.settings)


def counts(found: Held, day: date) -> dict[str, float]:
    """The partnership's counts on a day by name; raw, not to be shown as they are: see `dashboards.shown`."""
    return _counts(day, found.key, found)


def query(found: Held, name: str, day: date) -> pd.DataFrame:
    """The rows of a query of the catalogue on a day, from the slice."""
    return _query(name, day, found.key, found)


def load(found: Held, day: date) -> pd.DataFrame:
    """Load, capacity and utilisation of each practitioner on a day."""
    return _load(day, found.key, found)


def fair(found: Held, day: date, *, discretionary: bool = False, full: bool = False) -> Fairness:
    """The indices and the agencies' shares on a day; with `full` intervals and the test of counts."""
    return _fairness(day, found.key, discretionary, full, found)


def lorenz(found: Held, day: date) -> pd.DataFrame:
    """The Lorenz curve of utilisation among practitioners with capacity, least used first.

    Columns: practitioners, load (parts of 1, cumulated). At most twenty steps, each of more practitioners
    than a small count has; empty where there are too few, or nobody carries anything.
    """
    used = load(found, day).query("capacity > 0")["utilisation"].sort_values().to_numpy()
    steps = min(CURVE_STEPS, len(used) // (found.settings.disclosure.suppress_up_to + 1))
    if not steps or used.sum() <= 0:
        return pd.DataFrame({"practitioners": [], "load": []}, dtype=float)
    at = (np.arange(steps + 1) * len(used)) // steps
    carried = np.concatenate([[0.0], np.cumsum(used) / used.sum()])
    return pd.DataFrame({"practitioners": at / len(used), "load": carried[at]})


def trend(found: Held, day: date) -> pd.DataFrame:
    """The partnership at the last twelve month ends and on the day."""
    return _trend(day, found.key, found)


@st.cache_data(max_entries=KEPT_FRAMES, show_spinner=False)
def _overload(day: date, key: str, _found: Held) -> pd.DataFrame:  # noqa: ARG001
    return _over(_found, day)


def overload(found: Held, day: date) -> pd.DataFrame:
    """Each overloaded lead of the day, highest first: load, since when, and utilisation at past month ends.

    Columns of `load`, then since, days, longer and `past` (a list of parts of capacity at the last twelve
    month ends with capacity, oldest first, the day last).
    """
    return _overload(day, found.key, found)


def _over(found: Held, day: date) -> pd.DataFrame:
    order = query(found, "overloaded_leads", day)["practitioner_id"]
    over = load(found, day).set_index("practitioner_id").loc[order].reset_index()
    past = pd.DataFrame(
        {
            end: load(found, end).set_index("practitioner_id")["utilisation"]
            for end in workload.month_ends(day, 12)
        }
    ).reindex(over["practitioner_id"])
    lines = pd.Series(
        [[None if np.isnan(x) else float(x) for x in row] for row in past.to_numpy(dtype=float)]
    )
    joined = over.merge(_since(day, found.key, found), on="practitioner_id", how="left", validate="1:1")
    return joined.assign(past=pd.Series(lines, dtype=object))


def posts(found: Held, practitioner_id: str, day: date) -> pd.DataFrame:
    """The posts of one practitioner active on a day.

    Columns: agency_id, fte, tac_share (the post's, else the role's), qualified (part that is left of it
    while they count as newly qualified, else 1), capacity (points).
    """
    table, people = found.slice.table("posts"), found.slice.table("practitioners")
    at = pd.Timestamp(day)
    live = (table["started_on"] <= at) & (table["ended_on"].isna() | (at < table["ended_on"]))
    own = table[live & (table["practitioner_id"] == practitioner_id)]
    rules = found.settings.workload
    person = people[people["practitioner_id"] == practitioner_id]
    share = own["tac_share"].fillna(
        rules.tac_share.get(str(person["role"].squeeze()), rules.default_tac_share)
    )
    early = bool((at < person["newly_qualified_until"]).any())
    qualified = rules.newly_qualified_share if early else 1.0
    capacity = own["fte"] * share * rules.points_per_fte * qualified
    return own.assign(tac_share=share, qualified=qualified, capacity=capacity)[
        ["agency_id", "fte", "tac_share", "qualified", "capacity"]
    ]


@st.cache_data(max_entries=2, show_spinner=False)
def audit_record(home: str, state: tuple[int, int] | None) -> tuple[list[dict[str, Any]], list[str]]:  # noqa: ARG001
    """The entries of the audit record and the faults of its chain; `state` names the file as it stands."""
    log = AuditLog(Path(home))
    return log.entries(), log.verify()
