"""From bytes to items: the three shapes of a body, gzip, limits, and one bad item that spoils no other."""

from __future__ import annotations

import contextlib
import gzip
import json
import time
import tracemalloc
import zlib

import pytest

from services.errors import InvalidRequest, NotJson, PulseboardError, TooLarge, UnsupportedMedia
from services.events.decoding import MAX_BODY_BYTES, MAX_ITEMS, Unreadable, decode

JSON, NDJSON = "application/json", "application/x-ndjson"
DEEP = b"[" * 5_000 + b"]" * 5_000
HUGE = b"7" * 5_000


def codes(items: list[object]) -> list[object]:
    """Items, an unreadable one by its code."""
    return [item.code if isinstance(item, Unreadable) else item for item in items]


@pytest.mark.parametrize(
    ("body", "kind", "items"),
    [
        (b'{"a": 1}', JSON, [{"a": 1}]),
        (b'[{"a": 1}, 7, null]', JSON, [{"a": 1}, 7, None]),
        (b"7", JSON, [7]),
        (b'{"a": 1}', None, [{"a": 1}]),
        (b'\xef\xbb\xbf{"a": 1}', "Application/JSON; charset=utf-8", [{"a": 1}]),
        (b'{"a": 1}', "application/cloudevents+json", [{"a": 1}]),
        (b'{"a": 1}\n\n  \r\n[2]\n', NDJSON, [{"a": 1}, [2]]),
        ('{"a": "\u2028é"}\n{"b": 1}'.encode(), NDJSON, [{"a": "\u2028é"}, {"b": 1}]),
    ],
)
def test_one_event_an_array_or_one_a_line(body: bytes, kind: str | None, items: list[object]) -> None:
    assert decode(body, kind, None) == items
    assert decode(gzip.compress(body), kind, " GZIP ") == items


@pytest.mark.parametrize(
    ("body", "kind", "encoding", "error"),
    [
        (b"", JSON, None, NotJson),
        (b'{"a": 1', JSON, None, NotJson),
        (b'{"a": 1}{"b": 2}', JSON, None, NotJson),
        (b"{'a': 1}", JSON, None, NotJson),
        (b"[NaN]", JSON, None, NotJson),
        (b"-Infinity", JSON, None, NotJson),
        (b'"\xff"', JSON, None, NotJson),
        ('{"a": 1}'.encode("utf-16"), JSON, None, NotJson),
        (b"[]", JSON, None, InvalidRequest),
        (b"\n \n", NDJSON, None, InvalidRequest),
        (b"{}", "text/csv", None, UnsupportedMedia),
        (b"{}", "multipart/form-data", None, UnsupportedMedia),
        (b"{}", JSON, "br", UnsupportedMedia),
        (b"{}", JSON, "gzip", NotJson),
        (gzip.compress(b"{}", mtime=0)[:-4], JSON, "gzip", NotJson),
        (gzip.compress(b"{}", mtime=0) + gzip.compress(b"{}", mtime=0), JSON, "gzip", NotJson),
        (gzip.compress(b"{}", mtime=0) + b"more", JSON, "gzip", NotJson),
        (zlib.compress(b"{}"), JSON, "gzip", NotJson),
        (b"", JSON, "gzip", NotJson),
    ],
)
def test_what_is_no_body_is_refused_as_a_whole(
    body: bytes, kind: str, encoding: str | None, error: type[PulseboardError]
) -> None:
    with pytest.raises(error) as raised:
        decode(body, kind, encoding)
    assert raised.value.detail


def test_a_body_may_be_as_large_as_the_limit_and_no_larger() -> None:
    largest = b'"' + b"x" * (MAX_BODY_BYTES - 2) + b'"'
    for body, encoding in ((largest, None), (gzip.compress(largest, 1), "gzip")):
        assert len(decode(body, JSON, encoding)) == 1
    for body, encoding in ((largest + b" ", None), (gzip.compress(largest + b" ", 1), "gzip")):
        with pytest.raises(TooLarge):
            decode(body, JSON, encoding)


def test_a_gzip_bomb_is_refused_before_it_is_inflated() -> None:
    bomb = gzip.compress(b" " * 200_000_000, 1)
    tracemalloc.start()
    with pytest.raises(TooLarge):
        decode(bomb, JSON, "gzip")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 5 * MAX_BODY_BYTES


def test_a_post_may_hold_as_many_events_as_the_limit_and_no_more() -> None:
    assert len(decode(b"[" + b"1," * (MAX_ITEMS - 1) + b"1]", JSON, None)) == MAX_ITEMS
    for body, kind in ((b"[" + b"1," * MAX_ITEMS + b"1]", JSON), (b"1\n" * (MAX_ITEMS + 1), NDJSON)):
        with pytest.raises(TooLarge):
            decode(body, kind, None)


def test_a_bad_line_spoils_no_other_line() -> None:
    body = b'{"a": 1}\nnonsense\n{"a": NaN}\n' + DEEP + b'\n{"a": ' + HUGE + b'}\n{"a": 2}'
    assert codes(decode(body, NDJSON, None)) == [{"a": 1}, "not_json", "not_json", "too_deep", "out_of_range", {"a": 2}]


def test_an_item_that_is_nested_too_deep_or_has_an_endless_number_spoils_no_other_item() -> None:
    tricky = json.dumps({"a": '],[{"\\', "b": ["}", {"c": '\\"'}]}).encode()
    body = b"[" + b", ".join([tricky, DEEP, b'{"a": -' + HUGE + b"}", b"8", tricky]) + b"]"
    known = json.loads(tricky)
    assert codes(decode(body, JSON, None)) == [known, "too_deep", "out_of_range", 8, known]


def test_a_single_event_that_is_nested_too_deep_is_one_unreadable_item() -> None:
    for body in (b'{"data": ' + DEEP + b"}", DEEP, b"[" * 100_000):
        assert codes(decode(body, JSON, None)) == ["too_deep"]


@pytest.mark.parametrize(
    "tail", [b'"' + b'\\"' * 400_000, b'"' + b'\\"' * 400_000 + b"\\", b'"' * 800_001, b"," * 900_000]
)
def test_no_body_takes_more_than_a_moment(tail: bytes) -> None:
    started = time.perf_counter()
    with contextlib.suppress(TooLarge, NotJson):
        decode(b"[" + DEEP + b"," + tail, JSON, None)
    assert time.perf_counter() - started < 3


def test_too_many_pieces_are_refused_before_they_are_read() -> None:
    started = time.perf_counter()
    with pytest.raises(TooLarge):
        decode(b"[" + DEEP + b",1" * 1_000_000 + b"]", JSON, None)
    with pytest.raises(TooLarge):
        decode(b"x\n" * 1_000_000, NDJSON, None)
    assert time.perf_counter() - started < 3


def test_a_number_beyond_all_bounds_spoils_its_own_item_alone() -> None:
    body = b'[{"a": 1}, {"a": 1e400}, {"a": 2}]'
    assert codes(decode(body, JSON, None)) == [{"a": 1}, "out_of_range", {"a": 2}]
