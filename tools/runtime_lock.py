"""The part of the lock that the program itself needs: `python tools/runtime_lock.py [LOCK]`.

It is for machines that install before anything is installed, so it takes the standard library alone and
reads the lock's own notes of who needs what (`# via`), not the packages' metadata. `--plain` gives pins
without digests, as pip takes them for a constraint file; `--backend` gives what builds the wheel instead.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Final

OWN: Final = "tacgraph (pyproject.toml)"
BACKEND: Final = "hatchling"
_PINNED: Final = re.compile(r"^([a-z0-9][\w.-]*)(?:\[[^\]]*\])?==([^\s;\\]+)([^\\\n]*)", re.IGNORECASE)


def entries(lock: str) -> dict[str, str]:
    """Name → the lines of its entry, digests and notes included."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in lock.splitlines():
        pinned = _PINNED.match(line)
        if pinned:
            name = pinned[1]
        if name:
            found.setdefault(name, []).append(line)
    return {name: "\n".join(lines) for name, lines in found.items()}


def needed_by(entry: str) -> set[str]:
    """Who needs a package, as the lock's notes say."""
    _, _, notes = entry.partition("# via")
    return {line.strip().removeprefix("#").strip() for line in notes.splitlines()} - {""}


def runtime(lock: str, of: str = OWN) -> dict[str, str]:
    """The entries that the program (or the package `of`, itself one of them) needs, by way of others too."""
    known = entries(lock)
    why = {name: needed_by(entry) for name, entry in known.items()}
    found = {name for name in known if of in why[name] or of == name}
    while more := {name for name in known if why[name] & found} - found:
        found |= more
    return {name: known[name] for name in sorted(found)}


def plain(entry: str) -> str:
    """An entry without its digests: name, version and where it counts, a line each."""
    found = (_PINNED.match(line) for line in entry.splitlines())
    return "\n".join(f"{pinned[1]}=={pinned[2]}{pinned[3].rstrip()}" for pinned in found if pinned)


def main(words: list[str]) -> int:
    paths = [word for word in words if not word.startswith("--")]
    root = Path(__file__).resolve().parent.parent
    lock = Path(paths[0] if paths else root / "requirements.lock").read_text(encoding="utf-8")
    found = runtime(lock, BACKEND if "--backend" in words else OWN)
    print("\n".join(plain(entry) if "--plain" in words else entry for entry in found.values()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
