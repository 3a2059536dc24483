"""The proxy itself does what the tests that use it believe."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from tests.faults.proxy import Proxy


@pytest.fixture
def echo() -> Iterator[tuple[str, int]]:
    """A server that sends back what it gets."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(connection: socket.socket) -> None:
        with connection:
            while data := connection.recv(1024):
                connection.sendall(data)

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield listener.getsockname()
    listener.close()


def connect(proxy: Proxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=2)


def echoed(client: socket.socket, data: bytes = b"hello") -> bytes:
    client.sendall(data)
    return client.recv(1024)


def test_it_hands_on_and_a_cut_ends_what_is_open(echo: tuple[str, int]) -> None:
    with Proxy(echo) as proxy:
        with connect(proxy) as client:
            assert echoed(client) == b"hello"
            proxy.cut()
            assert client.recv(1024) == b""
        with connect(proxy) as client:
            assert echoed(client) == b"hello"


def test_refusing_takes_nobody_until_restored(echo: tuple[str, int]) -> None:
    with Proxy(echo) as proxy:
        proxy.refuse()
        with connect(proxy) as client:
            assert client.recv(1024) == b""
        proxy.restore()
        with connect(proxy) as client:
            assert echoed(client) == b"hello"


def test_a_stall_moves_nothing_and_loses_nothing(echo: tuple[str, int]) -> None:
    with Proxy(echo) as proxy, connect(proxy) as client:
        assert echoed(client) == b"hello"
        proxy.stall()
        client.settimeout(0.3)
        with pytest.raises(TimeoutError):
            echoed(client, b"later")
        proxy.restore()
        client.settimeout(2)
        assert client.recv(1024) == b"later"


def test_a_delay_moves_everything_later(echo: tuple[str, int]) -> None:
    with Proxy(echo) as proxy, connect(proxy) as client:
        proxy.delay(0.2)
        client.settimeout(0.1)
        with pytest.raises(TimeoutError):
            echoed(client)
        client.settimeout(2)
        assert client.recv(1024) == b"hello"
