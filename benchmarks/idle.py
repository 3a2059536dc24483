"""(f) What an idle viewer costs the server: CPU while a browser shows the dashboard and nothing happens.

User and system time of the server's whole process tree, from /proc, while headless Chromium shows the default
dashboard; against the same page refreshed by a dcc.Interval(1000) (benchmarks/interval_page.py). For comparison, our
server while nobody is looking at all.
"""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack

from benchmarks.browser import Viewer, chromium
from benchmarks.figures import Figure, command, interleaved, stage
from benchmarks.places import Poster, body, directory
from benchmarks.processes import PULSEBOARD, Server, cpu_seconds, serving
from benchmarks.screen import ALL, INTERVAL_PAGE, afternoon, first_orders

SETTLE_SECONDS = 3


def run(quick: bool) -> list[Figure]:
    pairs, seconds = (1, 5) if quick else (2, 30)
    with ExitStack() as stack, stage(f"{pairs} pairs of {seconds} s"):
        place, browser = stack.enter_context(directory()), stack.enter_context(chromium())
        ours = stack.enter_context(serving(place / "ours", PULSEBOARD, afternoon()))
        theirs = stack.enter_context(serving(place / "theirs", INTERVAL_PAGE, afternoon()))
        for server in (ours, theirs):
            Poster(server).post(body(first_orders()))
        viewers = Viewer(browser, ours, "html[data-connection=live]"), Viewer(browser, theirs, "html")
        found = interleaved(
            pairs, lambda: _watched(viewers[0], ours, seconds), lambda: _watched(viewers[1], theirs, seconds)
        )
        unwatched = _share_of_a_core(ours, seconds)
    mine, other = found.medians
    ran = (
        f"{pairs} pairs of {seconds} s with one viewer of the default dashboard and no event: user and system time of "
        f"the server's processes, in percent of a core, against the same page with dcc.Interval(1000). Our server "
        f"with no viewer at all: {unwatched:.1%}."
    )
    return [Figure("(f) idle viewer", ran, f"{mine:.1%}", f"{other:.1%}", f"{mine / other:.2f} times", "none", None)]


def _watched(viewer: Viewer, server: Server, seconds: float) -> float:
    viewer.look(len(ALL))
    time.sleep(SETTLE_SECONDS)
    share = _share_of_a_core(server, seconds)
    viewer.rest()
    return share


def _share_of_a_core(server: Server, seconds: float) -> float:
    before, begun = cpu_seconds(server.process), time.monotonic()
    time.sleep(seconds)
    return (cpu_seconds(server.process) - before) / (time.monotonic() - begun)


if __name__ == "__main__":
    sys.exit(command(__doc__, run))
