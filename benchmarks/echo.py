"""A bare flask-sock echo server: `python -m benchmarks.echo PORT`."""

from __future__ import annotations

import sys
from typing import Any

from flask import Flask
from flask_sock import Sock

from benchmarks.processes import Gthread


def make() -> Flask:
    app = Flask("echo")

    @Sock(app).route("/echo")
    def echo(socket: Any) -> None:
        while True:
            socket.send(socket.receive())

    return app


if __name__ == "__main__":
    Gthread(int(sys.argv[1]), make).run()
