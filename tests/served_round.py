"""The real server on a small round, for tests: started as a process, stopped by that process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parents[1]
PASSWORD = "four good words here"


def everybody_signing_in() -> list[str]:
    """Return the people of the round whose first password is changed."""
    from rounds import everybody

    return [p.person_id for p in everybody() if p.person_id != "obs"]


@dataclass
class ServedRound:
    """A served round: where it is, who may sign in, and its folder.

    ``passwords`` holds all people of ``tests/rounds.py`` but ``obs``, whose ``first_password`` has
    not been changed yet. ``store`` is the folder that ``workflow.open_store`` takes.
    """

    folder: Path
    stage: str
    options: dict[str, Any] = field(default_factory=dict)
    address: str = ""
    process: subprocess.Popen[str] | None = None

    @property
    def store(self) -> Path:
        return self.folder / "round"

    @property
    def passwords(self) -> dict[str, str]:
        return dict.fromkeys(everybody_signing_in(), PASSWORD)

    @property
    def first_password(self) -> str:
        return (self.folder / "first_password_of_obs").read_text(encoding="utf-8")

    @property
    def log(self) -> str:
        return (self.folder.parent / f"{self.folder.name}.log").read_text(encoding="utf-8")

    def start(self) -> ServedRound:
        """Start the server; it keeps its port over a restart."""
        paths = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
        with (self.folder.parent / f"{self.folder.name}.log").open("a") as log:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    str(ROOT / "tests" / "serve_small.py"),
                    str(self.folder),
                    self.stage,
                    json.dumps(self.options),
                ],
                stdout=subprocess.PIPE,
                stderr=log,
                env={**os.environ, "PYTHONPATH": paths, "PYTHONWARNINGS": "default"},
                text=True,
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            self.stop()
            pytest.fail(f"the server did not start:\n{self.log}")
        self.address = json.loads(line)["address"]
        self.options["port"] = int(self.address.rstrip("/").rpartition(":")[2])
        return self

    def stop(self, number: int = signal.SIGTERM) -> None:
        """Stop the server by its own process."""
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(timeout=30)
            assert self.process.stdout is not None
            self.process.stdout.close()
            self.process = None

    def sign_in(self, page: Page, person_id: str, *, to: str = "apps/trial") -> None:
        """Sign somebody in and go to a page."""
        page.goto(f"{self.address}sign-in?next={to}")
        page.fill("#name", person_id)
        page.fill("#password", self.passwords[person_id])
        page.click("button[type=submit]")
        page.wait_for_url(f"{self.address}{to}")


@pytest.fixture(scope="session")
def serve_round(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[..., ServedRound]]:
    """Serve a round at a stage of ``tests/rounds.py``; one server a stage and set of options."""
    served: dict[str, ServedRound] = {}

    def serve(stage: str = "released", **options: Any) -> ServedRound:
        name = f"{stage} {json.dumps(options, sort_keys=True)}"
        if name not in served:
            folder = tmp_path_factory.mktemp("served") / "small"
            served[name] = ServedRound(folder, stage, options).start()
        return served[name]

    yield serve
    for one in served.values():
        one.stop()


@pytest.fixture(scope="session")
def served_round(serve_round: Callable[..., ServedRound]) -> ServedRound:
    """The server on a round whose first villages are released to inspectors who have arrived."""
    return serve_round("released")
