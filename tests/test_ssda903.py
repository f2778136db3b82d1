"""The SSDA903 return: the real samples, several years, awkward rows, and a second road."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphmodel.errors import SourceError
from graphmodel.store import Store
from loaders import load
from loaders.raw import Identifier
from loaders.sources import guess_format
from loaders.sources.ssda903 import looks_like_ssda903, read_ssda903
from tests.loading import SMALL, check_only, facts, read_list, write_book, write_texts
from tests.partnerships import Size, random_partnership
from tests.returns_files import (
    EPISODES,
    HEADER,
    WORKERS,
    episode_rows,
    found_statuses,
    found_tables,
    spans,
    unite,
    write_csv,
    write_ssda903,
)

SHARED = Path(__file__).parents[2] / "shared" / "data"
HEAD = ",".join(EPISODES)
DENSE = Size(statuses=60)


def episodes(*rows: str) -> str:
    return "\n".join(["CHILD,DECOM,DEC,LS,PLACE,REC", *rows, ""])


def statuses(folder: Path, **texts: str) -> list[tuple[str, str, str, str | None]]:
    named = {f"{name}.csv": text for name, text in texts.items()}
    return found_statuses(read_ssda903(write_texts(folder, named)))


def test_the_samples_come_to_what_they_say(tmp_path: Path) -> None:
    source = read_ssda903(SHARED / "SSDA903_2020_episodes.csv")
    # its two V4 episodes are short breaks; the others of one child touch
    assert found_statuses(source) == [
        ("249901", "LAC", "2019-03-30", "2019-04-10"),
        ("689661", "LAC", "2018-12-02", "2019-09-26"),
    ]
    workers = read_ssda903(SHARED / "SSDA903_social_worker.csv")
    assert workers.identifiers == [Identifier("practitioner", "swe:SW999", "swe_number", "SW999")]
    assert found_tables(workers)["children"] == [{"child_id": "CHILD10", "birth_date": "1993-12-05"}]
    assert "memberships" not in found_tables(workers)
    assert any("1 allocations of social workers not loaded" in note for note in workers.notes)
    assert looks_like_ssda903(SHARED / "SSDA903_2020_episodes.csv")
    assert guess_format(SHARED / "SSDA903_social_worker.csv") == "ssda903"
    run, rejects = check_only(SHARED / "SSDA903_2020_episodes.csv", tmp_path / "home", "ssda903")
    assert not rejects
    assert run.counts["statuses"].read == 2


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 10_000))
def test_the_second_road_comes_to_the_same_times_of_care(
    seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    partnership = random_partnership(seed, DENSE)
    folder = write_ssda903(tmp_path_factory.mktemp("return"), partnership, random.Random(seed))
    expected = [
        (child, "LAC", start, end)
        for child, parts in spans(partnership, "LAC").items()
        for start, end in unite(parts)
    ]
    source = read_ssda903(folder)
    assert found_statuses(source) == sorted(expected, key=str)
    born = {r["child_id"]: r["birth_date"] or None for r in partnership.tables["children"]}
    for row in found_tables(source).get("children", []):
        assert row.get("birth_date") == born[str(row["child_id"])]


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000), at=st.dates(dt.date(2025, 1, 1), dt.date(2026, 4, 1)))
def test_two_years_returns_together_say_what_one_says(
    seed: int, at: dt.date, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The earlier year's return has what began before its end, and leaves open what was open then."""
    partnership = random_partnership(seed, DENSE)
    folder = tmp_path_factory.mktemp("years")
    # a child's times do not overlap in real returns: two episodes of one first day would be one
    parts = {child: unite(said) for child, said in spans(partnership, "LAC").items()}
    rows = episode_rows(parts, random.Random(seed))
    day = at.isoformat()
    earlier = []
    for row in rows:
        start = dt.datetime.strptime(row["DECOM"], "%d/%m/%Y").date().isoformat()  # noqa: DTZ007
        shape = "%d/%m/%y" if len(row["DEC"]) == 8 else "%d/%m/%Y"
        end = dt.datetime.strptime(row["DEC"], shape).date().isoformat() if row["DEC"] else ""  # noqa: DTZ007
        if start < day:
            earlier.append({**row, "DEC": row["DEC"] if end and end < day else ""})
    write_csv(folder / "SSDA903_2026_episodes.csv", EPISODES, rows)
    alone = found_statuses(read_ssda903(folder))
    write_csv(folder / "SSDA903_2025_episodes.csv", EPISODES, earlier)
    both = read_ssda903(folder)
    assert found_statuses(both) == alone
    assert not both.findings


def test_a_period_ends_only_where_no_episode_begins_on_that_day(tmp_path: Path) -> None:
    text = episodes(
        "c1,01/01/2020,01/02/2020,C2,U1,X1",
        "c1,01/02/20,05/03/20,C2,K2,X1",
        "c1,05/03/2020,,C2,U4,",
        "c2,01/01/2020,01/02/2020,V4,U1,E3",
        "c3,2020-01-01,2020-02-01,V2,S1,E3",
        "c3,43863,,V2,P1,",
    )
    assert statuses(tmp_path, anything=text) == [
        ("c1", "LAC", "2020-01-01", None),
        ("c1", "RESIDENTIAL", "2020-02-01", "2020-03-05"),
        ("c3", "LAC", "2020-01-01", "2020-02-01"),
        ("c3", "LAC", "2020-02-02", None),
        ("c3", "RESIDENTIAL", "2020-01-01", "2020-02-01"),
    ]


def test_adoption_and_care_leavers(tmp_path: Path) -> None:
    found = statuses(
        tmp_path,
        episodes=episodes(
            "c1,01/01/2020,01/06/2020,C2,U1,X1", "c1,01/06/2020,01/12/2020,E1,U1,E11", "c2,01/01/2020,,C2,U1,"
        ),
        ad1="CHILD,DOB,DATE_INT,DATE_MATCH\nc1,01/01/2019,01/05/2020,01/06/2020\nc5,,,\n",
        placed="CHILD,DOB,DATE_PLACED,DATE_PLACED_CEASED,REASON_PLACED_CEASED\n"
        "c2,01/01/2018,01/03/2020,01/04/2020,RD1\n",
        oc3="CHILD,DOB,IN_TOUCH,ACTIV,ACCOM\nc6,29/02/2004,YES,F2,U\nc7,01/01/2004,DIED,,\nc8,,YES,,\n",
    )
    assert [f for f in found if f[1] != "LAC"] == [
        ("c1", "ADOPTION", "2020-05-01", "2020-12-01"),
        ("c2", "ADOPTION", "2020-03-01", "2020-04-01"),
        ("c6", "CARE_LEAVER", "2022-03-01", None),
    ]


def test_a_team_is_derived_only_where_two_were_involved_at_once(tmp_path: Path) -> None:
    texts = {
        "episodes.csv": episodes("c1,01/01/2020,01/12/2020,C2,U1,E3", "c2,01/01/2020,,C2,U1,"),
        "sw_episodes.csv": ",".join(WORKERS)
        + "\nc1,,SW1,01/12/2019,01/06/2020,PCCHAN\nc1,,SW2,01/05/2020,,MANAGE\n"
        "c2,,SW1,01/01/2020,01/03/2020,PCCHAN\nc2,,sw2 ,01/03/2020,,\nc2,,,01/03/2020,,\n",
        "reviews.csv": "CHILD,DOB,REVIEW,REVIEW_CODE\n"
        "c1,,01/06/2020,PN1\nc2,,01/06/2020,PN1\nc1,,01/02/2020,PN1\n",
    }
    source = read_ssda903(write_texts(tmp_path, texts))
    found = found_tables(source)
    assert [tuple(r.values()) for r in found["tacs"]] == [
        ("ssda903:c1|2020-01-01", "c1", "2020-05-01", "2020-12-01", "tac")
    ]
    assert {tuple(r.values())[1:] for r in found["memberships"]} == {
        ("swe:SW1", "2019-12-01", "2020-06-01"),
        ("swe:SW2", "2020-05-01", None),
    }
    assert [r["held_on"] for r in found["reviews"]] == ["2020-06-01"]
    assert [r["practitioner_id"] for r in found["practitioners"]] == ["swe:SW1", "swe:SW2"]
    said = " ".join(source.notes)
    assert "2 allocations of social workers not loaded: a team is there from the first day" in said
    assert "2 reviews not loaded" in said
    run, rejects = check_only(tmp_path, tmp_path / "home", "ssda903")
    assert not rejects
    assert run.counts["leads"].read == 2


SPELLS = st.tuples(
    st.sampled_from(("SW1", "SW2", "SW3")), st.integers(0, 30), st.one_of(st.none(), st.integers(0, 30))
)


@settings(deadline=None, max_examples=150)
@given(
    cared=st.lists(st.tuples(st.integers(0, 30), st.one_of(st.none(), st.integers(1, 10))), max_size=3),
    spells=st.lists(SPELLS, max_size=5),
)
def test_the_second_road_comes_to_the_same_teams(
    cared: list[tuple[int, int | None]],
    spells: list[tuple[str, int, int | None]],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Day by day: which worker is in which time of care."""

    def day(number: int | None) -> str:
        return "" if number is None else (dt.date(2020, 1, 1) + dt.timedelta(days=number)).isoformat()

    times = [(a, None if n is None else a + n) for a, n in cared]
    spells = [(w, a, b) for w, a, b in spells if b is None or b >= a]
    folder = write_texts(
        tmp_path_factory.mktemp("teams"),
        {
            "episodes.csv": episodes(*(f"c1,{day(a)},{day(b)},C2,U1," for a, b in dict(times).items())),
            "sw.csv": "CHILD,SW_ID,SW_DECOM,SW_DEC\n"
            + "".join(f"c1,{w},{day(a)},{day(b)}\n" for w, a, b in spells),
        },
    )
    end = 60
    periods = [
        (date_number(a), end if b is None else date_number(b))
        for a, b in unite([(day(a), day(b) or None) for a, b in dict(times).items()])
    ]
    inside: dict[int, set[tuple[str, int]]] = {}
    for worker, start, stop in spells:
        ran = [p for p in periods if p[0] <= start < p[1]]
        began = [p for p in periods if start < p[0] < (end if stop is None else stop)]
        for period in (ran or began)[:1]:
            for number in range(start, end if stop is None else stop):
                inside.setdefault(period[0], set()).add((worker, number))
    expected = []
    for first, days in inside.items():
        together = [n for n in range(end) if len({w for w, there in days if there == n}) >= 2]
        if together:
            expected.append((f"ssda903:c1|{day(first)}", day(together[0])))
    found = found_tables(read_ssda903(folder)).get("tacs", [])
    assert sorted((r["tac_id"], r["opened_on"]) for r in found) == sorted(expected)


def date_number(text: str) -> int:
    return (dt.date.fromisoformat(text) - dt.date(2020, 1, 1)).days


def test_rejects_name_the_file_the_row_and_the_heading_of_the_return(on_engine: Path, tmp_path: Path) -> None:
    folder = write_texts(
        tmp_path / "dirty",
        {
            "SSDA903_2024_episodes.csv": episodes(
                "c1,01/01/2020,31/02/2020,C2,U1,E3",
                "c2,=A1,,C2,U1,",
                ",01/01/2020,,C2,U1,",
                "c3,01/05/2020,01/01/2020,C2,U1,E3",
                "c4,01/01/2020,,C2",
                "c5,01/01/2020,,C2,U1,",
            ),
            "SW_Episodes.csv": ",".join(WORKERS) + "\nc5,bad,SW1,sometime,,\nc5,,SW2,,,\n",
            "readme.csv": "a,b\n1,2\n",
            "903.xml": "<ssda903/>",
        },
    )
    report = load(folder, home=on_engine)
    assert report.format == "ssda903"
    listed = {(r["file"], r["row"], r["column"], r["value"]) for r in read_list(report, "rejects.csv")}
    name = "dirty, SSDA903_2024_episodes.csv"
    assert {
        (name, "2", "DEC", "31/02/2020"),
        (name, "3", "DECOM", "=A1"),
        (name, "4", "CHILD", ""),
        (name, "5", "DEC", "2020-01-01"),
        (name, "6", "", ""),
        ("dirty, SW_Episodes.csv", "2", "SW_DECOM", "sometime"),
        ("dirty, SW_Episodes.csv", "3", "SW_DECOM", ""),
        ("dirty, SW_Episodes.csv", "2", "DOB", "bad"),
    } <= listed
    assert "left out, no table of the SSDA903 return: readme.csv, 903.xml" in report.notes


def test_a_good_return_loads_twice_to_one_graph(on_engine: Path, tmp_path: Path) -> None:
    partnership = random_partnership(3, DENSE)
    folder = write_ssda903(tmp_path / "return", partnership, random.Random(3))
    report = load(folder, home=on_engine)
    assert report.total("rejected") == 0
    with Store.open(on_engine, "reader") as store:
        before = facts(store, load_ids=True)
        rows = store.fetch(
            "MATCH (c:Child)-[h:HAS_STATUS]->(s:Status) "
            "RETURN c.child_id, s.status, toString(h.started_on), toString(h.ended_on)"
        )
    expected = [
        (child, "LAC", start, end)
        for child, parts in spans(partnership, "LAC").items()
        for start, end in unite(parts)
    ]
    assert sorted((tuple(row) for row in rows), key=str) == sorted(expected, key=str)
    assert not load(folder, home=on_engine).changed
    with Store.open(on_engine, "reader") as store:
        assert facts(store, load_ids=True) == before


def test_a_workbook_with_its_tables_as_sheets(tmp_path: Path) -> None:
    born, decom = dt.date(2010, 5, 4), dt.datetime(2020, 1, 1)  # noqa: DTZ001
    book = write_book(
        tmp_path / "903.xlsx",
        {
            "Guide": [["what this is"]],
            "Header": [[], list(HEADER), [123.0, 1, born, "WBRI", "A123456789123", "", ""]],
            "Episodes": [
                ["CHILD", "DECOM", "LS", "DEC"],
                [123, decom, "C2", None],
                [9, ("=A1", ""), "C2", None],
            ],
        },
    )
    assert looks_like_ssda903(book)
    source = read_ssda903(book)
    assert found_statuses(source) == [("123", "LAC", "2020-01-01", None)]
    assert found_tables(source)["children"][0] == {
        "child_id": "123",
        "birth_date": "2010-05-04",
        "upn": "A123456789123",
    }
    _, rejects = check_only(book, tmp_path / "home", "ssda903")
    assert [(r[0], r[2], r[3]) for r in rejects] == [("statuses", "DECOM", "=A1")]
    assert list(source.places.values()) == ["sheet Header", "sheet Episodes"]


def test_years_that_disagree_are_findings(tmp_path: Path) -> None:
    folder = write_texts(
        tmp_path,
        {
            "SSDA903_2023_episodes.csv": episodes(
                "c1,01/01/2022,01/05/2022,C2,U1,E3", "c2,01/01/2022,,C2,U1,"
            ),
            "SSDA903_2024_episodes.csv": episodes("c1,01/01/2022,01/06/2022,C2,U1,E3"),
            "SSDA903_2024_header.csv": ",".join(HEADER) + "\nc1,1,01/01/2010,,,,\n",
            "SSDA903_2023_header.csv": ",".join(HEADER) + "\nc1,M,02/01/2010,,UN5,,\n",
        },
    )
    source = read_ssda903(folder)
    assert found_statuses(source) == [
        ("c1", "LAC", "2022-01-01", "2022-06-01"),
        ("c2", "LAC", "2022-01-01", None),
    ]
    assert sorted(f.kind for f in source.findings) == [
        "conflicting_birth_dates",
        "conflicting_dates",
        "open_episode_not_carried_on",
    ]
    assert found_tables(source)["children"][0] == {"child_id": "c1", "birth_date": "2010-01-01"}


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("episodes.csv", "CHILD,DECOM,LS\n1,01/01/2020,C2\n", "no column DEC"),
        ("things.csv", "a,b\n1,2\n", "no table of the SSDA903 return"),
        ("episodes.csv", "CHILD,DECOM,DEC,LS,Dec\n1,01/01/2020,,C2,\n", "has the column DEC twice"),
        ("empty.csv", "", "is empty"),
    ],
)
def test_what_would_mislead_is_refused(tmp_path: Path, name: str, text: str, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        read_ssda903(write_texts(tmp_path / "f", {name: text}))


def test_others_files_are_not_taken_for_the_return(tmp_path: Path) -> None:
    assert not looks_like_ssda903(SMALL)
    assert not looks_like_ssda903(SHARED / "Annex_A.xlsx")
    assert not looks_like_ssda903(SHARED / "b1_children_in_need_2013_to_2025.csv")
    partner = write_texts(tmp_path / "p", {"p.csv": "Child,School nurse,Review\n1,Ann,01/01/2020\n"})
    assert not looks_like_ssda903(partner)
    assert not looks_like_ssda903(tmp_path / "nothing")


def test_a_time_of_care_that_began_in_an_earlier_year_is_said(tmp_path: Path) -> None:
    text = "CHILD,DECOM,RNE,LS,DEC\nc1,01/05/2023,P,C2,\nc2,01/05/2023,S,C2,01/06/2023\nc2,01/06/2023,P,C2,\n"
    source = read_ssda903(write_texts(tmp_path, {"e.csv": text}))
    assert any(
        note.startswith("1 times of being looked after go on from an earlier year") for note in source.notes
    )


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_tables_in_other_encodings_and_separators(encoding: str, separator: str, tmp_path: Path) -> None:
    text = 'CHILD,"DECOM",DEC,LS\nÉ1,01/01/2020,,C2\n'.replace(",", separator)
    path = tmp_path / "e.csv"
    path.write_bytes(text.encode(encoding))
    assert looks_like_ssda903(path)
    assert found_statuses(read_ssda903(path)) == [("É1", "LAC", "2020-01-01", None)]
