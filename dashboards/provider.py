"""Where sign-in is set up: the environment or a file of 0600 → the one secrets file that Streamlit reads.

A file of secrets that others may read is refused, and an address that would carry a sign-in in the open.
"""

from __future__ import annotations

import json
import os
import secrets
import stat
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from graphmodel.errors import SettingsError

FILE_VARIABLE: Final = "TACGRAPH_SIGN_IN"
VARIABLES: Final[Mapping[str, str]] = {
    "server_metadata_url": "TACGRAPH_OIDC_METADATA_URL",
    "client_id": "TACGRAPH_OIDC_CLIENT_ID",
    "client_secret": "TACGRAPH_OIDC_CLIENT_SECRET",
    "redirect_uri": "TACGRAPH_OIDC_REDIRECT_URI",
    "cookie_secret": "TACGRAPH_OIDC_COOKIE_SECRET",
}
FILE_NAME: Final = "sign-in.toml"
CALLBACK: Final = "/oauth2callback"
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost"})


class Provider(BaseModel):
    """An OpenID Connect provider and this dashboard's account at it; its secrets never show."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    server_metadata_url: str
    client_id: str = Field(min_length=1)
    client_secret: SecretStr = Field(min_length=1)
    redirect_uri: str
    cookie_secret: SecretStr = Field(min_length=32)
    client_kwargs: dict[str, str] = {}

    @field_validator("server_metadata_url", "redirect_uri")
    @classmethod
    def _not_in_the_open(cls, address: str) -> str:
        parts = urlsplit(address)
        if not parts.hostname or parts.scheme not in {"http", "https"}:
            raise ValueError("is no address: write it as https://…")
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
            raise ValueError("must be https, or the sign-in would go in the open")
        return address

    @field_validator("redirect_uri")
    @classmethod
    def _comes_back(cls, address: str) -> str:
        if urlsplit(address).path != CALLBACK:
            raise ValueError(f"must end in {CALLBACK}")
        return address

    @property
    def over_https(self) -> bool:
        """Whether browsers come over https, so that cookies can be for https alone."""
        return urlsplit(self.redirect_uri).scheme == "https"

    @property
    def host(self) -> str:
        """The name under which browsers reach the dashboard."""
        return str(urlsplit(self.redirect_uri).hostname)

    @property
    def port(self) -> int:
        """The port under which browsers reach the dashboard."""
        parts = urlsplit(self.redirect_uri)
        return parts.port or (443 if parts.scheme == "https" else 80)


def configured(home: Path, port: int) -> Provider | None:
    """The provider that the environment or a file names; None where neither does.

    Of the files the first that is there counts: the one `TACGRAPH_SIGN_IN` names, `sign-in.toml` of the data
    folder, Streamlit's own `.streamlit/secrets.toml` (working folder, then home folder) where it has
    `[auth]`. The environment's variables go over it. Without a cookie secret a new one is made at each start,
    and without a redirect address it is this machine's own.

    Raises `SettingsError` naming what lacks, a file that others may read, or an address in the open.
    """
    path, values = _from_file(home)
    given = {name: os.environ[variable] for name, variable in VARIABLES.items() if os.environ.get(variable)}
    if path is None and not given:
        return None
    asked = {"cookie_secret": secrets.token_urlsafe(48), "redirect_uri": f"http://127.0.0.1:{port}{CALLBACK}"}
    try:
        return Provider.model_validate({**asked, **values, **given})
    except ValidationError as fault:
        faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in fault.errors())
        raise SettingsError(
            f"sign-in ({path.name if path else 'environment'})", faults, "Mend it: see docs/sign-in.md."
        ) from None


def must_be_signed_in(home: Path, port: int) -> None:
    """Raise `SettingsError` unless pages are for those alone who sign in, over https.

    For a dashboard that others reach, such as one in a container: without it a lost file of secrets would
    open the pages to whoever comes.
    """
    provider = configured(home, port)
    if provider is None or not provider.over_https:
        raise SettingsError(
            "sign-in",
            "is not set up" if provider is None else f"comes back to {provider.redirect_uri}, without https",
            "Set it up with an https redirect address (docs/sign-in.md), or leave --only-signed-in out.",
        )


def _from_file(home: Path) -> tuple[Path | None, dict[str, Any]]:
    named = os.environ.get(FILE_VARIABLE)
    places = [Path(named)] if named else [home / FILE_NAME, *_streamlits_own()]
    for path in places:
        if named or path.exists():
            values = _read(path)
            if "auth" in values:
                return path, dict(values["auth"])
            if named or path.name == FILE_NAME:
                raise SettingsError(
                    f"sign-in file {path.name}", "has no table [auth]", "See docs/sign-in.md."
                )
    return None, {}


def _streamlits_own() -> list[Path]:
    folders = [Path.cwd(), Path.home()]
    return [folder / ".streamlit" / "secrets.toml" for folder in folders]


def _read(path: Path) -> dict[str, Any]:
    try:
        facts = path.stat()
        if stat.S_IMODE(facts.st_mode) & 0o077:
            raise SettingsError(
                f"sign-in file {path}",
                f"may be read by others than its owner (mode {stat.S_IMODE(facts.st_mode):04o})",
                f"Run: chmod 600 {path}",
            )
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise SettingsError(
            f"sign-in file {path}", f"cannot be read: {fault}", "Mend it: see docs/sign-in.md."
        ) from fault


@contextmanager
def secrets_file(provider: Provider | None, home: Path, port: int) -> Iterator[Path]:
    """The file for Streamlit while it serves, 0600, then gone; without a provider one that is not there.

    That a file is named even so keeps any other secrets file from switching a sign-in on.
    """
    path = home / f"sign-in-{port}.secrets.toml"
    path.unlink(missing_ok=True)
    if provider is not None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(_as_toml(provider))
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def _as_toml(provider: Provider) -> str:
    texts = {
        "server_metadata_url": provider.server_metadata_url,
        "client_id": provider.client_id,
        "client_secret": provider.client_secret.get_secret_value(),
        "redirect_uri": provider.redirect_uri,
        "cookie_secret": provider.cookie_secret.get_secret_value(),
    }
    # a JSON string is a basic string of TOML
    lines = ["[auth]", *(f"{name} = {json.dumps(text)}" for name, text in texts.items())]
    if provider.client_kwargs:
        pairs = (f"{name} = {json.dumps(text)}" for name, text in provider.client_kwargs.items())
        lines += ["", "[auth.client_kwargs]", *pairs]
    return "\n".join([*lines, ""])
