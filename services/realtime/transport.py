"""The plain transport: one thread for each socket, which alone reads from it and writes to it.

Other threads only append to its bounded outbox and wake it. The buffers, the kernel's included, are kept small, so
that a peer that stops reading is noticed and costs little.
"""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time
from collections import deque
from collections.abc import Callable

from wsproto import WSConnection
from wsproto.events import BytesMessage, CloseConnection, Ping, Pong, TextMessage
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from services.realtime.messages import MAX_BYTES

MAX_FRAMES = 256
MAX_OUTBOX = 256 * 1024
KERNEL_BUFFER = 64 * 1024
STALL_SECONDS = 10.0
LINGER_SECONDS = 1.0
DRAIN_SECONDS = 1.5
READ_BYTES = 16 * 1024

NORMAL, UNSUPPORTED, TOO_BIG, TRY_AGAIN_LATER = 1000, 1003, 1009, 1013


class SocketTransport:
    """A connected socket whose WebSocket handshake is done.

    `serve` runs in the socket's own thread; `send`, `ping` and `close` may be called from any.
    """

    def __init__(self, sock: socket.socket, protocol: WSConnection) -> None:
        self.last_heard = time.monotonic()
        self.closed_with: int | None = None
        self._sock = sock
        self._protocol = protocol
        self._lock = threading.Lock()
        self._outbox: deque[TextMessage | Ping | Pong] = deque()
        self._queued = 0
        self._unsent = memoryview(b"")
        self._closing: CloseConnection | None = None
        self._close_sent = False
        self._peer_closed = False
        self._deadline: float | None = None
        self._moved_at = self.last_heard
        self._message: list[str] = []
        self._message_bytes = 0
        self._woken = False
        self._bell, self._ear = socket.socketpair()
        self._bell.setblocking(False)
        self._ear.setblocking(False)
        self._sock.setblocking(False)
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BUFFER)

    # From any thread.

    def send(self, text: str) -> bool:
        with self._lock:
            if self._closing:
                return True
            if len(self._outbox) < MAX_FRAMES and self._queued + len(text) <= MAX_OUTBOX:
                self._outbox.append(TextMessage(data=text))
                self._queued += len(text)
                self._ring()
                return True
        self._drop()
        return False

    def ping(self) -> None:
        with self._lock:
            if not self._closing and len(self._outbox) < MAX_FRAMES:
                self._outbox.append(Ping())
                self._ring()

    def close(self, code: int, reason: str) -> None:
        with self._lock:
            if self._closing is None:
                self._closing = CloseConnection(code=code, reason=reason)
                self.closed_with = code
                self._deadline = time.monotonic() + DRAIN_SECONDS
                self._ring()

    def _drop(self) -> None:
        """End a peer that does not keep up; what it has not read is forgotten."""
        with self._lock:
            self._outbox.clear()
            self._queued = 0
        self.close(TRY_AGAIN_LATER, "too slow")

    def _ring(self) -> None:
        if not self._woken:
            self._woken = True
            self._bell.send(b"!")

    # In the socket's own thread.

    def serve(self, hear: Callable[[str], None]) -> None:
        """Exchange frames until either side ends it; `hear` is called with each text message."""
        poll = select.poll()
        poll.register(self._ear, select.POLLIN)
        try:
            while not self._over():
                poll.register(self._sock, select.POLLIN | (select.POLLOUT if self._unsent else 0))
                ready = dict(poll.poll(self._patience()))
                if self._ear.fileno() in ready:
                    self._hush()
                if ready.get(self._sock.fileno(), 0) & ~select.POLLOUT and not self._read(hear):
                    return
                self._write()
        except (OSError, LocalProtocolError):
            return  # the peer is gone
        finally:
            self._shut()

    def _over(self) -> bool:
        now = time.monotonic()
        if self._deadline is None and self._unsent and now - self._moved_at > STALL_SECONDS:
            self._drop()
        if self._close_sent and self._peer_closed and not self._unsent:
            return True
        return self._deadline is not None and now >= self._deadline

    def _patience(self) -> float:
        """Milliseconds to wait for something to happen."""
        if self._deadline is not None:
            return max(0.0, self._deadline - time.monotonic()) * 1000
        return STALL_SECONDS * 500

    def _hush(self) -> None:
        with self._lock:
            self._woken = False
            self._ear.recv(64)

    def _read(self, hear: Callable[[str], None]) -> bool:
        """Take what has come; False when the peer is gone."""
        try:
            data = self._sock.recv(READ_BYTES)
        except BlockingIOError:
            return True
        if not data:
            return False
        self.last_heard = time.monotonic()
        if self._peer_closed or (self._closing and self._closing.code in (TOO_BIG, UNSUPPORTED)):
            return True  # read and forgotten, so that our close frame is not lost to a reset
        try:
            self._protocol.receive_data(data)
            for event in self._protocol.events():
                self._take(event, hear)
        except RemoteProtocolError:
            self.close(1002, "protocol error")
        return True

    def _take(self, event: object, hear: Callable[[str], None]) -> None:
        if isinstance(event, TextMessage):
            self._collect(event, hear)
        elif isinstance(event, BytesMessage):
            self.close(UNSUPPORTED, "text frames only")
        elif isinstance(event, Ping):
            self._answer(event)
        elif isinstance(event, CloseConnection):
            self._peer_closed = True
            self.close(event.code if event.code not in (1005, 1006) else NORMAL, "")

    def _answer(self, ping: Ping) -> None:
        with self._lock:
            if len(self._outbox) < MAX_FRAMES:
                self._outbox.append(Pong(payload=ping.payload))

    def _collect(self, part: TextMessage, hear: Callable[[str], None]) -> None:
        if self._closing:
            return
        self._message_bytes += len(part.data.encode())
        if self._message_bytes > MAX_BYTES:
            self.close(TOO_BIG, "64 KiB at most")
            return
        self._message.append(part.data)
        if part.message_finished:
            text = "".join(self._message)
            self._message, self._message_bytes = [], 0
            hear(text)

    def _write(self) -> None:
        while self._unsent or self._load():
            try:
                sent = self._sock.send(self._unsent)
            except BlockingIOError:
                return
            self._unsent = self._unsent[sent:]
            self._moved_at = time.monotonic()

    def _load(self) -> bool:
        """Take all that is queued into one piece to be written; the close frame comes last."""
        with self._lock:
            events = list(self._outbox)
            self._outbox.clear()
            self._queued = 0
            closing = self._closing
        ended = self._close_sent or self._peer_closed
        data = b"" if ended else b"".join(self._protocol.send(event) for event in events)
        if closing and not self._close_sent:
            data += self._protocol.send(closing)
            self._close_sent = True
            self._deadline = time.monotonic() + LINGER_SECONDS
        if data and not self._unsent:
            self._moved_at = time.monotonic()
        self._unsent = memoryview(data)
        return bool(data)

    def _shut(self) -> None:
        with self._lock:
            self._closing = self._closing or CloseConnection(code=1006)
            self._woken = True  # nobody is to ring a bell that is gone
            self._outbox.clear()
        for end in (self._bell, self._ear):
            end.close()
        with contextlib.suppress(OSError):  # the peer may have been faster
            self._sock.shutdown(socket.SHUT_RDWR)
        self._sock.setblocking(True)
