"""The tutorials run from top to bottom on the demo's round."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import nbformat
import pytest
from demo_run import ROOT, DemoRun, demo_run
from nbclient import NotebookClient

TUTORIALS = sorted((ROOT / "notebooks" / "tutorials").glob("*.ipynb"))


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> DemoRun:
    return demo_run(tmp_path_factory)


@pytest.fixture
def laid_out(demo: DemoRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder laid out like the project, with the demo's output where the notebooks look."""
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    shutil.copytree(demo.folder, tmp_path / "demo-output")
    home = tmp_path / "home"
    home.mkdir()
    for name in ("HOME", "IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR"):
        monkeypatch.setenv(name, str(home))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    return tmp_path


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda p: p.name)
def test_a_tutorial_runs_from_top_to_bottom(path: Path, laid_out: Path):
    folder = laid_out / path.parent.relative_to(ROOT)
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook,
        timeout=120,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
    ).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert outputs
    streams = [output.name for output in outputs if output.output_type == "stream"]
    assert "stderr" not in streams
    shown = [output.data for output in outputs if "data" in output]
    assert sum("image/svg+xml" in data for data in shown) >= 2
    assert sum("text/html" in data for data in shown) >= 3
