"""Try the archives as strangers will: `python -m tools.dist_check [OUT]`. Needs a network and some minutes.

The usual tools look at them; wheel and source archive are each installed with real pip into an environment of
their own, and the wheel with real pipx; each is used from an empty folder and taken out again. The tools
come into an environment that is thrown away, so the project does not depend on them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Final

from tools.dist import CONSTRAINTS, build, main
from tools.lock import ROOT

TOOLS: Final = (
    *("build==1.6.1", "twine==7.0.0", "check-wheel-contents==0.6.3", "pyroma==5.0.1", "pipx==1.18.4"),
    "hatchling==1.33.0",
)
LEAST_RATING: Final = 8
"""Of pyroma's ten: what it misses is an address of the project and one of its authors."""
DAY: Final = "2026-09-30"


def say(text: str) -> None:
    print(f"== {text}", flush=True)


def run(*words: str | Path, folder: Path, **more: str) -> None:
    """Run a command without settings of this project or user. Raises `CalledProcessError` where it fails."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("NEO4J_", "TACGRAPH_", "PYTHON"))}
    subprocess.run([str(word) for word in words], cwd=folder, env={**kept, **more}, check=True)


def environment(folder: Path, *, pip: bool = True) -> Path:
    """A fresh environment; its programs."""
    venv.create(folder, with_pip=pip, symlinks=True)
    return folder / "bin"


def use(tacgraph: Path, folder: Path) -> None:
    """What a stranger does first, in an empty folder; only the data and what was asked for stay there."""
    folder.mkdir()
    run(tacgraph, "--version", folder=folder)
    run(tacgraph, "example", "example", "--children", "60", "--seed", "1", folder=folder)
    try:
        run(tacgraph, "load", "example", folder=folder)
        run(tacgraph, "query", "workload", "--as-of", DAY, "--format", "csv", folder=folder)
        run(tacgraph, "report", "--month", DAY[:7], "--out", "report", folder=folder)
        run(tacgraph, "doctor", folder=folder)
    finally:
        run(tacgraph, "engine", "stop", folder=folder)
    left = {path.name for path in folder.iterdir()} - {".tacgraph", "example", "report"}
    if left:
        raise SystemExit(f"left behind in the folder: {sorted(left)}")


def look(tools: Path, wheel: Path, source: Path, folder: Path) -> None:
    """The usual tools, and the same bytes again from both."""
    run(tools / "twine", "check", "--strict", wheel, source, folder=folder)
    run(tools / "check-wheel-contents", "--config", ROOT / "pyproject.toml", wheel, folder=folder)
    run(tools / "pyroma", "--min", str(LEAST_RATING), source, folder=folder)
    run(tools / "python", "-m", "build", "--no-isolation", "--outdir", folder / "again", ROOT, folder=folder)
    for file in (wheel, source):
        if (folder / "again" / file.name).read_bytes() != file.read_bytes():
            raise SystemExit(f"{file.name}: other bytes when it is built again")


def check(out: Path) -> None:
    """All of it. Raises `CalledProcessError` or `SystemExit` where something fails."""
    wheel, source = build(out)
    constrained = ("--quiet", "--constraint", str(out.resolve() / CONSTRAINTS))
    with tempfile.TemporaryDirectory() as made:
        place = Path(made)
        tools = environment(place / "tools")
        run(tools / "pip", "install", "--quiet", *TOOLS, folder=place)
        say("the usual tools")
        look(tools, wheel.resolve(), source.resolve(), place)
        for archive in (wheel, source):
            say(f"pip install {archive.name}")
            bin_ = environment(place / "environment")
            run(bin_ / "pip", "install", *constrained, archive.resolve(), folder=place)
            use(bin_ / "tacgraph", place / "empty")
            run(bin_ / "pip", "uninstall", "--quiet", "--yes", "tacgraph", folder=place)
            for used in ("environment", "empty"):
                shutil.rmtree(place / used)
        say("pipx install")
        own = {"PIPX_HOME": str(place / "pipx"), "PIPX_BIN_DIR": str(place / "bin")}
        words = ("install", f"--pip-args={' '.join(constrained)}", str(wheel.resolve()))
        run(tools / "pipx", *words, folder=place, **own)
        use(place / "bin" / "tacgraph", place / "empty")
        run(tools / "pipx", "uninstall", "tacgraph", folder=place, **own)
        if any((place / "bin").iterdir()):
            raise SystemExit("pipx left a command behind")
    say("all well")


if __name__ == "__main__":
    target = Path(sys.argv[1]) if sys.argv[1:] else ROOT / "dist"
    if main(target):
        sys.exit(1)
    check(target)
