"""Copies of a PostgreSQL store, by PostgreSQL's own programs: one file, made while it is in use.

What a restore replaces is kept as a schema of the same database.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import psycopg
from sqlalchemy.engine import URL, make_url

from services.errors import BackupFailed
from services.storage.migrations import revisions

KEPT = "replaced_*"
"""Schemas of this name are what restores replaced: no backup holds them."""

Database = psycopg.Connection[tuple[object, ...]]

_OTHERS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename IS NOT NULL"""
_TABLES = "SELECT count(*) FROM pg_class WHERE relnamespace = to_regnamespace(%s) AND relkind IN ('r', 'p')"


def backup(url: str, target: Path) -> None:
    """The store as of one moment, on disk, and then in the target's place. Nobody waits for it.

    Errors: BackupFailed.
    """
    partial = target.with_name(f".{target.name}.partial")
    try:
        partial.unlink(missing_ok=True)
        os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        _run("pg_dump", url, ["--format=custom", f"--exclude-schema={KEPT}", f"--file={partial}"])
        _run("pg_restore", None, ["--list", str(partial)])
        _sync(partial)
        partial.replace(target)
        _sync(target.parent)
    except OSError as error:
        raise BackupFailed(f"{target}: {error.strerror}") from error
    finally:
        partial.unlink(missing_ok=True)


def restore(url: str, source: Path, name: str) -> str | None:
    """Puts the backup in the place of the tables, which are kept in the schema `name` where there are any.

    Errors: BackupFailed for a file that is no backup, or while anybody is connected to the database.
    """
    _run("pg_restore", None, ["--list", str(source)])
    with _connected(url) as connection:
        _refuse_company(connection)
        schema = str(_one(connection, "SELECT current_schema()") or "public")
        kept = name if _one(connection, _TABLES, schema) else None
        _make_room(connection, schema, kept)
        try:
            options = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", str(source)]
            _run("pg_restore", url, options)
            _refuse_later_version(connection, schema, source)
        except BackupFailed:
            _put_back(connection, schema, kept)
            raise
        connection.execute(b"ANALYZE")
    return None if kept is None else f"the schema {kept}"


def _make_room(connection: Database, schema: str, name: str | None) -> None:
    """An empty schema `public`, or none of another name, which a backup then brings along."""
    with connection.transaction():
        away = f'DROP SCHEMA IF EXISTS "{schema}"' if name is None else f'ALTER SCHEMA "{schema}" RENAME TO "{name}"'
        connection.execute(away.encode())
        if schema == "public":
            connection.execute(b"CREATE SCHEMA public")


def _put_back(connection: Database, schema: str, name: str | None) -> None:
    with connection.transaction():
        connection.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE'.encode())
        again = f'CREATE SCHEMA "{schema}"' if name is None else f'ALTER SCHEMA "{name}" RENAME TO "{schema}"'
        connection.execute(again.encode())


def _refuse_company(connection: Database) -> None:
    others = _one(connection, _OTHERS)
    if others:
        raise BackupFailed(f"the database is in use ({others} connections): stop all servers on it, then restore")


def _refuse_later_version(connection: Database, schema: str, source: Path) -> None:
    known = _one(connection, "SELECT to_regclass(%s)", f'"{schema}".alembic_version')
    version = known and _one(connection, f'SELECT version_num FROM "{schema}".alembic_version')  # noqa: S608  # ours
    if not version:
        raise BackupFailed(f"{source} is no backup of a store")
    if version not in revisions():
        raise BackupFailed(f"{source} was made by a later version of Pulseboard than this one")


def _one(connection: Database, sql: str, *values: object) -> object:
    row = connection.execute(sql.encode(), values or None).fetchone()
    return None if row is None else row[0]


@contextlib.contextmanager
def _connected(url: str) -> Iterator[Database]:
    """Whatever the database refuses leaves as BackupFailed."""
    try:
        with psycopg.connect(_plain(url, _password(url)), autocommit=True, connect_timeout=5) as connection:
            yield connection
    except psycopg.Error as error:
        said = error.diag.message_primary or "it cannot be reached"
        raise BackupFailed(f"the database refused: {said}") from error


def _password(url: str) -> str | None:
    parts = make_url(url)
    given = parts.password or parts.query.get("password")
    return None if given is None else str(given)


def _plain(url: str, password: str | None = None) -> str:
    """As PostgreSQL's programs take it; without the password unless it is given."""
    parts = make_url(url).set(drivername="postgresql").difference_update_query(["password"])
    bare = URL.create(parts.drivername, parts.username, password, parts.host, parts.port, parts.database, parts.query)
    return bare.render_as_string(hide_password=False)


def _run(program: str, url: str | None, options: Sequence[str]) -> None:
    """Runs a program of PostgreSQL's. The password is in its environment, where a list of processes does not show it.

    Errors: BackupFailed, with what the program said last.
    """
    command = [_found(program), *options]
    environ = dict(os.environ)
    if url is not None:
        command.insert(1, f"--dbname={_plain(url)}")
        environ["PGPASSWORD"] = _password(url) or environ.get("PGPASSWORD", "")
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)  # noqa: S603  # our own list
    if done.returncode != 0:
        said = (done.stderr.strip().splitlines() or ["it gave no reason"])[-1]
        raise BackupFailed(f"{program} failed: {said}")


def _found(program: str) -> str:
    path = shutil.which(program)
    if path is None:
        raise BackupFailed(f"{program} is not installed: it comes with PostgreSQL's client programs")
    return path


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
