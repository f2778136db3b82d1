"""The containers' recipe, by what matters: nobody reaches in from the network, no secret lies in the open.

It was held against the Compose specification's schema by hand; no container is started here.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import pytest
import streamlit
import yaml  # type: ignore[import-untyped]

from graphmodel.engine import LOOPBACK
from tests.pages import ROOT
from tools.dist import wanted

COMPOSE: Final[dict[str, Any]] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: Final[dict[str, Any]] = COMPOSE["services"]
DOCKERFILE: Final = (ROOT / "Dockerfile").read_text(encoding="utf-8")
OURS: Final = ("dashboard", "proxy")


def test_every_port_is_on_the_loopback_unless_ordered() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert len(ports) == 3
    for port in ports:
        assert port.startswith((f"{LOOPBACK}:", f"${{TACGRAPH_LISTEN:-{LOOPBACK}}}:")), port
    # the dashboard's own port is published by nobody; the web server reaches it on a shared loopback
    assert not any("8501" in port for port in ports)
    assert SERVICES["proxy"]["network_mode"] == "service:dashboard"
    assert "EXPOSE" not in DOCKERFILE
    assert 'CMD ["dashboard", "--only-signed-in"]' in DOCKERFILE
    assert COMPOSE["networks"]["inside"] == {"internal": True}


def test_no_secret_is_in_an_environment_an_argument_or_a_layer() -> None:
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            secret = re.search(r"PASSWORD|SECRET|KEY|AUTH|SIGN_IN|TOKEN", variable)
            assert not secret or value.startswith("/run/secrets/"), f"{name}: {variable}"
        for secret in service.get("secrets", []):
            assert COMPOSE["secrets"][secret]["file"].startswith("./secrets/")
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in ignored
    assert not any("secrets" in line for line in ignored if line.startswith("!"))
    assert "/secrets/" in (ROOT / ".gitignore").read_text(encoding="utf-8")


def test_images_are_pinned_and_services_say_how_they_are() -> None:
    for name, service in SERVICES.items():
        assert re.search(r":\d+\.\d+", service["image"]), name
        assert "no-new-privileges:true" in service["security_opt"]
        assert "healthcheck" in service or name == "dashboard"
    assert "HEALTHCHECK" in DOCKERFILE
    assert re.search(r"^ARG PYTHON=3\.11-slim", DOCKERFILE, re.MULTILINE)
    for name in OURS:
        assert SERVICES[name]["read_only"] is True
        assert SERVICES[name]["cap_drop"] == ["ALL"]
    assert re.search(r"^USER tacgraph$", DOCKERFILE, re.MULTILINE)
    assert SERVICES["dashboard"]["depends_on"]["neo4j"] == {"condition": "service_healthy"}


def test_the_image_is_of_this_version() -> None:
    stated = re.search(r'^version = "(.*)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert stated
    assert SERVICES["dashboard"]["image"] == f"tacgraph:{stated[1]}"


def test_what_the_image_is_built_from_is_all_that_the_wheel_needs() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    allowed = {line[1:] for line in lines if line[:1] == "!"}
    for name in wanted():
        assert name.split("/")[0] in allowed, name
    assert {"pyproject.toml", "requirements.lock", "README.md", "LICENSE", "tools/runtime_lock.py"} <= allowed


@pytest.mark.parametrize("file", ["Caddyfile", "nginx.conf"])
def test_both_web_servers_send_the_same_headers(file: str) -> None:
    text = (ROOT / "deploy" / file).read_text(encoding="utf-8")
    line = r'^\s*(?:add_header )?([A-Z][\w-]+) "?([^"\n;][^"\n]*?)"?(?: always;)?$'
    found = dict(re.findall(line, text, re.MULTILINE))
    policy = found["Content-Security-Policy"]
    for words in ("default-src 'self'", "frame-ancestors 'none'", "object-src 'none'", "form-action 'self'"):
        assert words in policy
    assert not re.search(r"https?:|\*", policy)
    others = "nginx.conf" if file == "Caddyfile" else "Caddyfile"
    other = (ROOT / "deploy" / others).read_text(encoding="utf-8")
    for name, value in found.items():
        if name in {"Strict-Transport-Security", "Content-Security-Policy", "Permissions-Policy"}:
            assert value in other, name


def test_the_policy_lets_streamlits_own_inline_script_run_and_no_other() -> None:
    page = Path(streamlit.__file__).with_name("static") / "index.html"
    inline = re.findall(
        r"<script(?![^>]*src)[^>]*>(.*?)</script>", page.read_text(encoding="utf-8"), re.DOTALL
    )
    digests = {f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'" for text in inline}
    for file in ("Caddyfile", "nginx.conf"):
        policy = re.search(r"script-src ([^;]*);", (ROOT / "deploy" / file).read_text(encoding="utf-8"))
        assert policy
        assert set(policy[1].split()) == {"'self'", "blob:", *digests}


def test_the_lock_of_the_image_is_made_without_any_package(tmp_path: Path) -> None:
    """As the first step of the Dockerfile does it: with the standard library alone, from its own folder."""
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "runtime_lock.py", tmp_path / "tools")
    shutil.copy(ROOT / "requirements.lock", tmp_path)
    command = [sys.executable, "-I", "-S", "tools/runtime_lock.py"]
    for words, name in (([], "streamlit=="), (["--backend"], "hatchling==")):
        ran = subprocess.run([*command, *words], cwd=tmp_path, check=True, capture_output=True, text=True)
        assert f"\n{name}" in f"\n{ran.stdout}"
        assert "--hash=sha256:" in ran.stdout
