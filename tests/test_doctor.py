"""The faults that a set-up most often has: the doctor finds each, and says the mend."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sys
import time
from collections import namedtuple
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from graphmodel import engine, migrations
from graphmodel.access import Viewer
from graphmodel.audit_log import AuditLog
from graphmodel.engine_files import EngineFiles
from graphmodel.store import Store
from loaders import load
from loaders.protection import erase
from reports.due import Packs, State
from tacgraph import cli, doctor_folder, doctor_machine
from tacgraph.doctor import examine
from tacgraph.doctor_check import Check
from tacgraph.doctor_schedule import schedule
from tacgraph.scheduling import UNIT, Job, cron_line, service
from tests.loading import SMALL
from tests.pages import ROOT

Patch = pytest.MonkeyPatch


@pytest.fixture
def home(tmp_path: Path, monkeypatch: Patch) -> Path:
    """A data folder whose database cannot be reached, which no check before it minds."""
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEO4J_URI", "bolt://127.0.0.1:1")
    monkeypatch.setenv("NEO4J_PASSWORD", "not one")
    for name in ("TACGRAPH_SETTINGS", "TACGRAPH_SIGN_IN", "TACGRAPH_ENGINE_HEAP", "TACGRAPH_IDENTITY_KEY"):
        monkeypatch.delenv(name, raising=False)
    # not this user's own plans
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    mounts = tmp_path / "plain-mounts"
    mounts.write_text("/dev/sda1 / ext4 rw 0 0\n", encoding="utf-8")
    monkeypatch.setattr(doctor_folder, "MOUNTS", mounts)
    return folder


def check(home: Path, name: str) -> Check:
    return next(check for check in examine(home) if check.name == name)


def no_settings_file(_home: Path, patch: Patch) -> None:
    patch.setenv("TACGRAPH_SETTINGS", "settings-2026.toml")


def misspelt_variable(_home: Path, patch: Patch) -> None:
    patch.setenv("TACGRAPH_SETINGS", "settings-2026.toml")


def password_without_address(_home: Path, patch: Patch) -> None:
    patch.delenv("NEO4J_URI")


def of_root(home: Path, patch: Patch) -> None:
    (home / "engine.log").touch()
    patch.setattr("tacgraph.doctor_folder.os.geteuid", lambda: home.stat().st_uid + 1)


def on_a_share(home: Path, patch: Patch) -> None:
    mounts = home.parent / "mounts"
    mounts.write_text(f"/dev/sda1 / ext4 rw 0 0\n//files/team {home.parent} cifs rw 0 0\n", encoding="utf-8")
    patch.setattr(doctor_folder, "MOUNTS", mounts)


def half_a_sign_in(_home: Path, patch: Patch) -> None:
    patch.setenv("TACGRAPH_OIDC_CLIENT_ID", "tacgraph")


def left_by_a_dashboard(home: Path, _patch: Patch) -> None:
    (home / "sign-in-1.secrets.toml").touch(mode=0o600)


def written_tomorrow(home: Path, _patch: Patch) -> None:
    (home / "engine.lease").touch()
    os.utime(home / "engine.lease", (time.time() + 86_400,) * 2)


def turned_back(home: Path, patch: Patch) -> None:
    class Ahead(datetime):
        @classmethod
        def now(cls, _tz: object = None) -> datetime:  # type: ignore[override]
            return datetime(2999, 1, 1, tzinfo=UTC)

    with patch.context() as ahead:
        ahead.setattr("graphmodel.audit_log.datetime", Ahead)
        AuditLog(home).record(Viewer("jo", "analyst"), "look", about="", rows=1)
    AuditLog(home).record(Viewer("jo", "analyst"), "look", about="", rows=1)


def key_gone(home: Path, _patch: Patch) -> None:
    part = home / "ledger" / "a" / "b"
    part.mkdir(parents=True)
    (part / "part.json").write_text('{"precedence": []}', encoding="utf-8")


def key_cut_off(home: Path, _patch: Patch) -> None:
    (home / "identity.key").touch(mode=0o600)


def damaged_links(home: Path, _patch: Patch) -> None:
    (home / "links").mkdir(mode=0o700)
    (home / "links" / "links.sqlite").write_bytes(b"SQLite format 3\0" + bytes(range(256)) * 20)
    (home / "links" / "links.sqlite").chmod(0o600)


def old_python(_home: Path, patch: Patch) -> None:
    version = namedtuple("version", "major minor micro")  # noqa: PYI024  (as Python's own)
    patch.setattr("tacgraph.doctor_machine.sys.version_info", version(3, 10, 4))


def old_package(_home: Path, patch: Patch) -> None:
    patch.setattr(doctor_machine, "version", lambda name: "0.1" if name == "duckdb" else "999")


def misspelt_setting(_home: Path, patch: Patch) -> None:
    Path("settings.toml").write_text("[workload]\nneed_wieght = 1\n", encoding="utf-8")
    patch.delenv("TACGRAPH_SETTINGS", raising=False)


def open_folder(home: Path, _patch: Patch) -> None:
    home.chmod(0o755)


def open_key(home: Path, _patch: Patch) -> None:
    (home / "identity.key").write_text("key", encoding="utf-8")
    (home / "identity.key").chmod(0o644)


def full_disk(_home: Path, patch: Patch) -> None:
    usage = namedtuple("usage", "total used free")  # noqa: PYI024  (as Python's own)
    patch.setattr("tacgraph.doctor_machine.shutil.disk_usage", lambda _: usage(10**12, 10**12, 5))


def no_heap(_home: Path, patch: Patch) -> None:
    patch.setenv("TACGRAPH_ENGINE_HEAP", "much")


def more_heap_than_memory(_home: Path, patch: Patch) -> None:
    patch.delenv("NEO4J_URI")
    patch.setenv("TACGRAPH_ENGINE_HEAP", "9000g")


def open_sign_in(home: Path, _patch: Patch) -> None:
    (home / "sign-in.toml").write_text("[auth]\n", encoding="utf-8")
    (home / "sign-in.toml").chmod(0o644)


def edited_record(home: Path, _patch: Patch) -> None:
    AuditLog(home).record(Viewer("jo", "analyst"), "look", about="", rows=1)
    path = home / "audit.jsonl"
    path.write_text(path.read_text(encoding="utf-8").replace("jo", "al"), encoding="utf-8")


def no_database(_home: Path, _patch: Patch) -> None:
    """The fixture's own."""


def no_password(_home: Path, patch: Patch) -> None:
    patch.delenv("NEO4J_PASSWORD")


def in_the_open(_home: Path, patch: Patch) -> None:
    patch.setenv("NEO4J_URI", "bolt://graph.example.org")


FAULTS: list[tuple[Callable[[Path, Patch], None], str, str]] = [
    (old_python, "python", "3.10.4"),
    (old_package, "packages", "duckdb is 0.1"),
    (misspelt_setting, "settings", "need_wieght"),
    (no_settings_file, "settings", "settings-2026.toml"),
    (misspelt_variable, "environment", "TACGRAPH_SETINGS"),
    (password_without_address, "environment", "NEO4J_URI is not"),
    (of_root, "data folder", "another user"),
    (on_a_share, "place", "network share (cifs)"),
    (half_a_sign_in, "sign-in", "client_secret"),
    (left_by_a_dashboard, "secrets", "sign-in-1.secrets.toml"),
    (written_tomorrow, "clock", "engine.lease"),
    (turned_back, "clock", "turned back"),
    (key_gone, "identity key", "identity.key is missing"),
    (key_cut_off, "identity key", "cut short"),
    (damaged_links, "stored files", "links.sqlite"),
    (open_folder, "data folder", "others may read it (755)"),
    (open_key, "secrets", "identity.key"),
    (full_disk, "disk", "0 GB free"),
    (no_heap, "memory", "'much'"),
    (more_heap_than_memory, "memory", "9000g"),
    (open_sign_in, "sign-in", "0644"),
    (edited_record, "audit record", "line 1"),
    (no_database, "database", "cannot be reached"),
    (no_password, "database", "NEO4J_PASSWORD"),
    (in_the_open, "database", "in the open"),
]


@pytest.mark.parametrize(("fault", "name", "said"), FAULTS, ids=[fault.__name__ for fault, *_ in FAULTS])
def test_each_fault_is_found_with_its_mend(
    home: Path, monkeypatch: Patch, fault: Callable[[Path, Patch], None], name: str, said: str
) -> None:
    if name != "database":
        before = check(home, name)
        assert before.ok, before
    fault(home, monkeypatch)
    # not with an engine of that size, nor with one at all
    alone: dict[Callable[[Path, Patch], None], Callable[[], Check]] = {
        more_heap_than_memory: doctor_machine.memory,
        password_without_address: doctor_machine.variables,
    }
    found = alone[fault]() if fault in alone else check(home, name)
    assert not found.ok
    assert said in found.found
    assert found.mend


def test_faults_of_the_graph_are_found_one_by_one(on_engine: Path) -> None:
    def found(name: str) -> Check:
        return check(on_engine, name)

    assert "nothing was loaded" in found("last load").found
    load(SMALL, home=on_engine)
    assert [c for c in examine(on_engine) if c.state == "WRONG"] == []
    with Store.open(on_engine, "admin") as store:
        version = "MATCH (m:Model) SET m.version = $version RETURN count(*) AS n"
        store.write(version, version=migrations.current() - 1)
        assert "brings it up" in found("model version").mend
        store.write(version, version=migrations.current() + 1)
        assert "newer tacgraph" in found("model version").mend
        store.write(version, version=migrations.current())
        late = "CREATE (l:Load {load_id: '2999', source: $source, outcome: 'running', started_at: $at})"
        store.write(late, source="restore", at="2999-01-01T00:00:00+00:00")
        assert "half a restore" in found("last load").found
        assert "2999" in found("order of loads").found
        store.write("MATCH (l:Load {load_id: '2999'}) SET l.source = 'canonical'")
        assert "has not finished" in found("last load").found
        store.write("MATCH (l:Load {load_id: '2999'}) DETACH DELETE l")
        erase(on_engine, ["c01"], Viewer.local("request"))
        load(SMALL, home=on_engine)
        assert found("erasure").ok
        # as a graph that was restored by other means has it
        store.write("CREATE (:Child {child_id: 'c01', sources: [], load_id: '', fingerprint: ''})")
        assert "1 erased children are back" in found("erasure").found
    (on_engine / "erased.txt").unlink()


def test_a_folder_that_is_copied_elsewhere_or_in_memory_is_named(tmp_path: Path) -> None:
    synced = tmp_path / "OneDrive - County" / ".tacgraph"
    synced.mkdir(parents=True)
    assert "OneDrive - County" in doctor_folder.place(synced).found
    assert doctor_folder.place(synced).state == "WRONG"
    in_memory = doctor_folder.place(Path("/dev/shm"))
    assert in_memory.state == "look"
    assert "tmpfs" in in_memory.found


@pytest.mark.parametrize("place", ["file", "file/home"])
def test_a_folder_that_cannot_be_made_or_is_a_file_is_a_fault_in_words(
    tmp_path: Path, monkeypatch: Patch, capsys: pytest.CaptureFixture[str], place: str
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("TACGRAPH_HOME", str(tmp_path / place))
    with pytest.raises(SystemExit) as ended:
        cli.main(["doctor"])
    assert ended.value.code == 2
    assert "TACGRAPH_HOME" in capsys.readouterr().err


def test_something_else_on_the_port_is_told_from_a_dashboard(monkeypatch: Patch) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        monkeypatch.setattr(doctor_machine, "PORT", other.getsockname()[1])
        found = doctor_machine.port()
    assert found.state == "look"
    assert "no dashboard" in found.found
    assert doctor_machine.port().ok


def test_an_engine_that_hangs_or_lost_its_passwords_is_told(embedded_home: Path, monkeypatch: Patch) -> None:
    monkeypatch.delenv("NEO4J_URI", raising=False)
    endpoint = engine.ensure_running(embedded_home)
    files = EngineFiles(embedded_home)
    assert doctor_folder.embedded(embedded_home).found == "runs"
    os.kill(endpoint.pid, signal.SIGSTOP)
    try:
        begun = time.monotonic()
        found = check(embedded_home, "engine")
        assert time.monotonic() - begun < 60
        assert "does not answer" in found.found
        assert "engine stop" in found.mend
    finally:
        os.kill(endpoint.pid, signal.SIGCONT)
    for file, said in ((files.secrets, "damaged while the engine runs"), (files.state, "says nothing of it")):
        kept = file.read_bytes()
        file.write_bytes(b'{"pid": ')
        assert said in doctor_folder.embedded(embedded_home).found
        file.write_bytes(kept)
    assert doctor_folder.embedded(embedded_home).ok


def test_an_engine_that_was_killed_is_said_so(tmp_path: Path, monkeypatch: Patch) -> None:
    monkeypatch.delenv("NEO4J_URI", raising=False)
    (tmp_path / "engine.json").write_text(json.dumps({"pid": 1}), encoding="utf-8")
    found = doctor_folder.embedded(tmp_path)
    assert found.ok
    assert "was killed" in found.found


def plan(home: Path, out: Path, program: str = sys.executable) -> Job:
    words = (program, "-m", "tacgraph", "report", "--due", "--out", str(out))
    return Job(words, {"TACGRAPH_HOME": str(home)}, 6, 0, out)


TODAY = date(2026, 11, 22)


def test_a_schedule_is_held_against_what_it_wrote(home: Path, tmp_path: Path) -> None:
    units = tmp_path / "config" / "systemd" / "user"
    wants = units / "timers.target.wants"
    wants.mkdir(parents=True)
    out = tmp_path / "the reports"
    unit = units / f"{UNIT}.service"

    def found(load: str = "load-1", on: date = TODAY) -> Check:
        return schedule(home, on, load)

    assert found().found == "none"
    unit.write_text(service(plan(home, out)), encoding="utf-8")
    assert "no timer" in found().found
    (wants / f"{UNIT}.timer").touch()
    assert found().found == f"2026-10 was due in {out} and is not written"
    assert str(out) in found().mend
    Packs(out).folder(date(2026, 10, 1)).mkdir(parents=True)
    Packs(out).keep(date(2026, 10, 1), State("load-1", provisional=False))
    assert found().ok
    assert found(on=date(2026, 12, 2)).ok
    assert "2026-11 was due" in found(on=date(2026, 12, 3)).found
    unit.write_text(service(plan(home, out, str(tmp_path / "gone" / "python"))), encoding="utf-8")
    assert "which is gone" in found().found
    unit.write_text(service(plan(tmp_path / "another", out)), encoding="utf-8")
    assert found().found == "none"
    unit.write_bytes(b'\xff[Service]\nExecStart="-m\n')
    assert found().found == "none"


def test_a_line_of_the_crontab_is_found(home: Path, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    crontab = tmp_path / "bin" / "crontab"
    line = cron_line(plan(home, tmp_path / "100% out"))
    (tmp_path / "lines").write_text(f"# m h\n{line}", encoding="utf-8")
    crontab.write_text(f"#!/bin/sh\nexec /bin/cat '{tmp_path}/lines'\n", encoding="utf-8")
    crontab.chmod(0o755)
    assert "100% out and is not written" in schedule(home, TODAY, "load-1").found


def test_an_old_load_is_worth_a_look_and_a_failed_one_is_wrong(on_engine: Path) -> None:
    load(SMALL, home=on_engine)
    with Store.open(on_engine, "admin") as store:
        old = (datetime.now(UTC) - timedelta(days=60)).isoformat()
        store.write("MATCH (l:Load) SET l.finished_at = $old RETURN count(*) AS n", old=old)
        found = check(on_engine, "last load")
        assert (found.state, "60 days ago" in found.found) == ("look", True)
        store.write("MATCH (l:Load) SET l.outcome = 'failed' RETURN count(*) AS n")
        assert check(on_engine, "last load").state == "WRONG"


def test_every_variable_of_the_program_is_known_to_the_doctor() -> None:
    named: set[str] = set()
    for package in ("analysis", "dashboards", "graphmodel", "loaders", "queries", "reports", "tacgraph"):
        for path in (ROOT / package).rglob("*.py"):
            named |= set(re.findall(r'"(TACGRAPH_[A-Z_]+)"', path.read_text(encoding="utf-8")))
    assert named == doctor_machine.VARIABLES
