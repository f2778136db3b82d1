"""Handovers as files of the import format: load them, and the day is as it was promised."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from analysis.tables import Slice

LEADS: Final = ("tac_id", "practitioner_id", "started_on", "ended_on", "reason")
MEMBERSHIPS: Final = ("tac_id", "practitioner_id", "started_on", "ended_on")

Row = dict[str, str]


def rows(tables: Slice, d: date, moves: pd.DataFrame) -> dict[str, list[Row]]:
    """The rows of `leads` and `memberships` that carry out `moves` on `d`, values as text.

    Every lead interval of the former lead that is active on `d` ends on `d` and keeps its reason; the new
    lead begins on `d`, reason `handover`, until the TAC closes where that is known. A former lead who is no
    member becomes one on `d`, so that the team stays as it is.
    """
    leads, members = tables.table("leads"), tables.table("memberships")
    closes = tables.table("tacs").set_index("tac_id")["closed_on"]
    running = _by_pair(leads[_active(leads, d)])
    belonging = set(_by_pair(members[_active(members, d)]))
    found: dict[str, list[Row]] = {"leads": [], "memberships": []}
    pairs = zip(moves["tac_id"], moves["from_practitioner_id"], moves["to_practitioner_id"], strict=True)
    for tac, giver, taker in pairs:
        span = {"started_on": d.isoformat(), "ended_on": _text(closes[tac])}
        for held in running[tac, giver]:
            ended = {name: _text(held[name]) for name in ("started_on", "reason")}
            found["leads"].append(
                {"tac_id": tac, "practitioner_id": giver, **ended, "ended_on": d.isoformat()}
            )
        found["leads"].append({"tac_id": tac, "practitioner_id": taker, **span, "reason": "handover"})
        if (tac, giver) not in belonging:
            found["memberships"].append({"tac_id": tac, "practitioner_id": giver, **span})
    return found


def write(folder: Path, tables: Slice, d: date, moves: pd.DataFrame) -> list[Path]:
    """Write `leads.csv`, and `memberships.csv` where it has rows; gives the paths written.

    The folder can be loaded as it is, without replacing what its source said before.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = rows(tables, d, moves)
    paths = [_file(folder / "leads.csv", LEADS, made["leads"])]
    if made["memberships"]:
        paths.append(_file(folder / "memberships.csv", MEMBERSHIPS, made["memberships"]))
    else:
        # of an earlier answer in the same folder
        (folder / "memberships.csv").unlink(missing_ok=True)
    return paths


def _file(path: Path, columns: Iterable[str], made: Iterable[Mapping[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as text:
        writer = csv.DictWriter(text, list(columns))
        writer.writeheader()
        writer.writerows(made)
    return path


def _active(frame: pd.DataFrame, d: date) -> pd.Series:
    at = pd.Timestamp(d)
    return (frame["started_on"] <= at) & (frame["ended_on"].isna() | (at < frame["ended_on"]))


def _by_pair(frame: pd.DataFrame) -> dict[tuple[str, str], list[dict[Any, Any]]]:
    found: dict[tuple[str, str], list[dict[Any, Any]]] = {}
    for row in frame.to_dict(orient="records"):
        found.setdefault((row["tac_id"], row["practitioner_id"]), []).append(row)
    return found


def _text(value: Any) -> str:
    if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return ""
    return str(value.date().isoformat()) if isinstance(value, pd.Timestamp) else str(value)
