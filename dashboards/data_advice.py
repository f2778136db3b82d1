"""What the Advice page keeps besides `dashboards.data`: the curve of a day with all its points."""

from __future__ import annotations

from datetime import date
from typing import Final

import streamlit as st

from analysis.advice import Advice
from analysis.advice_lead import Candidates, who_should_lead
from dashboards import warm
from dashboards.data import Held
from graphmodel.settings import data_folder

_KEPT: Final = 6


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def _advice(day: date, key: str, _found: Held) -> Advice:  # noqa: ARG001
    return warm.advice(data_folder(), _found.slice, day, _found.settings)


def advice(found: Held, day: date) -> Advice:
    """Every point of the curve of a day; half a minute at most the first time, then at once."""
    return _advice(day, found.key, found)


def at_hand(found: Held, day: date) -> bool:
    """Whether the curve of a day was worked out before, so that nobody need wait for it."""
    return warm.advice_asked(data_folder(), found.slice, day, found.settings).kept


def candidates(found: Held, tac_id: str, day: date) -> Candidates:
    """The members of one team against the guidance's criteria; never kept, as it is about a child."""
    return who_should_lead(found.slice, tac_id, day, found.settings)
