"""Registry files, and which agencies of the graph they know."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmodel.errors import SourceError, TacgraphError
from graphmodel.settings import settings
from graphmodel.store import Store
from loaders import load
from loaders.matching.links import Links
from loaders.matching.run import decide
from loaders.registries import keep, known, read_registry, resolve, school_names
from loaders.registries.link import agencies_of, link
from loaders.registries.record import Establishment, Registry, compared_name, plain_name
from loaders.registries.resolve import Agency, review_rows
from tests.fuzzing import damages, outcome
from tests.loading import tables_in_graph, write_texts

_BROOK: Final = "Brook Church of England Primary Academy"
GIAS: Final = "\n".join(
    (
        "URN,LA (code),LA (name),EstablishmentNumber,EstablishmentName,TypeOfEstablishment (name),"
        "EstablishmentStatus (name),OpenDate,CloseDate,UKPRN,Postcode,Extra",
        "100123,845,E,2001,Brook C of E Primary School,Community school,Closed,,31-08-2023,10001,BN1 1AA,x",
        f"150456,845,E,2001,{_BROOK},Academy converter,Open,01-09-2023,,10099,BN1 1AA,x",
        "100200,845,E,3002,St Mary's Infant School,Community school,Open,,,10002,BN2 1AA,x",
        "100201,845,E,3003,St Mary's Junior School,Community school,Open,,,10003,BN2 1AB,x",
        "100300,301,B,4001,Hill Academy,Academy converter,Open,01-01-2015,,10004,RM1 1AA,x",
        "100301,302,B,4001,Hill Academy,Academy converter,Open,01-01-2016,,10005,EN1 1AA,x",
        "100400,845,E,5001,École Française,Other,Open,,,10006,BN3 1AA,x",
        "",
    )
)
ODS: Final = (
    '"A81001","THE DENSHAM SURGERY","Y60","QHM","X","Y","","","","TS18 1HU",19740401,,"A"\n'
    '"A81002","QUEENS PARK MEDICAL CENTRE","Y60","QHM","X","Y","","","","TS18 2AW",19740401,20200101,"C"\n'
)
ORD: Final = {
    "Organisations": [
        {"Name": "SOLENT NHS TRUST", "OrgId": "R1C", "Status": "Active", "PostCode": "SO19 8BR"},
        {"Name": "OLD TRUST", "OrgId": "RXX", "Status": "Inactive", "LastChangeDate": "2019-04-01"},
        {"OrgId": 5},
    ]
}


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    texts: dict[str, str | bytes] = {
        "edubasealldata20261031.csv": GIAS.encode("cp1252"),
        "epraccur.csv": ODS,
        "ord.json": json.dumps(ORD),
    }
    folder = write_texts(tmp_path / "registry", texts)
    return [folder / name for name in texts]


def agency(name: str, sector: str = "education") -> Agency:
    return Agency(f"agency {name.lower()}", name, sector)


def test_the_files_are_read_as_they_are_published(files: list[Path]) -> None:
    found = read_registry(files)
    by_id = {e.ident: e for e in found.establishments}
    assert by_id["urn:100400"].name == "École Française"
    assert by_id["urn:100123"].laestab == "8452001"
    assert by_id["urn:100123"].closed_on == "2023-08-31"
    assert by_id["ods:A81002"].closed_on == "2020-01-01"
    assert by_id["ods:R1C"].postcode == "SO19 8BR"
    assert by_id["ods:RXX"].closed_on == "2019-04-01"
    assert len(by_id) == 11
    (became,) = found.successions
    assert (became.before, became.after, became.on) == ("urn:100123", "urn:150456", "2023-09-01")


def test_links_of_gias_count_once_and_from_the_one_before_to_the_one_after(files: list[Path]) -> None:
    text = (
        "URN,LinkURN,LinkName,LinkType,LinkEstablishedDate\n"
        "100123,150456,Brook,Successor,01-09-2023\n150456,100123,Brook,Predecessor,01-09-2023\n"
        "100300,100301,Hill,Sixth Form Centre Link,\n"
    )
    (files[0].parent / "links_edubasealldata.csv").write_text(text, encoding="utf-8")
    found = read_registry([files[0], files[0].parent / "links_edubasealldata.csv"])
    assert [(s.before, s.after, s.on) for s in found.successions] == [
        ("urn:100123", "urn:150456", "2023-09-01")
    ]


def test_names_are_matched_where_they_are_clear_and_listed_where_not(files: list[Path]) -> None:
    registry = read_registry(files)
    asked = [
        agency("Brook CE Primary"),
        agency("St. Marys Infants"),
        agency("Saint Mary's School"),
        agency("Hill Academy"),
        agency("Zorblax College"),
        agency("Densham Surgery", "health"),
        agency("Solent NHS Trust", "health"),
        Agency("urn:100300", "Hill", "education"),
        Agency("urn:999999", "Gone", "education"),
        Agency("laestab:8452001", "Brook", "education"),
    ]
    found = resolve(asked, registry)
    linked = {m.agency_id: m.ident for m in found.matches if m.outcome == "linked"}
    assert linked == {
        "agency brook ce primary": "urn:150456",
        "agency st. marys infants": "urn:100200",
        "agency densham surgery": "ods:A81001",
        "agency solent nhs trust": "ods:R1C",
    }
    assert found.by_number == ["urn:100300"]
    assert {"agency zorblax college", "urn:999999"} <= set(found.unmatched)
    waiting = {(row[0], row[2]) for row in review_rows(found)}
    assert {("agency hill academy", "urn:100300"), ("agency hill academy", "urn:100301")} <= waiting
    assert ("laestab:8452001", "urn:150456") in waiting
    here = resolve([agency("Hill Academy")], registry, la_code="301")
    assert [(m.ident, m.outcome) for m in here.matches] == [("urn:100300", "linked")]


def test_a_school_and_its_academy_are_two_agencies_unless_one_is_asked_for(files: list[Path]) -> None:
    registry = read_registry(files)
    both = [Agency("urn:100123", "Brook", "education"), Agency("urn:150456", "Brook", "education")]
    two = resolve(both, registry)
    assert [s.rule for s in two.successions] == ["the same LAESTAB"]
    assert not two.matches
    one = resolve(both, registry, one_agency=True)
    assert [(m.agency_id, m.ident, m.outcome) for m in one.matches] == [
        ("urn:100123", "urn:150456", "linked")
    ]


def test_what_was_read_is_kept_and_known_again(files: list[Path], tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert not known(home).establishments
    registry = read_registry(files)
    keep(home, registry)
    keep(home, registry)
    again = known(home)
    assert {e.ident: e for e in again.establishments} == {e.ident: e for e in registry.establishments}
    assert again.successions == registry.successions
    assert "hill academy" in school_names(home)


def test_links_make_one_agency_of_two_names_survive_loads_and_are_undone(
    on_engine: Path, tmp_path: Path, files: list[Path]
) -> None:
    rows = "agency_id,name,sector\na1,Brook CE Primary,education\na2,Brook C of E Primary School,education\n"
    folder = write_texts(tmp_path / "in", {"agencies.csv": rows})
    load(folder, home=on_engine, source="registry-test")
    with Store.open(on_engine, "reader") as store:
        asked = agencies_of(store)
    found = resolve(asked, read_registry(files), one_agency=True)
    link(on_engine, found.matches, settings())
    with Links(on_engine) as links:
        standing = links.standing("agency")
        assert {"a1", "urn:150456"} <= set(standing)
    load(folder, home=on_engine, source="registry-test")
    with Links(on_engine) as links:
        assert links.standing("agency") == standing
    for match in found.matches:
        if match.agency_id in ("a1", "a2"):
            decide(
                on_engine, "agency", match.agency_id, match.ident, "different", settings=settings(), who="t"
            )
    with Store.open(on_engine, "reader") as store:
        ids = {row[0] for row in tables_in_graph(store)["agencies"]}
    assert {"a1", "a2"} <= ids


def test_spellings_of_one_name_are_alike() -> None:
    assert compared_name("St. Mary's C of E Primary School") == compared_name(
        "Saint Marys Church of England Primary"
    )
    assert plain_name("Brook & Hill Infants") == "brook and hill infant"
    assert compared_name("The School") == "the school"


@given(name=st.text(max_size=80))
def test_comparing_changes_nothing_that_was_compared(name: str) -> None:
    plain = plain_name(name)
    assert plain == " ".join(plain.split())
    assert set(compared_name(name).split()) <= set(plain.split())


@given(names=st.lists(st.text("abc st", min_size=1, max_size=12), unique=True, max_size=8))
def test_every_agency_is_in_one_list_and_only_sure_ones_are_linked(names: list[str]) -> None:
    entries = [Establishment("urn", str(n), name, "education") for n, name in enumerate(names)]
    found = resolve([agency(name) for name in names], Registry(entries))
    linked = [m.agency_id for m in found.matches if m.outcome == "linked"]
    assert len(linked) == len(set(linked))
    review = {m.agency_id for m in found.matches if m.outcome == "review"}
    assert review.isdisjoint(linked)
    assert {agency(n).agency_id for n in names} == review | set(linked) | set(found.unmatched)
    assert all(m.score >= 0.95 for m in found.matches if m.outcome == "linked")


@given(data=damages(GIAS.encode()))
def test_a_damaged_registry_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("damaged") / "edubasealldata.csv"
    path.write_bytes(data)
    found = outcome(lambda: read_registry([path]))
    assert isinstance(found, (Registry, TacgraphError))


@pytest.mark.parametrize("text", ["", "[]", '{"Organisations": 3}', "[" * 100_000])
def test_an_answer_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "ord.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SourceError):
        read_registry([path])


def test_a_table_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    with path.open("w", encoding="utf-8", newline="") as text:
        csv.writer(text).writerows([["a", "b"], ["1", "2"]])
    with pytest.raises(SourceError, match="neither a GIAS file"):
        read_registry([path])
