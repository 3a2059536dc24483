"""The command `python -m services.importing FILE --site SITE --tz ZONE`."""

from __future__ import annotations

import argparse
import csv
import os
import random
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlencode

from tqdm import tqdm

from services.errors import Conflict, InvalidRequest, PulseboardError
from services.importing.layouts import LAYOUTS, layout_of, named
from services.importing.posting import Client, Tally
from services.importing.reading import Event, Layout, Reading
from services.importing.serving import end_in_order_when_told, found_or_started

REPEATED_SHARE = 20  # with --shuffle-seed, one event in so many is sent twice


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """The exit status: 0 when every event is in the store."""
    end_in_order_when_told()
    asked = _parser().parse_args(arguments)
    url = asked.url or environ.get("PULSEBOARD_URL")
    key = asked.key or environ.get("PULSEBOARD_API_KEY")
    try:
        layout = named(asked.format) if asked.format else layout_of(asked.file)
        reading = layout.read(asked.file, asked.site, asked.tz)
        keep_set_aside(reading, asked.set_aside)
        events = reading.events
        posted = events if asked.shuffle_seed is None else shuffled(events, asked.shuffle_seed)
        with (
            found_or_started(url and url.rstrip("/"), key, environ) as server,
            Client(server.url, server.key) as client,
        ):
            prepare_site(client, asked.site, asked.tz, layout)
            tally = _post(client, posted, layout.unit)
    except PulseboardError as error:
        print(f"import: {error.detail}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("import: stopped; run it again, and what is in the store already changes nothing", file=sys.stderr)
        return 130
    print(report(reading, tally))
    if events:
        print(f"on screen, when it serves: {address_of_last_year(events, asked.site)}")
    return 1 if tally.rejected else 0


def prepare_site(client: Client, site_id: str, tz: str, layout: Layout) -> None:
    """Creates the site if there is none of that name; one that is there keeps its zone and business day.

    Errors: Conflict where its currency is another than the file's.
    """
    site, currency = client.sites().get(site_id), layout.currency
    if site is None:
        client.put_site(site_id, {"name": site_id, "tz": tz, "currency": currency, "day_starts_at": "00:00"})
    elif site["currency"] != currency:
        raise Conflict(f"the site {site_id} counts in {site['currency']}, and the file in {currency}")
    elif site["tz"] != tz:
        print(f"import: the site {site_id} stays in {site['tz']}; its business days are not those of {tz}")


def keep_set_aside(reading: Reading, path: Path | None) -> None:
    """Writes the rows that become no event, where somebody wants them."""
    if path is None:
        return
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(reading.set_aside)
    except OSError as error:
        raise InvalidRequest(f"{path}: {error.strerror or error}") from error


def shuffled(events: Sequence[Event], seed: int) -> list[Event]:
    """The events in an order of chance, some of them twice: what any import must bear."""
    chance = random.Random(seed)  # noqa: S311 - a reproducible order, nothing secret
    mixed = [*events, *chance.sample(events, len(events) // REPEATED_SHARE)]
    chance.shuffle(mixed)
    return mixed


def report(reading: Reading, tally: Tally) -> str:
    """What was read and what the server made of it, for a person to compare."""
    lines = [
        *reading.told,
        f"stored: {tally.accepted:,} new, {tally.duplicates:,} known already, {tally.rejected:,} rejected",
        *(f"rejected {fault}" for fault in tally.faults),
    ]
    return "\n".join(lines)


def address_of_last_year(events: Sequence[Event], site: str) -> str:
    """Where a server shows the file's last year on its dashboards, as of the last order."""
    return "/?" + urlencode({"site": site, "range": "this_year", "now": events[-1]["occurred_at"]})


def _post(client: Client, events: Sequence[Event], unit: str) -> Tally:
    with tqdm(total=len(events), unit=unit, desc="import") as bar:
        return client.post(events, backfill=True, progress=bar.update)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m services.importing", description="Import a CSV file of orders.")
    parser.add_argument("file", type=Path, metavar="FILE", help="the CSV file, plain or packed (.xz, .gz)")
    parser.add_argument("--site", required=True, help="the site that the orders belong to; created if it is not there")
    parser.add_argument("--tz", required=True, help="the zone of the file's times, such as America/New_York")
    names = " or ".join(layout.name for layout in LAYOUTS)
    parser.add_argument("--format", help=f"{names}; without it, the file's columns tell")
    parser.add_argument("--set-aside", type=Path, metavar="FILE", help="where to write the rows that become no event")
    parser.add_argument("--shuffle-seed", type=int, help="post in an order of chance, some orders twice")
    parser.add_argument("--url", help="the server; PULSEBOARD_URL, or else the one of HOST and PORT")
    parser.add_argument("--key", help="an API key; PULSEBOARD_API_KEY, or else one made in the store for this import")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
