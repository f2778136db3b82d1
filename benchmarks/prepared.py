"""A slice made ready, as a page finds it: read, with the day and the settings that figures are asked for."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from analysis.coded import coded
from analysis.tables import Slice
from graphmodel.settings import Settings, settings


def prepared(folder: Path, as_of: date | None = None) -> tuple[Slice, Settings, date]:
    """The slice of a folder of CSV files, the settings in force, and the last day of the data or `as_of`."""
    held = Slice.from_folder(folder)
    day = as_of or held.data_date
    if day is None:
        raise ValueError(f"{folder.name} holds no dates")
    coded(held)
    return held, settings(), day
