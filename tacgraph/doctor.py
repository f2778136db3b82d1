"""What is wrong with a set-up, each fault with its mend (docs/install.md lists the commonest)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from graphmodel.errors import TacgraphError
from graphmodel.settings import named_database
from graphmodel.store import Store
from tacgraph import doctor_folder, doctor_machine
from tacgraph.doctor_check import Check, guarded, of_fault, well
from tacgraph.doctor_graph import of_graph


def examine(home: Path) -> list[Check]:
    """Run every check; those of the graph are left out where the database cannot be reached.

    Nothing is changed, but for the embedded engine, which is started where it does not run. No fault of the
    set-up and no damaged file ends in an exception.
    """
    before: tuple[tuple[str, Callable[[], Check]], ...] = (
        ("python", doctor_machine.python),
        ("packages", doctor_machine.packages),
        ("settings", doctor_machine.settings),
        ("environment", doctor_machine.variables),
        ("data folder", lambda: doctor_folder.folder(home)),
        ("place", lambda: doctor_folder.place(home)),
        ("secrets", lambda: doctor_folder.secrets(home)),
        ("disk", lambda: doctor_machine.disk(home)),
        ("memory", doctor_machine.memory),
        ("clock", lambda: doctor_folder.clock(home)),
        ("sign-in", lambda: doctor_machine.sign_in(home)),
        ("port", doctor_machine.port),
        ("audit record", lambda: doctor_folder.audit(home)),
        ("identity key", lambda: doctor_folder.identity_key(home)),
        ("stored files", lambda: doctor_folder.stored(home)),
        ("engine", lambda: doctor_folder.embedded(home)),
    )
    checks = [guarded(name, check) for name, check in before]
    if checks[-1].ok:
        checks.extend(_database(home))
    return checks


def _database(home: Path) -> list[Check]:
    found: list[Check] = []

    def open_and_look() -> Check:
        with Store.open(home) as store:
            where = "NEO4J_URI" if named_database() else "embedded engine"
            found.extend(of_graph(store))
            return well("database", f"{store.uri} ({where})")

    try:
        return [open_and_look(), *found]
    except TacgraphError as fault:
        return [of_fault("database", fault)]
