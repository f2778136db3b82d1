"""The wheel as a stranger has it: installed apart from the checkout, used from an empty folder, taken out."""

from __future__ import annotations

import os
import re
import site
import socket
import subprocess
import sys
import tarfile
import time
import urllib.error
import urllib.request
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tools.dist import build

USED = """
import analysis, dashboards, graphmodel, importlib.resources, loaders, queries, reports, sys, tacgraph
import reports.paper, loaders.sources.annex_a, loaders.sources.ssd, loaders.sources.fhir
from graphmodel.settings import SCHEMES, load_settings, scheme_values
for package in (analysis, dashboards, graphmodel, loaders, queries, reports, tacgraph):
    assert package.__file__.startswith({folder!r}), package.__file__
assert load_settings().version and len(queries.catalogue()) > 20
assert [scheme_values(file.stem) for file in SCHEMES.glob("*.toml")]
"""


@dataclass(frozen=True)
class Stranger:
    """An environment of its own with the wheel in it, and an empty folder to work in."""

    environment: Path
    folder: Path

    @property
    def python(self) -> Path:
        return self.environment / "bin" / "python"

    def variables(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("NEO4J_", "TACGRAPH_", "PYTHON"))}
        return {**kept, "NO_COLOR": "1", "COLUMNS": "200", "PYTHONDONTWRITEBYTECODE": "1"}

    def run(self, *words: str) -> str:
        """What a command says, both streams; it must succeed."""
        ran = subprocess.run(
            words, cwd=self.folder, env=self.variables(), check=False, capture_output=True, text=True
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout + ran.stderr

    def tacgraph(self, *words: str) -> str:
        return self.run(str(self.environment / "bin" / "tacgraph"), *words)

    def pip(self, *words: str) -> str:
        python = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(self.python))
        return self.run(*python, *words)

    def files(self) -> set[str]:
        return {str(path.relative_to(self.environment)) for path in self.environment.rglob("*")}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return build(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def stranger(built: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stranger]:
    """Dependencies come from the tests' environment by path: not the checkout, which a .pth adds."""
    place = tmp_path_factory.mktemp("stranger")
    found = Stranger(place / "environment", place / "empty")
    found.folder.mkdir()
    venv.create(found.environment, with_pip=False, symlinks=True)
    own = next(found.environment.glob("lib/python*/site-packages"))
    (own / "dependencies.pth").write_text("\n".join(site.getsitepackages()), encoding="utf-8")
    before = found.files()
    found.pip("install", "--quiet", "--no-deps", "--no-index", str(built[0]))
    yield found
    found.tacgraph("engine", "stop")
    found.pip("uninstall", "--quiet", "--yes", "tacgraph")
    assert found.files() == before
    assert {path.name for path in found.folder.iterdir()} <= {".tacgraph", "example", "report"}


def test_every_module_and_file_comes_from_the_wheel(stranger: Stranger) -> None:
    stranger.run(str(stranger.python), "-c", USED.format(folder=str(stranger.environment)))
    version = stranger.tacgraph("--version").strip()
    assert re.fullmatch(r"\d+\.\d+\.\d+", version)
    assert stranger.run(str(stranger.python), "-m", "tacgraph", "--version").strip() == version


def test_from_an_empty_folder_to_figures_a_report_and_pages(stranger: Stranger) -> None:
    stranger.tacgraph("example", "example", "--children", "60", "--seed", "1")
    assert "rows in" in stranger.tacgraph("load", "example")
    assert "practitioner_id," in stranger.tacgraph(
        "query", "workload", "--as-of", "2026-09-30", "--format", "csv"
    )
    stranger.tacgraph("report", "--month", "2026-09", "--out", "report")
    pdf = (stranger.folder / "report" / "workload-2026-09.pdf").read_bytes()
    # the font of the package, not one of this machine
    assert b"SourceSansPro" in pdf
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(stranger.environment / "bin" / "tacgraph"), "dashboard", "--port", str(port)]
    with subprocess.Popen(
        command, cwd=stranger.folder, env=stranger.variables(), stderr=subprocess.DEVNULL
    ) as server:
        try:
            assert _answer(f"http://127.0.0.1:{port}/_stcore/health") == b"ok"
            assert b"<html" in _answer(f"http://127.0.0.1:{port}/")
        finally:
            server.terminate()
    assert (stranger.folder / ".tacgraph").stat().st_mode & 0o077 == 0


def _answer(address: str) -> bytes:
    end = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310  (our own)
                return bytes(answer.read())
        except (urllib.error.URLError, ConnectionError):
            assert time.monotonic() < end
            time.sleep(0.1)


def test_a_shell_completes_the_commands(stranger: Stranger) -> None:
    script = stranger.folder.parent / "completion.bash"
    script.write_text(stranger.tacgraph("completion", "bash"), encoding="utf-8")
    asked = f'source {script}; COMP_WORDS=(tacgraph over); COMP_CWORD=1; _tacgraph; echo "${{COMPREPLY[@]}}"'
    assert "overload" in stranger.run("bash", "--norc", "-c", asked)


def test_the_same_bytes_again_and_the_source_archive_makes_the_same_wheel(
    built: tuple[Path, Path], tmp_path: Path
) -> None:
    with tarfile.open(built[1]) as archive:
        archive.extractall(tmp_path / "source", filter="data")
    root = next((tmp_path / "source").iterdir())
    first, second = build(tmp_path / "first", root), build(tmp_path / "second", root)
    assert [file.read_bytes() for file in first] == [file.read_bytes() for file in second]
    assert first[0].read_bytes() == built[0].read_bytes()
