"""What `requirements.lock` holds, and what is known of each package: licence, and what it needs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.runtime_lock import runtime

ROOT: Final = Path(__file__).resolve().parent.parent
LOCK: Final = ROOT / "requirements.lock"
ELSEWHERE: Final = "not on this system"
_LONGEST: Final = 40
_PINNED: Final = re.compile(r"^([A-Za-z0-9][\w.-]*)==([\w.!+-]+)")

# what the packages' own metadata says in words, or says only by a classifier
_WORDS: Final = {
    "MIT License": "MIT",
    "BSD License": "BSD-3-Clause",
    "BSD": "BSD-3-Clause",
    "BSD 2-Clause License": "BSD-2-Clause",
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache Software License": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "PSFL": "PSF-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}


@dataclass(frozen=True)
class Package:
    """A package of the lock. `needs` are names of others; `runtime`: the program itself needs it."""

    name: str
    version: str
    licence: str
    needs: tuple[str, ...]
    runtime: bool


def pins(lock: Path = LOCK) -> dict[str, str]:
    """Name → version of every line of a lock."""
    found = (_PINNED.match(line) for line in lock.read_text(encoding="utf-8").splitlines())
    return {canonicalize_name(m[1]): m[2] for m in found if m}


def packages(lock: Path = LOCK) -> list[Package]:
    """Every package of the lock in order of name."""
    found = pins(lock)
    needs = {name: _needs(name, found) for name in found}
    needed = runtime(lock.read_text(encoding="utf-8"))
    return [
        Package(name, version, licence(name), tuple(needs[name]), name in needed)
        for name, version in sorted(found.items())
    ]


def _needs(name: str, known: dict[str, str]) -> list[str]:
    try:
        wanted = distribution(name).requires or []
    except PackageNotFoundError:
        return []
    names = {canonicalize_name(Requirement(line).name) for line in wanted if "extra ==" not in line}
    return sorted(names & set(known))


def licence(name: str) -> str:
    """The licence as SPDX writes it, from the installed package; `ELSEWHERE` where that is not here."""
    try:
        about: Any = distribution(name).metadata
    except PackageNotFoundError:
        return ELSEWHERE
    stated = about.get("License-Expression")
    if stated:
        return str(stated)
    words = [about.get("License") or ""]
    words += [c.rpartition("::")[2].strip() for c in about.get_all("Classifier") or [] if "License ::" in c]
    for word in words:
        if word.strip() in _WORDS:
            return _WORDS[word.strip()]
    short = [word.strip() for word in words if word.strip() and "\n" not in word]
    return next((word for word in short if len(word) <= _LONGEST), "unknown")
