"""One matching: identity records → proposals → groups → the graph; and what follows from a decision."""

from __future__ import annotations

import secrets
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

from graphmodel.ledger import find_ledger
from graphmodel.settings import Settings
from loaders.matching import people
from loaders.matching.children import match_children, prepare
from loaders.matching.clusters import Groups, Pair, grouped, representatives
from loaders.matching.identities import IdentityStore
from loaders.matching.identities import Kind as Recorded
from loaders.matching.links import Decision, Kind, Links, Proposal, Verdict


@dataclass
class MatchReport:
    """What one matching did, by kind. Counts are of pairs of ids, but for `records`, `ids` and `groups`."""

    run: str
    records: Counter[str] = field(default_factory=Counter)
    ids: Counter[str] = field(default_factory=Counter)
    sources: dict[str, list[str]] = field(default_factory=dict)
    linked: Counter[str] = field(default_factory=Counter)
    review: Counter[str] = field(default_factory=Counter)
    groups: Counter[str] = field(default_factory=Counter)
    changed: Counter[str] = field(default_factory=Counter)
    valid: Mapping[str, int] = field(default_factory=dict)
    invalid: Mapping[str, int] = field(default_factory=dict)
    shared: Mapping[str, int] = field(default_factory=dict)
    taught: tuple[str, ...] = ()
    forgotten: bool = False
    restated: int | None = None
    notes: list[str] = field(default_factory=list)


def match(
    home: Path,
    settings: Settings,
    *,
    dry_run: bool = False,
    step: Callable[[str], None] = lambda _: None,
) -> MatchReport:
    """Match what the identity store of `home` holds, keep the links, and bring the graph up to date.

    `dry_run`: everything is worked out, nothing kept. Equal records, settings and decisions give equal
    links. Where no identities are kept any more, the links stay as they are and only decisions count.
    """
    at = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
    report = MatchReport(at)
    store = IdentityStore(home)
    with Links(home) as links:
        kinds: tuple[Recorded, ...] = get_args(Recorded)
        for kind in kinds:
            _match(kind, store, links, settings, report, dry_run=dry_run, step=step)
        if dry_run:
            return report
        step("bring the graph up to date")
        report.restated = restate(home, links)
    if not settings.matching.keep_identities:
        report.forgotten = bool(store.forget())
    return report


def _match(
    kind: Recorded,
    store: IdentityStore,
    links: Links,
    settings: Settings,
    report: MatchReport,
    *,
    dry_run: bool,
    step: Callable[[str], None],
) -> None:
    records = store.records(kind)
    report.records[kind] = records.num_rows
    report.sources[kind] = sorted(set(records["source"].to_pylist()))
    if not records.num_rows:
        report.notes.append(f"no identities of {'children' if kind == 'child' else 'practitioners'} are kept")
        return
    step("compare children" if kind == "child" else "compare practitioners")
    same, different = _said(links, kind)
    if kind == "child":
        prepared = prepare(records)
        report.valid, report.invalid, report.shared = prepared.valid, prepared.invalid, prepared.shared
        found = match_children(prepared, settings.matching, same=same, different=different)
        proposals, groups, report.taught = found.proposals, found.groups, found.taught
    else:
        proposals, groups = _practitioners(people.people(records), same, different)
    names = ("id", "space", "source")
    spaces = list(zip(*(records[name].to_pylist() for name in names), strict=True))
    kept = [p for p in proposals if p.outcome != "apart"]
    report.ids[kind] = len({row[0] for row in spaces})
    decided = {*same, *different}
    report.linked[kind] = sum(p.outcome == "linked" for p in kept)
    report.review[kind] = sum(p.outcome == "review" and p.pair not in decided for p in kept)
    report.groups[kind] = len(groups.groups())
    if not dry_run:
        with links.at_once():
            links.place(kind, spaces)
            links.propose_all(kind, kept, report.run)
            report.changed[kind] = len(settle(links, kind, settings))


def _said(links: Links, kind: Kind) -> tuple[list[Pair], frozenset[Pair]]:
    decided = links.decided(kind)
    same = [pair for pair, one in decided.items() if one.verdict == "same"]
    return same, frozenset(pair for pair, one in decided.items() if one.verdict == "different")


def _practitioners(
    found: list[people.Person], same: list[Pair], different: frozenset[Pair]
) -> tuple[list[Proposal], Groups]:
    spaces: dict[str, set[str]] = defaultdict(set)
    for one in found:
        spaces[one.id].add(one.space)
    judged = people.proposals(found)
    linked = [(p.probability, p.a, p.b) for p in judged if p.outcome == "linked"]
    groups, refused = grouped(linked, spaces=spaces, same=same, different=different)
    settled = [
        replace(p, outcome="review", evidence={**p.evidence, "why": "another record fits better"})
        if p.pair in set(refused)
        else p
        for p in judged
    ]
    return settled, groups


def settle(links: Links, kind: Kind, settings: Settings) -> list[str]:
    """Work out anew who stands for whom, from proposals and decisions; gives the ids that changed.

    A machine's link never outlives what speaks against it: two ids of one source come together only where
    somebody said so, and a pair that somebody told apart never does.
    """
    same, different = _said(links, kind)
    spaces: dict[str, set[str]] = defaultdict(set)
    sources: dict[str, set[str]] = defaultdict(set)
    for one, space, source in links.spaces(kind):
        spaces[one].add(space)
        sources[one].add(source)
    linked = [(p.probability, p.a, p.b) for p in links.proposals(kind) if p.outcome == "linked"]
    groups, _ = grouped(linked, spaces=spaces, same=same, different=different)
    order = _precedence(settings)
    rank = {one: min(order.get(source, len(order)) for source in of) for one, of in sources.items()}
    return links.stand(kind, representatives(groups.groups(), links.standing(kind), rank))


def _precedence(settings: Settings) -> dict[str, int]:
    """Sources in the order in which the settings trust them; empty where they say none."""
    named: Any = getattr(getattr(settings, "sources", None), "precedence", ())
    return {source: at for at, source in enumerate(named)}


def decide(
    home: Path,
    kind: Kind,
    a: str,
    b: str,
    verdict: Verdict,
    *,
    settings: Settings,
    who: str,
    role: str = "",
    why: str = "",
) -> int:
    """Keep a decision, bring links and graph up to date; gives how many ids were restated in the graph."""
    with Links(home) as links:
        with links.at_once():
            links.decide(kind, a, b, verdict, who=who, role=role, why=why)
            settle(links, kind, settings)
        return restate(home, links)


def undo(
    home: Path, kind: Kind, a: str, b: str, *, settings: Settings, who: str, role: str = "", why: str = ""
) -> Decision:
    """Take back the decision that stands for a pair, likewise. Raises `QueryError` where there is none."""
    with Links(home) as links:
        with links.at_once():
            taken_back = links.undo(kind, a, b, who=who, role=role, why=why)
            settle(links, kind, settings)
        restate(home, links)
        return taken_back


def propose(home: Path, found: Iterable[Proposal], *, settings: Settings, run: str) -> int:
    """Put pairs of one kind forward (agencies that a registry knows), and bring links and graph up to date.

    Gives how many ids now stand otherwise.
    """
    by_kind: dict[Kind, list[Proposal]] = defaultdict(list)
    for one in found:
        by_kind[one.kind].append(one)
    changed = 0
    with Links(home) as links:
        for kind, proposals in by_kind.items():
            with links.at_once():
                for p in proposals:
                    links.propose(kind, p.a, p.b, p.probability, p.evidence, p.outcome, run=run)
                changed += len(settle(links, kind, settings))
        restate(home, links)
    return changed


def restate(home: Path, links: Links) -> int:
    """Bring the graph up to date with ids that now stand otherwise; gives how many. Raises as a load does.

    What is owed is paid only once that has succeeded, so a killed process is made good by the next one.
    Where nothing was loaded yet, the next load applies the links by itself.
    """
    owed = {kind: ids for kind in get_args(Kind) if (ids := links.owed(kind))}
    if not owed:
        return 0
    if find_ledger(home) is not None:
        from loaders.restate import restate as bring_up_to_date  # noqa: PLC0415  (the loader imports `capture`)

        bring_up_to_date(home, [(kind, one) for kind, ids in owed.items() for one in ids])
    with links.at_once():
        for kind, ids in owed.items():
            links.paid(kind, ids)
    return sum(len(ids) for ids in owed.values())
