"""`python -m services.events`: a processor of its own, which brings accepted events into the figures until stopped.

It works on the PostgreSQL of the settings; any number of them may run, on as many machines. Exit code 2: a setting is
to be put right.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading

from services import container
from services.errors import SettingError
from settings import Settings

LOOK_SECONDS = 0.5


def main() -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        settings = Settings.from_environment(os.environ)
        if settings.database_url.startswith("sqlite"):
            raise SettingError("DATABASE_URL", "a processor of its own needs PostgreSQL; on SQLite the server is it")
        made = container.prepare(settings)
    except SettingError as error:
        print(error.detail, file=sys.stderr)
        return 2
    if made:  # it came before the first server, which would have shown them
        print("Made for this new store and shown this once:", *made, sep="\n  ", flush=True)
    return run(settings)


def run(settings: Settings) -> int:
    """Processes until SIGTERM or SIGINT, and finishes what is in hand; 1 where it cannot go on."""
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    processing = container.ProcessorOnly(settings)
    processing.start()
    print("Pulseboard processes events", flush=True)
    while not stopped.wait(LOOK_SECONDS) and processing.running:
        pass
    processing.stop()
    return 0 if stopped.is_set() else 1


if __name__ == "__main__":
    sys.exit(main())
