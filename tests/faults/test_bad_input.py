"""Ten thousand bodies that nobody should send: each gets an answer of the contract, and good neighbours are counted."""

from __future__ import annotations

import copy
import gzip
import json
import os
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlalchemy import text

from services.metrics import verify

BODIES = int(os.environ.get("FUZZ_BODIES", "10000"))
SENDERS = 4
EXPECTED = {202, 207, 400, 413, 415, 422}
NEVER_TOLD = ("Traceback", "sqlite", "SELECT", "site-packages", ".py")

EVENTS: list[dict[str, Any]] = [
    {"type": "order_completed", "data": {
        "order_id": "1", "total_amount": "42.50", "items_count": 3, "staff_id": "7", "staff_name": "Mia",
        "customer_id": "c", "channel": "web", "discount_amount": "0.00", "table_no": 4,
        "items": [{"product": "Cola", "category": "Drinks", "quantity": 2, "unit_price": "1.50"}],
    }},
    {"type": "order_cancelled", "data": {"order_id": "1", "amount": "5.00", "staff_id": "7", "reason": "cold"}},
    {"type": "payment_processed", "data": {
        "order_id": "1", "payment_method": "card", "amount": "42.50", "status": "success", "transaction_id": "t"}},
    {"type": "staff_action", "data": {"staff_id": "7", "action_type": "login", "action_data": {"till": 1}}},
    {"type": "customer_action", "data": {"customer_id": "c", "action_type": "sign_up"}},
    {"type": "inventory_updated", "data": {"product": "Flour", "quantity": 1.5, "reorder_level": 2}},
    {"type": "system_event", "data": {"event_type": "x", "message": "…", "severity": "low"}},
    {"type": "alert_triggered", "data": {
        "alert_name": "a", "message": "m", "metric_name": "orders", "current_value": 1, "threshold_value": 2,
        "severity": "high"}},
]  # fmt: skip


DEEP, HUGE = "a place for deep nesting", "a place for an endless number"


def written(item: Any) -> str:
    """As JSON, with what no writer of JSON would write in its places."""
    plain = json.dumps(item)
    return plain.replace(f'"{DEEP}"', "[" * 5_000 + "]" * 5_000).replace(f'"{HUGE}"', "9" * 5_000)


STRANGE: list[Any] = [
    None, True, False, 0, -1, 1, 3.7, -0.0, 1e308, float("nan"), float("inf"), float("-inf"), 10**30, -(10**400), 2**63,
    "", " ", "0", "-0.00", "9" * 12, "9" * 13, "-999999999999.99", "1e5", "NaN", "٤٢", "½", "\x00", "a\x00b", "\ud800",
    "\udfff\ud800", "x" * 129, "y" * 20_001, "'; DROP TABLE events; --", "<script>", "=1+1", "../../etc/passwd",
    [], {}, [None], [[]], {"": ""}, {"\ud800": 1}, ["1"] * 2_000, DEEP, HUGE,
    "2026-03-01T12:30:05Z", "2026-03-01T12:30:05", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00Z",
    "2026-03-01T12:30:05+99:99", "2026-13-45T99:99:99Z", "main", "nowhere", "order_cancelled", "success", "critical",
]  # fmt: skip
KEYS = ["id", "type", "site", "source", "occurred_at", "data", "note", "", "\ud800", "a/b~c", "__proto__", "x" * 5_000]


class Fuzzer:
    """Makes bodies from a seed, so that what fails once fails again."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.chance = random.Random(seed)
        self.made = 0

    def event(self) -> dict[str, Any]:
        self.made += 1
        found = copy.deepcopy(self.chance.choice(EVENTS))
        found["data"]["order_id"] = str(self.chance.randint(1, 300))
        found["id"] = f"good-{self.seed}-{self.made}"
        found["occurred_at"] = f"2026-03-{self.chance.randint(1, 28):02}T{self.chance.randint(0, 23):02}:30:00Z"
        return found

    def spoilt(self) -> Any:
        """An event in which some values, at any depth, are strange, gone, or under strange keys."""
        found = self.event()
        for _ in range(self.chance.randint(1, 3)):
            parent = self._anywhere(found)
            if isinstance(parent, list):
                parent.append(copy.deepcopy(self.chance.choice(STRANGE)))
                continue
            key = self.chance.choice([*parent, *parent, *parent, self.chance.choice(KEYS)])
            if self.chance.random() < 0.15:
                parent.pop(key, None)
            else:
                parent[key] = copy.deepcopy(self.chance.choice(STRANGE))
        return found if self.chance.random() < 0.9 else copy.deepcopy(self.chance.choice(STRANGE))

    def _anywhere(self, found: Any) -> Any:
        while True:
            inner = [value for value in self._values(found) if isinstance(value, dict | list)]
            if not inner or self.chance.random() < 0.4:
                return found
            found = self.chance.choice(inner)

    @staticmethod
    def _values(found: Any) -> list[Any]:
        return list(found.values()) if isinstance(found, dict) else found[:5]

    def broken_text(self) -> bytes:
        """JSON with bytes lost, doubled, changed or cut off."""
        body = bytearray(json.dumps([self.event(), self.event()]).encode())
        for _ in range(self.chance.randint(1, 6)):
            at = self.chance.randrange(len(body))
            step = self.chance.choice(["cut", "drop", "change", "insert", "double"])
            if step == "cut":
                body = body[: max(at, 1)]
            elif step == "drop":
                del body[at : at + self.chance.randint(1, 20)]
                body = body or bytearray(b"[")
            elif step == "change":
                body[at] = self.chance.randrange(256)
            elif step == "insert":
                body[at:at] = self.chance.choice([b"[" * 3_000, b"{", b'"', b"\\", b"\xff", b"NaN", b"9" * 5_000, b","])
            else:
                body[at:at] = body[at : at + 50]
        return bytes(body)

    def broken_gzip(self) -> bytes:
        body = bytearray(gzip.compress(json.dumps(self.event()).encode()))
        if self.chance.random() < 0.3:
            return bytes(body[: self.chance.randrange(len(body))])
        body[self.chance.randrange(len(body))] ^= 1 << self.chance.randrange(8)
        return bytes(body) + self.chance.choice([b"", b"more", bytes(body)])

    def noise(self) -> bytes:
        return self.chance.choice(
            [self.chance.randbytes(self.chance.randint(0, 200)), b"[" * 50_000, b'{"a":' * 5_000, b'"' + b'\\"' * 9_999,
             written(self.chance.choice(STRANGE)).encode()]
        )  # fmt: skip


def told(answer: Any, body: bytes) -> dict[str, Any]:
    """The answer's JSON, having the shape of the contract."""
    shown = body[:2_000]
    assert answer.status_code in EXPECTED, (answer.status_code, shown)
    said = answer.get_data(as_text=True)
    assert not any(inside in said for inside in NEVER_TOLD) or any(inside in str(body) for inside in NEVER_TOLD), said
    data: dict[str, Any] = json.loads(said)
    if "results" not in data:
        assert answer.content_type == "application/problem+json", shown
        assert data["code"], shown
        return data
    statuses = Counter(result["status"] for result in data["results"])
    assert (data["accepted"], data["duplicates"], data["rejected"]) == (
        statuses["accepted"], statuses["duplicate"], statuses["rejected"],
    ), shown  # fmt: skip
    for result in data["results"]:
        faults = result.get("errors", [])
        assert bool(faults) == (result["status"] == "rejected"), shown
        assert all(fault.keys() == {"code", "pointer", "detail"} for fault in faults), shown
    return data


class Sender:
    """Posts a fuzzer's bodies and holds every answer to the contract."""

    def __init__(self, client: Any, headers: dict[str, str], seed: int) -> None:
        self.fuzzer = Fuzzer(seed)
        self.accepted = 0
        self.answers: Counter[int] = Counter()
        self._client = client
        self._headers = headers

    def post(self, body: bytes, kind: str = "application/json", encoding: str = "identity") -> dict[str, Any]:
        headers = {**self._headers, "Content-Encoding": encoding}
        answer = self._client.post("/analytics/events", data=body, content_type=kind, headers=headers)
        self.answers[answer.status_code] += 1
        data = told(answer, body)
        self.accepted += data.get("accepted", 0)
        return data

    def send(self, bodies: int) -> None:
        fuzzer, chance = self.fuzzer, self.fuzzer.chance
        kinds = ["application/json", "application/x-ndjson", "text/plain", "", "a/b;c="]
        for _ in range(bodies):
            way = chance.random()
            if way < 0.6:
                self.send_neighbours()
            elif way < 0.8:
                self.post(fuzzer.broken_text())
            elif way < 0.9:
                self.post(fuzzer.broken_gzip(), encoding=chance.choice(["gzip", "gzip", "deflate", "identity"]))
            else:
                self.post(fuzzer.noise(), chance.choice(kinds))

    def send_neighbours(self) -> None:
        """One good event among spoilt ones is accepted, unless the whole body is no JSON."""
        fuzzer, chance = self.fuzzer, self.fuzzer.chance
        items = [fuzzer.spoilt() for _ in range(chance.randint(1, 4))]
        place = chance.randint(0, len(items))
        items.insert(place, fuzzer.event())
        texts = [written(item) for item in items]
        in_lines = chance.random() < 0.5
        body = "\n".join(texts) if in_lines else f"[{','.join(texts)}]"
        data = self.post(body.encode(), "application/x-ndjson" if in_lines else "application/json")
        if "results" in data:
            assert data["results"][place]["status"] == "accepted", body
        else:
            assert data["code"] == "not_json", body
            assert not in_lines, body
            assert "NaN" in body or "Infinity" in body, body


def test_ten_thousand_bad_bodies_get_no_5xx_and_spoil_nothing(
    app: Any, services: Any, admin_key: dict[str, str]
) -> None:
    senders = [Sender(app.server.test_client(), admin_key, seed) for seed in range(SENDERS)]
    with ThreadPoolExecutor(SENDERS) as pool:
        for done in [pool.submit(sender.send, BODIES // SENDERS) for sender in senders]:
            done.result()
    answers = sum((sender.answers for sender in senders), Counter())
    assert answers[207] > BODIES / 4
    assert all(answers[status] for status in EXPECTED - {413}), answers
    with services.store.reading() as connection:
        kept = connection.execute(text("SELECT COUNT(*) FROM events")).scalar()
    assert kept == sum(sender.accepted for sender in senders)
    assert verify.differences(services.store) == []
