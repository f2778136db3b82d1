"""The list of parts (CycloneDX 1.6, JSON), from the lock: `python -m tools.sbom OUT`."""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path
from typing import Any

from tools.lock import ELSEWHERE, ROOT, Package, packages


def bom(found: list[Package], version: str) -> dict[str, Any]:
    """The document: every package with version, licence, whether the program itself needs it, and its needs.

    The same lock gives the same text. Digests of the files are in the lock, several for each package.
    """
    own = f"pkg:pypi/tacgraph@{version}"
    at = {package.name: f"pkg:pypi/{package.name}@{package.version}" for package in found}
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": own,
                "name": "tacgraph",
                "version": version,
                "purl": own,
                "licenses": [{"license": {"id": "Apache-2.0"}}],
            }
        },
        "components": [_component(package, at[package.name]) for package in found],
        "dependencies": [
            {"ref": own, "dependsOn": sorted(at[p.name] for p in found if p.runtime)},
            *({"ref": at[p.name], "dependsOn": [at[name] for name in p.needs]} for p in found),
        ],
    }


def _component(package: Package, ref: str) -> dict[str, Any]:
    named: list[dict[str, Any]] = []
    if package.licence not in {ELSEWHERE, "unknown"}:
        joined = any(word in package.licence for word in (" AND ", " OR ", " WITH "))
        named = [{"expression": package.licence}] if joined else [{"license": {"name": package.licence}}]
    return {
        "type": "library",
        "bom-ref": ref,
        "name": package.name,
        "version": package.version,
        "scope": "required" if package.runtime else "excluded",
        "purl": ref,
        **({"licenses": named} if named else {}),
    }


def main(out: Path) -> int:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    found = packages()
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(bom(found, version), indent=1) + "\n", encoding="utf-8")
    print(f"{len(found)} parts, of which {sum(p.runtime for p in found)} the program needs: {out}")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
