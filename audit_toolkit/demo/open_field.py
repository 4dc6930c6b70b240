"""A second round beside a finished demo: one county in the field, its visits not made yet."""

from __future__ import annotations

import shutil
from pathlib import Path

from ..model import Role
from .story import Story

FOLDER = "in-the-field"


def open_field_round(out: Path, *, seed: str, language: str) -> tuple[Path, str]:
    """Make the round; one that an earlier call left there is removed.

    Parameters
    ----------
    out : Path
        Folder of a finished demo; the lists of its first county serve again.

    Returns
    -------
    tuple of Path and str
        The round's store, and an inspector whose list is open.
    """
    folder = out / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    story = Story(folder, seed, language, lambda _: None, world=out / "world", counties=1)
    story.open_round()
    story.take_in_lists()
    story.plan()
    story.draw()
    story.send_out()
    story.store.close()
    return folder / "round", story.first(Role.INSPECTOR).person_id
