"""What the dashboard works out besides the catalogue: each figure beside the plain way, in one run."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from benchmarks import advising, fairness, network, overloading
from benchmarks.timing import Figures, conditions, say

PARTS: Final = {
    "Fairness with its bootstrap, and what if": fairness,
    "Overload explained, warned of and varied": overloading,
    "Advice on handovers": advising,
    "The network": network,
}


def figures(example: Path, *, times: int) -> Figures:
    """The group: every part by its title, measured on the CSV folder of the example."""
    found: Figures = {**conditions(), "parts": {}}
    for title, part in PARTS.items():
        say(title.lower())
        found["parts"][title] = part.measure(example, times)
    return found


def rows(group: Figures) -> str:
    """The parts as Markdown, a heading each."""
    return "\n".join(f"### {title}\n\n{PARTS[title].rows(found)}" for title, found in group["parts"].items())
