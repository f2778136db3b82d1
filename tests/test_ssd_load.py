"""The dataset from a folder to the graph: how it is known, what is loaded, what is rejected."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphmodel.errors import SourceError
from graphmodel.store import Store
from loaders import load
from loaders.sources import guess_format
from loaders.sources.ssd import looks_like_ssd, read_ssd
from loaders.sources.ssd.files import table_named
from tests.loading import SMALL, check_only, facts, read_list, tables_in_graph
from tests.ssd_files import Writing, write_dataset
from tests.test_ssd import small


@pytest.mark.parametrize(
    ("stem", "table"),
    [
        ("ssd_person", "ssd_person"),
        ("ssd_development.ssd_person", "ssd_person"),
        ("SSD_PERSON", "ssd_person"),
        ("2026-01-31_ssd_cp_reviews_extract", "ssd_cp_reviews"),
        ("ssd_cin_plans_20260131", "ssd_cin_plans"),
        ("involvements", "ssd_involvements"),
        ("person-2026-01-31", "ssd_person"),
        ("children", None),
        ("reviews", None),
    ],
)
def test_files_are_known_by_name(stem: str, table: str | None) -> None:
    assert table_named(stem) == table


def test_the_format_is_guessed_and_other_folders_are_left_alone(tmp_path: Path) -> None:
    folder = write_dataset(tmp_path / "ssd", small(), Writing(name="ssd_development.{table}_2026"))
    assert guess_format(folder) == "ssd"
    assert guess_format(write_dataset(tmp_path / "bare", small(), Writing(bare=True))) == "ssd"
    assert not looks_like_ssd(SMALL)
    assert not looks_like_ssd(tmp_path / "nothing")
    with pytest.raises(SourceError, match="no table of the Standard"):
        read_ssd(SMALL)
    (folder / "ssd_person.csv").write_text("pers_person_id\n1\n", encoding="utf-8")
    with pytest.raises(SourceError, match="holds the table ssd_person twice"):
        read_ssd(folder)


def test_two_loads_come_to_one_graph(on_engine: Path, tmp_path: Path) -> None:
    folder = write_dataset(tmp_path / "ssd", small())
    report = load(folder, home=on_engine)
    assert (report.format, report.total("rejected")) == ("ssd", 0)
    with Store.open(on_engine, "reader") as store:
        before = facts(store, load_ids=True)
        found = tables_in_graph(store)
    assert found["memberships"] == [
        ("ssd:ref:R1:1", "P1", "2025-01-06", None),
        ("ssd:ref:R1:1", "P2", "2025-02-03", None),
    ]
    assert found["leads"] == [("ssd:ref:R1:1", "P1", "2025-01-06", None, "other")]
    assert found["reviews"] == [("ssd:ref:R1:1", "2025-05-02")]
    again = load(folder, home=on_engine)
    assert not again.changed
    with Store.open(on_engine, "reader") as store:
        assert facts(store, load_ids=True) == before
    assert "ZZZ" in " ".join(report.notes)


def test_rejects_name_the_file_the_row_and_its_own_heading(on_engine: Path, tmp_path: Path) -> None:
    data = small()
    data["ssd_involvements"] += [
        {"id": "P1", "role": "CW", "person": "1", "start": "2025-13-01", "end": None, "referral": "R1"},
        {
            "id": "P1",
            "role": "CW",
            "person": "1",
            "start": "2025-03-01",
            "end": "2025-02-01",
            "referral": "R1",
        },
        {"id": "P1", "role": "CW", "person": None, "start": "2025-03-01", "end": None, "referral": "R77"},
    ]
    data["ssd_professionals"][0]["fte"] = "37"
    data["ssd_cp_plans"].append({"plan": "L2", "person": "77", "start": "2025-03-01", "end": None})
    data["ssd_cp_plans"].append({"plan": "L3", "person": "1", "start": "=1+1", "end": None})
    report = load(write_dataset(tmp_path / "ssd", data), home=on_engine)
    listed = {(r["file"], r["row"], r["column"], r["reason"]) for r in read_list(report, "rejects.csv")}
    involved, plans = "ssd, ssd_involvements.csv", "ssd, ssd_cp_plans.csv"
    assert listed == {
        (involved, "8", "invo_involvement_start_date", "is no day of the calendar"),
        (involved, "9", "invo_involvement_end_date", "is before started_on (2025-03-01)"),
        (involved, "10", "invo_person_id", "names no child, nor a referral that one child alone has"),
        (
            "ssd, ssd_professionals.csv",
            "2",
            "prof_full_time_equivalency",
            "is out of range: must be above 0 and at most 1",
        ),
        (plans, "3", "cppl_person_id", "is no child_id of children that any table or the graph has"),
        (plans, "4", "cppl_cp_plan_start_date", "is a formula, not a value: save its value"),
    }


def test_identity_columns_reach_no_other_table(tmp_path: Path) -> None:
    run, rejects = check_only(write_dataset(tmp_path / "ssd", small()), tmp_path / "home", "ssd")
    assert rejects == []
    assert run.counts["children"].read == 2
    with_names = [t.name for t in run.source.tables if {"first_name", "last_name"} & set(t.columns)]
    assert with_names == ["children"]
