"""Colours of the dashboard, light and dark: the Analysis Function's palette, every text pair at least 4.5:1.

The four categorical colours are too dark on a dark page, so each has a lighter partner there.
"""

from __future__ import annotations

from typing import Final

NAVY, TEAL, PLUM, ORANGE = "#12436D", "#28A197", "#801650", "#F46A25"

LIGHT: Final[dict[str, str]] = {
    "primaryColor": NAVY,
    "backgroundColor": "#FFFFFF",
    "secondaryBackgroundColor": "#EEF2F6",
    "textColor": "#0B0C0C",
    "linkColor": NAVY,
    "borderColor": "#8A96A3",
    "grayTextColor": "#44515E",
    "grayColor": "#5B6875",
    "redTextColor": "#8B1A1A",
    "greenTextColor": "#0F5C3F",
    "blueTextColor": "#12436D",
    "orangeTextColor": "#8A3300",
    "yellowTextColor": "#5C4300",
    "dataframeHeaderBackgroundColor": "#EEF2F6",
    "dataframeHeaderTextColor": "#14202B",
    "dataframeBorderColor": "#C4CCD4",
    "codeBackgroundColor": "#EEF2F6",
    "codeTextColor": "#14202B",
}

DARK: Final[dict[str, str]] = {
    "primaryColor": "#7FB2E5",
    "backgroundColor": "#0E1117",
    "secondaryBackgroundColor": "#1B2835",
    "textColor": "#EEF2F6",
    "linkColor": "#9CC7F0",
    "borderColor": "#71808F",
    "grayTextColor": "#C4CCD4",
    "grayColor": "#9AA7B4",
    "redTextColor": "#FFB3B3",
    "greenTextColor": "#8FE0BD",
    "blueTextColor": "#9CC7F0",
    "orangeTextColor": "#FFBF94",
    "yellowTextColor": "#F5DC8A",
    "dataframeHeaderBackgroundColor": "#1B2835",
    "dataframeHeaderTextColor": "#EEF2F6",
    "dataframeBorderColor": "#3A4A5A",
    "codeBackgroundColor": "#1B2835",
    "codeTextColor": "#EEF2F6",
}

_FONT: Final = '"Source Sans", "Segoe UI", "Helvetica Neue", Arial, sans-serif'

OPTIONS: Final[dict[str, str]] = {
    "theme.font": _FONT,
    "theme.headingFontSizes": "1.9rem,1.35rem,1.15rem,1rem,1rem,1rem",
    "theme.paddingTop": "4.5rem",
    "theme.paddingBottom": "3rem",
    "theme.showWidgetBorder": "true",
    "theme.linkUnderline": "true",
    **{f"theme.light.{name}": colour for name, colour in LIGHT.items()},
    **{f"theme.dark.{name}": colour for name, colour in DARK.items()},
}
