"""Data protection on both engines: what is held is shown whole, an erased child is nowhere, counts stay."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmodel.access import Viewer
from graphmodel.audit_log import AuditLog
from graphmodel.errors import AccessRefused, QueryError
from graphmodel.settings import Retention, settings
from graphmodel.store import Store
from loaders import load
from loaders.backup.graph import shapes
from loaders.matching.identities import SCHEMAS, IdentityStore
from loaders.matching.links import Links
from loaders.protection import due, erase, erasing, everything_about, retain
from loaders.protection.erasing import JOURNAL, came_back
from loaders.protection.reach import OWN, aliases
from loaders.protection.retention import _judged
from loaders.protection.years import years_after
from tacgraph import cli
from tests.loading import SMALL, facts, read_tables, tables_in_graph, write_tables

WHY = Viewer.local("request of 2026-11-22, decided by the data protection officer")
CHILD = "c01"
NOW = date(2026, 1, 1)


def tables() -> dict[str, list[dict[str, str]]]:
    return read_tables(SMALL)


def own_of(child: str) -> dict[str, set[str]]:
    return own_in(tables(), child)


def own_in(found: Mapping[str, list[dict[str, str]]], child: str) -> dict[str, set[str]]:
    """The ids of what is a child's alone, read from the files by plain loops."""
    tacs = {row["tac_id"] for row in found["tacs"] if row["child_id"] == child}
    return {
        "Child": {child},
        "Tac": tacs,
        "Assessment": {r["assessment_id"] for r in found["assessments"] if r["child_id"] == child},
        "Intervention": {r["intervention_id"] for r in found["interventions"] if r["child_id"] == child},
        "Action": {r["action_id"] for r in found["actions"] if r["tac_id"] in tacs},
        "Review": {f"{r['tac_id']}|{r['held_on']}" for r in found["reviews"] if r["tac_id"] in tacs},
    }


def words_in(home: Path) -> set[str]:
    """Every text that the data folder holds outside the audit record and the engine, as whole cells."""
    found: set[str] = set()
    for path in home.rglob("*"):
        if path.suffix == ".parquet":
            for column in pq.read_table(path).to_pydict().values():
                found.update(str(value) for value in column)
        elif path.suffix == ".csv" and "engine" not in path.parts:
            for line in path.read_text(encoding="utf-8").splitlines():
                found.update(line.replace(";", ",").split(","))
    return found


def counts(store: Store) -> dict[str, int]:
    """Nodes by label and relationships by type, without the family's, which goes."""
    found = {}
    for shape in shapes():
        name = shape.type or shape.start
        rows = sum(len(rows) for rows in store.stream(shape.reading))
        if name not in {"IN_FAMILY", "Family"} and rows:
            found[shape.name] = rows
    return found


def test_an_erased_child_is_nowhere_and_the_counts_stay(on_engine: Path) -> None:
    load(SMALL, home=on_engine)
    gone = own_of(CHILD)
    old = {id_ for ids in gone.values() for id_ in ids}
    with Store.open(on_engine) as store:
        before, held = counts(store), tables_in_graph(store)
        done = erase(on_engine, [CHILD], WHY)
        assert done.children == 1
        assert done.records == len(old)
        assert counts(store) == before
        text = json.dumps(facts(store))
        assert not [id_ for id_ in old if f'"{id_}"' in text or f'\\"{id_}\\"' in text]
        assert not old & words_in(on_engine)
        assert not (on_engine / JOURNAL).exists()
        after = tables_in_graph(store)
        (new,) = {row[0] for row in after["children"]} - {row[0] for row in held["children"]}
        assert new.startswith("erased-")
        (row,) = [row for row in after["children"] if row[0] == new]
        (was,) = [row for row in held["children"] if row[0] == CHILD]
        assert row[1:] == (None, was[2], f"{was[3][:4]}-01-01", was[4])
        hashes = "MATCH (c:Child {child_id: $id}) RETURN c.upn_hash, c.nhs_number_hash, c.sources"
        assert store.fetch(hashes, {"id": new}) == [[None, None, ["erased"]]]
        # whoever is left is as before
        for name in ("agencies", "practitioners", "posts", "services"):
            assert after[name] == held[name]
        assert len(after["leads"]) == len(held["leads"])
        # looked up by the key, as everything is: the old one finds nothing
        for label, ids in gone.items():
            key = next(s for s in shapes() if s.start == label and not s.type)
            found = store.fetch(key.reading)
            assert len(found) == before[key.name]
            assert not [x for x in found if set(map(str, x[0].values())) & ids]
    entry = AuditLog(on_engine).entries()[-1]
    assert (entry["what"], entry["about"], entry["reason"]) == ("erasure", f"child_id={new}", WHY.reason)
    assert CHILD not in json.dumps(entry)


def test_a_later_load_leaves_the_erased_one_and_shows_who_came_back(on_engine: Path, tmp_path: Path) -> None:
    load(SMALL, home=on_engine)
    erase(on_engine, [CHILD], WHY)
    with Store.open(on_engine) as store:
        assert came_back(store, on_engine) == 0
        erased = sorted(row for row in tables_in_graph(store)["children"] if row[0].startswith("erased-"))
        # the source erased the child too: nothing of it is retired, nothing comes back
        left = {name: without(rows) for name, rows in tables().items()}
        load(write_tables(tmp_path / "left", left), home=on_engine, replace=True)
        found = tables_in_graph(store)["children"]
        assert [row for row in found if row[0].startswith("erased-")] == erased
        assert len(found) == len(tables()["children"])
        # the source did not
        report = load(SMALL, home=on_engine)
        assert came_back(store, on_engine) == 0
        assert tables_in_graph(store)["children"] == found
        assert report.tables["children"].rejected == 1
        assert any("held back" in note for note in report.notes)


def test_one_number_may_be_a_child_here_and_a_team_there(on_engine: Path, tmp_path: Path) -> None:
    """Another child's team, and an assessment, have the erased child's id: they keep it."""
    given_ = tables()
    other = next(row["tac_id"] for row in given_["tacs"] if row["child_id"] != CHILD)
    second = next(row["assessment_id"] for row in given_["assessments"] if row["child_id"] != CHILD)
    for rows in given_.values():
        for row in rows:
            row.update({k: CHILD for k in ("tac_id", "assessment_id") if row.get(k) in {other, second}})
    load(write_tables(tmp_path / "given", given_), home=on_engine)
    with Store.open(on_engine) as store:
        before = tables_in_graph(store)
        erase(on_engine, [CHILD], WHY)
        after = tables_in_graph(store)
        for table, column in (("tacs", 0), ("assessments", 0), ("memberships", 0), ("actions", 1)):
            kept = [row for row in before[table] if row[column] == CHILD]
            assert kept or table == "actions"
            assert set(kept) <= set(after[table])
        left = {
            name: [r for r in rows if not _mine(r, own_in(given_, CHILD))] for name, rows in given_.items()
        }
        report = load(write_tables(tmp_path / "left", left), home=on_engine, replace=True)
        assert not any(c.created or c.updated or c.retired for c in report.tables.values())
    # the data folder may be another test's too, which looks for these ids in all of it
    for name in ("ledger", "loads"):
        shutil.rmtree(on_engine / name)


def _mine(row: Mapping[str, str], ids: Mapping[str, set[str]]) -> bool:
    named = {"child_id": "Child", "tac_id": "Tac", "assessment_id": "Assessment"}
    named |= {"intervention_id": "Intervention", "action_id": "Action"}
    return any(row.get(column) in ids[label] for column, label in named.items())


def test_links_and_identities_of_an_erased_child_go_and_others_stay(on_engine: Path) -> None:
    """Under every id that it was known by; what nobody may change otherwise is closed to changes again."""
    load(SMALL, home=on_engine)
    store = IdentityStore(on_engine)
    (first,) = [row for row in store.records("child").to_pylist() if row["id"] == CHILD]
    alias = pa.Table.from_pylist([{**first, "id": "school:9"}], schema=SCHEMAS["child"])
    store.keep("child", "school", alias.set_column(1, "source", pa.array(["school"])))
    others = [row for row in store.records("child").to_pylist() if row["id"] not in {CHILD, "school:9"}]
    with Links(on_engine) as links:
        links.propose("child", CHILD, "school:9", 0.99, {}, "linked")
        links.propose("child", "c02", "school:2", 0.7, {})
        links.decide("child", CHILD, "c02", "different", who="jo", why=f"{CHILD} is not c02")
        links.stand("child", {CHILD: CHILD, "school:9": CHILD, "c02": "c02", "school:2": "c02"})
    assert aliases(on_engine, [CHILD]) == {CHILD: [CHILD, "school:9"]}
    shown = everything_about(on_engine, CHILD, WHY)
    assert {row["id"] for row in shown["identity"]} == {CHILD, "school:9"}
    assert shown["also_known_as"] == ["school:9"]
    done = erase(on_engine, [CHILD], WHY)
    assert done.identities == 2
    assert done.links >= 4
    assert store.records("child").to_pylist() == others
    with Links(on_engine) as links:
        assert [one.pair for one in links.proposals("child")] == [("c02", "school:2")]
        assert links.history("child") == []
        assert links.standing("child") == {"c02": "c02", "school:2": "c02"}
        with pytest.raises(sqlite3.IntegrityError, match="never changed"):
            links._db.execute("DELETE FROM proposals")
    raw = (on_engine / "links" / "links.sqlite").read_bytes()
    assert b"school:9" not in raw
    assert b"school:2" in raw


def without(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """The rows of a table that are not the child's own."""
    gone = own_of(CHILD)
    mine = {
        "child_id": gone["Child"], "tac_id": gone["Tac"], "assessment_id": gone["Assessment"],
        "intervention_id": gone["Intervention"], "action_id": gone["Action"],
    }  # fmt: skip
    return [row for row in rows if not any(row.get(name) in ids for name, ids in mine.items())]


STEPS = ("_forget_identities", "_forget_links", "_clean_lists", "rewrite_ledger", "_rewrite_graph")


@pytest.mark.parametrize("step", STEPS)
def test_an_erasure_that_is_cut_off_is_completed(
    on_engine: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    load(SMALL, home=on_engine)
    real = getattr(erasing, step)

    def cut(*arguments: Any) -> Any:
        real(*arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(erasing, step, cut)
        with pytest.raises(KeyboardInterrupt):
            erase(on_engine, [CHILD], WHY)
    assert (on_engine / JOURNAL).exists()
    erase(on_engine, [CHILD], WHY)
    assert not (on_engine / JOURNAL).exists()
    old = {id_ for ids in own_of(CHILD).values() for id_ in ids}
    assert not old & words_in(on_engine)
    with Store.open(on_engine) as store:
        assert not [id_ for id_ in old if f'"{id_}"' in json.dumps(facts(store)).replace("\\", "")]
        assert len(tables_in_graph(store)["children"]) == len(tables()["children"])


def test_who_may_not_or_says_nothing_erases_and_sees_nothing(on_engine: Path) -> None:
    load(SMALL, home=on_engine)
    with Store.open(on_engine) as store:
        before = facts(store)
        for viewer in (Viewer("al", "administrator", "because"), Viewer("jo", "safeguarding_lead")):
            with pytest.raises(AccessRefused):
                erase(on_engine, [CHILD], viewer)
            with pytest.raises(AccessRefused):
                everything_about(on_engine, CHILD, viewer)
        with pytest.raises(QueryError, match="not in the graph"):
            erase(on_engine, ["nobody"], WHY)
        with pytest.raises(QueryError, match="not held here"):
            everything_about(on_engine, "nobody", WHY)
        assert facts(store) == before


def test_subject_access_shows_all_that_the_files_said(on_engine: Path) -> None:
    load(SMALL, home=on_engine)
    found = everything_about(on_engine, CHILD, WHY)
    kept = found["graph"]["records"]
    by_label = {label: {r[key] for r in kept if r["record"] == label} for label, key in KEYS.items()}
    assert by_label == own_of(CHILD)
    assert all(record["sources"] == ["canonical"] and record["load_id"] for record in kept)
    tacs, given = own_of(CHILD)["Tac"], tables()
    for kind, table in (("MEMBER_OF", "memberships"), ("LEADS", "leads")):
        said = {(r["practitioner_id"], r["tac_id"]) for r in given[table] if r["tac_id"] in tacs}
        shown = {(r["from"], r["to"]) for r in found["graph"]["relations"] if r["relation"] == kind}
        assert shown == said
        assert all(r["role"] for r in found["graph"]["relations"] if r["relation"] == kind)
    names = {row["name"] for row in given["practitioners"] if row.get("name")}
    assert names
    assert not [name for name in names if name in json.dumps(found, default=str)]
    other = {row["child_id"] for row in given["children"]} - {CHILD}
    assert not other & {r.get("child_id") for r in kept}
    assert AuditLog(on_engine).entries()[-1]["what"] == "subject access"
    again = everything_about(on_engine, CHILD, WHY)
    assert [look["what"] for look in again["looks"]][-1] == "subject access"


KEYS: Mapping[str, str] = {
    "Child": "child_id", "Tac": "tac_id", "Assessment": "assessment_id",
    "Intervention": "intervention_id", "Action": "action_id", "Review": "review_id",
}  # fmt: skip


def ended() -> dict[str, list[dict[str, str]]]:
    """The files with everything about most children over, so that rules have something to judge."""
    found = tables()
    open_still = {"c02", "c05"}
    for table, end in (
        ("statuses", "ended_on"), ("tacs", "closed_on"), ("interventions", "ended_on"),
        ("memberships", "ended_on"), ("leads", "ended_on"),
    ):  # fmt: skip
        for row in found[table]:
            begun = row.get("started_on") or row.get("opened_on", "")
            if row.get("child_id", "") not in open_still and begun < "2026-11-01" and not row[end]:
                row[end] = "2026-11-01"
    return found


def test_retention_takes_whom_the_rules_name_and_nobody_else(on_engine: Path, tmp_path: Path) -> None:
    given_ = ended()
    load(write_tables(tmp_path / "ended", given_), home=on_engine)
    rules = Retention(child_years=1, child_until_age=0, list_years=1)
    on = date(2031, 6, 1)
    with Store.open(on_engine) as store:
        found = due(store, on_engine, rules, on)
        assert set(found.children) == plainly_due(given_, rules, on)
        assert found.children
        assert found.active
        everyone = len(found.children) + found.active + found.recent + found.young + found.undated
        assert everyone == len(tables()["children"])
        before = counts(store)
        assert not due(store, on_engine, rules.model_copy(update={"child_years": 0}), on).children
        assert due(store, on_engine, rules, on) == found
        done = retain(on_engine, found, WHY)
        assert done.children == len(found.children)
        assert counts(store) == before
        left = due(store, on_engine, rules, on)
        assert (left.children, left.active) == ((), found.active)
        ids = {row[0] for row in tables_in_graph(store)["children"]}
        assert not ids & set(found.children)
    assert found.lists
    assert not [name for name in found.lists if (on_engine / "loads" / name).exists()]
    assert AuditLog(on_engine).entries()[-1]["rows"] == done.children


def plainly_due(given: dict[str, list[dict[str, str]]], rules: Retention, on: date) -> set[str]:
    """The rules once more, by plain loops over the files."""
    found = set()
    for child in given["children"]:
        days, running = [], False
        for table, begin, end, counts_ in (
            ("statuses", "started_on", "ended_on", True), ("needs", "started_on", "ended_on", False),
            ("assessments", "started_on", "completed_on", False), ("tacs", "opened_on", "closed_on", True),
            ("interventions", "started_on", "ended_on", True),
        ):  # fmt: skip
            for row in given[table]:
                if row["child_id"] == child["child_id"]:
                    last = row.get(end) or ""
                    days.append(last or row[begin])
                    running |= counts_ and (not last or last > str(on))
        old = not days or str(on) >= f"{int(max(days)[:4]) + rules.child_years}{max(days)[4:]}"
        if not running and old and (days or child["birth_date"]):
            found.add(child["child_id"])
    return found


@given(st.dates(date(1990, 1, 1), date(2030, 1, 1)), st.integers(0, 80), st.dates(date(1990, 1, 1)))
def test_years_are_counted_as_people_count_them(day: date, years: int, on: date) -> None:
    later = years_after(day, years)
    assert later.year == day.year + years
    assert (later.month, later.day) == (day.month, day.day) or (day.month, day.day) == (2, 29)
    rules = Retention(child_years=years, child_until_age=0, list_years=0)
    assert (_judged(day, None, rules, on, running=False) == "due") == (on >= later)


def test_the_defaults_are_rules_that_keep_the_young() -> None:
    rules = settings().retention
    assert _judged(date(2010, 1, 1), date(2008, 1, 1), rules, NOW, running=False) == "young"
    assert _judged(date(1990, 1, 1), date(1970, 1, 1), rules, NOW, running=True) == "active"
    assert _judged(None, None, rules, NOW, running=False) == "undated"


def test_the_commands_say_before_they_do(
    on_engine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    load(SMALL, home=on_engine)
    out = tmp_path / "held.json"

    def run(*words: str) -> int:
        with pytest.raises(SystemExit) as ended:
            cli.main(list(words))
        return int(ended.value.code or 0)

    with Store.open(on_engine) as store:
        before = facts(store)
        assert run("retain", "--as-of", "2060-01-01") == 0
        assert run("erase", CHILD, "--reason", "request") == 0
        assert facts(store) == before
        assert "Nothing was changed" in capsys.readouterr().err
        assert run("erase", CHILD, "--reason", " ", "--yes") == 5
        assert run("subject-access", CHILD, "--reason", "request", "--out", str(out)) == 0
        assert json.loads(out.read_text(encoding="utf-8"))["about"] == CHILD
        assert out.stat().st_mode & 0o777 == 0o600
        assert run("subject-access", CHILD, "--reason", "request", "--out", str(out)) == 6
        assert run("erase", CHILD, "--reason", "request", "--yes") == 0
        assert facts(store) != before
        assert run("retain", "--as-of", "2060-01-01", "--yes") == 0
    assert set(OWN) < set(KEYS)
