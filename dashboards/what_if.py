"""The What-if page's parts: the changes by widgets, and what of the comparison may be shown."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final, Literal

import pandas as pd
import streamlit as st

from analysis.whatif import FIGURES, Comparison
from analysis.whatif_changes import Arrive, CloseSchools, Withdraw
from dashboards import data
from dashboards.asked import View
from dashboards.shown import agencies as shown_agencies
from dashboards.shown import headline, staff
from graphmodel.settings import SCHEMES, scheme_file
from reports.findings_whatif import handed_on
from reports.masking import hidden_counts
from reports.masking_overload import hidden_beside
from reports.suppress import Count, Rule, masked, small
from reports.tabling import shown as cells
from reports.words import NOT_DEFINED, SUPPRESSED, number, per_cent, role_name

OF_CHILDREN: Final = ("active_tacs", "tacs_without_lead", "statutory_breaches")
"""Figures that count children: 1 to 5 are hidden, and a difference of 1 to 5 too."""
LEADS: Final = {"leads": "leading", "overloaded": "overloaded", "severe": "severe"}
"""Figures that count leads, by their names in `reports.masking.hidden_counts`."""
_PARTS: Final = ("utilisation", "hoover")
_RATIOS: Final = ("jain", "gini", "theil_between")
_NOW: Final = ("tacs_led", "lead_points", "disparity")
_THEN: Final = ("tacs_led_then", "lead_points_then", "disparity_then")
WHAT: Final[Mapping[str, str]] = {
    "newly overloaded": "Would be above capacity",
    "relieved": "Would be above it no more",
    "gone": "Above it today, gone or away then",
}


def posts_by_role(view: View) -> pd.DataFrame:
    """Posts active on the day by agency and role: agency_id, role, posts."""
    posts, people = view.found.slice.table("posts"), view.found.slice.table("practitioners")
    at = pd.Timestamp(view.asked.as_of)
    live = posts[(posts["started_on"] <= at) & (posts["ended_on"].isna() | (posts["ended_on"] > at))]
    roles = live["practitioner_id"].map(people.set_index("practitioner_id")["role"])
    counted = live.assign(role=roles).groupby(["agency_id", "role"]).size()
    return counted.rename("posts").reset_index()


def asked_changes(view: View) -> tuple[tuple[str, ...], str, bool]:
    """The widgets, their state in the address; gives the changes as texts, the scheme, and `reassign`."""
    held = posts_by_role(view)
    texts = []
    with st.expander("Choose what changes", expanded=True):
        left, middle, right = st.columns(3, gap="large")
        with left:
            st.markdown("**Posts go**")
            texts += _withdrawn(view, held)
            texts += _leavers(view)
        with middle:
            st.markdown("**Posts come**")
            texts += _arrivals(view, held)
        with right:
            st.markdown("**Demand and calendar**")
            grow = _per_cent("TACs grow by", "grow", 100)
            rise = _per_cent("Needs rise by a level for", "needs_rise", 100)
            if st.toggle("Schools close (August)", key="close_schools", bind="query-params"):
                texts.append("close-schools")
            texts += [f"needs-rise {rise}%"] if rise else []
            texts += [f"grow {grow}%"] if grow else []
        scheme = _scheme()
        reassign = st.toggle(
            "Hand on leads left open, and let those who come relieve their colleagues",
            key="reassign",
            bind="query-params",
            help="To the member of the team who can lead it and is used least; where nobody can, it stays "
            "open. A simple rule, not the best possible one.",
        )
    order = ("withdraw", "leaves", "close-schools", "needs-rise", "arrive", "grow")
    texts.sort(key=lambda text: order.index(text.split(" ")[0]))
    return tuple(texts), scheme, bool(reassign)


def _bound(name: str) -> Literal["query-params"] | None:
    """Whether a number is kept in the address; not where the address has one that is none.

    A widget of Streamlit breaks on what it cannot make a whole number of, such as `1e999`.
    """
    try:
        known = math.isfinite(float(st.query_params.get(name, "0")))
    except ValueError:
        known = False
    return "query-params" if known else None


def _per_cent(label: str, key: str, most: int) -> int:
    value = st.number_input(
        f"{label} (%)", min_value=0, max_value=most, value=0, step=5, key=key, bind=_bound(key)
    )
    return int(value or 0)


def _agency(view: View, label: str, key: str, agencies: Sequence[str]) -> str | None:
    ordered = sorted(agencies, key=lambda a: view.name(a).casefold())
    chosen: str | None = st.selectbox(
        label,
        ordered,
        index=None,
        key=key,
        bind="query-params",
        format_func=view.name,
        placeholder="Choose an agency",
    )
    return chosen


def _role(label: str, key: str, roles: Sequence[str]) -> str | None:
    chosen: str | None = st.selectbox(
        label,
        sorted(roles, key=role_name),
        index=None,
        key=key,
        bind="query-params",
        format_func=role_name,
        placeholder="Choose a role",
    )
    return chosen


def _withdrawn(view: View, held: pd.DataFrame) -> list[str]:
    agency = _agency(view, "An agency withdraws posts", "from", list(held["agency_id"].unique()))
    if agency is None:
        return []
    here = held[held["agency_id"] == agency].set_index("role")["posts"]
    role = _role("in the role", "from_role", [str(role) for role in here.index])
    if role is None:
        return []
    most = int(here[role])
    posts = st.number_input(
        f"so many posts (of {most})", 1, max(most, 1), 1, key="from_posts", bind=_bound("from_posts")
    )
    which = st.selectbox(
        "Which ones", ["least", "most"], key="from_which", bind="query-params", format_func=_carry
    )
    return [f"withdraw {agency}:{role}:{int(posts or 1)}" + (":most" if which == "most" else "")]


def _carry(which: str) -> str:
    return f"of those who carry {which}"


def _leavers(view: View) -> list[str]:
    posts = view.found.slice.table("posts")
    held = view.people(data.load(view.found, view.asked.as_of))["practitioner_id"]
    known = sorted(set(posts.loc[posts["ended_on"].isna(), "practitioner_id"]) & set(held))
    if not known:
        return []
    chosen = st.multiselect(
        "Practitioners leave",
        known,
        key="leaves",
        bind="query-params",
        placeholder="Choose by id",
        max_selections=20,
    )
    return [f"leaves {who}" for who in chosen]


def _arrivals(view: View, held: pd.DataFrame) -> list[str]:
    agency = _agency(view, "Full-time posts arrive at", "to", list(view.found.agency_names))
    if agency is None:
        return []
    role = _role("of the role", "to_role", [str(role) for role in held["role"].unique()])
    if role is None:
        return []
    fte = st.number_input(
        "so many full-time equivalents", 0.1, 100.0, 1.0, 0.5, key="to_fte", bind=_bound("to_fte")
    )
    return [f"arrive {agency}:{role}:{float(fte or 1.0):g}"]


def _scheme() -> str:
    names = ["", *(file.stem for file in sorted(SCHEMES.glob("*.toml")))]
    chosen = st.selectbox(
        "Weights",
        names,
        key="scheme",
        bind="query-params",
        format_func=lambda name: f"{scheme_file(name)['about']['title']} ({name})" if name else "as agreed",
        width=420,
    )
    if chosen:
        about = scheme_file(chosen)["about"]
        st.caption(
            f"{about['says']} Source: {about['source']}. Not expressed: {about['not_expressed']}. "
            f"Status: {about['status']}."
        )
    return chosen or ""


# -- what may be shown -----------------------------------------------------------------------------


def safe_figures(view: View, found: Comparison) -> pd.DataFrame:
    """The figures with small counts of children and of leads above capacity hidden.

    Columns of `Comparison.figures`, and `suppressed`.
    """
    up_to = view.found.settings.disclosure.suppress_up_to
    today = headline(view.found, view.asked.as_of)
    names = {"active_tacs": "active_tacs", "tacs_without_lead": "without_lead"}
    frame = found.figures.copy()
    frame["suppressed"] = False
    leads = _leads_hidden(found.figures, up_to, changes=view.sees_everybody)
    for place, row in enumerate(frame.to_dict(orient="records")):
        name = str(row["figure"])
        if name in OF_CHILDREN:
            gone_today = small(row["today"], up_to) or today.get(names.get(name, ""), 0.0) is None
            # what a change leaves open is told elsewhere, so that `then` less it would be today's
            gone_then = gone_today or small(row["then"], up_to) or small(abs(row["change"]), up_to)
        elif name in leads:
            gone_today, gone_then = leads[name]
        else:
            continue
        hidden = {"today": gone_today, "then": gone_then, "change": gone_today or gone_then}
        for column, gone in hidden.items():
            if gone:
                frame.loc[place, column] = math.nan
                frame.loc[place, "suppressed"] = True
    return frame


def _leads_hidden(figures: pd.DataFrame, up_to: int, *, changes: bool) -> dict[str, tuple[bool, bool]]:
    """Whether each count of leads is hidden today, and then."""
    known = figures.set_index("figure").astype(float)
    today, then = (
        {count: float(known[when].to_dict()[name]) for name, count in LEADS.items()}
        for when in ("today", "then")
    )
    now, later = hidden_counts(today, up_to), hidden_beside(today, then, up_to, changes=changes)
    return {name: (count in now, count in later) for name, count in LEADS.items()}


def safe_newly(view: View, found: Comparison, figures: pd.DataFrame) -> float:
    """How many would newly be above capacity; NaN where that is not shown.

    Of the agencies chosen for whoever sees everybody, else of all: one filter could be taken off another.
    `figures` as `safe_figures` gives them: less their change the number leaves those who are relieved.
    """
    up_to = view.found.settings.disclosure.suppress_up_to
    whole = found.practitioners
    rows = view.within(whole, "home_agency_id") if view.sees_everybody else whole
    newly = float((rows["what"] == "newly overloaded").sum())
    every = float((whole["what"] == "newly overloaded").sum())
    over = figures.set_index("figure").loc["overloaded"]
    counts = (newly, every - newly, len(whole) - every)
    return math.nan if over["suppressed"] or any(small(n, up_to) for n in counts) else newly


def safe_notes(view: View, found: Comparison) -> list[str]:
    """What was done, in sentences without counts of children that are small or would give one away."""
    up_to = view.found.settings.disclosure.suppress_up_to
    of_people = [
        note
        for change, note in zip(found.scenario.changes, found.outcome.notes, strict=False)
        if isinstance(change, Withdraw | CloseSchools | Arrive)
    ]
    handed = handed_on(found.outcome.moves, hide_up_to=up_to)
    return [*of_people, handed] if handed else of_people


def figure_table(figures: pd.DataFrame) -> pd.DataFrame:
    """The figures in words, as text."""
    table: dict[str, list[str]] = {"Figure": [_capital(FIGURES[str(name)]) for name in figures["figure"]]}
    for column, head in (("today", "Today"), ("then", "Then"), ("change", "Change")):
        table[head] = [
            _cell(str(row["figure"]), row[column], hidden=row["suppressed"], sign=column == "change")
            for row in figures.to_dict(orient="records")
        ]
    return pd.DataFrame(table)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _cell(name: str, value: float, *, hidden: bool, sign: bool) -> str:
    if math.isnan(value):
        return SUPPRESSED if hidden else NOT_DEFINED
    plus = "+" if sign and value > 0 else ""
    if name in _PARTS:
        return f"{plus}{per_cent(value, 1)}"
    return f"{plus}{value:.3f}" if name in _RATIOS else f"{plus}{number(round(value, 6))}"


def safe_agencies(view: View, found: Comparison) -> pd.DataFrame:
    """The agencies for which something changes, with what they lead hidden where it is a small count.

    What the Fairness page hides today is hidden here; what an agency would lead then goes too where it
    differs from today by 1 to 5.
    """
    up_to = view.found.settings.disclosure.suppress_up_to
    frame = found.agencies
    today = shown_agencies(view.found, view.asked.as_of)
    gone = frame["agency_id"].isin(today.loc[today["suppressed"], "agency_id"])
    led, then = frame["tacs_led"].astype(float), frame["tacs_led_then"].astype(float)
    # a hidden row stands as a small count, so that another goes with it where it has to
    bare = gone | (led - then).abs().map(lambda n: small(n, up_to))
    rules = {
        "then": Rule(_THEN, (Count(list(then.mask(bare, 1.0))),)),
        "uncovered": Rule(("uncovered",), (Count(list(frame["uncovered"].astype(float))),)),
    }
    safe = masked(frame, rules, up_to=up_to).numbers
    for column in _NOW:
        safe[column] = safe[column].astype(float).mask(gone)
    safe = _safe_overloaded(view, frame, safe, up_to)
    changed = (frame["capacity"] - frame["capacity_then"]).abs() > 1e-9  # noqa: PLR2004
    changed |= (frame["tacs_led"] != frame["tacs_led_then"]) | (frame["uncovered"] > 0)
    changed |= frame["overloaded"] != frame["overloaded_then"]
    return view.within(safe[changed.to_numpy()], "agency_id")


def _safe_overloaded(view: View, frame: pd.DataFrame, safe: pd.DataFrame, up_to: int) -> pd.DataFrame:
    """`safe` with the agencies' leads above capacity as the page Overload shows them; then, beside that."""
    rows = staff(view.found, view.asked.as_of, "agency_id").set_index("agency_id")["overloaded"]
    known = frame["agency_id"].map(rows.notna()).fillna(value=False).astype(bool)
    now, then = frame["overloaded"].astype(float), frame["overloaded_then"].astype(float)
    # who is in no row there is none of the agencies' leads
    hidden = ~known & ~((now == 0) & ~frame["agency_id"].isin(rows.index))
    # a hidden row stands as a small count, so that another goes with it where it has to
    bare = hidden
    if not view.sees_everybody:
        bare = hidden | (now - then).abs().map(lambda n: small(n, up_to))
    rule = Rule(("overloaded_then",), (Count(list(then.mask(bare, 1.0))),))
    later = masked(frame[["overloaded_then"]], {"then": rule}, up_to=up_to).numbers["overloaded_then"]
    return safe.assign(overloaded=now.mask(hidden).to_numpy(), overloaded_then=later.to_numpy())


def agency_table(view: View, agencies: pd.DataFrame) -> pd.DataFrame:
    """The agencies in words, as text: today and then."""
    names = [view.name(agency) for agency in agencies["agency_id"]]
    table = pd.DataFrame({"Agency": names}, index=agencies.index)
    everywhere = pd.Series(data=True, index=agencies.index)
    for column, head, style in (
        ("tacs_led", "TACs led", "{:,.0f}"),
        ("capacity", "Capacity points", "{:,.1f}"),
        ("disparity", "Times fair share", "{:.2f}"),
        ("overloaded", "Leads above capacity", "{:,.0f}"),
    ):
        hidden = everywhere if column in (*_NOW, "overloaded") else ~everywhere
        table[f"{head}, today"] = cells(agencies[column], hidden, style.format)
        table[f"{head}, then"] = cells(agencies[f"{column}_then"], hidden, style.format)
    table["TACs left without a lead"] = cells(agencies["uncovered"], everywhere, "{:,.0f}".format)
    return table


def people_table(view: View, people: pd.DataFrame) -> pd.DataFrame:
    """Those newly above capacity, relieved or gone, by id."""
    return pd.DataFrame(
        {
            "Practitioner": people["practitioner_id"],
            "Role": people["role"].map(role_name),
            "Agency": [view.name(agency) for agency in people["home_agency_id"]],
            "Capacity used, today": [_used(x) for x in people["utilisation"]],
            "Capacity used, then": [_used(x) for x in people["utilisation_then"]],
            "What": people["what"].map(WHAT),
        }
    )


def _used(value: float) -> str:
    return NOT_DEFINED if math.isnan(value) else per_cent(value)
