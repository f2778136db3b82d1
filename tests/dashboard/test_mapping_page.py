"""The page Map a file: given a list, it proposes, previews, keeps the mapping and loads, by role."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboards import mapping as view
from loaders.sources.spreadsheet.mapping import MAPPINGS, read_mapping
from tests.dashboard.roles import page_for, signed
from tests.dashboard.test_dashboard import title, words

LIST = """Brook School TAC list as at 31 October 2026

Pupil,DOB,Level,Health Visitor,School Nurse,Lead Professional,TAC opened
"Patel, Anna",03/04/2015,Level 3,Jo Smith,Sam Reed,Health Visitor,01/02/2026
"Nowak, Tom",01/12/2014,2,,Ann Other,Ann Other,05/03/2026
"Ford, Ali",31/02/2014,2,,Ann Other,Ann Other,06/03/2026
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TACGRAPH_HOME", str(tmp_path))
    monkeypatch.delenv("NEO4J_URI", raising=False)
    return tmp_path


def given(test: AppTest, text: str = LIST, name: str = "brook.csv") -> AppTest:
    test.file_uploader(key="map-file").set_value((name, text.encode(), "text/csv"))
    return test.run()


def everything(test: AppTest) -> str:
    """All words of the page, those of boxes and tables too."""
    tables = " ".join(table.value.to_csv() for table in test.table)
    boxes = " ".join(box.label for box in test.selectbox)
    messages = " ".join(str(m.value) for m in (*test.error, *test.info, *test.success, *test.caption))
    return f"{words(test)} {tables} {boxes} {messages}"


def test_a_list_is_proposed_previewed_and_kept(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    signed(monkeypatch, roles="analyst")
    test = given(page_for("mapping"))
    assert not test.exception
    assert title(test) == "Map a partner's own list"
    fields = {box.label: box.value for box in test.selectbox}
    assert fields["“Pupil” is"] == "child_name"
    assert fields["“Health Visitor” is"] == "member"
    assert fields["“TAC opened” is"] == "opened_on"
    said = everything(test)
    assert "is no day of the calendar" in said or "is no ISO date" in said
    for secret in ("Patel", "Nowak", "Smith", "03/04/2015", "2015-04-03"):
        assert secret not in said
    test.button(key="map-keep").click().run()
    kept = read_mapping(home / MAPPINGS / "brook.toml")
    assert {c.heading for c in kept.of("member")} == {"Health Visitor", "School Nurse"}
    assert kept.as_at == "title"
    assert "An administrator loads the file" in everything(test)


def test_a_wrong_choice_is_said_and_nothing_is_kept(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    signed(monkeypatch, roles="administrator")
    test = given(page_for("mapping"))
    box = next(b for b in test.selectbox if b.label == "“DOB” is")
    box.set_value("opened_on").run()
    assert "Two columns are" in everything(test)
    assert not (home / MAPPINGS).exists()
    assert not [b for b in test.button if b.key == "map-keep"]


def test_what_is_no_list_is_refused_in_words(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    signed(monkeypatch, roles="administrator")
    test = given(page_for("mapping"), "nothing here", "odd.csv")
    assert not test.exception
    assert "has no table" in everything(test)
    assert not list(home.glob("mappings/*"))


@pytest.mark.usefixtures("home")
def test_an_administrator_may_load_by_button(monkeypatch: pytest.MonkeyPatch) -> None:
    signed(monkeypatch, roles="administrator")
    asked: list[tuple[str, str]] = []

    class Report:
        load_id = "20261031T000000-abcdef"

        def total(self, what: str) -> int:
            return {"created": 12}.get(what, 0)

    def loaded(path: Path, *, home: Path, with_file: Path) -> Report:
        asked.append((path.read_text(encoding="utf-8"), with_file.name))
        assert home.is_dir()
        return Report()

    monkeypatch.setattr(view, "load", loaded)
    test = given(page_for("mapping"))
    test.button(key="map-keep").click().run()
    test.button(key="map-load").click().run()
    assert asked == [(LIST, "brook.toml")]
    assert "12 facts are new" in everything(test)


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("role", ["strategic_manager", "practitioner", "safeguarding_lead"])
def test_other_roles_have_no_such_page(monkeypatch: pytest.MonkeyPatch, role: str) -> None:
    signed(monkeypatch, roles=role, agency_id="A0001", practitioner_id="P00001")
    test = page_for("mapping")
    assert title(test) == "You may not see this"
    assert not test.file_uploader
