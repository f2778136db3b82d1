"""The embedded engine as a process: one a folder, found again, ended in every way, closed to others."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import neo4j
import pytest
from neo4j.exceptions import Neo4jError

from graphmodel import engine
from graphmodel.engine_accounts import hashed
from graphmodel.engine_files import EngineFiles, Secret, take_lock
from graphmodel.engine_server import jvm_arguments, open_connections
from graphmodel.errors import EngineError
from tests.engine_support import (
    Served,
    ask,
    is_alive,
    kill,
    listening_addresses,
    serving,
    signed_in,
    wait_until,
)

LOOPBACK_HEX = {"0100007F", "0000000000000000FFFF00000100007F", "00000000000000000000000001000000"}
PROJECT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """An engine that lives as long as this module's tests."""
    with serving(tmp_path_factory.mktemp("engine") / "a folder") as found:
        yield found


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A data folder of one test, its engine stopped afterwards."""
    folder = tmp_path / "home"
    yield folder
    engine.stop(folder)


def start(home: Path, **options: float) -> engine.Endpoint:
    return engine.ensure_running(home, heap="128m", **options)  # type: ignore[arg-type]


# --- one engine a folder -------------------------------------------------------------------------


def test_a_second_starter_finds_the_first(served: Served) -> None:
    waits: list[str] = []
    again = engine.ensure_running(served.endpoint.home, on_wait=waits.append)
    assert again == served.endpoint == engine.find(served.endpoint.home)
    assert waits == []


def test_many_starters_at_once_start_one(home: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from graphmodel import engine;"
        "print(engine.ensure_running(Path(sys.argv[1]), heap='128m').pid)"
    )
    starters = [
        subprocess.Popen([sys.executable, "-c", script, str(home)], cwd=PROJECT, stdout=subprocess.PIPE)
        for _ in range(3)
    ]
    with ThreadPoolExecutor(2) as pool:
        by_threads = {endpoint.pid for endpoint in pool.map(start, [home, home])}
    by_processes = {int(starter.communicate(timeout=60)[0]) for starter in starters}
    assert len(by_threads | by_processes) == 1
    assert is_alive(by_threads.pop())


def test_a_second_server_on_a_folder_is_refused(served: Served) -> None:
    command = [sys.executable, "-m", "graphmodel.engine_server", str(served.endpoint.home)]
    assert subprocess.run(command, cwd=PROJECT, check=False).returncode == 3
    assert engine.find(served.endpoint.home) == served.endpoint


def test_the_engine_is_in_a_session_of_its_own(served: Served) -> None:
    assert os.getsid(served.endpoint.pid) == served.endpoint.pid != os.getsid(0)


def test_ready_means_bolt_answers_and_the_database_is_there(served: Served) -> None:
    assert served.endpoint.database == "tacgraph"
    assert ask(served.reader, "RETURN 1") == [[1]]
    assert engine.bolt_answers(int(served.endpoint.uri.rsplit(":", 1)[1]))


def test_bolt_does_not_answer_where_nobody_listens() -> None:
    assert not engine.bolt_answers(1)


# --- status --------------------------------------------------------------------------------------


def test_status_of_a_running_engine(served: Served) -> None:
    status = engine.status(served.endpoint.home)
    assert status.running
    assert status.answers
    assert (status.pid, status.uri) == (served.endpoint.pid, served.endpoint.uri)
    assert status.uptime_seconds is not None
    assert 0 <= status.uptime_seconds < 600
    assert status.idle_seconds == 900
    assert status.idle_seconds_left is not None
    assert 890 < status.idle_seconds_left <= 900
    assert status.disk_bytes > 10_000


def test_status_find_and_stop_where_there_was_never_an_engine(tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    status = engine.status(nowhere)
    assert not status.running
    assert (status.pid, status.uri, status.idle_seconds_left, status.disk_bytes) == (None, None, None, 0)
    assert engine.find(nowhere) is None
    assert not engine.stop(nowhere)
    engine.renew_lease(nowhere)
    assert not nowhere.exists()


# --- ends ----------------------------------------------------------------------------------------


def test_stop_with_a_client_connected_and_a_transaction_open(home: Path) -> None:
    endpoint = start(home)
    with signed_in(endpoint, "admin") as driver, driver.session(database="tacgraph") as session:
        ask(driver, "CREATE (:Thing {id: 'kept'})")
        transaction = session.begin_transaction()
        transaction.run("CREATE (:Thing {id: 'open'})").consume()
        begin = time.monotonic()
        assert engine.stop(home)
        assert time.monotonic() - begin < 10
        assert not is_alive(endpoint.pid)
        with pytest.raises(neo4j.exceptions.DriverError):
            transaction.run("RETURN 1").consume()
        transaction.close()
    assert not (home / "engine.json").exists()
    assert not (home / "engine.lease").exists()
    assert not engine.stop(home)
    with signed_in(start(home), "reader") as driver:
        assert ask(driver, "MATCH (n:Thing) RETURN n.id") == [["kept"]]


def test_idle_engine_ends_unless_used(home: Path) -> None:
    endpoint = start(home, idle_seconds=2)
    with signed_in(endpoint, "reader") as driver:
        driver.verify_connectivity()
        time.sleep(3.5)
        assert is_alive(endpoint.pid), "an open connection keeps it"
    for _ in range(6):
        time.sleep(0.5)
        engine.renew_lease(home)
    assert is_alive(endpoint.pid), "a renewed lease keeps it"
    assert wait_until(lambda: not is_alive(endpoint.pid), 15), "nobody uses it"
    assert engine.find(home) is None
    assert "ArcadeDB Server is down" in (home / "engine.log").read_text(encoding="utf-8")


def test_terminated_from_outside_it_ends_cleanly_and_lost_secrets_are_made_anew(home: Path) -> None:
    before = start(home)
    os.kill(before.pid, signal.SIGTERM)
    assert wait_until(lambda: engine.find(home) is None, 5)
    (home / "engine.json").write_text('{"pid": ', encoding="utf-8")
    (home / "engine.secrets.json").unlink()
    after = start(home)
    assert after.pid != before.pid
    assert not is_alive(before.pid)
    assert "ArcadeDB Server is down" in (home / "engine.log.1").read_text(encoding="utf-8")
    with signed_in(after, "admin") as driver:
        assert ask(driver, "RETURN 1") == [[1]]
    stale = replace(after, users=before.users)
    with signed_in(stale, "admin") as driver, pytest.raises(neo4j.exceptions.AuthError):
        driver.verify_connectivity()


def write_until_refused(driver: neo4j.Driver, acknowledged: list[int]) -> None:
    """Write batches of 200 until the engine is gone, noting each that it acknowledged."""
    query = "UNWIND range(0, 199) AS i CREATE (:Thing {id: $batch + '-' + toString(i), batch: $n})"
    for batch in range(100_000):
        try:
            ask(driver, query, batch=str(batch), n=batch)
        except (neo4j.exceptions.DriverError, Neo4jError):
            return
        acknowledged.append(batch)


def test_killed_in_mid_write_what_was_committed_is_there(home: Path) -> None:
    endpoint = start(home)
    with signed_in(endpoint, "admin") as driver:
        ask(driver, "CREATE CONSTRAINT FOR (n:Thing) REQUIRE n.id IS UNIQUE")
        with ThreadPoolExecutor(1) as pool:
            acknowledged: list[int] = []
            writing = pool.submit(write_until_refused, driver, acknowledged)
            assert wait_until(lambda: len(acknowledged) >= 10, 60)
            kill(endpoint.pid)
            writing.result()
    committed = len(acknowledged)
    assert (home / "engine.json").exists(), "its state is stale now"
    assert engine.find(home) is None
    assert not engine.status(home).running
    again = start(home)
    assert again.pid != endpoint.pid
    with signed_in(again, "reader") as driver:
        sizes = ask(driver, "MATCH (n:Thing) RETURN n.batch, count(*) ORDER BY n.batch")
        assert sizes[:committed] == [[batch, 200] for batch in range(committed)]
        assert all(size == 200 for _, size in sizes), "no half batch"
        assert len(sizes) <= committed + 1
        keys = [f"{committed - 1}-{i}" for i in range(200)]
        found = ask(driver, "UNWIND $keys AS k MATCH (n:Thing {id: k}) RETURN count(*)", keys=keys)
        assert found == [[200]]


def test_a_stale_state_naming_a_living_stranger_is_ignored(home: Path) -> None:
    files = EngineFiles(home)
    files.prepare()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        state = {
            "pid": stranger.pid,
            "bolt_port": 7687,
            "started_at": "2026-01-01T00:00:00+00:00",
            "idle_seconds": 900,
            "heap": "1g",
            "ready": True,
        }
        files.state.write_text(json.dumps(state), encoding="utf-8")
        assert files.read_state() is not None, "the state is well formed"
        os.close(take_lock(files.lock) or 0)
        assert engine.find(home) is None
        assert not engine.status(home).running
        assert not engine.stop(home)
        assert stranger.poll() is None, "the stranger was not signalled"
        stranger.communicate(b"\n")


def test_a_deleted_folder_ends_its_engine_and_a_hanging_one_is_killed(home: Path) -> None:
    first = start(home)
    home.rename(home.with_name("away"))
    second = start(home)
    assert second.pid != first.pid
    assert wait_until(lambda: not is_alive(first.pid), 15)
    assert engine.find(home) == second

    os.kill(second.pid, signal.SIGSTOP)
    assert engine.find(home) is None, "it hangs"
    assert engine.stop(home, timeout=0.5)
    assert not is_alive(second.pid)


# --- faults of the set-up ------------------------------------------------------------------------


def test_a_folder_that_cannot_be_is_an_error_for_people(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(EngineError, match=r"data folder .*file.*Set TACGRAPH_HOME"):
        engine.ensure_running(file)


@pytest.mark.parametrize("heap", ["", "lots", "1", "-1g", "1 g", "0m", "1g -Dx=y"])
def test_a_heap_that_is_no_size_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, heap: str
) -> None:
    monkeypatch.setenv("TACGRAPH_ENGINE_HEAP", heap or "none")
    with pytest.raises(EngineError, match="is not a size"):
        engine.ensure_running(tmp_path / "home", heap=heap)
    assert not (tmp_path / "home").exists()


def test_an_engine_that_dies_while_starting_tells_its_last_words(home: Path) -> None:
    with pytest.raises(EngineError, match=r"ended while starting \(.*heap.*\).*engine\.log"):
        engine.ensure_running(home, heap="1m")
    assert not engine.status(home).running


# --- closed to others ----------------------------------------------------------------------------


def test_every_file_and_folder_is_the_owners_alone(served: Served) -> None:
    home = served.endpoint.home
    open_to_others = {
        str(path): oct(stat.S_IMODE(path.stat().st_mode))
        for path in [home, *home.rglob("*")]
        if stat.S_IMODE(path.stat().st_mode) & 0o077
    }
    assert open_to_others == {}
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "engine.secrets.json").stat().st_mode) == 0o600


def test_a_folder_left_open_is_closed(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    EngineFiles(folder).prepare()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_every_listener_is_on_the_loopback(served: Served) -> None:
    addresses = listening_addresses(served.endpoint.pid)
    assert addresses
    assert addresses <= LOOPBACK_HEX


def test_passwords_are_in_no_repr_argument_environment_or_log(served: Served) -> None:
    passwords = [account.password.reveal() for account in served.endpoint.users.values()]
    assert len(set(passwords)) == 3
    assert min(map(len, passwords)) >= 32
    process = Path(f"/proc/{served.endpoint.pid}")
    told = {
        "repr": repr(served.endpoint) + str(served.endpoint) + f"{served.endpoint.users}",
        "arguments": (process / "cmdline").read_text(encoding="utf-8"),
        "environment": (process / "environ").read_text(encoding="utf-8"),
        "JVM arguments": jvm_arguments("1g"),
    }
    home = served.endpoint.home
    for path in home.rglob("*"):
        if path.is_file() and path.name != "engine.secrets.json":
            told[str(path)] = path.read_bytes().decode("latin-1")
    assert str(home / "engine.log") in told
    assert [place for place, text in told.items() if any(word in text for word in passwords)] == []


def test_a_wrong_password_is_refused(served: Served) -> None:
    with (
        neo4j.GraphDatabase.driver(served.endpoint.uri, auth=("root", "not the password")) as driver,
        pytest.raises(neo4j.exceptions.AuthError),
    ):
        driver.verify_connectivity()


def test_secrets_compare_and_hide() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a")}) == 1
    assert "sesame" not in f"{Secret('sesame')} {Secret('sesame')!r}"


def test_the_hash_is_the_engines_own() -> None:
    # Made by the engine itself for the password "rootpassw0rd".
    salt = "RcsX870fgyBlfx++t3Y16niXfgzuOBjtHVEjbTvKMic="
    key = "XjS6Tk5IP6jJ+qx0okVdIAo3aCFyFhQAxYtSICBV2f0="
    assert hashed("rootpassw0rd", salt) == f"PBKDF2WithHmacSHA256$65536${salt}${key}"
    assert hashed("x") != hashed("x"), "salted afresh"


def test_open_connections_are_counted(served: Served) -> None:
    port = int(served.endpoint.uri.rsplit(":", 1)[1])
    before = open_connections(port)
    assert before is not None
    with signed_in(served.endpoint, "reader") as driver:
        driver.verify_connectivity()
        assert (open_connections(port) or 0) > before
