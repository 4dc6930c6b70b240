"""Failures in a kernel: all of it to the server's log, a reference number to the page."""

from __future__ import annotations

import hashlib
import sys


def note_failure(trace: str) -> str:
    """Write a failure to the server's log and return its reference number.

    The number depends on the failure alone: the same fault has the same number.
    """
    number = hashlib.sha256(trace.encode("utf-8", "replace")).hexdigest()[:8]
    log = sys.__stderr__
    if log is not None:
        log.write(f"failure {number}\n{trace}\n")
        log.flush()
    return number
