"""A data folder that vanished, a file in use, a key cut short: said in words that name it."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from graphmodel.access import Viewer
from graphmodel.audit_log import AuditLog
from graphmodel.disk import on_disk
from graphmodel.errors import DiskError, SettingsError
from loaders.identity import KEY_FILE, identity_key


def test_a_folder_that_vanished_is_named(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    log = AuditLog(home)
    log.record(Viewer.local("why"), "a look", about="x", rows=1)
    shutil.rmtree(home)
    with pytest.raises(DiskError, match="is there no more") as told:
        log.record(Viewer.local("why"), "a look", about="x", rows=1)
    assert str(home) in told.value.thing
    assert told.value.exit_code == 8


def test_a_file_in_use_is_named(tmp_path: Path) -> None:
    place = tmp_path / "links.sqlite"
    with closing(sqlite3.connect(place, isolation_level=None)) as one:
        one.execute("CREATE TABLE t (x)")
        one.execute("BEGIN EXCLUSIVE")
        with (
            closing(sqlite3.connect(place, timeout=0, isolation_level=None)) as other,
            pytest.raises(DiskError, match="is in use by another program") as told,
            on_disk(place),
        ):
            other.execute("INSERT INTO t VALUES (1)")
    assert told.value.thing == str(place)


def test_what_is_no_matter_of_a_disk_stays_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="another"), on_disk(tmp_path):
        raise ValueError("another")
    with (
        closing(sqlite3.connect(":memory:")) as one,
        pytest.raises(sqlite3.OperationalError),
        on_disk(tmp_path),
    ):
        one.execute("SELECT * FROM none_such")


def test_a_key_that_was_cut_short_is_never_used(tmp_path: Path) -> None:
    """A disk that filled while an older version made it left an empty file."""
    (tmp_path / KEY_FILE).touch(mode=0o600)
    with pytest.raises(SettingsError, match="is cut short"):
        identity_key(tmp_path)
    (tmp_path / KEY_FILE).unlink()
    assert identity_key(tmp_path) == identity_key(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [KEY_FILE]
