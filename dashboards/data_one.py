"""What the pages about one practitioner keep besides `dashboards.data`, by load, day and settings."""

from __future__ import annotations

from datetime import date

import pandas as pd
import streamlit as st

from analysis import one_practitioner, workload
from dashboards.data import KEPT_FRAMES, Held


@st.cache_data(max_entries=KEPT_FRAMES, show_spinner=False)
def _teams(day: date, key: str, who: str, _found: Held) -> pd.DataFrame:  # noqa: ARG001
    return one_practitioner.teams_of(_found.slice, day, _found.settings, who)


@st.cache_data(max_entries=KEPT_FRAMES, show_spinner=False)
def _colleagues(day: date, key: str, who: str, _found: Held) -> pd.DataFrame:  # noqa: ARG001
    return one_practitioner.colleagues(_found.slice, day, who)


@st.cache_data(max_entries=KEPT_FRAMES, show_spinner=False)
def _history(day: date, key: str, who: str, _found: Held) -> pd.DataFrame:  # noqa: ARG001
    return workload.history(_found.slice, who, day, _found.settings)


def teams_of(found: Held, day: date, who: str) -> pd.DataFrame:
    """Each active team of a practitioner with its points by part."""
    return _teams(day, found.key, who, found)


def colleagues(found: Held, day: date, who: str) -> pd.DataFrame:
    """Everybody in a common active team."""
    return _colleagues(day, found.key, who, found)


def history(found: Held, day: date, who: str) -> pd.DataFrame:
    """One practitioner at the last twelve month ends and on the day."""
    return _history(day, found.key, who, found)
