"""What somebody does at a dashboard, one thing after another: for the soak.

A page by its address or by the menu, a filter, a question of the workbench, a file taken away, a child's
ecomap. What a page says in red is a fault.
"""

from __future__ import annotations

import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from websockets.exceptions import WebSocketException

from benchmarks.visiting import PAGES
from benchmarks.wire import Wire

MONTHS: Final = ("October 2026", "September 2026", "August 2026", "June 2026", "March 2026")
DAYS: Final = ("2026-10-31", "2026-09-30", "2026-07-31", "2026-02-28")
OWN_TEXT: Final = "MATCH (c:Child)-[:HAS_NEED]->(n) RETURN n.level AS level, count(c) AS children"
ASKED: Final = "asked of the graph in"


@dataclass(frozen=True)
class Did:
    """One thing done: seconds until all of the page was there, and the fault it showed ("" for none)."""

    what: str
    seconds: float
    fault: str


@dataclass
class Session:
    """One session; `children` and `agencies` are ids that the data have."""

    wire: Wire
    chance: random.Random
    children: list[str]
    agencies: list[str]
    done: list[Did] = field(default_factory=list)

    async def act(self) -> Did:
        """One thing of the mix, with its time and its fault."""
        names = list(MIX)
        name = self.chance.choices(names, [MIX[n][0] for n in names])[0]
        begun = time.monotonic()
        try:
            await MIX[name][1](self)
            fault = self.wire.fault()
        except (OSError, AssertionError, LookupError, TimeoutError, WebSocketException) as problem:
            fault = f"{type(problem).__name__}: {' '.join(str(problem).split())[:300]}"
        if not (fault or self.wire.title()):
            fault = "no title"
        return Did(name, time.monotonic() - begun, fault)


async def _page(who: Session) -> None:
    """A page by its address."""
    await who.wire.open(who.chance.choice(list(PAGES.values())), f"as_of={who.chance.choice(DAYS)}")


async def _menu(who: Session) -> None:
    """The next page by the menu."""
    if not who.wire.pages:
        await who.wire.open("")
    await who.wire.turn(who.chance.choice([path for path in PAGES.values() if path]))


async def _month(who: Session) -> None:
    """Another month, on a page of figures."""
    await who.wire.open(who.chance.choice(("overload", "fairness", "coverage")))
    month = who.chance.choice(MONTHS)
    await who.wire.change(month=("End of month", month))
    _must_say(who, month)


async def _agencies(who: Session) -> None:
    """One agency or two, by the address."""
    chosen = who.chance.sample(who.agencies, who.chance.choice((1, 2)))
    await who.wire.open("overload", "as_of=2026-10-31" + "".join(f"&agency={a}" for a in chosen))


async def _question(who: Session) -> None:
    """A question of the catalogue that names nobody, asked of the graph."""
    name = who.chance.choice(("agency_fairness", "collaboration", "service_directory"))
    await who.wire.open("workbench", f"query={name}")
    await who.wire.change(run=("Run", True))
    _must_say(who, ASKED)


async def _own(who: Session) -> None:
    """A text of one's own, with role and reason; its rows as a file."""
    await who.wire.open("workbench", "query=own-text")
    await who.wire.change(
        text=("Cypher, one query", OWN_TEXT),
        role=("Your role", "Analyst"),
        why=("Why do you need to see children?", "a soak"),
        run=("Run", True),
    )
    _must_say(who, ASKED)
    if not await who.wire.taken(f"take-{who.chance.choice(('csv', 'xlsx', 'parquet'))}"):
        raise AssertionError("an empty file")


async def _file(who: Session) -> None:
    """A table taken away, as CSV or as a workbook."""
    await who.wire.open("overload", "as_of=2026-10-31")
    if not await who.wire.taken(f"{who.chance.choice(('csv', 'xlsx'))}-overloaded-leads"):
        raise AssertionError("an empty file")


async def _ecomap(who: Session) -> None:
    """Who works with one child, with role and reason."""
    await who.wire.open("ecomap", "as_of=2026-10-31")
    await who.wire.change(
        about=("Id, letter by letter", who.chance.choice(who.children)),
        role=("Your role", "Safeguarding lead"),
        why=("Why do you need to see them?", "a soak"),
        show=("Show the ecomap", True),
    )
    if not (who.wire.charts() or who.wire.fault()):
        raise AssertionError("no ecomap")


def _must_say(who: Session, words: str) -> None:
    if words not in who.wire.words() and not who.wire.fault():
        raise AssertionError(f"the page does not say {words!r}")


MIX: Final[dict[str, tuple[int, Callable[[Session], Awaitable[None]]]]] = {
    "page by address": (5, _page),
    "page by menu": (5, _menu),
    "another month": (3, _month),
    "agencies": (2, _agencies),
    "question of the catalogue": (2, _question),
    "own text and its file": (2, _own),
    "table as a file": (2, _file),
    "ecomap": (2, _ecomap),
}
"""What sessions do, by weight."""
