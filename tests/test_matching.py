"""Record linkage: numbers, the encrypted store, links and decisions, groups under constraints, the rules."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmodel.errors import QueryError, SettingsError
from graphmodel.settings import Matching
from loaders.matching import cleaning, numbers
from loaders.matching.children import Rules
from loaders.matching.identities import SCHEMAS, IdentityStore
from loaders.matching.links import Links, Proposal

RULES = Rules(Matching(upper=0.95, lower=0.5, keep_identities=True), other_name=0.03, twins=0.03)


# -- numbers and texts -----------------------------------------------------------------------------


def check_letter(body: str) -> str:
    """The UPN's letter, by its own road: table look-up, no comprehension shared with the program."""
    total, weight = 0, 2
    for one in body:
        total += weight * int(one)
        weight += 1
    return "ABCDEFGHJKLMNPQRTUVWXYZ"[total % 23]


@given(st.text("0123456789", min_size=12, max_size=12), st.integers(0, 11), st.integers(1, 9))
def test_a_upn_has_one_right_letter_and_no_digit_can_slip(body: str, at: int, by: int) -> None:
    good = check_letter(body) + body
    assert numbers.upn(f" {good[:5]} {good[5:].lower()}") == good
    wrong = body[:at] + str((int(body[at]) + by) % 10) + body[at + 1 :]
    assert numbers.upn(good[0] + wrong) is None


@given(st.integers(1, 999_999_998), st.integers(0, 9), st.integers(1, 9))
def test_an_nhs_number_has_one_right_digit_and_none_can_slip(body: int, at: int, by: int) -> None:
    text = f"{body:09}"
    good = [text + digit for digit in "0123456789" if numbers.nhs_number(text + digit)]
    assert len(good) <= 1
    for number in good:
        assert numbers.nhs_number(f"{number[:3]} {number[3:6]}-{number[6:]}") == number
        slipped = number[:at] + str((int(number[at]) + by) % 10) + number[at + 1 :]
        assert numbers.nhs_number(slipped) is None


@pytest.mark.parametrize(
    ("scheme", "text", "read"),
    [
        ("nhs_number", "943 476 5919", "9434765919"),
        ("nhs_number", "0000000000", None),
        ("nhs_number", "94347659", None),
        ("upn", "B801200005001", "B801200005001"),
        ("upn", "B123456789012", None),
        ("swe_number", "sw 123", "SW123"),
        ("swe_number", "00123", "SW123"),
        ("swe_number", "agency", None),
        ("swe_number", "Oz2054309383", "OZ2054309383"),
        ("swe_number", "SWE 1234567890", "SW1234567890"),
        ("email", " A.Shah@Example.org ", "a.shah@example.org"),
        ("email", "none", None),
        ("staff_id", " ", None),
    ],
)
def test_numbers_are_written_one_way(scheme: str, text: str, read: str | None) -> None:
    assert numbers.SCHEMES[scheme](text) == read


@pytest.mark.parametrize(
    ("clean", "text", "read"),
    [
        (cleaning.name, "  O'Néill-Smith ", "oneill smith"),
        (cleaning.name, "Unborn", None),
        (cleaning.name, "Baby of", None),
        (cleaning.name, "123", None),
        (cleaning.birth_date, "2014-02-30", None),
        (cleaning.birth_date, "03/12/2014", "2014-12-03"),
        (cleaning.birth_date, "1900-01-01", None),
        (cleaning.postcode, "sw1a 1aa", "SW1A1AA"),
        (cleaning.postcode, "ZZ99 3VZ", None),
    ],
)
def test_texts_are_written_one_way_and_placeholders_are_missing(
    clean: Any, text: str, read: str | None
) -> None:
    assert clean(text) == read


# -- the identity store ----------------------------------------------------------------------------


def child(known_as: str, space: str = "s", **values: Any) -> dict[str, Any]:
    return dict.fromkeys(SCHEMAS["child"].names) | {"id": known_as, "source": "s", "space": space} | values


def table(*rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=SCHEMAS["child"])


def test_the_store_keeps_the_latest_record_and_nobody_can_read_its_files(tmp_path: Path) -> None:
    store = IdentityStore(tmp_path)
    store.keep("child", "s", table(child("1", first_name="Amber"), child("2", first_name="Birch")))
    store.keep("child", "s", table(child("2", first_name="Cedar"), child("2", first_name="Dale")))
    assert [(row["id"], row["first_name"]) for row in store.records("child").to_pylist()] == [
        ("1", "Amber"),
        ("2", "Dale"),
    ]
    files = list((tmp_path / "identity").glob("*.bin"))
    assert len(files) == 1
    assert files[0].stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "identity").stat().st_mode & 0o777 == 0o700
    everything = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert not any(name in everything for name in (b"Amber", b"Cedar", b"Dale", b"PAR1"))
    store.keep("child", "s", table(child("3", first_name="Elm")), whole=True)
    assert store.records("child")["id"].to_pylist() == ["3"]
    assert store.forget() == 1
    assert store.records("child").num_rows == 0


def test_another_key_or_a_changed_file_is_told_with_its_mend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = IdentityStore(tmp_path)
    store.keep("child", "s", table(child("1", first_name="Amber")))
    path = next((tmp_path / "identity").glob("*.bin"))
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(SettingsError, match="another key, or damaged"):
        store.records("child")
    path.write_bytes(content)
    monkeypatch.setenv("TACGRAPH_IDENTITY_KEY", "another key, long enough")
    with pytest.raises(SettingsError, match="load the sources again"):
        store.records("child")


# -- links and decisions ---------------------------------------------------------------------------


def proposal(a: str, b: str, probability: float, outcome: Any = "linked") -> Proposal:
    return Proposal("child", a, b, probability, outcome, {"why": "test"})


def test_links_are_appended_and_cannot_be_changed(tmp_path: Path) -> None:
    with Links(tmp_path) as links:
        assert (
            links.propose_all("child", [proposal("a", "b", 0.99), proposal("c", "d", 0.7, "review")], "r1")
            == 2
        )
        assert (
            links.propose_all("child", [proposal("a", "b", 0.99), proposal("c", "d", 0.7, "review")], "r2")
            == 0
        )
        assert links.propose_all("child", [proposal("a", "b", 0.98)], "r3") == 2
        assert [(p.pair, p.outcome) for p in links.proposals("child")] == [
            (("a", "b"), "linked"),
            (("c", "d"), "apart"),
        ]
        links.decide("child", "d", "c", "same", who="jo", why="asked the school")
    path = tmp_path / "links" / "links.sqlite"
    assert path.stat().st_mode & 0o777 == 0o600
    database = sqlite3.connect(path)
    for text in ("UPDATE decisions SET who = 'x'", "DELETE FROM decisions", "DELETE FROM proposals"):
        with pytest.raises(sqlite3.IntegrityError, match="appended, never changed"):
            database.execute(text)
    database.close()


def test_a_decision_is_undone_and_the_one_before_stands_again(tmp_path: Path) -> None:
    with Links(tmp_path) as links:
        links.decide("child", "a", "b", "same", who="jo")
        links.decide("child", "b", "a", "different", who="mo")
        assert links.decided("child")["a", "b"].verdict == "different"
        assert links.undo("child", "a", "b", who="jo").who == "mo"
        assert links.decided("child")["a", "b"].verdict == "same"
        links.undo("child", "a", "b", who="jo")
        assert links.decided("child") == {}
        with pytest.raises(QueryError, match="has no decision"):
            links.undo("child", "a", "b", who="jo")
        assert [one.verdict for one in links.history("child", "b", "a")] == [
            "same",
            "different",
            "undone",
            "undone",
        ]
        with pytest.raises(QueryError, match="two different ids"):
            links.decide("child", "a", "a", "same", who="jo")


def test_a_decision_said_twice_is_undone_at_once(tmp_path: Path) -> None:
    with Links(tmp_path) as links:
        links.decide("child", "a", "b", "different", who="jo")
        links.decide("child", "a", "b", "same", who="jo")
        links.decide("child", "b", "a", "same", who="mo", why="again, as the first one was cut off")
        assert links.undo("child", "a", "b", who="jo").who == "mo"
        assert links.decided("child")["a", "b"].verdict == "different"
        assert len(links.history("child", "a", "b")) == 4, "each one stays on record"


def test_what_waits_comes_most_uncertain_first(tmp_path: Path) -> None:
    with Links(tmp_path) as links:
        found = [
            proposal("a", "b", 0.9, "review"),
            proposal("c", "d", 0.55, "review"),
            proposal("e", "f", 0.7, "review"),
        ]
        links.propose_all("child", found, "r")
        links.decide("child", "e", "f", "undecided", who="jo")
        assert [p.pair for p in links.pending("child")] == [("c", "d"), ("e", "f"), ("a", "b")]
        links.decide("child", "a", "b", "different", who="jo")
        assert [p.pair for p in links.pending("child")] == [("c", "d"), ("e", "f")]
