"""The dataset's tables in the authority's own database, by SQLAlchemy: SELECT only, streamed, read-only."""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import SQLAlchemyError

from graphmodel.errors import SourceError
from loaders.raw import CHUNK_ROWS, Chunk
from loaders.sheets import cell_text
from loaders.sources.ssd.fields import KNOWN, READ, names_of
from loaders.sources.ssd.files import check_columns, column_word, table_named

URL_VARIABLE: Final = "TACGRAPH_SSD_URL"
_LARGEST: Final = 1 << 16
_MEND: Final = (
    'Write a file such as: [ssd] url = "postgresql+psycopg://reader@host/warehouse" schema = '
    f'"ssd_development"; an address with a password belongs in {URL_VARIABLE}.'
)


class _Where(BaseModel):
    """The table `[ssd]` of a file that names a database."""

    model_config = ConfigDict(extra="forbid", strict=True, populate_by_name=True)
    url: str | None = None
    db_schema: str | None = Field(default=None, alias="schema")


def names_database(path: Path) -> bool:
    """Whether a file is one that names a database of the dataset. Never raises."""
    try:
        if path.suffix.lower() != ".toml" or not path.is_file() or path.stat().st_size > _LARGEST:
            return False
        return isinstance(tomllib.loads(path.read_text(encoding="utf-8-sig")).get("ssd"), dict)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError):
        return False


@dataclass(frozen=True)
class Database:
    """Where the tables are. `shown` is the address without its password."""

    url: URL
    schema: str | None

    @property
    def shown(self) -> str:
        return self.url.render_as_string(hide_password=True)

    def fault(self, error: Exception) -> SourceError:
        """What went wrong, without the password, whatever the driver says."""
        said = str(getattr(error, "orig", None) or error).strip()
        words = (said.splitlines() or [type(error).__name__])[0][:200]
        for secret in {self.url.password, *self.url.query.values()}:
            if isinstance(secret, str) and secret:
                words = words.replace(secret, "***")
        return SourceError(
            f"database {self._plain}", f"cannot be read ({words})", "See that it can be reached."
        )

    @property
    def _plain(self) -> str:
        """The address without its password and without options, which may hold one."""
        return self.url.set(query={}).render_as_string(hide_password=True)

    @contextmanager
    def connected(self) -> Iterator[Connection]:
        """A connection that reads only, as far as the database knows such a thing; rolled back at the end."""
        engine = self._engine()
        try:
            with engine.connect() as connection:
                if engine.dialect.name == "sqlite":
                    connection.exec_driver_sql("PRAGMA query_only = ON")
                try:
                    yield connection
                finally:
                    connection.rollback()
        except (SQLAlchemyError, UnicodeError) as fault:
            raise self.fault(fault) from None
        finally:
            engine.dispose()

    def _engine(self) -> Engine:
        options: dict[str, Any] = {}
        if self.url.get_backend_name() == "postgresql":
            options["isolation_level"] = "REPEATABLE READ"
        try:
            engine = sa.create_engine(self.url, poolclass=sa.NullPool, **options)
        except ImportError as fault:
            mend = f"Install {fault.name} beside tacgraph."
            raise SourceError(f"database {self._plain}", f"needs the driver {fault.name}", mend) from None
        except (SQLAlchemyError, TypeError, ValueError) as fault:
            raise self.fault(fault) from None
        if engine.dialect.name == "postgresql":
            engine = engine.execution_options(postgresql_readonly=True)
        return engine


def read_where(path: Path) -> Database:
    """The database that a file names, or the environment.

    Raises `SourceError` where neither names one, or where a file that others may read holds a password.
    """
    try:
        text = path.read_bytes()[:_LARGEST].decode("utf-8-sig")
        where = _Where.model_validate(tomllib.loads(text).get("ssd", {}))
    except OSError as fault:
        raise SourceError(path.name, f"cannot be read ({fault.strerror})", _MEND) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise SourceError(path.name, "is no TOML", _MEND) from None
    except ValidationError as fault:
        # the message of the check would show the value, and the value may be a password
        names = ", ".join(".".join(map(str, e["loc"])) for e in fault.errors(include_url=False))
        raise SourceError(path.name, f"says what it cannot say at {names}", _MEND) from None
    named = where.url or os.environ.get(URL_VARIABLE)
    if not named:
        raise SourceError(path.name, f"names no url, and {URL_VARIABLE} is not set", _MEND)
    try:
        url = make_url(named)
    except (SQLAlchemyError, ValueError):
        raise SourceError(
            path.name if where.url else URL_VARIABLE, "is no address of a database", _MEND
        ) from None
    if where.url and (url.password or url.query) and _open_to_others(path):
        raise SourceError(
            path.name,
            "holds a password and can be read by others",
            f"Close it (chmod 600 {path.name}), or put the address into {URL_VARIABLE}.",
        )
    schema = where.db_schema
    if schema is None and url.get_backend_name() != "sqlite":
        schema = "ssd_development"
    return Database(url, schema or None)


def _open_to_others(path: Path) -> bool:
    return bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))


def _order(table: str, header: Sequence[str]) -> str:
    """The column to read in the order of, the same in every pass: the table's id where it has one."""
    return next((name for name in names_of(table) if name in header), header[0])


@dataclass
class DatabaseTable:
    """One table or view of the database; `columns` are its own names by ours."""

    table: str
    label: str
    header: tuple[str, ...]
    database: Database
    named: str
    columns: dict[str, str]
    notes: list[str] = field(default_factory=list)

    def parts(self, columns: Sequence[str]) -> Iterator[Chunk]:
        wanted: list[Any] = [sa.column(self.columns[c]) for c in columns]
        first: Any = sa.column(self.columns[_order(self.table, self.header)])
        query = (
            sa.select(*wanted).select_from(sa.table(self.named, schema=self.database.schema)).order_by(first)
        )
        number = 1
        with self.database.connected() as connection:
            found = connection.execution_options(yield_per=CHUNK_ROWS).execute(query)
            for rows in found.partitions(CHUNK_ROWS):
                cells = [[database_text(value) for value in column] for column in zip(*rows, strict=True)]
                yield Chunk(list(range(number, number + len(rows))), dict(zip(columns, cells, strict=True)))
                number += len(rows)


def database_text(value: object) -> str | None:
    """A value of a database as text; None stays None."""
    match value:
        case None:
            return None
        case str():
            return value
        case datetime():
            return value.isoformat(sep=" ")
        case date():
            return value.isoformat()
        case bytes() | bytearray() | memoryview():
            return bytes(value).decode("utf-8", "replace")
        case _:
            return cell_text(value)


def database_tables(database: Database) -> tuple[list[DatabaseTable], list[str]]:
    """The tables that are read, and the names of those of the dataset that are not."""
    found: dict[str, DatabaseTable] = {}
    unread: list[str] = []
    with database.connected() as connection:
        look = sa.inspect(connection)
        names = [*look.get_table_names(database.schema), *look.get_view_names(database.schema)]
        for name in sorted(names):
            table = table_named(name) if name.lower().startswith("ssd_") else None
            if table is None or name.lower() != table:
                continue
            if table not in READ:
                unread.append(name)
            elif table not in found:
                found[table] = _table(database, table, name, look.get_columns(name, database.schema))
    if not found:
        where = f"schema {database.schema}" if database.schema else "the database"
        raise SourceError(
            f"database {database._plain}",  # noqa: SLF001  (its own module)
            f"has no table of the Standard Safeguarding Dataset in {where}",
            f"Name the schema that has {KNOWN[0]}.",
        )
    return list(found.values()), unread


def _table(database: Database, table: str, name: str, columns: Sequence[Any]) -> DatabaseTable:
    own = [str(column["name"]) for column in columns]
    header = tuple(column_word(column) for column in own)
    check_columns(name, table, header)
    return DatabaseTable(table, name, header, database, name, dict(zip(header, own, strict=True)))
