"""Overload explained in sentences: what a lead's points consist of, what tipped them, who is warned of."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

import pandas as pd

from reports.findings import Finding
from reports.words import count, day_name, listed, per_cent

EQUAL: Final = 1e-9
MOST_CHANGES: Final = 3

PART_WORDS: Final[Mapping[str, str]] = {
    "base": "Leading, at level 2",
    "need": "Level of need",
    "team_size": "Size of the teams",
    "set_up": "Set-up phase",
    "supporting": "Supporting",
}
CHANGE_WORDS: Final[Mapping[str, str]] = {
    "lead_of_new_team": "the lead of a new TAC",
    "lead_taken_over": "taking over the lead of a TAC",
    "lead_given_up": "giving up the lead of a TAC",
    "lead_of_team_closed": "the end of a TAC they led",
    "supporter_to_lead": "leading a TAC they had supported",
    "lead_to_supporter": "going from lead to supporter in a TAC",
    "support_begun": "joining a TAC",
    "support_ended": "leaving a TAC",
    "supported_team_closed": "the end of a TAC they supported",
    "need_rose": "a child's higher level of need",
    "need_fell": "a child's lower level of need",
    "team_grew": "a growing team",
    "team_shrank": "a shrinking team",
    "set_up_ended": "the end of a set-up phase",
    "post_ended": "the end of a post",
    "post_begun": "the beginning of a post",
    "newly_qualified_ended": "no longer counting as newly qualified",
    "first_post": "the first post with capacity on record",
}
RULE_WORDS: Final[Mapping[str, str]] = {
    "trend": "trend of the last half year",
    "one_more": "room for less than one more lead",
}


def plain(points: float) -> str:
    """Points as `10.35` or `4`: to two decimals, so that the parts are seen to add up."""
    return f"{points:,.2f}".rstrip("0").rstrip(".")


def signed(points: float) -> str:
    """Points as `+1.25` or `-0.3`."""
    return f"+{plain(points)}" if points >= 0 else f"-{plain(-points)}"


def made_of(row: Mapping[str, Any]) -> str:
    """`18.2 points, 121% of capacity: 11 leads at level 2 weigh 11, +3.5 for higher needs, …`."""
    led, supported = int(row["tacs_led"]), int(row["tacs_supported"])
    said = [f"{count(led, 'lead', 'leads')} at level 2 weigh {plain(float(row['base']))}"]
    need = float(row["need"])
    words = (
        ("need", "for higher needs" if need > 0 else "for lower needs"),
        ("team_size", "for large teams"),
        ("set_up", "for teams in their set-up phase"),
        ("supporting", f"for supporting {count(supported, 'TAC', 'TACs')}"),
    )
    said += [f"{signed(float(row[name]))} {text}" for name, text in words if abs(float(row[name])) > EQUAL]
    share = per_cent(float(row["utilisation"]))
    return f"{plain(float(row['points']))} points, {share} of capacity: {', '.join(said)}."


def capacity_of(row: Mapping[str, Any]) -> str:
    """What capacity consists of: all posts at full time, less other work, less being newly qualified."""
    whole, taken = float(row["full_time"]), -float(row["share_of_post"])
    early = -float(row["newly_qualified"])
    text = f"Capacity {plain(float(row['capacity']))} points"
    less = f"{plain(early)} points are taken off while newly qualified"
    if taken <= EQUAL:
        text = f"{text}: the posts are there for case work as a whole"
        return f"{text}; {less}." if early > EQUAL else f"{text}."
    text = f"{text}: the posts are worth {plain(whole)}, of which {plain(taken)} are for other work"
    return f"{text}; {less}." if early > EQUAL else f"{text}."


def tipped(row: Mapping[str, Any], changes: Iterable[Mapping[str, Any]], *, tacs: bool = False) -> str:
    """Since when, and what tipped it; `tacs` names the TAC (for an analyst, not on a page)."""
    since = day_name(pd.Timestamp(row["since"]).date())
    if row["longer"]:
        return f"Above capacity without a break since before {since}."
    rows = list(changes)
    text = f"Above capacity since {since} ({count(int(row['days']), 'day', 'days')})"
    first = [c for c in rows if c["change"] == "first_post"]
    upward = sorted((c for c in rows if c["points"] > EQUAL), key=lambda c: -float(c["points"]))
    if first:
        return f"{text}, with {CHANGE_WORDS['first_post']}: until then no part of capacity could be given."
    if not upward:
        return f"{text}."
    said = [_change(c, tacs=tacs) for c in upward[:MOST_CHANGES]]
    more = len(upward) - len(said)
    if more:
        said.append(f"{more} more")
    return f"{text}, tipped by {listed(said)}."


def _change(change: Mapping[str, Any], *, tacs: bool) -> str:
    which = f"{change['tac_id']}, " if tacs and isinstance(change["tac_id"], str) else ""
    return f"{CHANGE_WORDS[change['change']]} ({which}{signed(float(change['points']))})"


def beside(row: Mapping[str, Any], role: str) -> str:
    """Who else in the role carries less."""
    peers = int(row["peers"])
    if not peers:
        return f"Nobody else in the role {role} has capacity on this day."
    text = (
        f"Of {count(peers, 'other', 'others')} in the role {role}, {int(row['carry_less']):,} "
        f"{'carries' if row['carry_less'] == 1 else 'carry'} less (half of the role are at "
        f"{per_cent(float(row['role_median']))} of capacity or below)"
    )
    room = int(row["with_room"])
    if not room:
        return f"{text}, but none has room for one more lead: capacity is short in the whole role."
    has = "has" if room == 1 else "have"
    return (
        f"{text}; {room:,} {has} room for one more lead, {int(row['room_in_agency']):,} of them in the same "
        f"agency and {int(row['room_in_locality']):,} working mostly in the same locality."
    )


def split(posts: pd.DataFrame, name: Mapping[str, str]) -> str:
    """How two or more agencies see one practitioner: columns agency_id, part, alone, home."""
    said = []
    for row in posts.to_dict(orient="records"):
        agency = name.get(str(row["agency_id"]), str(row["agency_id"]))
        alone = float(row["alone"])
        view = "no capacity" if math.isnan(alone) else per_cent(alone)
        home = ", where the leads are counted" if row["home"] else ""
        said.append(f"{agency} holds {per_cent(float(row['part']))} of the capacity{home} (alone: {view})")
    return (
        f"A split post. {'; '.join(said)}. Points are shared in that proportion, so all see the same part of "
        "capacity; alone is what an agency would see if all the work were done in its own post."
    )


def warned(rows: pd.DataFrame, rules: pd.DataFrame, best: str | None, days: int) -> Finding:
    """How many are warned of by the rule that has done best, and how often it was right."""
    if best is None:
        text = f"No past month shows whether anybody can be warned of {days} days ahead."
        return Finding("early warning", "unknown", text)
    past = _rule(rules, best)
    chosen = rows[rows[f"by_{best}"]]
    came_true = per_cent(float(past["precision"]))
    right = f"of {past['warned']:,.0f} such warnings in past months {came_true} came true"
    text = f"{count(len(chosen), 'lead', 'leads')} may be above capacity within {days} days: {right}."
    return Finding("early warning", "watch" if len(chosen) else "fine", text, float(len(chosen)))


def _rule(rules: pd.DataFrame, rule: str) -> dict[Any, Any]:
    return rules.set_index("rule").to_dict(orient="index")[rule]


def judged(rules: pd.DataFrame, rule: str, *, better: bool) -> str:
    """What the back-test says of a rule, against chance and against naming the fullest."""
    row = _rule(rules, rule)
    name = f"**{RULE_WORDS[rule][:1].upper()}{RULE_WORDS[rule][1:]}**"
    if not row["warned"]:
        return f"{name}: gave no warning in past months."
    right, low, high = (per_cent(float(row[x])) for x in ("precision", "precision_low", "precision_high"))
    text = (
        f"{name}: {row['hits']:,.0f} of {row['warned']:,.0f} warnings came true ({right}, 95% interval {low} "
        f"to {high}), and they foresaw {row['hits']:,.0f} of {row['crossed']:,.0f} crossings "
        f"({per_cent(float(row['recall']))})."
    )
    base = per_cent(float(row["base_rate"]))
    text += (
        f" Of all leads below the line {base} crossed it, so the warning says more than chance."
        if better
        else f" Of all leads below the line {base} crossed it: **the warning is no better than that.**"
    )
    gap = float(row["precision"] - row["naive_precision"])
    naive = per_cent(float(row["naive_precision"]))
    if abs(gap) <= EQUAL:
        return f"{text} Naming as many of the fullest would have done as well ({naive})."
    word = "less well" if gap > 0 else "better"
    return f"{text} Naming as many of the fullest would have done {word} ({naive})."


def longest(rows: pd.DataFrame, day: date) -> str:
    """How long the leads listed have been above capacity (columns days, longer)."""
    if rows.empty:
        return f"No lead is above capacity on {day_name(day)}."
    quarter = int((rows["days"] >= 90).sum())  # noqa: PLR2004  (a quarter of a year)
    part = f"{quarter:,} of {len(rows):,}"
    return f"{part} have been above capacity for 90 days or more without a break."
