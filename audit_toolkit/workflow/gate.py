"""The one small interface between screens and `workflow`: named calls, plain JSON in and out.

``CALLS`` is all that a screen can ask for. `perform` decodes what was sent strictly by the types
that the function declares, calls it for the context's person, and encodes what it returned or why
it refused. The same calls go through `DirectGate` (notebooks, tests) and through the server's
socket, so that nothing passes one that would not pass the other.
"""

from __future__ import annotations

import base64
import binascii
import inspect
import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, Union, get_args, get_origin, get_type_hints

from .. import errors
from ..errors import AuditError, OperatorError, RegisterError
from ..model import ProblemList, Round
from ..store import Store, from_json_value, to_json_value
from ..text import LANGUAGES
from .concluding import results, sentence, write_county_report
from .context import Context
from .drafts import load_draft, my_photos, put_photo_piece, save_draft, withdraw_photo
from .field import arrive, my_villages, my_visits, record_visit, replace
from .forms import ask_back, my_progress, visit_form, visit_state
from .overview import (
    county_plan,
    provenance,
    report_file,
    report_files,
    round_overview,
    waiting,
    who_am_i,
)
from .pages import county_page, round_page, village_counts_found
from .rounds import show_round as _show_round
from .views import figure

LONGEST_TEXT = 2_000
LONGEST_BYTES = 400_000
MOST_ITEMS = 500
LARGEST_NUMBER = 2**31 - 1
_CHOICES: Mapping[str, tuple[str, ...]] = {"language": LANGUAGES}
_KINDS: Mapping[str, type[AuditError]] = {
    name: kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, AuditError)
}
_KEPT_BACK = ("where", "reason", "folder", "driver")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A function of `workflow` that screens may call, with the types of its arguments."""

    function: Callable[..., Any]
    arguments: Mapping[str, Any]
    needed: frozenset[str]
    result: Any


def show_round(context: Context, store: Store) -> Round:
    """Return the round to one of its people."""
    who_am_i(context, store)
    return _show_round(store)


def _call(function: Callable[..., Any]) -> Call:
    parameters = list(inspect.signature(function).parameters.values())[2:]
    hints = get_type_hints(function)
    return Call(
        function=function,
        arguments={p.name: hints[p.name] for p in parameters},
        needed=frozenset(p.name for p in parameters if p.default is inspect.Parameter.empty),
        result=hints["return"],
    )


CALLS: Mapping[str, Call] = {
    function.__name__: _call(function)
    for function in (
        show_round,
        who_am_i,
        waiting,
        my_villages,
        arrive,
        my_visits,
        my_progress,
        visit_form,
        visit_state,
        record_visit,
        replace,
        ask_back,
        save_draft,
        load_draft,
        put_photo_piece,
        my_photos,
        withdraw_photo,
        round_overview,
        results,
        sentence,
        figure,
        county_plan,
        provenance,
        report_files,
        report_file,
        round_page,
        county_page,
        write_county_report,
        village_counts_found,
    )
}
"""Everything that a screen can ask for, by name."""


class Gate(Protocol):
    """One person's way to `workflow`."""

    def call(self, name: str, /, **arguments: object) -> Any:
        """Return what the function of that name returns, or raise why it refuses."""


class DirectGate:
    """The calls carried out in this process, for notebooks and tests.

    Parameters
    ----------
    context : Context
        Who acts.
    store : Store
        An open store.
    """

    def __init__(self, context: Context, store: Store) -> None:
        self._context = context
        self._store = store

    def call(self, name: str, /, **arguments: object) -> Any:
        """Return what the function of that name returns, or raise why it refuses."""
        document = perform(self._context, self._store, name, to_json_value(arguments))
        return read_answer(name, document)


def perform(context: Context, store: Store, name: object, arguments: object) -> dict[str, Any]:
    """Carry out a call for the context's person; return ``{"result": ...}`` or the refusal.

    A refusal is ``{"error": code, "kind": class, "fields": {...}, "problems": [...]}``. Only
    errors of the application become one; a fault of the program is raised.
    """
    try:
        call = CALLS.get(name) if isinstance(name, str) else None
        if call is None:
            raise _refusal(name, "unknown call")
        values = _arguments(name, call, arguments)
        return {"result": to_json_value(call.function(context, store, **values))}
    except AuditError as error:
        return _encoded(error)


def read_answer(name: str, document: Mapping[str, Any]) -> Any:
    """Return the typed value of an answer that `perform` made, or raise its refusal."""
    if "error" in document:
        raise _decoded(document)
    kind = CALLS[name].result
    return None if kind is type(None) else from_json_value(document["result"], kind)


def _refusal(name: object, reason: str) -> OperatorError:
    return OperatorError("call-refused", call=str(name)[:40], reason=reason)


def _arguments(name: object, call: Call, arguments: object) -> dict[str, Any]:
    if not isinstance(arguments, dict):
        raise _refusal(name, "arguments must be named")
    unknown, missing = arguments.keys() - call.arguments.keys(), call.needed - arguments.keys()
    if unknown or missing:
        raise _refusal(name, "arguments unknown or missing")
    values = {}
    for argument, document in arguments.items():
        hint = call.arguments[argument]
        if not _fits(document, hint) or document not in _CHOICES.get(argument, (document,)):
            raise _refusal(name, f"{argument} has the wrong type or size")
        values[argument] = from_json_value(document, hint)
    return values


def _fits(document: object, hint: Any) -> bool:
    """Tell whether a document is exactly what a type is written as, and of bearable size."""
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        return any(_fits(document, part) for part in get_args(hint))
    if origin is tuple:
        item = get_args(hint)[0]
        listed = isinstance(document, list) and len(document) <= MOST_ITEMS
        return listed and all(_fits(part, item) for part in document)
    if is_dataclass(hint):
        return _fits_fields(document, hint)
    if hint is type(None):
        return document is None
    return _fits_plain(document, hint)


def _fits_fields(document: object, hint: Any) -> bool:
    if not isinstance(document, dict):
        return False
    hints = get_type_hints(hint)
    needed = {f.name for f in fields(hint) if f.default is MISSING}
    if not needed <= document.keys() <= hints.keys():
        return False
    return all(_fits(value, hints[name]) for name, value in document.items())


def _fits_plain(document: object, hint: type) -> bool:
    if hint is bool:
        return isinstance(document, bool)
    if hint is int:
        number = isinstance(document, int) and not isinstance(document, bool)
        return number and abs(document) <= LARGEST_NUMBER
    if not isinstance(document, str):
        return False
    if hint is bytes:
        return _is_base64(document)
    if len(document) > LONGEST_TEXT or not _is_plain(document):
        return False
    if hint is datetime:
        return _is_moment(document)
    if issubclass(hint, StrEnum):
        return document in {choice.value for choice in hint}
    return hint is str


def _is_plain(text: str) -> bool:
    """Tell whether every database and every file can hold the text."""
    return not any(c == "\0" or "\ud800" <= c <= "\udfff" for c in text)


def _is_moment(text: str) -> bool:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return False
    return moment.tzinfo is not None and 2000 <= moment.year < 2200


def _is_base64(text: str) -> bool:
    if len(text) > LONGEST_BYTES:
        return False
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _encoded(error: AuditError) -> dict[str, Any]:
    shown = {
        field: _plain(value) for field, value in error.fields.items() if field != "problem_count"
    }
    if error.code.startswith("store-"):
        # Where the store lies is no business of a visitor's browser.
        shown |= {field: "-" for field in _KEPT_BACK if field in shown}
    problems = error.problems if isinstance(error, RegisterError) else ProblemList(problems=())
    return {
        "error": error.code,
        "kind": type(error).__name__,
        "fields": shown,
        "problems": to_json_value(problems.problems),
    }


def _plain(value: object) -> object:
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)


def _decoded(document: Mapping[str, Any]) -> AuditError:
    kind = _KINDS.get(document["kind"], OperatorError)
    if kind is RegisterError:
        problems = from_json_value({"problems": document["problems"]}, ProblemList)
        return RegisterError(document["error"], problems=problems, **document["fields"])
    return kind(document["error"], **document["fields"])
