"""Every public function has a property test, an example, and the sections of its docstring."""

from __future__ import annotations

import ast
import inspect
import re
from functools import cache
from pathlib import Path

import pytest

import sampling

FUNCTIONS = [name for name in sampling.__all__ if inspect.isfunction(getattr(sampling, name))]
SECTIONS = ("Parameters", "Returns", "Raises", "Examples")
WITHOUT_SOURCE = {
    "combine_seed": "a text of stated parts",
    "commit_share": "a digest of a stated text",
    "read_result": "reads back what was stored",
    "ticket": "a digest of a stated text",
}
"""Functions whose result follows from their own definition, with no formula of somebody's."""
WITHOUT_ERRORS: dict[str, str] = {}
"""Functions that take whatever they are given."""


def _names(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def _is_property(node: ast.AST) -> bool:
    if not isinstance(node, ast.FunctionDef) or not node.name.startswith("test_"):
        return False
    return any("given" in _names(decorator) for decorator in node.decorator_list)


@cache
def _by_property() -> dict[str, set[str]]:
    """Names that property tests reach within their own file, with the tests that reach them."""
    reached: dict[str, set[str]] = {}
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        parts = {node.name: _names(node) for node in tree.body if hasattr(node, "name")}
        for node in tree.body:
            if isinstance(node, ast.Assign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                parts |= {name: _names(node) for target in targets for name in _names(target)}
        for node in filter(_is_property, tree.body):
            todo, seen = {node.name}, set()
            while todo:
                name = todo.pop()
                seen.add(name)
                todo |= parts.get(name, set()) - seen
            for name in seen:
                reached.setdefault(name, set()).add(f"{path.name}::{node.name}")
    return reached


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_public_function_has_a_property_test(name):
    assert _by_property().get(name), (
        f"sampling.{name} is public, and no test with @given in tests/sampling calls it. "
        "Add one to the test file of its module: an invariance (scale, order of rows, mirror), "
        "a sum that must hold, or an agreement with another function."
    )


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_public_function_says_what_it_takes_gives_and_refuses(name):
    text = inspect.getdoc(getattr(sampling, name)) or ""
    wanted = [part for part in SECTIONS if not (part == "Raises" and name in WITHOUT_ERRORS)]
    absent = [part for part in wanted if f"\n{part}\n{'-' * len(part)}" not in text]
    assert not absent, f"the docstring of sampling.{name} lacks {absent}"
    assert ">>>" in text, f"the docstring of sampling.{name} has no example"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_public_function_names_every_parameter(name):
    function = getattr(sampling, name)
    text = inspect.getdoc(function) or ""
    block = text.split("Parameters\n----------\n")[1].split("\n\nReturns\n")[0]
    heads = [line for line in block.splitlines() if line and not line.startswith(" ")]
    named = {part.strip() for head in heads for part in head.split(" : ")[0].split(",")}
    assert set(inspect.signature(function).parameters) <= named


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_public_function_names_its_source_with_its_year(name):
    text = inspect.getdoc(getattr(sampling, name)) or ""
    if name in WITHOUT_SOURCE:
        assert "\nReferences\n" not in text, f"{name} has a source now: drop it from the list"
        return
    others = re.findall(r"(?:See|As for) ``(\w+)``", text)
    if any("\nReferences\n" in (inspect.getdoc(getattr(sampling, o, None)) or "") for o in others):
        return
    assert "\nReferences\n----------" in text, (
        f"the docstring of sampling.{name} lacks References: name the source of its formula, "
        "or give in WITHOUT_SOURCE the reason why it has none"
    )
    source = text.split("\nReferences\n----------")[1].split("\nExamples\n")[0]
    assert re.search(r"\b(1[789]|20)\d\d\b", source), f"the source of sampling.{name} has no year"
