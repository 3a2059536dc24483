"""The way to the server: one HTTP client, made where no fork can come between."""

from __future__ import annotations

import ssl
from urllib.request import getproxies

import httpx

from pulseboard_hooks.settings import Settings

TIMEOUT = httpx.Timeout(15.0, connect=3.0)


def connect(settings: Settings, timeout: httpx.Timeout | float = TIMEOUT) -> httpx.Client:
    """A client that bears the key. Redirects are not followed: they would take the key somewhere else.

    Where nothing will be encrypted no certificates are read, which takes tens of milliseconds.
    """
    encrypted = settings.url.startswith("https:") or bool(getproxies())
    return httpx.Client(
        headers={"Authorization": f"Bearer {settings.api_key}"} if settings.api_key else None,
        timeout=timeout,
        verify=True if encrypted else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
    )
