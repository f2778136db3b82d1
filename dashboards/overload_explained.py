"""Why a lead is above capacity, and who may be next: the lower half of the overload page."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd
import streamlit as st

from analysis.warning import RULES
from dashboards import data, data_overload, widgets
from dashboards.asked import View
from dashboards.plain import plain, plain_cells
from reports import charts
from reports import findings_certainty as sure
from reports import findings_overload as words
from reports.words import day_name, per_cent, role_name

NOT_ALL: Final = (
    "These are of your agency. How often such warnings came true counts leads of all agencies: that is for "
    "those who see every practitioner."
)
MOST_PEERS: Final = 12
MOST_WARNED: Final = 200


def why(shown: View, over: pd.DataFrame) -> None:
    """The working of one lead: parts, what tipped them, how sure it is, posts and peers; no child in it."""
    found, day = shown.found, shown.asked.as_of
    st.header("Why is this lead above capacity?", anchor=False)
    who = st.selectbox("Practitioner", list(over["practitioner_id"]), key="working", width=300)
    if who is None:
        return
    with st.spinner("Working it out…"):
        explained = data_overload.explained(found, day, str(who))
    row: dict[str, Any] = explained.of(str(who))
    changes: list[dict[str, Any]] = row["changes"]
    left, right = st.columns([3, 2], gap="large")
    with left:
        chart = charts.overload_parts(row, source=shown.source, theme=shown.theme)
        widgets.chart_block(chart)
    with right:
        st.markdown(f"**Since when, and what tipped it.** {plain(words.tipped(row, changes))}")
        if len(changes) > 1:
            st.table(_change_table(explained.changes), hide_index=True)
        st.markdown(f"**Capacity.** {plain(words.capacity_of(row))}")
        _posts(shown, str(who))
        st.markdown(f"**How sure.** {_sure(shown, str(who))}")
        past = over.set_index("practitioner_id").loc[[who], "past"].iloc[0]
        if len(past) > 1:
            then, now = per_cent(past[-2]), per_cent(past[-1])
            st.markdown(f"**Before.** At the last month end {then} of capacity, now {now}.")
    if len(explained.posts):
        st.markdown(f"**A split post.** {plain(words.split(explained.posts, found.agency_names))}")
    _peers(shown, str(who), row)


def _change_table(changes: pd.DataFrame) -> pd.DataFrame:
    named = changes["change"].map(words.CHANGE_WORDS)
    return pd.DataFrame(
        {
            "On that day": [text[:1].upper() + text[1:] for text in named],
            "Points towards the line": [f"{x:+,.2f}" for x in changes["points"]],
        }
    )


def _posts(shown: View, who: str) -> None:
    posts = data.posts(shown.found, who, shown.asked.as_of)
    table = pd.DataFrame(
        {
            "Agency": posts["agency_id"].map(shown.name),
            "Full time": [per_cent(x) for x in posts["fte"]],
            "Of that for case work": [per_cent(x) for x in posts["tac_share"]],
            "Points": [f"{x:,.1f}" for x in posts["capacity"]],
        }
    )
    st.table(plain_cells(table), hide_index=True)


def _sure(shown: View, who: str) -> str:
    found = data_overload.certainty(shown.found, shown.asked.as_of)
    row = found.leads.set_index("practitioner_id").to_dict(orient="index")[who]
    plus = f"± {per_cent(found.variation)}"
    text = f"Above capacity in {per_cent(row['share'])} of {len(found.draws):,} draws of weights {plus}: "
    alone = sure.tipping(row["tipped_by"])
    return f"{text}*{row['verdict']}*. Weights that alone would change it: {alone}."


def _peers(shown: View, who: str, row: dict[Any, Any]) -> None:
    st.header("Who else in the role carries less?", anchor=False)
    st.markdown(plain(words.beside(row, role_name(row["role"]))))
    frame = data_overload.peers(shown.found, shown.asked.as_of).frame(who)
    free = frame[frame["has_room"]].head(MOST_PEERS)
    if free.empty:
        return
    agency = data.load(shown.found, shown.asked.as_of).set_index("practitioner_id")["home_agency_id"]
    table = pd.DataFrame(
        {
            "Practitioner": free["practitioner_id"],
            "Home agency": free["practitioner_id"].map(agency).map(shown.name),
            "% of capacity": (100 * free["utilisation"]).round(0),
            "Room in points": free["room"].round(1),
            "Same agency": free["same_agency"].map({True: "yes", False: "no"}),
            "Same locality": free["same_locality"].map({True: "yes", False: "no"}),
        }
    )
    title = f"Peers with room, at most {MOST_PEERS}"
    widgets.table(table, "peers-with-room", title, shown.source)


@st.fragment
def may_be_next(shown: View) -> None:
    """Who may be above capacity soon, and what past months say of such warnings."""
    found, day = shown.found, shown.asked.as_of
    days = found.settings.early_warning.horizon_days
    st.header(f"Who may be above capacity within {days} days?", anchor=False)
    with st.spinner("Judging the warnings on past months…"):
        test = data_overload.back_test(found, day)
        rows = shown.people(shown.within(data_overload.early_warning(found, day), "home_agency_id"))
    if shown.sees_everybody:
        st.markdown(f"**{words.warned(rows, test.rules, test.best, days)}**")
    if len(rows):
        best = test.best or RULES[0]
        first = rows.sort_values([f"by_{best}", "room"], ascending=[False, True], kind="stable")
        widgets.table(_warned_table(shown, first), "early-warning", "Leads to watch", shown.source)
    if not shown.sees_everybody:
        # of all agencies: leads below the line and those who crossed it give away few who are above it
        st.caption(NOT_ALL if len(rows) else f"None of those whom you may see. {NOT_ALL}")
        return
    months = test.months["month_end"]
    if months.empty:
        st.caption("No past month whose outcome is known: the warnings cannot be judged.")
        return
    span = f"{day_name(min(months))} to {day_name(max(months))}"
    st.markdown(f"How such warnings did at the month ends from {span}, knowing only what was known then:")
    for rule in RULES:
        st.markdown(f"- {words.judged(test.rules, rule, better=test.better(rule))}")
    with st.expander("Month by month"):
        widgets.table(_month_table(test.months), "early-warning-months", "Warnings by month", shown.source)


def _warned_table(shown: View, rows: pd.DataFrame) -> pd.DataFrame:
    kept = rows.head(MOST_WARNED)
    return pd.DataFrame(
        {
            "Practitioner": kept["practitioner_id"],
            "Role": kept["role"].map(role_name),
            "Home agency": kept["home_agency_id"].map(shown.name),
            "% of capacity": (100 * kept["utilisation"]).round(0),
            "Room in points": kept["room"].round(1),
            "Trend in points": kept["trend"].round(1),
            "By trend": ["no" if x is None else f"yes, by {day_name(x)}" for x in kept["crosses_on"]],
            "One more lead would do": kept["by_one_more"].map({True: "yes", False: "no"}),
        }
    )


def _month_table(months: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Month end": [day_name(x) for x in months["month_end"]],
            "Warned by": months["rule"].map(words.RULE_WORDS),
            "Leads below the line": months["candidates"],
            "Crossed it": months["crossed"],
            "Warned of": months["warned"],
            "Came true": months["hits"],
            "Came true of as many fullest": months["naive_hits"],
        }
    )
