"""Errors of the application.

AuditError(Exception)        .code and .fields; words come from `text`
  OperatorError              the person can fix it; shown as is, without a traceback
    RegisterError            a file cannot be taken in; holds a ProblemList
    PermissionRefusedError   this person may not do this, here
    WrongStageError          too early or too late for this act
  IntegrityError             stored things disagree; stop and keep the evidence
"""

from __future__ import annotations

from typing import Any

from .model import ProblemList
from .text import say


class AuditError(Exception):
    """An error with a stable kebab-case code and the fields that its wording names."""

    def __init__(self, code: str, **fields: object) -> None:
        super().__init__(code)
        self.code = code
        self.fields = fields

    def words(self, language: str) -> str:
        """Return the message in a language ("zh" or "en")."""
        return say(f"errors.{self.code}", language, **self.fields)

    def __str__(self) -> str:
        """Return the message in English."""
        return self.words("en")

    def __reduce__(self) -> tuple[Any, ...]:
        """Rebuild from code and fields, so that errors cross processes."""
        return (_rebuild, (type(self), self.code, self.fields))


class OperatorError(AuditError):
    """The person can fix it."""


class RegisterError(OperatorError):
    """A file cannot be taken in; nothing of it was."""

    def __init__(self, code: str, *, problems: ProblemList, **fields: object) -> None:
        super().__init__(code, problem_count=len(problems), **fields)
        self.problems = problems

    def __reduce__(self) -> tuple[Any, ...]:
        """Rebuild with the problems."""
        fields = {k: v for k, v in self.fields.items() if k != "problem_count"}
        return (_rebuild, (type(self), self.code, {**fields, "problems": self.problems}))


class PermissionRefusedError(OperatorError):
    """A person may not do what was asked, here."""


class WrongStageError(OperatorError):
    """Too early or too late for this act."""


class IntegrityError(AuditError):
    """Stored things disagree; nothing was changed."""


def _rebuild(kind: type[AuditError], code: str, fields: dict[str, Any]) -> AuditError:
    return kind(code, **fields)
