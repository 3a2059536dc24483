"""The sender's life in a process: forks and exits, each in an interpreter of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import free_port
from tests.hooks.conftest import FakePulseboard

ROOT = Path(__file__).parents[2]
CALL = "order_completed(order_id={}, total_amount='1.00', items_count=1)\n"
IMPORT = "from pulseboard_hooks import order_completed, flush\n"


def run(program: str, url: str, outbox: Path, key: str = "pb_test") -> subprocess.CompletedProcess[str]:
    environ = {
        **os.environ,
        "PULSEBOARD_URL": url,
        "PULSEBOARD_API_KEY": key,
        "PULSEBOARD_OUTBOX": str(outbox),
    }
    return subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60, check=False
    )


def orders(pulseboard: FakePulseboard) -> list[object]:
    return sorted(event["data"]["order_id"] for event in pulseboard.accepted.values())


def test_what_is_queued_at_exit_is_sent(pulseboard: FakePulseboard, outbox: Path) -> None:
    done = run(IMPORT + CALL.format(1) + CALL.format(2), pulseboard.url, outbox)
    assert done.returncode == 0, done.stderr
    assert orders(pulseboard) == [1, 2]


def test_a_forked_child_sends_its_own_events_and_only_those(pulseboard: FakePulseboard, outbox: Path) -> None:
    program = (
        IMPORT + CALL.format(1) + "import os, sys\npid = os.fork()\n"
        "if pid == 0:\n    " + CALL.format(2) + "    flush(10); os._exit(0)\n"
        "os.waitpid(pid, 0)\n" + CALL.format(3)
    )
    done = run(program, pulseboard.url, outbox)
    assert done.returncode == 0, done.stderr
    assert orders(pulseboard) == [1, 2, 3]
    assert sum(map(len, pulseboard.requests)) == 3


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_child_of_multiprocessing_sends_before_it_ends(
    pulseboard: FakePulseboard, outbox: Path, method: str, tmp_path: Path
) -> None:
    script = tmp_path / "child.py"
    script.write_text(
        f"import multiprocessing, sys\nsys.path.insert(0, {str(ROOT)!r})\n{IMPORT}"
        f"def child():\n    {CALL.format(2)}"
        f"if __name__ == '__main__':\n    {CALL.format(1)}"
        f"    process = multiprocessing.get_context({method!r}).Process(target=child)\n"
        "    process.start(); process.join()\n"
    )
    done = run(f"import runpy; runpy.run_path({str(script)!r}, run_name='__main__')", pulseboard.url, outbox)
    assert done.returncode == 0, done.stderr
    assert orders(pulseboard) == [1, 2]


def test_a_fork_waits_until_no_lock_of_a_library_is_held(outbox: Path) -> None:
    program = IMPORT + CALL.format(1) + (
        "import os, threading, time\n"
        "from pulseboard_hooks import process\n"
        "held = threading.Event()\n"
        "def hold():\n    with process.current().unforked:\n        held.set(); time.sleep(0.5)\n"
        "threading.Thread(target=hold).start(); held.wait(); began = time.monotonic()\n"
        "if os.fork() == 0:\n    os._exit(0)\n"
        "assert time.monotonic() - began > 0.4\n"
    )  # fmt: skip
    done = run(program, f"http://127.0.0.1:{free_port()}", outbox)
    assert done.returncode == 0, done.stderr


def test_a_child_that_ends_as_usual_leaves_its_parents_outbox_alone(pulseboard: FakePulseboard, outbox: Path) -> None:
    pulseboard.stall.clear()
    program = (
        IMPORT + "import gc, os\n" + CALL.format(1) + "pid = os.fork()\n"
        "if pid == 0:\n    " + CALL.format(2) + "    gc.collect(); raise SystemExit\n"
        "os.waitpid(pid, 0)\n" + CALL.format(3) + "os.kill(os.getpid(), 9)\n"
    )
    done = run(program, pulseboard.url, outbox)
    assert done.returncode == -9, done.stderr
    pulseboard.stall.set()
    assert run(IMPORT + "assert flush(20)\n", pulseboard.url, outbox).returncode == 0
    assert orders(pulseboard) == [1, 2, 3]


def test_an_exit_without_a_server_is_short_and_what_is_unsent_is_sent_by_the_next_process(
    pulseboard: FakePulseboard, outbox: Path
) -> None:
    pulseboard.answers = [(503, {}, {})] * 1000
    began = time.monotonic()
    done = run(IMPORT + CALL.format(1) + CALL.format(2), pulseboard.url, outbox)
    assert done.returncode == 0
    assert time.monotonic() - began < 10
    assert "2 events stay in the outbox" in done.stderr
    pulseboard.answers = []
    done = run(IMPORT + CALL.format(3) + "assert flush(20)\n", pulseboard.url, outbox)
    assert done.returncode == 0, done.stderr
    assert [event["data"]["order_id"] for event in pulseboard.accepted.values()] == [1, 2, 3]
