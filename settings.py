"""Every setting, read once from the environment, typed, and refused by name where it cannot be read."""

from __future__ import annotations

import ipaddress
import re
import zoneinfo
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlsplit

import iso4217
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from services.errors import SettingError

DEFAULT_DATABASE = "sqlite:///var/pulseboard.sqlite3"
MOST_SOCKETS = 10_000

T = TypeVar("T")
Reader = Callable[[str], T]


@dataclass(frozen=True, slots=True)
class Settings:
    """What the operator decides.

    Units: seconds, MiB, events per second (0: no limit), months (0: for ever). `redis_url` None keeps everything in the
    process; `process_events` "late" leaves applying events to processors of their own, as long as they keep up;
    `secret_key` None is made once and kept beside the store; `allowed_origins` empty means the server's own;
    `forwarded_allow_ips` are the proxies whose word is taken for who asks, and whether by https.
    The site and bootstrap settings count only while the store is empty.
    """

    database_url: str = DEFAULT_DATABASE
    database_replica_url: str | None = None
    redis_url: str | None = None
    secret_key: str | None = None
    host: str = "127.0.0.1"
    port: int = 8050
    workers: int = 1
    cache_ttl_seconds: float = 60
    cache_max_mb: int = 64
    event_queue_size: int = 1000
    event_processing_rate_limit: int = 0
    event_retention_months: int = 0
    process_events: str = "always"
    websocket_max_connections: int = 100
    websocket_heartbeat_seconds: float = 10
    websocket_update_interval: float = 30
    allowed_origins: tuple[str, ...] = ()
    forwarded_allow_ips: tuple[str, ...] = ("127.0.0.1", "::1")
    site_tz: str = "UTC"
    site_currency: str = "USD"
    site_day_starts_at: str = "00:00"
    bootstrap_admin_password: str | None = None
    bootstrap_api_key: str | None = None
    demo: bool = False

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Settings:
        """The settings as the environment has them; an empty value is as good as none.

        Errors: SettingError, with the key, for the first that cannot be read.
        """
        read = {
            field: _read(environ, key, reader)
            for key, (field, reader) in READERS.items()
            if environ.get(key, "").strip()
        }
        settings = cls(**read)  # type: ignore[arg-type]
        _refuse_workers_without_servers(settings)
        return settings


def _read(environ: Mapping[str, str], key: str, reader: Reader[object]) -> object:
    try:
        return reader(environ[key].strip())
    except ValueError as error:
        raise SettingError(key, str(error)) from error


def _refuse_workers_without_servers(settings: Settings) -> None:
    if settings.workers == 1:
        return
    if not settings.database_url.startswith("postgresql") or settings.redis_url is None:
        raise SettingError("WORKERS", "more than one needs DATABASE_URL on PostgreSQL and REDIS_URL")


def _text(value: str) -> str:
    return value


def _whole(low: int, high: int) -> Reader[int]:
    def read(value: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", value) or not low <= int(value) <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return int(value)

    return read


def _seconds(low: float, high: float) -> Reader[float]:
    def read(value: str) -> float:
        if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,3})?", value) or not low <= float(value) <= high:
            raise ValueError(f"must be a number of seconds from {low:g} to {high:g}")
        return float(value)

    return read


def _flag(value: str) -> bool:
    if value.lower() not in {"0", "1", "true", "false"}:
        raise ValueError("must be 0 or 1")
    return value.lower() in {"1", "true"}


def _database(value: str) -> str:
    wanted = "must be sqlite:///PATH or postgresql://USER:PASSWORD@HOST/DATABASE"
    try:
        url = make_url(value)
    except (ArgumentError, ValueError) as error:
        raise ValueError(wanted) from error
    if url.drivername == "sqlite":
        if url.database in (None, "", ":memory:"):
            raise ValueError("must name a file: sqlite:///PATH")
        return value
    if url.drivername not in {"postgresql", "postgresql+psycopg"}:
        raise ValueError(wanted)
    return value


def _redis(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"redis", "rediss", "unix"} or not (parts.hostname or parts.path):
        raise ValueError("must be redis://HOST:PORT/NUMBER")
    return value


def _replica(value: str) -> str:
    if _database(value).startswith("sqlite"):
        raise ValueError("must be postgresql://USER:PASSWORD@HOST/DATABASE")
    return value


def _when_to_process(value: str) -> str:
    if value.lower() not in {"always", "late"}:
        raise ValueError("must be always or late")
    return value.lower()


def _secret(value: str) -> str:
    if len(value) < 16:
        raise ValueError("must have at least 16 characters")
    return value


def _origins(value: str) -> tuple[str, ...]:
    origins = tuple(part.strip().rstrip("/").lower() for part in value.split(",") if part.strip())
    for origin in origins:
        parts = urlsplit(origin)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path or parts.query or parts.fragment:
            raise ValueError("must be origins such as https://pulseboard.example, with commas between")
    return origins


def _proxies(value: str) -> tuple[str, ...]:
    proxies = tuple(part.strip() for part in value.split(",") if part.strip())
    try:
        for proxy in proxies:
            if proxy != "*":
                ipaddress.ip_network(proxy)
    except ValueError as error:
        raise ValueError("must be addresses or networks of proxies, with commas between, or *") from error
    return proxies


def _zone(value: str) -> str:
    if value not in zoneinfo.available_timezones():
        raise ValueError("must be an IANA zone such as Europe/Vienna")
    return value


def _currency(value: str) -> str:
    try:
        digits = iso4217.Currency(value).exponent
    except ValueError:
        digits = None
    if digits is None:
        raise ValueError("must be an ISO 4217 code such as EUR")
    return value


def _time_of_day(value: str) -> str:
    if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", value):
        raise ValueError("must be a time of day, HH:MM")
    return value


def _token(value: str) -> str:
    if not re.fullmatch(r"[!-~]{1,200}", value):
        raise ValueError("must be printable ASCII without spaces, at most 200 characters")
    return value


READERS: dict[str, tuple[str, Reader[object]]] = {
    "DATABASE_URL": ("database_url", _database),
    "DATABASE_REPLICA_URL": ("database_replica_url", _replica),
    "REDIS_URL": ("redis_url", _redis),
    "SECRET_KEY": ("secret_key", _secret),
    "HOST": ("host", _text),
    "PORT": ("port", _whole(1, 65_535)),
    "WORKERS": ("workers", _whole(1, 64)),
    "CACHE_TTL_SECONDS": ("cache_ttl_seconds", _seconds(0, 86_400)),
    "CACHE_MAX_MB": ("cache_max_mb", _whole(1, 65_536)),
    "EVENT_QUEUE_SIZE": ("event_queue_size", _whole(1, 1_000_000)),
    "EVENT_PROCESSING_RATE_LIMIT": ("event_processing_rate_limit", _whole(0, 100_000_000)),
    "EVENT_RETENTION_MONTHS": ("event_retention_months", _whole(0, 1_200)),
    "PROCESS_EVENTS": ("process_events", _when_to_process),
    "WEBSOCKET_MAX_CONNECTIONS": ("websocket_max_connections", _whole(0, MOST_SOCKETS)),
    "WEBSOCKET_HEARTBEAT_SECONDS": ("websocket_heartbeat_seconds", _seconds(0.1, 3_600)),
    "WEBSOCKET_UPDATE_INTERVAL": ("websocket_update_interval", _seconds(0.1, 86_400)),
    "ALLOWED_ORIGINS": ("allowed_origins", _origins),
    "FORWARDED_ALLOW_IPS": ("forwarded_allow_ips", _proxies),
    "SITE_TZ": ("site_tz", _zone),
    "SITE_CURRENCY": ("site_currency", _currency),
    "SITE_DAY_STARTS_AT": ("site_day_starts_at", _time_of_day),
    "BOOTSTRAP_ADMIN_PASSWORD": ("bootstrap_admin_password", _text),
    "BOOTSTRAP_API_KEY": ("bootstrap_api_key", _token),
    "PULSEBOARD_DEMO": ("demo", _flag),
}
"""Where each key goes, and what reads it: raises ValueError with the part of the line that follows the key."""
