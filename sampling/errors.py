"""Errors and warnings of the statistics.

SamplingError(ValueError)      a request that the statistics cannot answer
  ArgumentError                a value outside its domain
  FrameTooSmallError           more units wanted than exist
  EmptyStratumError            a stratum without units
  LonelyUnitError              a stratum with one sampled unit where a variance is asked for
  NotConvergedError            an iteration that did not settle
SamplingWarning(UserWarning)   the answer stands, with a caution
  ApproximationWarning, SmallSampleWarning, CappedAllocationWarning
"""

from __future__ import annotations

from typing import Any


class SamplingError(ValueError):
    """A request that the statistics cannot answer.

    Parameters
    ----------
    message : str
        What must hold; what was got; where; what to do.
    code : str
        Stable kebab-case code; callers word messages of their own by it.
    **fields : object
        The values that the message names.
    """

    default_code = "sampling-error"

    def __init__(self, message: str, *, code: str | None = None, **fields: object) -> None:
        super().__init__(message)
        self.code = code or self.default_code
        self.fields = fields

    def __reduce__(self) -> tuple[Any, ...]:
        """Rebuild from message, code and fields, so that errors cross processes."""
        return (_rebuild, (type(self), self.args[0], self.code, self.fields))


def _rebuild(
    kind: type[SamplingError], message: str, code: str, fields: dict[str, object]
) -> SamplingError:
    return kind(message, code=code, **fields)


class ArgumentError(SamplingError):
    """A value outside its domain."""

    default_code = "argument"


class FrameTooSmallError(SamplingError):
    """More units wanted than exist."""

    default_code = "frame-too-small"


class EmptyStratumError(SamplingError):
    """A stratum without units."""

    default_code = "empty-stratum"


class LonelyUnitError(SamplingError):
    """A stratum with one sampled unit where a variance is asked for."""

    default_code = "lonely-unit"


class NotConvergedError(SamplingError):
    """An iteration that did not settle."""

    default_code = "not-converged"


class SamplingWarning(UserWarning):
    """The answer stands, with a caution."""


class ApproximationWarning(SamplingWarning):
    """An approximation acts where its conditions are weak."""


class SmallSampleWarning(SamplingWarning):
    """Too few units for the method's usual promise."""


class CappedAllocationWarning(SamplingWarning):
    """An allocation met a cap; the remainder went elsewhere."""
