"""Where benchmarks run: services within this process on a store of their own, and clients of a server."""

from __future__ import annotations

import http.client
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.orders import ZONE
from benchmarks.processes import KEY, PASSWORD, Server
from services.access.scope import ROLES, Scope
from services.clock import Clock, now
from services.container import Services, build, prepare
from settings import Settings

IDLE_SECONDS = 10.0
"""The server ends connections that nobody used for 15."""
EVERYTHING = Scope("user:benchmark", ROLES["admin"])


@contextmanager
def directory() -> Iterator[Path]:
    """A place on disk that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="pulseboard-bench-") as name:
        yield Path(name)


def services_on(file: Path, clock: Clock = now) -> Services:
    """The services on a SQLite file with the site main; nothing of them runs yet."""
    settings = settings_for(f"sqlite:///{file}")
    if not file.exists():
        prepare(settings)
    return build(settings, clock)


def settings_for(database: str) -> Settings:
    return Settings(
        database_url=database, secret_key="of a benchmark",
        bootstrap_admin_password=PASSWORD, bootstrap_api_key=KEY, site_tz=ZONE,
    )  # fmt: skip


class _Answer(msgspec.Struct):
    """What a client has to know of an answer: reading no more of it costs the machine little."""

    accepted: int


_answered = msgspec.json.Decoder(_Answer).decode


class Poster:
    """One client with one connection that stays open."""

    def __init__(self, server: Server) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port)
        self._connection.connect()
        self._used = time.monotonic()
        self._headers = {**server.headers, "Content-Type": "application/json"}

    def post(self, body: bytes) -> int:
        """Posts events, none of which may be rejected; how many were new."""
        return _answered(self._answer("POST", "/analytics/events", body)).accepted

    def backfill(self, body: bytes) -> None:
        """Posts old events; what the answer says of each is not looked at, so that the client costs little."""
        self._answer("POST", "/analytics/events?mode=backfill", body)

    def get(self, path: str) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self._answer("GET", path))
        return answer

    def _answer(self, method: str, path: str, body: bytes | None = None) -> bytes:
        if time.monotonic() - self._used > IDLE_SECONDS:
            self._connection.close()  # the next request opens it again
        self._connection.request(method, path, body, self._headers)
        response = self._connection.getresponse()
        answer = response.read()
        self._used = time.monotonic()
        assert response.status in (200, 202), answer
        return answer

    def close(self) -> None:
        self._connection.close()


def body(events: Sequence[dict[str, Any]]) -> bytes:
    return json.dumps(events, ensure_ascii=False).encode()
