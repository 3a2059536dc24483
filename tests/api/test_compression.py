"""Compression: scripts once, figures as they go, and never what holds a token."""

from __future__ import annotations

import gzip
from typing import Any

import brotli
import pytest

SCRIPT = "/_dash-component-suites/dash/dash-renderer/build/dash_renderer.min.js"


@pytest.mark.parametrize(("encoding", "unpack"), [("br", brotli.decompress), ("gzip", gzip.decompress)])
def test_a_script_is_the_same_once_it_is_unpacked(client: Any, encoding: str, unpack: Any) -> None:
    client.get("/analytics/health/live")
    plain = client.get(SCRIPT, headers={"Accept-Encoding": "identity"})
    packed = client.get(SCRIPT, headers={"Accept-Encoding": encoding})
    assert packed.headers["Content-Encoding"] == encoding
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert len(packed.data) < len(plain.data) / 2
    assert unpack(packed.data) == plain.data


def test_an_asset_at_an_address_with_its_time_is_kept_for_good(client: Any) -> None:
    with client.get("/assets/tokens.css?m=1") as kept, client.get("/assets/tokens.css") as asked_for:
        assert "immutable" in kept.headers["Cache-Control"]
        assert "immutable" not in asked_for.headers["Cache-Control"]
    assert client.get("/assets/nothing.css?m=1").status_code == 404


def test_the_page_and_the_layout_are_never_compressed(client: Any, signed_in: Any) -> None:
    signed_in()
    for path in ("/", "/_dash-layout", "/logout"):
        assert "Content-Encoding" not in client.get(path, headers={"Accept-Encoding": "gzip, br"}).headers
