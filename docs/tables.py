"""Tables and links of the computed pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

COMPUTED: Final = "<!-- Computed by `make docs`; change the code that it comes from, not this page. -->\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"
