"""Audit and spot-check toolkit for special evaluations of poverty exit."""

from __future__ import annotations

from importlib.metadata import version as _version

__version__ = _version("audit-toolkit")
