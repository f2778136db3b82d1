"""The parts of the network page: its figures, the pictures, the tables of practitioners."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
import streamlit as st

from analysis.network_day import Network
from dashboards import data_network, widgets
from dashboards.asked import View
from dashboards.plain import plain
from graphmodel.small_counts import suppressed
from reports import charts
from reports import findings_network as findings
from reports.words import SUPPRESSED, count, number, per_cent, role_name

MOST_AGENCIES: Final = 24
MOST_PEOPLE: Final = 120
MOST_AROUND: Final = 60
MOST_SENTENCES: Final = 5


def figures(held: Network) -> None:
    """Four counts of the whole network."""
    parts = held.measures.components
    shown = {
        "Practitioners in teams": f"{held.measures.ties.count:,}",
        "Ties between them": f"{len(held.measures.ties):,}",
        "In the largest connected part": f"{max(parts, default=0):,}",
        "Communities of two or more": f"{sum(len(c) > 1 for c in held.measures.communities):,}",
    }
    with st.container(horizontal=True):
        for name, value in shown.items():
            st.metric(name, value, border=True, width=210)


def agencies_of(shown: View, held: Network) -> pd.DataFrame:
    """The agencies asked for, with their names."""
    named = held.agencies.assign(name=held.agencies["agency_id"].map(shown.name))
    return shown.within(named, "agency_id")


def agency_picture(shown: View, held: Network) -> None:
    """All agencies with somebody in a team; ties that rest on a small count of teams are not drawn."""
    least = shown.found.settings.disclosure.suppress_up_to + 1
    drawn = data_network.agencies(shown.found, shown.asked.as_of, most=MOST_AGENCIES, least_shared=least)
    apart = set(findings.keeping_to_themselves(held.agencies)["agency_id"])
    nodes = drawn.nodes.assign(
        name=[
            shown.name(a)
            if a is not None
            else f"{role_name(sector)}: {count(n, 'more agency', 'more agencies')}"
            for a, sector, n in zip(
                drawn.nodes["agency_id"], drawn.nodes["sector"], drawn.nodes["agencies"], strict=True
            )
        ],
        apart=drawn.nodes["agency_id"].isin(apart),
    )
    widgets.chart_block(
        charts.agency_network(
            nodes, drawn.ties, least=least, each=data_network.EACH, source=shown.source, theme=shown.theme
        )
    )
    st.caption(plain(f"Numbers: {charts.numbers(nodes)}"))


def hidden_children(rows: pd.DataFrame, up_to: int) -> pd.DataFrame:
    """The rows with small counts of children as NaN."""
    gone = suppressed([int(n) for n in rows["children"]], up_to=up_to, total_shown=False)
    return rows.assign(children=rows["children"].astype(float).mask(pd.Series(gone, index=rows.index)))


def single_points(shown: View, held: Network) -> None:
    """Who is the only tie of others to the rest: sentences for the first, a table of all."""
    st.header("Single points of failure", anchor=False)
    up_to = shown.found.settings.disclosure.suppress_up_to
    every = hidden_children(held.single_points, up_to)
    rows = shown.people(shown.within(every, "agency_id"), "agency_id")
    many = count(len(every), "practitioner is", "practitioners are") if len(every) else "Nobody is"
    by_chance = held.measures.articulation.expected
    more = "" if by_chance is None else f"; by chance {number(by_chance)} would be"
    st.markdown(f"{many} the only tie of others to the rest{more}.")
    if every.empty:
        return
    if rows.empty:
        widgets.empty("There is nobody to show here in the agencies chosen, or to your role.")
        return
    for _, row in rows.head(MOST_SENTENCES).iterrows():
        st.markdown(f"- {plain(findings.single_point(row, shown.name))}")
    table = pd.DataFrame(
        {
            "Practitioner": rows["practitioner_id"],
            "Home agency": rows["agency_id"].map(shown.name, na_action=None),
            "Cut off if they left": rows["cut_off"],
            "Agencies wholly cut off": [", ".join(map(shown.name, x)) for x in rows["agencies_cut_off"]],
            "Agencies of those cut off": [", ".join(map(shown.name, x)) for x in rows["agencies_touched"]],
            "Children touched": [_children(n) for n in rows["children"]],
            "Holds for stronger ties": rows["strong"].map({True: "yes", False: "no"}),
            "How sure": [findings.sure(float(p)) for p in rows["p_adjusted"]],
        }
    )
    widgets.table(table, "single-points", "Single points of failure", shown.source)


def _children(value: float) -> str:
    return SUPPRESSED if value != value else f"{value:,.0f}"  # noqa: PLR0124  (NaN)


def brokers(shown: View, held: Network) -> None:
    """Who connects others: a sentence and a table."""
    st.header("Brokers: who connects those who would not meet", anchor=False)
    st.caption(
        "Many of the shortest ways between two others lead over them, and their own ties are hardly tied to "
        "each other (a low constraint). They carry news between agencies, and are missed most on leave."
    )
    rows = shown.people(shown.within(held.brokers, "agency_id"), "agency_id")
    if rows.empty:
        widgets.empty("There is nobody to show here in the agencies chosen, or to your role.")
        return
    st.markdown(plain(f"{findings.brokers(rows, shown.name)}."))
    table = pd.DataFrame(
        {
            "Practitioner": rows["practitioner_id"],
            "Role": rows["role"].map(role_name),
            "Home agency": rows["agency_id"].map(shown.name, na_action=None),
            "Ties": rows["degree"],
            "Agencies tied to": rows["agencies"],
            "Shortest ways over them": [per_cent(float(v), 1) for v in rows["betweenness"]],
            "Constraint": [number(float(v), 3) for v in rows["constraint"]],
            "Broker by stronger ties": rows["strong"].map({True: "yes", False: "no"}),
            "How sure": [findings.sure(float(p)) for p in rows["betweenness_p_adjusted"]],
        }
    )
    widgets.table(table, "brokers", "Brokers", shown.source)


def communities(held: Network) -> None:
    """Whether the communities follow localities or agencies, and what weak ties hold up."""
    st.header("Communities, localities and weak ties", anchor=False)
    st.markdown(plain(findings.follows(held.by_agency, held.by_locality)))
    st.markdown(findings.strong_ties(len(held.measures.ties), held.strong))


def people_picture(shown: View, held: Network) -> None:
    """The practitioners of a chosen agency and those tied to them, or of a community."""
    st.header("Look into an agency or a community", anchor=False)
    seen = shown.people(held.nodes, "agency_id")
    if seen.empty:
        widgets.empty("Your role sees no practitioner by id.")
        return
    options = _options(shown, seen)
    chosen = st.selectbox("Agency or community", list(options), key="network-of", width=420)
    column, value = options[chosen]
    own = seen[seen[column] == value]
    whole = len(seen) == len(held.nodes)
    around = column == "agency_id" and whole
    drawn = data_network.people(
        shown.found,
        shown.asked.as_of,
        tuple(own["practitioner_id"]),
        around=around,
        most=max(MOST_AROUND, len(own)) if around else MOST_PEOPLE,
    )
    everybody = len(own)
    if around:
        held_ties = held.measures.ties
        mine = held.nodes["practitioner_id"].isin(own["practitioner_id"]).to_numpy()
        near = set(held_ties.left[mine[held_ties.right]]) | set(held_ties.right[mine[held_ties.left]])
        everybody = len(near | set(mine.nonzero()[0]))
    widgets.chart_block(
        charts.practitioner_network(
            drawn.nodes,
            drawn.ties,
            what=chosen,
            everybody=everybody,
            weak_below=shown.found.settings.network.weak_below,
            name=shown.name,
            source=shown.source,
            theme=shown.theme,
        )
    )


def _options(shown: View, seen: pd.DataFrame) -> dict[str, tuple[str, Any]]:
    """What can be looked into by its label: agencies by name, then communities, largest first."""
    found: dict[str, tuple[str, Any]] = {}
    sizes = seen["agency_id"].value_counts()
    wanted = shown.asked.agencies or tuple(sizes.index)
    for agency in sorted((a for a in sizes.index if a in wanted), key=lambda a: shown.name(a).casefold()):
        name = shown.name(agency)
        label = name if name not in found else f"{name} ({agency})"
        found[label] = ("agency_id", agency)
    communities = seen["community"].to_numpy(dtype=int)
    for community, size in enumerate(np.bincount(communities)):
        if size > 1:
            found[f"Community {community + 1} ({size:,})"] = ("community", community)
    return found
