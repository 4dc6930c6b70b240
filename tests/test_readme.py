"""What the README shows works as it stands there: its Python, its commands, its pictures."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from audit_toolkit.cli.door import run

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
LASTING = ("demo", "lab", "serve")
"""Commands that run for a minute or until they are stopped; tests of their own run them."""


def blocks(kind: str) -> list[str]:
    text = README.read_text(encoding="utf-8")
    return re.findall(rf"^```{kind}\n(.*?)^```$", text, re.M | re.S)


def typed(block: str) -> list[tuple[list[str], list[str]]]:
    """Commands of a console block, each with the lines that it is shown to print."""
    found: list[tuple[list[str], list[str]]] = []
    for line in block.replace("\\\n", " ").splitlines():
        if line.startswith("$ "):
            found.append((shlex.split(line[2:], comments=True), []))
        elif line.strip() and found:
            found[-1][1].append(line)
    return found


@pytest.fixture
def beside_the_sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder that holds of the project what the README's commands name."""
    shutil.copytree(ROOT / "docs" / "sample", tmp_path / "docs" / "sample")
    monkeypatch.chdir(tmp_path)
    for name in ("STORE", "FOLDER", "PERSON", "LANGUAGE", "SETTINGS"):
        monkeypatch.delenv(f"AUDIT_TOOLKIT_{name}", raising=False)
    return tmp_path


def test_there_is_something_to_run():
    assert blocks("python")
    assert any(words[0] == "audit-toolkit" for b in blocks("console") for words, _ in typed(b))


def test_python_runs_in_the_order_of_the_page(beside_the_sample, capsys):
    names: dict[str, object] = {}
    for number, block in enumerate(blocks("python"), start=1):
        exec(compile(block, f"README.md, python block {number}", "exec"), names)
    assert capsys.readouterr().err == ""


def test_the_worked_spot_check_has_fifteen_lines():
    assert len(blocks("python")[0].splitlines()) == 15


def test_commands_run_in_the_order_of_the_page_and_print_what_is_shown(beside_the_sample, capsys):
    for block in blocks("console"):
        for words, shown in typed(block):
            if words[0] != "audit-toolkit" or words[1] in LASTING:
                assert words[0] in ("audit-toolkit", "make", "cd", "git", "python", "pip"), words
                continue
            code = run(words[1:])
            printed = capsys.readouterr()
            assert code == 0, (words, printed.err)
            for line in shown:
                assert line in printed.out or line.strip(" .…") == "", (words, line)


def test_targets_of_make_are_there():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for block in blocks("console"):
        for words, _ in typed(block):
            if words[0] == "make":
                assert re.search(rf"^{words[1]}:", makefile, re.M), words


def test_pictures_and_pages_it_points_to_are_there():
    text = README.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (ROOT / target).exists(), target
