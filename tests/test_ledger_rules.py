"""What the ledger is for: precedence, conflicts, values that come back, where-from, what was known when."""

from __future__ import annotations

import csv
import json
import re
import stat
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from graphmodel.ledger import LINKS, find_ledger
from graphmodel.settings import Sources, settings
from graphmodel.store import Store
from loaders import load
from loaders.same import settled
from tests.conftest import anew
from tests.loading import SMALL, graph, read_list, read_tables, write_tables
from tests.test_cli import tacgraph
from tests.test_ledger import Tables, assert_ledger_is_graph, link

SSD: Tables = {
    "practitioners": [{"practitioner_id": "p1", "role": "social_worker", "name": "Worker One"}],
    "agencies": [{"agency_id": "a1", "name": "North", "sector": "education"}],
    "children": [{"child_id": "c1", "family_id": "f1", "birth_date": "2014-05-12"}],
    "tacs": [{"tac_id": "t1", "child_id": "c1", "opened_on": "2026-01-05", "closed_on": ""}],
    "statuses": [{"child_id": "c1", "status": "CIN", "started_on": "2026-01-05", "ended_on": ""}],
}
ANNEX: Tables = {
    "practitioners": [{"practitioner_id": "p1", "role": "senco", "name": "Worker One"}],
    "agencies": [{"agency_id": "a1", "name": "North School", "sector": "education"}],
    "children": [{"child_id": "c1", "locality": "South", "birth_date": "2014-12-05"}],
    "tacs": [{"tac_id": "t1", "child_id": "c1", "opened_on": "2026-01-05", "closed_on": "2026-03-01"}],
    "statuses": [{"child_id": "c1", "status": "CIN", "started_on": "2026-01-05"}],
}


def child(home: Path) -> list[object]:
    with Store.open(home, "reader") as store:
        (row,) = store.fetch(
            "MATCH (c:Child {child_id: 'c1'}) OPTIONAL MATCH (c)-[:IN_FAMILY]->(f) "
            "RETURN toString(c.birth_date), c.locality, f.family_id, c.sources"
        )
    return row


def test_the_source_that_comes_first_stands_whatever_the_order_of_loading(
    on_engine: Path, tmp_path: Path
) -> None:
    ssd, annex = write_tables(tmp_path / "ssd", SSD), write_tables(tmp_path / "annex", ANNEX)
    load(ssd, home=on_engine, source="ssd")
    report = load(annex, home=on_engine, source="annex_a")
    one = graph(on_engine)
    assert child(on_engine) == ["2014-05-12", "South", "f1", ["annex_a", "ssd"]]
    assert report.findings["conflicting_sources"] == 4
    found = {(f["table"], f["ids"]): f["what"] for f in read_list(report, "findings.csv")}
    assert found["children", "c1"].startswith("birth_date: ssd of 20")
    assert "stands, not annex_a of 20" in found["children", "c1"]
    told = (report.folder / "findings.csv").read_text(encoding="utf-8")
    assert not any(secret in told for secret in ("2014", "Worker", "North"))
    with Store.open(on_engine, "reader") as store:
        assert store.fetch("MATCH (t:Tac) RETURN t.closed_on") == [[None]]
    anew(on_engine)
    load(annex, home=on_engine, source="annex_a")
    load(ssd, home=on_engine, source="ssd")
    assert graph(on_engine) == one
    assert_ledger_is_graph(on_engine)
    assert not load(annex, home=on_engine, source="annex_a").changed


def test_what_the_higher_source_retires_comes_back_from_the_next(on_engine: Path, tmp_path: Path) -> None:
    load(write_tables(tmp_path / "annex", ANNEX), home=on_engine, source="annex_a")
    alone = graph(on_engine)
    load(write_tables(tmp_path / "ssd", SSD), home=on_engine, source="ssd")
    rest: Tables = {"practitioners": [{"practitioner_id": "p9", "role": "gp"}]}
    dry = load(
        write_tables(tmp_path / "rest", rest), home=on_engine, source="ssd", replace=True, dry_run=True
    )
    report = load(tmp_path / "rest", home=on_engine, source="ssd", replace=True)
    assert dry.tables == report.tables
    assert report.total("retired") == 5
    load(write_tables(tmp_path / "none", ANNEX), home=on_engine, source="annex_a")
    with Store.open(on_engine, "writer") as store:
        store.write("MATCH (p:Practitioner {practitioner_id: 'p9'}) DETACH DELETE p")
    assert graph(on_engine) == alone


def test_among_sources_without_precedence_the_newest_load_wins(on_engine: Path, tmp_path: Path) -> None:
    one: Tables = {"agencies": [{"agency_id": "a1", "name": "One", "sector": "health"}]}
    two: Tables = {"agencies": [{"agency_id": "a1", "name": "Two", "sector": "health"}]}
    for n, (source, tables) in enumerate([("x", one), ("y", two), ("x", one), ("x", one), ("y", two)]):
        load(write_tables(tmp_path / str(n), tables), home=on_engine, source=source)
        with Store.open(on_engine, "reader") as store:
            wanted = tables["agencies"][0]["name"]
            assert store.fetch("MATCH (a:Agency) RETURN a.name") == [[wanted]]
        assert_ledger_is_graph(on_engine)


def test_a_new_precedence_is_applied_by_the_next_load_to_all_facts(
    on_engine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(write_tables(tmp_path / "ssd", SSD), home=on_engine, source="ssd")
    load(write_tables(tmp_path / "annex", ANNEX), home=on_engine, source="annex_a")
    agreed = settings().model_copy(update={"sources": Sources(precedence=("annex_a", "ssd"))})
    monkeypatch.setitem(vars(sys.modules["loaders.load"]), "settings", lambda: agreed)
    other: Tables = {"agencies": [{"agency_id": "a9", "name": "Other", "sector": "health"}]}
    load(write_tables(tmp_path / "other", other), home=on_engine, source="other")
    assert child(on_engine) == ["2014-12-05", "South", "f1", ["annex_a", "ssd"]]
    assert_ledger_is_graph(on_engine)


def test_links_are_followed_to_their_end_and_circles_left_alone() -> None:
    rows = [
        ("child", "c", "b"),
        ("child", "b", "a"),
        ("child", "x", "y"),
        ("child", "y", "x"),
        ("agency", "b", "b"),
    ]
    kinds, ids, others = zip(*rows, strict=True)
    links = pa.table({"kind": kinds, "id": ids, "stands_for": others}, schema=LINKS)
    assert settled(links).to_pylist() == [
        {"kind": "child", "id": "b", "stands_for": "a"},
        {"kind": "child", "id": "c", "stands_for": "a"},
    ]


def test_a_manager_who_is_the_same_person_is_none(
    on_engine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        {"practitioner_id": "p1", "role": "gp", "line_manager_id": "p2"},
        {"practitioner_id": "p2", "role": "gp", "line_manager_id": ""},
    ]
    link(monkeypatch, [("practitioner", "p2", "p1")])
    report = load(write_tables(tmp_path / "in", {"practitioners": rows}), home=on_engine)
    assert report.findings["link_to_itself"] == 1
    with Store.open(on_engine, "reader") as store:
        held = store.fetch("MATCH (p:Practitioner) OPTIONAL MATCH (p)-[r]->() RETURN p.practitioner_id, r")
    assert held == [["p1", None]]
    assert_ledger_is_graph(on_engine)


def test_facts_older_than_the_ledger_stay_as_they_would(on_engine: Path, tmp_path: Path) -> None:
    """As after an upgrade: the graph has facts and records of loads, the data folder has no ledger."""
    load(write_tables(tmp_path / "one", SSD), home=on_engine, source="old")
    with Store.open(on_engine, "writer") as store:
        store.write("MATCH (l:Load) REMOVE l.ledger")
    load(
        write_tables(tmp_path / "two", {"children": [{"child_id": "c1", "locality": "South"}]}),
        home=on_engine,
    )
    assert child(on_engine) == ["2014-05-12", "South", "f1", ["canonical", "old"]]
    gone: Tables = {"agencies": SSD["agencies"]}
    load(write_tables(tmp_path / "gone", gone), home=on_engine, source="old", replace=True)
    assert child(on_engine)[3] == ["canonical"]
    with Store.open(on_engine, "reader") as store:
        assert store.fetch("MATCH (t:Tac) RETURN t") == []


def test_the_ledger_is_private_and_holds_no_identity(on_engine: Path) -> None:
    load(SMALL, home=on_engine)
    ledger = find_ledger(on_engine)
    assert ledger is not None
    files = [p for p in ledger.folder.rglob("*") if p.is_file()]
    assert {stat.S_IMODE(p.stat().st_mode) for p in files} == {0o600}
    assert {stat.S_IMODE(p.stat().st_mode) for p in (ledger.folder, ledger.folder.parent)} == {0o700}
    children = next(p for p in files if p.name == "children.parquet")
    text = str(pq.read_table(children).to_pylist())
    for row in read_tables(SMALL)["children"]:
        assert not any(row[c] and row[c] in text for c in ("upn", "nhs_number", "first_name", "postcode"))
    assert load(SMALL, home=on_engine, dry_run=True).total("unchanged")
    assert load(SMALL, home=on_engine).total("unchanged")
    again = find_ledger(on_engine)
    assert again is not None
    assert len(again.parts) == 1


def at(monkeypatch: pytest.MonkeyPatch, instant: str) -> None:
    """Loads from now on are of this instant, as far as the ledger is concerned."""
    told = f"{instant}.000000+00:00"
    monkeypatch.setitem(vars(sys.modules["loaders.ledger"]), "now_after", lambda _: told)


@pytest.fixture
def late(on_engine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A partnership known on 2 July; later came a lead that had begun in May and an early end."""
    at(monkeypatch, "2026-07-02T09:00:00")
    load(SMALL, home=on_engine)
    tables = read_tables(SMALL)
    tables["leads"].append(
        {"tac_id": "t02", "practitioner_id": "p01", "started_on": "2026-05-01", "ended_on": "", "reason": ""}
    )
    tables["tacs"][0]["closed_on"] = "2026-06-01"
    at(monkeypatch, "2026-08-20T09:00:00")
    load(write_tables(tmp_path / "late", tables), home=on_engine)
    return on_engine


@pytest.mark.parametrize(
    "words",
    [
        ("fairness", "--as-of", "2026-06-30", "--format", "json"),
        ("overload", "--as-of", "2026-06-30", "--format", "json"),
        ("query", "multiple_leads", "--as-of", "2026-06-30", "--format", "csv"),
        ("costs", "--as-of", "2026-06-30", "--format", "json"),
        ("network", "--as-of", "2026-06-30", "--runs", "20", "--format", "json"),
        ("advise", "--as-of", "2026-06-30", "--format", "json"),
        ("what-if", "--as-of", "2026-06-30", "--leaves", "p01", "--format", "json"),
    ],
)
def test_figures_are_those_of_the_day_they_were_published(
    on_engine: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
) -> None:
    at(monkeypatch, "2026-07-02T09:00:00")
    load(SMALL, home=on_engine)
    known_on = ("--known-on", "2026-07-10")
    assert tacgraph(*words, *(known_on if words[0] == "query" else ())) == 0
    published = _untimed(capsys.readouterr().out)
    tables = read_tables(SMALL)
    for tac, person in (("t02", "p01"), ("t02", "p02"), ("t01", "p03"), ("t01", "p04")):
        tables["leads"].append(
            {
                "tac_id": tac,
                "practitioner_id": person,
                "started_on": "2026-05-01",
                "ended_on": "",
                "reason": "",
            }
        )
    at(monkeypatch, "2026-08-20T09:00:00")
    load(write_tables(tmp_path / "late", tables), home=on_engine)
    assert tacgraph(*words, "--known-on", "2026-07-10") == 0
    again = capsys.readouterr()
    assert _untimed(again.out) == published
    assert "As known at the end of 2026-07-10" in again.err
    assert tacgraph(*words, "--known-on", "2026-08-20") == 0
    assert _untimed(capsys.readouterr().out) != published
    assert tacgraph(*words, "--known-on", "2026-07-01") == 6
    assert "begins on 2026-07-02" in capsys.readouterr().err


def _untimed(text: str) -> str:
    """Without how long it took."""
    return re.sub(r'"seconds": [0-9.e-]+', '"seconds": 0', text)


def test_handovers_of_a_past_day_are_not_written_to_be_loaded(tmp_path: Path) -> None:
    out = tmp_path / "moves"
    assert tacgraph("advise", "--known-on", "2026-07-10", "--out", str(out)) == 2
    assert not out.exists()


def test_a_report_gone_out_is_made_again_after_late_entries(late: Path, tmp_path: Path) -> None:
    words = ("report", "--month", "2026-06", "--out")
    assert tacgraph(*words, str(tmp_path / "then"), "--known-on", "2026-07-10") == 0
    assert tacgraph(*words, str(tmp_path / "now")) == 0
    anew(late)
    load(SMALL, home=late)
    assert tacgraph(*words, str(tmp_path / "published")) == 0
    sheets = {name: _rows(tmp_path / name) for name in ("then", "now", "published")}
    assert sheets["then"] == sheets["published"]
    assert sheets["now"] != sheets["published"]
    assert tacgraph("report", "--due", "--out", str(tmp_path / "x"), "--known-on", "2026-07-10") == 2


def _rows(folder: Path) -> dict[str, list[list[str]]]:
    found = {}
    for file in sorted(folder.rglob("*.csv")):
        with file.open(encoding="utf-8", newline="") as text:
            found[file.name] = list(csv.reader(text))
    assert found
    return found


def test_where_from_names_load_row_and_whose_value_stands(
    on_engine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = load(write_tables(tmp_path / "annex", ANNEX), home=on_engine, source="annex_a")
    second = load(write_tables(tmp_path / "ssd", SSD), home=on_engine, source="ssd")
    capsys.readouterr()
    assert tacgraph("where-from", "child", "c1") == 2
    assert "--reason" in capsys.readouterr().err
    assert tacgraph("where-from", "child", "c1", "--reason", "a test", "--format", "json") == 0
    found = json.loads(capsys.readouterr().out)
    told = {(f["table"], f["source"]): f for f in found}
    assert len(told) == len(found) == 6
    assert told["children", "ssd"]["stands"] == ["birth_date", "family_id"]
    assert told["children", "annex_a"]["stands"] == ["locality"]
    annex = told["children", "annex_a"]
    assert (annex["load_id"], annex["file"], annex["row"]) == (first.load_id, "children.csv", 2)
    assert annex["known_to"] is None
    audit = [json.loads(line) for line in (on_engine / "audit.jsonl").read_text().splitlines()]
    assert audit[-1]["what"] == "where-from"
    assert audit[-1]["about"] == "child c1"
    changed = {**SSD, "children": [SSD["children"][0] | {"family_id": "f2"}]}
    load(write_tables(tmp_path / "again", changed), home=on_engine, source="ssd")
    assert tacgraph("where-from", "child", "c1", "--reason", "a test", "--format", "json") == 0
    versions = [
        f for f in json.loads(capsys.readouterr().out) if (f["table"], f["source"]) == ("children", "ssd")
    ]
    assert [v["values"]["family_id"] for v in versions] == ["f1", "f2"]
    assert versions[0]["load_id"] == second.load_id
    assert versions[0]["known_to"] == versions[1]["known_from"]
    assert versions[0]["stands"] == []
    assert tacgraph("where-from", "agency", "a1") == 0
    assert "North School" in capsys.readouterr().out
