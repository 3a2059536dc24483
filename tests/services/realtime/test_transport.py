"""The plain transport over a real pair of sockets, with wsproto at the other end."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from wsproto import ConnectionType, WSConnection
from wsproto.connection import Connection
from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, Event, Ping, Pong, Request, TextMessage

from services.realtime import transport as module
from services.realtime.transport import SocketTransport


@dataclass
class Peer:
    """The client's end."""

    sock: socket.socket
    protocol: Connection
    transport: SocketTransport
    heard: list[str] = field(default_factory=list)
    thread: threading.Thread | None = None

    def send(self, event: Event) -> None:
        self.sock.sendall(self.protocol.send(event))

    def receive(self) -> list[Event]:
        """The events up to the next pause."""
        found: list[Event] = []
        self.sock.settimeout(0.5)
        while True:
            try:
                data = self.sock.recv(65536)
            except TimeoutError:
                return found
            if not data:
                return found
            self.protocol.receive_data(data)
            found += list(self.protocol.events())
            if found and isinstance(found[-1], CloseConnection):
                return found

    def serve(self) -> None:
        self.thread = threading.Thread(target=self.transport.serve, args=(self.heard.append,), daemon=True)
        self.thread.start()

    def ended(self, seconds: float = 3) -> bool:
        assert self.thread is not None
        self.thread.join(seconds)
        return not self.thread.is_alive()


@pytest.fixture
def peer() -> Iterator[Peer]:
    """A shaken hand: the server's side is served, the client's is ours."""
    ours, theirs = socket.socketpair()
    server, client = WSConnection(ConnectionType.SERVER), WSConnection(ConnectionType.CLIENT)
    server.receive_data(client.send(Request(host="localhost", target="/")))
    list(server.events())
    client.receive_data(server.send(AcceptConnection()))
    list(client.events())
    made = Peer(theirs, client, SocketTransport(ours, server))  # type: ignore[arg-type]
    made.serve()
    yield made
    theirs.close()
    assert made.ended()
    ours.close()


def test_text_goes_both_ways_in_order(peer: Peer) -> None:
    for n in range(50):
        assert peer.transport.send(f"frame {n}")
    assert [event.data for event in peer.receive() if isinstance(event, TextMessage)] == [
        f"frame {n}" for n in range(50)
    ]
    peer.send(TextMessage(data="hello "))
    peer.send(TextMessage(data="in ", message_finished=False))
    peer.send(TextMessage(data="parts"))
    peer.receive()
    assert peer.heard == ["hello ", "in parts"]


def test_many_threads_never_mix_their_frames(peer: Peer) -> None:
    def speak(name: str) -> None:
        for _ in range(20):
            peer.transport.send(name * 500)

    threads = [threading.Thread(target=speak, args=(name,)) for name in "abcdefgh"]
    for thread in threads:
        thread.start()
    received = [event.data for event in peer.receive() if isinstance(event, TextMessage)]
    assert len("".join(received)) == 8 * 20 * 500
    assert all(len(set(text)) == 1 for text in received)


def test_pings_are_answered_and_count_as_life(peer: Peer) -> None:
    before = peer.transport.last_heard
    peer.send(Ping(payload=b"x"))
    (pong,) = peer.receive()
    assert isinstance(pong, Pong)
    assert bytes(pong.payload) == b"x"
    assert peer.transport.last_heard > before


@pytest.mark.parametrize(
    ("event", "code"),
    [(TextMessage(data="x" * 70_000), 1009), (TextMessage(data="é" * 40_000), 1009), (BytesMessage(data=b"x"), 1003)],
)
def test_what_is_too_long_or_no_text_ends_it(peer: Peer, event: Event, code: int) -> None:
    peer.send(event)
    (closed,) = peer.receive()
    assert isinstance(closed, CloseConnection)
    assert closed.code == code
    assert peer.ended()
    assert peer.heard == []


def test_the_largest_message_is_heard(peer: Peer) -> None:
    peer.send(TextMessage(data="x" * 65_536))
    peer.receive()
    assert len(peer.heard[0]) == 65_536


def test_closing_sends_what_is_queued_then_the_close_frame(peer: Peer) -> None:
    peer.transport.send("last words")
    peer.transport.close(1012, "the server restarts")
    said, closed = peer.receive()
    assert isinstance(said, TextMessage)
    assert isinstance(closed, CloseConnection)
    assert closed.code == 1012
    peer.send(closed.response())
    assert peer.ended(0.5)


def test_a_peer_that_does_not_answer_the_close_frame_is_left(peer: Peer) -> None:
    peer.transport.close(1012, "the server restarts")
    assert peer.ended(2.5)


def test_a_peer_that_closes_gets_its_answer(peer: Peer) -> None:
    peer.send(CloseConnection(code=1000))
    (closed,) = peer.receive()
    assert isinstance(closed, CloseConnection)
    assert peer.ended(0.5)
    assert peer.transport.closed_with == 1000


def test_a_peer_that_vanishes_ends_it(peer: Peer) -> None:
    peer.sock.close()
    assert peer.ended(0.5)


def test_a_peer_that_reads_nothing_costs_a_bounded_buffer_and_is_dropped(peer: Peer) -> None:
    frame, taken = "x" * 1000, 0
    deadline = time.monotonic() + 5
    while peer.transport.send(frame) and time.monotonic() < deadline:
        taken += 1
    assert peer.transport.closed_with == 1013
    assert taken * 1000 < 4 * module.MAX_OUTBOX
    assert peer.ended()


def test_a_peer_that_stalls_in_the_middle_of_a_frame_is_dropped(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STALL_SECONDS", 0.3)
    while peer.transport.send("x" * 1000) and not peer.transport._unsent:
        time.sleep(0.0005)
    assert peer.ended(20)
    assert peer.transport.closed_with == 1013


def test_after_the_end_nothing_is_an_error(peer: Peer) -> None:
    peer.sock.close()
    assert peer.ended()
    peer.transport.send("too late")
    peer.transport.ping()
    peer.transport.close(1000, "")
