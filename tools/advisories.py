"""Hold the lock against the stored list of known faults: `python -m tools.advisories`; exit code 1 for a hit.

The list (`tools/advisories.json`) is what was known on the days that it names, kept so that the check works
without a network. `--refresh [FOLDER]` renews it for every package of the lock from the Python Packaging
Advisory Database (FOLDER: a clone of it; left out: git makes one); entries made by hand stay until it has
them. It is a floor and no replacement: `pipx run pip-audit -r requirements.lock` asks for today's.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, Final

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from tools.lock import pins

LIST: Final = Path(__file__).parent / "advisories.json"
DATABASE: Final = "https://github.com/pypa/advisory-database"
_LONGEST: Final = 120


def hits(found: dict[str, str], known: list[dict[str, Any]]) -> list[str]:
    """The advisories whose versions hold one of these, in words."""
    return [
        f"{entry['package']} {found[entry['package']]}: {entry['id']} ({entry['what']}); "
        f"mended in {entry['mended'] or 'no version yet'}"
        for entry in known
        if entry["package"] in found and _holds(entry, Version(found[entry["package"]]))
    ]


def _holds(entry: dict[str, Any], version: Version) -> bool:
    """Whether one of an advisory's ranges, or its list of versions, holds a version."""
    if any(SpecifierSet(each).contains(version, prereleases=True) for each in entry["affected"]):
        return True
    return any(_version(each) == version for each in entry.get("versions", []))


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None


# -- renewing it ---------------------------------------------------------------------------------------------


def entry_of(record: dict[str, Any], package: str) -> dict[str, Any] | None:
    """A record of the database (OSV's format) as an entry of the list; None where it is withdrawn.

    Ranges that count by version are taken; where there is none, the versions that are listed one by one.
    """
    parts = [
        part
        for part in record.get("affected", [])
        if part["package"]["ecosystem"] == "PyPI" and canonicalize_name(part["package"]["name"]) == package
    ]
    if record.get("withdrawn") or not parts:
        return None
    events = [
        spread["events"]
        for part in parts
        for spread in part.get("ranges", [])
        if spread["type"] in {"ECOSYSTEM", "SEMVER"}
    ]
    listed = [] if events else sorted({str(v) for part in parts for v in part.get("versions", [])})
    mended = sorted({str(e["fixed"]) for each in events for e in each if "fixed" in e}, key=Version)
    return {
        "id": record["id"],
        "aliases": sorted(record.get("aliases", [])),
        "package": package,
        "affected": [spec for each in events for spec in _ranges(each)],
        **({"versions": listed} if listed else {}),
        "mended": ", ".join(mended),
        "what": _first_words(str(record.get("summary") or record.get("details") or "")),
    }


def _ranges(events: list[dict[str, Any]]) -> Iterator[str]:
    """The events of a range, in order, as specifiers: from where it came in to where it was mended."""
    begun: str | None = None
    for event in events:
        if "introduced" in event:
            if begun is not None:
                yield begun
            begun = f">={event['introduced']}"
        elif begun is not None:
            yield f"{begun},<{event['fixed']}" if "fixed" in event else f"{begun},<={event['last_affected']}"
            begun = None
    if begun is not None:
        yield begun


def _first_words(text: str) -> str:
    first = " ".join(text.split()).split(". ")[0].rstrip(".")
    return first if len(first) <= _LONGEST else first[: _LONGEST - 1].rsplit(" ", 1)[0] + "…"


def renewed(stored: dict[str, Any], folder: Path, names: set[str], as_of: str, commit: str) -> dict[str, Any]:
    """The list with all that a clone of the database says of these packages, and what was made by hand.

    An entry made by hand goes once the database has its id, or had it when it was withdrawn.
    """
    import yaml  # type: ignore[import-untyped]  # noqa: PLC0415  (in the lock; the check itself needs none)

    fresh, there = [], set[str]()
    for name in sorted(names):
        for path in sorted((folder / "vulns" / name).glob("*.yaml")):
            record = yaml.safe_load(path.read_text(encoding="utf-8"))
            there |= {record["id"], *record.get("aliases", [])}
            entry = entry_of(record, name)
            fresh += [entry] if entry else []
    kept = [entry for entry in stored["by_hand"] if entry["id"] not in there]
    source = {"name": DATABASE, "as_of": as_of, "commit": commit, "licence": "CC-BY-4.0"}
    return {**stored, "database": source, "by_hand": kept, "from_database": fresh}


def refresh(folder: Path | None) -> None:
    """Renew the stored list. Raises `CalledProcessError` where git cannot be run or reach the database."""
    with tempfile.TemporaryDirectory() as made:
        place = folder or Path(made)
        if folder is None:
            subprocess.run(["git", "clone", "--quiet", "--depth", "1", DATABASE, made], check=True)
        last = ["git", "-C", str(place), "log", "-1", "--format=%cs %H"]
        told = subprocess.run(last, check=True, capture_output=True, text=True)
        as_of, commit = told.stdout.split()
        stored = json.loads(LIST.read_text(encoding="utf-8"))
        _write(renewed(stored, place, set(pins()), as_of, commit))


def _write(document: dict[str, Any]) -> None:
    """One line an entry, so that a change of one is a change of one line."""
    parts = {name: document[name] for name in ("database", "by_hand_as_of")}
    lines = [f" {json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}" for name, value in parts.items()]
    for name in ("by_hand", "from_database"):
        entries = ",\n".join(f"  {json.dumps(entry, ensure_ascii=False)}" for entry in document[name])
        lines.append(f" {json.dumps(name)}: [\n{entries}\n ]")
    LIST.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def known() -> list[dict[str, Any]]:
    """Every entry of the stored list."""
    stored = json.loads(LIST.read_text(encoding="utf-8"))
    return [*stored["by_hand"], *stored["from_database"]]


def main(words: list[str]) -> int:
    if "--refresh" in words:
        refresh(Path(words[1]) if words[1:] else None)
    stored, found = json.loads(LIST.read_text(encoding="utf-8")), pins()
    wrong = hits(found, known())
    for line in wrong:
        print(line)
    days = (date.today() - date.fromisoformat(stored["by_hand_as_of"])).days  # noqa: DTZ011  (a count of days)
    print(
        f"{len(found)} packages against {len(known())} advisories (the database of "
        f"{stored['database']['as_of']}, by hand until {stored['by_hand_as_of']}, {days} days ago): "
        f"{len(wrong)} hits. For today's: pipx run pip-audit -r requirements.lock"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
