"""Rounds at their stages, built once and copied for tests that go on from them."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from rounds import SmallRound, build

from audit_toolkit import workflow


@pytest.fixture(scope="session")
def _built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, SmallRound]:
    return {}


@pytest.fixture
def round_at(
    _built: dict[str, SmallRound], tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], SmallRound]:
    """Return a function that gives a round of one's own at a stage."""

    def give(stage: str) -> SmallRound:
        if stage not in _built:
            built = build(tmp_path_factory.mktemp("rounds") / stage, stage)
            built.store.close()
            _built[stage] = built
        original = _built[stage]
        folder = tmp_path / stage
        shutil.copytree(original.folder, folder)
        own = copy.copy(original)
        own.world = copy.copy(original.world)
        own.folder = folder
        own.store = workflow.open_store(folder / "round")
        return own

    return give
