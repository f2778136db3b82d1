"""What happens to children: statuses, assessments and the teams that open after them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

import numpy as np
import pandas as pd

from tacgraph.example import sizes
from tacgraph.example.people import Children
from tacgraph.example.pools import Pools
from tacgraph.example.world import OPEN, Bools, Floats, Ints, Texts, World, numbered

AHEAD: Final = 120


@dataclass
class Spans:
    """Intervals of something of a child: a status, or a team to be."""

    child: Ints
    start: Ints
    end: Ints
    kind: Texts

    def where(self, wanted: Bools) -> Spans:
        return Spans(*(getattr(self, column.name)[wanted] for column in fields(self)))

    @staticmethod
    def together(parts: list[Spans]) -> Spans:
        return Spans(*(np.concatenate([getattr(p, c.name) for p in parts]) for c in fields(Spans)))


@dataclass
class Assessments:
    """Assessments; `seat` is the assessor's, `outcome` what followed an early help one."""

    ids: Texts
    child: Ints
    seat: Ints
    start: Ints
    end: Ints
    kind: Texts
    outcome: Texts


def without_overlaps(spans: Spans, by_kind: bool = False) -> Bools:
    """Marks the spans to keep so that no child has two at a time (of one kind)."""
    frame = pd.DataFrame({"child": spans.child, "start": spans.start, "end": spans.end, "kind": spans.kind})
    keys = ["child", "kind"] if by_kind else ["child"]
    frame = frame.sort_values([*keys, "start", "end"], kind="stable")
    latest = frame.groupby(keys)["end"].cummax().groupby([frame[key] for key in keys]).shift(fill_value=-OPEN)
    kept = np.zeros(len(frame), dtype=bool)
    kept[frame.index[frame["start"] > latest]] = True
    return kept


def durations(world: World, kind: str, count: int) -> Ints:
    """Days a ladder status lasts, within the published range."""
    if kind == "LAC":
        drawn = world.rng.lognormal(np.log(sizes.LAC_MEDIAN_DAYS), 1.0, count)
        return np.clip(drawn, *sizes.LAC_DAYS).astype(np.int64)
    least, most = sizes.CIN_DAYS if kind == "CIN" else sizes.CP_DAYS
    return (least + (most - least) * world.rng.beta(1.3, 2.0, count)).astype(np.int64)


def of_stock(world: World, per_10k: float, mean: float, back: int) -> Ints:
    """Start days of a settled stock: Poisson in time at stock divided by mean days, from `back` days before.

    They go on a while after the last day, because what is assessed on that day starts after it.
    """
    first, last = world.run_up - back, world.until + AHEAD
    rate = per_10k * world.children / 10_000 / mean
    count = world.rng.poisson(rate * (last - first + 1))
    return first + world.rng.integers(0, last - first + 1, count)


def ladder(world: World, children: Children) -> Spans:
    """Child in need, child protection and looked after: never two of them at a time for one child."""
    assessing = sizes.CIN_STARTED_PER_10K_A_YEAR * sizes.ASSESSMENT_DAYS / 365.25
    parts = []
    for kind, part in zip(("CIN", "CP", "LAC"), sizes.STOCK_CIN_CP_LAC, strict=True):
        stock = (sizes.CIN_STOCK_PER_10K - assessing) * part / sum(sizes.STOCK_CIN_CP_LAC)
        mean = float(durations(world, kind, 4000).mean())
        back = 4000 if kind == "LAC" else 730
        start = of_stock(world, stock * sizes.COLLISIONS[kind], mean, back)
        child = children.pick(world.rng, start)
        end = start + durations(world, kind, len(start))
        parts.append(Spans(child, start, end, np.full(len(start), kind, dtype=object)))
    return come_of_age(world, children, Spans.together(parts))


def come_of_age(world: World, children: Children, spans: Spans) -> Spans:
    """Ends spans at the eighteenth birthday and drops what is over, childless or doubled."""
    spans = spans.where(spans.child >= 0)
    spans.end = np.minimum(spans.end, children.birth[spans.child] + 6574)
    spans = spans.where((spans.end > spans.start) & (spans.end > world.run_up))
    return spans.where(without_overlaps(spans))


def beside(world: World, children: Children) -> Spans:
    """The statuses that lie beside the ladder."""
    parts = []
    for kind, other in sizes.OTHER_STATUSES.items():
        start = of_stock(world, other.stock_per_10k, other.mean_days, int(other.mean_days * 2))
        child = children.pick(world.rng, start, other.ages)
        end = start + 30 + world.rng.exponential(other.mean_days - 30, len(start)).astype(np.int64)
        spans = Spans(child, start, end, np.full(len(start), kind, dtype=object))
        spans = spans.where((child >= 0) & (end > world.run_up))
        parts.append(spans.where(without_overlaps(spans, by_kind=True)))
    return Spans.together(parts)


def early_help(world: World, children: Children, pools: Pools) -> Assessments:
    """Early help assessments at the published rate, fewer in August, with what follows each."""
    rng = world.rng
    window = world.until - world.run_up + 1
    count = rng.poisson(sizes.EHA_PER_10K_A_YEAR * world.children / 10_000 * window / 365.25)
    start = world.run_up + rng.integers(0, window, count)
    holidays = start.astype("datetime64[D]").astype("datetime64[M]").astype(int) % 12 == 7  # noqa: PLR2004
    start = np.where(holidays & (rng.random(count) < sizes.AUGUST), start - 40, start)
    child = children.pick(rng, start)
    start, child = start[child >= 0], child[child >= 0]
    seat = pools.draw(pools.early_help_groups(child, start), child, "lead")
    end = start + 5 + rng.gamma(4.0, (sizes.ASSESSMENT_DAYS - 5) / 4, len(start)).astype(np.int64)
    parts = {"support": sizes.EHA_SUPPORT, "step_up": sizes.EHA_STEP_UP, "step_down": sizes.EHA_STEP_DOWN}
    outcome = pools.named(parts | {"none": 1 - sum(parts.values())}, len(start))
    kind = pools.named({"early_help": 0.85, "common": 0.15}, len(start))
    return Assessments(np.empty(0, dtype=object), child, seat, start, end, kind, outcome)


def statutory(world: World, pools: Pools, spans: Spans, helped: Assessments) -> Assessments:
    """Assessments by social workers before a child becomes one in need, and after a step up."""
    rng = world.rng
    before = spans.where(np.isin(spans.kind.astype(str), ("CIN", "CP")) & (spans.start > world.run_up))
    took = 10 + rng.gamma(5.0, (sizes.ASSESSMENT_DAYS - 10) / 5, len(before.child)).astype(np.int64)
    up = (helped.outcome == "step_up") & (helped.end < world.until)
    child = np.concatenate([before.child, helped.child[up]])
    start = np.concatenate([before.start - took, helped.end[up] + 1])
    end = np.concatenate([before.start, helped.end[up] + 1 + rng.integers(20, 60, int(up.sum()))])
    known = (pools.children.birth[child] <= start) & (start <= world.until)
    child, start, end = child[known], start[known], end[known]
    seat = pools.in_turn("csc", child, start)
    kind = pools.named({"initial": 0.6, "core": 0.4}, len(child))
    nothing = np.full(len(child), "", dtype=object)
    return Assessments(np.empty(0, dtype=object), child, seat, start, end, kind, nothing)


def write_assessments(world: World, pools: Pools, parts: list[Assessments]) -> list[Assessments]:
    """Numbers and writes all assessments."""
    first = 1
    for part in parts:
        part.ids = numbered("AS", len(part.child), 6, first)
        first += len(part.child)
        holder = pools.force.holder_on(part.seat, part.start)
        table = {
            "assessment_id": part.ids,
            "child_id": pools.children.ids[part.child],
            "practitioner_id": pools.force.holder_ids[holder],
            "kind": part.kind,
            "started_on": world.days(part.start),
            "completed_on": world.days(world.ended(part.end)),
        }
        world.add("assessments", table)
    return parts


def write_statuses(world: World, children: Children, spans: Spans, assessed: Assessments) -> None:
    """All statuses, an assessment under way among them."""
    under_way = Spans(
        assessed.child,
        assessed.start,
        assessed.end,
        np.full(len(assessed.child), "CIN_ASSESSMENT", dtype=object),
    )
    under_way = under_way.where(without_overlaps(under_way))
    whole = Spans.together([spans, under_way])
    whole = whole.where((whole.end > world.since) & (whole.start <= world.until))
    world.add(
        "statuses",
        {
            "child_id": children.ids[whole.child],
            "status": whole.kind,
            "started_on": world.days(whole.start),
            "ended_on": world.days(world.ended(whole.end)),
        },
    )


def part_of(world: World, count: int, part: Floats | float) -> Bools:
    return world.rng.random(count) < part
