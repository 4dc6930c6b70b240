"""How the steps of a size are shown."""

from __future__ import annotations

from typing import Protocol


class Stepped(Protocol):
    """A size that keeps its steps."""

    @property
    def n(self) -> int:
        """Units to draw."""

    @property
    def simple(self) -> float:
        """Of a simple random sample."""

    @property
    def after_deff(self) -> float:
        """Times the design effect."""

    @property
    def after_fpc(self) -> float:
        """With the finite-population correction."""


def step_rows(size: Stepped) -> tuple[tuple[str, str], ...]:
    """Rows of a table of steps."""
    return (
        ("simple random, no fpc", f"{size.simple:.1f}"),
        ("times design effect", f"{size.after_deff:.1f}"),
        ("finite population", f"{size.after_fpc:.1f}"),
        ("after nonresponse", str(size.n)),
    )
