"""The outermost door: runs a command, words what it raises, and sets the exit code.

0 done, 1 refused with reasons, 2 wrong use; `verify-draw` adds 3, a share is missing.
"""

from __future__ import annotations

import hashlib
import sys
import traceback

import typer

from sampling.errors import SamplingError

from ..errors import AuditError, RegisterError
from ..model import ProblemList
from ..text import knows, say
from . import concluding, demo_commands, drawing, field, lists, rounds, serving
from .shared import emit, language_of_refusals, print_problems, problem_values

NONE = ProblemList(problems=())
DONE, REFUSED, WRONG_USE = 0, 1, 2

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Audit and spot-check toolkit for special evaluations of poverty exit.",
)
for part in (rounds, lists, drawing, field, concluding, demo_commands, serving):
    part.register(app)


def main(arguments: list[str] | None = None) -> None:
    """Run one command and leave with its exit code."""
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    try:
        app(args=given, prog_name="audit-toolkit")
    except SystemExit as leaving:  # typer leaves so after every command; 2 is its wrong use
        return leaving.code if isinstance(leaving.code, int) else WRONG_USE
    except RegisterError as error:
        message = error.words(language_of_refusals())
        return _refuse(given, error.code, message, error.problems)
    except AuditError as error:
        return _refuse(given, error.code, error.words(language_of_refusals()))
    except SamplingError as error:
        return _refuse(given, error.code, _statistics_words(error))
    except Exception:  # the one outermost handler of this door
        trace = traceback.format_exc()
        number = hashlib.sha256(trace.encode()).hexdigest()[:8]
        typer.echo(trace, err=True)
        message = say("cli.report-this", language_of_refusals(), number=number)
        return _refuse(given, "report-this", message)
    return DONE


def _refuse(given: list[str], code: str, message: str, problems: ProblemList = NONE) -> int:
    """Say why nothing was done: in words, and as the one document where JSON was asked for."""
    typer.echo(message, err=True)
    if "--json" in given:
        listed = problem_values(problems.problems)
        emit(True, {"error": code, "message": message, "problems": listed}, "")
    else:
        print_problems(problems)
    return REFUSED


def _statistics_words(error: SamplingError) -> str:
    key, spoken = f"errors.{error.code}", language_of_refusals()
    return say(key, spoken, **error.fields) if knows(key, spoken) else str(error)
