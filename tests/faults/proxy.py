"""A TCP proxy between a client and a server of ours, which can be told to fail in the ways that networks do."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from dataclasses import dataclass

CHUNK = 64 * 1024


@dataclass(eq=False)
class _Pair:
    """One client's connection and ours to the server."""

    client: socket.socket
    server: socket.socket

    def close(self) -> None:
        for side in (self.client, self.server):
            with contextlib.suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)
            side.close()


class Proxy:
    """Listens on `port` of the loopback and hands bytes on to `upstream`.

    `cut` ends what is open, `refuse` also takes nothing new, `stall` keeps connections open and moves nothing,
    `delay` moves everything later, `restore` ends all of these.
    """

    def __init__(self, upstream: tuple[str, int]) -> None:
        self._upstream = upstream
        self._pairs: set[_Pair] = set()
        self._lock = threading.Lock()
        self._moving = threading.Event()
        self._moving.set()
        self._delay = 0.0
        self._refusing = False
        self._stopped = False
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port: int = self._listener.getsockname()[1]
        self.accepted = 0
        self._thread = threading.Thread(target=self._accept, name="proxy", daemon=True)

    def __enter__(self) -> Proxy:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped = True
        self.restore()
        self._listener.close()
        self.cut()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cut(self) -> None:
        """End every connection; new ones are taken."""
        with self._lock:
            pairs, self._pairs = self._pairs, set()
        for pair in pairs:
            pair.close()

    def refuse(self) -> None:
        """End every connection and take no other."""
        self._refusing = True
        self.cut()

    def stall(self) -> None:
        """Keep connections open, and take new ones, but move no byte: as when a cable is drawn."""
        self._moving.clear()

    def delay(self, seconds: float) -> None:
        """Move each piece so much later."""
        self._delay = seconds

    def restore(self) -> None:
        self._refusing = False
        self._delay = 0.0
        self._moving.set()

    def _accept(self) -> None:
        while not self._stopped:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            if self._refusing:
                client.close()
            else:
                self._join(client)

    def _join(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(self._upstream, timeout=5)
        except OSError:
            client.close()
            return
        server.settimeout(None)
        pair = _Pair(client, server)
        with self._lock:
            self._pairs.add(pair)
        for source, target in ((client, server), (server, client)):
            threading.Thread(target=self._pump, args=(pair, source, target), name="proxy pump", daemon=True).start()

    def _pump(self, pair: _Pair, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(CHUNK):
                self._moving.wait()
                if self._delay:
                    time.sleep(self._delay)
                target.sendall(data)
        self._moving.wait()
        with self._lock:
            self._pairs.discard(pair)
        pair.close()
