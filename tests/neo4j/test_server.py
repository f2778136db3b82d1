"""The server of the tests is a real Neo4j, keeps what was committed, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import neo4j
import pytest
from neo4j.exceptions import AuthError, ClientError, Neo4jError

from tests.neo4j.artifacts import (
    Neo4jUnavailable,
    find_java,
    neo4j_version,
    resolve_jars,
)
from tests.neo4j.server import QUICK_START, RunningNeo4j, start_neo4j

ROOT = Path(__file__).resolve().parents[2]
STARTER = """
import sys, time
from pathlib import Path
from tests.neo4j.server import QUICK_START, start_neo4j
print(start_neo4j(Path(sys.argv[1]), heap="512m", page_cache="64m", jvm_options=QUICK_START).pid, flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningNeo4j]:
    home = tmp_path_factory.mktemp("neo4j") / "home"
    running = start_neo4j(home, heap="512m", page_cache="64m", jvm_options=QUICK_START)
    yield running
    running.kill()


def test_is_the_pinned_community_server(server: RunningNeo4j) -> None:
    with server.driver() as driver:
        records = driver.execute_query(
            "CALL dbms.components() YIELD name, versions, edition RETURN name, versions[0] AS v, edition"
        ).records
    assert [tuple(record) for record in records] == [("Neo4j Kernel", neo4j_version(), "community")]


def test_writes_and_reads(server: RunningNeo4j) -> None:
    with server.driver() as driver:
        driver.execute_query("UNWIND range(1, 3) AS i CREATE (:Child {id: 'c' + i})")
        read = driver.execute_query("MATCH (c:Child) RETURN c.id AS id ORDER BY id").records
    assert [record["id"] for record in read] == ["c1", "c2", "c3"]


def test_a_read_session_cannot_write(server: RunningNeo4j) -> None:
    with server.driver() as driver:
        with (
            driver.session(default_access_mode=neo4j.READ_ACCESS) as session,
            pytest.raises(ClientError) as refused,
        ):
            session.run("CREATE (:Refused)").consume()
        assert refused.value.code == "Neo.ClientError.Statement.AccessMode"
        with (
            driver.session() as session,
            pytest.raises(ClientError),
        ):
            session.execute_read(lambda tx: tx.run("CREATE (:Refused)").consume())
        count = driver.execute_query("MATCH (r:Refused) RETURN count(r) AS n").records[0]["n"]
    assert count == 0


def test_a_wrong_password_is_refused(server: RunningNeo4j) -> None:
    with (
        neo4j.GraphDatabase.driver(server.uri, auth=(server.username, "wrong")) as driver,
        pytest.raises(AuthError),
    ):
        driver.verify_connectivity()


def test_reads_csv_from_its_import_folder_alone(server: RunningNeo4j) -> None:
    (server.import_folder / "children.csv").write_text("id\nx1\nx2\n", encoding="utf-8")
    query = "LOAD CSV WITH HEADERS FROM $url AS row RETURN collect(row.id) AS ids"
    with server.driver() as driver:
        found = driver.execute_query(query, url="file:///children.csv").records[0]["ids"]
        for outside in ("file:///etc/passwd", "file:///../conf/neo4j.conf"):
            with pytest.raises(Neo4jError, match="external resource"):
                driver.execute_query(query, url=outside)
    assert found == ["x1", "x2"]


def test_listens_on_loopback_alone(server: RunningNeo4j) -> None:
    ours = set()
    for link in Path(f"/proc/{server.pid}/fd").iterdir():
        # a file may have been closed since the folder was read
        with suppress(FileNotFoundError):
            ours.add(str(link.readlink()))
    listening = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text(encoding="ascii").splitlines()[1:]:
            cells = line.split()
            if cells[3] == "0A" and f"socket:[{cells[9]}]" in ours:
                address, port = cells[1].split(":")
                listening.add((address[-8:], int(port, 16)))
    assert listening == {("0100007F", server.port)}


def test_committed_data_survive_kill_9(server: RunningNeo4j) -> None:
    with server.driver() as driver:
        driver.execute_query("UNWIND range(1, 1000) AS i CREATE (:Committed {i: i})")
        with driver.session() as session:
            transaction = session.begin_transaction()
            transaction.run("CREATE (:Uncommitted)").consume()
            killed = server.pid
            server.kill()
            with pytest.raises(neo4j.exceptions.DriverError):
                transaction.commit()
    server.restart()
    assert server.pid != killed
    with server.driver() as driver:
        record = driver.execute_query(
            "RETURN COUNT { (:Committed) } AS committed, COUNT { (:Uncommitted) } AS uncommitted"
        ).records[0]
    assert (record["committed"], record["uncommitted"]) == (1000, 0)


def test_dies_with_the_process_that_started_it(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STARTER, str(tmp_path / "home")],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    ) as starter:
        assert starter.stdout is not None
        pid = int(starter.stdout.readline())
        assert _is_running(pid)
        starter.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 20
    while _is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not _is_running(pid)


def test_a_home_with_data_is_refused(server: RunningNeo4j) -> None:
    with pytest.raises(Neo4jUnavailable, match="give a fresh folder"):
        start_neo4j(server.home)


def test_a_broken_configuration_is_told_with_the_log(tmp_path: Path) -> None:
    with pytest.raises(Neo4jUnavailable, match="no_such_setting"):
        start_neo4j(tmp_path / "home", heap="512m", settings={"server.no_such_setting": "1"})


def test_a_server_that_ends_is_told_with_its_words(tmp_path: Path) -> None:
    with pytest.raises(Neo4jUnavailable, match=r"(?s)the process ended.*Unrecognized VM option"):
        start_neo4j(tmp_path / "home", jvm_options=["-XX:+NoSuchOption"])


def test_java_is_named_when_missing_or_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(Neo4jUnavailable, match="apt-get install openjdk-17"):
        find_java()
    old = tmp_path / "bin" / "java"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho 'openjdk version \"1.8.0_402\"' >&2\n", encoding="utf-8")
    old.chmod(0o700)
    with pytest.raises(Neo4jUnavailable, match="17 or newer"):
        find_java()


def test_maven_is_named_when_missing_or_failing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TACGRAPH_NEO4J_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Neo4jUnavailable, match="apt-get install maven"):
        resolve_jars()
    failing = tmp_path / "mvn"
    failing.write_text("#!/bin/sh\necho 'no route to the artifacts'\nexit 1\n", encoding="utf-8")
    failing.chmod(0o700)
    with pytest.raises(Neo4jUnavailable, match="no route to the artifacts"):
        resolve_jars()
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.suffix == ".jar"]


def test_two_processes_resolve_once(tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    maven = tmp_path / "bin" / "mvn"
    maven.parent.mkdir()
    maven.write_text(
        f"#!/bin/sh\necho call >> {calls}\n/bin/sleep 1\n"
        'for word in "$@"; do case "$word" in -DoutputDirectory=*) '
        '/bin/mkdir -p "${word#*=}"; : > "${word#*=}/a.jar";; esac; done\n',
        encoding="utf-8",
    )
    maven.chmod(0o700)
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PATH": f"{maven.parent}:{os.environ['PATH']}",
        "TACGRAPH_NEO4J_CACHE": str(tmp_path / "cache"),
    }
    code = "from tests.neo4j.artifacts import resolve_jars; print([p.name for p in resolve_jars().iterdir()])"
    both = [
        subprocess.Popen(
            [sys.executable, "-c", code], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    assert [process.communicate(timeout=60)[0].strip() for process in both] == ["['a.jar']", "['a.jar']"]
    assert calls.read_text(encoding="utf-8").splitlines() == ["call"]


def _is_running(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return False
