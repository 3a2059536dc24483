"""The link to a real Redis that is killed, emptied, stalled and started again."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from services.errors import SettingError
from services.redis_link import RedisLink, check, namespace
from tests.backends.redis import RedisServer
from tests.conftest import free_port
from tests.services.waiting import until

NAMES = "pulseboard:test:"


@pytest.fixture(params=[False, True], ids=["forgetful", "persistent"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RedisServer]:
    with RedisServer(tmp_path / "redis", persistent=request.param) as server:
        yield server


@pytest.fixture
def make_link(server: RedisServer) -> Iterator[Callable[[], RedisLink]]:
    made: list[RedisLink] = []

    def make() -> RedisLink:
        made.append(RedisLink(server.url, NAMES))
        made[-1].start()
        return made[-1]

    yield make
    for link in made:
        link.stop()


def ping(link: RedisLink) -> bool:
    return link.call(lambda redis: bool(redis.ping()), False)


def test_nothing_is_asked_before_the_start(server: RedisServer) -> None:
    link = RedisLink(server.url, NAMES)
    assert not ping(link)
    link.start()
    assert ping(link)
    assert link.state == "healthy"
    link.stop()
    assert not ping(link)


def test_a_killed_redis_is_known_without_anybody_asking_and_so_is_its_return(
    server: RedisServer, make_link: Callable[[], RedisLink]
) -> None:
    link, told = make_link(), []
    link.follow(lost=lambda: told.append("lost"), back=lambda: told.append("back"))
    server.kill()
    until(lambda: link.state == "degraded")
    assert not ping(link)
    server.start()
    until(lambda: link.up)
    assert ping(link)
    assert (told, link.outages) == (["lost", "back"], 1)


def test_a_call_that_fails_gives_the_default_and_is_counted(
    server: RedisServer, make_link: Callable[[], RedisLink]
) -> None:
    link = make_link()
    failures = link.failures
    assert link.call(lambda redis: redis.execute_command("NONSENSE"), "default") == "default"
    assert link.failures == failures + 1
    until(lambda: ping(link))


@pytest.mark.parametrize("kind", ["kill", "stop"])
def test_every_return_is_a_new_generation(server: RedisServer, make_link: Callable[[], RedisLink], kind: str) -> None:
    link = make_link()
    seen = {link.generation}
    for outage in range(1, 4):
        getattr(server, kind)()
        server.start()
        until(lambda outage=outage: link.outages == outage and link.up)  # however quick it was
        seen.add(link.generation)
    assert len(seen) == 4


def test_a_process_that_starts_makes_a_new_generation_for_all(make_link: Callable[[], RedisLink]) -> None:
    first = make_link()
    before = first.generation
    second = make_link()
    assert second.generation != before
    until(lambda: first.generation == second.generation)
    assert first.outages == 0


def test_an_emptied_redis_counts_as_an_outage(server: RedisServer, make_link: Callable[[], RedisLink]) -> None:
    link = make_link()
    before = link.generation
    looking = server.client()
    looking.flushall()
    looking.close()
    until(lambda: link.outages == 1 and link.up)
    assert link.generation != before


def test_nobody_reads_over_a_connection_to_a_redis_that_the_monitor_has_not_met(
    server: RedisServer,
) -> None:
    """redis-py mends a broken connection by itself; what it would then read is from before the outage."""
    link = RedisLink(server.url, NAMES)
    link.step()  # a monitor that looks only when it is told to
    assert link.call(lambda redis: redis.set("key", "from before"), None)
    server.kill()
    server.start()
    looking = server.client()
    looking.set("key", "from before")
    looking.close()
    assert link.call(lambda redis: redis.get("key"), "nothing") == "nothing"
    assert not link.up
    link.step()
    assert link.call(lambda redis: redis.get("key"), "nothing") == b"from before"
    link.stop()


def test_a_stalled_redis_costs_its_callers_one_short_wait(
    server: RedisServer, make_link: Callable[[], RedisLink]
) -> None:
    link = make_link()
    assert ping(link)
    server.pause()
    waits = []
    threads = [threading.Thread(target=lambda: waits.append(_timed(lambda: ping(link)))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    later = [_timed(lambda: ping(link)) for _ in range(200)]
    server.resume()
    until(lambda: link.up)
    assert ping(link)
    assert max(waits) < 1.5  # 0.25 s of patience; the rest is for a busy machine
    assert sum(later) < 1.0


def _timed(act: Callable[[], Any]) -> float:
    begun = time.monotonic()
    act()
    return time.monotonic() - begun


def test_a_pool_for_others_refuses_while_redis_is_away(server: RedisServer, make_link: Callable[[], RedisLink]) -> None:
    link = make_link()
    client = redis.Redis(connection_pool=link.pool)
    assert client.ping()
    server.pause()
    until(lambda: not link.up)
    with pytest.raises(redis.ConnectionError):
        client.ping()
    server.resume()
    until(lambda: link.up)
    assert client.ping()


def test_a_redis_that_is_not_there_yet_is_taken_in_when_it_comes(tmp_path: Path) -> None:
    server = RedisServer(tmp_path)
    link = RedisLink(server.url, NAMES)
    link.start()
    assert not ping(link)
    with server:
        until(lambda: ping(link))
        assert link.outages == 0
        link.stop()


# At the start.


def test_a_redis_that_answers_is_taken(server: RedisServer) -> None:
    check(server.url)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("redis://:wrong-password@{place}/0", "refuses the user or the password"),
        ("redis://{place}/0", "refuses the user or the password"),
        ("redis://:right-password@{place}/99", "refuses to be used"),
        ("redis://:right-password@{place}/x", "must be redis://"),
        ("redis://:right-password@127.0.0.1:99999/0", "must be redis://"),
        ("redis://:right-password@127.0.0.1:port/0", "must be redis://"),
        ("redis://:right-password@no-such-host.invalid/0", "no Redis answers at no-such-host.invalid"),
        ("unix:///no/such/socket", "no Redis answers at /no/such/socket"),
    ],
)
def test_a_wrong_address_is_refused_in_one_line_that_names_it_and_no_password(
    tmp_path: Path, path: str, said: str
) -> None:
    with RedisServer(tmp_path, password="right-password") as server, pytest.raises(SettingError) as caught:
        check(path.format(place=f"127.0.0.1:{server.port}"))
    assert caught.value.key == "REDIS_URL"
    assert said in caught.value.detail
    assert "password@" not in caught.value.detail
    assert "-password" not in caught.value.detail
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", None], ids=["http", "hangs up", "silent"])
def test_what_answers_and_is_no_redis_is_refused(answer: bytes | None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, pytest.raises(SettingError) as caught:
        threading.Thread(target=_answer, args=(listening, answer), daemon=True).start()
        check(f"redis://127.0.0.1:{listening.getsockname()[1]}/0")
    assert "no Redis answers at 127.0.0.1:" in caught.value.detail


def _answer(listening: socket.socket, answer: bytes | None) -> None:
    wire, _ = listening.accept()
    with wire:
        wire.recv(1_000)
        if answer is None:
            wire.recv(1_000)
        else:
            wire.sendall(answer)


def test_nothing_at_the_address_is_refused() -> None:
    with pytest.raises(SettingError):
        check(f"redis://127.0.0.1:{free_port()}/0")


def test_a_redis_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    copy = ("--replicaof", "127.0.0.1", "1")
    with RedisServer(tmp_path, options=copy) as server, pytest.raises(SettingError) as caught:
        check(server.url)
    assert "refuses to be used" in caught.value.detail


def test_the_names_tell_stores_apart_and_no_secret() -> None:
    one = namespace("postgresql://till:secret@db.example:5432/pulseboard")
    assert one == namespace("postgresql+psycopg://reader:another@db.example/pulseboard")
    others = ["postgresql://db.example/other", "postgresql://db2.example/pulseboard", "sqlite:///var/a.sqlite3",
              "sqlite:///var/b.sqlite3", "postgresql://db.example:5433/pulseboard"]  # fmt: skip
    assert len({one, *map(namespace, others)}) == 6
    here = {f"postgresql://{host}/pulseboard" for host in ("localhost", "127.0.0.1", "")}
    assert len(set(map(namespace, here | {"postgresql:///pulseboard?host=/var/run/postgresql"}))) == 1
