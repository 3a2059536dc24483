"""A database or a Redis that is not there ends the start of servers and processors with one line that names it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.backends.postgres import PostgresServer
from tests.backends.redis import RedisServer
from tests.conftest import ROOT, Server, free_port
from tests.faults.cluster import ProcessorProcess

COMMANDS = {"server": [str(ROOT / "app.py")], "processor": ["-m", "services.events"]}


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis"), password="known-to-few") as running:
        yield running


def start(command: str, directory: Path, **environ: str) -> tuple[int, list[str]]:
    """The exit code, and the lines on stderr."""
    settings = {**Server(directory).settings(), "SECRET_KEY": "the same in every process", **environ}
    ended = subprocess.run(
        [sys.executable, *COMMANDS[command]], cwd=ROOT, env=settings, capture_output=True, text=True, timeout=60
    )
    return ended.returncode, ended.stderr.splitlines()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_postgres_that_is_not_there_is_named(command: str, tmp_path: Path) -> None:
    nowhere = f"postgresql://pulseboard:hush@127.0.0.1:{free_port()}/pulseboard"
    assert start(command, tmp_path, DATABASE_URL=nowhere) == (
        2, ["DATABASE_URL: the store cannot be reached or written"],
    )  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_a_database_that_the_server_does_not_have_is_named(
    command: str, tmp_path: Path, postgres: PostgresServer
) -> None:
    assert start(command, tmp_path, DATABASE_URL=postgres.url("no_such_database")) == (
        2, ["DATABASE_URL: the store cannot be reached or written"],
    )  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_a_redis_that_is_not_there_is_named(command: str, tmp_path: Path, postgres: PostgresServer) -> None:
    port = free_port()
    assert start(command, tmp_path, DATABASE_URL=postgres.url(), REDIS_URL=f"redis://:hush@127.0.0.1:{port}/0") == (
        2, [f"REDIS_URL: no Redis answers at 127.0.0.1:{port}"],
    )  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_a_redis_that_refuses_the_password_is_named(
    command: str, tmp_path: Path, postgres: PostgresServer, redis: RedisServer
) -> None:
    wrong = f"redis://:hush@127.0.0.1:{redis.port}/0"
    assert start(command, tmp_path, DATABASE_URL=postgres.url(), REDIS_URL=wrong) == (
        2, [f"REDIS_URL: Redis at 127.0.0.1:{redis.port} refuses the user or the password"],
    )  # fmt: skip


def test_a_processor_of_its_own_does_without_sqlite(tmp_path: Path) -> None:
    code, lines = start("processor", tmp_path)
    assert code == 2
    assert len(lines) == 1
    assert lines[0].startswith("DATABASE_URL: a processor of its own needs PostgreSQL")


def test_a_processor_that_comes_first_shows_the_secrets_it_makes(tmp_path: Path, postgres: PostgresServer) -> None:
    environ = {"DATABASE_URL": postgres.create("new_for_a_processor"), "SECRET_KEY": "the same in every process"}
    processor = ProcessorProcess(tmp_path, environ).start()
    assert processor.stop() == 0
    shown = [line.strip() for line in processor.log.read_text().splitlines()]
    assert any(line.startswith("user admin, password ") for line in shown)
    assert any(line.startswith("API key ") for line in shown)
    processor.start()
    processor.kill()
    assert processor.log.read_text().count("API key ") == 1
