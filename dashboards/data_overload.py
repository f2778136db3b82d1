"""What the pages on overload and on certainty keep besides `dashboards.data`, by load, day and settings."""

from __future__ import annotations

from datetime import date

import pandas as pd
import streamlit as st

from analysis import certainty as sureness
from analysis import overload, warning
from analysis.overload_peers import Peers
from dashboards.data import KEPT_FRAMES, REPLACED, Held

_FEW = 24


@st.cache_data(max_entries=KEPT_FRAMES, show_spinner=False)
def _explained(day: date, key: str, who: str, _found: Held) -> overload.Explained:  # noqa: ARG001
    return overload.explain(_found.slice, day, _found.settings, only=who)


@st.cache_resource(max_entries=_FEW, show_spinner=False)
def _peers(day: date, key: str, _found: Held) -> Peers:  # noqa: ARG001
    return Peers.of(_found.slice, day, _found.settings)


REPLACED.append(_peers.clear)


@st.cache_data(max_entries=KEPT_FRAMES, show_spinner=False)
def _warning(day: date, key: str, _found: Held) -> pd.DataFrame:  # noqa: ARG001
    last = _found.slice.data_date
    # what begins or ends after the last day of the data is a plan; after a day gone by it was not known
    planned = last is not None and day >= last
    return warning.early_warning(_found.slice, day, _found.settings, planned=planned)


@st.cache_data(max_entries=KEPT_FRAMES, show_spinner=False)
def _back_test(day: date, key: str, _found: Held) -> warning.BackTest:  # noqa: ARG001
    return warning.back_test(_found.slice, day, _found.settings)


@st.cache_data(max_entries=KEPT_FRAMES, show_spinner=False)
def _certainty(day: date, key: str, discretionary: bool, _found: Held) -> sureness.Certainty:  # noqa: ARG001
    return sureness.certainty(_found.slice, day, _found.settings, discretionary=discretionary)


def explained(found: Held, day: date, who: str) -> overload.Explained:
    """The working of one overloaded lead of the day."""
    return _explained(day, found.key, who, found)


def peers(found: Held, day: date) -> Peers:
    """Everybody with capacity on the day, to be asked for the peers of one."""
    return _peers(day, found.key, found)


def early_warning(found: Held, day: date) -> pd.DataFrame:
    """Who may be above capacity soon."""
    return _warning(day, found.key, found)


def back_test(found: Held, day: date) -> warning.BackTest:
    """How often such warnings came true in past months: seconds the first time."""
    return _back_test(day, found.key, found)


def certainty(found: Held, day: date, *, discretionary: bool = False) -> sureness.Certainty:
    """Which findings of the day stay with other weights."""
    return _certainty(day, found.key, discretionary, found)
