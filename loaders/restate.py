"""The graph made to agree with its ledger without new files: after links or the precedence changed."""

from __future__ import annotations

import time
from collections.abc import Collection
from pathlib import Path
from typing import Final

from graphmodel.store import Store
from loaders import record
from loaders.load import _check, _folder, _recorded, _report, _Run, _write
from loaders.raw import Source
from loaders.report import LoadReport, Progress, Silent
from loaders.staging import Staging

SOURCE: Final = "links"
"""The source that the record of such a load names; it states no facts."""


def restate(
    home: Path,
    changed: Collection[tuple[str, str]] = (),
    progress: Progress | None = None,
    *,
    every: bool = False,
) -> LoadReport:
    """Make the facts that changed links concern stand in the graph as the ledger and the links have them.

    Which links changed since the graph last agreed is worked out from the ledger; `changed` (kind, id) are
    looked at again besides. `every`: all facts. Links undone come to the graph as it would be without them,
    whatever was loaded in between. Raises as `load` does.
    """
    begun = time.perf_counter()
    run = _Run(
        record.new_load_id(),
        Source(SOURCE, SOURCE, []),
        "",
        home,
        progress or Silent(),
        dry_run=False,
        replace=False,
    )
    try:
        with record.only_loader(home, "load of links"), Staging(home / record.LOADS) as stage:
            with Store.open(home, "admin") as admin:
                admin.apply_model()
            with Store.open(home, "writer") as store, _recorded(run, stage, store, every=every):
                if run.book is not None:
                    run.book.ids.look_again(changed)
                _check(run, stage, lambda _label, _ids: [])
                record.write_lists(stage, _folder(run))
                _write(run, stage, store)
            return _report(run, stage, time.perf_counter() - begun)
    finally:
        run.progress.close()
