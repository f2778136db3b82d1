"""`tacgraph dashboard` and `tacgraph doctor`."""

from __future__ import annotations

from datetime import date

from rich.console import Console
from rich.table import Table

from graphmodel.settings import data_folder
from tacgraph.console import say, table_width


def dashboard(*, port: int = 8501, as_of: date | None = None) -> int:
    """Serve the dashboard on this machine only (127.0.0.1) until Ctrl+C.

    Parameters
    ----------
    port
        The port to listen on.
    as_of
        The day that the pages open with; left out: today, or the last day of the data.
    """
    from dashboards.launch import serve

    say(f"The dashboard: http://127.0.0.1:{port} (Ctrl+C ends it)")
    return serve(data_folder(), port=port, as_of=as_of)


def doctor() -> int:
    """Say what is installed, reachable, loaded and wrong, with the mend; exit code 1 if anything is."""
    from tacgraph.doctor import examine

    checks = examine(data_folder())
    table = Table("check", "state", "what was found", "mend")
    for check in checks:
        table.add_row(check.name, "ok" if check.ok else "WRONG", check.found, check.mend)
    Console(width=table_width()).print(table)
    return 0 if all(check.ok for check in checks) else 1
