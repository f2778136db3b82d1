"""Build the wheel and the source archive and look at what is in them: `python -m tools.dist [OUT]`.

Beside them `constraints.txt`: the versions of everything that the program needs, for whoever installs it.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path
from typing import Final

from packaging.metadata import Metadata

from tools.lock import LOCK, ROOT
from tools.runtime_lock import plain, runtime

CONSTRAINTS: Final = "constraints.txt"
SPOILT: Final = (".pyc", ".env", ".key", ".pem", ".secrets.json", ".duckdb")


def build(out: Path, root: Path = ROOT) -> tuple[Path, Path]:
    """The wheel and the source archive of a source tree, made by the pinned backend: the same bytes again."""
    out.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(out.resolve())]
    subprocess.run(command, cwd=root, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    version = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    return out / f"tacgraph-{version}-py3-none-any.whl", out / f"tacgraph-{version}.tar.gz"


def wanted() -> set[str]:
    """The files under version control that belong in the wheel: every file of every package."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    parts = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", *parts], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return {name for name in listed.stdout.split("\0") if name and (ROOT / name).exists()}


def faults_of_wheel(wheel: Path, files: set[str]) -> list[str]:
    """What is wrong with a wheel, in words: files it lacks or should not have, metadata that is none."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        about = next(name for name in names if name.endswith(".dist-info/METADATA"))
        text = archive.read(about)
    wrong = [f"{name} is missing" for name in sorted(files - names)]
    wrong += [f"{name} must not be in it" for name in sorted(names) if name.endswith(SPOILT)]
    folder = about.split("/")[0]
    wrong += [f"{name} must not be in it" for name in sorted(names) if name.startswith(("tests/", "docs/"))]
    wrong += [
        f"{folder}/{name} is missing" for name in ("entry_points.txt",) if f"{folder}/{name}" not in names
    ]
    if not any(name.startswith(f"{folder}/licenses/") for name in names):
        wrong.append("the licence is missing")
    try:
        metadata = Metadata.from_email(text, validate=True)
    except ExceptionGroup as fault:
        return [*wrong, *(f"metadata: {part}" for part in fault.exceptions)]
    if not metadata.description or metadata.description_content_type != "text/markdown":
        wrong.append("metadata: the description is missing or of no known type")
    return wrong


def faults_of_source(source: Path) -> list[str]:
    """What is wrong with a source archive: files it needs to be built, and files it should not have."""
    with tarfile.open(source) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    needed = {"pyproject.toml", "README.md", "LICENSE", "requirements.lock", *wanted()}
    wrong = [f"{name} is missing" for name in sorted(needed - names)]
    return wrong + [f"{name} must not be in it" for name in sorted(names) if name.endswith(SPOILT)]


def constraints(lock: str) -> str:
    """The versions that the tests ran with, as pip takes them for a constraint file."""
    return "".join(f"{plain(entry)}\n" for entry in runtime(lock).values())


def main(out: Path) -> int:
    wheel, source = build(out)
    (out / CONSTRAINTS).write_text(constraints(LOCK.read_text(encoding="utf-8")), encoding="utf-8")
    wrong = faults_of_wheel(wheel, wanted()) + faults_of_source(source)
    for line in wrong:
        print(line)
    sizes = ", ".join(f"{file.name} ({file.stat().st_size / 1e6:.1f} MB)" for file in (wheel, source))
    print(f"{sizes}: {len(wrong)} faults")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if sys.argv[1:] else ROOT / "dist"))
