"""Known faults of parts: the stored list against the lock, and how the list is renewed."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from tools import advisories
from tools.lock import LOCK, pins


def test_no_known_fault_is_in_the_lock_and_each_would_be_found() -> None:
    known = advisories.known()
    found = pins()
    assert len(known) > 100
    assert advisories.hits(found, known) == []
    for entry in known:
        older = {**found, entry["package"]: _affected(entry)}
        assert any(line.split(": ")[1].startswith(entry["id"]) for line in advisories.hits(older, known)), (
            entry
        )


def _affected(entry: dict[str, Any]) -> str:
    """A version that an advisory names: listed, the first of a range, or one before its end."""
    if entry.get("versions"):
        return str(entry["versions"][0])
    first = next((part[2:] for part in entry["affected"][0].split(",") if part.startswith(">=")), None)
    return first if first not in {None, "0"} else "0.0.1"


def test_an_older_lock_is_found_out(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text(LOCK.read_text(encoding="utf-8").replace("h11==", "h11==0.9.0 # "), encoding="utf-8")
    assert [line.split(":")[0] for line in advisories.hits(pins(lock), advisories.known())] == ["h11 0.9.0"]


def record(**values: Any) -> dict[str, Any]:
    package = {"name": "Pack_Age", "ecosystem": "PyPI"}
    part = {name: values.pop(name) for name in ("ranges", "versions") if name in values}
    return {
        "id": "PYSEC-1",
        "details": "It breaks. Badly.",
        "affected": [{"package": package, **part}],
        **values,
    }


def spread(*events: dict[str, str], kind: str = "ECOSYSTEM") -> dict[str, Any]:
    return {"type": kind, "events": list(events)}


def test_a_record_becomes_ranges() -> None:
    made = advisories.entry_of(
        record(
            aliases=["CVE-1"],
            versions=["9"],
            ranges=[
                spread({"introduced": "0"}, {"fixed": "abc"}, kind="GIT"),
                spread(
                    {"introduced": "0"}, {"fixed": "2.3.2"}, {"introduced": "2.5"}, {"last_affected": "2.6"}
                ),
                spread({"introduced": "4"}),
            ],
        ),
        "pack-age",
    )
    assert made == {
        "id": "PYSEC-1",
        "aliases": ["CVE-1"],
        "package": "pack-age",
        "affected": [">=0,<2.3.2", ">=2.5,<=2.6", ">=4"],
        "mended": "2.3.2",
        "what": "It breaks",
    }
    listed = advisories.entry_of(record(versions=["1.0", "not a version"]), "pack-age")
    assert listed is not None
    assert advisories.hits({"pack-age": "1"}, [listed])
    assert not advisories.hits({"pack-age": "1.1"}, [listed])
    assert advisories.entry_of(record(withdrawn="2024-01-01"), "pack-age") is None
    assert advisories.entry_of(record(), "another") is None


@given(
    ends=st.lists(st.integers(0, 30), min_size=1, max_size=7, unique=True).map(sorted),
    version=st.integers(0, 31),
)
def test_a_version_is_held_by_the_ranges_as_by_their_events(ends: list[int], version: int) -> None:
    """OSV's own rule: go through the events in order; the last at or before the version decides."""
    events = [{("introduced", "fixed")[i % 2]: f"1.{end}"} for i, end in enumerate(ends)]
    affected = False
    for i, end in enumerate(ends):
        if version >= end:
            affected = i % 2 == 0
    found = any(SpecifierSet(each).contains(Version(f"1.{version}")) for each in advisories._ranges(events))
    assert found == affected


def test_the_list_is_renewed_from_a_clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {"package": "h11", "affected": ["<1"], "mended": "1", "what": "w"}
    hand = [{"id": "CVE-1", **kept}, {"id": "CVE-2", **kept}]
    stored = tmp_path / "advisories.json"
    stored.write_text(json.dumps({"by_hand_as_of": "2025-11-30", "by_hand": hand, "from_database": []}))
    monkeypatch.setattr(advisories, "LIST", stored)
    monkeypatch.setattr(advisories, "pins", lambda: {"h11": "0.16.0"})
    clone = tmp_path / "clone"
    for name in ("h11", "unrelated"):
        (clone / "vulns" / name).mkdir(parents=True)
        about = f"affected:\n- package: {{name: {name}, ecosystem: PyPI}}\n  versions: ['0.16.0']\n"
        text = f"id: PYSEC-{name}\naliases: [CVE-2]\ndetails: Ends early.\n{about}"
        (clone / "vulns" / name / "one.yaml").write_text(text, encoding="utf-8")
    who = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    for words in (("init", "-q"), ("add", "."), (*who, "commit", "-q", "-m", "one")):
        subprocess.run(["git", "-C", str(clone), *words], check=True)
    assert advisories.main(["--refresh", str(clone)]) == 1
    document = json.loads(stored.read_text(encoding="utf-8"))
    assert [entry["id"] for entry in document["by_hand"]] == ["CVE-1"]
    assert [entry["id"] for entry in document["from_database"]] == ["PYSEC-h11"]
    assert len(document["database"]["commit"]) == 40
    before = stored.read_bytes()
    advisories.main(["--refresh", str(clone)])
    assert stored.read_bytes() == before
