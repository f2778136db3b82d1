"""Where sign-in is set up: environment, files and their modes, what is refused, the guide's example."""

from __future__ import annotations

import re
import stat
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from dashboards import launch
from dashboards.provider import (
    CALLBACK,
    FILE_VARIABLE,
    VARIABLES,
    Provider,
    configured,
    must_be_signed_in,
    secrets_file,
)
from graphmodel.access import RIGHTS
from graphmodel.errors import SettingsError
from graphmodel.settings import load_settings
from reports.words import role_name

GUIDE = (Path(__file__).parents[2] / "docs" / "sign-in.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", GUIDE, flags=re.DOTALL)
AUTH = EXAMPLES[0]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder, working folder and home folder, and no variable set."""
    for name in (*VARIABLES.values(), FILE_VARIABLE):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def write(home: Path) -> Callable[..., Path]:
    def file(text: str = AUTH, name: str = "sign-in.toml", mode: int = 0o600) -> Path:
        path = home / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
        return path

    return file


def test_without_anything_there_is_no_provider(home: Path) -> None:
    assert configured(home, 8501) is None


def test_the_guides_example_is_taken_as_it_stands(home: Path, write: Callable[..., Path]) -> None:
    write()
    found = configured(home, 8501)
    assert found is not None
    assert (found.client_id, found.host, found.port) == ("tacgraph", "tacgraph.example.gov.uk", 443)
    assert "the secret" not in repr(found)


@pytest.mark.parametrize("name", [".streamlit/secrets.toml", "elsewhere.toml"])
def test_streamlits_own_file_and_a_named_one_are_taken(
    home: Path, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    path = write(name=name)
    if name == "elsewhere.toml":
        monkeypatch.setenv(FILE_VARIABLE, str(path))
    found = configured(home, 8501)
    assert found is not None
    assert found.client_id == "tacgraph"


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o620])
@pytest.mark.parametrize("name", ["sign-in.toml", ".streamlit/secrets.toml"])
def test_a_file_that_others_may_read_is_refused(
    home: Path, write: Callable[..., Path], mode: int, name: str
) -> None:
    path = write(name=name, mode=mode)
    with pytest.raises(SettingsError, match=f"mode {mode:04o}") as refused:
        configured(home, 8501)
    assert refused.value.mend == f"Run: chmod 600 {path}"
    assert "the secret" not in str(refused.value)


def test_the_environment_alone_is_enough_and_goes_over_the_file(
    home: Path, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(
        VARIABLES["server_metadata_url"], "http://127.0.0.1:9400/.well-known/openid-configuration"
    )
    monkeypatch.setenv(VARIABLES["client_id"], "other")
    monkeypatch.setenv(VARIABLES["client_secret"], "from the environment")
    alone = configured(home, 8777)
    assert alone is not None
    assert alone.redirect_uri == f"http://127.0.0.1:8777{CALLBACK}"
    assert len(alone.cookie_secret.get_secret_value()) >= 32
    again = configured(home, 8777)
    assert again is not None
    assert again.cookie_secret != alone.cookie_secret
    write()
    over = configured(home, 8777)
    assert over is not None
    assert (over.client_id, over.host) == ("other", "tacgraph.example.gov.uk")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("https://login", "http://login", "in the open"),
        ("https://tacgraph", "http://tacgraph", "in the open"),
        ("/oauth2callback", "/callback", "must end in /oauth2callback"),
        ("https://login.example.gov.uk/.well-known/openid-configuration", "login", "is no address"),
        ('client_id = "tacgraph"\n', "", "client_id: Field required"),
        ("client_id =", "clientid =", "clientid: Extra inputs"),
        ('cookie_secret = "at least 32', 'cookie_secret = "short"\n# "', "at least 32"),
        ("[auth]", "[other]", r"no table \[auth\]"),
        ("[auth]", "[auth", "cannot be read"),
    ],
)
def test_what_is_wrong_is_said_without_the_secret(
    home: Path, write: Callable[..., Path], old: str, new: str, words: str
) -> None:
    write(AUTH.replace(old, new))
    with pytest.raises(SettingsError, match=words) as refused:
        configured(home, 8501)
    assert "the secret that" not in str(refused.value)


def test_a_named_file_that_is_not_there_is_said(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FILE_VARIABLE, str(home / "gone.toml"))
    with pytest.raises(SettingsError, match="cannot be read"):
        configured(home, 8501)


def test_streamlits_file_is_0600_while_served_and_gone_afterwards(
    home: Path, write: Callable[..., Path]
) -> None:
    write(AUTH.replace("the secret that the provider gave", 'quo\\"te \\\\ é'))
    provider = configured(home, 8501)
    assert provider is not None
    with secrets_file(provider, home, 8501) as path:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        held = tomllib.loads(path.read_text(encoding="utf-8"))["auth"]
        assert held["client_secret"] == provider.client_secret.get_secret_value() == 'quo"te \\ é'
        assert held["redirect_uri"] == provider.redirect_uri
    assert not path.exists()
    with secrets_file(None, home, 8501) as path:
        assert not path.exists()


def test_only_the_name_of_the_redirect_address_is_answered(home: Path, write: Callable[..., Path]) -> None:
    write()
    provider = configured(home, 8501)
    assert isinstance(provider, Provider)
    stated = launch.options(8501, home / "x", provider)
    assert [s for s in stated if "allowedHosts" in s] == ["--server.allowedHosts=tacgraph.example.gov.uk"]
    assert "--server.address=127.0.0.1" in stated
    assert f"--secrets.files={home / 'x'}" in stated
    assert not [
        s for s in launch.options(8501) if "secrets.files" in s and Path(s.partition("=")[2]).exists()
    ]


def test_the_guides_mapping_is_one_that_the_settings_take(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(EXAMPLES[1], encoding="utf-8")
    rules = load_settings(file).sign_in
    assert rules.roles["TAC analysts"] == "analyst"
    assert (rules.role_claim, rules.practitioner_claim) == ("groups", "staff_number")


def test_the_guide_names_every_role() -> None:
    rows = re.findall(r"^\| ([a-z ]+) \| .*\|$", GUIDE, flags=re.MULTILINE)
    named = {role_name(role).lower() for role in RIGHTS if role != "local_user"}
    assert named <= set(rows)


def test_a_dashboard_for_others_starts_with_sign_in_over_https_alone(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SettingsError, match="is not set up"):
        must_be_signed_in(home, 8501)
    metadata = "https://login.example.org/.well-known/openid-configuration"
    monkeypatch.setenv("TACGRAPH_OIDC_METADATA_URL", metadata)
    monkeypatch.setenv("TACGRAPH_OIDC_CLIENT_ID", "tacgraph")
    monkeypatch.setenv("TACGRAPH_OIDC_CLIENT_SECRET", "only for the tests")
    with pytest.raises(SettingsError, match="without https"):
        must_be_signed_in(home, 8501)
    monkeypatch.setenv("TACGRAPH_OIDC_REDIRECT_URI", "https://tacgraph.example.org/oauth2callback")
    must_be_signed_in(home, 8501)
