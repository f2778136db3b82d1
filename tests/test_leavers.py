"""Retention beyond children: names of who left, agencies nothing names, identities of nobody, the record."""

from __future__ import annotations

import json
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from graphmodel import audit_keeping, audit_log
from graphmodel.access import Viewer
from graphmodel.audit_log import AuditLog
from graphmodel.errors import EngineError
from graphmodel.settings import Retention
from graphmodel.store import Store
from loaders import load
from loaders.matching.identities import IdentityStore
from loaders.protection import leaving, take_out
from tests.loading import SMALL, read_tables, tables_in_graph, write_tables

WHY = Viewer.local("retention rules")
RULES = Retention(child_years=0, child_until_age=0, list_years=0, practitioner_years=6, agency_years=6)


def with_leaver() -> dict[str, list[dict[str, str]]]:
    """The small partnership, and somebody who was there in 2010 with a team that was closed then."""
    found = read_tables(SMALL)

    def like(table: str, **values: str) -> None:
        row = dict.fromkeys(found[table][0], "") | values
        found[table].append(row)

    agency, child = found["agencies"][0]["agency_id"], found["children"][0]["child_id"]
    like("practitioners", practitioner_id="p-left", role=found["practitioners"][0]["role"], name="Lee Aver")
    post = {"practitioner_id": "p-left", "agency_id": agency, "fte": "1"}
    like("posts", **post, started_on="2009-01-01", ended_on="2010-12-31")
    like("tacs", tac_id="t-old", child_id=child, opened_on="2010-01-01", closed_on="2010-06-01")
    like("leads", tac_id="t-old", practitioner_id="p-left", started_on="2010-01-01", ended_on="2010-06-01")
    found["agencies"].append({**found["agencies"][0], "agency_id": "a-bare", "name": "Closed long ago"})
    return found


def test_the_name_of_who_left_long_ago_goes_and_stays_away(on_engine: Path, tmp_path: Path) -> None:
    folder = write_tables(tmp_path / "given", with_leaver())
    load(folder, home=on_engine)
    with Store.open(on_engine) as store:
        before = tables_in_graph(store)
        assert leaving(store, on_engine, RULES, date(2016, 12, 30)).practitioners == ()
        found = leaving(store, on_engine, RULES, date(2016, 12, 31))
        assert found.practitioners == ("p-left",)
        off = RULES.model_copy(update={"practitioner_years": 0})
        assert leaving(store, on_engine, off, date(2026, 1, 1)).practitioners == ()
        take_out(on_engine, found, RULES, WHY)
        after = tables_in_graph(store)
        assert {name: len(rows) for name, rows in after.items()} == {n: len(r) for n, r in before.items()}
        named = {row[0]: row[2] for row in after["practitioners"]}
        was = {row[0]: row[2] for row in before["practitioners"]}
        assert named == was | {"p-left": None}
        assert after["leads"] == before["leads"]
        assert "Lee Aver" not in told(on_engine)
        # the source has it still
        report = load(folder, home=on_engine)
        assert report.tables["practitioners"].rejected == 0
        assert tables_in_graph(store) == after
        assert "Lee Aver" not in told(on_engine)
        assert not leaving(store, on_engine, RULES, date(2026, 1, 1)).practitioners
    assert AuditLog(on_engine).entries()[-1]["rows"] == 1


def told(home: Path) -> str:
    """What ledger and identity store say about practitioners."""
    files = sorted((home / "ledger").glob("*/*/practitioners.parquet"))
    rows = [pq.read_table(file).to_pylist() for file in files]
    return json.dumps([rows, IdentityStore(home).records("practitioner").to_pylist()], default=str)


def test_an_agency_that_nothing_names_goes_after_its_time(on_engine: Path, tmp_path: Path) -> None:
    load(write_tables(tmp_path / "given", with_leaver()), home=on_engine)
    later = datetime.now(UTC).date() + timedelta(days=365 * 6 + 3)
    with Store.open(on_engine) as store:
        assert leaving(store, on_engine, RULES, datetime.now(UTC).date()).agencies == ()
        found = leaving(store, on_engine, RULES, later)
        assert "a-bare" in found.agencies
        assert set(found.agencies) == unnamed(with_leaver())
        before = tables_in_graph(store)["agencies"]
        take_out(on_engine, found, RULES, WHY)
        after = tables_in_graph(store)["agencies"]
    assert after == [row for row in before if row[0] not in found.agencies]


def unnamed(tables: dict[str, list[dict[str, str]]]) -> set[str]:
    """The agencies that no row of any other table, and no other agency, names."""
    named = {
        row.get(c, "") for rows in tables.values() for row in rows for c in ("school_id", "parent_agency_id")
    }
    named |= {row["agency_id"] for table in ("posts", "services") for row in tables[table]}
    # one with a parent is named by its own arrow
    return {row["agency_id"] for row in tables["agencies"] if not row["parent_agency_id"]} - named


def test_identities_of_nobody_here_go(on_engine: Path) -> None:
    load(SMALL, home=on_engine)
    store = IdentityStore(on_engine)
    records = store.records("child")
    with Store.open(on_engine, "writer") as graph:
        assert leaving(graph, on_engine, RULES, date(2026, 1, 1)).identities == 0
        graph.write("MATCH (c:Child {child_id: 'c01'}) DETACH DELETE c")
        found = leaving(graph, on_engine, RULES, date(2026, 1, 1))
        assert found.identities == 1
        take_out(on_engine, found, RULES, WHY)
    assert store.records("child").to_pylist() == [row for row in records.to_pylist() if row["id"] != "c01"]


# -- the audit record ------------------------------------------------------------------------------------


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AuditLog:
    """Ten looks, one a year from 2010 on."""
    made = AuditLog(tmp_path)

    class Clock(datetime):
        year_now = 2010

        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]  # noqa: ARG003
            return datetime(cls.year_now, 5, 1, tzinfo=UTC)

    with monkeypatch.context() as patch:
        patch.setattr(audit_log, "datetime", Clock)
        for year in range(2010, 2020):
            Clock.year_now = year
            made.record(WHY, "look", about=f"look of {year}", rows=1)
    return made


def test_a_shortened_record_proves_itself(log: AuditLog) -> None:
    marks, before = [log.mark()], log.entries()
    assert audit_keeping.older(log, "2014-01-01") == 4
    assert audit_keeping.shorten(log, "2014-01-01", WHY) == 4
    assert log.entries()[:-1] == before[4:]
    assert (log.entries()[-1]["rows"], log.entries()[-1]["reason"]) == (4, WHY.reason)
    assert log.path.stat().st_mode & 0o777 == 0o600
    log.record(WHY, "look", about="after", rows=1)
    marks.append(log.mark())
    assert marks[-1].lines == 12
    assert audit_keeping.shorten(log, "2016-01-01", WHY) == 2
    assert log.verify(marks) == []
    assert log.mark().lines == 13
    assert audit_keeping.shorten(log, "2016-01-01", WHY) == 0


def test_every_change_to_a_shortened_record_shows(log: AuditLog) -> None:
    mark = log.mark()
    audit_keeping.shorten(log, "2014-01-01", WHY)
    log.record(WHY, "look", about="after", rows=1)
    lines = log.path.read_bytes().splitlines()
    assert log.verify([mark]) == []
    for at in range(len(lines)):
        log.path.write_bytes(b"\n".join(lines[:at] + lines[at + 1 :]) + b"\n")
        if at < len(lines) - 1:
            assert log.verify(), at
        changed = json.loads(lines[at]) | {"rows": 99, "lines": 3}
        log.path.write_bytes(
            b"\n".join([*lines[:at], json.dumps(changed).encode(), *lines[at + 1 :]]) + b"\n"
        )
        assert log.verify(), at
    # an anchor of one's own making in front of fewer lines
    cut = json.loads(lines[3])
    anchor = {"what": audit_log.ANCHOR, "lines": 7, "until": "2016", "previous": cut["previous"]}
    anchor["hash"] = audit_log.digest_of(anchor)
    log.path.write_bytes(b"\n".join([json.dumps(anchor).encode(), *lines[3:]]) + b"\n")
    assert "no line says that older lines went by rule" in log.verify()[0]


def test_a_record_with_faults_is_left_as_it_is(log: AuditLog) -> None:
    spoilt = log.path.read_bytes().replace(b"look of 2015", b"look of 2051")
    log.path.write_bytes(spoilt)
    with pytest.raises(EngineError, match="not as it was written"):
        audit_keeping.shorten(log, "2014-01-01", WHY)
    assert log.path.read_bytes() == spoilt


def test_looks_while_it_is_shortened_are_not_lost(log: AuditLog) -> None:
    """Whoever waits for the file's lock then finds another file in its place."""

    def look() -> None:
        for n in range(20):
            log.record(WHY, "look", about=f"meanwhile {n}", rows=1)

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for year in (2012, 2014, 2016, 2018):
        audit_keeping.shorten(log, f"{year}-01-01", WHY)
    for thread in threads:
        thread.join()
    assert log.verify() == []
    assert sum("meanwhile" in entry["about"] for entry in log.entries()) == 60
