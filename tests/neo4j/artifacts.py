"""Java and the jars: what a Neo4j server needs before it can be started."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

POM = Path(__file__).with_name("pom.xml")
MINIMUM_JAVA = 17
RESOLVE_SECONDS = 1800


class Neo4jUnavailable(RuntimeError):
    """The server could not be had: the message names what is missing and the mend."""


def neo4j_version(pom: Path = POM) -> str:
    """The pinned version, read from the pom."""
    found = ET.parse(pom).getroot().findtext("{*}properties/{*}neo4j.version")  # noqa: S314  our own file
    if not found:
        message = f"{pom}: no <neo4j.version> property; put the pinned version back"
        raise Neo4jUnavailable(message)
    return found


def cache_folder() -> Path:
    """Where jars are kept: `TACGRAPH_NEO4J_CACHE`, else `~/.cache/tacgraph`."""
    chosen = os.environ.get("TACGRAPH_NEO4J_CACHE")
    return Path(chosen) if chosen else Path.home() / ".cache" / "tacgraph"


def find_java() -> str:
    """The `java` of `JAVA_HOME`, else of the path; `Neo4jUnavailable` unless it is 17 or newer."""
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    mend = "apt-get install openjdk-17-jre-headless, or set JAVA_HOME"
    if java is None or not Path(java).is_file():
        raise Neo4jUnavailable(f"Java: {java or 'no java on the path'} not found; {mend}")
    answer = subprocess.run([java, "-version"], capture_output=True, text=True, check=False, timeout=60)
    found = re.search(r'version "(?:1\.)?(\d+)', answer.stderr)
    if found is None or int(found[1]) < MINIMUM_JAVA:
        said = (answer.stderr.splitlines() or ["nothing"])[0]
        raise Neo4jUnavailable(f"Java: {java} says {said}; Neo4j 5.26 needs {MINIMUM_JAVA} or newer; {mend}")
    return java


def resolve_jars(pom: Path = POM) -> Path:
    """The folder of the server's jars, resolved by Maven at the first call and kept.

    Keyed by the pom's hash, so a changed pin resolves anew. Of two processes at once, one resolves and the
    other waits at a file lock; a folder appears only when complete. `Neo4jUnavailable` without Maven or when
    it fails.
    """
    key = hashlib.sha256(pom.read_bytes()).hexdigest()[:16]
    base = cache_folder() / f"neo4j-{neo4j_version(pom)}"
    jars = base / key
    if jars.is_dir():
        return jars
    base.mkdir(parents=True, exist_ok=True)
    with (base / f"{key}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not jars.is_dir():
            _copy_with_maven(pom, jars)
    return jars


def _copy_with_maven(pom: Path, jars: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise Neo4jUnavailable(
            "Maven: no mvn on the path; apt-get install maven, or set NEO4J_URI to a server"
        )
    print(f"Neo4j {neo4j_version(pom)}: resolving about 120 MB of Maven artifacts, once…", file=sys.stderr)
    with tempfile.TemporaryDirectory(dir=jars.parent, prefix=f"{jars.name}.part-") as part:
        target = Path(part) / "jars"
        command = [maven, "-q", "-B", "-C", "-f", str(pom), "dependency:copy-dependencies"]
        command += [f"-DoutputDirectory={target}"]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=RESOLVE_SECONDS
            )
        except subprocess.TimeoutExpired as error:
            message = f"Maven: no end after {RESOLVE_SECONDS} s; try again, what was fetched is kept"
            raise Neo4jUnavailable(message) from error
        if done.returncode != 0:
            tail = "\n".join((done.stdout + done.stderr).splitlines()[-15:])
            raise Neo4jUnavailable(f"Maven: {' '.join(command)} failed; mend its settings or line:\n{tail}")
        target.rename(jars)
