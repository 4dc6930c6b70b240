"""The command line: every step of a round as a command, with --help and --json."""

from __future__ import annotations

from .door import main

__all__ = ["main"]
