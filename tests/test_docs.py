"""Every error code, setting and word of the command line is documented, in pages made from code."""

from __future__ import annotations

import ast
import dataclasses
import importlib.util
import re
import shlex
from pathlib import Path
from types import ModuleType

import pytest

from audit_toolkit import text
from audit_toolkit.settings import FILE_NAME, Settings

ROOT = Path(__file__).resolve().parents[1]
GUIDE = ROOT / "docs" / "guide"
PAGES = sorted([*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")])
AGAIN = "run: python docs/make_reference.py"


def _reference() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_reference", ROOT / "docs/make_reference.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


REFERENCE = _reference()
COMMANDS = dict(REFERENCE.leaves())


@pytest.mark.parametrize("name", REFERENCE.PAGES)
def test_the_committed_page_is_what_its_script_gives(name: str):
    assert (GUIDE / name).read_text(encoding="utf-8") == REFERENCE.PAGES[name](), AGAIN


def test_every_command_has_an_example_and_no_example_is_left_over():
    assert set(REFERENCE.EXAMPLES) == set(COMMANDS)
    assert set(REFERENCE.NOTES) <= set(COMMANDS)


@pytest.mark.parametrize("words", COMMANDS)
def test_an_example_uses_options_that_the_command_has_and_all_it_needs(words: str):
    node = COMMANDS[words]
    typed = {w for w in shlex.split(REFERENCE.EXAMPLES[words]) if w.startswith("--")}
    options = [p for p in node.params if p.opts[0].startswith("--")]
    assert typed <= {p.opts[0] for p in options}
    assert {p.opts[0] for p in options if p.required} <= typed


def test_every_word_and_option_of_the_command_line_is_documented():
    page = (GUIDE / "commands.md").read_text(encoding="utf-8")
    for words, node in COMMANDS.items():
        section = re.search(rf"^## {words}$(.*?)(^## |\Z)", page, re.M | re.S)
        assert section, words
        for parameter in node.params:
            if parameter.name not in REFERENCE.SHARED and parameter.opts[0].startswith("--"):
                assert f"`{parameter.opts[0]}`" in section[1], f"{words} {parameter.opts[0]}"


def test_every_setting_is_documented_and_no_other_is_named():
    page = (GUIDE / "commands.md").read_text(encoding="utf-8")
    names = {field.name for field in dataclasses.fields(Settings)}
    assert set(REFERENCE.SETTINGS) == names
    for name in names:
        assert f"| `{name}` | `AUDIT_TOOLKIT_{name.upper()}` |" in page
    assert FILE_NAME in page
    known = {name.upper() for name in names} | {"SETTINGS"}
    for path in PAGES:
        said = set(re.findall(r"AUDIT_TOOLKIT_([A-Z_]+)", path.read_text(encoding="utf-8")))
        assert said <= known, path.name


@pytest.mark.parametrize("area", ["errors", "problems"])
def test_every_code_is_documented_with_its_message_in_both_languages(area: str):
    page = (GUIDE / "errors.md").read_text(encoding="utf-8")
    for code in text.keys(area, "en"):
        assert f"| `{code}` |" in page, code
    assert not any(line.endswith("|  |") for line in page.splitlines())


def test_every_code_of_the_statistics_is_documented():
    page = (GUIDE / "errors.md").read_text(encoding="utf-8")
    raised = set()
    for path in (ROOT / "sampling").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                raised |= {
                    word.value.value
                    for word in node.keywords
                    if word.arg == "code" and isinstance(word.value, ast.Constant)
                }
    assert len(raised) > 20
    assert all(f"| `{code}` |" in page for code in raised)


def test_commands_named_in_the_pages_and_messages_exist():
    """A word after ``audit-toolkit`` in any page, or in any message, is a command."""
    known = {words.split()[0] for words in COMMANDS}
    groups = {words.split()[0] for words in COMMANDS if " " in words}
    whole = [path.read_text(encoding="utf-8") for path in PAGES]
    whole += [v for area in text.areas() for lang in text.LANGUAGES for v in _values(area, lang)]
    for words in whole:
        for first, second in re.findall(r"audit-toolkit ([a-z-]+)(?: ([a-z-]+))?", words):
            if first in known and first in groups and second:
                assert f"{first} {second}" in COMMANDS, f"{first} {second}"
            elif words.count(f"`audit-toolkit {first}") or words.count(f"$ audit-toolkit {first}"):
                assert first in known, first


def _values(area: str, language: str) -> list[str]:
    return list(text.keys(area, language).values())


def test_links_between_pages_lead_somewhere():
    for path in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.name}: {target}"
