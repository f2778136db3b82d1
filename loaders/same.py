"""Which ids are one person or agency, as the record linkage has it; nothing where there is none."""

from __future__ import annotations

from importlib import import_module, util
from pathlib import Path
from typing import Final, cast

import pyarrow as pa

from graphmodel.ledger import LINKS

_LINKAGE: Final = "loaders.matching.links"
_STEPS: Final = 10


def same_as(home: Path) -> pa.Table:
    """A table like `ledger.LINKS`: no id stands for itself, and what stands for one stands for itself."""
    try:
        known = util.find_spec(_LINKAGE) is not None
    except ModuleNotFoundError:
        known = False
    if not known:
        return LINKS.empty_table()
    return settled(cast("pa.Table", import_module(_LINKAGE).crosswalk(home)))


def settled(links: pa.Table) -> pa.Table:
    """Chains followed to their end, rows in order; an id that leads in a circle is left alone."""
    columns = (links.column(name).to_pylist() for name in LINKS.names)
    step = {(kind, each): other for kind, each, other in zip(*columns, strict=True) if each != other}
    found = []
    for (kind, each), other in sorted(step.items()):
        stands = other
        for _ in range(_STEPS):
            if (kind, stands) not in step or stands == each:
                break
            stands = step[kind, stands]
        if stands != each:
            found.append((kind, each, stands))
    return (
        pa.table(dict(zip(LINKS.names, zip(*found, strict=True), strict=True)), schema=LINKS)
        if found
        else (LINKS.empty_table())
    )
