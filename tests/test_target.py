"""Which addresses of a database are spoken to: none with a password, none in the open but this machine."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmodel.errors import EngineError
from graphmodel.target import PLAINTEXT, find_target, must_be_safe

SAFE = (
    "neo4j+s://graph.example.org:7687",
    "bolt+s://10.1.2.3",
    "neo4j+ssc://graph.internal",
    "bolt://127.0.0.1:7687",
    "bolt://localhost:7687",
    "neo4j://[::1]:7687",
    "bolt://127.8.9.1",
)
OPEN = (
    "bolt://10.1.2.3:7687",
    "neo4j://graph.example.org",
    "bolt://localhost.example.org",
    "bolt://127.0.0.1.example.org",
    "bolt://[2001:db8::1]:7687",
    "neo4j://0.0.0.0:7687",
)
NONE = ("graph.example.org", "http://127.0.0.1:7474", "bolt://", "bolt://[::1", "", "file:///etc/passwd")


@pytest.mark.parametrize("uri", SAFE)
def test_encrypted_or_on_this_machine_is_taken(uri: str) -> None:
    must_be_safe(uri)


@pytest.mark.parametrize("uri", OPEN)
def test_in_the_open_only_by_order(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EngineError, match="in the open") as refused:
        must_be_safe(uri)
    assert "+s://" in refused.value.mend
    for value in ("", "no", "1"):
        monkeypatch.setenv(PLAINTEXT, value)
        with pytest.raises(EngineError):
            must_be_safe(uri)
    monkeypatch.setenv(PLAINTEXT, "yes")
    must_be_safe(uri)


@pytest.mark.parametrize("uri", NONE)
def test_what_is_no_address_is_said_to_be_none(uri: str) -> None:
    with pytest.raises(EngineError, match="no address"):
        must_be_safe(uri)


@given(st.text(alphabet=st.characters(codec="ascii", categories=["L", "N"]), min_size=3, max_size=12))
def test_a_password_in_the_address_is_refused_and_never_repeated(password: str) -> None:
    secret = f"pw{password}wp"
    for scheme in ("bolt", "neo4j+s"):
        with pytest.raises(EngineError, match="holds a name") as refused:
            must_be_safe(f"{scheme}://neo4j:{secret}@127.0.0.1:7687")
        assert secret not in str(refused.value)


def test_the_way_to_the_database_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEO4J_URI", "bolt://graph.example.org")
    monkeypatch.setenv("NEO4J_PASSWORD", "secret-word")
    with pytest.raises(EngineError, match="in the open"):
        find_target(tmp_path, "reader")
    monkeypatch.setenv("NEO4J_URI", "bolt+s://graph.example.org")
    target = find_target(tmp_path, "reader")
    assert target.uri == "bolt+s://graph.example.org"
    assert "secret-word" not in repr(target)


def test_the_password_may_come_from_a_file_as_neo4js_container_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "neo4j_auth"
    for name in ("NEO4J_PASSWORD", "NEO4J_USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NEO4J_URI", "bolt://127.0.0.1:7687")
    monkeypatch.setenv("NEO4J_AUTH_FILE", str(file))
    file.write_text("reader/pass/word é\n", encoding="utf-8")
    found = find_target(tmp_path, "reader")
    assert (found.username, found.password) == ("reader", "pass/word é")
    assert "pass/word" not in repr(found)
    for spoilt in (b"", b"hunter-2", b"/hunter-2", b"neo4j/", b"\xff\xfe"):
        file.write_bytes(spoilt)
        with pytest.raises(EngineError) as refused:
            find_target(tmp_path, "reader")
        assert str(file) in str(refused.value)
        assert "hunter" not in str(refused.value)
    file.unlink()
    with pytest.raises(EngineError, match="cannot be read"):
        find_target(tmp_path, "reader")
    monkeypatch.setenv("NEO4J_PASSWORD", "of the environment")
    assert find_target(tmp_path, "reader").password == "of the environment"
