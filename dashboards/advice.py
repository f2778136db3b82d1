"""The parts of the Advice page: the moves of a point, who gives to whom, who is left, who should lead."""

from __future__ import annotations

import math
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from datetime import date
from typing import Any, Final

import pandas as pd
import streamlit as st

from analysis import advice_files
from analysis.advice import Advice, Point
from analysis.advice_lead import CRITERIA, Candidates
from dashboards import data, data_advice, widgets
from dashboards.asked import View
from dashboards.asking import asked_viewer, refused, stated
from dashboards.handovers import by_kind, summed_up
from dashboards.plain import plain
from graphmodel.access import Viewer
from graphmodel.audit_log import AuditLog
from graphmodel.errors import AccessRefused, QueryError
from graphmodel.settings import data_folder
from reports import findings_advice as findings
from reports import masking_overload
from reports.findings_fairness import sector_name
from reports.words import NOT_DEFINED, SUPPRESSED, count, number, per_cent, role_name

WIDE: Final = 620
NO_POST: Final = "no post"
COLUMNS: Final[dict[str, Any]] = {
    "Points off overload": st.column_config.NumberColumn(
        format="%.2f", help="Points above capacity that it takes off, given those before it"
    ),
    "Points off unfairness": st.column_config.NumberColumn(
        format="%.2f", help="Lead points that are then with the right agency, given those before it"
    ),
    "Why": st.column_config.TextColumn(width=WIDE),
}
RULES: Final = (
    "Each handover goes to a member of the same team who is trained and has a post with time for it. Left "
    "alone are teams whose lead is the one that statute asks for, children at the statutory threshold, leads "
    "by the family's choice, and long relationships. The former lead stays in the team. First the points "
    "above capacity are made as few as can be, then the agencies' distance from their fair share, then the "
    "weight of the handovers (by needs level and by how long the lead has led)."
)


def curve_of(shown: View, held: Advice) -> pd.DataFrame:
    """The curve, with what each point takes off the overload; counts that must not be shown are NaN."""
    up_to = shown.found.settings.disclosure.suppress_up_to
    leading = data.counts(shown.found, shown.asked.as_of)["leading"]
    rows = masking_overload.curve_shown(held.curve(), leading, up_to, changes=shown.sees_everybody)
    rows["hoover"] = rows["hoover"].astype(float)
    return rows.assign(removed=rows["overload_points"].iloc[0] - rows["overload_points"])


def point_chosen(curve: pd.DataFrame) -> int:
    """The place on the curve that the reader looks at; at first the one that removes half of what can be."""
    options = [findings.option(row) for row in curve.to_dict(orient="records")]
    half = int((curve["removed"] >= curve["removed"].iloc[-1] / 2).to_numpy().argmax())
    picked = st.selectbox(
        "How many handovers?", options, index=max(half, min(1, len(options) - 1)), key="point", width=560,
        help="Each is the best set of at most so many; all are worked out already.",
    )  # fmt: skip
    return options.index(picked) if picked in options else 0


def few_hidden(shown: View, curve: pd.DataFrame) -> bool:
    """Whether the curve would tell a viewer who does not see everybody how many the hidden leads are.

    A handover takes work off one lead, so how many handovers it takes bounds how many there are.
    """
    return not shown.sees_everybody and bool(pd.isna(curve["overloaded"].iloc[0]))


def figures(curve: pd.DataFrame, place: int, point: Point) -> None:
    """The figures before and after the handovers, of the curve as it may be shown."""
    before, after = curve.iloc[0], curve.iloc[place]
    cells = {
        "Points above capacity": number(float(after["overload_points"])),
        "Overloaded leads": _counted(after["overloaded"]),
        "Severely overloaded": _counted(after["severe"]),
        "Lead work out of place": _part(after["hoover"], 1),
    }
    with st.container(horizontal=True):
        for words, value in cells.items():
            st.metric(words, value, border=True, width=210)
    new = float(after["newly_overloaded"])
    newly = (
        "" if new == 0 or pd.isna(new) else f"{count(new, 'lead', 'leads')} would newly come above capacity. "
    )
    st.caption(
        newly
        + findings.certainty([stage.proven for stage in point.plan.stages])
        + f" Today: {number(float(before['overload_points']))} points above capacity, overloaded leads: "
        f"{_counted(before['overloaded'])}, of them severely: {_counted(before['severe'])}, "
        f"{_part(before['hoover'], 1)} of lead work out of place."
    )


def _counted(value: float) -> str:
    return SUPPRESSED if math.isnan(value) else f"{value:,.0f}"


def seen(shown: View, moves: pd.DataFrame) -> pd.DataFrame:
    """The handovers of the agencies asked for, between people whom the viewer may see."""
    rows = moves
    for side in ("from", "to"):
        column = f"{side}_agency_id"
        named = rows.rename(columns={f"{side}_practitioner_id": "practitioner_id"})
        rows = rows.loc[shown.people(named, column).index]
    if shown.asked.agencies:
        either = [rows[f"{side}_agency_id"].isin(shown.asked.agencies) for side in ("from", "to")]
        rows = rows[either[0] | either[1]]
    return rows


def moves_table(shown: View, moves: pd.DataFrame, *, teams: bool = False) -> pd.DataFrame:
    """The handovers with plain headings; the team of each only where it was asked for and may be seen."""
    table = pd.DataFrame({"Step": moves["step"]})
    if teams:
        table["TAC"] = moves["tac_id"]
    table["Why"] = moves["reason"]
    sides = (("from", "From"), ("to", "To"))
    for side, word in sides:
        table[word] = moves[f"{side}_practitioner_id"]
        table[f"{word}: agency"] = moves[f"{side}_agency_id"].map(shown.name)
        table[f"{word}: role"] = moves[f"{side}_role"].map(role_name)
    for side, word in sides:
        table[f"{word}: now"] = [_part(v) for v in moves[f"{side}_utilisation"]]
        table[f"{word}: after all"] = [_part(v) for v in moves[f"{side}_utilisation_after"]]
    table["Points off overload"] = moves["overload_removed"].round(4)
    table["Points off unfairness"] = moves["distance_removed"].round(4)
    return table


def _part(value: float | None, digits: int = 0) -> str:
    return NOT_DEFINED if value is None or pd.isna(value) else per_cent(float(value), digits)


def moves(shown: View, point: Point, day: date) -> None:
    """The handovers one by one, for those who may see practitioners; the teams after role and reason."""
    st.header("Each handover, and why", anchor=False)
    rows = seen(shown, point.moves)
    if rows.empty:
        widgets.empty("There is no handover to show here in the agencies chosen, or to your role.")
        return
    widgets.table(moves_table(shown, rows), "handovers", "Handovers of the lead role", shown.source, COLUMNS)
    with st.expander("Show which teams, and files to load (asks for role and reason, and is recorded)"):
        viewer = asked_viewer("advice-teams", "teams")
        if viewer is not None:
            _teams(shown, rows, day, viewer)


def _teams(shown: View, rows: pd.DataFrame, day: date, viewer: Viewer) -> None:
    about, log = ", ".join(f"tac_id={tac}" for tac in rows["tac_id"]), AuditLog(data_folder())
    try:
        with log.refusals(viewer, "dashboard: handovers by team", about=about):
            viewer.must_see_children()
            viewer.must_see_practitioners()
    except AccessRefused as problem:
        refused(problem)
        return
    log.record(viewer, "dashboard: handovers by team", about=about, rows=len(rows))
    named = moves_table(shown, rows, teams=True)
    widgets.table(named, "handovers-by-team", "Handovers by team", shown.source, COLUMNS)
    files = advice_files.rows(shown.found.slice, day, rows)
    with st.container(horizontal=True):
        for name, made in files.items():
            if made:
                st.download_button(
                    f"{name}.csv to load", pd.DataFrame(made).to_csv(index=False), f"{name}.csv", "text/csv",
                    key=f"file-{name}", on_click="ignore", help="In the import format",
                )  # fmt: skip


def pairs(shown: View, point: Point) -> None:
    """How many handovers go from which kind of agency to which, and between which agencies.

    Judged over all handovers; the agencies asked for choose rows of that, so a filter opens none.
    """
    st.header("From whom to whom", anchor=False)
    table = shown.found.slice.table("agencies")
    sector = {a: sector_name(str(s)) for a, s in zip(table["agency_id"], table["sector"], strict=True)}
    up_to, held = shown.found.settings.disclosure.suppress_up_to, point.moves
    for side, word in (("from", "From"), ("to", "To")):
        ids = held[f"{side}_agency_id"].fillna("")
        held = held.assign(**{word: ids, f"{word}Kind": ids.map(lambda a: sector.get(a, NO_POST))})
    chosen = frozenset(shown.asked.agencies)
    _pairs(shown, by_kind(held, up_to), {sector.get(a, NO_POST) for a in chosen}, "kind of agency")
    each = summed_up(held, up_to)
    _pairs(shown, each, chosen, "agency", name=lambda a: shown.name(a or None))
    every = " By kind, the handovers of all agencies are counted." if chosen else ""
    small = f"Pairs with a small number of handovers (1 to {up_to})"
    st.caption(f"{small}, or one that gives it away, are left out.{every}")


def _pairs(
    shown: View, summed: pd.DataFrame, chosen: AbstractSet[str], of: str, name: Callable[[str], str] = str
) -> None:
    """A table of pairs: those of the chosen ones, else all."""
    rows = summed[summed["From"].isin(chosen) | summed["To"].isin(chosen)] if chosen else summed
    if rows.empty:
        return
    st.markdown(f"**By {of}**")
    named = rows.assign(From=rows["From"].map(name), To=rows["To"].map(name))
    file = "handovers-by-agency" if of == "agency" else "handovers-by-sector"
    widgets.table(named, file, f"Handovers: by {of}", shown.source)


def unhelped(shown: View, point: Point, over: float) -> None:
    """Who stays above capacity after the handovers (`over`; NaN: not shown), and what would help instead."""
    st.header("What handovers cannot mend", anchor=False)
    up_to = shown.found.settings.disclosure.suppress_up_to
    st.markdown(plain(findings.left(point.unhelped, over, hide_up_to=up_to)))
    rows = shown.people(shown.within(point.unhelped, "home_agency_id"), "home_agency_id")
    if rows.empty:
        return
    table = pd.DataFrame(
        {
            "Practitioner": rows["practitioner_id"],
            "Role": rows["role"].map(role_name),
            "Home agency": rows["home_agency_id"].map(shown.name),
            "% of capacity": (100 * rows["utilisation"].astype(float)).round(1),
            "Points above": rows["points_above"].astype(float).round(2),
            "TACs led": rows["tacs_led"],
            "What would help": rows["verdict"].map(findings.SHORT_VERDICT),
            "Why": rows["reason"],
        }
    )
    columns = {
        "% of capacity": st.column_config.NumberColumn(format="%.0f", help="After the handovers"),
        "Why": st.column_config.TextColumn(width=WIDE),
    }
    widgets.table(table, "not-helped", "Leads whom no handover helps", shown.source, columns)


def who_leads(shown: View, day: date) -> None:
    """One team's members against the guidance's criteria, after role and reason were stated."""
    st.header("Who should lead this child's team?", anchor=False)
    st.caption(
        "The members in order of the guidance's criteria, one after the other and none added up in a score: "
        + "; ".join(words[:1].lower() + words[1:] for words in CRITERIA.values())
        + "."
    )
    with st.expander("Ask for one team (asks for your role and reason, and is recorded)"):
        with st.form("who-leads"):
            tac = st.text_input("TAC", key="who-leads-tac", max_chars=100, width=240)
            said = stated("who-leads", "this team")
            pressed = st.form_submit_button("Show the team")
        if not pressed:
            return
        asked, log = (tac or "").strip(), AuditLog(data_folder())
        try:
            viewer = said.viewer()
            with log.refusals(viewer, "dashboard: who should lead", about=f"tac_id={asked}"):
                viewer.must_see_children()
                viewer.must_see_practitioners()
            found = data_advice.candidates(shown.found, asked, day)
        except AccessRefused as problem:
            refused(problem)
            return
        except QueryError as problem:
            st.error(plain(f"{problem.thing}: {problem.fault}. {problem.mend}"))
            return
        about = f"tac_id={found.tac_id}"
        log.record(viewer, "dashboard: who should lead", about=about, rows=len(found.members))
        _candidates(shown, found)


def _candidates(shown: View, found: Candidates) -> None:
    asked = " or ".join(role_name(role) for role in found.required_roles)
    rule = f"{found.strength.capitalize()} by the allocation table: {asked}." if asked else "No rule binds."
    st.markdown(f"**{rule}**")
    rows = found.members
    words = {True: "yes", False: "no", None: "no rule"}
    table = pd.DataFrame(
        {
            "Practitioner": rows["practitioner_id"],
            "Role": rows["role"].map(role_name),
            "Home agency": rows["home_agency_id"].map(shown.name),
            "Leads now": rows["leads_now"].map(words),
            "Role asked for": [words[value] for value in rows["statutory"]],
            "Family's choice": rows["family_choice"].map(words),
            "Has a post": rows["has_post"].map(words),
            "Own agencies' part of services": [_part(v) for v in rows["predominant_need"]],
            "Services delivered": rows["delivers"],
            "Days in the team": rows["days_in_team"],
            "Trained": rows["trained"].map(words),
            "Of capacity as lead": [_part(v) for v in rows["utilisation_as_lead"]],
            "Out of term time": rows["all_year"].map(words),
        }
    )
    widgets.table(table, "who-should-lead", "Who should lead", shown.source)
