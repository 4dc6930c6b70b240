"""The machine's clock and secure randomness, for the doors through which people act."""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime

import numpy as np

from .workflow import Context


def machine_context(person_id: str) -> Context:
    """Return a context with the machine's clock, secure bytes, and streams by name.

    Simulations of a plan get the same stream for the same name, so that a plan made twice
    prints the same risks.
    """
    return Context(
        person_id=person_id,
        clock=lambda: datetime.now(UTC),
        secret_bytes=secrets.token_bytes,
        rng=named_stream,
    )


def named_stream(name: str) -> np.random.Generator:
    """Return a generator that depends on its name alone."""
    return np.random.default_rng(list(hashlib.sha256(name.encode("utf-8")).digest()))


def make_share() -> str:
    """Return 256 secret random bits as 64 lower-case hex digits."""
    return secrets.token_hex(32)
