"""Names, numbers, passwords and keys, planted: in no file, log, message or cache that should lack them."""

from __future__ import annotations

import io
import json
import os
import re
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pyarrow.parquet as pq
import pytest

from dashboards import provider
from graphmodel import engine
from graphmodel.errors import TacgraphError
from loaders.identity import KEY_VARIABLE
from loaders.matching.identities import IdentityStore
from tacgraph import cli
from tests.attacks.conftest import LAST, MARKS, PERSON, Hostile
from tests.dashboard.test_dashboard import opened, words

# the sealed store of record linkage, and the engine's own accounts; the key is one file
SECRET_FILES: Final = frozenset({"engine.secrets.json", "identity.key"})
PLANTED: Final = {
    "NEO4J_PASSWORD": "Zqdatabase-password",
    "TACGRAPH_OIDC_CLIENT_SECRET": "Zqclient-secret",
    "TACGRAPH_OIDC_COOKIE_SECRET": "Zqcookie-secret-of-more-than-32-letters",
    "TACGRAPH_BACKUP_PASSPHRASE": "Zqpassphrase of a backup",
    KEY_VARIABLE: "Zqidentity-key-of-this-authority",
}
DAY: Final = LAST.isoformat()
COMMANDS: Final = (
    ("doctor",),
    ("query", "workload", "--as-of", DAY),
    ("query", "duplicate_identities", "--as-of", DAY, "--reason", "a test"),
    ("query", "nothing_like_it"),
    ("query", "who_works_with", "--as-of", DAY, "-p", "child_id=C000100", "--reason", "a test"),
    ("fairness", "--as-of", DAY, "--format", "json"),
    ("overload", "--as-of", DAY, "--format", "json"),
    ("certainty", "--as-of", DAY),
    ("network", "--as-of", DAY),
    ("advise", "--as-of", DAY),
    ("what-if", "--as-of", DAY, "--leaves", PERSON, "--format", "json"),
    ("match", "--dry-run"),
    ("match", "--review", "--reason", "a test"),
    ("where-from", "child", "C000100", "--reason", "a test", "--format", "json"),
    ("audit", "verify"),
    ("load", "/nowhere/at/all"),
)


def run(words_: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit):
        cli.main(words_)


def contents(path: Path) -> bytes:
    """A file's bytes; of a Parquet file its values, which lie packed in it."""
    if path.suffix == ".parquet":
        return json.dumps(pq.read_table(path).to_pylist(), default=str, ensure_ascii=False).encode()
    return path.read_bytes()


def secrets_of(hostile: Hostile) -> re.Pattern[bytes]:
    """What identifies children by name and number, and every password of the engine."""
    children = hostile.tables["children"]
    numbers = [n for column in ("nhs_number", "upn") for n in children[column] if n][:40]
    accounts = engine.ensure_running(hostile.home).users.values()
    passwords = [account.password.reveal() for account in accounts]
    key = (hostile.home / "identity.key").read_text(encoding="utf-8")
    every = [*MARKS.values(), *PLANTED.values(), *numbers, *passwords, key]
    return re.compile(b"|".join(re.escape(one.encode()) for one in every))


def leaking(folder: Path, secret: re.Pattern[bytes]) -> list[str]:
    """Files below a folder that hold one of the secrets, with the first few letters of it."""
    files = [f for f in sorted(folder.rglob("*")) if f.is_file() and f.name not in SECRET_FILES]
    hits = [(file, secret.search(contents(file))) for file in files]
    return [f"{file.relative_to(folder)}: {hit[0][:12].decode()}" for file, hit in hits if hit]


@pytest.fixture
def own_temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of this test's own for temporary files, caches and whatever a program keeps at home."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    for name in ("TMPDIR", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.setenv(name, str(folder))
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def test_nothing_secret_is_left_or_said(
    at_hostile: Hostile,
    own_temporary: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    secret, report = secrets_of(at_hostile), own_temporary / "report"
    for name in ("TACGRAPH_OIDC_CLIENT_SECRET", "TACGRAPH_BACKUP_PASSPHRASE"):
        monkeypatch.setenv(name, PLANTED[name])
    for command in COMMANDS:
        run(command)
    run(("report", "--month", "2026-09", "--out", str(report)))
    shown = "".join(words(opened(page)) for page in ("overload", "quality", "same_child", "mapping"))
    caught = capfd.readouterr()
    for said in (caught.out, caught.err, caplog.text, shown):
        assert not secret.search(said.encode())
    assert len(caught.out) > 1_000
    assert leaking(at_hostile.home, secret) == []
    assert leaking(own_temporary, secret) == []
    assert list(own_temporary.rglob("*map*")) == []


def test_the_search_finds_what_is_there(at_hostile: Hostile, tmp_path: Path) -> None:
    secret = secrets_of(at_hostile)
    at_hostile.tables["children"].head(3).to_parquet(tmp_path / "children.parquet")
    (tmp_path / "log").write_text(PLANTED["NEO4J_PASSWORD"], encoding="utf-8")
    assert len(leaking(tmp_path, secret)) == 2
    records = IdentityStore(at_hostile.home).records("child").to_pylist()
    assert secret.search(json.dumps(records).encode())


def test_every_file_is_the_owners_alone(at_hostile: Hostile) -> None:
    run(("query", "workload", "--as-of", DAY))
    wide = [p for p in at_hostile.home.rglob("*") if not p.is_symlink() and p.stat().st_mode & 0o077]
    assert wide == []
    assert [p for p in at_hostile.home.rglob("*") if p.is_symlink()] == []


FAILURES: Final[dict[str, tuple[dict[str, str], Callable[[Path], object]]]] = {
    "database that is not there": (
        {"NEO4J_URI": "bolt://127.0.0.1:9", "NEO4J_PASSWORD": PLANTED["NEO4J_PASSWORD"]},
        lambda _home: run(("query", "workload")),
    ),
    "password in the address": (
        {"NEO4J_URI": f"neo4j+s://neo4j:{PLANTED['NEO4J_PASSWORD']}@db.example"},
        lambda _home: run(("query", "workload")),
    ),
    "sign-in without an id": (
        {"TACGRAPH_OIDC_CLIENT_SECRET": PLANTED["TACGRAPH_OIDC_CLIENT_SECRET"]},
        lambda home: provider.configured(home, 8501),
    ),
    "cookie secret that is too short": (
        {
            "TACGRAPH_OIDC_METADATA_URL": "https://login.example/x",
            "TACGRAPH_OIDC_CLIENT_ID": "me",
            "TACGRAPH_OIDC_CLIENT_SECRET": PLANTED["TACGRAPH_OIDC_CLIENT_SECRET"],
            "TACGRAPH_OIDC_COOKIE_SECRET": PLANTED["TACGRAPH_OIDC_COOKIE_SECRET"][:20],
        },
        lambda home: provider.configured(home, 8501),
    ),
    "key that is too short": (
        {KEY_VARIABLE: "Zqshort"},
        lambda home: run(("load", str(home.parent / "example"))),
    ),
    "settings with a secret in the wrong place": (
        {"TACGRAPH_CLIENT_SECRET": PLANTED["TACGRAPH_OIDC_CLIENT_SECRET"]},
        lambda _home: run(("fairness",)),
    ),
}


@pytest.mark.parametrize("what", FAILURES)
def test_a_failure_repeats_no_secret(
    at_hostile: Hostile, what: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    given, fails = FAILURES[what]
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    said = io.StringIO()
    try:
        said.write(repr(fails(at_hostile.home)))
    except TacgraphError as fault:
        said.write("".join(traceback.format_exception(fault)))
    caught = capfd.readouterr()
    assert caught.err or said.getvalue() != "None"
    assert "Zq" not in caught.out + caught.err + said.getvalue()
    assert os.environ.get("TACGRAPH_HOME") == str(at_hostile.home)
