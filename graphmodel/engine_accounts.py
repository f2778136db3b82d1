"""Who may do what in the embedded engine, written to its configuration before it starts.

A read-only session of the engine can write; only a user who lacks the rights cannot. So the reader
has the right to read records and no other, the writer may create, change and delete records but not
the schema (labels, types and constraints are the administrator's, made first), and no group carries
a `resultSetLimit`, which would cut rows silently, inside aggregates too.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from graphmodel.engine_files import DATABASE, OWNER_ONLY_FILE, OWNER_ONLY_FOLDER, Account

ITERATIONS = 65_536
KEY_BYTES = 32
NO_LIMIT = -1

RECORD_RIGHTS = ["createRecord", "readRecord", "updateRecord", "deleteRecord"]
GROUP_OF_ROLE = {"admin": "admin", "writer": "writer", "reader": "reader"}


def hashed(password: str, salt: str | None = None) -> str:
    """Hash a password as the engine stores it: `PBKDF2WithHmacSHA256$iterations$salt$key`.

    The salt's base64 *text*, taken as ASCII bytes, is what the engine feeds to the function.
    """
    salt = salt or base64.b64encode(secrets.token_bytes(32)).decode("ascii")
    key = hashlib.pbkdf2_hmac("sha256", password.encode("utf-8"), salt.encode("ascii"), ITERATIONS, KEY_BYTES)
    return f"PBKDF2WithHmacSHA256${ITERATIONS}${salt}${base64.b64encode(key).decode('ascii')}"


def groups(reader_timeout: float) -> dict[str, object]:
    """The content of `server-groups.json`; `reader_timeout` (seconds) bounds a reader's query."""

    def group(access: list[str], records: list[str], timeout: int = NO_LIMIT) -> dict[str, object]:
        return {
            "resultSetLimit": NO_LIMIT,
            "readTimeout": timeout,
            "access": access,
            "types": {"*": {"access": records}},
        }

    everywhere = {
        "admin": group(["updateSecurity", "updateSchema", "updateDatabaseSettings"], RECORD_RIGHTS),
        "*": group([], []),
    }
    ours = {
        "writer": group([], RECORD_RIGHTS),
        "reader": group([], ["readRecord"], round(reader_timeout * 1000)),
    }
    return {
        "databases": {"*": {"groups": everywhere}, DATABASE: {"groups": {**everywhere, **ours}}},
        "version": 2,
    }


def write_accounts(root: Path, accounts: Mapping[str, Account], reader_timeout: float) -> None:
    """Write users, groups and the closed MCP endpoint into the engine's `config` folder."""
    config = root / "config"
    config.mkdir(mode=OWNER_ONLY_FOLDER, parents=True, exist_ok=True)
    users = [
        {
            "name": account.name,
            "databases": {"*" if role == "admin" else DATABASE: [GROUP_OF_ROLE[role]]},
            "password": hashed(account.password.reveal()),
        }
        for role, account in accounts.items()
    ]
    _write(config / "server-users.jsonl", "".join(json.dumps(user) + "\n" for user in users))
    _write(config / "server-groups.json", json.dumps(groups(reader_timeout), indent=1))
    _write(config / "mcp-config.json", json.dumps({"enabled": False, "allowReads": False}))


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY_FILE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
