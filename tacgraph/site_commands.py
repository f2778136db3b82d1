"""`tacgraph dashboard`, `tacgraph doctor` and `tacgraph completion`."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from cyclopts import Parameter
from rich.console import Console
from rich.markup import escape

from graphmodel.settings import data_folder
from tacgraph.console import Table, say, table_width


def dashboard(*, port: int = 8501, as_of: date | None = None, only_signed_in: bool = False) -> int:
    """Serve the dashboard on this machine only (127.0.0.1) until Ctrl+C.

    Parameters
    ----------
    port
        The port to listen on.
    as_of
        The day that the pages open with; left out: today, or the last day of the data.
    only_signed_in
        Refuse to start unless sign-in over https is set up: for a dashboard behind a web server.
    """
    from dashboards.launch import serve
    from dashboards.provider import must_be_signed_in

    if only_signed_in:
        must_be_signed_in(data_folder(), port)
    say(f"The dashboard: http://127.0.0.1:{port} (Ctrl+C ends it)")
    return serve(data_folder(), port=port, as_of=as_of)


def doctor(*, every: Annotated[bool, Parameter(name="--all")] = False) -> int:
    """Say what is wrong with installation, data folder, database and loads, each with the mend.

    Nothing is printed to standard output where all is well. Exit code 0: nothing is wrong (what is worth a
    look may be listed); 1: something is.

    Parameters
    ----------
    every
        List what is well besides.
    """
    from tacgraph.doctor import examine

    checks = examine(data_folder())
    shown = [check for check in checks if every or not check.ok]
    if shown:
        table = Table("check", "state", "what was found", "mend")
        for check in shown:
            table.add_row(check.name, check.state, *(escape(text) for text in (check.found, check.mend)))
        Console(width=table_width()).print(table)
    well = sum(check.ok for check in checks)
    rest = "" if every else " All of them: tacgraph doctor --all"
    say(f"{well} of {len(checks)} checks are well.{rest}")
    return 1 if any(check.state == "WRONG" for check in checks) else 0


def completion(shell: Literal["bash", "zsh", "fish"], /) -> int:
    """Print what lets a shell complete commands and options; nothing is written anywhere.

    For bash: `tacgraph completion bash > ~/.local/share/bash-completion/completions/tacgraph`.
    """
    from tacgraph.cli import app

    print(app.generate_completion(shell=shell))
    return 0
