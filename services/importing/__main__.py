"""The command `python -m services.importing FILE --site SITE --tz ZONE`."""

from __future__ import annotations

import argparse
import os
import random
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tqdm import tqdm

from services.errors import Conflict, PulseboardError
from services.importing import pizzaplace
from services.importing.posting import Client, Tally
from services.importing.serving import end_in_order_when_told, found_or_started

REPEATED_SHARE = 20  # with --shuffle-seed, one event in so many is sent twice


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """The exit status: 0 when every order is in the store."""
    end_in_order_when_told()
    asked = _parser().parse_args(arguments)
    url = asked.url or environ.get("PULSEBOARD_URL")
    key = asked.key or environ.get("PULSEBOARD_API_KEY")
    try:
        events = pizzaplace.read(asked.file, site=asked.site, tz=asked.tz)
        posted = events if asked.shuffle_seed is None else shuffled(events, asked.shuffle_seed)
        with (
            found_or_started(url and url.rstrip("/"), key, environ) as server,
            Client(server.url, server.key) as client,
        ):
            prepare_site(client, asked.site, asked.tz)
            tally = _post(client, posted)
    except PulseboardError as error:
        print(f"import: {error.detail}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("import: stopped; run it again, and what is in the store already changes nothing", file=sys.stderr)
        return 130
    print(report(events, tally))
    if events:
        print(f"on screen, when it serves: {address_of_last_year(events, asked.site)}")
    return 1 if tally.rejected else 0


def prepare_site(client: Client, site_id: str, tz: str) -> None:
    """Creates the site if there is none of that name; one that is there keeps its zone and business day.

    Errors: Conflict where its currency is another than the file's.
    """
    site = client.sites().get(site_id)
    if site is None:
        client.put_site(site_id, {"name": site_id, "tz": tz, "currency": pizzaplace.CURRENCY, "day_starts_at": "00:00"})
    elif site["currency"] != pizzaplace.CURRENCY:
        raise Conflict(f"the site {site_id} counts in {site['currency']}, and the file in {pizzaplace.CURRENCY}")
    elif site["tz"] != tz:
        print(f"import: the site {site_id} stays in {site['tz']}; its business days are not those of {tz}")


def shuffled(events: Sequence[dict[str, Any]], seed: int) -> list[dict[str, Any]]:
    """The events in an order of chance, some of them twice: what any import must bear."""
    chance = random.Random(seed)  # noqa: S311 - a reproducible order, nothing secret
    mixed = [*events, *chance.sample(events, len(events) // REPEATED_SHARE)]
    chance.shuffle(mixed)
    return mixed


def report(events: Sequence[dict[str, Any]], tally: Tally) -> str:
    """What was read and what the server made of it, for a person to compare."""
    revenue = sum((Decimal(event["data"]["total_amount"]) for event in events), Decimal(0))
    days = len({event["occurred_at"][:10] for event in events})
    lines = [
        f"read: {len(events):,} orders, {revenue:,.2f} {pizzaplace.CURRENCY}, {days} days",
        f"stored: {tally.accepted:,} new, {tally.duplicates:,} known already, {tally.rejected:,} rejected",
        *(f"rejected {fault}" for fault in tally.faults),
    ]
    return "\n".join(lines)


def address_of_last_year(events: Sequence[dict[str, Any]], site: str) -> str:
    """Where a server shows the file's last year on its dashboards, as of the last order."""
    last = max((event["occurred_at"] for event in events), key=datetime.fromisoformat)
    return "/?" + urlencode({"site": site, "range": "this_year", "now": last})


def _post(client: Client, events: Sequence[dict[str, Any]]) -> Tally:
    with tqdm(total=len(events), unit=" orders", desc="import") as bar:
        return client.post(events, backfill=True, progress=bar.update)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m services.importing", description="Import the pizzaplace CSV.")
    parser.add_argument("file", type=Path, metavar="FILE", help="the CSV file, plain or packed (.xz, .gz)")
    parser.add_argument("--site", required=True, help="the site that the orders belong to; created if it is not there")
    parser.add_argument("--tz", required=True, help="the zone of the file's times, such as America/New_York")
    parser.add_argument("--shuffle-seed", type=int, help="post in an order of chance, some orders twice")
    parser.add_argument("--url", help="the server; PULSEBOARD_URL, or else the one of HOST and PORT")
    parser.add_argument("--key", help="an API key; PULSEBOARD_API_KEY, or else one made in the store for this import")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
