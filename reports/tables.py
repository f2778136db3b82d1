"""The tables of the monthly report, from the figures that may be shown."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from graphmodel.settings import Settings
from reports.figures import Month
from reports.gaps import KINDS
from reports.masking import Shown
from reports.sheets import Cell, Column, Table, table
from reports.words import (
    COVERAGE_KINDS,
    DUPLICATE_KINDS,
    DUPLICATE_UNITS,
    NOT_DEFINED,
    SUPPRESSED,
    month_name,
    role_name,
)

MEASURES: Final = {
    "children": "Children with an active TAC",
    "active_tacs": "Active TACs",
    "leading": "Practitioners who lead",
    "overloaded": "Leads above capacity",
    "severe": "Leads far above capacity",
    "without_lead": "TACs without a lead",
    **DUPLICATE_KINDS,
}
INDEX_WORDS: Final = {
    "gini": (
        "Gini",
        "How unevenly practitioners are used, from 0 (all alike) towards 1 (one person carries everything).",
    ),
    "theil": (
        "Theil T",
        "The same unevenness in a form that splits in two: 0 is perfectly even, higher is less even.",
    ),
    "theil_between": (
        "Theil T, between agencies",
        "The part that comes from differences between agencies: only moving work between them mends it.",
    ),
    "theil_within": (
        "Theil T, within agencies",
        "The part that comes from differences inside agencies. A manager can mend it within the team.",
    ),
    "hoover": (
        "Hoover",
        "The part of all lead work that would have to change agency for each to have its fair share.",
    ),
    "jain": (
        "Jain",
        "How evenly agencies are used by lead work: 1 is perfectly even, one over their number the least.",
    ),
}


CHANGES: Final = (
    Column("change", "Change since the month before", "change"),
    Column("year", "Change since a year before", "change"),
)


def headline_table(month: Month, seen: Shown, unit: str) -> Table:
    """Each headline figure at month end, as mean of the days, and its change."""
    frame = seen.headline.assign(words=seen.headline["measure"].map(MEASURES))
    names = ("end", "mean", "change", "year")
    hidden = pd.DataFrame({name: seen.headline[f"hidden_{name}"] for name in names}, index=frame.index)
    columns = (
        Column("words", "Measure"),
        Column("end", "At month end", "count"),
        Column("mean", "Mean over the month", "mean"),
        *CHANGES,
    )
    made = table("headline", f"Headline figures, {month_name(month.last)}", columns, frame, hidden, note=unit)
    if not seen.children_range:
        return made
    first = (made.rows[0][0], seen.children_range, *made.rows[0][2:])
    return Table(made.name, made.caption, made.note, made.columns, (first, *made.rows[1:]))


def _named(seen: Shown) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Agencies by name: highest disparity first, then those kept back, with their hidden cells."""
    numbers = seen.agencies.numbers
    label = numbers["name"].where(numbers["name"].notna(), numbers["agency_id"])
    order = numbers.assign(label=label).sort_values(["disparity", "label"], ascending=[False, True]).index
    frame = numbers.assign(label=label).loc[order].reset_index(drop=True)
    return frame, seen.agencies.hidden.loc[order].reset_index(drop=True)


def folded(made: Table, others: dict[str, float]) -> Table:
    """The table with all rows that show no number taken together in one, their names below it.

    `others` are the figures of that row by column; what is not among them is kept back there too.
    """
    numbers = [at for at, column in enumerate(made.columns) if column.kind != "text"]

    def is_silent(row: tuple[Cell, ...]) -> bool:
        return SUPPRESSED in row and all(row[at] in {SUPPRESSED, NOT_DEFINED} for at in numbers)

    silent = [row for row in made.rows if is_silent(row)]
    if len(silent) <= 1:
        return made
    cells: list[Cell] = [f"{len(silent)} agencies with small counts, together"]
    for column in made.columns[1:]:
        value = others.get(column.name)
        missing = "" if column.kind == "text" else SUPPRESSED
        cells.append(missing if value is None else value if value == value else NOT_DEFINED)  # noqa: PLR0124
    names = "; ".join(sorted(str(row[0]) for row in silent))
    rows = (*(row for row in made.rows if not is_silent(row)), tuple(cells))
    return Table(made.name, made.caption, made.note, made.columns, rows, f"Taken together: {names}.")


def agency_tables(seen: Shown) -> tuple[Table, Table, Table]:
    """Agencies: load against capacity at month end, the means of the month, and overload."""
    frame, hidden = _named(seen)
    end = (
        Column("label", "Agency"),
        Column("tacs_led", "TACs led", "count"),
        Column("expected_tacs_led", "Expected given the teams", "mean"),
        Column("lead_points", "Lead points", "points"),
        Column("capacity", "Capacity (points)", "points"),
        Column("load_share", "Share of lead work", "share"),
        Column("capacity_share", "Share of capacity", "share"),
        Column("disparity", "Disparity", "ratio"),
        Column("disparity_low", "95% interval from", "ratio"),
        Column("disparity_high", "95% interval to", "ratio"),
    )
    mean = (
        Column("label", "Agency"),
        Column("mean_tacs_led", "TACs led", "mean"),
        Column("mean_expected_tacs_led", "Expected given the teams", "mean"),
        Column("mean_lead_points", "Lead points", "points"),
        Column("mean_capacity", "Capacity (points)", "points"),
        Column("mean_load_share", "Share of lead work", "share"),
        Column("mean_capacity_share", "Share of capacity", "share"),
        Column("mean_disparity", "Disparity", "ratio"),
    )
    over = (
        Column("label", "Agency"),
        Column("leading", "Practitioners who lead", "count"),
        Column("overloaded", "Above capacity", "count"),
        Column("mean_overloaded", "Above capacity, mean over the month", "mean"),
    )
    share = "Disparity is the share of lead work over the share of capacity: 1 is the fair share."
    days = "Each is the mean over the days of the month on which the agency had capacity."
    home = "Practitioners are counted in their home agency at month end."
    overload = "Practitioners above capacity by agency"
    load, means = "Lead work and capacity by agency, at month end", "Lead work and capacity by agency, mean"
    return (
        folded(table("agencies", load, end, frame, hidden, note=share), seen.others),
        folded(table("agency-means", f"{means} over the month", mean, frame, hidden, note=days), seen.others),
        folded(table("agency-overload", overload, over, frame, hidden, note=home), {}),
    )


def role_table(seen: Shown) -> Table:
    """Roles: who leads, what they lead, who is above capacity."""
    ordered = seen.roles.numbers.sort_values(["leading", "role"], ascending=[False, True])
    frame = ordered.assign(words=ordered["role"].map(role_name))
    columns = (
        Column("words", "Role"),
        Column("leading", "Practitioners who lead", "count"),
        Column("overloaded", "Above capacity", "count"),
        Column("mean_overloaded", "Above capacity, mean over the month", "mean"),
        Column("tacs_led", "TACs led", "count"),
        Column("mean_tacs_led", "TACs led, mean over the month", "mean"),
        Column("lead_points", "Lead points", "points"),
    )
    note = "Roles in which somebody led in the month; at month end unless the heading says otherwise."
    hidden = seen.roles.hidden.loc[ordered.index]
    return table("roles", "Leading and overload by role", columns, frame, hidden, note=note)


def index_table(month: Month, *, hide: bool) -> Table:
    """The indices of fairness with a plain word on each; `hide` where too few lead to show them."""
    frame = month.indices.assign(
        words=[INDEX_WORDS[name][0] for name in month.indices["index"]],
        meaning=[INDEX_WORDS[name][1] for name in month.indices["index"]],
    )
    gone = pd.DataFrame(data=hide, index=frame.index, columns=["end", "mean"])
    if hide:
        frame[["end", "mean"]] = np.nan
    columns = (
        Column("words", "Index"),
        Column("end", "At month end", "ratio"),
        Column("mean", "Mean over the month", "ratio"),
        Column("meaning", "What it says"),
    )
    note = "Gini and Theil are over practitioners' utilisation, Hoover and Jain over agencies."
    return table("fairness", "Indices of fairness", columns, frame, gone, note=note)


def duplicate_table(seen: Shown) -> Table:
    """Cases of duplication by kind."""
    rows = seen.headline[seen.headline["measure"].isin(DUPLICATE_KINDS)]
    frame = rows.assign(
        words=rows["measure"].map(DUPLICATE_KINDS), counted=rows["measure"].map(DUPLICATE_UNITS)
    )
    hidden = pd.DataFrame({name: rows[f"hidden_{name}"] for name in ("end", "mean", "change", "year")})
    columns = (
        Column("words", "Kind"),
        Column("end", "At month end", "count"),
        Column("mean", "Mean over the month", "mean"),
        *CHANGES,
        Column("counted", "What is counted"),
    )
    note = "One child can be in several kinds, so they do not add up."
    return table("duplication", "Duplication by kind", columns, frame, hidden, note=note)


def coverage_table(seen: Shown) -> Table:
    """Gaps in cover by kind."""
    frame = seen.coverage.assign(
        words=seen.coverage["kind"].map(COVERAGE_KINDS),
        counted=[KINDS[kind].units for kind in seen.coverage["kind"]],
    )
    hidden = pd.DataFrame(
        {"cases": frame["suppressed"], "change": frame["hidden_change"], "year": frame["hidden_year"]}
    )
    columns = (
        Column("words", "Gap"),
        Column("cases", "At month end", "count"),
        *CHANGES,
        Column("counted", "What is counted"),
    )
    note = "At month end. One TAC can be in several kinds, so they do not add up."
    return table("coverage", "Gaps in cover by kind", columns, frame, hidden, note=note)


def compared_table(seen: Shown) -> Table:
    """Agencies' leads and disparity against the month before and the year before."""
    numbers = seen.compared.numbers
    label = numbers["name"].where(numbers["name"].notna(), numbers["agency_id"])
    frame = numbers.assign(label=label).sort_values(["disparity", "label"], ascending=[False, True])
    hidden = seen.compared.hidden.loc[frame.index]
    columns = (
        Column("label", "Agency"),
        Column("tacs_led", "TACs led", "count"),
        *CHANGES,
        Column("disparity", "Disparity", "ratio"),
        Column("disparity_before", "The month before", "ratio"),
        Column("disparity_year", "A year before", "ratio"),
    )
    note = (
        "At month ends. A change is shown where both of its ends are and it is 0 or more than a small count."
    )
    made = table("agencies-compared", "Agencies against earlier months", columns, frame, hidden, note=note)
    return folded(made, {})


def trend_table(seen: Shown) -> Table:
    """Thirteen month ends."""
    frame = seen.trend.assign(words=[month_name(day) for day in seen.trend["day"]])
    names = ("active_tacs", "leading", "overloaded", "tacs_without_lead")
    words = ("Active TACs", "Practitioners who lead", "Above capacity", "TACs without a lead")
    columns = (
        Column("words", "Month end"),
        *(Column(n, w, "count") for n, w in zip(names, words, strict=True)),
    )
    hidden = frame[list(names)].isna()
    return table("trend", "The last thirteen month ends", columns, frame, hidden)


def parameter_table(settings: Settings) -> Table:
    """Every weight and threshold the figures were computed with."""
    rows: list[dict[str, str]] = []

    def add(group: str, name: str, value: Any) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                word = f"level {key}" if name == "need_weight" else role_name(str(key)).lower()
                add(group, f"{name.replace('_', ' ')}, {word}", inner)
        else:
            rows.append({"group": group, "name": name.replace("_", " "), "value": str(value)})

    add("Settings", "version", settings.version)
    add("Settings", "agreed_by", settings.agreed_by)
    add("Settings", "allocation_profile", settings.allocation_profile)
    for group, part in (
        ("Workload", settings.workload),
        ("Fairness", settings.fairness),
        ("Disclosure", settings.disclosure),
    ):
        for name, value in part.model_dump().items():
            add(group, name, value)
    add("Queries", "repeat_window_days", settings.queries.repeat_window_days)
    columns = (Column("group", "Part"), Column("name", "Parameter"), Column("value", "Value"))
    note = (
        "Weights and thresholds are to be agreed locally; points compare practitioners, they are not hours."
    )
    return table("parameters", "Parameters", columns, pd.DataFrame(rows), note=note)
