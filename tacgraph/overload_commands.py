"""`tacgraph overload` and `tacgraph certainty`: who is above capacity, why, and how sure that is."""

from __future__ import annotations

import json
import sys
from datetime import date
from typing import Annotated, Any, Final, Literal

from cyclopts import Parameter
from rich.console import Console

from graphmodel.settings import data_folder, settings
from tacgraph.console import Table, on_record, progress_bars, say, table_width, tell, today

_MOST: Final = 25
_PEERS: Final = 10
_Format = Literal["table", "json"]


def overload(
    *,
    as_of: date | None = None,
    practitioner: str | None = None,
    warning: Annotated[bool, Parameter(negative="")] = False,
    known_on: date | None = None,
    format: _Format = "table",  # noqa: A002  (the option's name)
) -> int:
    """Who leads beyond capacity and why: parts of the points, since when, what tipped them, who has room.

    Parameters
    ----------
    as_of
        The day it is asked for; left out: today.
    practitioner
        The working of this one, overloaded or not, with the peers in the role.
    warning
        Also who may be above capacity soon, and how often such warnings came true in past months.
    known_on
        As it was known at the end of this day, told from the ledger; left out: as it is known now.
    format
        table for people; json for machines: all leads with their working.
    """
    from analysis import overload as measures
    from tacgraph.provenance_commands import slice_on

    home, day, agreed = data_folder(), as_of or today(), settings()
    held = slice_on(home, known_on)
    if practitioner is not None:
        one = measures.working(held, day, agreed, practitioner)
        on_record(home, "overload", practitioner, 1)
        _as_json({"as_of": day.isoformat(), **one}) if format == "json" else _print_one(one, day)
        return 0
    found = measures.explain(held, day, agreed)
    more: dict[str, Any] = {}
    if warning:
        from analysis.warning import back_test, early_warning

        # what begins or ends after the last day of the data is a plan; after a day gone by it was unknown
        planned = held.data_date is not None and day >= held.data_date
        soon = early_warning(held, day, agreed, planned=planned)
        more = {"warning": soon, "back_test": back_test(held, day, agreed)}
    if format == "json":
        # the working names teams, so it is a look at children
        on_record(home, "overload", f"working of all leads on {day}", len(found.leads))
        record = found.record()
        if more:
            crossing = [None if x is None else x.isoformat() for x in more["warning"]["crosses_on"]]
            rows = more["warning"].assign(crosses_on=crossing)
            rows = rows.astype(object).where(rows.notna(), None)
            record["warning"] = rows.to_dict(orient="records")
            record["back_test"] = more["back_test"].record()
        _as_json(record)
        return 0
    _print_leads(found, day)
    if more:
        _print_warning(more["warning"], more["back_test"], agreed.early_warning.horizon_days)
    return 0


def certainty(
    *,
    as_of: date | None = None,
    discretionary: Annotated[bool, Parameter(negative="")] = False,
    format: _Format = "table",  # noqa: A002  (the option's name)
) -> int:
    """How sure the figures are: which findings stay when every weight is a quarter higher or lower.

    Parameters
    ----------
    as_of
        The day it is asked for; left out: today.
    discretionary
        Leave out, for the agencies, the teams whose lead is fixed by statute or guidance.
    format
        table for people; json for machines: every lead, agency and weight.
    """
    from analysis.certainty import certainty as measure

    home, day, agreed = data_folder(), as_of or today(), settings()
    found = measure(_slice(home), day, agreed, discretionary=discretionary)
    if format == "json":
        about = {"version": agreed.version, "agreed_by": agreed.agreed_by, "agreed_on": str(agreed.agreed_on)}
        _as_json({**about, **found.record()})
        return 0
    _print_certainty(found, day, agreed)
    return 0


def _slice(home: Any) -> Any:
    from analysis.tables import Slice
    from graphmodel.store import Store

    with Store.open(home, on_wait=say) as store, progress_bars() as progress:
        return Slice.current(store, home, progress.step("read the as-of slice"))


def _as_json(record: dict[str, Any]) -> None:
    json.dump(record, sys.stdout, indent=2, allow_nan=False, default=lambda value: value.item())
    print()


def _print_leads(found: Any, day: date) -> None:
    from reports.findings_overload import CHANGE_WORDS, longest

    heads = ("practitioner", "role", "% of capacity", "points", "leads", "need", "team size", "set-up")
    more = ("supporting", "capacity", "of full time", "since", "tipped by", "role median %", "with room")
    table = Table(*heads, *more, title=f"Leads above capacity on {day}: {len(found.leads)}")
    for row in found.leads.head(_MOST).to_dict(orient="records"):
        parts = (row[x] for x in ("base", "need", "team_size", "set_up", "supporting"))
        table.add_row(
            row["practitioner_id"],
            row["role"],
            f"{100 * row['utilisation']:.0f}",
            f"{row['points']:.2f}",
            *(f"{x:.2f}" for x in parts),
            f"{row['capacity']:.2f}",
            f"{row['full_time']:.2f}",
            f"{'before ' if row['longer'] else ''}{row['since']}",
            CHANGE_WORDS.get(row["tipped_by"] or "", ""),
            f"{100 * row['role_median']:.0f}",
            str(row["with_room"]),
        )
    Console(width=table_width()).print(table)
    tell(longest(found.leads, day))
    if len(found.leads) > _MOST:
        say(f"Shown: {_MOST} of {len(found.leads)} leads. All of them with their working: --format json")


def _print_warning(soon: Any, test: Any, days: int) -> None:
    from analysis.warning import RULES
    from reports.findings_overload import judged, warned

    tell(f"\n{warned(soon, test.rules, test.best, days)}")
    table = Table("practitioner", "role", "% of capacity", "room", "by trend", "one more lead", "crosses on")
    for row in soon.head(_MOST).to_dict(orient="records"):
        flags = ("yes" if row[x] else "no" for x in ("by_trend", "by_one_more"))
        used = f"{100 * row['utilisation']:.0f}"
        table.add_row(
            row["practitioner_id"],
            row["role"],
            used,
            f"{row['room']:.2f}",
            *flags,
            str(row["crosses_on"] or ""),
        )
    Console(width=table_width()).print(table)
    for rule in RULES:
        tell(judged(test.rules, rule, better=test.better(rule)).replace("**", ""))


def _print_one(one: dict[str, Any], day: date) -> None:
    from reports import findings_overload as words
    from reports.words import role_name

    tell(f"{one['practitioner_id']} ({role_name(one['role'])}) on {day}\n")
    tell(words.made_of(one))
    tell(words.capacity_of(one))
    if one["overloaded"]:
        tell(words.tipped(one, one["changes"], tacs=True))
    else:
        tell("Not a lead above capacity on this day.")
    if one["peers"] is not None:
        tell(words.beside(one, role_name(one["role"])))
    if one["split_posts"]:
        import pandas as pd

        tell(words.split(pd.DataFrame(one["split_posts"]), {}))
    table = Table("peer", "% of capacity", "room", "same agency", "same locality", title="Peers with room")
    for row in [p for p in one["peers_in_role"] if p["has_room"]][:_PEERS]:
        flags = ("yes" if row[x] else "no" for x in ("same_agency", "same_locality"))
        used = f"{100 * row['utilisation']:.0f}"
        table.add_row(row["practitioner_id"], used, f"{row['room']:.2f}", *flags)
    Console(width=table_width()).print(table)


def _print_certainty(found: Any, day: date, agreed: Any) -> None:
    from reports import findings_certainty as words

    console = Console(width=table_width())
    tell(f"Weights {agreed.version}: {agreed.agreed_by}. {len(found.draws):,} draws, {day}.")
    tell(words.leads(found.overloaded, found.variation))
    tell(words.agencies(found.agencies, found.variation))
    heads = ("weight", "agreed", "low", "high", "overloaded at low", "at high", "leave", "enter", "tau")
    table = Table(*heads, title="Each weight alone")
    for row in found.weights.to_dict(orient="records"):
        values = (f"{row[x]:g}" for x in ("value", "low", "high"))
        counts = (str(row[x]) for x in ("overloaded_low", "overloaded_high", "no_longer", "newly"))
        table.add_row(words.weight_name(row["weight"]), *values, *counts, _figure(row["tau"]))
    console.print(table)
    table = Table(
        "practitioner", "% of capacity", "in draws", "how sure", "tipped alone by", title="Least sure"
    )
    for row in found.overloaded.iloc[::-1].head(_MOST).to_dict(orient="records"):
        used, share = f"{100 * row['utilisation']:.0f}", f"{row['share']:.0%}"
        table.add_row(row["practitioner_id"], used, share, row["verdict"], words.tipping(row["tipped_by"]))
    console.print(table)
    sides = ("agency", "times fair", "in 90% of draws", "rank", "same rank", "within one", "side", "in draws")
    table = Table(*sides, "how sure", title="Agencies")
    for row in found.agencies.sort_values("rank", kind="stable").head(_MOST).to_dict(orient="records"):
        shares = (f"{row[x]:.0%}" for x in ("same_rank", "within_one"))
        band = f"{row['low']:.2f} to {row['high']:.2f}"
        side = (str(row["side"]), f"{row['same_side']:.0%}", str(row["verdict"] or ""))
        table.add_row(row["agency_id"], _figure(row["disparity"]), band, str(row["rank"]), *shares, *side)
    console.print(table)
    say(f"Shown: at most {_MOST} leads and agencies. All of them: --format json")


def _figure(value: float) -> str:
    return "" if value != value else f"{value:.2f}"  # noqa: PLR0124  (NaN)
