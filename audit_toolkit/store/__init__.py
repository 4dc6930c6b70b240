"""Where a round is kept: lists, findings, records and journal in a database, files beside it."""

from .codec import from_json_value, to_json_value
from .database import Store, Transaction
from .evidence import (
    add_piece,
    count_unfinished,
    drop_unfinished,
    evidence_path,
    keep_evidence,
    kept_bytes,
    read_unfinished,
)
from .journal import journal_lines, verify_journal
from .published import read_report, report_names, write_published, write_report

__all__ = [
    "Store",
    "Transaction",
    "add_piece",
    "count_unfinished",
    "drop_unfinished",
    "evidence_path",
    "from_json_value",
    "journal_lines",
    "keep_evidence",
    "kept_bytes",
    "read_report",
    "read_unfinished",
    "report_names",
    "to_json_value",
    "verify_journal",
    "write_published",
    "write_report",
]
