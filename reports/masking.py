"""What of a month's figures may be shown: the one rule of the report and of the dashboard.

Which counts go is said here, what goes with them in `reports.suppress`; the reasons are in
docs/decisions/report.md, Suppression.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from graphmodel.settings import Settings
from reports.figures import STATES, Counts, Month
from reports.gaps import OF_TACS
from reports.suppress import Count, Masked, Rule, masked, small
from reports.words import DUPLICATE_KINDS, LITTLE


@dataclass(frozen=True)
class Shown:
    """The figures of one month that may be circulated: small counts and what derives from them are NaN.

    `headline` has a row a measure: measure, end, mean, change, year (the change in a year), and `hidden_…`
    of each (a text where it says more); `coverage` the same of the gaps in cover, without a mean.
    `children_range` says the children in words where the exact count would give a small one away.
    `agencies` and `roles` as in `Month`, masked; `others`: the agencies whose load is hidden taken together,
    empty where their sum would give a count away. `compared` has the agencies' leads and disparity and how
    they changed.
    """

    headline: pd.DataFrame
    children_range: str
    agencies: Masked
    others: dict[str, float]
    roles: Masked
    duplicates: pd.DataFrame
    trend: pd.DataFrame
    coverage: pd.DataFrame
    compared: Masked


def hidden_counts(counts: Mapping[str, float], up_to: int, *, days: int = 1) -> set[str]:
    """Which of the partnership's counts must not be shown: small ones, and those that leave a small rest.

    The rests: leads not overloaded, overloaded but not severely, TACs with a lead, and TACs beyond one a
    child. `counts` may be sums over `days`.
    """
    limit = up_to * days
    gone = {name for name, value in counts.items() if small(value, limit)}
    for whole, part in (
        ("leading", "overloaded"),
        ("overloaded", "severe"),
        ("active_tacs", "without_lead"),
        ("active_tacs", "children"),
    ):
        if {whole, part} <= counts.keys() and small(counts[whole] - counts[part], limit):
            gone.add(part)
    if "overloaded" in gone:
        gone.add("severe")
    return {name for name in gone if counts.get(name, 0) > 0 or name == "severe"}


def hidden_coverage(kinds: Mapping[str, float], counts: Mapping[str, float], up_to: int) -> set[str]:
    """Which gaps in cover must not be shown: small ones, and those of TACs that leave few; never a zero."""
    active = counts.get("active_tacs", 0.0)
    gone = {kind for kind, value in kinds.items() if small(value, up_to)}
    gone |= {k for k, value in kinds.items() if value > 0 and k in OF_TACS and small(active - value, up_to)}
    if "without_lead" in hidden_counts(counts, up_to) and kinds.get("tacs_without_lead", 0) > 0:
        gone.add("tacs_without_lead")
    return gone


def change(now: float, then: float, up_to: int, *, hidden: bool) -> tuple[float, bool | str]:
    """A change of a count, and whether it is hidden: where either end is; a small one is "within 5"."""
    if hidden or np.isnan(now) or np.isnan(then):
        return np.nan, hidden
    gap = now - then
    return (np.nan, LITTLE.format(up_to=up_to)) if small(abs(gap), up_to) else (gap, False)


def lead_counts(
    led: Sequence[float], counts: Mapping[str, float], up_to: int, *, days: int = 1, rest: float = 0
) -> tuple[Count, Count]:
    """How agencies' or roles' lead counts are judged; `rest`: leads that belong to none of the rows.

    Lead counts add up, with the TACs without a lead and less the leads beyond one a TAC, to the active
    TACs: where one of these three is small, nothing may give the sum of the lead counts.
    """
    guarded = _guarded(counts, up_to * days)
    return Count(led, days=days, rest=rest), Count(led, guarded=guarded, days=days, rest=rest)


def shown(month: Month, settings: Settings) -> Shown:
    """Mask the month for circulation with the settings' `disclosure.suppress_up_to`."""
    up_to = settings.disclosure.suppress_up_to
    end = hidden_counts(month.end, up_to)
    headline = _headline(month, end, up_to)
    low, high = month.end["active_tacs"] - up_to, month.end["active_tacs"] - 1
    ranged = "children" in end and "active_tacs" not in end and not small(month.end["children"], up_to)
    agencies = _masked(month, month.agencies, end, up_to)
    return Shown(
        headline=headline,
        children_range=f"{low:,.0f} to {high:,.0f}" if ranged else "",
        agencies=agencies,
        others=_others(month, agencies.hidden, up_to),
        roles=_masked(month, month.roles, end, up_to),
        duplicates=headline[headline["measure"].isin(DUPLICATE_KINDS)]
        .rename(columns={"measure": "kind", "end": "cases", "hidden_end": "suppressed"})
        .reset_index(drop=True),
        trend=_masked_trend(month.trend, up_to),
        coverage=_coverage(month, up_to),
        compared=_compared(month, agencies, up_to),
    )


def _changes(
    name: str, now: tuple[Counts, set[str]], earlier: Mapping[str, tuple[Counts, set[str]]], up_to: int
) -> dict[str, float | bool | str]:
    """The changes of one count since each earlier month end, and whether each is hidden."""
    row: dict[str, float | bool | str] = {}
    for when, (then, gone) in earlier.items():
        hidden = name in then and (name in now[1] or name in gone)
        row[when], row[f"hidden_{when}"] = change(now[0][name], then.get(name, np.nan), up_to, hidden=hidden)
    return row


def _headline(month: Month, end: set[str], up_to: int) -> pd.DataFrame:
    mean = hidden_counts(month.sums, up_to, days=month.days) | end
    earlier = {
        "change": (month.before, hidden_counts(month.before, up_to)),
        "year": (month.year_before, hidden_counts(month.year_before, up_to)),
    }
    rows = [
        {
            "measure": name,
            "end": np.nan if name in end else month.end[name],
            "mean": np.nan if name in mean else month.sums[name] / month.days,
            "hidden_end": name in end,
            "hidden_mean": name in mean,
            **_changes(name, (month.end, end), earlier, up_to),
        }
        for name in (*STATES, *DUPLICATE_KINDS)
    ]
    return pd.DataFrame(rows)


def _coverage(month: Month, up_to: int) -> pd.DataFrame:
    """Gaps in cover: kind, cases, suppressed, change, hidden_change, year, hidden_year."""
    now = month.coverage.get("end", {})
    counts = {"end": month.end, "before": month.before, "year": month.year_before}
    seen = {
        when: (
            month.coverage.get(when, {}),
            hidden_coverage(month.coverage.get(when, {}), counts[when], up_to),
        )
        for when in counts
    }
    earlier = {"change": seen["before"], "year": seen["year"]}
    rows = [
        {
            "kind": kind,
            "cases": np.nan if kind in seen["end"][1] else now[kind],
            "suppressed": kind in seen["end"][1],
            **_changes(kind, seen["end"], earlier, up_to),
        }
        for kind in now
    ]
    columns = ["kind", "cases", "suppressed", "change", "hidden_change", "year", "hidden_year"]
    return pd.DataFrame(rows, columns=columns)


def _compared(month: Month, agencies: Masked, up_to: int) -> Masked:
    """Agencies' leads now with their changes, and disparity at the three ends.

    Columns: agency_id, name, tacs_led, change, year, disparity, disparity_before, disparity_year; each end is
    masked as its own report masks it.
    """
    names = ["agency_id", "name", "tacs_led", "disparity"]
    numbers, hidden = agencies.numbers[names].copy(), agencies.hidden[names].copy()
    for when, name in (("before", "change"), ("year", "year")):
        counts = {"before": month.before, "year": month.year_before}[when]
        frame = month.leads.get(when, pd.DataFrame(columns=["agency_id", "tacs_led", "disparity"]))
        led = [float(n) for n in frame["tacs_led"]]
        rules = lead_counts(led, counts, up_to, rest=counts.get("led", 0.0) - sum(led)) if counts else ()
        then = masked(frame, {"load": Rule(("tacs_led", "disparity"), rules)}, up_to=up_to)
        values = then.numbers.set_index("agency_id").reindex(numbers["agency_id"])
        gone = then.hidden["tacs_led"].set_axis(then.numbers["agency_id"]).reindex(numbers["agency_id"])
        gone = gone.fillna(value=False).astype(bool)
        found = [
            change(now, before, up_to, hidden=bool(counts) and (h or g))
            for now, before, h, g in zip(
                numbers["tacs_led"], values["tacs_led"], hidden["tacs_led"], gone, strict=True
            )
        ]
        numbers[name] = [gap for gap, _ in found]
        hidden[name] = pd.Series([why for _, why in found], index=hidden.index, dtype=object)
        numbers[f"disparity_{when}"] = values["disparity"].to_numpy(dtype=float)
        hidden[f"disparity_{when}"] = gone.to_numpy()
    return Masked(numbers, hidden)


LOAD_COLUMNS: Final = (
    "tacs_led", "expected_tacs_led", "lead_points", "capacity", "load_share", "load_share_low",
    "load_share_high", "capacity_share", "disparity", "disparity_low", "disparity_high",
)  # fmt: skip
MEAN_COLUMNS: Final = (
    "mean_tacs_led", "mean_expected_tacs_led", "mean_lead_points", "mean_capacity", "mean_load_share",
    "mean_capacity_share", "mean_disparity", "days", "sum_led",
)  # fmt: skip


def _masked(month: Month, frame: pd.DataFrame, end: set[str], up_to: int) -> Masked:
    """Agencies or roles: what they lead with all that derives from it, who leads, who is overloaded."""
    led, sums = list(frame["tacs_led"].fillna(0)), list(frame["sum_led"].fillna(0))
    known = "overloaded" not in end
    rules = {
        "load": Rule(tuple(c for c in LOAD_COLUMNS if c in frame), lead_counts(led, month.end, up_to)),
        "mean": Rule(
            tuple(c for c in MEAN_COLUMNS if c in frame),
            lead_counts(sums, month.sums, up_to, days=month.days),
            ("load",),
        ),
        **_staff_rules(frame, known=known),
        "overloaded in the mean": Rule(
            ("mean_overloaded", "sum_overloaded"),
            (Count(list(frame["sum_overloaded"]), days=month.days),),
            ("overloaded",),
        ),
    }
    return masked(frame, rules, up_to=up_to)


def _staff_rules(frame: pd.DataFrame, *, known: bool) -> dict[str, Rule]:
    """Who leads and who of them is overloaded; `known`: the overloaded of all are shown."""
    over, rest = frame["overloaded"], frame["leading"] - frame["overloaded"]
    counts = (Count(list(over), shown=known), Count(list(rest), shown=known))
    return {
        "leading": Rule(("leading",), (Count(list(frame["leading"])),), ("load",)),
        "overloaded": Rule(("overloaded",), counts, ("leading",)),
    }


def staff(frame: pd.DataFrame, counts: Mapping[str, float], up_to: int) -> Masked:
    """Agencies or roles on one day as the report shows them at a month end: `tacs_led`, leading, overloaded.

    `counts` are the partnership's of the day; every lead belongs to a row.
    """
    rules = {
        "load": Rule(("tacs_led",), lead_counts([float(n) for n in frame["tacs_led"]], counts, up_to)),
        **_staff_rules(frame, known="overloaded" not in hidden_counts(counts, up_to)),
    }
    return masked(frame, rules, up_to=up_to)


def _guarded(counts: Mapping[str, float], limit: int) -> bool:
    """Whether the sum of all leads would give away a small count that is hidden elsewhere."""
    return any(small(v, limit) for v in (counts["active_tacs"], counts["without_lead"], _beyond(counts)))


def _beyond(counts: Mapping[str, float]) -> float:
    return counts["led"] - (counts["active_tacs"] - counts["without_lead"])


SUMMED: Final = ("expected_tacs_led", "lead_points", "capacity", "load_share", "capacity_share")


def _others(month: Month, hidden: pd.DataFrame, up_to: int) -> dict[str, float]:
    """The sum of the hidden agencies, which anybody could take from the whole, so that the table adds up.

    Not where the TACs without a lead, or the leads beyond one a TAC, are small: then it would give them
    away. Means are over all days of the month.
    """
    found: dict[str, float] = {}
    for prefix, count, counts, days in (
        ("", "tacs_led", month.end, 1), ("mean_", "sum_led", month.sums, month.days)
    ):  # fmt: skip
        frame = month.agencies[hidden[count].to_numpy(dtype=bool)]
        led, limit = float(frame[count].sum()), up_to * days
        if len(frame) <= 1 or small(led, limit) or _guarded(counts, limit):
            continue
        found[f"{prefix}tacs_led"] = led / days
        parts = frame["days"] / days if days > 1 else 1.0
        for column in SUMMED:
            found[f"{prefix}{column}"] = float((frame[f"{prefix}{column}"] * parts).sum())
        fair = found[f"{prefix}capacity_share"]
        found[f"{prefix}disparity"] = found[f"{prefix}load_share"] / fair if fair > 0 else np.nan
    return found


def _masked_trend(frame: pd.DataFrame, up_to: int) -> pd.DataFrame:
    columns = ("active_tacs", "leading", "overloaded", "severe", "without_lead")
    rows = []
    for record in frame.to_dict(orient="records"):
        counts = {name: float(record[name]) for name in columns}
        gone = hidden_counts(counts, up_to)
        rows.append({"day": record["day"], **{n: np.nan if n in gone else counts[n] for n in columns}})
    kept = pd.DataFrame(rows, columns=["day", *columns])
    return kept.rename(columns={"without_lead": "tacs_without_lead"})
