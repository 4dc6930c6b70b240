"""What the inspector's controls do: one message of the page, one call of `workflow`, one answer.

The page keeps what is typed; this end passes it on and says what the store answered. It holds no
draft of its own, so that a kernel that dies takes nothing with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from traitlets import Dict, HasTraits

from ... import text
from ...errors import OperatorError
from ...model import Answer, Visit
from ...text import LANGUAGES
from ...workflow import Gate, to_json_value
from .._shared import place_words, refusal_of

Message = Mapping[str, Any]
LONGEST_NAME = 40
_AREAS = ("inspect",)


class InspectModel(HasTraits):
    """The inspector's screens without their looks.

    Parameters
    ----------
    gate : Gate
        The inspector's way to the round.

    Attributes
    ----------
    page : dict
        What the page is built of: who acts, the words of both languages, the questionnaire, and
        the own list as it was when the page was opened.
    """

    page = Dict()

    def __init__(self, gate: Gate) -> None:
        super().__init__()
        self._gate = gate
        self._kinds: dict[str, Callable[[Message, Sequence[Any]], Any]] = {
            "ping": lambda _message, _buffers: None,
            "list": lambda _message, _buffers: self.own_list(),
            "arrive": self._arrive,
            "open": self._open,
            "save": self._save,
            "finish": self._finish,
            "replace": self._replace,
            "photo": self._photo,
            "withdraw": self._withdraw,
        }
        self.page = self._first_page()

    def handle(self, message: object, buffers: Sequence[Any] = ()) -> dict[str, Any]:
        """Return the answer to a message of the page; a refusal is an answer too."""
        given = message if isinstance(message, dict) else {}
        number = given.get("id")
        answer = {"id": number[:LONGEST_NAME] if isinstance(number, str) else ""}
        try:
            act = self._kinds.get(str(given.get("kind"))[:LONGEST_NAME])
            if act is None:
                raise _refused(given.get("kind"), "unknown")
            return {**answer, "ok": True, "result": act(given, buffers)}
        except Exception as error:  # noqa: BLE001  (the outermost handler of this door)
            return {**answer, "ok": False, "refusal": refusal_of(error)}

    def own_list(self) -> dict[str, Any]:
        """Return own villages, households in visiting order, and how far each is."""
        calls = {"villages": "my_villages", "visits": "my_visits", "progress": "my_progress"}
        return {name: to_json_value(self._gate.call(call)) for name, call in calls.items()}

    def _first_page(self) -> dict[str, Any]:
        identity = self._gate.call("who_am_i")
        return {
            "person": identity.person_id,
            "round": f"{identity.round_name}|{identity.institution}|{identity.exit_year}",
            "place": place_words(identity),
            "words": {
                language: {
                    name: words
                    for area in _AREAS
                    for name, words in text.keys(area, language).items()
                }
                for language in LANGUAGES
            },
            "form": to_json_value(self._gate.call("visit_form")),
            "list": self.own_list(),
        }

    def _arrive(self, message: Message, _buffers: Sequence[Any]) -> dict[str, Any]:
        self._gate.call("arrive", psu=message.get("psu"))
        return self.own_list()

    def _open(self, message: Message, _buffers: Sequence[Any]) -> dict[str, Any]:
        """Return what the store has of a visit: own finding, draft, photos."""
        name = message.get("assignment_id")
        calls = {"finding": "visit_state", "draft": "load_draft", "photos": "my_photos"}
        return {
            key: to_json_value(self._gate.call(call, assignment_id=name))
            for key, call in calls.items()
        }

    def _save(self, message: Message, _buffers: Sequence[Any]) -> Any:
        names = ("assignment_id", "base", "writer", "number", "of_version")
        receipt = self._gate.call(
            "save_draft",
            **{name: message.get(name) for name in names},
            answers=_texts(message.get("answers")),
            notes=_texts(message.get("notes")),
        )
        return to_json_value(receipt)

    def _finish(self, message: Message, _buffers: Sequence[Any]) -> dict[str, Any]:
        """Hand a visit in; return what the soft checks still ask and the finding as it is kept."""
        visit = Visit(
            assignment_id=message.get("assignment_id"),  # type: ignore[arg-type]
            outcome=message.get("outcome"),  # type: ignore[arg-type]
            answers=_texts(message.get("answers")),
            notes=_texts(message.get("notes")),
            device_at=_moment(message.get("device_at")),
            reason=message.get("reason", ""),
        )
        asked = self._gate.call("record_visit", visit=visit)
        finding = self._gate.call("visit_state", assignment_id=visit.assignment_id)
        return {"asked": to_json_value(asked.problems), "finding": to_json_value(finding)}

    def _replace(self, message: Message, _buffers: Sequence[Any]) -> dict[str, Any]:
        household = self._gate.call(
            "replace",
            assignment_id=message.get("assignment_id"),
            reason_code=message.get("reason_code"),
        )
        return {"household": to_json_value(household), "list": self.own_list()}

    def _photo(self, message: Message, buffers: Sequence[Any]) -> Any:
        if len(buffers) != 1:
            raise _refused("photo", "one piece a message")
        names = ("assignment_id", "photo_id", "purpose", "size_bytes", "offset")
        receipt = self._gate.call(
            "put_photo_piece",
            **{name: message.get(name) for name in names},
            taken_at=_moment(message.get("taken_at")),
            data=bytes(buffers[0]),
        )
        return to_json_value(receipt)

    def _withdraw(self, message: Message, _buffers: Sequence[Any]) -> Any:
        """Take a photo back; return the photos of the visit that stand."""
        name = message.get("assignment_id")
        self._gate.call("withdraw_photo", assignment_id=name, photo_id=message.get("photo_id"))
        return to_json_value(self._gate.call("my_photos", assignment_id=name))


def _texts(given: object) -> tuple[Answer, ...]:
    """Return answers by question; what is no text goes no further."""
    if not isinstance(given, dict):
        raise _refused("answers", "answers must be texts by question")
    if not all(isinstance(value, str) for pair in given.items() for value in pair):
        raise _refused("answers", "answers must be texts by question")
    return tuple(Answer(question=question, value=value) for question, value in given.items())


def _moment(given: object) -> datetime:
    try:
        moment = datetime.fromisoformat(given) if isinstance(given, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise _refused("time", "a moment needs its time zone")
    return moment


def _refused(call: object, reason: str) -> OperatorError:
    return OperatorError("call-refused", call=str(call)[:LONGEST_NAME], reason=reason)
