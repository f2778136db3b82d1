"""What of the figures may be shown: the same masking as in the report, for any day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

import pandas as pd

from dashboards import data, places
from dashboards.data import Held
from reports.figures import NO_AGENCY
from reports.masking import LOAD_COLUMNS, hidden_counts, lead_counts
from reports.masking import staff as masking_staff
from reports.suppress import Count, Masked, Rule, masked

_TEST_COLUMNS: Final = (
    *("observed", "expected", "expected_low", "expected_high"),
    *("variance", "z", "p", "p_adjusted"),
)


def headline(found: Held, day: date, locality: str | None = None) -> dict[str, float | None]:
    """The counts of a day, of the partnership or of a locality; None where one must not be shown."""
    if locality is not None:
        return places.counts(found, day, locality)
    plain = data.counts(found, day)
    gone = hidden_counts(plain, found.settings.disclosure.suppress_up_to)
    return {name: None if name in gone else value for name, value in plain.items()}


def duplicates(found: Held, day: date, kinds: Mapping[str, str], locality: str | None = None) -> pd.DataFrame:
    """Cases of each kind of duplication: kind, cases (NaN where suppressed), suppressed."""
    counts = headline(found, day, locality)
    cases = [counts[kind] for kind in kinds]
    return pd.DataFrame(
        {
            "kind": list(kinds),
            "cases": [float("nan") if x is None else x for x in cases],
            "suppressed": [x is None for x in cases],
        }
    )


def agencies(found: Held, day: date, *, discretionary: bool = False) -> pd.DataFrame:
    """Each agency's shares, interval and test, with `name` and `suppressed`; hidden figures are NaN.

    What an agency leads goes with all that derives from it where it is a small count, or where another could
    be worked out from the total. Without the teams bound by statute, also where the difference to all teams
    is a small count.
    """
    frame = data.fair(found, day, discretionary=discretionary, full=True).agencies
    counts = data.counts(found, day)
    led = [float(n) for n in frame["tacs_led"]]
    up_to = found.settings.disclosure.suppress_up_to
    every = data.fair(found, day).agencies["tacs_led"]
    # leads of practitioners whose agency has no capacity: the report gives them a row
    rest = 0.0 if discretionary else counts["led"] - float(every.sum())
    rules = list(lead_counts(led, counts, up_to, rest=rest))
    if discretionary:
        rules.append(Count([float(a) - b for a, b in zip(every, led, strict=True)]))
    columns = tuple(c for c in (*LOAD_COLUMNS, *_TEST_COLUMNS) if c in frame)
    safe: Masked = masked(frame, {"load": Rule(columns, tuple(rules))}, up_to=up_to)
    return safe.numbers.assign(name=safe.numbers["agency_id"].map(found.agency_names))


def staff(found: Held, day: date, by: str) -> pd.DataFrame:
    """Who leads and who of them is above capacity by `agency_id` or `role`, hidden as in the monthly report.

    Columns: `by`, tacs_led, leading, overloaded, suppressed. Leads outside the agencies with capacity are one
    row, named `reports.figures.NO_AGENCY`.
    """
    load = data.load(found, day)
    if by == "agency_id":
        known = data.fair(found, day).agencies["agency_id"]
        load = load.assign(
            agency_id=load["home_agency_id"].where(load["home_agency_id"].isin(known), NO_AGENCY)
        )
    summed = (
        load.assign(leading=load["tacs_led"] > 0)
        .groupby(by, sort=True)[["tacs_led", "leading", "overloaded"]]
        .sum()
        .astype(float)
        .reset_index()
    )
    # the row of no agency stands last, as in the report: of equal counts the first is hidden
    summed = summed.sort_values(by, key=lambda ids: ids == NO_AGENCY, kind="stable", ignore_index=True)
    up_to = found.settings.disclosure.suppress_up_to
    safe = masking_staff(summed, data.counts(found, day), up_to).numbers
    return safe[(safe["leading"] != 0) | safe["suppressed"]].reset_index(drop=True)


def sectors(found: Held, day: date, *, discretionary: bool = False) -> pd.DataFrame:
    """The test of each sector's lead count over the whole partnership, with `suppressed`.

    A sector is hidden where its count is small, or where the agencies hidden in it could be worked out from
    it: they are fewer than two, or lead a small number of teams together.
    """
    full = data.fair(found, day, discretionary=discretionary, full=True)
    frame = full.sectors if full.sectors is not None else pd.DataFrame()
    table = found.slice.table("agencies")
    sector_of = dict(zip(table["agency_id"], table["sector"], strict=True))
    gone = agencies(found, day, discretionary=discretionary)
    gone = gone[gone["suppressed"]]
    led = full.agencies.set_index("agency_id")["tacs_led"].reindex(gone["agency_id"]).to_numpy()
    hidden = pd.DataFrame({"sector": gone["agency_id"].map(sector_of).to_numpy(), "led": led})
    by_sector = hidden.groupby("sector")["led"].agg(["size", "sum"])
    up_to = found.settings.disclosure.suppress_up_to
    bare = by_sector[(by_sector["size"] < 2) | (by_sector["sum"] <= up_to)].index  # noqa: PLR2004
    counts = [
        1.0 if sector in bare else float(n)
        for sector, n in zip(frame["sector"], frame["observed"], strict=True)
    ]
    rules = [Count(counts)]
    if discretionary:
        every = data.fair(found, day, full=True).sectors
        of_all = dict(zip(every["sector"], every["observed"], strict=True)) if every is not None else {}
        pairs = zip(frame["sector"], frame["observed"], strict=True)
        rules.append(Count([float(of_all.get(sector, 0)) - n for sector, n in pairs]))
    columns = tuple(c for c in _TEST_COLUMNS if c in frame)
    return masked(frame, {"test": Rule(columns, tuple(rules))}, up_to=up_to).numbers
