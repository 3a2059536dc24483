"""Work on the store of the settings, whether or not a server runs on it (restore: only while none does).

`verify` compares every rollup with the facts (`--sample N`: of N days picked at random), `rebuild` builds them anew,
`backup PATH` and `restore PATH` write and read one file that holds everything. Exit code 1: differences were found, or
it could not be done; 2: a setting cannot be read.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from typing import Any

from tqdm import tqdm

from services import clock
from services.errors import PulseboardError, SettingError
from services.jobs import backup
from services.jobs.patience import patiently
from services.metrics import sites, verify
from services.metrics.rebuild import rebuild
from services.metrics.verify import Difference, Progress, Verdict
from services.storage import migrations
from services.storage.engine import Store
from settings import Settings

SHOWN = 20


def main() -> int:
    arguments = _parser().parse_args()
    try:
        settings = Settings.from_environment(os.environ)
        return int(arguments.run(settings.database_url, arguments))
    except SettingError as error:
        print(error.detail, file=sys.stderr)
        return 2
    except PulseboardError as error:
        print(error.detail, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m services.jobs", description=__doc__)
    jobs = parser.add_subparsers(required=True, metavar="job")
    job = jobs.add_parser("verify", help="compare every rollup with the facts")
    job.add_argument("--sample", type=_count, metavar="N", help="compare N days of any sites, picked at random")
    job.add_argument("--seed", type=int, help="pick the same days as the run that named this number")
    job.set_defaults(run=_verify)
    jobs.add_parser("rebuild", help="build all rollups anew").set_defaults(run=_rebuild)
    for name, run, told in (("backup", _backup, "write the store to a file"), ("restore", _restore, "read it back")):
        job = jobs.add_parser(name, help=told)
        job.add_argument("path")
        job.set_defaults(run=run)
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError("must be a whole number from 1 on")
    return int(text)


def _verify(url: str, arguments: argparse.Namespace) -> int:
    seed = secrets.randbelow(1_000_000) if arguments.seed is None else arguments.seed
    with _Opened(url) as store, tqdm(unit=" days", desc="verifying") as bar:
        verdict = verify.verify(store, _shown_on(bar), arguments.sample, seed)
    for difference in verdict.differences[:SHOWN]:
        print(_line(difference))
    for told in _told(verdict):
        print(told)
    what = "all" if arguments.sample is None else f"a sample (--seed {seed})"
    if verdict.differences:
        print(f"{len(verdict.differences)} differences in {verdict.days} days, {what}")
        return 1
    print(f"every rollup equals the recount of its facts: {verdict.days} days, {what}")
    return 0


def _line(difference: Difference) -> str:
    key = " ".join(str(part) for part in difference.key if part != "")
    said, found = ("nothing" if value is None else value for value in (difference.expected, difference.found))
    return (
        f"{difference.site} {difference.table} {key} {difference.measure}: the facts say {said}, what is there {found}"
    )


def _told(verdict: Verdict) -> list[str]:
    """What is no difference."""
    told = []
    if verdict.waiting:
        told.append(f"{verdict.waiting} accepted events wait to be applied")
    if verdict.letters:
        told.append(f"{verdict.letters} dead letters are in no figure until they are replayed")
    told += [f"the rollups of {site} are being built anew: not compared" for site in verdict.rebuilding]
    return told


def _rebuild(url: str, _arguments: argparse.Namespace) -> int:
    with _Opened(url) as store:
        with store.reading() as connection:
            names = list(sites.load(connection))
        for name in names:
            with tqdm(unit=" days", desc=f"rebuilding {name}") as bar:
                done = rebuild(store, patiently(store), name, clock.now(), _shown_on(bar))
            if not done:
                print(f"the rollups of {name} are being built anew by somebody else", file=sys.stderr)
                return 1
    print("rebuilt")
    return 0


def _backup(url: str, arguments: argparse.Namespace) -> int:
    print(backup.backup(url, arguments.path))
    return 0


def _restore(url: str, arguments: argparse.Namespace) -> int:
    print(backup.restore(url, arguments.path, clock.now()))
    return 0


class _Opened:
    """The store, brought to the newest version, for as long as the block lasts."""

    def __init__(self, url: str) -> None:
        self._store = Store(url)

    def __enter__(self) -> Store:
        migrations.upgrade(self._store)
        return self._store

    def __exit__(self, *_: object) -> None:
        self._store.close()


def _shown_on(bar: Any) -> Progress:
    def show(done: int, total: int) -> None:
        bar.total = total
        bar.update(done - bar.n)

    return show


if __name__ == "__main__":
    sys.exit(main())
