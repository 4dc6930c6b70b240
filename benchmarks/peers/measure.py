"""One measurement inside a process of its own; nothing here but the standard library."""

from __future__ import annotations

import json
import resource
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

# A call that takes longer is made once: it stands for the warm ones too.
PATIENCE = 15.0
WARM_CALLS = 3


def measure(call: Callable[[], Any], check: Callable[[Any], list[float]] | None = None) -> None:
    """Print seconds of the first and of later calls, peak memory, and figures to compare by."""
    forget_peak()
    before = _resident()
    cold, result = _timed(call)
    figures = check(result) if check else []
    warm = [cold]
    if cold <= PATIENCE:
        del result
        warm = [_timed(call)[0] for _ in range(WARM_CALLS)]
    found = {
        "cold": cold,
        "warm": statistics.median(warm),
        "once": cold > PATIENCE,
        "peak": _peak(),
        "loaded": before,
        "check": figures,
    }
    print(json.dumps(found))


def _timed(call: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result


def forget_peak() -> None:
    """Let the peak start anew after loading, where the system can."""
    try:
        Path("/proc/self/clear_refs").write_text("5", "ascii")
    except OSError:
        return


def _peak() -> float:
    """Peak resident memory in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _resident() -> float:
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    except OSError:
        return _peak()
    return pages * resource.getpagesize() / 2**20
