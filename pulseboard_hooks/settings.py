"""Where the events go and where they wait: read from the environment when a process makes its first call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

OUTBOX = "pulseboard-outbox.sqlite3"
MAX_EVENTS = 100_000
MAX_MEGABYTES = 64
_YES, _NO = ("1", "true", "yes", "on"), ("", "0", "false", "no", "off")


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says. `faults` name each key that cannot be read, and what is done about it.

    `sendable`: the server can be addressed; otherwise events are kept until a process with better settings sends them.
    """

    url: str
    api_key: str
    sendable: bool
    outbox: Path
    fsync: bool
    max_events: int
    max_bytes: int
    faults: tuple[str, ...] = ()

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Settings:
        read = _Reader(environ)
        url, api_key = read.text("PULSEBOARD_URL").rstrip("/"), read.text("PULSEBOARD_API_KEY")
        sendable = bool(url)
        if url:
            sendable &= read.holds(_is_address(url), "PULSEBOARD_URL is not an http(s) address")
            sendable &= read.holds(_is_key(api_key), "PULSEBOARD_API_KEY is not set to an API key")
        return cls(
            url=url,
            api_key=api_key if _is_key(api_key) else "",
            sendable=sendable,
            outbox=Path(read.text("PULSEBOARD_OUTBOX") or OUTBOX).absolute(),
            fsync=read.switch("PULSEBOARD_OUTBOX_FSYNC"),
            max_events=read.whole("PULSEBOARD_OUTBOX_MAX_EVENTS", MAX_EVENTS),
            max_bytes=read.whole("PULSEBOARD_OUTBOX_MAX_MB", MAX_MEGABYTES) * 1024 * 1024,
            faults=tuple(read.faults),
        )

    @property
    def off(self) -> bool:
        """No server is named at all: nothing is kept for it."""
        return not self.url


class _Reader:
    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.faults: list[str] = []

    def text(self, key: str) -> str:
        return self._environ.get(key, "").strip()

    def holds(self, condition: bool, fault: str) -> bool:
        if not condition:
            self.faults.append(f"{fault}: events are kept in the outbox")
        return condition

    def whole(self, key: str, default: int) -> int:
        text = self.text(key)
        if not text:
            return default
        if text.isdecimal() and len(text) <= 9 and int(text) > 0:
            return int(text)
        self.faults.append(f"{key} is not a whole number above 0: {default} is used")
        return default

    def switch(self, key: str) -> bool:
        text = self.text(key).lower()
        if text not in _YES + _NO:
            self.faults.append(f"{key} is neither 1 nor 0: 0 is used")
        return text in _YES


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, a bracket that is not closed
        return False


def _is_key(text: str) -> bool:
    return bool(text) and text.isascii() and text.isprintable()
