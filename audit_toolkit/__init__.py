"""Audit and spot-check toolkit for special evaluations of poverty exit."""

from __future__ import annotations

from importlib.metadata import version as _version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .evaluation import Evaluation

__version__ = _version("audit-toolkit")
__all__ = ["Evaluation", "__version__"]


def __getattr__(name: str) -> Any:
    """Give `Evaluation` when it is asked for; importing a part of the package costs no more."""
    if name == "Evaluation":
        from .evaluation import Evaluation

        return Evaluation
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
