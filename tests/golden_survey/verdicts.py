"""What became of a golden case: passed, failed, differs on purpose, peer failure, not offered."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

STATUSES = ("failed", "differs on purpose", "peer failure", "not offered", "passed")


@dataclass
class Case:
    """One case under test: collects comparisons, the worst of which is its verdict."""

    doc: dict[str, Any]
    notes: list[tuple[str, str]] = field(default_factory=list)
    se_reason: str = ""

    @property
    def outputs(self) -> dict[str, Any]:
        return self.doc["outputs"]

    @property
    def call(self) -> str:
        return self.doc.get("call_r", "")

    def equal(
        self,
        name: str,
        ours: Any,
        theirs: Any,
        *,
        rel: float | None = None,
        reason: str = "",
        atol: float = 0.0,
        near: float = math.inf,
    ) -> None:
        """Compare two numbers or lists; a difference with a ``reason`` is one on purpose.

        One on purpose stays within ``near`` of theirs, relative.
        """
        if name in ("se", "vcov", "t limits", "deff"):
            reason = reason or self.se_reason
        tolerance = self.doc.get("tolerance") or {}
        if rel is None:
            rel = tolerance.get("rel", 0.0 if "abs" in tolerance else 1e-9)
        atol = max(atol, tolerance.get("abs", 0.0))
        one = np.atleast_1d(np.asarray(ours, dtype=float)).ravel()
        two = np.atleast_1d(np.asarray([_number(x) for x in _flat(theirs)], dtype=float))
        if one.shape != two.shape:
            self.notes.append(("failed", f"{name}: {one.shape} values for {two.shape}"))
            return
        for a, b in zip(one, two, strict=True):
            if math.isnan(b) and math.isfinite(a):
                self.notes.append(("peer failure", f"{name}: ours {a:.10g}, R {b}"))
            elif not math.isclose(a, b, rel_tol=rel, abs_tol=atol):
                meant = reason and abs(a - b) <= near * abs(b)
                status = "differs on purpose" if meant else "failed"
                self.notes.append((status, f"{name}: ours {a:.10g}, R {b:.10g}. {reason}".strip()))

    def peer_failed(self, text: str) -> None:
        """R stopped or gave a false interval where ours is finite."""
        self.notes.append(("peer failure", text))

    def not_offered(self, text: str) -> None:
        self.notes.append(("not offered", text))

    def failed(self, text: str) -> None:
        self.notes.append(("failed", text))

    def every_output(
        self, compared: Iterable[str], left: Mapping[str, str], *, of: Any = None
    ) -> None:
        """Fail unless each output is compared, or left with a reason."""
        names = set(self.outputs if of is None else of)
        missed = names - set(compared) - set(left)
        if missed:
            self.failed(f"outputs neither compared nor left with a reason: {sorted(missed)}")

    @property
    def status(self) -> str:
        found = {status for status, _ in self.notes}
        return next((status for status in STATUSES if status in found), "passed")

    @property
    def text(self) -> str:
        return "; ".join(text for status, text in self.notes if status == self.status)


def _flat(value: Any) -> Iterable[Any]:
    if isinstance(value, list | tuple | np.ndarray):
        for part in value:
            yield from _flat(part)
    else:
        yield value


def _number(value: Any) -> float:
    if value is None or value == "NA":
        return math.nan
    return float(value)


@dataclass
class Report:
    """Verdicts of one section."""

    section: str
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    lines: list[tuple[str, str, str]] = field(default_factory=list)

    def add(self, doc: dict[str, Any], status: str, text: str) -> None:
        self.counts.setdefault(doc["method"], Counter())[status] += 1
        if status != "passed":
            self.lines.append((doc["id"], status, text))

    @property
    def total(self) -> Counter[str]:
        return sum(self.counts.values(), Counter())

    def failed(self) -> list[str]:
        return [f"{name}: {text}" for name, status, text in self.lines if status == "failed"]

    def __str__(self) -> str:
        lines = [f"{self.section}: {dict(self.total)}"]
        for method, counts in sorted(self.counts.items()):
            lines.append(f"  {method}: {dict(counts)}")
        lines += [f"    {name} [{status}] {text}" for name, status, text in self.lines]
        return "\n".join(lines)


def run_section(
    section: str,
    docs: Iterable[dict[str, Any]],
    methods: dict[str, Callable[[Case], None]],
    not_offered: dict[str, str],
) -> Report:
    """Every case of a section through the functions of its method."""
    report = Report(section)
    for doc in docs:
        method = doc["method"]
        refused = not_offered.get(method) or not_offered.get(doc["id"])
        if refused:
            report.add(doc, "not offered", refused)
            continue
        case = Case(doc)
        if method not in methods:
            case.failed("no function for this method")
        else:
            methods[method](case)
        report.add(doc, case.status, case.text)
    return report
