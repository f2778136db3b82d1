"""Backup and restore: drills on both engines and between them, spoilt archives, restores cut off anywhere."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from graphmodel import engine
from graphmodel.audit_log import AuditLog
from graphmodel.errors import EngineError, LoadRefused, SourceError, TacgraphError
from graphmodel.ledger import find_ledger
from graphmodel.store import Store
from loaders import load
from loaders.backup import back_up, read_manifest, restore
from loaders.backup.archive import pack, unpack
from loaders.backup.saving import FILES
from tacgraph import cli
from tests.conftest import empty
from tests.loading import SMALL, facts, tables_in_graph

PHRASE = "correct horse battery"


@contextmanager
def stopped(folder: Path) -> Iterator[None]:
    """No engine is left behind in `folder` or what a cut restore left beside it."""
    try:
        yield
    finally:
        for home in (folder, *folder.parent.glob(f".{folder.name}.restoring-*/{FILES}")):
            engine.stop(home)


def roomy(_size: int) -> None:
    """There is room."""


def emptied(home: Path) -> None:
    """Make the database of a restore empty where it is a server, which has only one."""
    if os.environ.get("NEO4J_URI"):
        with Store.open(home, "admin") as store:
            empty(store)


def everything(home: Path) -> Any:
    with Store.open(home) as store:
        loads = store.fetch("MATCH (l:Load) RETURN properties(l)")
        return facts(store, load_ids=True), sorted(json.dumps(x, sort_keys=True, default=str) for x in loads)


def test_a_restore_gives_the_same_graph_and_files(on_engine: Path, tmp_path: Path) -> None:
    load(SMALL, home=on_engine)
    (on_engine / "queries").mkdir(exist_ok=True)
    (on_engine / "queries" / "own.cypher").write_text("RETURN 1", encoding="utf-8")
    before = everything(on_engine)
    out = tmp_path / "kept.tar.gz"
    made = back_up(on_engine, out, passphrase=PHRASE)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    emptied(on_engine)
    into = tmp_path / "other"
    with stopped(into):
        found, aside = restore(out, into, passphrase=PHRASE)
        assert (found, aside) == (made, None)
        assert everything(into) == before
        assert (into / "identity.key").read_bytes() == (on_engine / "identity.key").read_bytes()
        assert (into / "queries" / "own.cypher").read_text(encoding="utf-8") == "RETURN 1"
        modes = {stat.S_IMODE(file.stat().st_mode) for file in into.glob("*.*") if file.is_file()}
        assert modes == {0o600}
        assert stat.S_IMODE(into.stat().st_mode) == 0o700
        assert AuditLog(into).verify() == []
        assert [entry["what"] for entry in AuditLog(into).entries()][-2:] == ["backup", "restore"]
        # and it is an installation: the same files change nothing
        again = load(SMALL, home=into)
        assert not any(c.created or c.updated or c.retired for c in again.tables.values())
        assert find_ledger(into) is not None
    assert not list(tmp_path.glob(".*"))


def test_a_backup_goes_from_one_engine_to_the_other(
    on_engine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, neo4j_environment: dict[str, str]
) -> None:
    load(SMALL, home=on_engine)
    with Store.open(on_engine) as store:
        before = tables_in_graph(store)
    made = back_up(on_engine, tmp_path / "kept.tar.zst")
    if os.environ.get("NEO4J_URI"):
        monkeypatch.delenv("NEO4J_URI")
    else:
        for name, value in neo4j_environment.items():
            monkeypatch.setenv(name, value)
    into = tmp_path / "other"
    emptied(on_engine)
    with stopped(into):
        restore(tmp_path / "kept.tar.zst", into)
        with Store.open(into) as store:
            assert store.kind != made.engine
            assert tables_in_graph(store) == before
        # the ledger is found under the new database's name too
        found = find_ledger(into)
        assert found is not None
        assert found.parts
        assert back_up(into, tmp_path / "back.tar").digest == made.digest
    emptied(on_engine)


def test_what_is_there_is_never_overwritten(on_engine: Path, tmp_path: Path) -> None:
    load(SMALL, home=on_engine)
    out = tmp_path / "kept.tar"
    back_up(on_engine, out)
    with pytest.raises(SourceError, match="is there already"):
        back_up(on_engine, out)
    with pytest.raises(SourceError, match="data folder itself"):
        back_up(on_engine, on_engine / "kept.tar")
    into = tmp_path / "other"
    into.mkdir()
    (into / "mine.txt").write_text("mine", encoding="utf-8")
    (into / "erased.txt").write_text("0" * 64 + "\n", encoding="ascii")
    with pytest.raises(LoadRefused, match="is not empty"):
        restore(out, into)
    if os.environ.get("NEO4J_URI"):
        before = everything(on_engine)
        with pytest.raises(LoadRefused, match=r"holds [0-9,]+ nodes"):
            restore(out, tmp_path / "new")
        assert everything(on_engine) == before
    with stopped(into):
        _, aside = restore(out, into, force=True)
        assert aside is not None
        assert (aside / "mine.txt").read_text(encoding="utf-8") == "mine"
        assert not (into / "mine.txt").exists()
        # who was erased since the backup was taken stays known
        assert (into / "erased.txt").read_text(encoding="ascii").split() == ["0" * 64]


CUT = """
import os, signal, sys
from pathlib import Path
from loaders.backup import restore

class Killing:
    steps = int(sys.argv[3])
    def begin(self, name, total): self.tick()
    def advance(self, count): self.tick()
    def close(self): pass
    def tick(self):
        self.steps -= 1
        if self.steps < 0:
            os.kill(os.getpid(), signal.SIGKILL)

restore(Path(sys.argv[1]), Path(sys.argv[2]), progress=Killing())
"""


@pytest.mark.parametrize("steps", [2, 30])
def test_a_restore_that_is_killed_leaves_no_half(on_engine: Path, tmp_path: Path, steps: int) -> None:
    load(SMALL, home=on_engine)
    before = everything(on_engine)
    out = tmp_path / "kept.tar"
    back_up(on_engine, out)
    emptied(on_engine)
    into = tmp_path / "other"
    with stopped(into):
        ended = subprocess.run(
            [sys.executable, "-c", CUT, out, into, str(steps)],
            check=False,
            cwd=Path(__file__).parent.parent,
        )
        assert ended.returncode == -signal.SIGKILL
        assert not into.exists()
        if os.environ.get("NEO4J_URI") and steps:
            with pytest.raises(EngineError, match="half a restore"):
                back_up(on_engine, tmp_path / "never.tar")
        restore(out, into)
        assert everything(into) == before
        assert not list(tmp_path.glob(".*"))


def test_the_commands_say_what_is_inside_and_refuse_in_words(
    on_engine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    load(SMALL, home=on_engine)
    out, phrase = tmp_path / "kept.tar.gz", tmp_path / "phrase"

    def run(*words: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            cli.main(list(words))
        return int(ended.value.code or 0), capsys.readouterr().err

    monkeypatch.delenv("TACGRAPH_BACKUP_PASSPHRASE", raising=False)
    code, said = run("backup", str(out))
    assert code == 0
    assert "identity key is inside" in said
    assert "not sealed" in said
    assert run("backup", str(out))[0] == 6
    phrase.write_text("short", encoding="utf-8")
    assert run("backup", str(out), "--force", "--passphrase-file", str(phrase))[0] == 2
    phrase.write_text(PHRASE + "\n", encoding="utf-8")
    code, said = run("backup", str(out), "--force", "--passphrase-file", str(phrase), "--without-key")
    assert code == 0
    assert "not inside" in said
    assert "not sealed" not in said
    assert PHRASE not in said
    into = tmp_path / "other"
    assert run("restore", str(out), "--into", str(into))[0] == 6
    monkeypatch.setenv("TACGRAPH_BACKUP_PASSPHRASE", PHRASE)
    emptied(on_engine)
    with stopped(into):
        code, said = run("restore", str(out), "--into", str(into))
        assert code == 0
        assert "found equal" in said
        assert not (into / "identity.key").exists()
        assert run("restore", str(out), "--into", str(into))[0] == 7


def test_a_part_that_the_model_lacks_never_becomes_cypher(on_engine: Path, tmp_path: Path) -> None:
    load(SMALL, home=on_engine)
    out = tmp_path / "kept.tar"
    made = back_up(on_engine, out)
    emptied(on_engine)
    unpack(out, tmp_path / "taken", None, roomy)
    evil = made.parts[0].model_copy(update={"columns": {"a: 1}) DETACH DELETE n //": "value"}})
    strange = made.parts[0].model_copy(update={"name": "graph/nodes/Load) DETACH DELETE (n.jsonl"})
    for part in (evil, strange):
        changed = made.model_copy(update={"parts": (part, *made.parts[1:])})
        pack(tmp_path / "taken", changed, out, None)
        with pytest.raises(SourceError, match="model does not know"):
            restore(out, tmp_path / "other")
        assert not (tmp_path / "other").exists()
    short = made.model_copy(update={"nodes": {**made.nodes, "Child": made.nodes["Child"] + 1}})
    pack(tmp_path / "taken", short, out, None)
    with pytest.raises(TacgraphError, match="not 11 as in the backup"):
        restore(out, tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_what_must_not_travel_is_not_inside(on_engine: Path, tmp_path: Path) -> None:
    load(SMALL, home=on_engine)
    (on_engine / "sign-in.toml").write_text("client_secret = 'x'", encoding="utf-8")
    with closing(sqlite3.connect(on_engine / "own.db")) as database:
        database.execute("CREATE TABLE kept (x)")
        database.execute("INSERT INTO kept VALUES (7)")
        database.commit()
        made = back_up(on_engine, tmp_path / "kept.tar", with_key=False)
    names = {file.name for file in made.files}
    assert not [name for name in names if "engine" in name or "sign-in" in name or "slice" in name]
    assert "home/identity.key" not in names
    assert made.identity_key == "left out"
    assert read_manifest(tmp_path / "kept.tar", None) == made
    unpack(tmp_path / "kept.tar", tmp_path / "taken", None, roomy)
    with closing(sqlite3.connect(tmp_path / "taken" / FILES / "own.db")) as database:
        assert database.execute("SELECT x FROM kept").fetchall() == [(7,)]
    (on_engine / "sign-in.toml").unlink()
    (on_engine / "own.db").unlink()
