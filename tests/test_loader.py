"""The loader on both engines: what is in the files is in the graph, once, whatever happens in between."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import stat
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from graphmodel.errors import LoadRefused, SourceError
from loaders import load
from loaders.record import only_loader
from tests.conftest import anew
from tests.loading import (
    SMALL,
    graph,
    load_tables,
    read_list,
    reading,
    small,
    tables_expected,
    tables_in_graph,
    without,
)


def test_the_small_partnership_stands_in_the_graph_as_in_its_files(on_engine: Path) -> None:
    report = load(SMALL, home=on_engine)
    rows = sum(map(len, small().values()))
    assert (report.total("read"), report.total("created"), report.total("rejected")) == (rows, rows, 0)
    with reading(on_engine) as store:
        assert tables_in_graph(store) == tables_expected(small())
        shared = store.fetch("MATCH (n:Tac) RETURN DISTINCT n.sources, n.load_id")
        assert shared == [[["canonical"], report.load_id]]
    assert report.findings == {
        "lead_not_member": 1,
        "membership_outlives_tac": 1,
        "overlapping_home_posts": 1,
        "practitioner_without_post": 1,
        "two_leads": 1,
        "two_needs_levels": 1,
        "unknown_category": 1,
        "unknown_role": 1,
    }
    assert report.unknown_roles == ("play_therapist",)


def test_findings_name_ids_and_days(on_engine: Path) -> None:
    report = load(SMALL, home=on_engine)
    found = {
        (f["kind"], f["table"]): (f["ids"], f["from"], f["to"]) for f in read_list(report, "findings.csv")
    }
    assert found["lead_not_member", "leads"] == ("t07 p06", "2026-07-06", "")
    assert found["two_leads", "leads"] == ("t03 p04 p05", "2026-06-01", "")
    assert found["overlapping_home_posts", "posts"] == ("p07 V1 H1", "2025-01-01", "")
    assert found["membership_outlives_tac", "memberships"] == ("t08 p03", "2026-09-30", "")
    assert found["two_needs_levels", "needs"] == ("c04", "2025-11-01", "")
    assert found["practitioner_without_post", "practitioners"][0] == "p08"
    text = (report.folder / "findings.csv").read_text(encoding="utf-8")
    assert "Worker" not in text


def test_a_second_load_writes_nothing_but_its_record(on_engine: Path) -> None:
    load(SMALL, home=on_engine)
    before = graph(on_engine, load_ids=True)
    report = load(SMALL, home=on_engine)
    assert graph(on_engine, load_ids=True) == before
    assert not report.changed
    assert report.total("unchanged") == report.total("read")
    with reading(on_engine) as store:
        records = store.fetch(
            "MATCH (l:Load) RETURN l.outcome, l.rows_created, l.rows_unchanged, l.rows_read "
            "ORDER BY l.started_at"
        )
    rows = report.total("read")
    assert records == [["loaded", rows, 0, rows], ["loaded", 0, rows, rows]]


def test_the_load_record_says_when_and_what(on_engine: Path) -> None:
    report = load(SMALL, home=on_engine, source="councils own")
    with reading(on_engine) as store:
        ((record,),) = store.fetch("MATCH (l:Load) RETURN properties(l)")
    assert record["load_id"] == report.load_id
    assert (record["source"], record["format"], record["path_name"]) == ("councils own", "canonical", "small")
    assert record["started_at"] < record["finished_at"]
    assert record["findings"] == sum(report.findings.values())


def test_a_workbook_comes_to_the_same_graph_as_the_folder(on_engine: Path, tmp_path: Path) -> None:
    load(SMALL, home=on_engine)
    folder = graph(on_engine)
    anew(on_engine)
    book = xlsxwriter.Workbook(
        str(tmp_path / "small.xlsx"), {"strings_to_numbers": True, "default_date_format": "d mmm yyyy"}
    )
    for name, rows in small().items():
        sheet = book.add_worksheet(name.capitalize())
        sheet.write_row(0, 0, list(rows[0]))
        for r, row in enumerate(rows, start=1):
            for c, (column, cell) in enumerate(row.items()):
                if cell and (column.endswith("_on") or column == "birth_date"):
                    sheet.write_datetime(r, c, _day(cell))
                elif cell in ("true", "false"):
                    sheet.write_boolean(r, c, cell == "true")
                elif cell:
                    sheet.write(r, c, cell)
    book.close()
    report = load(tmp_path / "small.xlsx", home=on_engine)
    assert report.total("rejected") == 0
    assert graph(on_engine) == folder


def _day(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def test_new_values_update_and_links_move(on_engine: Path, tmp_path: Path) -> None:
    load(SMALL, home=on_engine)
    tables = small()
    tables["tacs"][1] |= {"child_id": "c05", "assessment_id": "", "model": "panel", "closed_on": "2026-11-01"}
    tables["practitioners"][0] |= {"line_manager_id": "p02", "role": "senco"}
    tables["practitioners"][4] |= {"line_manager_id": ""}
    tables["agencies"][1] |= {"parent_agency_id": "V1"}
    tables["children"][0] |= {"family_id": "f9"}
    tables["children"][7] |= {"family_id": ""}
    tables["needs"][2] |= {"level": "1"}
    tables["posts"][0] |= {"fte": "0.5", "ended_on": "2027-01-01"}
    tables["leads"][0] |= {"reason": ""}
    tables["interventions"][0] |= {"practitioner_id": ""}
    tables["interventions"][7] |= {"practitioner_id": "p02"}
    report = load_tables(tables, tmp_path / "in", on_engine)
    assert (report.total("updated"), report.total("created")) == (11, 0)
    with reading(on_engine) as store:
        assert tables_in_graph(store) == tables_expected(tables)
        families = {row[0] for row in store.fetch("MATCH (f:Family) RETURN f.family_id")}
        assert families == {r["family_id"] for r in tables["children"]} - {""}
    incremental = graph(on_engine)
    anew(on_engine)
    load_tables(tables, tmp_path / "in", on_engine)
    assert graph(on_engine) == incremental


def test_a_file_without_a_column_says_nothing_about_it(on_engine: Path, tmp_path: Path) -> None:
    load(SMALL, home=on_engine)
    before = graph(on_engine, load_ids=True)
    keys = {"children": ["child_id"], "tacs": ["tac_id", "child_id", "opened_on"]}
    keys["posts"] = ["practitioner_id", "agency_id", "started_on", "fte"]
    keys["practitioners"] = ["practitioner_id", "role"]
    keys["services"] = ["service_id", "agency_id", "category"]
    partial = {
        name: [{c: row[c] for c in columns} for row in small()[name]] for name, columns in keys.items()
    }
    report = load_tables(partial, tmp_path / "in", on_engine)
    assert not report.changed
    assert graph(on_engine, load_ids=True) == before
    assert any("children.csv has no birth_date" in note for note in report.notes)
    partial["posts"][0]["fte"] = "0.25"
    partial["children"].append({"child_id": "c99"})
    report = load_tables(partial, tmp_path / "in", on_engine)
    assert (report.total("updated"), report.total("created")) == (1, 1)
    changed = small()
    changed["posts"][0]["fte"] = "0.25"
    changed["children"].append({"child_id": "c99"})
    with reading(on_engine) as store:
        assert tables_in_graph(store) == tables_expected(changed)


def test_an_equal_row_of_a_second_source_adds_its_name(on_engine: Path) -> None:
    load(SMALL, home=on_engine, source="b")
    report = load(SMALL, home=on_engine, source="a")
    assert report.total("created") == 0
    with reading(on_engine) as store:
        for pattern in ("(n:Practitioner)", "()-[n:MEMBER_OF]->()", "()-[n:HAS_NEED]->()", "(n:Review)"):
            assert store.fetch(f"MATCH {pattern} RETURN DISTINCT n.sources") == [[["a", "b"]]]
    assert not load(SMALL, home=on_engine, source="b").changed


def test_references_may_lead_to_what_the_graph_holds(on_engine: Path, tmp_path: Path) -> None:
    load(SMALL, home=on_engine)
    member = {"tac_id": "t02", "practitioner_id": "p10", "started_on": "2026-11-01"}
    report = load_tables({"memberships": [member]}, tmp_path / "in", on_engine)
    assert (report.total("created"), report.total("rejected")) == (1, 0)
    replaced = load_tables({"memberships": [member]}, tmp_path / "in", on_engine, replace=True)
    assert replaced.total("rejected") == 1
    assert "is no practitioner_id" in read_list(replaced, "rejects.csv")[0]["reason"]


def test_good_rows_load_and_bad_ones_are_listed(on_engine: Path, tmp_path: Path) -> None:
    tables = small()
    tables["posts"].append(tables["posts"][0] | {"started_on": "1/2/2026", "fte": "2"})
    report = load_tables(tables, tmp_path / "in", on_engine)
    assert report.tables["posts"].rejected == 1
    assert read_list(report, "rejects.csv") == [
        {"file": "posts.csv", "row": "16", "column": c, "value": v, "reason": r}
        for c, v, r in [
            ("fte", "2", "is out of range: must be above 0 and at most 1"),
            ("started_on", "1/2/2026", "is no ISO date: write dates as YYYY-MM-DD"),
        ]
    ]
    with reading(on_engine) as store:
        assert tables_in_graph(store) == tables_expected(small())
    assert stat.S_IMODE((report.folder / "rejects.csv").stat().st_mode) == 0o600


def test_strict_loads_nothing_at_all(on_engine: Path, tmp_path: Path) -> None:
    tables = small()
    tables["needs"][0]["level"] = "9"
    empty_graph = graph(on_engine)
    with pytest.raises(LoadRefused, match="1 rejected row"):
        load_tables(tables, tmp_path / "in", on_engine, strict=True)
    assert graph(on_engine) == empty_graph
    with reading(on_engine) as store:
        ((outcome, folder),) = store.fetch("MATCH (l:Load) RETURN l.outcome, l.load_id")
    assert outcome == "refused"
    assert "level" in (on_engine / "loads" / folder / "rejects.csv").read_text(encoding="utf-8")


def test_a_dry_run_says_what_would_be_and_writes_nothing(on_engine: Path, tmp_path: Path) -> None:
    first = load(SMALL, home=on_engine, dry_run=True)
    assert first.load_id is None
    assert first.total("created") == first.total("read")
    with reading(on_engine) as store:
        assert store.fetch("MATCH (n:Load) RETURN n") == []
    load(SMALL, home=on_engine)
    before = graph(on_engine, load_ids=True)
    tables = small()
    tables["tacs"][0]["model"] = "panel"
    without(tables, "children", "c08")
    dry = load_tables(tables, tmp_path / "in", on_engine, dry_run=True, replace=True)
    assert graph(on_engine, load_ids=True) == before
    real = load_tables(tables, tmp_path / "in", on_engine, replace=True)
    assert {t: asdict(c) for t, c in dry.tables.items()} == {t: asdict(c) for t, c in real.tables.items()}
    lost = sum(map(len, small().values())) - sum(map(len, tables.values()))
    assert (real.total("updated"), real.total("retired")) == (1, lost)


def test_identity_columns_never_reach_graph_or_files(
    on_engine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TACGRAPH_IDENTITY_KEY", "a key for this test only")
    load(SMALL, home=on_engine)
    text = repr(graph(on_engine))
    kept = [p for p in on_engine.rglob("*") if p.is_file() and "loads" in p.parts]
    text += "".join(p.read_text(encoding="utf-8", errors="replace") for p in kept)
    for child in small()["children"]:
        for column in ("upn", "nhs_number", "first_name", "postcode"):
            assert not child[column] or child[column] not in text
    with reading(on_engine) as store:
        rows = store.fetch("MATCH (c:Child) RETURN c.nhs_number_hash, c.upn_hash")
    hashes = [cell for row in rows for cell in row if cell]
    assert (len(set(hashes)), len(hashes)) == (9, 10)
    assert all(len(h) == 64 for h in hashes)


def test_two_loaders_at_once_are_one_too_many(on_engine: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    held, let_go = spawn.Event(), spawn.Event()
    other = spawn.Process(target=_hold_lock, args=(on_engine, held, let_go))
    other.start()
    try:
        assert held.wait(60)
        with pytest.raises(LoadRefused, match=r"another load runs in it \(the-other-load"):
            load(SMALL, home=on_engine)
    finally:
        let_go.set()
        other.join()
    assert load(SMALL, home=on_engine).total("rejected") == 0


def _hold_lock(home: Path, held: Any, let_go: Any) -> None:
    with only_loader(home, "the-other-load"):
        held.set()
        let_go.wait(60)


def test_a_load_that_fails_says_so_in_its_record(on_engine: Path, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "children.csv").write_text("child_id\n", encoding="utf-8")
    with pytest.raises(SourceError):
        load(folder, home=on_engine)
    with reading(on_engine) as store:
        assert store.fetch("MATCH (l:Load) RETURN l.outcome, l.rows_created") == [["failed", 0]]


def test_an_unknown_format_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="format excel"):
        load(SMALL, home=tmp_path, format="excel")
