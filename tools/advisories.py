"""Hold the lock against the stored list of known faults: `python -m tools.advisories`; exit code 1 for a hit.

The list (`tools/advisories.json`) is what was known on its day, kept so that the check works without a
network. It is a floor and no replacement: `pipx run pip-audit -r requirements.lock` asks for today's.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from tools.lock import pins

LIST: Final = Path(__file__).parent / "advisories.json"


def hits(found: dict[str, str], known: list[dict[str, Any]]) -> list[str]:
    """The advisories whose versions hold one of these, in words."""
    return [
        f"{entry['package']} {found[entry['package']]}: {entry['id']} ({entry['what']}); "
        f"mended in {entry['mended']}"
        for entry in known
        if entry["package"] in found
        and SpecifierSet(entry["affected"]).contains(Version(found[entry["package"]]), prereleases=True)
    ]


def main() -> int:
    stored = json.loads(LIST.read_text(encoding="utf-8"))
    found = pins()
    wrong = hits(found, stored["advisories"])
    for line in wrong:
        print(line)
    print(
        f"{len(found)} packages against {len(stored['advisories'])} advisories as of {stored['as_of']}: "
        f"{len(wrong)} hits. For today's: pipx run pip-audit -r requirements.lock"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
