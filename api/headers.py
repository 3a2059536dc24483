"""What every answer tells the browser to refuse: foreign scripts, frames, guessed types, leaked addresses."""

from __future__ import annotations

from dash import Dash
from flask import Flask, Response, request

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
_A_YEAR = 365 * 24 * 3600


def register(server: Flask, app: Dash) -> None:
    policies: list[str] = []

    @server.after_request
    def add_headers(response: Response) -> Response:
        if not policies:  # once, when all callbacks are there: their inline scripts are part of the policy
            policies.append(_policy(app))
        response.headers.setdefault("Content-Security-Policy", policies[0])
        for name, value in _ALWAYS.items():
            response.headers.setdefault(name, value)
        if request.is_secure:
            response.headers.setdefault("Strict-Transport-Security", f"max-age={_A_YEAR}")
        if not response.cache_control and "ETag" not in response.headers:
            response.headers["Cache-Control"] = "no-store"
        return response


def _policy(app: Dash) -> str:
    """Scripts come from here or are Dash's own, by hash. Inline styles are what React and the grid place things by."""
    scripts = " ".join(["'self'", *dict.fromkeys(app.csp_hashes())])
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src {scripts}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )
