"""`tacgraph report` and `tacgraph schedule`: the monthly pack, by hand or by itself."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from graphmodel.access import Viewer
from graphmodel.errors import SettingsError
from graphmodel.settings import data_folder, settings
from tacgraph.console import progress_bars, say, today, warn

if TYPE_CHECKING:
    from analysis.tables import Slice
    from graphmodel.store import Store


class _Work:
    """What writing a month needs: the store, the slice, and what was asked for."""

    def __init__(
        self, store: Store, held: Slice, viewer: Viewer, agencies: list[str] | None, packs: bool
    ) -> None:
        self.store, self.held, self.viewer = store, held, viewer
        self.agencies, self.packs = agencies, packs

    def write(
        self, month: date, out: Path, names: Path, progress: Callable[[str, int, int], None] | None
    ) -> bool:
        """Write a month's files to `out` and packs to `names`; give whether they are provisional."""
        from analysis.workload import month_days
        from reports.monthly import make_report, write_files
        from reports.standing import standing

        _, last = month_days(month.year, month.month)
        said = standing(self.store, last)
        report = make_report(self.held, month, settings(), progress=progress, standing=said)
        files = write_files(report, out) if self.agencies is None else []
        if self.packs or self.agencies is not None:
            from reports.agency_pack import write_packs

            files += write_packs(
                report, self.held, self.store, self.viewer, names, settings=settings(), agencies=self.agencies
            )
        for file in files:
            say(f"written: {file.name}")
        for notice in report.notices:
            warn(notice)
        late = self.held.data_date is None or self.held.data_date < last
        return bool(said) or late or not self.held.complete


def report(
    *,
    out: Path,
    month: str | None = None,
    due: bool = False,
    since: str | None = None,
    agency: list[str] | None = None,
    packs: bool = False,
    known_on: date | None = None,
    reason: str = "",
    then: str = "",
) -> int:
    """Write the monthly workload report: PDF, page, workbook and CSV, safe to circulate.

    Parameters
    ----------
    out
        The folder to write to; with --due each month gets a folder of its own in it, named YYYY-MM.
    month
        YYYY-MM.
    due
        Every month that is over and not yet written there, and again those whose data were late. The first
        time the last month alone, or from --since on.
    since
        YYYY-MM: with --due the first month to be written.
    agency
        Only this agency's pack: its own practitioners by name. Confidential; needs --reason and is recorded.
    packs
        A pack for each agency besides, in a folder of their own; with --due beside the month's folder, so
        that --then does not hand names over.
    known_on
        With --month: as it was known at the end of this day, told from the ledger, so that a report gone out
        can be made again after late entries. Without packs: the graph has names only as they are now.
    reason
        Why names of practitioners are needed.
    then
        A command to hand the folder over with, for instance by e-mail: {folder} and {month} in it are filled
        in. It is run without a shell; with --due it is tried again the next time where it failed.
    """
    from reports.due import Packs, hand_over, month_of, words_of

    if due == (month is not None) or (since is not None and not due):
        mend = "Name either --month YYYY-MM or --due; --since goes with --due."
        raise SettingsError("the months to write", "are not clear", mend)
    if due and agency:
        raise SettingsError("--agency", "goes with --month only", "With --due, ask for --packs.")
    if then and month is not None and (packs or agency):
        mend = "Write the packs by a command of their own, or with --due, which keeps them apart."
        raise SettingsError("--then", "would hand names of practitioners over with the folder", mend)
    if known_on is not None and (due or packs or agency):
        raise SettingsError("--known-on", "goes with --month and without packs only", "Leave the others out.")
    first = None if month is None else month_of(month)
    begin = None if since is None else month_of(since)
    if then:
        words_of(then, out, today())
    viewer = Viewer.local(reason)
    if agency or packs:
        viewer.must_see_names()
    with ExitStack() as stack:
        if due:
            stack.enter_context(Packs(out).alone())
        work, bars = _begin(stack, viewer, agency, packs, known_on)
        if first is not None:
            work.write(first, out, out / "agencies" if packs else out, bars.step(f"{first:%Y-%m} day by day"))
            if then:
                hand_over(then, out, first)
            return 0
        return _write_due(Packs(out), work, bars, begin, then)


def _begin(
    stack: ExitStack, viewer: Viewer, agency: list[str] | None, packs: bool, known_on: date | None
) -> tuple[_Work, Any]:
    from analysis.tables import Slice
    from graphmodel.store import Store
    from tacgraph.provenance_commands import slice_on

    home = data_folder()
    store = stack.enter_context(Store.open(home, on_wait=say))
    bars = stack.enter_context(progress_bars())
    if known_on is None:
        held = Slice.current(store, home, bars.step("read the as-of slice"))
    else:
        held = slice_on(home, known_on)
    return _Work(store, held, viewer, agency or None, packs), bars


def _known_of(months: list[date], held: Slice) -> list[date]:
    """The months of which something can be known: a clock that is ahead must not make reports of no facts."""
    loaded = held.loaded_at.date() if held.loaded_at else None
    late = [month for month in months if loaded is not None and month > loaded]
    if late:
        last = f" to {late[-1]:%Y-%m}" if late[1:] else ""
        warn(
            f"{late[0]:%Y-%m}{last}: not written, as it began after the latest load ({loaded}). Load what is "
            "new; where today is not the day, set this computer's clock."
        )
    return [month for month in months if month not in late]


def _write_due(packs: Any, work: _Work, bars: Any, since: date | None, then: str) -> int:
    from reports.due import HandOverFailed, State, hand_over

    load = work.held.load_id or ""
    months = _known_of(packs.due(today(), load, since=since), work.held)
    for month in months:
        provisional = False

        def fill(folder: Path, month: date = month) -> None:
            nonlocal provisional
            # beside the month's folder, so that no hand-over takes the names with it
            names = packs.folder(month).with_name(f"{month:%Y-%m}-agencies")
            provisional = work.write(month, folder, names, bars.step(f"{month:%Y-%m} day by day"))

        say(f"{month:%Y-%m}: {packs.write(month, fill)}")
        packs.keep(month, State(load, provisional))
    if not months:
        say("Nothing is due: every month that is over is written.")
    failed = 0
    for month in packs.not_handed_over() if then else []:
        try:
            hand_over(then, packs.folder(month), month)
        except HandOverFailed as fault:
            warn(str(fault))
            failed = 1
            continue
        known = packs.state(month)
        packs.keep(month, State(known.load, known.provisional, handed_over=True))
        say(f"{month:%Y-%m}: handed over")
    return failed


def schedule(
    *,
    out: Path,
    kind: Literal["systemd", "cron"] = "systemd",
    at: str = "06:00",
    then: str = "",
    packs: bool = False,
    reason: str = "",
    write: Path | None = None,
) -> int:
    """Print what makes cron or systemd write every due report by itself, missed months included.

    It runs each day and writes what is due, which on most days is nothing: so a machine that was off, or data
    that came late, are caught up with.

    Parameters
    ----------
    out
        The folder for the reports, as in tacgraph report --due.
    kind
        systemd: a service and a timer; cron: one line.
    at
        HH:MM, the time of day.
    then
        The command of the hand-over, as in tacgraph report.
    packs
        A pack for each agency besides; needs --reason.
    reason
        Why names of practitioners are needed.
    write
        Write the unit files (or the line) into this folder instead of printing them.
    """
    from tacgraph.scheduling import Job, texts

    if packs:
        Viewer.local(reason).must_see_names()
    job = Job.of(out, at=at, then=then, packs=packs, reason=reason)
    made = texts(job, kind)
    for name, text in made.items():
        if write is None:
            print(f"# {name}\n{text}")
        else:
            write.mkdir(parents=True, exist_ok=True)
            (write / name).write_text(text, encoding="utf-8")
            (write / name).chmod(0o600)
            say(f"written: {write / name}")
    for line in job.how(kind, write):
        say(line)
    return 0
