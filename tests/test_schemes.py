"""Published schemes: each is a valid example with its source, and an authority may start from one."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

import pytest

from graphmodel.errors import SettingsError
from graphmodel.settings import SCHEMES, changed_settings, load_settings, settings

NAMES = [file.stem for file in sorted(SCHEMES.glob("*.toml"))]


def test_there_are_schemes() -> None:
    assert NAMES == ["case-count", "points-100", "points-4-to-10"]


@pytest.mark.parametrize("name", NAMES)
def test_each_scheme_is_an_example_with_its_source(name: str) -> None:
    text = tomllib.loads((SCHEMES / f"{name}.toml").read_text(encoding="utf-8"))
    assert text["about"]["status"] == text["agreed_by"] == "example, agree locally"
    assert text["agreed_on"] == ""
    assert all(text["about"][part] for part in ("title", "source", "says", "not_expressed"))
    found = changed_settings(settings(), scheme=name)
    assert found.scheme == name
    assert found.version == text["version"] != settings().version
    assert found.workload.points_per_fte == text["workload"]["points_per_fte"]
    # 37 hours a week and 42 weeks a year, shared by the points of a full-time post
    hours = 37 * 42 / 12 / found.workload.points_per_fte
    assert found.costs.hours_per_point == pytest.approx(hours, rel=0.005)
    # what a scheme does not set stays
    assert found.queries == settings().queries
    assert found.workload.tac_share == settings().workload.tac_share


def test_a_scheme_that_spares_the_newly_qualified_says_so() -> None:
    found = {name: changed_settings(settings(), scheme=name).workload for name in NAMES}
    shares = {name: workload.newly_qualified_share for name, workload in found.items()}
    assert shares == {"case-count": 1.0, "points-100": 0.9, "points-4-to-10": 1.0}


def test_the_default_hours_are_worked_out_the_same_way() -> None:
    found = load_settings()
    assert found.costs.hours_per_point == pytest.approx(37 * 42 / 12 / 15, rel=0.005)


def test_an_own_file_starts_from_a_scheme_and_changes_it(tmp_path: Path) -> None:
    own = tmp_path / "settings.toml"
    own.write_text(
        'scheme = "points-100"\nversion = "ours-2"\nagreed_by = "the board"\nagreed_on = 2026-04-01\n'
        "[workload]\npoints_per_fte = 80.0\n",
        encoding="utf-8",
    )
    found = load_settings(own)
    assert (found.scheme, found.version, found.agreed_on) == ("points-100", "ours-2", date(2026, 4, 1))
    assert found.stamp == "ours-2 (the board, 2026-04-01)"
    assert settings().stamp == "default-1 (example, agree locally)"
    assert found.workload.points_per_fte == 80
    assert found.workload.need_weight[4] == 6.25
    again = changed_settings(found, scheme="case-count")
    assert (again.agreed_by, again.agreed_on) == ("example, agree locally", "")


def test_single_weights_mark_the_version() -> None:
    found = changed_settings(settings(), weights={"workload": {"need_weight": {"4": 3.0}}})
    assert found.workload.need_weight == {1: 0.5, 2: 1.0, 3: 1.5, 4: 3.0}
    assert found.version == f"{settings().version}, changed"
    assert changed_settings(settings()) is settings()


@pytest.mark.parametrize(
    ("text", "fault"),
    [('scheme = "nope"\n', "points-100"), ('agreed_on = "soon"\n', "agreed_on")],
)
def test_a_bad_scheme_or_day_is_refused_by_name(tmp_path: Path, text: str, fault: str) -> None:
    own = tmp_path / "settings.toml"
    own.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=fault):
        load_settings(own)
