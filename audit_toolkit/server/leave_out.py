"""What a visitor's kernel does without."""

from __future__ import annotations

import sys


def leave_out_the_debugger() -> None:
    """Let the kernel find no debugger: no page speaks to one, and it costs every kernel time."""
    sys.modules.setdefault("debugpy", None)  # type: ignore[arg-type]
