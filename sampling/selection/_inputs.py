"""What selection methods are given: inclusion probabilities and random numbers, checked."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .._checks import FloatArray, check_count
from ..errors import ArgumentError, FrameTooSmallError

Positions = npt.NDArray[np.int64]

# Room for the dust of a sum of many fractions; what is further from a whole number is refused.
_WHOLE = 1e-6


def check_numbers(name: str, values: npt.ArrayLike) -> FloatArray:
    """One finite number per unit, at least one unit."""
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        array = np.full(1, np.nan)
    if array.ndim != 1 or not array.size or not np.isfinite(array).all():
        raise ArgumentError(
            f"{name} must be finite numbers, one per unit and at least one; got "
            f"{_shown(values)}. Give a flat list of numbers.",
            code="numbers-not-flat",
            name=name,
        )
    return array


def _shown(values: Any) -> str:
    text = repr(values)
    return text if len(text) <= 60 else f"{text[:57]}..."


def check_probs(probs: npt.ArrayLike) -> FloatArray:
    """Inclusion probabilities, one per unit, each from 0 to 1."""
    array = check_numbers("probs", probs)
    bad = np.flatnonzero((array < 0) | (array > 1))
    if bad.size:
        raise ArgumentError(
            f"probs must lie between 0 and 1; got {float(array[bad[0]])!r} at position {bad[0]} "
            f"({bad.size} such units). Make them with inclusion_probs(size_measure, n).",
            code="probs-outside",
            position=int(bad[0]),
            got=float(array[bad[0]]),
        )
    return array


def whole_size(probs: FloatArray) -> int:
    """Give the fixed sample size that ``probs`` add up to."""
    total = float(probs.sum())
    if abs(total - round(total)) > _WHOLE:
        raise ArgumentError(
            f"probs must add up to a whole number, the fixed sample size; got {total!r}. Make them "
            "with inclusion_probs(size_measure, n), or use select_poisson.",
            code="probs-sum",
            got=total,
        )
    return round(total)


def check_size(population_size: int, n: int) -> tuple[int, int]:
    """Units in the frame and units to draw."""
    units = check_count("population_size", population_size, least=1)
    size = check_count("n", n)
    if size > units:
        raise FrameTooSmallError(
            f"the frame must hold the n={size} units asked for; got population_size={units}. "
            "Take fewer, or take them all.",
            n=size,
            population_size=units,
        )
    return units, size


def check_source(rng: np.random.Generator | None, other: object, name: str) -> None:
    """Exactly one source of chance: a generator, or the published numbers called ``name``."""
    if (rng is None) == (other is None):
        got = "neither" if rng is None else "both"
        raise ArgumentError(
            f"exactly one of rng and {name} must be given; got {got}. Give "
            f"rng=numpy.random.default_rng(...), or {name} to redo a published example.",
            code="chance-source",
        )
    if rng is not None and not isinstance(rng, np.random.Generator):
        raise ArgumentError(
            f"rng must be a numpy.random.Generator; got {type(rng).__name__}. "
            "Make one with numpy.random.default_rng(seed).",
            code="rng-not-generator",
            got=type(rng).__name__,
        )


def take_uniforms(
    rng: np.random.Generator | None, uniforms: npt.ArrayLike | None, count: int
) -> FloatArray:
    """``count`` numbers in [0, 1): fresh ones of ``rng`` or the published ones."""
    check_source(rng, uniforms, "uniforms")
    if rng is not None:
        return rng.random(count)
    given = check_uniforms(uniforms)
    if given.size != count:
        raise ArgumentError(
            f"uniforms must be {count} numbers; got {given.size}. Give one for each use that the "
            "method names.",
            code="uniforms-count",
            wanted=count,
            got=given.size,
        )
    return given


def check_uniforms(uniforms: npt.ArrayLike | None) -> FloatArray:
    """Check published random numbers, each from 0 to below 1."""
    given = np.asarray([] if uniforms is None else uniforms, dtype=np.float64).reshape(-1)
    if not ((given >= 0) & (given < 1)).all():
        raise ArgumentError(
            "uniforms must lie from 0 to below 1; got numbers outside. Divide them by their range.",
            code="uniforms-outside",
        )
    return given
