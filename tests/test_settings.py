"""Settings: the defaults are those of the measures page, and a misspelt name is refused."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from graphmodel.errors import SettingsError
from graphmodel.settings import data_folder, load_settings


def test_the_defaults_are_those_of_the_measures_page() -> None:
    workload = load_settings().workload
    assert workload.need_weight == {1: 0.5, 2: 1.0, 3: 1.5, 4: 2.0}
    assert workload.tac_share["gp"] == 0.05
    assert workload.tac_share["parent_carer"] == 0
    assert workload.newly_qualified_share == 1
    assert (workload.set_up_days, workload.set_up_factor, workload.points_per_fte) == (42, 1.25, 15)


def test_an_own_file_replaces_single_values(tmp_path: Path) -> None:
    own = tmp_path / "settings.toml"
    own.write_text('version = "2026-1"\n[workload.tac_share]\ngp = 0.1\n', encoding="utf-8")
    found = load_settings(own)
    assert found.version == "2026-1"
    assert found.workload.tac_share["gp"] == 0.1
    assert found.workload.tac_share["teacher"] == 0.1
    assert found.workload.points_per_fte == 15


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[workload]\nset_up_dayz = 40\n", "workload.set_up_dayz"),
        ("[workload]\nset_up_days = -1\n", "workload.set_up_days"),
        ('allocation_profile = "leeds"\n', "allocation_profile"),
        ("[workload\n", "cannot be read"),
    ],
)
def test_a_bad_file_is_refused_by_name(tmp_path: Path, text: str, named: str) -> None:
    own = tmp_path / "settings.toml"
    own.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=named):
        load_settings(own)


def test_the_data_folder_is_the_owners_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TACGRAPH_HOME", str(tmp_path / "deep" / "home"))
    assert stat.S_IMODE(data_folder().stat().st_mode) == 0o700
