"""A bare flask-sock echo server under the kind of gunicorn worker that Pulseboard has: `python -m benchmarks.echo`."""

from __future__ import annotations

import os
from typing import Any

from flask import Flask
from flask_sock import Sock
from gunicorn.app.base import BaseApplication

THREADS = 124


class Echo(BaseApplication):  # type: ignore[misc]
    def load_config(self) -> None:
        options = {"bind": f"127.0.0.1:{os.environ['PORT']}", "worker_class": "gthread", "threads": THREADS}
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        app = Flask("echo")

        @Sock(app).route("/echo")
        def echo(socket: Any) -> None:
            while True:
                socket.send(socket.receive())

        return app


if __name__ == "__main__":
    Echo().run()
