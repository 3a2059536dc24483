"""Scripts and styles are compressed once and kept; figures are compressed as they go. Pages with secrets are not."""

from __future__ import annotations

import gzip
import hashlib

import brotli
from flask import Flask, Response, request

STATIC = frozenset({"_dash_assets.static", "/_dash-component-suites/<string:package_name>/<path:fingerprinted_path>"})
FIGURES = frozenset({"/_dash-update-component", "/_dash-dependencies", "read_widgets", "openapi"})
KINDS = frozenset({"application/javascript", "text/javascript", "text/css", "application/json", "image/svg+xml"})
SMALLEST = 2_048
A_YEAR = 365 * 24 * 3600


def register(server: Flask) -> None:
    # By content, so that no made-up address can fill it.
    kept: dict[tuple[str, bytes], bytes] = {}

    @server.after_request
    def compress(response: Response) -> Response:
        if request.endpoint in STATIC:
            _cache_by_address(response)
        if request.endpoint not in STATIC | FIGURES or not _worth_it(response):
            return response
        response.vary.add("Accept-Encoding")
        encoding = request.accept_encodings.best_match(["br", "gzip"] if request.endpoint in STATIC else ["gzip"])
        if encoding is None:
            return response
        response.direct_passthrough = False
        body = response.get_data()
        if request.endpoint in STATIC:
            key = (encoding, hashlib.sha256(body).digest())
            packed = kept.get(key) or kept.setdefault(key, _pack(body, encoding, thorough=True))
        else:
            packed = _pack(body, encoding, thorough=False)
        response.set_data(packed)
        response.headers["Content-Encoding"] = encoding
        if "ETag" in response.headers:
            response.set_etag(response.get_etag()[0] or "", weak=True)
        return response


def _cache_by_address(response: Response) -> None:
    """Dash puts a file's time of change into its address: what is there never changes."""
    if response.status_code == 200 and "m" in request.args:
        response.headers["Cache-Control"] = f"public, max-age={A_YEAR}, immutable"


def _worth_it(response: Response) -> bool:
    return (
        response.status_code == 200
        and request.method != "HEAD"
        and response.mimetype in KINDS
        and "Content-Encoding" not in response.headers
        and (response.content_length or 0) >= SMALLEST
    )


def _pack(body: bytes, encoding: str, *, thorough: bool) -> bytes:
    if encoding == "br":
        packed: bytes = brotli.compress(body, quality=6)
        return packed
    return gzip.compress(body, 6 if thorough else 1, mtime=0)
