"""One run of the demo for all tests that look at it, also where several workers share the tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SECONDS = 900


@dataclass(frozen=True)
class DemoRun:
    """The folder of a finished demo, its exit code, and what it printed."""

    folder: Path
    code: int
    out: str
    err: str


def demo_run(tmp_path_factory: pytest.TempPathFactory) -> DemoRun:
    """Return the demo's run; whichever worker comes first makes it, the others wait."""
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "demo_run"
    told = shared / "told.json"
    try:
        shared.mkdir()
    except FileExistsError:
        _wait_for(told)
    else:
        _run(shared, told)
    return DemoRun(folder=shared / "demo", **json.loads(told.read_text(encoding="utf-8")))


def _run(shared: Path, told: Path) -> None:
    left = subprocess.run(
        [sys.executable, "-W", "error", "-m", "audit_toolkit", "demo", "--out", "demo"],
        cwd=shared,
        env={**_without_settings(), "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=SECONDS,
    )
    part = told.with_suffix(".part")
    part.write_text(
        json.dumps({"code": left.returncode, "out": left.stdout, "err": left.stderr}),
        encoding="utf-8",
    )
    part.rename(told)


def _without_settings() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith("AUDIT_TOOLKIT_")}


def _wait_for(told: Path) -> None:
    for _ in range(SECONDS * 5):
        if told.exists():
            return
        time.sleep(0.2)
    raise TimeoutError("the worker that makes the demo did not finish")
