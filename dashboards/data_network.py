"""What the Network page keeps besides `dashboards.data`: the network of a day, and its pictures."""

from __future__ import annotations

from datetime import date
from typing import Final

import numpy as np
import streamlit as st

from analysis import network_layout
from analysis.network_day import Network
from analysis.network_layout import Picture
from dashboards import warm
from dashboards.data import Held
from graphmodel.settings import data_folder

EACH: Final = 2
"""Ties drawn of each agency, its strongest."""
_KEPT: Final = 12


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def _network(day: date, key: str, _found: Held) -> Network:  # noqa: ARG001
    return warm.network(data_folder(), _found.slice, day, _found.settings)


def network(found: Held, day: date) -> Network:
    """The network of a day with all that is drawn beside it; some seconds the first time."""
    return _network(day, found.key, found)


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def _agencies(day: date, key: str, most: int, least_shared: int, _found: Held) -> Picture:  # noqa: ARG001
    return network_layout.agencies(
        _found.slice,
        day,
        _found.settings,
        network(_found, day),
        most=most,
        least_shared=least_shared,
        each=EACH,
    )


def agencies(found: Held, day: date, *, most: int, least_shared: int) -> Picture:
    """The agencies' network as it is drawn."""
    return _agencies(day, found.key, most, least_shared, found)


@st.cache_data(max_entries=_KEPT, show_spinner=False)
def _people(
    day: date,
    key: str,  # noqa: ARG001
    chosen: tuple[str, ...],
    around: bool,
    most: int,
    _found: Held,
) -> Picture:
    held = network(_found, day)
    own = held.nodes["practitioner_id"].isin(chosen).to_numpy(dtype=np.bool_)
    return network_layout.practitioners(held, own, around=around, most=most)


def people(found: Held, day: date, chosen: tuple[str, ...], *, around: bool, most: int) -> Picture:
    """The practitioners chosen, and those tied to them, as they are drawn."""
    return _people(day, found.key, chosen, around, most, found)
