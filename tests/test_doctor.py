"""The faults that a set-up most often has: the doctor finds each, and says the mend."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from pathlib import Path

import pytest

from graphmodel import migrations
from graphmodel.access import AuditLog, Viewer
from graphmodel.store import Store
from loaders import load
from loaders.protection import erase
from tacgraph import doctor
from tacgraph.doctor import Check, examine
from tests.loading import SMALL

Patch = pytest.MonkeyPatch


@pytest.fixture
def home(tmp_path: Path, monkeypatch: Patch) -> Path:
    """A data folder whose database cannot be reached, which no check before it minds."""
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEO4J_URI", "bolt://127.0.0.1:1")
    monkeypatch.setenv("NEO4J_PASSWORD", "not one")
    for name in ("TACGRAPH_SETTINGS", "TACGRAPH_SIGN_IN", "TACGRAPH_ENGINE_HEAP"):
        monkeypatch.delenv(name, raising=False)
    return folder


def check(home: Path, name: str) -> Check:
    return next(check for check in examine(home) if check.name == name)


def old_python(_home: Path, patch: Patch) -> None:
    version = namedtuple("version", "major minor micro")  # noqa: PYI024  (as Python's own)
    patch.setattr("tacgraph.doctor.sys.version_info", version(3, 10, 4))


def old_package(_home: Path, patch: Patch) -> None:
    patch.setattr(doctor, "version", lambda name: "0.1" if name == "duckdb" else "999")


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
    patch.setattr("tacgraph.doctor.shutil.disk_usage", lambda _: usage(10**12, 10**12, 5))


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
    # not with an engine of that size: this check alone
    found = doctor._memory() if fault is more_heap_than_memory else check(home, name)
    assert not found.ok
    assert said in found.found
    assert found.mend


def test_faults_of_the_graph_are_found_one_by_one(on_engine: Path) -> None:
    def found(name: str) -> Check:
        return check(on_engine, name)

    assert "nothing was loaded" in found("last load").found
    load(SMALL, home=on_engine)
    assert [c for c in examine(on_engine) if not c.ok] == []
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
        assert "2999" in found("clock").found
        store.write("MATCH (l:Load {load_id: '2999'}) SET l.source = 'canonical'")
        assert "has not finished" in found("last load").found
        store.write("MATCH (l:Load {load_id: '2999'}) DETACH DELETE l")
        erase(on_engine, ["c01"], Viewer.local("request"))
        assert found("erasure").ok
        load(SMALL, home=on_engine)
        assert "1 erased children are back" in found("erasure").found
    (on_engine / "erased.txt").unlink()
