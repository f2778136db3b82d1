"""What strangers get: the wheel and the source archive, the list of parts, licences."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tools.dist import build, faults_of_source, faults_of_wheel, wanted
from tools.lock import ELSEWHERE, LOCK, Package, packages, pins
from tools.runtime_lock import BACKEND, plain, runtime
from tools.sbom import bom

DATA = {".toml", ".typ", ".js", ".cypher", ".ttf", ".otf", ".j2"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return build(tmp_path_factory.mktemp("dist"))


def test_the_archives_hold_every_file_and_sound_metadata(built: tuple[Path, Path]) -> None:
    wheel, source = built
    files = wanted()
    assert faults_of_wheel(wheel, files) == []
    assert faults_of_source(source) == []
    kinds = {Path(name).suffix for name in files}
    assert {".toml", ".typ", ".cypher", ".j2", ".py"} <= kinds
    with zipfile.ZipFile(wheel) as archive:
        for name in files:
            if Path(name).suffix in DATA:
                assert archive.read(name)


def test_a_wheel_that_lacks_or_leaks_a_file_is_found(built: tuple[Path, Path], tmp_path: Path) -> None:
    wheel = tmp_path / built[0].name
    shutil.copy(built[0], wheel)
    assert faults_of_wheel(wheel, {*wanted(), "reports/gone.typ"}) == ["reports/gone.typ is missing"]
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("graphmodel/identity.key", "secret")
    assert faults_of_wheel(wheel, wanted()) == ["graphmodel/identity.key must not be in it"]


def test_the_list_of_parts_is_the_lock() -> None:
    found = packages()
    document = bom(found, "1.2.3")
    assert json.loads(json.dumps(document)) == bom(packages(), "1.2.3")
    assert {(c["name"], c["version"]) for c in document["components"]} == set(pins().items())
    refs = {c["bom-ref"] for c in document["components"]} | {document["metadata"]["component"]["bom-ref"]}
    for entry in document["dependencies"]:
        assert {entry["ref"], *entry["dependsOn"]} <= refs
    needed = {c["name"] for c in document["components"] if c["scope"] == "required"}
    assert {"neo4j", "duckdb", "streamlit", "authlib", "cryptography", "numpy"} <= needed
    assert not {"pytest", "ruff", "mypy", "playwright", "hypothesis"} & needed


def test_what_the_program_needs_has_a_licence_that_may_be_shared() -> None:
    free = ("MIT", "BSD", "Apache", "PSF", "MPL-2.0", "ISC", "0BSD", "Python-2.0", "Zlib", "CC0")
    for package in packages():
        if package.runtime and package.licence != ELSEWHERE:
            parts = package.licence.replace(" OR ", " AND ").split(" AND ")
            assert all(part.startswith(free) for part in parts), package


def test_what_the_program_needs_is_told_from_what_its_tests_need() -> None:
    found = runtime(LOCK.read_text(encoding="utf-8"))
    assert {"neo4j", "streamlit", "authlib", "httpx", "numpy", "pydantic-core"} <= set(found)
    assert not {"pytest", "ruff", "hypothesis", "playwright", "hatchling"} & set(found)
    backend = runtime(LOCK.read_text(encoding="utf-8"), BACKEND)
    assert {"hatchling", "pluggy", "packaging"} <= set(backend)
    assert not {"streamlit", "pytest"} & set(backend)
    # a package with a version for each Python keeps both
    lines = [line for entry in found.values() for line in plain(entry).splitlines()]
    assert {Requirement(line).name for line in lines} == set(found)
    assert len([line for line in lines if line.startswith("numpy==")]) == LOCK.read_text().count("\nnumpy==")
    for entry in found.values():
        assert "--hash=sha256:" in entry


def test_a_package_says_what_it_needs() -> None:
    by_name: dict[str, Package] = {package.name: package for package in packages()}
    assert "pandas" not in by_name["numpy"].needs
    assert "numpy" in by_name["pandas"].needs
    assert not by_name["pytest"].runtime
