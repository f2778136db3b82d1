"""`tacgraph where-from`, and what was known on a day: the ledger at the command line."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from rich.console import Console

from graphmodel.access import Viewer
from graphmodel.audit_log import AuditLog
from graphmodel.errors import SettingsError
from graphmodel.settings import data_folder
from tacgraph.console import Table, progress_bars, say, table_width

if TYPE_CHECKING:
    from analysis.provenance import Stated
    from analysis.tables import Slice

_CHILD = "child_id"


def slice_on(home: Path, known_on: date | None) -> Slice:
    """The slice of the graph as it is, or, from the ledger, as it was known at the end of a day."""
    from analysis.tables import Slice
    from graphmodel.store import Store

    if known_on is not None:
        held = Slice.known(home, known_on)
        last = f"{held.loaded_at:%Y-%m-%d %H:%M} UTC" if held.loaded_at else "unknown"
        say(
            f"As known at the end of {known_on}: from the ledger, whose last change till then is of {last}; "
            "links between records and the precedence of sources are those of then, weights today's."
        )
        return held
    with Store.open(home, on_wait=say) as store, progress_bars() as progress:
        return Slice.current(store, home, progress.step("read the as-of slice"))


def where_from(
    kind: Literal[
        "child", "practitioner", "agency", "tac", "assessment", "service", "intervention", "action"
    ],
    entity: str,
    /,
    *,
    reason: str = "",
    format: Literal["table", "json"] = "table",  # noqa: A002  (the option's name)
) -> int:
    """Where each fact about somebody or something comes from: source, load, file, row, and since when.

    Parameters
    ----------
    kind
        What is asked about.
    entity
        Its id; facts under ids linked to it are shown too.
    reason
        Why it is looked at; needed where facts about a child or a practitioner's name are shown, and kept in
        the audit record.
    format
        table for people, json for machines.
    """
    from analysis.provenance import where_from as trace
    from analysis.provenance import without_unconsented

    home, viewer = data_folder(), Viewer.local(reason)
    audit, about, now = AuditLog(home), f"{kind} {entity}", datetime.now(UTC)
    found, withheld = without_unconsented(home, trace(home, kind, entity, now), now)
    shows = {column for fact in found for column, value in fact.values.items() if value is not None}
    personal = kind == "child" or _CHILD in shows or ("name" in shows and kind == "practitioner")
    if personal:
        with audit.refusals(viewer, "where-from", about=about):
            _must_see(viewer, shows)
        audit.record(viewer, "where-from", about=about, rows=len(found))
    if format == "json":
        told = [asdict(fact) | {"values": _bare(fact.values)} for fact in found]
        json.dump(told, sys.stdout, indent=2)
        print()
    else:
        _print(found)
    if withheld:
        say(f"{withheld:,} facts of sensitive services without recorded consent are left out.")
    elif not found:
        say(f"The ledger has no fact about {about}.")
    return 0


def _must_see(viewer: Viewer, shows: set[str]) -> None:
    if not viewer.reason.strip():
        raise SettingsError("facts about a person", "are shown for a reason only", "Add --reason.")
    if _CHILD in shows:
        viewer.must_see_children()
    if "name" in shows:
        viewer.must_see_names()


def _print(found: list[Stated]) -> None:
    heads = ("table", "values", "source", "load", "file", "row", "known from", "known to", "stands")
    table = Table(*heads)
    for fact in found:
        values = ", ".join(f"{k} {_short(k, v)}" for k, v in fact.values.items() if v is not None)
        whole = fact.known_to is None and len(fact.stands) == _stated(fact)
        stands = "yes" if whole else ", ".join(fact.stands) or "no"
        end = "" if fact.known_to is None else fact.known_to[:16]
        row = (fact.table, values, fact.source, fact.load_id, fact.file, str(fact.row))
        table.add_row(*row, fact.known_from[:16], end, stands)
    Console(width=table_width()).print(table)


def _stated(fact: Stated) -> int:
    """How many columns beside the key the version could make stand."""
    from graphmodel.ledger import value_names

    return sum(fact.values[name] is not None or name in fact.stands for name in value_names(fact.table))


def _bare(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values without keyed hashes of identity numbers, which can be tried by whoever has the key."""
    return {name: _short(name, value) if name.endswith("_hash") else value for name, value in values.items()}


def _short(column: str, value: Any) -> str:
    """Keyed hashes are long and tell nobody anything."""
    return f"{str(value)[:8]}…" if column.endswith("_hash") and value is not None else str(value)
