"""Where the events go: read from the environment when a process sends its first event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Settings:
    """A server that can be addressed; what is wrong with the environment is a ValueError that names the key."""

    url: str
    api_key: str

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Settings:
        url = environ.get("PULSEBOARD_URL", "").strip().rstrip("/")
        api_key = environ.get("PULSEBOARD_API_KEY", "").strip()
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            raise ValueError("PULSEBOARD_URL is not set to an http(s) address")
        if not api_key or not api_key.isascii() or not api_key.isprintable():
            raise ValueError("PULSEBOARD_API_KEY is not set to an API key")
        return cls(url, api_key)

    @property
    def events_url(self) -> str:
        return f"{self.url}/analytics/events"
