"""One function a button: authorise, load, call the pure part, save, journal, in one transaction.

Every function takes the context (who acts, clock, secure bytes, named streams) and the store.
"""

from ..verify_draw import Verdict, verify_folder
from .ceremonies import (
    ceremony_record,
    commit,
    disclose_shares,
    draw_sample,
    enter_dice,
    show_ceremony,
    void_ceremony,
)
from .comparing import (
    Comparison,
    cases,
    check_procedures,
    compare_county,
    import_steps,
    rule_case,
    to_rectify,
)
from .concluding import (
    estimate,
    record_decision,
    reply_to_order,
    results,
    sentence,
    write_county_report,
)
from .context import Context
from .field import (
    arrive,
    assign_inspectors,
    lock_findings,
    my_villages,
    my_visits,
    record_visit,
    release_villages,
    replace,
)
from .findings_file import FindingsImport, RefusedRow, import_findings
from .journals import (
    JournalState,
    export_journal,
    published_folder,
    verify_journal,
    verify_published_draw,
)
from .lists import (
    check_register_file,
    decide_matches,
    freeze,
    import_register,
    import_roster,
    match,
)
from .pages import county_page, round_page, village_counts_found
from .plans import plan_county, show_plan
from .rounds import add_person, open_round, people, show_round
from .stores import Store, open_store, to_json_value
from .views import (
    discrepancies,
    drawn_sample,
    figure,
    findings,
    frame_rows,
    frozen,
    register_rows,
)
from .words import (
    column_map,
    commitment_of,
    match_decisions,
    match_sheet,
    plan_words,
    problem_words,
    rule_text,
)

__all__ = [
    "Comparison",
    "Context",
    "FindingsImport",
    "JournalState",
    "RefusedRow",
    "Store",
    "Verdict",
    "add_person",
    "arrive",
    "assign_inspectors",
    "cases",
    "ceremony_record",
    "check_procedures",
    "check_register_file",
    "column_map",
    "commit",
    "commitment_of",
    "compare_county",
    "county_page",
    "decide_matches",
    "disclose_shares",
    "discrepancies",
    "draw_sample",
    "drawn_sample",
    "enter_dice",
    "estimate",
    "export_journal",
    "figure",
    "findings",
    "frame_rows",
    "freeze",
    "frozen",
    "import_findings",
    "import_register",
    "import_roster",
    "import_steps",
    "lock_findings",
    "match",
    "match_decisions",
    "match_sheet",
    "my_villages",
    "my_visits",
    "open_round",
    "open_store",
    "people",
    "plan_county",
    "plan_words",
    "problem_words",
    "published_folder",
    "record_decision",
    "record_visit",
    "register_rows",
    "release_villages",
    "replace",
    "reply_to_order",
    "results",
    "round_page",
    "rule_case",
    "rule_text",
    "sentence",
    "show_ceremony",
    "show_plan",
    "show_round",
    "to_json_value",
    "to_rectify",
    "verify_folder",
    "verify_journal",
    "verify_published_draw",
    "village_counts_found",
    "void_ceremony",
    "write_county_report",
]
