"""Which database an address means, whoever signs in: what processes of one Pulseboard have in common."""

from __future__ import annotations

import hashlib
import socket

from sqlalchemy.engine import make_url

POSTGRESQL_PORT = 5432
THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


def place(database_url: str) -> str:
    """A short name for backend, host, port and database; no user and no password is in it.

    Files, and servers on the machine itself, are told apart by the machine's name.
    """
    url = make_url(database_url)
    host = str(url.query.get("host", url.host or THIS_MACHINE[0]))
    if url.get_backend_name() == "sqlite" or host in THIS_MACHINE or host.startswith("/"):
        host = f"{socket.gethostname()} {THIS_MACHINE[0]}"
    port = url.port or url.query.get("port", POSTGRESQL_PORT)
    parts = (url.get_backend_name(), host, str(port), url.query.get("dbname", url.database))
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]
