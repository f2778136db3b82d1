"""`tacgraph export`: the whole partnership as files for another system."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from graphmodel.access import Viewer
from graphmodel.settings import data_folder
from tacgraph.console import progress_bars, say


def export(
    out: Path,
    /,
    *,
    format: Literal["canonical", "fhir"] = "canonical",  # noqa: A002  (the option's name)
    reason: str = "",
) -> int:
    """Write what the graph holds into the new folder OUT, for another system; an audit record is kept.

    Children and practitioners are in it by id, practitioners by name too. Identity columns (children's
    names, postcodes, NHS and pupil numbers) are not, because the graph has none.

    Parameters
    ----------
    out
        A folder that is not there yet; its files are readable by you only.
    format
        canonical: CSV files of the import format, everything; fhir: FHIR R4 bundles, which carry agencies,
        practitioners, posts, children, teams, members and leads.
    reason
        Why it is exported; kept in the audit record, required.
    """
    from analysis.tables import Slice
    from graphmodel.store import Store
    from reports.exports import export as run

    home = data_folder()
    with Store.open(home) as store, progress_bars() as progress:
        found = Slice.current(store, home, progress.step("read the as-of slice"))
    done = run(found, out, format=format, viewer=Viewer.local(reason), home=home)
    each = ", ".join(f"{name} {rows:,}" for name, rows in done.tables.items())
    say(f"{done.rows:,} rows as {done.format} in {done.folder}: {each or 'nothing: the graph is empty'}")
    if done.withheld:
        say(f"{done.withheld:,} interventions of sensitive services without recorded consent are left out")
    if format == "fhir":
        say("FHIR carries no statuses, needs, assessments, services, actions, reviews and families")
    return 0
