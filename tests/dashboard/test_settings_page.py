"""The page Settings: values with meaning and source, proposals, decisions, the file that comes of it."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboards import agreeing, keeping
from graphmodel.access import Viewer
from graphmodel.errors import AccessRefused, SettingsError
from graphmodel.settings import load_settings, settings
from reports.settings_words import words_for
from tests.dashboard.conftest import Partnership
from tests.dashboard.roles import page_for, signed
from tests.dashboard.test_dashboard import opened, title, words

HEAD = Viewer("head", "agency_manager", "too low for our schools", agency_id="A0001")
ADMIN = Viewer("ad", "administrator", "minutes of the board")
ON = date(2026, 11, 20)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder, and a working folder without settings of its own."""
    monkeypatch.setenv("TACGRAPH_HOME", str(tmp_path))
    monkeypatch.delenv("TACGRAPH_SETTINGS", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_setting_has_a_meaning_and_a_source() -> None:
    for name in agreeing.plain(settings()):
        meaning, source = words_for(name)
        assert meaning
        assert source


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("workload.set_up_days", "56", 56),
        ("workload.need_weight.4", "2.5", 2.5),
        ("workload.overload_threshold", "1.1", 1.1),
        ("advice.to_term_time_only", "False", False),
        ("advice.curve", "[1, 10]", [1, 10]),
        ("allocation_profile", "plymouth", "plymouth"),
    ],
)
def test_a_proposal_agreed_becomes_a_file_that_puts_it_in_force(
    home: Path, name: str, text: str, value: object
) -> None:
    agreeing.propose(HEAD, settings(), name, text, HEAD.reason)
    (one,) = agreeing.proposals(settings())
    assert (one.name, one.value, one.who, one.state) == (name, value, "head", "proposed")
    agreeing.decide(ADMIN, one.key, agree=True, by="Partnership board", on=ON)
    (one,) = agreeing.proposals(settings())
    assert one.state == "agreed"
    file = home / "settings.toml"
    file.write_text(agreeing.agreed_file([one]), encoding="utf-8")
    after = load_settings(file)
    assert agreeing.plain(after)[name] == value
    assert (after.agreed_by, after.agreed_on) == ("Partnership board", ON)
    rest = {key for key, held in agreeing.plain(after).items() if agreeing.plain(settings())[key] != held}
    assert rest == {name, "version", "agreed_by", "agreed_on"}
    assert agreeing.proposals(after)[0].state == "in_force"
    assert stat.S_IMODE((home / keeping.PROPOSALS).stat().st_mode) == 0o600


def test_an_own_file_keeps_what_it_states_and_takes_what_was_agreed(home: Path) -> None:
    (home / "settings.toml").write_text(
        'version = "2026"\nlead_term = "lead professional"\n[workload]\nset_up_days = 30\n', encoding="utf-8"
    )
    agreed = load_settings()
    agreeing.propose(HEAD, agreed, "workload.severe_threshold", "1.4", "why")
    agreeing.decide(ADMIN, agreeing.proposals(agreed)[0].key, agree=True, by="Board", on=ON)
    text = agreeing.agreed_file(agreeing.proposals(agreed))
    (home / "settings.toml").write_text(text, encoding="utf-8")
    after = load_settings()
    assert (after.lead_term, after.workload.set_up_days, after.workload.severe_threshold) == (
        "lead professional", 30, 1.4,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("workload.set_up_days", "six weeks", "not like 42"),
        ("workload.set_up_days", "1.5", "not like 42"),
        ("workload.set_up_days", "-1", "greater than or equal to 0"),
        ("workload.set_up_days", "42", "is 42 already"),
        ("advice.to_term_time_only", "1", "not like true"),
        ("allocation_profile", "poole", "'national' or 'plymouth'"),
    ],
)
def test_what_cannot_be_is_refused_in_words(home: Path, name: str, text: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        agreeing.propose(HEAD, settings(), name, text, "why")
    assert agreeing.proposals(settings()) == []
    assert not (home / keeping.PROPOSALS).exists()


def test_only_an_administrator_marks_what_was_decided(home: Path) -> None:
    agreeing.propose(HEAD, settings(), "workload.set_up_days", "56", "why")
    key = agreeing.proposals(settings())[0].key
    with pytest.raises(AccessRefused, match="may not mark"):
        agreeing.decide(HEAD, key, agree=True, by="me", on=ON)
    with pytest.raises(SettingsError, match="whose"):
        agreeing.decide(ADMIN, key, agree=True, by=" ", on=ON)
    with pytest.raises(AccessRefused, match="may not see the settings"):
        agreeing.propose(Viewer("p", "practitioner", "x"), settings(), "workload.set_up_days", "9", "why")
    agreeing.decide(ADMIN, key, agree=False, by="Board", on=ON)
    assert agreeing.proposals(settings())[0].state == "declined"
    assert home.exists()


@pytest.fixture
def kept(at_home: Partnership) -> Iterator[Path]:
    path = at_home.home / keeping.PROPOSALS
    yield path
    path.unlink(missing_ok=True)


def press(test: AppTest, label: str) -> None:
    next(b for b in test.button if b.label == label).click().run()


def test_from_proposal_to_file_on_the_page(kept: Path) -> None:
    test = opened("settings")
    assert not test.exception
    assert title(test).startswith(f"Settings {settings().version}")
    assert "Nothing" not in title(test)
    press(test, "Propose")
    assert "choose a setting" in str(test.error[0].value)
    test.selectbox(key="propose-name").set_value("workload.set_up_days")
    test.text_input(key="propose-value").set_value("56")
    test.selectbox(key="propose-role").set_value("strategic_manager")
    test.text_input(key="propose-reason").set_value("teams take eight weeks")
    press(test, "Propose")
    table = next(t.value for t in test.dataframe if "Proposed" in t.value.columns)
    assert table.iloc[0][["Name", "Now", "Proposed", "State"]].tolist() == [
        "workload.set_up_days", "42", "56", "proposed",
    ]  # fmt: skip
    test.text_input(key="decide-by").set_value("Partnership board")
    test.selectbox(key="decide-role").set_value("administrator")
    test.text_input(key="decide-reason").set_value("minutes of 20 November")
    press(test, "Mark as decided")
    assert not test.error
    assert "workload.set_up_days = 56" in str(test.code[0].value)
    assert kept.exists()
    assert settings().workload.set_up_days == 42


@pytest.mark.parametrize(("role", "may"), [("strategic_manager", False), ("administrator", True)])
def test_the_file_to_put_in_place_is_for_who_runs_the_installation(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, role: str, may: bool
) -> None:
    monkeypatch.setenv("TACGRAPH_HOME", str(kept.parent))
    own = tmp_path / "settings.toml"
    own.write_text('version = "2026"\n[sign_in]\nrole_claim = "our-groups"\n', encoding="utf-8")
    monkeypatch.setenv("TACGRAPH_SETTINGS", str(own))
    settings.cache_clear()
    agreeing.propose(HEAD, settings(), "workload.set_up_days", "56", "why")
    agreeing.decide(ADMIN, agreeing.proposals(settings())[0].key, agree=True, by="Board", on=ON)
    signed(monkeypatch, **{"our-groups": role})
    test = page_for("settings")
    assert "agreed, not yet in force" in words(test)
    assert bool(test.code) == may
    assert ("our-groups" in words(test)) == may
    assert kept.exists()
    monkeypatch.undo()
    settings.cache_clear()


@pytest.mark.parametrize(
    ("role", "may"),
    [("strategic_manager", "see"), ("administrator", "see and decide"), ("safeguarding_lead", "")],
)
def test_who_sees_and_who_decides(
    kept: Path, at_home: Partnership, monkeypatch: pytest.MonkeyPatch, role: str, may: str
) -> None:
    monkeypatch.setenv("TACGRAPH_HOME", str(at_home.home))
    agreeing.propose(HEAD, settings(), "workload.set_up_days", "56", "why")
    signed(monkeypatch, roles=role)
    test = page_for("settings")
    assert (title(test) != "You may not see this") == ("see" in may)
    assert ("Mark as decided" in {b.label for b in test.button}) == ("decide" in may)
    assert ("sign_in.role_claim" in words(test)) == ("decide" in may)
    assert kept.exists()
