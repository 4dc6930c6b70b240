"""Problems of a file, collected before anything is refused."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One problem of a file: a code that `text` words, where it is, what was got.

    ``row`` is the file's own row number (the header is row 1), None where the whole file is meant;
    ``column`` is the header as the file has it. ``fields`` feed the wording.
    """

    code: str
    list_name: str
    row: int | None
    column: str | None
    got: str
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemList:
    """All problems of a file, in the order of its rows."""

    problems: tuple[Problem, ...]

    def __bool__(self) -> bool:
        """Tell whether there is any."""
        return bool(self.problems)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.problems)

    def count_by_code(self) -> tuple[tuple[str, int], ...]:
        """Return how often each code occurs, by code."""
        counts: dict[str, int] = {}
        for problem in self.problems:
            counts[problem.code] = counts.get(problem.code, 0) + 1
        return tuple(sorted(counts.items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class RawTable:
    """A file's cells as text, before anything is understood.

    ``rows`` holds the file's own row number (the header is row 1) and one text a header.
    ``problems`` are those of reading itself (a formula in a cell, a row too long); ``sha256`` is
    that of the file's bytes.
    """

    name: str
    headers: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    problems: tuple[Problem, ...] = ()
    sha256: str = ""
