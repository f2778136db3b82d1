"""The dataset where it is hard: databases, damage, spellings of days, and a partnership there and back."""

from __future__ import annotations

import csv
import io
import sqlite3
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphmodel.errors import SourceError
from graphmodel.store import Store
from loaders import load
from loaders.sources import guess_format
from loaders.sources.ssd import files as ssd_files
from loaders.sources.ssd import looks_like_ssd, read_ssd
from loaders.sources.ssd.database import URL_VARIABLE, read_where
from loaders.sources.ssd.working import day_of
from tests.fuzzing import damages, mangled, survives
from tests.loading import check_only, tables_in_graph
from tests.partnerships import Partnership, partnerships
from tests.ssd_files import Dataset, Row, Writing, write_dataset
from tests.ssd_made import random_dataset
from tests.ssd_naive import FAR, tac_id
from tests.test_ssd import cells_of, rows_of, small

# -- databases ----------------------------------------------------------------------------------------


def sqlite(path: Path, data: Dataset, how: Writing | None = None) -> Path:
    """The dataset in an SQLite file, by the standard library alone."""
    how = how or Writing()
    with sqlite3.connect(path) as connection:
        for table, rows in data.items():
            columns = how.columns(table)
            connection.execute(f"CREATE TABLE {table} ({', '.join(columns.values())})")
            marks = ", ".join("?" for _ in columns)
            cells = [[row.get(word) for word in columns] for row in rows]
            connection.executemany(f"INSERT INTO {table} VALUES ({marks})", cells)  # noqa: S608
        connection.execute("CREATE TABLE payroll (secret)")
        connection.execute("CREATE TABLE ssd_person_backup (pers_person_id)")
    connection.close()
    return path


def where(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def test_a_database_gives_what_its_files_give(tmp_path: Path) -> None:
    data = random_dataset(5)
    place = sqlite(tmp_path / "warehouse.db", data)
    named = where(tmp_path / "ssd.toml", f'[ssd]\nurl = "sqlite:///{place}"\n')
    assert guess_format(named) == "ssd"
    before = place.read_bytes()
    source = read_ssd(named)
    files = read_ssd(write_dataset(tmp_path / "files", data))
    for table in files.tables:
        assert cells_of(source, table.name) == cells_of(files, table.name), table.name
    assert place.read_bytes() == before
    assert source.places[1].startswith("ssd_")


def test_a_database_loads_and_the_environment_may_name_it(
    on_engine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = sqlite(tmp_path / "warehouse.db", small())
    monkeypatch.setenv(URL_VARIABLE, f"sqlite:///{place}")
    named = where(tmp_path / "ssd.toml", "[ssd]\n", 0o644)
    assert load(named, home=on_engine).total("rejected") == 0
    with Store.open(on_engine, "reader") as store:
        assert [row[1] for row in tables_in_graph(store)["memberships"]] == ["P1", "P2"]
    assert not load(named, home=on_engine).changed


SECRET = "tuppence"


@pytest.mark.parametrize(
    ("text", "mode", "fault"),
    [
        (f'[ssd]\nurl = "postgresql+pg8000://me:{SECRET}@host/db"\n', 0o644, "can be read by others"),
        (f'[ssd]\nurl = "postgresql+nodriver://me:{SECRET}@host/db"\n', 0o600, "cannot be read|driver"),
        (f'[ssd]\nurl = "sqlite:////nowhere/{"x" * 5}.db"\n', 0o600, "cannot be read"),
        ("[ssd]\n", 0o600, "names no url"),
        (f'[ssd]\nurl = "{SECRET}"\n', 0o600, "no address"),
        (f'[ssd]\nurl = 5\npassword = "{SECRET}"\n', 0o600, "cannot say"),
        (f'[ssd\nurl = "{SECRET}"\n', 0o600, "no TOML"),
    ],
)
def test_no_message_shows_a_password(tmp_path: Path, text: str, mode: int, fault: str) -> None:
    named = where(tmp_path / "ssd.toml", text, mode)
    with pytest.raises(SourceError, match=fault) as refusal:
        read_ssd(named)
    assert SECRET not in str(refusal.value)
    assert SECRET not in repr(refusal.value.__cause__)


def test_a_connection_only_reads(tmp_path: Path) -> None:
    place = sqlite(tmp_path / "warehouse.db", small())
    database = read_where(where(tmp_path / "ssd.toml", f'[ssd]\nurl = "sqlite:///{place}"\n'))
    with pytest.raises(SourceError, match="readonly"), database.connected() as connection:
        connection.exec_driver_sql("DELETE FROM ssd_person")


def test_a_database_without_the_tables_says_so(tmp_path: Path) -> None:
    place = sqlite(tmp_path / "warehouse.db", {})
    named = where(tmp_path / "ssd.toml", f'[ssd]\nurl = "sqlite:///{place}"\n')
    with pytest.raises(SourceError, match="no table of the Standard Safeguarding Dataset"):
        read_ssd(named)


# -- spellings and files -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("2020-01-31", "2020-01-31"),
        ("2020-01-31 10:11:12.000", "2020-01-31"),
        ("2020-01-31T00:00:00Z", "2020-01-31"),
        ("31/01/2020", "2020-01-31"),
        ("1/2/2020 00:00", "2020-02-01"),
        ("20200131", "2020-01-31"),
        ("Jan  5 2020 12:00AM", "2020-01-05"),
        ("22-Nov-2026", "2026-11-22"),
        ("2020-Apr-25 00:00:00", "2020-04-25"),
        ("1900-01-01 00:00:00", None),
        ("01/01/1900", None),
        ("9999-12-31", None),
        ("43831", "43831"),
        ("5 Foo 2020", "5 Foo 2020"),
        ("soon", "soon"),
        ("2020-01-31garbage", "2020-01-31garbage"),
        ("\u0661/2/2020", "\u0661/2/2020"),
    ],
)
def test_days_in_the_styles_met(cell: str, day: str | None) -> None:
    assert day_of(cell) == day


@given(st.dates(date(1950, 1, 1), date(2100, 1, 1)))
def test_every_day_survives_every_style(day: date) -> None:
    for style in ("%Y-%m-%d 00:00:00", "%d/%m/%Y", "%d-%b-%Y", "%b %d %Y 12:00AM", "%Y%m%d"):
        assert day_of(day.strftime(style)) == day.isoformat()


def test_numbers_of_tables_with_gaps_are_the_same_ids(tmp_path: Path) -> None:
    """A column of numbers with gaps comes out of pandas as 1.0, 2.0: the same id as 1 and 2 elsewhere."""
    folder = write_dataset(tmp_path, small())
    (folder / "ssd_person.csv").write_text(
        "pers_person_id,pers_dob\n1.0,2010-05-04\n2.0,\n", encoding="utf-8"
    )
    source = read_ssd(folder)
    assert {row["child_id"] for row in rows_of(source, "children")} == {"1", "2"}
    assert [row["child_id"] for row in rows_of(source, "tacs")] == ["1"]


def test_typed_parquet_reads_like_text(tmp_path: Path) -> None:
    folder = write_dataset(tmp_path / "text", small())
    typed = write_dataset(tmp_path / "typed", small(), Writing(without=("ssd_involvements",)))
    with (folder / "ssd_involvements.csv").open(encoding="utf-8", newline="") as text:
        rows = list(csv.DictReader(text))
    days = ("invo_involvement_start_date", "invo_involvement_end_date")
    columns: dict[str, Any] = {
        name: pa.array([r[name] for r in rows]) for name in rows[0] if name not in days
    }
    columns["invo_person_id"] = pa.array([float(r["invo_person_id"]) for r in rows])
    start = [date.fromisoformat(r[days[0]]) for r in rows]
    columns[days[0]] = pa.array(start).cast(pa.timestamp("us"))
    columns[days[1]] = pa.array([None] * len(rows), pa.timestamp("us"))
    columns["extra"] = pa.array([[1]] * len(rows))
    pq.write_table(pa.table(columns), typed / "SSD_INVOLVEMENTS.parquet")
    for table in ("memberships", "leads", "tacs"):
        assert cells_of(read_ssd(typed), table) == cells_of(read_ssd(folder), table)


def test_parquet_beyond_bounds_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_dataset(tmp_path, small())
    column = pa.array(["x" * 70_000] * 4)
    pq.write_table(pa.table({"pers_person_id": column}), folder / "ssd_person.parquet")
    (folder / "ssd_person.csv").unlink()
    with pytest.raises(SourceError, match="over 65,536 characters"):
        read_ssd(folder)
    monkeypatch.setattr(ssd_files, "MOST_ROWS", 3)
    with pytest.raises(SourceError, match="has 4 rows"):
        read_ssd(folder)


# -- damage --------------------------------------------------------------------------------------------


@given(data=st.data(), seed=st.integers(0, 50), table=st.sampled_from(("ssd_involvements", "ssd_person")))
@settings(max_examples=25)
def test_damaged_files_give_a_source_or_a_fault_in_words(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, seed: int, table: str
) -> None:
    parquet = data.draw(st.booleans())
    folder = write_dataset(tmp_path_factory.mktemp("ssd"), random_dataset(seed), Writing(parquet=parquet))
    file = next(folder.glob(f"{table}.*"))
    file.write_bytes(data.draw(damages(file.read_bytes())))
    survives(lambda: read_ssd(folder))


def mangle(folder: Path, data: st.DataObject) -> Path:
    """One table of a dataset with columns and cells that nobody expects."""
    table = data.draw(st.sampled_from(sorted(p.name for p in folder.iterdir())))
    rows = list(csv.reader(io.StringIO((folder / table).read_text(encoding="utf-8"))))
    with (folder / table).open("w", encoding="utf-8", newline="") as text:
        csv.writer(text).writerows(data.draw(mangled(rows[0], rows[1:])))
    return folder


@given(data=st.data(), seed=st.integers(0, 50))
@settings(max_examples=25)
def test_mangled_tables_give_a_source_or_a_fault_in_words(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, seed: int
) -> None:
    folder = mangle(write_dataset(tmp_path_factory.mktemp("ssd"), random_dataset(seed)), data)
    survives(lambda: read_ssd(folder))


@given(data=st.data(), seed=st.integers(0, 50))
@settings(max_examples=5)
def test_mangled_tables_are_checked_to_the_end(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, seed: int
) -> None:
    folder = mangle(write_dataset(tmp_path_factory.mktemp("ssd"), random_dataset(seed)), data)
    if not isinstance(survives(lambda: read_ssd(folder)), SourceError):
        run, rejects = check_only(folder, tmp_path_factory.mktemp("home"), "ssd")
        assert sum(counts.rejected for counts in run.counts.values()) <= len(rejects)


def test_nothing_but_a_fault_in_words_for_what_is_no_dataset(tmp_path: Path) -> None:
    (tmp_path / "ssd_person.csv").write_bytes(b"")
    assert looks_like_ssd(tmp_path)
    assert isinstance(survives(lambda: read_ssd(tmp_path)), SourceError)
    (tmp_path / "ssd_person.csv").write_bytes(b"PK\x03\x04 a workbook")
    assert isinstance(survives(lambda: read_ssd(tmp_path)), SourceError)
    assert isinstance(survives(lambda: read_ssd(tmp_path / "ssd_person.csv")), SourceError)


# -- a partnership there and back ----------------------------------------------------------------------


def as_dataset(tables: Partnership) -> Dataset:
    """A canonical partnership in the dataset's tables: each team a referral, its lead a lead professional."""
    rows = tables.tables
    child_of = {row["tac_id"]: row["child_id"] for row in rows["tacs"]}

    def ends(row: dict[str, str]) -> Row:
        return {"start": row["started_on"], "end": row["ended_on"] or None}

    involved: list[Row] = [
        {"id": row["practitioner_id"], "role": role, "person": child_of[row["tac_id"]],
         "referral": row["tac_id"], **ends(row)}
        for name, role in (("memberships", "KASCH"), ("leads", "Lead Professional"))
        for row in rows[name]
    ]  # fmt: skip

    def status(code: str) -> list[Row]:
        return [{"person": r["child_id"], **ends(r)} for r in rows["statuses"] if r["status"] == code]

    return {
        "ssd_person": [{"person": r["child_id"], "birth": r["birth_date"] or None} for r in rows["children"]],
        "ssd_family": [
            {"person": r["child_id"], "family": r["family_id"]} for r in rows["children"] if r["family_id"]
        ],
        "ssd_professionals": [{"id": r["practitioner_id"]} for r in rows["practitioners"]],
        "ssd_involvements": involved,
        "ssd_cin_episodes": [
            {"referral": r["tac_id"], "person": r["child_id"], "start": r["opened_on"],
             "end": r["closed_on"] or None, "nfa": "Y"}
            for r in rows["tacs"]
        ],
        "ssd_cp_plans": status("CP"),
        "ssd_cla_episodes": status("LAC"),
        "ssd_cin_plans": status("CIN"),
        "ssd_permanence": [
            {"person": r["person"], "decided": r["start"], "made": r["end"]} for r in status("ADOPTION")
        ],
    }  # fmt: skip


def running(rows: Iterable[dict[str, Any]], day: str, *keys: str) -> set[tuple[Any, ...]]:
    """The keys of the rows whose interval runs on a day."""
    return {
        tuple(row[k] for k in keys) for row in rows if row["started_on"] <= day < (row["ended_on"] or FAR)
    }


@given(made=partnerships())
@settings(max_examples=25)
def test_a_partnership_comes_back_where_the_dataset_can_carry_it(
    tmp_path_factory: pytest.TempPathFactory, made: tuple[Partnership, date]
) -> None:
    partnership, centre = made
    tables = partnership.tables
    source = read_ssd(write_dataset(tmp_path_factory.mktemp("ssd"), as_dataset(partnership)))
    ids = {r["tac_id"]: tac_id("ref", r["tac_id"], r["child_id"]) for r in tables["tacs"]}
    carried = {row["tac_id"] for row in rows_of(source, "tacs")}
    family = {r["child_id"]: (r["birth_date"] or None, r["family_id"] or None) for r in tables["children"]}
    back = {r["child_id"]: (r["birth_date"], r["family_id"]) for r in rows_of(source, "children")}
    assert back == family
    crowded: set[str] = set()
    for days in (0, 1, -1, -30, -91, -400):
        day = (centre + timedelta(days=days)).isoformat()
        team = running([*tables["memberships"], *tables["leads"]], day, "tac_id", "practitioner_id")
        wanted = {(ids[tac], who) for tac, who in team if ids[tac] in carried}
        assert running(rows_of(source, "memberships"), day, "tac_id", "practitioner_id") == wanted
        leading = running(tables["leads"], day, "tac_id", "practitioner_id")
        found = running(rows_of(source, "leads"), day, "tac_id", "practitioner_id")
        assert found == {(ids[tac], who) for tac, who in leading if ids[tac] in carried}
        kinds = ("CP", "LAC", "CIN", "ADOPTION")
        held = running([r for r in tables["statuses"] if r["status"] in kinds], day, "child_id", "status")
        assert running(rows_of(source, "statuses"), day, "child_id", "status") == held
        crowded |= {ids[tac] for tac, _ in team if len({who for t, who in team if t == tac}) > 1}
    assert crowded <= carried
