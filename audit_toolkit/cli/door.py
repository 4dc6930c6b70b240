"""The outermost door: runs a command, words what it raises, and sets the exit code.

0 done, 1 refused with reasons, 2 wrong use.
"""

from __future__ import annotations

import hashlib
import sys
import traceback

import typer

from sampling.errors import SamplingError

from ..errors import AuditError, RegisterError
from ..text import knows, say
from . import concluding, demo_commands, drawing, field, lists, rounds
from .shared import language, print_problems

DONE, REFUSED, WRONG_USE = 0, 1, 2

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Audit and spot-check toolkit for special evaluations of poverty exit.",
)
for part in (rounds, lists, drawing, field, concluding, demo_commands):
    part.register(app)


def main(arguments: list[str] | None = None) -> None:
    """Run one command and leave with its exit code."""
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    try:
        app(args=words)
    except SystemExit as leaving:  # typer leaves so after every command; 2 is its wrong use
        return leaving.code if isinstance(leaving.code, int) else WRONG_USE
    except RegisterError as error:
        typer.echo(error.words(language()), err=True)
        print_problems(error.problems)
        return REFUSED
    except AuditError as error:
        typer.echo(error.words(language()), err=True)
        return REFUSED
    except SamplingError as error:
        typer.echo(_statistics_words(error), err=True)
        return REFUSED
    except Exception:  # the one outermost handler of this door
        trace = traceback.format_exc()
        number = hashlib.sha256(trace.encode()).hexdigest()[:8]
        typer.echo(say("cli.report-this", language(), number=number), err=True)
        typer.echo(trace, err=True)
        return REFUSED
    return DONE


def _statistics_words(error: SamplingError) -> str:
    key = f"errors.{error.code}"
    return say(key, language(), **error.fields) if knows(key, language()) else str(error)
