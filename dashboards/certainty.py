"""Marks beside findings, and the tables of the page How sure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

import pandas as pd
import streamlit as st

from dashboards import data, data_overload
from dashboards.asked import View
from dashboards.data import Held
from dashboards.shown import agencies, headline
from reports import findings_certainty as sure
from reports import masking_overload, tabling
from reports.findings import Finding
from reports.words import LITTLE, NOT_DEFINED, SUPPRESSED, label, per_cent, role_name

BADGES: Final[Mapping[str, str]] = {
    "robust": ":green-badge[Robust]",
    "leaning": ":orange-badge[Leaning]",
    "depends on the weights": ":red-badge[Depends on the weights]",
}
HELP: Final = (
    "*How sure*: robust holds in nearly every draw of weights, each varied around the agreed one; leaning in "
    "most; else it depends on the weights. The page How sure has the working."
)
MARK_HELP: Final = (
    "A finding marked *robust*, *leaning* or *depends on the weights* rests on agreed weights and was tried "
    "with others around them (the page How sure). The others rest on no weight."
)
SIDE_HELP: Final = (
    "*How sure* says in how many draws of weights an agency stays above, or below, its fair share: robust in "
    "nearly all, leaning in most, else it depends on the weights."
)
SURE: Final = st.column_config.TextColumn(help=HELP.replace("*", ""))
_SIDES: Final[Mapping[str, str]] = {"above": "above", "below": "below", "even": "at its fair share"}


def verdicts(found: Held, day: date) -> dict[str, str]:
    """How sure it is of each lead that it is overloaded, or is not."""
    leads = data_overload.certainty(found, day).leads
    return dict(zip(leads["practitioner_id"], leads["verdict"], strict=True))


def agency_verdicts(found: Held, day: date, *, discretionary: bool = False) -> dict[str, str]:
    """How sure it is of each agency that it is above, or below, its fair share."""
    rows = data_overload.certainty(found, day, discretionary=discretionary).agencies
    return {str(a): str(v) for a, v in zip(rows["agency_id"], rows["verdict"], strict=True) if v is not None}


def agency_column(found: Held, day: date, rows: pd.DataFrame, *, discretionary: bool = False) -> list[str]:
    """The verdict of each agency, as long as its disparity may be shown."""
    known = agency_verdicts(found, day, discretionary=discretionary)
    return [
        SUPPRESSED
        if hidden and math.isnan(ratio)
        else NOT_DEFINED
        if math.isnan(ratio)
        else known.get(str(a), "")
        for a, ratio, hidden in zip(rows["agency_id"], rows["disparity"], rows["suppressed"], strict=True)
    ]


def mark(found: Held, day: date, finding: Finding, locality: str | None = None) -> str:
    """A badge and the reason for a finding that rests on weights; empty for one that does not.

    A locality's own overload was not tried with other weights, so it has none.
    """
    if locality is not None:
        return ""
    known = _mark(found, day, finding)
    return f" {BADGES[known[0]]} *{known[1][:1].upper()}{known[1][1:]}.*" if known else ""


def _mark(found: Held, day: date, finding: Finding) -> tuple[str, str] | None:
    certain = data_overload.certainty(found, day)
    rules = found.settings
    if finding.topic == "overload":
        counts = headline(found, day)
        leading, over = counts["leading"], counts["overloaded"]
        if leading is None or over is None or not leading:
            return None
        return sure.overload_mark(certain.draws, leading, over, rules)
    if finding.topic in ("disparity", "fairness"):
        rows = agencies(found, day)
        named = sure.clearly_above(rows) if finding.topic == "disparity" else sure.widest_gap(rows)
        return None if named is None else sure.agency_mark(certain.agencies, named)
    gini = data.fair(found, day).gini
    if finding.topic == "inequality" and gini is not None:
        return sure.inequality_mark(certain.draws, gini, rules)
    return None


def with_home(shown: View, leads: pd.DataFrame) -> pd.DataFrame:
    """The leads with their home agency: those whom the viewer may see, of the agencies asked for."""
    load = data.load(shown.found, shown.asked.as_of)
    joined = leads.merge(load[["practitioner_id", "home_agency_id"]], on="practitioner_id", how="left")
    return shown.within(shown.people(joined), "home_agency_id")


# -- the page --------------------------------------------------------------------------------------


def safe_weights(shown: View) -> pd.DataFrame:
    """The weights, each alone, with the counts of leads that must not be shown as NaN."""
    found, day = shown.found, shown.asked.as_of
    up_to = found.settings.disclosure.suppress_up_to
    weights = data_overload.certainty(found, day).weights
    today = data.counts(found, day)
    return masking_overload.weights_shown(weights, today, up_to, changes=shown.sees_everybody)


def leads_words(found: Held, day: date) -> str:
    """How many of the overloaded leads stay so under other weights, small counts hidden."""
    certain = data_overload.certainty(found, day)
    hidden = headline(found, day)["overloaded"] is None
    up_to = found.settings.disclosure.suppress_up_to
    return str(sure.leads(certain.overloaded, certain.variation, hide_up_to=up_to, hidden=hidden))


def weights_table(weights: pd.DataFrame, up_to: int) -> pd.DataFrame:
    """Every weight and rule with what a quarter of it changes, the most telling of those shown first.

    `weights` as `safe_weights` gives them.
    """
    frame = weights.assign(_moved=weights["no_longer"] + weights["newly"])
    frame = frame.sort_values("_moved", ascending=False, na_position="last", kind="stable")
    return pd.DataFrame(
        {
            "Weight or rule": frame["weight"].map(sure.weight_name),
            "Agreed": [f"{x:g}" for x in frame["value"]],
            "Tried at": [f"{a:.4g} and {b:.4g}" for a, b in zip(frame["low"], frame["high"], strict=True)],
            "Leads above capacity then": [
                f"{a} and {b}"
                for a, b in zip(_then(frame, "low", up_to), _then(frame, "high", up_to), strict=True)
            ],
            "Leave the list": _counts(frame["no_longer"]),
            "Enter it": _counts(frame["newly"]),
            "Agencies' order kept (tau)": [_decimal(x) for x in frame["tau"]],
            "Varied in the draws": frame["kind"].map({"weight": "yes", "rule": "alone only"}),
            "Source": frame["source"],
        }
    )


def _then(frame: pd.DataFrame, end: str, up_to: int) -> list[str]:
    """The count at one end: itself, `within 5` of the agreed, or `c`."""
    texts = _counts(frame[f"overloaded_{end}"])
    little = f"{LITTLE.format(up_to=up_to)} of the agreed"
    return [little if near else text for text, near in zip(texts, frame[f"near_{end}"], strict=True)]


def _counts(values: pd.Series) -> list[str]:
    return tabling.shown(values, values.isna(), "{:,.0f}".format)


def leads_table(shown: View, rows: pd.DataFrame) -> pd.DataFrame:
    """Leads with how sure it is, the least sure first."""
    load = data.load(shown.found, shown.asked.as_of).set_index("practitioner_id")
    who = rows["practitioner_id"]
    return pd.DataFrame(
        {
            "Practitioner": who,
            "Role": who.map(load["role"]).map(role_name),
            "Home agency": who.map(load["home_agency_id"]).map(shown.name),
            "% of capacity": (100 * rows["utilisation"]).round(0),
            "In 90% of the draws": [
                f"{100 * a:.0f} to {100 * b:.0f}" for a, b in zip(rows["low"], rows["high"], strict=True)
            ],
            "Above capacity in": [per_cent(x) for x in rows["share"]],
            "How sure": rows["verdict"],
            "Changed alone by": [sure.tipping(names) for names in rows["tipped_by"]],
        }
    )


def agencies_table(masked: pd.DataFrame, certain: pd.DataFrame) -> pd.DataFrame:
    """Agencies by disparity with the stability of side and rank; `c` where the disparity is suppressed."""
    rows = masked[["agency_id", "name", "disparity", "suppressed"]].merge(
        certain.drop(columns="disparity"), on="agency_id", how="left"
    )
    rows = rows.sort_values("disparity", ascending=False, na_position="last", kind="stable")
    ranks = rows["disparity"].round(9).rank(method="min", ascending=False)
    gone = [bool(s) and math.isnan(r) for s, r in zip(rows["suppressed"], rows["disparity"], strict=True)]

    def cells(values: list[str]) -> list[str]:
        return [SUPPRESSED if hidden else value for hidden, value in zip(gone, values, strict=True)]

    band = [f"{_decimal(a)} to {_decimal(b)}" for a, b in zip(rows["low"], rows["high"], strict=True)]
    sides = [f"{_SIDES[str(s)]}: {per_cent(x)}" for s, x in zip(rows["side"], rows["same_side"], strict=True)]
    return pd.DataFrame(
        {
            "Agency": label(rows),
            "Times fair share": cells([_decimal(x) for x in rows["disparity"]]),
            "In 90% of the draws": cells(band),
            "Same side of fair in": cells(sides),
            "How sure": cells([str(v or NOT_DEFINED) for v in rows["verdict"]]),
            # among those shown: a place left out would tell where a hidden one stands
            "Rank": cells([f"{x:.0f}" for x in ranks.fillna(0)]),
            "Same rank in": cells([per_cent(x) for x in rows["same_rank"]]),
            "Within one rank in": cells([per_cent(x) for x in rows["within_one"]]),
        }
    )


def _decimal(value: Any) -> str:
    return NOT_DEFINED if math.isnan(value) else f"{value:.2f}"
