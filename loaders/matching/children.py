"""Which records are one child: pairs scored by the model, then the rules that a score alone cannot know.

Twins, brothers and sisters, and mistyped numbers are where a score fails (docs/decisions/matching.md): they
are weighed here, by how many of them the sources themselves hold.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import pyarrow as pa

from graphmodel.settings import Matching
from loaders.matching import cleaning, numbers
from loaders.matching.clusters import Groups, Pair, grouped
from loaders.matching.links import Outcome, Proposal
from loaders.matching.words import A_LITTLE, AGREES, DIFFERS, MISSING

PLACEHOLDER_FROM: Final = 4
"""A number that so many ids of one source have stands for "none"."""
SAME_NUMBER: Final = 0.999
TWINS_NATIONALLY: Final = 0.029
"""Children who are one of a multiple birth: 14.4 of 1,000 maternities (ONS, births in England and Wales)."""
TWINS_WEIGHT: Final = 500
"""How many children's worth the national figure counts beside what the sources show."""
TWO_NUMBERS: Final = "two NHS numbers"
TWINS: Final = "first names differ: twins?"
SEVERAL: Final = "several records fit"
ONE_SOURCE: Final = "two ids of one source"
THROUGH: Final = "through a third record"
KEEP_APART: Final = frozenset({TWO_NUMBERS})
"""Reasons for which a pair does not come together through a third record either."""
_NUMBERS: Final = ("nhs_number", "upn", "uln")
_CLEAN: Final = {
    "first_name": cleaning.name,
    "last_name": cleaning.name,
    "birth_date": cleaning.birth_date,
    "postcode": cleaning.postcode,
    "nhs_number": numbers.nhs_number,
    "upn": numbers.upn,
    "uln": numbers.uln,
}


@dataclass(frozen=True)
class Prepared:
    """Records as they are compared: `table` for the model, the `id` of each row, and what was not used.

    `valid`: numbers that can be right, by kind; `invalid`: those that cannot; `shared`: those on too many.
    """

    table: pa.Table
    ids: list[str]
    spaces: dict[str, set[str]]
    valid: dict[str, int]
    invalid: dict[str, int]
    shared: dict[str, int]


def prepare(records: pa.Table, extra: Sequence[str] = ()) -> Prepared:
    """Clean records of the identity store; rows that say the same of one id are one."""
    ids, spaces = records["id"].to_pylist(), records["space"].to_pylist()
    columns: dict[str, list[Any]] = {}
    valid, invalid, shared = {}, {}, {}
    for name, clean in _CLEAN.items():
        cells = records[name].to_pylist()
        columns[name] = cleaning.cleaned(cells, clean)
        if name in _NUMBERS:
            stated = sum(bool(cell and cell.strip()) for cell in cells)
            valid[name] = sum(cell is not None for cell in columns[name])
            invalid[name] = stated - valid[name]
            shared[name] = _drop_shared(columns[name], ids, spaces)
    former = [
        sorted({one for text in cell or () if (one := numbers.upn(text))}) or None
        for cell in records["former_upn"].to_pylist()
    ]
    for name in extra:
        columns[name] = cleaning.cleaned(records[name].to_pylist(), lambda text: text.strip().casefold())
    known: dict[str, set[str]] = defaultdict(set)
    for one, space in zip(ids, spaces, strict=True):
        known[one].add(space)
    rows = zip(ids, *(columns[name] for name in columns), (tuple(one or ()) for one in former), strict=True)
    # one order for the same records, so that samples and ties are the same too
    different = sorted(set(rows), key=lambda row: tuple(cell or "" for cell in row[:-1]) + row[-1])
    kept = list(zip(*different, strict=True)) if different else [()] * (len(columns) + 2)
    arrays = {
        "row": pa.array(range(len(different)), pa.int64()),
        **{name: pa.array(cells, pa.string()) for name, cells in zip(columns, kept[1:-1], strict=True)},
        "former_upn": pa.array([list(one) or None for one in kept[-1]], pa.list_(pa.string())),
        "first_former_upn": pa.array([one[0] if one else None for one in kept[-1]], pa.string()),
    }
    return Prepared(pa.table(arrays), list(kept[0]), dict(known), valid, invalid, shared)


def _drop_shared(cells: list[str | None], ids: Sequence[str], spaces: Sequence[str]) -> int:
    """Take a number that many ids of one source have for missing; gives how many numbers were."""
    holders: dict[tuple[str, str], set[str]] = defaultdict(set)
    for cell, one, space in zip(cells, ids, spaces, strict=True):
        if cell is not None:
            holders[cell, space].add(one)
    bad = {cell for (cell, _), who in holders.items() if len(who) >= PLACEHOLDER_FROM}
    for at, cell in enumerate(cells):
        if cell in bad:
            cells[at] = None
    return len(bad)


@dataclass(frozen=True)
class Found:
    """What came out: proposals by pair, the groups that they make, and how the weights came about."""

    proposals: list[Proposal]
    groups: Groups
    taught: tuple[str, ...]
    pairs_compared: int


def match_children(
    prepared: Prepared,
    settings: Matching,
    *,
    same: Sequence[Pair] = (),
    different: frozenset[Pair] = frozenset(),
    extra: Sequence[str] = (),
    within: bool = False,
) -> Found:
    """Score, judge and group. `same` and `different` are decisions; `within` links within a source."""
    from loaders.matching.model import FIELDS, score  # noqa: PLC0415  (1 s to import, and most runs need none)

    scored = score(prepared.table, extra=extra)
    fields = [*FIELDS, *extra]
    twins = 0.0 if within else _twins(scored.pairs, prepared)
    rules = Rules(settings, scored.weights["first_name"][-1][0], twins, within=within)
    judged = _judged(scored.pairs, prepared, rules, fields)
    if not within:
        judged = only_one(judged, prepared.spaces, settings.upper, same, different)
    linked = [(p.probability, p.a, p.b) for p in judged if p.outcome == "linked"]
    apart = {p.pair for p in judged if p.evidence["why"] in KEEP_APART}.difference(same)
    groups, refused = grouped(
        linked, spaces=prepared.spaces, same=same, different=different | apart, one_to_one=not within
    )
    settled = _settled(judged, groups, set(refused), different)
    return Found(settled, groups, scored.taught, scored.pairs.num_rows)


@dataclass(frozen=True)
class Rules:
    """What a pair is judged by.

    `other_name`: how often records of one child have first names that differ altogether; `twins`: how many
    children of a source have another one of the same surname and date of birth in it.
    """

    settings: Matching
    other_name: float
    twins: float
    within: bool = False


def _twins(pairs: pa.Table, prepared: Prepared) -> float:
    """Part of the children of one source who have a twin in it, leaning on the national figure."""
    word = _words(("first_name", "last_name", "birth_date", "postcode"))
    having: set[str] = set()
    names = ("left", "right", *(f"g_{name}" for name in word))
    for left, right, *levels in zip(*(pairs[name].to_pylist() for name in names), strict=True):
        a, b = prepared.ids[left], prepared.ids[right]
        if a == b or levels[0] != 0 or prepared.spaces[a].isdisjoint(prepared.spaces[b]):
            continue
        last, born, where = (
            MISSING if level < 0 else words[level]
            for level, words in zip(levels[1:], list(word.values())[1:], strict=True)
        )
        if last in (AGREES, A_LITTLE) and born == AGREES and where in (AGREES, A_LITTLE, MISSING):
            having |= {a, b}
    return (len(having) + TWINS_NATIONALLY * TWINS_WEIGHT) / (len(prepared.spaces) + TWINS_WEIGHT)


def _words(fields: Sequence[str]) -> dict[str, tuple[str, ...]]:
    from loaders.matching.model import levels_of  # noqa: PLC0415

    return {name: levels_of(name) for name in fields}


def _judged(pairs: pa.Table, prepared: Prepared, rules: Rules, fields: Sequence[str]) -> list[Proposal]:
    """The best of each pair of ids, from the lower threshold up, with its outcome before groups are made."""
    words = _words(fields) | dict.fromkeys(_NUMBERS, (DIFFERS, AGREES))
    names = list(words)
    ids, spaces = prepared.ids, prepared.spaces
    best: dict[Pair, Proposal] = {}
    columns = [
        pairs[name].to_pylist() for name in ("left", "right", "probability", *(f"g_{n}" for n in names))
    ]
    for left, right, probability, *levels in zip(*columns, strict=True):
        a, b = ids[left], ids[right]
        if a == b:
            continue
        if a > b:
            a, b = b, a
        evidence = {
            name: MISSING if level < 0 else words[name][level]
            for name, level in zip(names, levels, strict=True)
        }
        likely, outcome, why = judge(probability, evidence, rules)
        if outcome == "linked" and not rules.within and not spaces[a].isdisjoint(spaces[b]):
            outcome, why = "review", ONE_SOURCE
        known = best.get((a, b))
        if outcome != "apart" and (
            known is None or _order(outcome, likely) > _order(known.outcome, known.probability)
        ):
            best[a, b] = Proposal("child", a, b, likely, outcome, {**evidence, "why": why})
    return _contradicted(best, pairs, prepared)


def _order(outcome: Outcome, probability: float) -> tuple[int, float]:
    return ("apart", "review", "linked").index(outcome), probability


def _contradicted(best: dict[Pair, Proposal], pairs: pa.Table, prepared: Prepared) -> list[Proposal]:
    """What two records of an id say against a pair counts even where two others speak for it."""
    against: set[Pair] = set()
    columns = [pairs[name].to_pylist() for name in ("left", "right", "g_nhs_number")]
    for left, right, number in zip(*columns, strict=True):
        if number == 0:
            a, b = sorted((prepared.ids[left], prepared.ids[right]))
            against.add((a, b))
    return [
        Proposal("child", p.a, p.b, p.probability, "review", {**p.evidence, "why": TWO_NUMBERS})
        if p.outcome == "linked" and p.pair in against and p.evidence["nhs_number"] != AGREES
        else p
        for _, p in sorted(best.items())
    ]


def judge(probability: float, evidence: Mapping[str, str], rules: Rules) -> tuple[float, Outcome, str]:
    """Probability, outcome and the reason for it, of a pair with these degrees of agreement.

    - A valid number that agrees links where first name or date of birth bear it out; where both differ it was
      probably mistyped, and somebody looks.
    - Two valid NHS numbers that differ are never linked.
    - Same surname, (nearly) the same day of birth, another first name: one child with another name, or
      twins. The odds are those of the two in these very sources.
    """
    settings = rules.settings
    numbered = [name for name in _NUMBERS if evidence[name] == AGREES]
    first, born = evidence["first_name"], evidence["birth_date"]
    if numbered and evidence["nhs_number"] != DIFFERS:
        if (first == DIFFERS and born in (DIFFERS, MISSING)) or (born == DIFFERS and first == MISSING):
            return max(probability, settings.lower), "review", "a number agrees, nothing else does"
        return max(probability, SAME_NUMBER), "linked", f"same {numbered[0]}"
    siblings = (
        rules.twins > 0
        and first == DIFFERS
        and born in (AGREES, A_LITTLE)
        and evidence["last_name"] != DIFFERS
    )
    likely = probability
    if siblings:
        likely = round(probability * rules.other_name / (rules.other_name + rules.twins), 9)
    if likely < settings.lower and not (siblings and probability >= settings.upper):
        return likely, "apart", "not alike enough"
    if evidence["nhs_number"] == DIFFERS and likely >= settings.upper:
        return likely, "review", TWO_NUMBERS
    if likely < settings.upper:
        return likely, "review", TWINS if siblings else "between the thresholds"
    return likely, "linked", "names, date of birth and postcode"


def only_one(
    judged: Sequence[Proposal],
    spaces: Mapping[str, set[str]],
    upper: float,
    same: Sequence[Pair] = (),
    different: frozenset[Pair] = frozenset(),
) -> list[Proposal]:
    """A child is one child of another source at most: where several there fit about as well, somebody looks.

    What counts is a pair's part of the odds of all that fit. Records of one source that are most likely one
    child themselves (or were said to be) do not compete.
    """
    alike = Groups({}, frozenset())
    for p in judged:
        if p.evidence["why"] == ONE_SOURCE:
            alike.join(p.a, p.b)
    for a, b in same:
        alike.join(a, b)
    odds: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    for p in judged:
        if p.pair in different:
            continue
        weight = p.probability / (1 - min(p.probability, 1 - 1e-9))
        for one, other in (p.pair, p.pair[::-1]):
            for space in spaces[other] - spaces[one]:
                known = odds[one, space]
                known[alike.of(other)] = max(known.get(alike.of(other), 0.0), weight)
    return [
        replace(p, outcome="review", evidence={**p.evidence, "why": SEVERAL})
        if p.outcome == "linked" and _part(p, odds, spaces, alike) < upper
        else p
        for p in judged
    ]


def _part(
    p: Proposal,
    odds: Mapping[tuple[str, str], Mapping[str, float]],
    spaces: Mapping[str, set[str]],
    alike: Groups,
) -> float:
    """The least part that a pair has of the odds of all that fit one of its two, in the other's sources."""
    return min(
        (
            known[alike.of(other)] / sum(known.values())
            for one, other in (p.pair, p.pair[::-1])
            for space in spaces[other] - spaces[one]
            if alike.of(other) in (known := odds[one, space])
        ),
        default=1.0,
    )


FOLLOWS: Final = "follows from other pairs"


def _settled(
    judged: Sequence[Proposal], groups: Groups, refused: set[Pair], different: frozenset[Pair]
) -> list[Proposal]:
    """Outcomes once groups are made: of two groups one pair is looked at, and none where others decide it.

    Two groups that both hold an id of one source can be one only if these two ids are: that pair is asked.
    What somebody told apart keeps what the records say, for the day on which that is undone.
    """
    apart = {_groups_of(groups, *pair) for pair in different}
    asked: set[Pair] = set()
    settled = {}
    for p in sorted(judged, key=lambda one: (-one.probability, one.pair)):
        outcome, why = p.outcome, p.evidence["why"]
        between = _groups_of(groups, p.a, p.b)
        if between[0] == between[1]:
            why = why if outcome == "linked" else THROUGH
            outcome = "linked"
        elif p.pair not in different and (outcome == "review" or p.pair in refused):
            why = why if outcome == "review" else "another record fits better"
            outcome = "review"
            taken = why != ONE_SOURCE and groups.share_a_space(p.a, p.b)
            if taken or between in apart or between in asked:
                outcome, why = "apart", FOLLOWS
            asked.add(between)
        settled[p.pair] = replace(p, outcome=outcome, evidence={**p.evidence, "why": why})
    return [settled[pair] for pair in sorted(settled)]


def _groups_of(groups: Groups, a: str, b: str) -> Pair:
    one, other = sorted((groups.of(a), groups.of(b)))
    return one, other
