"""`tacgraph backup` and `tacgraph restore`: the whole of an installation as one file, and back."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter

from graphmodel.errors import SettingsError, SourceError
from graphmodel.settings import data_folder, named_database
from tacgraph.console import progress_bars, say, warn

PASSPHRASE: Final = "TACGRAPH_BACKUP_PASSPHRASE"  # noqa: S105  (the name of the variable)
_KEY_WORDS: Final = {
    "inside": "The identity key is inside: whoever has the archive can try NHS numbers against its hashes.",
    "left out": "The identity key is not inside: keep it elsewhere, the next load after a restore needs it.",
    "in the environment": "The identity key is not inside (TACGRAPH_IDENTITY_KEY): keep it elsewhere.",
    "none yet": "There is no identity key yet.",
}


def backup(
    out: Path,
    /,
    *,
    passphrase_file: Path | None = None,
    without_key: Annotated[bool, Parameter(negative="")] = False,
    force: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Write the graph and the data folder's files to one archive, readable by its owner alone.

    The archive holds children's records, the audit record and the identity key; not the engine's passwords
    and not the secrets of a sign-in. With a passphrase (this option, or
    TACGRAPH_BACKUP_PASSPHRASE) it is sealed.

    Parameters
    ----------
    out
        The file to write: .tar, .tar.gz or .tar.zst.
    passphrase_file
        A file that holds the passphrase.
    without_key
        Leave the identity key out.
    force
        Write over a file that is there.
    """
    from loaders.backup import back_up

    passphrase = _passphrase(passphrase_file)
    with progress_bars() as progress:
        found = back_up(
            data_folder(),
            out,
            passphrase=passphrase,
            with_key=not without_key,
            force=force,
            progress=progress,
        )
    nodes, links = sum(found.nodes.values()), sum(found.relationships.values())
    size = out.stat().st_size / 1e6
    say(f"{nodes:,} nodes, {links:,} relationships and {len(found.files):,} files in {out} ({size:,.1f} MB)")
    say(_KEY_WORDS[found.identity_key])
    if passphrase is None:
        warn(
            "It is not sealed: give a passphrase, or keep it where only those may read who may see children."
        )
    return 0


def restore(
    file: Path,
    /,
    *,
    into: Path,
    passphrase_file: Path | None = None,
    force: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Restore a backup into a data folder, and verify that all of it is there.

    The graph goes into the folder's own engine, or into the empty database that NEO4J_URI names, whichever of
    the two it came from.

    Parameters
    ----------
    file
        What tacgraph backup wrote.
    into
        The data folder to make; TACGRAPH_HOME names it afterwards.
    passphrase_file
        A file that holds the passphrase.
    force
        Move aside what is in the folder, and empty the database.
    """
    from loaders.backup import restore as run

    with progress_bars() as progress:
        found, aside = run(
            file, into, passphrase=_passphrase(passphrase_file), force=force, progress=progress
        )
    nodes, links = sum(found.nodes.values()), sum(found.relationships.values())
    say(f"{nodes:,} nodes and {links:,} relationships restored, read back and found equal.")
    say(f"They are as load {found.load_id} left them; the backup is of {found.made_at}.")
    say(f"The graph is in {'the database of NEO4J_URI' if named_database() else 'the embedded engine'}.")
    say(f"Set TACGRAPH_HOME={into.resolve()} to use it.")
    if found.identity_key != "inside":
        say(_KEY_WORDS[found.identity_key])
    if aside is not None:
        say(f"What was there before is in {aside.name}, beside it.")
    return 0


def _passphrase(file: Path | None) -> str | None:
    from loaders.backup.sealing import SHORTEST_PASSPHRASE

    if file is None:
        found = os.environ.get(PASSPHRASE)
    else:
        try:
            found = file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as fault:
            raise SourceError(f"passphrase file {file.name}", "cannot be read", "Name another.") from fault
    if found is not None and len(found) < SHORTEST_PASSPHRASE:
        raise SettingsError(
            "the passphrase",
            f"is shorter than {SHORTEST_PASSPHRASE} characters",
            "Take four words or more.",
        )
    return found
