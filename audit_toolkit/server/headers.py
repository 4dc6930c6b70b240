"""Headers of every answer: where scripts may come from, and that nothing may frame the page."""

from __future__ import annotations

import secrets

from tornado.web import RequestHandler

_FIXED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(self), microphone=(), payment=(), usb=()",
    "Server": "audit-toolkit",
}


def make_nonce() -> str:
    """Return a word that marks the scripts of one answer as ours."""
    return secrets.token_urlsafe(16)


def content_policy(nonce: str | None = None, *, components: bool = False) -> str:
    """Return what a page may load and run.

    Parameters
    ----------
    nonce : str, optional
        Marks the scripts that stand in the page itself; without it none run.
    components : bool, default False
        Components whose script is not kept by the server are loaded from the page's own memory.
    """
    scripts = ["'self'"]
    if nonce:
        scripts.append(f"'nonce-{nonce}'")
    if components:
        scripts.append("blob:")
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {' '.join(scripts)}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ]
    )


def set_security_headers(handler: RequestHandler, policy: str | None = None) -> None:
    """Set the headers that every answer has."""
    for name, value in _FIXED.items():
        handler.set_header(name, value)
    handler.set_header("Content-Security-Policy", policy or content_policy())
    if handler.request.protocol == "https":
        handler.set_header("Strict-Transport-Security", "max-age=31536000")
