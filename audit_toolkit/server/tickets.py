"""Signed texts that say who somebody is: the cookie of the sign-in, the header of a proxy.

Both are ``base64url(JSON) "." HMAC-SHA256``, the purpose being part of what is signed, so that one
cannot be used as the other.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from dataclasses import asdict, dataclass

HEADER_NAME = "X-Audit-Ticket"
LONGEST_HEADER_TICKET = 5 * 60
_LONGEST_TEXT = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class CookieTicket:
    """Names a session of the server; good until ``expires`` (seconds since 1970)."""

    session_id: str
    expires: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderTicket:
    """What an identity proxy says of a request.

    Parameters
    ----------
    person_id : str
        Identifier in the round.
    session_id : str
        The proxy's own name for the sign-in, so that it can be ended here too.
    issued, expires : float
        Seconds since 1970; at most five minutes apart.
    until : float
        When the sign-in itself ends: an open channel is closed then.
    """

    person_id: str
    session_id: str
    issued: float
    expires: float
    until: float


def sign_cookie(key: bytes, ticket: CookieTicket) -> str:
    """Return the text of a cookie."""
    return _sign(key, "cookie", asdict(ticket))


def read_cookie(key: bytes, text: str, *, now: float) -> CookieTicket | None:
    """Return the ticket if the signature is ours and it has not expired."""
    values = _read(key, "cookie", text)
    if values is None:
        return None
    try:
        ticket = CookieTicket(**values)
    except TypeError:
        return None
    return ticket if now < ticket.expires else None


def sign_header(secret: bytes, ticket: HeaderTicket) -> str:
    """Return the text of the header, as the proxy makes it with the shared secret."""
    return _sign(secret, "header", asdict(ticket))


def read_header(secret: bytes, text: str, *, now: float) -> HeaderTicket | None:
    """Return the ticket if signed with the shared secret, fresh, and short-lived."""
    values = _read(secret, "header", text)
    if values is None:
        return None
    try:
        ticket = HeaderTicket(**values)
    except TypeError:
        return None
    fresh = ticket.issued - 60 <= now < ticket.expires
    short = ticket.expires - ticket.issued <= LONGEST_HEADER_TICKET
    named = bool(ticket.person_id and ticket.session_id)
    return ticket if fresh and short and named and now < ticket.until else None


def _sign(key: bytes, purpose: str, values: dict[str, object]) -> str:
    body = base64.urlsafe_b64encode(json.dumps(values, sort_keys=True).encode("utf-8")).decode()
    return f"{body}.{_code(key, purpose, body)}"


def _read(key: bytes, purpose: str, text: str) -> dict[str, object] | None:
    body, dot, code = text.partition(".")
    if not dot or len(text) > _LONGEST_TEXT or not text.isascii():
        return None
    if not hmac.compare_digest(code, _code(key, purpose, body)):
        return None
    try:
        values = json.loads(base64.urlsafe_b64decode(body))
    except (binascii.Error, UnicodeDecodeError, json.JSONDecodeError):
        return None
    return values if isinstance(values, dict) else None


def _code(key: bytes, purpose: str, body: str) -> str:
    return hmac.new(key, f"audit-toolkit|{purpose}|{body}".encode(), "sha256").hexdigest()
