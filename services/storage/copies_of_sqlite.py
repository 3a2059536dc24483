"""Copies of a SQLite store: made while it is in use, and put back while it is not."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.engine import make_url

from services.errors import BackupFailed
from services.storage.migrations import revisions

BUSY_SECONDS = 5.0


def backup(url: str, target: Path) -> None:
    """The store as of one moment, checked, on disk, and then in the target's place. Writers do not wait for it.

    Errors: BackupFailed.
    """
    store = _path(url)
    if not store.is_file():
        raise BackupFailed(f"there is no store at {store}")
    if target.exists() and target.samefile(store):
        raise BackupFailed(f"{target} is the store itself")
    with _connected(store) as source:
        _write_copy(source, target)


def restore(url: str, source: Path, name: str) -> str | None:
    """Puts the backup in the store's place; where what was there is kept, `name` being part of its own.

    Errors: BackupFailed for a file that is no sound backup, or while anybody has the store open.
    """
    store = _path(url)
    with _connected(source) as copy:
        _refuse_unsound(copy, source)
        if not store.exists():
            store.parent.mkdir(parents=True, exist_ok=True)
            _write_copy(copy, store)
            return None
        if source.samefile(store):
            raise BackupFailed(f"{source} is the store itself")
        kept = store.with_name(f"{store.name}.{name}")
        with _alone_with(store) as old:
            _write_copy(old, kept)
            # Through the database, not by renaming: whoever opens it meanwhile waits, and finds one or the other.
            copy.backup(old)
    return str(kept)


def _path(url: str) -> Path:
    return Path(make_url(url).database or "")


def _write_copy(source: sqlite3.Connection, target: Path) -> None:
    """All in one step: a reader of one moment, whom no writer waits for and whom no write makes begin again."""
    partial = target.with_name(f".{target.name}.partial")
    partial.unlink(missing_ok=True)
    os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))  # it holds keys and passwords, if hashed
    try:
        with _connected(partial) as copy:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")  # one file, nothing beside it
            _refuse_unsound(copy, partial)
        _sync(partial)
        partial.replace(target)
        _sync(target.parent)
    finally:
        partial.unlink(missing_ok=True)


def _refuse_unsound(connection: sqlite3.Connection, path: Path) -> None:
    try:
        found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        version = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.DatabaseError as error:
        raise BackupFailed(f"{path} is no backup of a store: {error}") from error
    if found != "ok":
        raise BackupFailed(f"{path} is damaged: {found}")
    if version is None or version[0] not in revisions():
        raise BackupFailed(f"{path} was made by a later version of Pulseboard than this one")


@contextlib.contextmanager
def _alone_with(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection while there is no other: an open one holds a lock on the file for as long as it is open."""
    with _connected(path) as connection:
        try:
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("COMMIT")
            connection.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            raise BackupFailed(f"{path} is in use: stop the server that runs on it, then restore") from error
        yield connection


@contextlib.contextmanager
def _connected(path: Path) -> Iterator[sqlite3.Connection]:
    """Whatever SQLite cannot do leaves as BackupFailed."""
    try:
        uri = f"{path.resolve().as_uri()}?mode=rw"
        connection = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            yield connection
        finally:
            connection.close()
    except (sqlite3.Error, OSError) as error:
        raise BackupFailed(f"{path}: {error}") from error


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
