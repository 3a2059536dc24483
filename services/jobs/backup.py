"""Backup and restore of the store that a URL names: SQLite by its own online copy, PostgreSQL by its own programs."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Protocol

from sqlalchemy.engine import make_url

from services.clock import Instant, to_datetime
from services.errors import BackupFailed
from services.metrics import catalogue, sites
from services.storage import copies_of_postgres, copies_of_sqlite, migrations, versions
from services.storage.engine import Store


class _Copies(Protocol):
    """What each kind of store has a module for."""

    def backup(self, url: str, target: Path) -> None: ...

    def restore(self, url: str, source: Path, name: str) -> str | None: ...


def backup(url: str, target: str) -> str:
    """Writes everything to the file, which is there whole or not at all; what was done.

    Errors: BackupFailed, and then the file is as it was before.
    """
    path = Path(target)
    if path.is_dir() or not path.parent.is_dir():
        raise BackupFailed(f"cannot write {path}: it must be a file in a directory that is there")
    _copies(url).backup(url, path)
    return f"the store as it is now is in {path} ({path.stat().st_size:,} bytes)"


def restore(url: str, source: str, now: Instant) -> str:
    """Puts the backup in the store's place, while nobody uses it; what was done.

    What was there is kept under another name. Cached figures from before are out of date afterwards. Errors:
    BackupFailed, and then the store is as it was before.
    """
    path = Path(source)
    if not path.is_file():
        raise BackupFailed(f"there is no file {path}")
    kept = _copies(url).restore(url, path, _name(to_datetime(now)))
    store = Store(url)
    try:
        migrations.upgrade(store)
        with store.writing() as connection:
            versions.move_past(connection, sites.load(connection), [m.name for m in catalogue.METRICS], now)
    finally:
        store.close()
    return f"restored {path}" + ("" if kept is None else f"; what was there before is kept as {kept}")


def _name(moment: datetime) -> str:
    return f"replaced_{moment:%Y%m%d_%H%M%S}"


def _copies(url: str) -> _Copies:
    return copies_of_sqlite if make_url(url).get_backend_name() == "sqlite" else copies_of_postgres
