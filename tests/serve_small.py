"""The real server as a process of its own, on a small round; run by ``served_round``.

``python serve_small.py FOLDER STAGE [OPTIONS]`` builds the round if the folder is new, prints
one JSON line with the address once it answers, and serves until it is stopped.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import nbformat
from argon2 import PasswordHasher

from audit_toolkit import workflow
from audit_toolkit.model import Role
from audit_toolkit.server import serving
from audit_toolkit.server.accounts import FILE_NAME, Accounts
from audit_toolkit.server.pages import Page, app_pages

PASSWORD = "four good words here"
TRIAL = """import ipywidgets as w
button, line = w.Button(description="press"), w.Label("not yet")
button.on_click(lambda _: setattr(line, "value", "pressed"))
w.VBox([button, line])"""
PROBE = """import json, os
import ipywidgets as w
def fail(_):
    raise ValueError("inside-" + str(7777.77 * 2))
button, line, bad = w.Button(description="press"), w.Label("not yet"), w.Button(description="bad")
number, hidden = w.IntText(value=1, description="number"), w.Password(value="hidden-word")
around = w.Label(json.dumps(dict(os.environ)))
button.on_click(lambda _: setattr(line, "value", "pressed"))
bad.on_click(fail)
w.VBox([button, line, bad, number, around])"""
SCRIPT = """import ipywidgets as w
name = "<img src=x onerror='document.title=1234'><script>document.title=1234</script>"
w.HTML("<b>" + name + "</b>")"""
NOTEBOOKS = {"trial": TRIAL, "probe": PROBE, "script": SCRIPT}


def people_of(store: workflow.Store) -> list[str]:
    from rounds import FixedWorld

    world = FixedWorld()
    return [p.person_id for p in workflow.people(world.context("admin"), store)]


def make(folder: Path, stage: str) -> None:
    from rounds import build

    small = build(folder, stage)
    # Cheap hashes: the cost of argon2 is tested where accounts are.
    quick = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    accounts = Accounts(small.store.folder / FILE_NAME, hasher=quick)
    first = {p: accounts.give_first_password(p) for p in people_of(small.store)}
    for person_id, password in first.items():
        if person_id != "obs":
            accounts.change_password(person_id, password, PASSWORD, PASSWORD)
    small.store.close()
    (folder / "first_password_of_obs").write_text(first["obs"], encoding="utf-8")


def write_notebooks(folder: Path, **others: str) -> None:
    """Trivial notebooks, so that the server can be tried without an app."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, source in {**NOTEBOOKS, **others}.items():
        cells = [nbformat.v4.new_code_cell(source, id="cell")]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / f"{name}.ipynb")


def trial_pages(folder: Path, **others: str) -> tuple[Page, ...]:
    """Pages for everybody; ``script`` for evaluators alone."""
    write_notebooks(folder, **others)
    return tuple(
        Page(
            name=name,
            notebook=folder / f"{name}.ipynb",
            roles=frozenset({Role.EVALUATOR} if name == "script" else Role),
            title={"zh": "试页", "en": "Trial"},
        )
        for name in NOTEBOOKS
    )


def main(folder: Path, stage: str, options: dict[str, object]) -> None:
    if not folder.exists():
        make(folder, stage)
    if "header_secret" in options:
        options["header_secret"] = str(options["header_secret"]).encode()
    others = {"trial": str(options.pop("trial_app"))} if "trial_app" in options else {}
    pages = tuple(p for p in app_pages(serving.NOTEBOOKS) if p.notebook.is_file())
    serving.serve(
        folder / "round",
        port=int(str(options.get("port", 0))),
        pages=(*pages, *trial_pages(folder / "trial", **others)),
        on_ready=lambda address: print(json.dumps({"address": address}), flush=True),
        **{k: v for k, v in options.items() if k != "port"},  # type: ignore[arg-type]
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3]) if len(sys.argv) > 3 else {})
