"""The files in which events wait: order, bounds, whose they are, and what is done about damage."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import threading
from pathlib import Path

import pytest

import pulseboard_hooks
from pulseboard_hooks.errors import OutboxDamaged, OutboxTaken
from pulseboard_hooks.events import Event
from pulseboard_hooks.outbox import Bounds, Origin, Outbox
from pulseboard_hooks.slots import first_free, left_behind
from tests.conftest import free_port
from tests.hooks.conftest import FakePulseboard

HERE = Origin("http://here", "key")
EVENTS = [Event(f"e{number}", b'{"n":%d}' % number) for number in range(10)]
ORDER = {"total_amount": "10.00", "items_count": 1}


def opened(path: Path | None, origin: Origin = HERE, bounds: Bounds = Bounds(1000, 1_000_000)) -> Outbox:  # noqa: B008
    return Outbox(path, threading.RLock(), origin, bounds=bounds)


def test_what_is_put_is_peeked_in_order_and_outlives_its_process(tmp_path: Path) -> None:
    box = opened(tmp_path / "box")
    assert all(box.put(event) for event in EVENTS)
    box.discard(box.peek(3, 1000))
    assert (len(box), box.size) == (7, 7 * 7)
    box.close()
    again = opened(tmp_path / "box")
    assert (len(again), again.size) == (7, 7 * 7)
    again.put(Event("later", b"{}"))
    assert [event.id for event in again.peek(100, 1000)] == ["e3", "e4", "e5", "e6", "e7", "e8", "e9", "later"]
    assert len(again.peek(100, 15)) == 1
    again.close()


def test_only_one_has_it_at_a_time_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    box = opened(tmp_path / "box")
    with pytest.raises(OutboxTaken):
        opened(tmp_path / "box")
    assert stat.S_IMODE(os.stat(tmp_path / "box").st_mode) == 0o600
    second = first_free(tmp_path / "box", opened, ())
    assert second.path == tmp_path / "box-1"
    second.put(EVENTS[0])
    second.close()
    found = left_behind(tmp_path / "box", opened, {tmp_path / "box"})
    assert found is not None
    assert found.path == second.path
    found.close()
    box.close()


def test_events_for_another_server_are_left_to_others(tmp_path: Path) -> None:
    box = opened(tmp_path / "box")
    box.put(EVENTS[0])
    box.close()
    with pytest.raises(OutboxTaken, match="http://here"):
        opened(tmp_path / "box", Origin("http://there", "key"))
    opened(tmp_path / "box").close()


def test_under_another_key_what_may_have_been_counted_is_doubtful(tmp_path: Path) -> None:
    box = opened(tmp_path / "box")
    for event in EVENTS:
        box.put(event)
    box.mark(4)
    box.close()
    same = opened(tmp_path / "box")
    assert same.doubtful == 0
    same.close()
    other = opened(tmp_path / "box", Origin("http://here", "another"))
    assert other.doubtful == 4
    other.discard(EVENTS[:4])
    assert other.doubtful == 0
    other.close()


def test_a_file_of_something_else_is_left_alone(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "box")
    other.execute("CREATE TABLE shop (id)")
    other.commit()
    other.close()
    with pytest.raises(OutboxTaken, match="something else"):
        opened(tmp_path / "box")
    assert first_free(tmp_path / "box", opened, ()).path == tmp_path / "box-1"


def test_a_damaged_file_is_set_aside_with_a_message(
    hooked: FakePulseboard, outbox: Path, caplog: pytest.LogCaptureFixture
) -> None:
    outbox.parent.mkdir()
    outbox.write_bytes(b"what a power cut left of it" * 1000)
    assert pulseboard_hooks.order_completed(order_id="1", **ORDER)
    hooked.wait_for(1)
    (damaged,) = outbox.parent.glob("*.damaged-*")
    assert damaged.read_bytes().startswith(b"what a power cut")
    assert "damaged and set aside" in caplog.text


def test_events_that_vanish_from_under_it_are_noticed(tmp_path: Path) -> None:
    box = opened(tmp_path / "box")
    box.put(EVENTS[0])
    box._connection.execute("DELETE FROM outbox")
    with pytest.raises(OutboxDamaged, match="vanished"):
        box.peek(10, 1000)
    box.close()


def test_where_no_file_can_be_had_events_are_sent_from_memory(
    hooked: FakePulseboard, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("PULSEBOARD_OUTBOX", str(tmp_path / "file" / "outbox"))
    assert pulseboard_hooks.order_completed(order_id="1", **ORDER)
    hooked.wait_for(1)
    assert "kept in memory" in caplog.text


def test_what_is_refused_for_good_is_set_aside_with_the_reason(hooked: FakePulseboard, outbox: Path) -> None:
    hooked.judge = lambda event: "unknown_site" if event["data"]["order_id"] == 2 else None
    ids = [pulseboard_hooks.order_completed(order_id=number, **ORDER) for number in (1, 2, 3)]
    assert pulseboard_hooks.flush(10)
    assert list(hooked.accepted) == [ids[0], ids[2]]
    (line,) = outbox.with_name("waiting-refused.jsonl").read_text().splitlines()
    told = json.loads(line)
    assert told["event"]["id"] == ids[1]
    assert "unknown_site" in told["reason"]
    assert told["kind"] == "event"


def test_without_a_key_events_wait_and_a_line_names_it(
    hooked: FakePulseboard, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("PULSEBOARD_API_KEY", "")
    assert pulseboard_hooks.order_completed(order_id="1", **ORDER)
    assert not pulseboard_hooks.flush(0.5)
    assert "PULSEBOARD_API_KEY" in caplog.text
    pulseboard_hooks.process.close()
    monkeypatch.setenv("PULSEBOARD_API_KEY", "pb_test")
    assert pulseboard_hooks.flush(10)
    assert len(hooked.accepted) == 1


def test_a_fsync_is_a_setting(monkeypatch: pytest.MonkeyPatch, outbox: Path) -> None:
    monkeypatch.setenv("PULSEBOARD_URL", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("PULSEBOARD_API_KEY", "pb_test")
    for value, level in (("0", 1), ("1", 2)):
        monkeypatch.setenv("PULSEBOARD_OUTBOX_FSYNC", value)
        pulseboard_hooks.process.close()
        own = pulseboard_hooks.process.current().boxes.own()
        assert own._connection.execute("PRAGMA synchronous").fetchone() == (level,)
