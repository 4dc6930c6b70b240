"""What a screen says when something does not go: the refusal's words, or a reference number."""

from __future__ import annotations

import hashlib
import logging
import traceback
from typing import Any

from ...errors import AuditError, RegisterError
from ...text import LANGUAGES, say

_LOG = logging.getLogger(__name__)


def refusal_of(error: Exception) -> dict[str, Any]:
    """Return code, words in both languages, fields and problems of a refusal, for a page.

    Anything that is no refusal of ours becomes a reference number; what it was goes to the log.
    """
    if isinstance(error, AuditError):
        problems = error.problems.problems if isinstance(error, RegisterError) else ()
        return {
            "error": error.code,
            "words": {language: error.words(language) for language in LANGUAGES},
            "fields": {name: str(value) for name, value in error.fields.items()},
            "problems": [
                {"code": p.code, "question": p.column or "", "got": p.got, **dict(p.fields)}
                for p in problems
            ],
        }
    trace = "".join(traceback.format_exception(error))
    number = hashlib.sha256(trace.encode("utf-8", "replace")).hexdigest()[:8]
    _LOG.error("failure %s\n%s", number, trace)
    return {
        "error": "failed",
        "words": {lang: say("apps.failed", lang, number=number) for lang in LANGUAGES},
        "fields": {"number": number},
        "problems": [],
    }
