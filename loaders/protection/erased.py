"""Who was made nobody: keyed hashes of their ids, with the day; what a source still says is held back.

`erased.txt` in the data folder (0600): a line an id. Whoever has the identity key can try an id against it;
without the key it says how many there are and when.
"""

from __future__ import annotations

import hmac
import os
import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

from graphmodel.relationships import TABLES
from loaders.backup.saving import ERASED
from loaders.identity import identity_key
from loaders.staging import Staging, staged_columns

Who = Literal["child", "practitioner"]
_SHOWN: Final = 12
HELD: Final = "held_back"


def digest(key: bytes, id_: str, who: Who = "child") -> str:
    """What stands for an id in the list."""
    mark = "erased" if who == "child" else f"erased {who}"
    return hmac.digest(key, f"{mark}:{id_}".encode(), "sha256").hex()


def listed(home: Path) -> dict[str, str]:
    """Hash → the day of the erasure (ISO; empty where an older version wrote it down)."""
    try:
        lines = (home / ERASED).read_text(encoding="ascii").splitlines()
    except OSError:
        return {}
    words = [line.split() for line in lines if line.strip()]
    return {line[0]: line[1] if line[1:] else "" for line in words}


def remember(home: Path, ids: Iterable[str], who: Who = "child") -> None:
    """Add those of these ids that are not on it, as of today."""
    key, day, there = identity_key(home), datetime.now(UTC).date().isoformat(), listed(home)
    new = [one for one in (digest(key, id_, who) for id_ in ids) if one not in there]
    descriptor = os.open(home / ERASED, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.writelines(f"{one} {day}\n" for one in new)
        file.flush()
        os.fsync(file.fileno())


def strike(home: Path, id_: str) -> bool:
    """Take a child's id off the list; whether it was on it."""
    found, wanted = listed(home), digest(identity_key(home), id_)
    if wanted not in found:
        return False
    made = (home / ERASED).with_name(f".{ERASED}.{secrets.token_hex(4)}")
    descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.writelines(f"{one} {day}".strip() + "\n" for one, day in found.items() if one != wanted)
        file.flush()
        os.fsync(file.fileno())
    made.replace(home / ERASED)
    return True


# -- in a load ---------------------------------------------------------------------------------------


def hold_back(stage: Staging, home: Path) -> int:
    """Reject the rows about children who were erased, before anything else looks at them; how many.

    The list of rejects names a part of the hash, never the id: of the child, and of the teams that the same
    files say are the child's.
    """
    gone = listed(home)
    if not gone:
        return 0
    key = identity_key(home)
    _leave_names_out(stage, key, gone)
    _held_ids(stage, key, gone)
    if not stage.one(f"SELECT count(*) FROM {HELD}"):
        return 0
    before = stage.one("SELECT count(*) FROM rejects")
    for table in TABLES:
        if "child_id" in staged_columns(table):
            _reject(stage, table, "child_id", HELD)
    stage.run(
        f"CREATE TABLE {HELD}_tacs AS SELECT DISTINCT t.tac_id AS id, h.shown, h.day FROM raw_tacs t "
        f"JOIN {HELD} h ON h.id = t.child_id WHERE t.tac_id NOT IN (SELECT tac_id FROM raw_tacs "
        f"WHERE tac_id IS NOT NULL AND child_id IS NOT NULL AND child_id NOT IN (SELECT id FROM {HELD}))"
    )
    for table in TABLES:
        if "tac_id" in staged_columns(table) and table != "tacs":
            _reject(stage, table, "tac_id", f"{HELD}_tacs")
    return int(stage.one("SELECT count(*) FROM rejects") - before)


NAMES: Final = "names_left_out"


def _leave_names_out(stage: Staging, key: bytes, gone: Mapping[str, str]) -> None:
    """Names of practitioners whose names went by rule, before anybody keeps them."""
    if "name" not in stage.present.get("practitioners", ()):
        return
    asked = "SELECT DISTINCT practitioner_id FROM raw_practitioners WHERE practitioner_id IS NOT NULL"
    ids = [id_ for (id_,) in stage.rows(asked) if digest(key, id_, "practitioner") in gone]
    if ids:
        stage.run(f"CREATE TABLE {NAMES} (id VARCHAR)")
        stage.insert(NAMES, {"id": ids})
        stage.run(
            f"UPDATE raw_practitioners SET name = NULL WHERE practitioner_id IN (SELECT id FROM {NAMES})"
        )


def named_no_more(stage: Staging, table: str) -> list[int]:
    """The rows of a table that are about practitioners whose names went by rule."""
    there = stage.one(f"SELECT count(*) FROM information_schema.tables WHERE table_name = '{NAMES}'")
    if table != "practitioners" or not there:
        return []
    asked = f"SELECT row_no FROM raw_practitioners WHERE practitioner_id IN (SELECT id FROM {NAMES})"
    return [row[0] for row in stage.rows(asked)]


def _held_ids(stage: Staging, key: bytes, gone: Mapping[str, str]) -> None:
    """Make the table of the ids in these files that were erased, with what to show and the day."""
    named = " UNION ".join(
        f"SELECT child_id FROM raw_{table}" for table in TABLES if "child_id" in staged_columns(table)
    )
    ids, shown, days = list[str](), list[str](), list[str]()
    for (id_,) in stage.rows(f"SELECT child_id FROM ({named}) WHERE child_id IS NOT NULL"):
        one = digest(key, id_)
        if one in gone:
            ids.append(id_)
            shown.append(f"erased:{one[:_SHOWN]}")
            days.append(f"on {gone[one]}" if gone[one] else "earlier")
    stage.run(f"CREATE TABLE {HELD} (id VARCHAR, shown VARCHAR, day VARCHAR)")
    if ids:
        stage.insert(HELD, {"id": ids, "shown": shown, "day": days})


def _reject(stage: Staging, table: str, column: str, held: str) -> None:
    # what else is wrong with the row may show what it says
    stage.run(
        "DELETE FROM rejects WHERE tbl = $tbl AND row_no IN "
        f"(SELECT r.row_no FROM raw_{table} r JOIN {held} h ON h.id = r.{column})",
        {"tbl": table},
    )
    stage.run(
        "INSERT INTO rejects SELECT $tbl, $file, r.row_no, $col, h.shown, 'is of a child who was erased ' "
        f"|| h.day || '; tacgraph erase ID --lift --reason WHY takes it again' FROM raw_{table} r "
        f"JOIN {held} h ON h.id = r.{column}",
        {"tbl": table, "file": stage.files.get(table, ""), "col": column},
    )
