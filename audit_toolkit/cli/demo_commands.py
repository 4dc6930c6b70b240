"""Commands: demo, lab."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from ..demo.story import run_story
from ..errors import OperatorError
from .demo_screens import MARK, is_served, serve_demo
from .shared import JsonOption, emit, language, words


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command("demo")(demo)
    app.command("lab")(lab)


def demo(
    out: Annotated[
        Path, typer.Option(help="New folder for the demo's store, lists and reports.")
    ] = Path("demo-output"),
    seed: Annotated[str, typer.Option(help="Text that decides the fictitious world.")] = "demo",
    wrong_villages: Annotated[
        int, typer.Option(help="Villages of the third county that are wrong as a whole.")
    ] = 0,
    fresh: Annotated[bool, typer.Option(help="Remove an earlier demo's folder first.")] = False,
    serve: Annotated[
        bool, typer.Option(help="Serve its screens afterwards, until stopped with Ctrl+C.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Watch special evaluations happen on fictitious counties, from register to report."""
    if serve and as_json:
        raise typer.BadParameter(words("serve-or-json"))
    if out.exists():
        if not fresh:
            raise OperatorError("demo-exists", path=out)
        if not (out / MARK).exists():
            raise OperatorError("demo-foreign", path=out)
        if is_served(out):
            raise OperatorError("demo-served", path=out)
        shutil.rmtree(out)
    summary = run_story(
        out,
        seed=seed,
        language=language(),
        wrong_villages=wrong_villages,
        quiet=as_json,
    )
    emit(as_json, summary, "")
    if serve:
        serve_demo(out, seed=seed)


def lab(
    notebook: Annotated[Path, typer.Argument(help="Notebook or folder to open.")] = Path(
        "notebooks"
    ),
) -> None:
    """Open JupyterLab on the tutorials."""
    print(words("lab"))
    raise typer.Exit(subprocess.call([sys.executable, "-m", "jupyterlab", str(notebook)]))
