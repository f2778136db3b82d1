"""`tacgraph engine start|stop|status`: the embedded engine of the data folder."""

from __future__ import annotations

from cyclopts import App

from graphmodel import engine
from graphmodel.settings import data_folder, named_database, settings
from tacgraph.console import say

app = App(name="engine", help="The embedded engine of the data folder (TACGRAPH_HOME).")


@app.command
def start() -> None:
    """Start the embedded engine, or find the one that runs."""
    endpoint = engine.ensure_running(data_folder(), idle_seconds=settings().engine.idle_seconds, on_wait=say)
    print(endpoint.uri)
    if named_database():
        say("NEO4J_URI is set, so the other commands use the database that it names, not this engine.")


@app.command
def stop() -> int:
    """Stop the embedded engine; exit code 0 also where none ran."""
    stopped = engine.stop(data_folder())
    say("The embedded engine has stopped." if stopped else "No embedded engine was running.")
    return 0


@app.command
def status() -> int:
    """Say whether the embedded engine runs, since when and where; exit code 3 where it does not."""
    found = engine.status(data_folder())
    if not found.running:
        print(f"not running ({found.home})")
        return 3
    uptime = f"{found.uptime_seconds:,.0f} s" if found.uptime_seconds is not None else "unknown"
    print(
        f"running: {found.uri} (process {found.pid}), up {uptime}, {found.disk_bytes / 1e6:,.0f} MB on disk"
    )
    return 0
