"""Redis, as far as it is in reach: the one place that knows, asks it with little patience, and sees it come back.

After one failed call Redis counts as away, and nobody waits for it again until the monitor has found it. On the way
back a new generation is written before anything may be read: what bears an older one was cached before the outage,
of Redis, of the wire or of this process. A connection that finds another Redis process behind it is an outage too.
"""

from __future__ import annotations

import logging
import re
import secrets
import threading
from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar
from urllib.parse import urlsplit

import redis
from redis.connection import ConnectionPool, parse_url

from services.errors import SettingError
from services.realtime.threads import Repeating
from services.storage.place import place

PATIENCE_SECONDS = 0.25
PATIENCE_AT_START_SECONDS = 2.0
ROUND_SECONDS = 0.5

T = TypeVar("T")
D = TypeVar("D")
Client: TypeAlias = "redis.Redis"

log = logging.getLogger(__name__)


class RedisLink:
    """Nothing is opened before start(), and everything is out of reach until then.

    `failures` counts calls that failed, `outages` how often Redis was lost.
    """

    def __init__(self, url: str, namespace: str) -> None:
        self.up = False
        self.generation = b""
        self.failures = 0
        self.outages = 0
        options = _options(url, PATIENCE_SECONDS)
        self.pool = _GuardedPool(self, redis_connect_func=self._greet, **options)
        self._redis = redis.Redis(connection_pool=self.pool)
        self._probe = redis.Redis(connection_pool=ConnectionPool(redis_connect_func=self._meet, **options))
        self._namespace = namespace
        self._lock = threading.Lock()
        self._epoch = 0
        self._run_id = ""
        self._lost: list[Callable[[], None]] = []
        self._back: list[Callable[[], None]] = []
        self._monitor = Repeating("redis", self.step)

    def start(self) -> None:
        """After the fork: one try at once, then the monitor's."""
        self.step()
        self._monitor.start()

    def stop(self) -> None:
        self._monitor.stop()
        self.up = False
        self.pool.disconnect(inuse_connections=False)
        self._probe.connection_pool.disconnect()

    def follow(self, *, lost: Callable[[], None], back: Callable[[], None]) -> None:
        """Calls these when Redis goes, and when it comes but is not asked yet; both are quick and raise nothing."""
        self._lost.append(lost)
        self._back.append(back)

    def key(self, *parts: str) -> str:
        """A key or channel of this Pulseboard's own."""
        return self._namespace + ":".join(parts)

    def call(self, ask: Callable[[Client], T], otherwise: D) -> T | D:
        """What `ask` makes of Redis; `otherwise` when it is out of reach, or goes while it is asked."""
        if not self.up:
            return otherwise
        epoch = self._epoch
        try:
            return ask(self._redis)
        except redis.RedisError as error:
            self._lose(epoch, error)
            return otherwise

    @property
    def state(self) -> str:
        return "healthy" if self.up else "degraded"

    @property
    def running(self) -> bool:
        return self._monitor.running

    def step(self) -> float:
        """One round of the monitor: look whether Redis is still there, or there again; seconds until the next."""
        try:
            if self.up:
                self._look()
                return 0.0
            self._come_back()
        except redis.RedisError as error:
            self._lose(self._epoch, error)
        return 0.0 if self.up else ROUND_SECONDS

    def _look(self) -> None:
        generation = self._probe.get(self.key("generation"))
        if not isinstance(generation, bytes):
            raise redis.RedisError("the generation is gone: Redis was emptied")
        self.generation = generation
        self._listen(ROUND_SECONDS)

    def _listen(self, seconds: float) -> None:
        """Waits for the end of the monitor's connection, so that a Redis that dies is known before it is back."""
        connection = self._probe.connection_pool.get_connection()
        try:
            connection.can_read(seconds)
        finally:
            self._probe.connection_pool.release(connection)

    def _come_back(self) -> None:
        # A random one, not a count: a Redis that lost its memory would count from 1 again.
        generation = secrets.token_hex(8).encode()
        self._probe.set(self.key("generation"), generation)
        with self._lock:
            self.generation = generation
            self._epoch += 1
        for tell in self._back:
            tell()
        self.up = True
        log.info("Redis is in reach")

    def _lose(self, epoch: int, error: redis.RedisError) -> None:
        with self._lock:
            self.failures += 1
            if epoch != self._epoch or (not self.up and epoch > 0):  # of an outage that is known already
                return
            self._epoch += 1
            self.outages += self.up
            self.up = False
        log.warning("Redis is out of reach: %s", error)
        self.pool.disconnect(inuse_connections=False)
        for tell in self._lost:
            tell()

    def _meet(self, connection: Any) -> None:
        """The monitor's connection: while Redis is away, it learns which process it has found."""
        connection.on_connect()
        found = _run_id(connection)
        if self.up and found != self._run_id:
            raise redis.ConnectionError("Redis was started anew")
        self._run_id = found

    def _greet(self, connection: Any) -> None:
        """Everybody else's: redis-py mends a broken connection silently, and what it then reads may be from before."""
        connection.on_connect()
        if _run_id(connection) != self._run_id or not self.up:
            raise redis.ConnectionError("Redis was started anew")


class _GuardedPool(ConnectionPool):
    """Connections for those who ask Redis by themselves: refused at once while it is out of reach."""

    def __init__(self, link: RedisLink, **options: Any) -> None:
        super().__init__(**options)
        self._link = link

    def get_connection(self, *_: Any, **__: Any) -> Any:
        if not self._link.up:
            raise redis.ConnectionError("Redis is out of reach")
        return super().get_connection()


def check(url: str) -> None:
    """Errors: SettingError where no Redis answers at the address, or it lets us in or write not."""
    options = _read(url)
    at = options.get("path") or f"{options.get('host', 'localhost')}:{options.get('port', 6379)}"
    client = redis.Redis(connection_pool=ConnectionPool(**options))
    try:
        client.set("pulseboard:start", 1, px=1_000)
    except redis.BusyLoadingError:
        log.info("Redis is loading; it is taken in when it is ready")
    except (redis.AuthenticationError, redis.exceptions.AuthenticationWrongNumberOfArgsError) as error:
        raise SettingError("REDIS_URL", f"Redis at {at} refuses the user or the password") from error
    except redis.ResponseError as error:
        raise SettingError("REDIS_URL", f"Redis at {at} refuses to be used: {error}") from error
    except redis.RedisError as error:
        raise SettingError("REDIS_URL", f"no Redis answers at {at}") from error
    finally:
        client.connection_pool.disconnect()


def namespace(database_url: str) -> str:
    """What the keys of a store begin with, so that two Pulseboards may share a Redis; nothing secret is in it."""
    return f"pulseboard:{place(database_url)}:"


def _read(url: str) -> dict[str, Any]:
    try:
        parts = urlsplit(url)
        if parts.scheme != "unix" and not re.fullmatch(r"(/\d*)?", parts.path):  # redis-py would take database 0
            raise ValueError("not the number of a database")
        return _options(url, PATIENCE_AT_START_SECONDS)
    except ValueError as error:
        raise SettingError("REDIS_URL", "must be redis://HOST:PORT/NUMBER") from error


def _options(url: str, patience: float) -> dict[str, Any]:
    """How to connect; patience and retries are ours, whatever the address says. Raises ValueError."""
    return {
        **parse_url(url),  # type: ignore[no-untyped-call]
        "socket_timeout": patience,
        "socket_connect_timeout": patience,
        "retry": None,
        "retry_on_timeout": False,
        "protocol": 2,
        "driver_info": None,
        "decode_responses": False,
        "health_check_interval": 0,
    }


def _run_id(connection: Any) -> str:
    """Which process answers; the empty text where we may not ask."""
    connection.send_command("INFO", "server")
    try:
        said: bytes = connection.read_response()
    except redis.exceptions.NoPermissionError:
        return ""
    found = re.search(rb"run_id:(\w+)", said)
    return found.group(1).decode() if found else ""
