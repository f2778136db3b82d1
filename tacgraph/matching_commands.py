"""`tacgraph match`: which records are one person, and what people decide of doubtful pairs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, Parameter

from graphmodel.access import Viewer
from graphmodel.audit_log import AuditLog
from graphmodel.errors import QueryError
from graphmodel.settings import data_folder, settings
from tacgraph.console import Table, messages, progress_bars, say, warn

if TYPE_CHECKING:
    from loaders.matching.run import MatchReport

Kind = Literal["child", "practitioner", "agency"]
Switch = Parameter(negative="")
PLURAL = {"child": "children", "practitioner": "practitioners", "agency": "agencies"}
NUMBERS = {"nhs_number": "NHS numbers", "upn": "pupil numbers (UPN)", "uln": "learner numbers (ULN)"}

app = App(
    name="match", help="Find records of several sources that are one child, and decide the doubtful ones."
)


@app.default
def match(
    *,
    dry_run: Annotated[bool, Switch] = False,
    review: Annotated[bool, Switch] = False,
    kind: Kind = "child",
    reason: str = "",
    rows: int = 50,
) -> int:
    """Compare what the sources say of people and link what is one person; loads then make it one node.

    Parameters
    ----------
    dry_run
        Work everything out and keep nothing.
    review
        List the pairs that wait for a decision, the most uncertain first. Ids and scores only.
    kind
        Of whom --review lists pairs.
    reason
        Why you need to see pairs of children; the audit record keeps it.
    rows
        How many pairs --review lists.
    """
    if review:
        return _review(kind, reason, rows)
    from loaders.matching.run import match as run

    with progress_bars() as progress:
        report = run(data_folder(), settings(), dry_run=dry_run, step=lambda name: progress.begin(name, None))
    _print_report(report, dry_run=dry_run)
    return 0


@app.command
def decide(
    one: str,
    other: str,
    /,
    *,
    same: Annotated[bool, Switch] = False,
    different: Annotated[bool, Switch] = False,
    unsure: Annotated[bool, Switch] = False,
    kind: Kind = "child",
    reason: str = "",
) -> int:
    """Say whether two ids are one person; it beats every probability, and `undo` takes it back.

    Parameters
    ----------
    one
        An id.
    other
        Another id.
    same
        They are one.
    different
        They are two, and stay two whatever later records say.
    unsure
        You looked and could not tell; the pair stays in the list.
    kind
        What the ids are of.
    reason
        Why; it is kept with the decision and, for children, in the audit record.
    """
    from loaders.matching.links import Verdict
    from loaders.matching.run import decide as keep

    said: list[Verdict] = []
    said += ["same"] if same else []
    said += ["different"] if different else []
    said += ["undecided"] if unsure else []
    if len(said) != 1:
        raise QueryError("the decision", "is not one of three", "Give --same, --different or --unsure.")
    viewer = _allowed(kind, reason, f"decide {said[0]}", f"{one}, {other}", 1)
    moved = keep(
        data_folder(),
        kind,
        one,
        other,
        said[0],
        settings=settings(),
        who=viewer.name,
        role=viewer.role,
        why=reason,
    )
    say(f"Kept: {one} and {other} are {said[0]}. {_moved(moved)}")
    return 0


@app.command
def undo(one: str, other: str, /, *, kind: Kind = "child", reason: str = "") -> int:
    """Take back the decision that stands for two ids; the one before it stands again.

    Parameters
    ----------
    one
        An id.
    other
        Another id.
    kind
        What the ids are of.
    reason
        Why; it is kept with the decision and, for children, in the audit record.
    """
    from loaders.matching.run import undo as take_back

    viewer = _allowed(kind, reason, "undo a decision", f"{one}, {other}", 1)
    gone = take_back(
        data_folder(), kind, one, other, settings=settings(), who=viewer.name, role=viewer.role, why=reason
    )
    say(f"Taken back: {gone.verdict}, decided by {gone.who} on {gone.at[:10]}.")
    return 0


@app.command
def forget() -> int:
    """Delete the identity records (names, dates of birth, numbers); the links stay.

    To compare again, load the sources again first.
    """
    from loaders.matching.identities import IdentityStore

    gone = IdentityStore(data_folder()).forget()
    say(
        f"{gone} files of identity records deleted; the links stay."
        if gone
        else "No identity records are kept."
    )
    return 0


def _allowed(kind: Kind, reason: str, what: str, about: str, rows: int) -> Viewer:
    """Who asks, with the right and, for children, a line in the audit record. Raises `AccessRefused`."""
    viewer = Viewer.local(reason)
    if kind == "child":
        log = AuditLog(data_folder())
        with log.refusals(viewer, what, about=about):
            viewer.must_see_children()
        log.record(viewer, f"matching: {what}", about=about, rows=rows)
    return viewer


def _review(kind: Kind, reason: str, most: int) -> int:
    from loaders.matching.links import Links

    with Links(data_folder()) as links:
        waiting = links.pending(kind)
    _allowed(kind, reason, "list pairs to decide", "all", min(len(waiting), most))
    table = Table(title=f"{len(waiting):,} pairs of {PLURAL[kind]} wait for a decision")
    for name in ("one", "other"):
        table.add_column(name)
    table.add_column("how likely", justify="right")
    table.add_column("why not by itself")
    for pair in waiting[:most]:
        table.add_row(pair.a, pair.b, f"{pair.probability:.1%}", pair.evidence.get("why", ""))
    messages.print(table)
    if waiting:
        say("Decide one: tacgraph match decide ONE OTHER --same (or --different, --unsure)")
    return 0


def _print_report(report: MatchReport, *, dry_run: bool) -> None:
    table = Table(title="Matching (dry run: nothing was kept)" if dry_run else "Matching")
    for name in ("", "records", "ids", "linked pairs", "pairs to decide", "persons under several ids"):
        table.add_column(name, justify="left" if not name else "right")
    for kind, count in report.records.items():
        if count:
            numbers = (count, report.ids[kind], report.linked[kind], report.review[kind], report.groups[kind])
            table.add_row(PLURAL[kind], *(f"{n:,}" for n in numbers))
    messages.print(table)
    for text in (*report.notes, *_told(report)):
        say(text)
    if not dry_run:
        say(_moved(report.restated or 0))
    waiting = sum(report.review.values())
    if waiting:
        warn(
            f"Next: {waiting:,} pairs need somebody who can tell: `tacgraph match --review`, or the page "
            "Same child? of the dashboard."
        )


def _told(report: MatchReport) -> Iterator[str]:
    for kind, of in report.sources.items():
        if len(of) == 1:
            yield f"Identities of {PLURAL[kind]} come from one source only ({of[0]}): load another."
    for name, words in NUMBERS.items():
        good, bad = report.valid.get(name, 0), report.invalid.get(name, 0)
        if good or bad:
            yield f"{words}: {good:,} can be right; {bad:,} cannot (check digit) and count as missing"
        if report.shared.get(name):
            yield f"{words}: {report.shared[name]:,} stand on many children each and count as missing"
    if report.records["child"] and not report.taught:
        yield "Too few sure pairs to learn from, so the default weights were used."
    if report.forgotten:
        yield "The identity records were deleted, as the settings say; the links stay."


def _moved(ids: int) -> str:
    return f"{ids:,} ids moved in the graph." if ids else "Nothing moved in the graph."
