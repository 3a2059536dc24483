"""`python -m services.jobs verify` compares every rollup with the facts; `rebuild` builds them all anew.

Both work on the store of the settings, whether or not a server runs on it. Exit code 1: differences were found.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection
from tqdm import tqdm

from services import clock
from services.metrics import recount, sites
from services.storage import migrations
from services.storage.engine import Store
from settings import Settings

SHOWN = 20


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m services.jobs", description=__doc__)
    parser.add_argument("job", choices=("verify", "rebuild"))
    job = parser.parse_args().job
    store = Store(Settings.from_environment(os.environ).database_url)
    migrations.upgrade(store)
    try:
        return _verify(store) if job == "verify" else _rebuild(store)
    finally:
        store.close()


def _verify(store: Store) -> int:
    with tqdm(unit=" days", desc="verifying") as bar:
        differences = recount.verify(store, _shown_on(bar))
    for difference in differences[:SHOWN]:
        key = " ".join(str(part) for part in difference.key if part != "")
        print(
            f"{difference.site} {difference.rollup} {key} {difference.measure}: "
            f"the facts say {difference.expected}, the rollup {difference.found}"
        )
    print(f"{len(differences)} differences" if differences else "every rollup equals the recount of its facts")
    return 1 if differences else 0


def _rebuild(store: Store) -> int:
    def write(work: Callable[[Connection], object]) -> object:
        with store.writing() as connection:
            return work(connection)

    with store.reading() as connection:
        names = list(sites.load(connection))
    for name in names:
        with tqdm(unit=" days", desc=f"rebuilding {name}") as bar:
            recount.rebuild(write, name, clock.now(), _shown_on(bar))
    print("rebuilt")
    return 0


def _shown_on(bar: Any) -> recount.Progress:
    def show(done: int, total: int) -> None:
        bar.total = total
        bar.update(done - bar.n)

    return show


if __name__ == "__main__":
    sys.exit(main())
