"""An empty installation: what it is for, the made-up example by a button, and the commands for real data."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import streamlit as st

from analysis.graph_state import load_state
from dashboards import data
from graphmodel.access import Viewer
from graphmodel.errors import EngineError, SourceError, TacgraphError
from graphmodel.settings import data_folder
from graphmodel.store import Store

CHILDREN: Final = 2_000
SEED: Final = 1
_LABELS: Final = ("Child", "Practitioner", "Agency", "Tac")
_LAST_LINES: Final = 600


@dataclass
class Loading:
    """The one example that this process makes and loads: how far it is, and what went wrong if anything."""

    home: Path
    stage: str = ""
    fault: str = ""
    began: float = 0.0
    thread: threading.Thread | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def running(self) -> bool:
        """Whether it is on its way."""
        return self.thread is not None and self.thread.is_alive()

    def start(self) -> None:
        """Begin, unless it has begun."""
        with self.lock:
            if self.running:
                return
            self.stage, self.fault, self.began = "Making the example up", "", time.monotonic()
            self.thread = threading.Thread(target=self._run, name="example", daemon=True)
            self.thread.start()

    def _run(self) -> None:
        try:
            with tempfile.TemporaryDirectory(prefix="tacgraph-example-") as folder:
                made = str(Path(folder) / "example")
                _told(["example", made, "--children", str(CHILDREN), "--seed", str(SEED)], self.home)
                # asked at the last moment: real data may have come meanwhile
                with Store.open(self.home, "reader") as store:
                    must_be_empty(store)
                self.stage = "Loading it"
                _told(["load", made], self.home)
            self.stage = "Loaded"
        except (TacgraphError, OSError) as problem:
            self.stage, self.fault = "", str(problem)


def must_be_empty(store: Store) -> None:
    """Raise `SourceError` where the graph holds anything, or a load is on its way."""
    if not load_state(store).settled:
        fault = "was not loaded: another load is running or was cut off"
        raise SourceError("the example", fault, "Wait for it.")
    for label in _LABELS:
        if store.fetch(f"MATCH (n:{label}) RETURN n LIMIT 1"):
            raise SourceError(
                "the example", "was not loaded: there are data", "Load it into a data folder of its own."
            )


def _told(arguments: list[str], home: Path) -> None:
    """Run the command line in a process of its own; a `SourceError` with its last words where it fails."""
    found = subprocess.run(
        [sys.executable, "-P", "-m", "tacgraph", *arguments],
        env={**os.environ, "TACGRAPH_HOME": str(home), "NO_COLOR": "1"},
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode:
        said = (found.stderr or found.stdout).strip()[-_LAST_LINES:]
        raise SourceError("the example", f"was not loaded ({said})", "Try the commands below.")


@st.cache_resource(show_spinner=False)
def _loading(home: str) -> Loading:
    return Loading(Path(home))


def loading() -> Loading:
    """The example's loading in this process, begun or not."""
    return _loading(str(data_folder()))


def nothing_loaded(who: Viewer) -> None:
    """The first page of an empty installation: the example by a button, and what to run for real data."""
    st.title("Nothing has been loaded yet", anchor=False)
    st.markdown(
        "This dashboard shows who works with whom around which child, once there are data: which agency "
        "leads more than its share, who is above capacity, what is done twice, which child nobody leads for."
    )
    st.header("See it with made-up data", anchor=False)
    if who.may("agree_settings"):
        _example()
    else:
        st.markdown("An administrator can load a made-up example here.")
    st.header("Load your own data", anchor=False)
    st.markdown("A folder of CSV files in the import format, or a file of a format that can be read:")
    st.code("tacgraph load PATH", language=None)
    st.markdown("`tacgraph doctor` says what is installed and reachable. Then reload this page.")
    st.markdown("A larger made-up partnership, in a data folder of its own:")
    st.code(
        "tacgraph example example-data --children 5000 --seed 1\n"
        "TACGRAPH_HOME=example-home tacgraph load example-data",
        language=None,
    )


def _example() -> None:
    now = loading()
    st.markdown(
        f"A made-up partnership with {CHILDREN:,} children: nobody in it is real. It is loaded only into an "
        "empty installation, in less than a minute; load real data into another data folder afterwards, or "
        "delete this one first."
    )
    if now.fault:
        st.error(now.fault)
    if not now.running:
        st.button("Load the made-up example", on_click=now.start, key="load-example")
    else:
        _progress()


@st.fragment(run_every=1.0)
def _progress() -> None:
    now = loading()
    if now.running:
        seconds = time.monotonic() - now.began
        st.status(f"{now.stage}… {seconds:.0f} s", state="running")
        return
    if not now.fault:
        try:
            data.ask_again()
        except EngineError as problem:
            now.fault = str(problem)
    st.rerun()
