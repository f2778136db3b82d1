"""Exports: a partnership written and read back is the same; nobody gets it without a right and a reason."""

from __future__ import annotations

import json
import stat
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.tables import Slice
from graphmodel.access import Viewer
from graphmodel.audit_log import AuditLog
from graphmodel.errors import AccessRefused, SettingsError
from graphmodel.store import Store
from loaders import load
from loaders.sources import guess_format
from loaders.sources.fhir import read_fhir
from loaders.sources.fhir.periods import period_of
from loaders.sources.made import MadeTable
from reports.exports import export, without_unconsented
from reports.exports import fhir as fhir_export
from reports.exports.fhir import CARRIED, period
from tacgraph.cli import main
from tests.conftest import empty
from tests.loading import KEY
from tests.partnerships import Partnership, partnerships, random_partnership

ME = Viewer("me", "safeguarding_lead", "the joint review")


def rows_of(slice_: Slice, table: str, columns: Sequence[str] | None = None) -> list[tuple[Any, ...]]:
    found: pa.Table = slice_.arrow[table]
    wanted = list(columns or sorted(found.column_names))
    return sorted((tuple(row.values()) for row in found.select(wanted).to_pylist()), key=str)


def same(one: Slice, other: Slice) -> None:
    for table in one.arrow:
        assert rows_of(one, table) == rows_of(other, table), table


def out_of(tmp: Path, slice_: Slice, form: str) -> Path:
    return export(slice_, tmp / form, format=form, viewer=ME, home=tmp).folder


@given(made=partnerships())
@settings(max_examples=40)
def test_the_import_format_reads_back_whole(
    made: tuple[Partnership, date], tmp_path_factory: pytest.TempPathFactory
) -> None:
    tmp = tmp_path_factory.mktemp("canonical")
    before = Slice.from_folder(made[0].write(tmp / "in"))
    folder = out_of(tmp, before, "canonical")
    kept, _ = without_unconsented(before)
    same(kept, Slice.from_folder(folder))


@given(made=partnerships(), teams=st.sampled_from([1, 2, 5_000]))
@settings(max_examples=40)
def test_fhir_reads_back_what_it_carries(
    made: tuple[Partnership, date], teams: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    tmp = tmp_path_factory.mktemp("fhir")
    before = Slice.from_folder(made[0].write(tmp / "in"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fhir_export, "TEAMS_A_BUNDLE", teams)
        folder = out_of(tmp, before, "fhir")
    whole_in_themselves(folder)
    if not before.arrow["agencies"].num_rows:
        return
    assert guess_format(folder) == "fhir"
    source = read_fhir(folder, KEY)
    assert source.findings == []
    assert all(isinstance(table, MadeTable) and not table.faults for table in source.tables)
    read = {t.name: t for t in source.tables if isinstance(t, MadeTable)}
    for table, columns in CARRIED.items():
        found = read.get(table)
        rows = [dict(zip(found.columns, cells, strict=True)) for _, cells in found.rows] if found else []
        got = {tuple(row.get(column) for column in columns) for row in rows}
        wanted = {tuple(plain(value) for value in row) for row in rows_of(before, table, columns)}
        assert got == wanted, table
        assert found is None or len(found.rows) == len(wanted)
    assert set(read) <= set(CARRIED)


def plain(value: Any) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else str(value)


def whole_in_themselves(folder: Path) -> None:
    """Every reference of a bundle leads to an entry of it; ids are of the letters that FHIR allows."""
    for file in folder.glob("*.json"):
        bundle = json.loads(file.read_text(encoding="utf-8"))
        urls = [entry["fullUrl"] for entry in bundle.get("entry", ())]
        assert len(urls) == len(set(urls))
        named: set[str] = set()

        def look(value: Any, named: set[str] = named) -> None:
            if isinstance(value, dict):
                named |= {value["reference"]} if "reference" in value else set()
                for part in value.values():
                    look(part)
            elif isinstance(value, list):
                for part in value:
                    look(part)

        look(bundle)
        assert named <= set(urls)


@given(start=st.dates(date(1990, 1, 1), date(2030, 1, 1)), days=st.one_of(st.none(), st.integers(0, 800)))
def test_half_open_intervals_and_periods(start: date, days: int | None) -> None:
    end = None if days is None else date.fromordinal(start.toordinal() + days)
    made = period(start, end)
    assert period_of(made) == (start.isoformat(), end.isoformat() if end else None)
    if end and end > start:
        assert made["start"] <= made["end"] < end.isoformat()


@pytest.mark.parametrize("form", ["canonical", "fhir"])
def test_loaded_exported_and_loaded_into_an_empty_graph(on_engine: Path, tmp_path: Path, form: str) -> None:
    report = load(random_partnership(7).write(tmp_path / "in"), home=on_engine, source="partners")
    assert report.total("rejected") == 0
    with Store.open(on_engine, "reader") as store:
        before = Slice.current(store, on_engine)
    folder = out_of(tmp_path, before, form)
    with Store.open(on_engine, "admin") as store:
        empty(store)
    again = load(folder, home=on_engine)
    assert (again.format, again.total("rejected")) == (form, 0)
    with Store.open(on_engine, "reader") as store:
        after = Slice.current(store, on_engine)
    if form == "canonical":
        same(without_unconsented(before)[0], after)
    else:
        for table, columns in CARRIED.items():
            assert rows_of(before, table, columns) == rows_of(after, table, columns), table


def test_sensitive_services_without_consent_never_leave(tmp_path: Path) -> None:
    before = Slice.from_folder(random_partnership(3).write(tmp_path / "in"))
    services, interventions = before.table("services"), before.table("interventions")
    sensitive = set(services.loc[services["sensitive"], "service_id"])
    secret = interventions[interventions["service_id"].isin(sensitive) & ~interventions["consent"]]
    assert len(secret) > 0
    done = export(before, tmp_path / "out", format="canonical", viewer=ME, home=tmp_path)
    assert done.withheld == len(secret)
    after = Slice.from_folder(done.folder)
    assert not set(after.table("interventions")["intervention_id"]) & set(secret["intervention_id"])
    assert len(after.table("interventions")) == len(interventions) - len(secret)


def test_an_export_needs_rights_a_reason_and_leaves_a_record(tmp_path: Path) -> None:
    found = Slice.from_folder(random_partnership(1).write(tmp_path / "in"))
    for viewer in (
        Viewer("x", "strategic_manager", "why"),
        Viewer("x", "agency_manager", "why"),
        Viewer("x", "analyst", "why"),
        Viewer("x", "administrator", "why"),
        Viewer("x", "safeguarding_lead"),
        Viewer.local(),
    ):
        with pytest.raises(AccessRefused):
            export(found, tmp_path / "out", format="canonical", viewer=viewer, home=tmp_path)
    assert not (tmp_path / "out").exists()
    assert not AuditLog(tmp_path).path.exists()
    done = export(found, tmp_path / "out", format="fhir", viewer=ME, home=tmp_path)
    (entry,) = [json.loads(line) for line in AuditLog(tmp_path).path.read_text(encoding="utf-8").splitlines()]
    assert (entry["what"], entry["reason"], entry["rows"]) == ("export", "the joint review", done.rows)
    assert {stat.S_IMODE(f.stat().st_mode) for f in done.folder.iterdir()} == {0o600}
    assert stat.S_IMODE(done.folder.stat().st_mode) == 0o700
    with pytest.raises(SettingsError, match="is there already"):
        export(found, tmp_path / "out", format="fhir", viewer=ME, home=tmp_path)
    with pytest.raises(SettingsError, match="cannot be written"):
        export(found, tmp_path / "other", format="ssd", viewer=ME, home=tmp_path)


def test_what_breaks_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = Slice.from_folder(random_partnership(1).write(tmp_path / "in"))

    def fails(*_: Any, **__: Any) -> None:
        raise OSError("no space")

    monkeypatch.setattr(AuditLog, "record", fails)
    with pytest.raises(OSError, match="no space"):
        export(found, tmp_path / "out", format="canonical", viewer=ME, home=tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["in"]


def test_the_command(on_engine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    load(random_partnership(5).write(tmp_path / "in"), home=on_engine)
    with pytest.raises(SystemExit) as refused:
        main(["export", str(tmp_path / "out")])
    assert refused.value.code == 5
    with pytest.raises(SystemExit) as done:
        main(["export", str(tmp_path / "out"), "--format", "fhir", "--reason", "handing over"])
    assert done.value.code == 0
    assert "FHIR carries no statuses" in capsys.readouterr().err
    assert (tmp_path / "out" / "bundle-0001.json").exists()
