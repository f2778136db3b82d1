"""Archives that are not as they were written: cut off, changed, or made by somebody to do harm."""

from __future__ import annotations

import io
import json
import shutil
import tarfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphmodel.errors import SourceError
from loaders.backup import Manifest
from loaders.backup.archive import MANIFEST, held, pack, unpack

PHRASE = "correct horse battery"


def roomy(_size: int) -> None:
    """There is room."""


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A small archive by ending, and one sealed, without a graph."""
    folder = tmp_path_factory.mktemp("archives")
    found = {}
    for ending in (".tar", ".tar.gz", ".tar.zst", ".sealed"):
        passphrase = PHRASE if ending == ".sealed" else None
        pack(content(folder), manifest(folder), folder / f"a{ending}", passphrase)
        found[ending] = (folder / f"a{ending}").read_bytes()
    return found


def content(folder: Path) -> Path:
    (folder / "graph").mkdir(exist_ok=True)
    (folder / "graph" / "x.jsonl").write_bytes(b'[{"a":1}]\n' * 50)
    (folder / "key").write_bytes(b"secret")
    return folder


def manifest(folder: Path, **changes: Any) -> Manifest:
    values: dict[str, Any] = {
        "program": "0", "model": 1, "made_at": "2026-11-22", "engine": "embedded", "load_id": None,
        "nodes": {}, "relationships": {}, "digest": "0" * 64, "parts": (), "identity_key": "inside",
        "left_out": (), "files": (held(folder, "graph/x.jsonl"), held(folder, "key")),
    }  # fmt: skip
    return Manifest.model_validate(values | changes)


def read_back(folder: Path, archive: bytes, passphrase: str | None) -> dict[str, bytes]:
    """What an archive gives; nothing may be written but below `folder`/in."""
    path, inside = folder / "archive", folder / "in"
    shutil.rmtree(inside, ignore_errors=True)
    inside.mkdir()
    path.write_bytes(archive)
    unpack(path, inside, passphrase, roomy)
    return {str(file.relative_to(inside)): file.read_bytes() for file in inside.rglob("*") if file.is_file()}


QUICK = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


@QUICK
@given(data=st.data(), ending=st.sampled_from([".tar", ".tar.gz", ".tar.zst", ".sealed"]))
def test_a_truncated_archive_is_refused(
    archives: dict[str, bytes], tmp_path: Path, data: st.DataObject, ending: str
) -> None:
    whole = archives[ending]
    passphrase = PHRASE if ending == ".sealed" else None
    good = read_back(tmp_path, whole, passphrase)
    assert set(good) == {"graph/x.jsonl", "key"}
    cut = data.draw(st.integers(0, len(whole) - 1))
    try:
        found = read_back(tmp_path, whole[:cut], passphrase)
    except SourceError:
        return
    # only the padding behind the last file was cut
    assert found == good
    assert ending != ".sealed"


@QUICK
@given(data=st.data(), ending=st.sampled_from([".tar", ".tar.gz", ".tar.zst", ".sealed"]))
def test_a_changed_archive_is_refused_or_changes_nothing(
    archives: dict[str, bytes], tmp_path: Path, data: st.DataObject, ending: str
) -> None:
    whole = archives[ending]
    passphrase = PHRASE if ending == ".sealed" else None
    good = read_back(tmp_path, whole, passphrase)
    at, bit = data.draw(st.integers(0, len(whole) - 1)), data.draw(st.integers(0, 7))
    spoilt = bytearray(whole)
    spoilt[at] ^= 1 << bit
    try:
        found = read_back(tmp_path, bytes(spoilt), passphrase)
    except SourceError:
        return
    assert found == good
    assert ending != ".sealed"


def test_a_sealed_archive_opens_for_its_passphrase_alone(archives: dict[str, bytes], tmp_path: Path) -> None:
    assert b"secret" not in archives[".sealed"]
    assert b"jsonl" not in archives[".sealed"]
    for passphrase, fault in ((None, "is sealed"), ("another phrase here", "another passphrase")):
        with pytest.raises(SourceError, match=fault):
            read_back(tmp_path, archives[".sealed"], passphrase)


def tar_of(*entries: tuple[tarfile.TarInfo, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for entry, body in entries:
            tar.addfile(entry, io.BytesIO(body))
    return packed.getvalue()


def entry_of(name: str, body: bytes, **more: Any) -> tuple[tarfile.TarInfo, bytes]:
    entry = tarfile.TarInfo(name)
    entry.size = len(body)
    for key, value in more.items():
        setattr(entry, key, value)
    return entry, body


def hostile(folder: Path) -> dict[str, bytes]:
    """Archives that somebody made to do harm, by what they try."""
    content(folder)
    good = manifest(folder)
    first = entry_of(MANIFEST, good.model_dump_json().encode())
    files = [entry_of(f.name, (folder / f.name).read_bytes()) for f in good.files]
    outside = good.model_dump()
    outside["files"][0]["name"] = "../outside"
    absolute = good.model_dump()
    absolute["files"][0]["name"] = "/tmp/outside"
    body = files[0][1]
    return {
        "a file too many": tar_of(first, *files, entry_of("more", b"x")),
        "a file twice": tar_of(first, *files, files[0]),
        "a link": tar_of(first, files[0], entry_of("key", b"", type=tarfile.SYMTYPE, linkname="/etc/passwd")),
        "a name that leads out": tar_of(
            entry_of(MANIFEST, json.dumps(outside).encode()), entry_of("../outside", body), files[1]
        ),
        "a name from the root": tar_of(
            entry_of(MANIFEST, json.dumps(absolute).encode()), entry_of("/tmp/outside", body), files[1]
        ),
        "no manifest": tar_of(*files),
        "a manifest with more in it": tar_of(
            entry_of(MANIFEST, json.dumps({**good.model_dump(), "run": "me"}).encode()), *files
        ),
        "a manifest of another format": tar_of(
            entry_of(MANIFEST, json.dumps({**good.model_dump(), "format": 2}).encode()), *files
        ),
        "nothing": b"",
        "no archive": b"\x00" * 2_000,
    }


def test_an_archive_made_to_do_harm_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "made"
    folder.mkdir()
    for what, archive in hostile(folder).items():
        with pytest.raises(SourceError):
            read_back(tmp_path, archive, None)
        assert not (tmp_path / "outside").exists(), what
    assert not Path("/tmp/outside").exists()
