"""`make demo`: a server with a store of its own, eight weeks of a simulated past, then a simulated present."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from tqdm import tqdm

from demo.history import ORDERS_A_DAY, SITE, events_between
from demo.live import LiveRestaurant
from demo.progress import Progress
from services.errors import PulseboardError
from services.importing.posting import Client, Tally
from services.importing.serving import end_in_order_when_told, started, temporary_key
from settings import Settings

STORE = Path("var/demo.sqlite3")
PASSWORD = "pulseboard-demo"  # noqa: S105 - a made-up restaurant on the loopback address keeps no secrets
EVENTS_A_DAY = int(ORDERS_A_DAY * 2.6)


def main(environ: Mapping[str, str]) -> int:
    end_in_order_when_told()
    progress = Progress(STORE)
    environ = demo_environment(environ)
    try:
        settings = Settings.from_environment(environ)
        with (
            started(environ, port=settings.port) as url,
            temporary_key(settings.database_url) as key,
            Client(url, key) as client,
        ):
            print(
                f"\n  Pulseboard demo:  {url}\n  sign in as:       admin\n  password:         {PASSWORD}\n", flush=True
            )
            _simulate(client, progress)
    except PulseboardError as error:
        print(f"demo: {error.detail}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ndemo: the server has ended; `make demo` goes on from here", flush=True)
    return 0


def demo_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The settings of the server that is started: what makes it the demo is set, the rest is the caller's."""
    return {
        "SITE_TZ": local_zone(environ),
        "SITE_DAY_STARTS_AT": "04:00",
        **{key: value for key, value in environ.items() if value},
        "PULSEBOARD_DEMO": "1",
        "DATABASE_URL": f"sqlite:///{STORE}",
        "BOOTSTRAP_ADMIN_PASSWORD": PASSWORD,
    }


def local_zone(environ: Mapping[str, str]) -> str:
    """The zone that this machine keeps, by its IANA name; UTC where it does not say."""
    linked = Path("/etc/localtime").resolve().as_posix().partition("/zoneinfo/")[2]
    return next((name for name in (environ.get("TZ", ""), linked) if name in available_timezones()), "UTC")


def _simulate(client: Client, progress: Progress) -> None:
    zone = ZoneInfo(client.sites()[SITE]["tz"])
    tally = post_history(client, progress, zone)
    for fault in tally.faults:
        print(f"demo: rejected {fault}", file=sys.stderr)
    print("demo: the past is in; live events follow until Ctrl-C", flush=True)
    post_live(client, progress, zone)


def post_history(client: Client, progress: Progress, zone: ZoneInfo) -> Tally:
    """Posts the past that is not in the store yet, day by day."""
    now = datetime.now(zone)
    begin = progress.begin(now)
    total = Tally()
    expected = int((now - begin).total_seconds() / 86_400 * EVENTS_A_DAY)
    with tqdm(total=expected, unit=" events", desc="history") as bar:
        for events in events_between(begin, now, zone):
            total.merge(client.post(events, backfill=True, progress=bar.update))
            progress.cover(datetime.fromisoformat(events[-1]["occurred_at"]))
        bar.total = bar.n
    progress.cover(now)
    return total


def post_live(client: Client, progress: Progress, zone: ZoneInfo) -> None:
    """Posts one event after the other, for ever."""
    restaurant = LiveRestaurant(f"L{datetime.now(UTC):%y%m%d%H%M%S}", zone)
    while True:
        now = datetime.now(zone)
        client.post([restaurant.next_event(now)], backfill=False)
        progress.cover(now)
        time.sleep(restaurant.pause())


if __name__ == "__main__":
    sys.exit(main(os.environ))
