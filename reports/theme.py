"""Colours of the charts, for a light and a dark ground.

The Government Analysis Function's palette on light; on dark its hues lightened until they stand out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True)
class Theme:
    """Colours of one ground: text at 4.5:1 or more on it, marks at 3:1 or more."""

    name: Literal["light", "dark"]
    ground: str
    ink: str
    quiet: str
    grid: str
    blue: str
    turquoise: str
    pink: str
    orange: str
    grey: str


LIGHT: Final = Theme(
    "light", "#FFFFFF", "#1F2933", "#595959", "#E3E6EA",
    "#12436D", "#28A197", "#801650", "#F46A25", "#8C9196",
)  # fmt: skip
DARK: Final = Theme(
    "dark", "#0E1117", "#E8EAED", "#C9CDD3", "#3A404A",
    "#6FB1EA", "#4FD1C5", "#F08CC0", "#F9A26C", "#9AA0A8",
)  # fmt: skip
THEMES: Final = {theme.name: theme for theme in (LIGHT, DARK)}
