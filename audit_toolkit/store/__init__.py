"""Where a round is kept: lists, findings, records and journal in a database, files beside it."""

from .codec import from_json_value, to_json_value
from .database import Store, Transaction
from .journal import journal_lines, verify_journal
from .published import write_published, write_report

__all__ = [
    "Store",
    "Transaction",
    "from_json_value",
    "journal_lines",
    "to_json_value",
    "verify_journal",
    "write_published",
    "write_report",
]
