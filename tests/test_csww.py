"""The workforce census: the real sample, years, awkward workers, and a second road."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphmodel.errors import SourceError
from graphmodel.store import Store
from loaders import load
from loaders.raw import Identifier
from loaders.sources import guess_format
from loaders.sources.csww import read_csww
from tests.loading import facts, read_list
from tests.returns_files import found_tables, write_csww

SAMPLE = Path(__file__).parents[2] / "shared" / "data" / "social_work_workforce_2022.xml"


def by_text(path: Path) -> list[dict[str, str]]:
    """The workers of a census by searching its text: no XML, nothing of the reader's."""
    workers = path.read_text(encoding="utf-8").split("<CSWWWorker>")[1:]
    return [dict(re.findall(r"<(\w+)>([^<]*)</\1>", text)) for text in workers]


def posts(path: Path) -> list[tuple[str | None, ...]]:
    return [tuple(row.values()) for row in found_tables(read_csww(path)).get("posts", [])]


def test_the_sample_comes_to_what_it_says() -> None:
    source = read_csww(SAMPLE)
    workers = by_text(SAMPLE)
    assert len(workers) == 30
    found = found_tables(source)
    assert found["agencies"] == [
        {"agency_id": "la:301", "name": "Local authority 301", "sector": "local_authority"}
    ]
    assert [r["practitioner_id"] for r in found["practitioners"]] == [
        f"swe:{w['SWENo'].upper()}" for w in workers
    ]
    assert {r["role"] for r in found["practitioners"]} == {"social_worker"}
    expected = [
        (
            f"swe:{w['SWENo'].upper()}",
            "la:301",
            w.get("RoleStartDate"),
            w.get("RoleEndDate"),
            w["FTE"],
            "true",
        )
        for w in workers
        if float(w["FTE"]) > 0
    ]
    assert posts(SAMPLE) == expected
    assert len(expected) == 17
    cases = sum(int(w.get("Cases30", 0)) for w in workers)
    said = " | ".join(source.notes)
    assert f"{cases} cases held on the census day by the census of 2022-09-30, not loaded" in said
    assert "13 with FTE 0 and 0 without FTE have no post" in said
    assert source.identifiers[0] == Identifier(
        "practitioner", "swe:OZ2054309383", "swe_number", "OZ2054309383"
    )


def test_the_sample_loads_twice_to_one_graph(on_engine: Path) -> None:
    report = load(SAMPLE, home=on_engine)
    assert report.format == "csww"
    # the posts without a RoleStartDate are rejected, for the format needs to know from when
    without = [w["SWENo"] for w in by_text(SAMPLE) if float(w["FTE"]) > 0 and "RoleStartDate" not in w]
    rejects = read_list(report, "rejects.csv")
    assert [r["column"] for r in rejects] == ["RoleStartDate"] * len(without)
    lines = SAMPLE.read_text(encoding="utf-8").splitlines()
    assert all("<CSWWWorker>" in lines[int(r["row"]) - 1] for r in rejects)
    assert report.tables["posts"].created == 17 - len(without)
    with Store.open(on_engine, "reader") as store:
        before = facts(store, load_ids=True)
        ((fte,),) = store.fetch(
            "MATCH (p:Practitioner)-[h:HOLDS_POST]->(:Agency) "
            "WHERE p.practitioner_id = 'swe:OZ2054309383' RETURN h.fte"
        )
    assert fte == 0.521371
    assert not load(SAMPLE, home=on_engine).changed
    with Store.open(on_engine, "reader") as store:
        assert facts(store, load_ids=True) == before


DAYS = st.dates().map(lambda day: day.isoformat())
WORKERS = st.fixed_dictionaries(
    {
        "AgencyWorker": st.sampled_from(("0", "1", None)),
        "SWENo": st.sampled_from(("SW1", "sw2", " SW3", None, "Unknown")),
        "FTE": st.sampled_from(("0", "0.000000", "1", "0.5", "1.2", "half", None)),
        "RoleStartDate": st.sampled_from(("2019-01-01", "2020-01-01", "01/02/2021", None)),
        "RoleEndDate": st.sampled_from(("2022-01-01", None, None)),
        "FTE30": st.sampled_from(("0.25", None)),
        "Cases30": st.sampled_from(("3", "0", "-1", None)),
        "OrgRole": st.sampled_from(("1", "5", "9", None)),
    }
)


@settings(deadline=None, max_examples=60)
@given(workers=st.lists(WORKERS, min_size=1, max_size=8))
def test_the_second_road_comes_to_the_same_posts(
    workers: list[dict[str, str | None]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = write_csww(tmp_path_factory.mktemp("w") / "csww.xml", workers)
    expected: list[tuple[str | None, ...]] = []
    for worker in workers:
        number, fte = worker["SWENo"], worker["FTE"] or worker["FTE30"]
        if number in (None, "Unknown") or fte in (None, "0", "0.000000") or number is None:
            continue
        start = {"01/02/2021": "2021-02-01"}.get(worker["RoleStartDate"] or "", worker["RoleStartDate"])
        expected.append(
            (f"swe:{number.strip().upper()}", "la:301", start, worker["RoleEndDate"], fte, "true")
        )
    assert sorted(posts(path), key=str) == sorted(expected, key=str)


def test_dirty_workers_are_rejects_that_name_the_element(on_engine: Path, tmp_path: Path) -> None:
    good = {"SWENo": "SW1", "FTE": "0.5", "RoleStartDate": "2020-01-01"}
    path = write_csww(
        tmp_path / "csww.xml",
        [
            good,
            {**good, "SWENo": "SW2", "FTE": "1.5"},
            {**good, "SWENo": "SW3", "FTE": "half"},
            {**good, "SWENo": "SW4", "RoleEndDate": "2019-01-01"},
            {**good, "SWENo": None},
            {**good, "SWENo": "=cmd|'/C calc'!A0", "FTE": None},
        ],
    )
    report = load(path, home=on_engine)
    listed = {(r["column"], r["value"]) for r in read_list(report, "rejects.csv")}
    assert listed == {("FTE", "1.5"), ("FTE", "half"), ("RoleEndDate", "2019-01-01"), ("SWENo", "")}
    assert report.tables["posts"].created == 1
    assert any("0 with FTE 0 and 1 without FTE have no post" in note for note in report.notes)


def test_the_latest_years_fte_counts(tmp_path: Path) -> None:
    folder = tmp_path / "years"
    folder.mkdir()
    post = {"SWENo": "SW1", "RoleStartDate": "2020-01-01"}
    write_csww(folder / "a.xml", [{**post, "FTE": "0.6"}], year=2025)
    write_csww(folder / "b.xml", [{**post, "FTE": "1"}, {**post, "SWENo": "SW2", "FTE": "1"}], year=2024)
    assert guess_format(folder) == "csww"
    assert [(p[0], p[4]) for p in posts(folder)] == [("swe:SW1", "0.6"), ("swe:SW2", "1")]


def test_who_began_newly_qualified_is_so_for_a_year(tmp_path: Path) -> None:
    path = write_csww(
        tmp_path / "csww.xml",
        [
            {"SWENo": "SW1", "FTE": "1", "RoleStartDate": "2024-02-29", "StartOrigin": "1"},
            {"SWENo": "SW2", "FTE": "1", "RoleStartDate": "2024-09-01", "StartOrigin": "2"},
            {"SWENo": "SW3", "FTE": "1", "StartOrigin": "1"},
        ],
    )
    source = read_csww(path)
    found = {r["practitioner_id"]: r["newly_qualified_until"] for r in found_tables(source)["practitioners"]}
    assert found == {"swe:SW1": "2025-03-01", "swe:SW2": None, "swe:SW3": None}
    assert any(note.startswith("1 began their role newly qualified") for note in source.notes)


def test_what_is_no_workforce_census_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no workforce census"):
        read_csww(tmp_path)


def test_a_post_left_open_ends_where_a_later_census_has_another_role_begin(tmp_path: Path) -> None:
    folder = tmp_path / "years"
    folder.mkdir()
    first, second = (
        {"SWENo": "SW1", "FTE": "1", "RoleStartDate": day} for day in ("2020-01-01", "2024-02-01")
    )
    ended = {"SWENo": "SW2", "FTE": "1", "RoleStartDate": "2019-01-01", "RoleEndDate": "2020-05-05"}
    write_csww(folder / "a.xml", [first, ended], year=2023)
    write_csww(
        folder / "b.xml", [second, {**ended, "RoleStartDate": "2024-03-01", "RoleEndDate": None}], year=2024
    )
    assert [(p[0], p[2], p[3]) for p in posts(folder)] == [
        ("swe:SW1", "2020-01-01", "2024-02-01"),
        ("swe:SW2", "2019-01-01", "2020-05-05"),
        ("swe:SW1", "2024-02-01", None),
        ("swe:SW2", "2024-03-01", None),
    ]
    (found,) = read_csww(folder).findings
    assert (found.kind, found.ids, found.from_on, found.to_on) == (
        *("post_ended_by_next_role", "swe:SW1 la:301"),
        *("2020-01-01", "2024-02-01"),
    )
