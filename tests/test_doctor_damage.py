"""Whatever is damaged in a data folder, the doctor says so in words, and nothing else happens."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from graphmodel.access import Viewer
from graphmodel.audit_log import AuditLog
from graphmodel.settings import settings
from graphmodel.store import Store
from loaders import load
from loaders.matching.links import Links
from tacgraph.doctor import examine
from tests.conftest import cleared, empty
from tests.loading import SMALL

TELLING: Final = ("identity.key", "audit.jsonl", "part.json", ".parquet", ".bin", "links.sqlite")
"""Files whose loss of content must be found, wherever they lie; others are made anew, or say nothing."""


@pytest.fixture(scope="module")
def whole(embedded_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder that was loaded, looked at and linked; its graph is elsewhere, out of reach."""
    kept = tmp_path_factory.mktemp("whole") / "home"
    cleared(embedded_home)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("NEO4J_URI", raising=False)
        patch.setenv("TACGRAPH_HOME", str(embedded_home))
        with Store.open(embedded_home, "admin") as store:
            empty(store)
        load(SMALL, home=embedded_home)
    shutil.copytree(embedded_home, kept, ignore=lambda _, names: [n for n in names if n.startswith("engine")])
    Links(kept).close()
    for _ in range(3):
        AuditLog(kept).record(Viewer("jo", "analyst"), "look", about="", rows=1)
    for path in (kept, *kept.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)
    yield kept
    settings.cache_clear()


def damages(content: bytes, drawn: random.Random) -> dict[str, bytes]:
    return {
        "emptied": b"",
        "cut off": content[: len(content) // 2],
        "garbage": drawn.randbytes(max(len(content), 64)),
        "text": '{"a": [1, null, "é\n'.encode(),
        "other": b'{"precedence": 3, "place": "x"}',
    }


def test_no_damaged_file_ends_in_an_exception(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    shutil.copytree(whole, home)
    monkeypatch.setenv("NEO4J_URI", "bolt://127.0.0.1:1")
    monkeypatch.setenv("NEO4J_PASSWORD", "not one")
    monkeypatch.delenv("TACGRAPH_IDENTITY_KEY", raising=False)
    before = {check.name for check in examine(home) if check.state == "WRONG"}
    assert before == {"database"}
    drawn = random.Random(7)
    files = sorted(path for path in home.rglob("*") if path.is_file())
    assert {suffix for suffix in TELLING if any(path.name.endswith(suffix) for path in files)} == set(TELLING)
    missed = []
    for path in _one_of_a_kind(files):
        content = path.read_bytes()
        for how, instead in damages(content, drawn).items():
            path.write_bytes(instead)
            wrong = [c for c in examine(home) if c.state == "WRONG" and c.name != "database"]
            # an empty record is one in which nobody has looked yet: only marks kept elsewhere tell
            told = path.name.endswith(TELLING) and (path.name, how) != ("audit.jsonl", "emptied")
            if told and not wrong and instead != content:
                missed.append(f"{path.relative_to(home)}: {how}")
            assert all(check.mend and check.found for check in wrong), (path, how, wrong)
        path.unlink()
        path.mkdir()
        examine(home)
        path.rmdir()
        path.write_bytes(content)
        path.chmod(0o600)
    assert missed == []
    assert {check.name for check in examine(home) if check.state == "WRONG"} == before


def _one_of_a_kind(files: list[Path]) -> list[Path]:
    """One file of each folder's kinds: fifteen tables of a part are damaged alike."""
    found: dict[tuple[Path, str], Path] = {}
    for path in files:
        found.setdefault((path.parent, path.suffix or path.name), path)
    return list(found.values())
