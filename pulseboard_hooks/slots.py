"""The files in which outboxes live: the one that the setting names, and numbered ones beside it for further processes.

A file is free when nobody holds its lock. Files are never deleted, only reused, so that nobody can come to hold the
lock of a file that another has just removed. What cannot be read is renamed, under a lock of its own, after a second
look: somebody else may have done so meanwhile, and have begun a new one.
"""

from __future__ import annotations

import fcntl
import logging
import os
import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pulseboard_hooks.errors import OutboxDamaged, OutboxTaken, OutboxUnusable
from pulseboard_hooks.outbox import OWNER_ALONE, Outbox

MOST = 1000

Opener = Callable[[Path], Outbox]

_log = logging.getLogger("pulseboard_hooks")


def slot(base: Path, number: int) -> Path:
    return base.with_name(f"{base.stem}-{number}{base.suffix}") if number else base


def beside(base: Path, ending: str) -> Path:
    return base.with_name(f"{base.stem}{ending}")


def first_free(base: Path, open_: Opener, taken: Collection[Path]) -> Outbox:
    """The first file that nobody uses, with what an ended process left in it.

    Errors: OutboxUnusable where the disk does not let it be.
    """
    for number in range(MOST):
        path = slot(base, number)
        if path in taken:
            continue
        try:
            return opened(path, base, open_)
        except OutboxTaken:
            continue
    raise OutboxUnusable(f"{base}: all of {MOST} outboxes are in use")


def left_behind(base: Path, open_: Opener, taken: Collection[Path]) -> Outbox | None:
    """One in which an ended process left something for this server; None when there is no further."""
    for path in sorted(_existing(base)):
        if path in taken:
            continue
        try:
            box = opened(path, base, open_)
        except (OutboxTaken, OutboxUnusable):
            continue
        if len(box):
            _log.info("%d events of an ended process are taken over from %s", len(box), path)
            return box
        box.close()
    return None


def opened(path: Path, base: Path, open_: Opener) -> Outbox:
    """The outbox in that file; a damaged file is set aside first."""
    try:
        return open_(path)
    except OutboxDamaged:
        with _alone(base):
            return _anew(path, open_)


def _anew(path: Path, open_: Opener) -> Outbox:
    try:
        return open_(path)
    except OutboxDamaged as error:
        set_damaged_aside(path, error)
        return open_(path)


def set_damaged_aside(path: Path, error: OutboxDamaged) -> None:
    """Renames the file and its journal. Only for one who holds its lock, or is the only one who may rename."""
    name = f"{path.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
    try:
        for ending in ("-wal", ""):
            if (part := path.with_name(path.name + ending)).exists():
                part.rename(path.with_name(name + ending))
    except OSError as failure:
        raise OutboxUnusable(f"{path}: damaged, and cannot be set aside: {failure}") from failure
    _log.error("the outbox is damaged and set aside as %s, with all events in it: %s", path.with_name(name), error)


def _existing(base: Path) -> Iterator[Path]:
    numbered = re.compile(re.escape(base.stem) + r"(-[1-9]\d{0,2})?" + re.escape(base.suffix))
    try:
        names = os.listdir(base.parent)
    except OSError:
        return
    yield from (base.with_name(name) for name in names if numbered.fullmatch(name))


@contextmanager
def _alone(base: Path) -> Iterator[None]:
    try:
        handle = os.open(beside(base, ".lock"), os.O_CREAT | os.O_RDWR, OWNER_ALONE)
    except OSError as error:
        raise OutboxUnusable(f"{base}: {error}") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
