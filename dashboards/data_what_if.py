"""What the What-if page keeps: each comparison by load, as-of day and the scenario's text."""

from __future__ import annotations

from datetime import date
from typing import Final

import streamlit as st

from analysis.whatif import Comparison, compare
from analysis.whatif_text import scenario_of
from dashboards.data import REPLACED, Held

_KEPT: Final = 8


# a resource, as the changed slice shares its tables with today's; nobody may change the frames
@st.cache_resource(max_entries=_KEPT, show_spinner="Measuring again…")
def _compare(
    day: date,
    key: str,  # noqa: ARG001  (stands for the slice and the settings)
    texts: tuple[str, ...],
    scheme: str,
    reassign: bool,
    _found: Held,
) -> Comparison:
    scenario = scenario_of(texts, scheme=scheme, reassign=reassign)
    return compare(_found.slice, day, _found.settings, scenario)


REPLACED.append(_compare.clear)


def compared(found: Held, day: date, texts: tuple[str, ...], *, scheme: str, reassign: bool) -> Comparison:
    """Today against the scenario. Raises `SettingsError` in words where the scenario cannot be."""
    return _compare(day, found.key, texts, scheme, reassign, found)
