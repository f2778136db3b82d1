"""Record linkage: numbers, the encrypted store, links and decisions, groups under constraints, the rules."""

from __future__ import annotations

import itertools
import os
import sqlite3
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.linkage_data import AGENCIES, sources
from graphmodel.errors import QueryError, SettingsError
from graphmodel.settings import Matching, load_settings
from loaders.matching import cleaning, numbers, people, run
from loaders.matching.children import Rules, judge, only_one
from loaders.matching.clusters import grouped, representatives
from loaders.matching.identities import SCHEMAS, IdentityStore
from loaders.matching.links import Links, Proposal, crosswalk
from loaders.matching.plain import match_records
from loaders.matching.words import A_LITTLE, AGREES, DIFFERS, MISSING

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


# -- groups ----------------------------------------------------------------------------------------

ids = st.sampled_from("abcdefgh")
pairs = st.tuples(ids, ids).filter(lambda p: p[0] < p[1])


@given(
    st.dictionaries(pairs, st.floats(0.95, 1), max_size=14),
    st.dictionaries(ids, st.sampled_from("xyz"), max_size=8),
    st.sets(pairs, max_size=3),
    st.sets(pairs, max_size=4),
    st.randoms(use_true_random=False),
)
def test_no_group_holds_what_must_stay_apart(
    edges: dict[tuple[str, str], float],
    spaces: dict[str, str],
    same: set[tuple[str, str]],
    different: set[tuple[str, str]],
    rng: Any,
) -> None:
    known = {one: {space} for one, space in spaces.items()}
    linked = [(probability, *pair) for pair, probability in edges.items()]
    groups, refused = grouped(linked, spaces=known, same=same, different=frozenset(different))
    shuffled = rng.sample(linked, len(linked))
    again, refused_again = grouped(shuffled, spaces=known, same=same, different=frozenset(different))
    assert groups.groups() == again.groups()
    assert sorted(refused) == sorted(refused_again)
    said, _ = grouped([], spaces=known, same=same, different=frozenset(different))
    for group in groups.groups():
        for a, b in itertools.combinations(group, 2):
            assert (a, b) not in different
            # two of one space are together only where what people said brought two of that space together
            assert known.get(a, {a}) != known.get(b, {b}) or any(
                len([x for x in one if known.get(x) == known.get(a)]) > 1 for one in said.groups()
            )
    together = {(a, b) for group in groups.groups() for a, b in itertools.combinations(group, 2)}
    assert all(pair in together or pair in refused for pair in edges)


def test_the_weakest_link_of_a_circle_gives_way() -> None:
    linked = [(0.99, "a", "b"), (0.97, "b", "c"), (0.98, "c", "d")]
    groups, refused = grouped(linked, spaces={}, different=frozenset({("a", "d")}))
    assert groups.groups() == [["a", "b"], ["c", "d"]]
    assert refused == [("b", "c")]


def test_whoever_stood_for_others_still_does_when_more_join() -> None:
    rank = {"b": 0, "a": 1, "0": 1}
    first = representatives([["a", "b"]], {}, rank)
    assert first == {"a": "b", "b": "b"}
    assert representatives([["0", "a", "b"]], first, {**rank, "0": 0}) == {"0": "b", "a": "b", "b": "b"}
    assert representatives([["0", "a"]], {}, {}) == {"0": "0", "a": "0"}


# -- rules -----------------------------------------------------------------------------------------


def evidence(**words: str) -> dict[str, str]:
    agrees = dict.fromkeys(("first_name", "last_name", "birth_date", "postcode"), AGREES)
    return agrees | dict.fromkeys(("nhs_number", "upn", "uln"), MISSING) | words


@pytest.mark.parametrize(
    ("words", "probability", "outcome"),
    [
        ({}, 0.99, "linked"),
        ({}, 0.94, "review"),
        ({}, 0.4, "apart"),
        ({"first_name": DIFFERS}, 0.999, "review"),
        ({"first_name": DIFFERS, "birth_date": A_LITTLE}, 0.999, "review"),
        ({"first_name": DIFFERS, "nhs_number": AGREES}, 0.99, "linked"),
        ({"first_name": DIFFERS, "birth_date": DIFFERS, "nhs_number": AGREES}, 0.1, "review"),
        ({"nhs_number": DIFFERS}, 0.99, "review"),
        ({"nhs_number": DIFFERS, "upn": AGREES}, 0.99, "review"),
        ({"first_name": MISSING, "last_name": MISSING, "postcode": MISSING, "upn": AGREES}, 0.8, "linked"),
        ({"upn": DIFFERS}, 0.99, "linked"),
    ],
)
def test_a_pair_is_judged_by_more_than_its_score(
    words: dict[str, str], probability: float, outcome: str
) -> None:
    likely, found, _ = judge(probability, evidence(**words), RULES)
    assert found == outcome
    assert 0 <= likely <= 1


def test_where_several_fit_somebody_looks_unless_they_are_one_themselves() -> None:
    spaces = {"b": {"y"}, "a1": {"x"}, "a2": {"x"}}
    two = [proposal("a1", "b", 0.99), proposal("a2", "b", 0.985)]
    assert [p.outcome for p in only_one(two, spaces, 0.95)] == ["review", "review"]
    one = Proposal("child", "a1", "a2", 0.99, "review", {"why": "two ids of one source"})
    assert [p.outcome for p in only_one([one, *two], spaces, 0.95)] == ["review", "linked", "linked"]
    assert [p.outcome for p in only_one(two, spaces, 0.95, same=[("a1", "a2")])] == ["linked", "linked"]
    far = [proposal("a1", "b", 0.9999), proposal("a2", "b", 0.95)]
    assert [p.outcome for p in only_one(far, spaces, 0.95)] == ["linked", "review"]


def person(known_as: str, space: str, **values: str) -> people.Person:
    blank = dict.fromkeys(("name", "role", "agency", "swe_number", "email", "staff_id"))
    return people.Person(id=known_as, space=space, **{**blank, **values})


def test_practitioners_are_linked_by_number_or_address_and_never_by_name() -> None:
    found = people.proposals(
        [
            person("1", "x", name="priya shah", swe_number="SW1"),
            person("2", "y", name="shah priya", swe_number="SW1"),
            person("3", "y", name="priya shah", role="teacher"),
            person("4", "z", name="tom birch", email="tom@example.org"),
            person("5", "y", name="thomas birch", email="tom@example.org"),
            person("6", "x", name="ann other", swe_number="SW1"),
        ]
    )
    outcomes = {p.pair: (p.outcome, p.probability >= 0.95) for p in found}
    assert outcomes["1", "2"] == ("linked", True)
    assert outcomes["4", "5"] == ("linked", True)
    assert outcomes["1", "3"] == outcomes["2", "3"] == ("review", False)
    assert outcomes["2", "6"] == ("review", False)


# -- the whole -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def linked() -> Any:
    frames = sources(1500, seed=3, agencies=AGENCIES[:3])
    truth = {
        (name, one): true
        for name, frame in frames.items()
        for one, true in zip(frame["child_id"], frame["true"], strict=True)
    }
    return frames, truth, match_records(frames)


def test_links_are_right_and_most_are_found(linked: Any) -> None:
    frames, truth, found = linked
    ends = zip(found["source_1"], found["id_1"], found["source_2"], found["id_2"], strict=True)
    right = [truth[a, x] == truth[b, y] for a, x, b, y in ends]
    together = found["group"].notna().to_numpy()
    by_child: dict[int, int] = {}
    for child_ in truth.values():
        by_child[child_] = by_child.get(child_, 0) + 1
    total = sum(count * (count - 1) // 2 for count in by_child.values())
    hits = sum(r for r, t in zip(right, together, strict=True) if t)
    assert hits / together.sum() > 0.995
    assert hits / total > 0.93
    # no two of one agency together, and every pair has its probability, but those made by a third record
    same = found["source_1"] == found["source_2"]
    assert not (same & together).any()
    assert found.loc[found["probability"].isna(), "why"].eq("through a third record").all()
    assert len(frames) == 3


def test_the_same_records_give_the_same_links_in_any_order(linked: Any) -> None:
    frames, _, found = linked
    shuffled = {name: frame.sample(frac=1.0, random_state=1) for name, frame in reversed(frames.items())}
    again = match_records(shuffled)
    columns = ["id_1", "id_2", "outcome"]
    one, other = (set(map(tuple, f[columns].to_numpy().tolist())) for f in (found, again))
    mirrored = {(b, a, what) for a, b, what in other}
    assert all(row in other or row in mirrored for row in one)
    assert len(one) == len(other)


def test_twins_are_never_linked_to_one_another(linked: Any) -> None:
    frames, truth, found = linked
    born = {
        frame_["true"]: (frame_["birth_date"], frame_["last_name"])
        for f in frames.values()
        for _, frame_ in f.iterrows()
    }
    ends = zip(
        found["source_1"],
        found["id_1"],
        found["source_2"],
        found["id_2"],
        found["group"].notna(),
        strict=True,
    )
    wrong = [
        (a, b)
        for s1, a, s2, b, together in ends
        if together and (one := truth[s1, a]) != (other := truth[s2, b]) and born[one] == born[other]
    ]
    assert wrong == []


def test_matching_keeps_links_and_decisions_split_and_join_them_again(tmp_path: Path) -> None:
    store, asked = IdentityStore(tmp_path), load_settings()
    same = {
        "first_name": "Amber",
        "last_name": "Basket",
        "birth_date": "2014-05-06",
        "nhs_number": "9434765919",
    }
    store.keep("child", "ssd", table(child("1", "local authority", **same) | {"source": "ssd"}))
    store.keep("child", "health", table(child("health:9", "health", **same) | {"source": "health"}))
    report = run.match(tmp_path, asked, dry_run=True)
    assert (report.linked["child"], crosswalk(tmp_path).num_rows) == (1, 0)
    report = run.match(tmp_path, asked)
    assert report.changed["child"] == 1
    assert crosswalk(tmp_path).to_pylist() == [{"kind": "child", "id": "health:9", "stands_for": "1"}]
    run.decide(tmp_path, "child", "1", "health:9", "different", settings=asked, who="jo", why="twins")
    assert crosswalk(tmp_path).num_rows == 0
    run.match(tmp_path, asked)
    assert crosswalk(tmp_path).num_rows == 0
    run.undo(tmp_path, "child", "health:9", "1", settings=asked, who="jo")
    assert crosswalk(tmp_path)["stands_for"].to_pylist() == ["1"]
    assert os.environ.get("TACGRAPH_IDENTITY_KEY") is None


def test_identities_go_after_matching_where_the_settings_say_so_and_links_stay(tmp_path: Path) -> None:
    asked = load_settings()
    asked = asked.model_copy(
        update={"matching": asked.matching.model_copy(update={"keep_identities": False})}
    )
    store = IdentityStore(tmp_path)
    same = {"first_name": "Amber", "last_name": "Basket", "birth_date": "2014-05-06", "upn": "B801200005001"}
    store.keep("child", "a", table(child("1", "a", **same)))
    store.keep("child", "b", table(child("2", "b", **same)))
    assert run.match(tmp_path, asked).forgotten
    assert list((tmp_path / "identity").glob("*.bin")) == []
    run.match(tmp_path, asked)
    assert crosswalk(tmp_path)["id"].to_pylist() == ["2"]
