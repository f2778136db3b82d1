"""Buttons that save a chart as a picture with its finding, day and filters on it, made in the browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import streamlit as st

from reports.charts import Chart
from reports.theme import Theme

SCRIPT: Final = Path(__file__).with_name("texts") / "picture.js"
HTML: Final = (
    '<div class="row"><button type="button" data-kind="svg">SVG</button>'
    '<button type="button" data-kind="png">PNG</button><span role="status"></span></div>'
)
STYLE: Final = """
.row { display: flex; gap: 0.5rem; align-items: center; font-family: var(--st-font); }
button {
  font: inherit; font-size: 0.875rem; min-height: 2.5rem; padding: 0.25rem 0.75rem; cursor: pointer;
  color: var(--st-text-color); background: var(--st-background-color);
  border: 1px solid color-mix(in srgb, var(--st-text-color) 55%, transparent); border-radius: 0.5rem;
}
button:hover { border-color: var(--st-primary-color); color: var(--st-primary-color); }
button:focus-visible { outline: 3px solid var(--st-primary-color); outline-offset: 2px; }
"""

_mount = st.components.v2.component(
    "tacgraph_picture", html=HTML, css=STYLE, js=SCRIPT.read_text(encoding="utf-8")
)


def buttons(chart: Chart, theme: Theme) -> None:
    """Save as SVG or PNG, with the title above and whence and as of when below; no request is made."""
    data: dict[str, Any] = {
        "name": chart.name,
        "title": chart.title,
        "summary": chart.summary,
        "source": chart.source,
        "ground": theme.ground,
        "ink": theme.ink,
    }
    _mount(key=f"picture-{chart.name}", data=data, height="content")
