"""Record linkage: groups that keep apart what must stay apart, rules, and the whole on made-up children."""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.linkage_data import AGENCIES, sources
from graphmodel.settings import Matching, load_settings
from loaders.matching import people, run
from loaders.matching.children import Rules, judge, only_one
from loaders.matching.clusters import grouped, representatives
from loaders.matching.identities import IdentityStore
from loaders.matching.links import Proposal, crosswalk
from loaders.matching.plain import match_records
from loaders.matching.words import A_LITTLE, AGREES, DIFFERS, MISSING
from tests.test_matching import child, proposal, table

RULES = Rules(Matching(upper=0.95, lower=0.5, keep_identities=True), other_name=0.03, twins=0.03)


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
