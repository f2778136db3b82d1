"""Findings about the collaboration network: who keeps to themselves, who holds it together.

Frames are those of `analysis.network_day` that may be shown: `children` is NaN where suppressed, agencies
have a `name` where one is known.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import pandas as pd

from reports.findings import Finding
from reports.words import count, label, listed, number, per_cent

SURE: Final = 0.05
MOST_NAMED: Final = 3


def keeping_to_themselves(agencies: pd.DataFrame) -> pd.DataFrame:
    """Agencies with fewer outside ties than chance would give them, adjusted p below 0.05.

    Columns: agency_id, internal, external, ei, expected_ei, z, p_adjusted. In order of `withheld`.
    """
    found = agencies[(agencies["p_adjusted"] < SURE) & (agencies["z"] < 0)]
    return found.loc[withheld(found).sort_values(ascending=False, kind="stable").index]


def withheld(agencies: pd.DataFrame) -> pd.Series:
    """How far an agency keeps to itself: the gap of its E-I index from chance, times its ties.

    So a large team with many ties inside comes before a school of two whose only tie is to each other.
    """
    found: pd.Series = (agencies["expected_ei"] - agencies["ei"]) * (
        agencies["internal"] + agencies["external"]
    )
    return found


def silos(agencies: pd.DataFrame) -> Finding:
    """How many agencies keep to themselves beyond chance, and which one most."""
    asked = int(agencies["p_adjusted"].notna().sum())
    if not asked:
        return Finding(
            "network", "unknown", "No agency has enough practitioners in teams to say who keeps to themselves"
        )
    found = keeping_to_themselves(agencies)
    of = f"{asked:,} agencies"
    if found.empty:
        return Finding("network", "fine", f"None of {of} keeps to itself more than chance would have it")
    first = found.iloc[0]
    name = str(label(found).iloc[0])
    many = "1" if len(found) == 1 else f"{len(found):,}"
    verb = "keeps to itself" if len(found) == 1 else "keep to themselves"
    outside, chance = (per_cent((1 + float(first[c])) / 2, 1) for c in ("ei", "expected_ei"))
    sentence = (
        f"{many} of {of} {verb} beyond chance, {name} most: {outside} of its ties lead outside, by chance "
        f"{chance} would"
    )
    return Finding("network", "watch", sentence, float(len(found)))


def page_title(agencies: pd.DataFrame, held: int) -> str:
    """The page in a sentence: who keeps to themselves, and how many hold others to the rest."""
    asked, apart = int(agencies["p_adjusted"].notna().sum()), len(keeping_to_themselves(agencies))
    many = count(held, "practitioner is", "practitioners are") if held else "nobody is"
    if not asked:
        return f"{many[:1].upper()}{many[1:]} the only tie of others to the rest"
    verb = "keeps to itself" if apart == 1 else "keep to themselves"
    first = f"{apart or 'None'} of {asked} agencies {verb} beyond chance"
    return f"{first}; {many} the only tie of others to the rest"


def sure(p_adjusted: float | None) -> str:
    """How sure a finding is, in words with the figure."""
    if p_adjusted is None or p_adjusted != p_adjusted:  # noqa: PLR0124  (NaN)
        return "not tested"
    figure = "p below 0.01" if p_adjusted < 0.01 else f"p {p_adjusted:.2f}"  # noqa: PLR2004
    return f"beyond chance, {figure}" if p_adjusted < SURE else f"within chance, {figure}"


def brokers(found: pd.DataFrame, name: Callable[[object], str]) -> Finding:
    """Who most ways lead over, and for how many that is beyond chance for so many ties."""
    if found.empty:
        return Finding("brokers", "unknown", "Nobody stands between others")
    first = found.iloc[0]
    certain = int((found["betweenness_p_adjusted"] < SURE).sum())
    if found["betweenness_p_adjusted"].isna().all():
        rest = "it was not tested against chance"
    elif certain:
        rest = f"for {certain} of the first {len(found)} it is more than their many ties would give by chance"
    else:
        rest = "it is no more than so many ties give by chance"
    sentence = (
        f"{first['practitioner_id']} ({name(first['agency_id'])}) connects most: "
        f"{per_cent(float(first['betweenness']), 1)} of the shortest ways between two others lead over "
        f"them; {rest}"
    )
    return Finding("brokers", "watch" if certain else "fine", sentence)


def single_points(found: pd.DataFrame, name: Callable[[object], str]) -> Finding:
    """How many practitioners are the only tie of others to the rest, and who of most."""
    if found.empty:
        return Finding("single points", "fine", "Nobody is the only tie of others to the rest")
    sentence = (
        f"{count(len(found), 'practitioner is', 'practitioners are')} the only tie of others to the rest. "
        f"{single_point(found.iloc[0], name)}"
    )
    return Finding("single points", "watch", sentence, float(len(found)))


def single_point(row: Any, name: Callable[[object], str]) -> str:
    """Who would be cut off if one practitioner left, and how many children are touched."""
    off = count(row["cut_off"], "practitioner", "practitioners")
    whole = [name(a) for a in row["agencies_cut_off"]]
    who = f"all of {_some(whole)} in teams, {off} together," if whole else f"{off}"
    touched = count(row["children"], "child is", "children are")
    return (
        f"If {row['practitioner_id']} ({name(row['agency_id'])}) left, {who} would lose their only tie to "
        f"the rest; {touched} touched ({sure(row['p_adjusted'])})."
    )


def _some(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMED
    return listed([*names[:MOST_NAMED], f"{more} more"] if more > 0 else list(names))


def strong_ties(ties: int, strong: Any) -> str:
    """What is left where single shared children do not count as a tie."""
    if not ties:
        return "Nobody is tied to anybody."
    return (
        f"{per_cent(1 - strong.ties / ties)} of the ties rest on fewer than {strong.weight} common TACs. "
        f"Without them {count(strong.without_tie, 'practitioner has', 'practitioners have')} no tie, the "
        f"largest connected part has {strong.largest:,} practitioners, and "
        f"{count(strong.articulation, 'is', 'are')} the only tie of others to the rest."
    )


def follows(by_agency: Any, by_locality: Any) -> str:
    """Whether the communities follow agencies or localities, by the adjusted Rand index."""
    parts = []
    for what, held in (("localities", by_locality), ("agencies", by_agency)):
        if held.adjusted_rand is not None:
            index = held.adjusted_rand
            word = "hardly" if index < 0.1 else "partly" if index < 0.5 else "largely"  # noqa: PLR2004
            parts.append(f"{word} follow the {what} (adjusted Rand index {number(index, 2)})")
    if not parts:
        return "There is nothing to compare the communities with."
    return f"The communities {' and '.join(parts)}; 0 is chance, 1 the same."
