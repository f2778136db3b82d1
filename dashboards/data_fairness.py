"""What the Fairness page keeps besides `dashboards.data`: the trend by month, and costs."""

from __future__ import annotations

from datetime import date

import pandas as pd
import streamlit as st

from analysis import costs as lead_costs
from analysis import fairness
from dashboards.data import KEPT_FRAMES, Held


@st.cache_data(max_entries=KEPT_FRAMES, show_spinner=False)
def _trend(day: date, key: str, discretionary: bool, months: int, _found: Held) -> pd.DataFrame:  # noqa: ARG001
    return fairness.trend(_found.slice, day, _found.settings, months=months, discretionary=discretionary)[0]


def trend(found: Held, day: date, *, discretionary: bool = False, months: int = 12) -> pd.DataFrame:
    """The fairness indices at the last `months` month ends and on the day."""
    return _trend(day, found.key, discretionary, months, found)


@st.cache_data(max_entries=KEPT_FRAMES, show_spinner=False)
def _costs(day: date, key: str, _found: Held) -> pd.DataFrame:  # noqa: ARG001
    return lead_costs.costs(_found.slice, day, _found.settings)


def costs(found: Held, day: date) -> pd.DataFrame:
    """Lead work in hours and pounds by paying agency; raw, not to be shown as it is: `dashboards.costs`."""
    return _costs(day, found.key, found)
