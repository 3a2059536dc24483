"""(e) A posted event → the changed figure in the browser's DOM, against the same dashboard and a dcc.Interval(1000).

Headless Chromium shows the default dashboard. The time runs from the beginning of the post to the moment at which a
MutationObserver sees the last of the touched widgets with another figure. Two kinds of events: one that touches two
of the eight widgets (an order's customer is corrected, so only figures of customers change), and a new order, which
touches all eight. Events come at random moments. The other page: benchmarks/interval_page.py.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.browser import Viewer, chromium
from benchmarks.figures import Figure, Samples, command, stage
from benchmarks.orders import event
from benchmarks.places import Poster, body, directory
from benchmarks.processes import PULSEBOARD, Server, serving
from benchmarks.shops import DASHBOARD

ALL = tuple(spec["widget_id"] for spec in DASHBOARD)
OF_CUSTOMERS = ("customers", "customers-by-type")
BOUNDS = {"2 of 8": 0.35, "all 8": 0.6}
GUESTS = 100
LOCAL_HOUR = 14
INTERVAL_PAGE = ("-m", "benchmarks.interval_page")


def run(quick: bool) -> list[Figure]:
    blocks, events = (1, 3) if quick else (4, 6)
    found = {kind: Samples([], []) for kind in BOUNDS}
    with ExitStack() as stack, stage(f"{2 * blocks} blocks of {events} events of each kind"):
        place, browser = stack.enter_context(directory()), stack.enter_context(chromium())
        ours = stack.enter_context(serving(place / "ours", PULSEBOARD, afternoon()))
        theirs = stack.enter_context(serving(place / "theirs", INTERVAL_PAGE, afternoon()))
        sides = {
            "ours": _Side(ours, Viewer(browser, ours, "html[data-connection=live]")),
            "theirs": _Side(theirs, Viewer(browser, theirs, "html")),
        }
        for block in range(blocks):
            for name in ("ours", "theirs") if block % 2 == 0 else ("theirs", "ours"):
                for kind, seconds in sides[name].block(events).items():
                    getattr(found[kind], name).extend(seconds)
    return [_figure(kind, samples) for kind, samples in found.items()]


def afternoon() -> str:
    """A zone in which it is about two in the afternoon, so that the day neither begins nor ends meanwhile."""
    offset = LOCAL_HOUR - datetime.now(UTC).hour
    return f"Etc/GMT{-offset:+d}" if offset else "Etc/GMT"


class _Side:
    """A server with its viewer, and the orders that happen there; the same on both."""

    def __init__(self, server: Server, viewer: Viewer) -> None:
        self._server, self._viewer = server, viewer
        self._corrected, self._number = 0, 0
        Poster(server).post(body(first_orders()))

    def block(self, events: int) -> dict[str, list[float]]:
        """Some events of each kind, under the viewer's eyes; seconds until each was seen."""
        self._viewer.look(len(ALL))
        self._poster = Poster(self._server)  # the last one's connection has been idle for too long
        self._seen(ALL, self._new_order)  # begin warm
        found: dict[str, list[float]] = {kind: [] for kind in BOUNDS}
        for _ in range(events):
            found["2 of 8"].append(self._seen(OF_CUSTOMERS, self._correction))
            found["all 8"].append(self._seen(ALL, self._new_order))
        self._viewer.rest()
        return found

    def _seen(self, widgets: tuple[str, ...], make: Callable[[], dict[str, Any]]) -> float:
        time.sleep(random.uniform(0.3, 1.3))
        made = make()
        return self._viewer.seconds_until_changed(widgets, lambda: self._poster.post(body([made])))

    def _new_order(self) -> dict[str, Any]:
        self._number += 1
        cents = random.randrange(500, 20_000)
        return _order(f"new-{self._number}", datetime.now(UTC), customer=f"new-{self._number}", cents=cents)

    def _correction(self) -> dict[str, Any]:
        """Another guest had that order, who was here yesterday and not yet today."""
        self._corrected += 1
        number = self._corrected
        return _order(f"today-{number}", _moment_of(number), customer=f"guest-{number}", version="corrected")


_OPENED = datetime.now(UTC).replace(microsecond=0)


def _moment_of(number: int) -> datetime:
    return _OPENED - timedelta(minutes=number)


def first_orders() -> list[dict[str, Any]]:
    """Yesterday each guest ordered once; today the first of them has had all orders."""
    yesterday = [
        _order(f"yesterday-{number}", _moment_of(number) - timedelta(days=1), customer=f"guest-{number}")
        for number in range(GUESTS)
    ]
    return yesterday + [
        _order(f"today-{number}", _moment_of(number), customer="guest-0") for number in range(1, GUESTS)
    ]


def _order(order_id: str, at: datetime, *, customer: str, cents: int = 2_000, version: str = "") -> dict[str, Any]:
    data = {
        "order_id": order_id, "total_amount": f"{cents // 100}.{cents % 100:02d}", "items_count": 2,
        "staff_id": "1", "staff_name": "Mia", "customer_id": customer, "channel": "dine_in", "payment_method": "card",
    }  # fmt: skip
    return event(f"{order_id}{version}", at, data)


def _figure(kind: str, found: Samples) -> Figure:
    ours, theirs = found.medians
    ran = (
        f"{len(found.ours)} events on each side, in alternating blocks: the post's beginning → the new figures of "
        f"{kind} widgets in Chromium's DOM, against the same page with dcc.Interval(1000) instead of the socket."
    )
    return Figure(
        f"(e) screen, {kind}", ran, f"{ours * 1000:.0f} ms", f"{theirs * 1000:.0f} ms", f"{found.ratio:.2f} times",
        f"≤ {BOUNDS[kind]}", found.ratio <= BOUNDS[kind],
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(command(__doc__, run))
