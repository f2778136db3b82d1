"""Serve the dashboard on this machine only, with every option stated here.

A configuration file of the working folder or of the user cannot open it to the network or switch usage
statistics on, because options given at the start win over files.
"""

from __future__ import annotations

import importlib
import logging
import os
import pkgutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Final

from dashboards.provider import Provider, configured, secrets_file
from dashboards.theme import OPTIONS as THEME
from graphmodel.errors import SettingsError

ADDRESS: Final = "127.0.0.1"
AS_OF_VARIABLE: Final = "TACGRAPH_AS_OF"
PROVIDER_VARIABLE: Final = "TACGRAPH_SIGNED_IN_ONLY"
NO_SECRETS: Final = Path(os.devnull) / "none.toml"

_OPTIONS: Final[dict[str, str]] = {
    "global.developmentMode": "false",
    "server.address": ADDRESS,
    "server.headless": "true",
    "server.fileWatcherType": "none",
    "server.runOnSave": "false",
    "server.allowRunOnSave": "false",
    "server.enableXsrfProtection": "true",
    "server.enableCORS": "true",
    "server.enableStaticServing": "false",
    "server.showEmailPrompt": "false",
    "browser.gatherUsageStats": "false",
    "browser.serverAddress": ADDRESS,
    "client.toolbarMode": "minimal",
    "client.showErrorDetails": "none",
    "client.showErrorLinks": "false",
    "runner.magicEnabled": "false",
    "runner.fastReruns": "true",
    "logger.level": "warning",
    "logger.hideWelcomeMessage": "true",
}


def options(port: int, secrets: Path = NO_SECRETS, provider: Provider | None = None) -> list[str]:
    """The options of the server as arguments, `--name=value`; with a provider for the name browsers use."""
    stated = {**_OPTIONS, **THEME, "server.port": str(port), "browser.serverPort": str(port)}
    names = [ADDRESS, "localhost"]
    if provider is not None:
        # a sign-in begun under one name cannot come back under another
        names = [provider.host]
        stated |= {"browser.serverAddress": provider.host, "browser.serverPort": str(provider.port)}
    # other host names are refused, so that a page elsewhere cannot reach in through a name that resolves here
    hosts = [f"--server.allowedHosts={name}" for name in names]
    # no other file of secrets is read, wherever the server is started
    files = [f"--secrets.files={secrets}"]
    return [f"--{name}={value}" for name, value in stated.items()] + hosts + files


WARMING: Final = (sys.executable, "-P", "-m", "dashboards.warm")
"""Work ahead: never by a package of that name in the folder that one happens to work in."""


def serve(home: Path, *, port: int, as_of: date | None) -> int:
    """Serve the dashboard of a data folder until Ctrl+C; 0 when it ended so.

    `as_of` is the day that pages open with (None: the last day of the data, at most today). Where a provider
    is set up (`dashboards.provider`), pages are shown to those who sign in.

    Raises `SettingsError` where the port cannot be had, or the sign-in is set up wrongly.
    """
    _must_be_free(port)
    provider = configured(home, port)
    os.environ["TACGRAPH_HOME"] = str(home.resolve())
    if as_of is None:
        os.environ.pop(AS_OF_VARIABLE, None)
    else:
        os.environ[AS_OF_VARIABLE] = as_of.isoformat()
    from streamlit.web import cli  # noqa: PLC0415  (half a second, not wanted before the port is checked)

    secure = provider is not None and provider.over_https
    app = Path(__file__).parent / "entry" / ("over_https.py" if secure else "run.py")
    os.environ[PROVIDER_VARIABLE] = "no" if provider is None else "yes"
    try:
        with secrets_file(provider, home.resolve(), port) as secrets, _working_ahead():
            _import_ahead()
            cli.main(["run", str(app), *options(port, secrets, provider)], standalone_mode=False)
    except KeyboardInterrupt:
        return 0
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    return 0


def _import_ahead() -> None:
    """Import what the pages need, before anybody can come: whoever is first does not wait for it.

    Before the server begins, and not beside it: two visitors who import at once can meet half a module.
    """
    # each kept function says that there is no server yet
    logging.disable(logging.WARNING)
    try:
        for module in pkgutil.iter_modules(importlib.import_module("dashboards").__path__):
            if not module.ispkg:
                importlib.import_module(f"dashboards.{module.name}")
    finally:
        logging.disable(logging.NOTSET)


@contextmanager
def _working_ahead() -> Iterator[None]:
    """Meanwhile a process of low priority makes ready what takes long: `dashboards.warm`.

    It ends when our end of its standard input is closed, so also where this process is killed.
    """
    try:
        begun = subprocess.Popen(
            WARMING,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        # pages then work it out when they are asked for it
        yield
        return
    with begun:
        try:
            yield
        finally:
            begun.kill()


def _must_be_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, port))
        except (OSError, OverflowError) as fault:
            taken = isinstance(fault, OSError) and fault.errno is not None
            raise SettingsError(
                f"port {port}",
                "is in use or may not be used" if taken else "is not a port",
                "End the other dashboard, or name another port: tacgraph dashboard --port 8502.",
            ) from fault


def main() -> int:
    """Serve by environment and arguments (`python -m dashboards.launch PORT`): for the tests' real server."""
    from graphmodel.settings import data_folder  # noqa: PLC0415

    stated = os.environ.get(AS_OF_VARIABLE)
    return serve(data_folder(), port=int(sys.argv[1]), as_of=date.fromisoformat(stated) if stated else None)


if __name__ == "__main__":
    sys.exit(main())
