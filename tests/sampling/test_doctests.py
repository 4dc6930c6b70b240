"""Examples in docstrings run."""

import doctest
import importlib
import pkgutil

import pytest

import sampling

MODULES = [module.name for module in pkgutil.walk_packages(sampling.__path__, "sampling.")]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    result = doctest.testmod(importlib.import_module(name))
    assert result.failed == 0


def test_every_public_function_has_an_example():
    for name in sampling.__all__:
        thing = getattr(sampling, name)
        if callable(thing) and not isinstance(thing, type):
            assert ">>>" in (thing.__doc__ or ""), f"{name} has no example"


def test_public_names_are_sorted():
    assert sampling.__all__ == sorted(sampling.__all__)
