"""One function a button: authorise, load, call the pure part, save, journal, in one transaction.

Every function takes the context (who acts, clock, secure bytes, named streams) and the store.
"""

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
from .plans import plan_county, show_plan
from .rounds import add_person, open_round, people, show_round

__all__ = [
    "Comparison",
    "Context",
    "JournalState",
    "add_person",
    "arrive",
    "assign_inspectors",
    "cases",
    "ceremony_record",
    "check_procedures",
    "check_register_file",
    "commit",
    "compare_county",
    "decide_matches",
    "disclose_shares",
    "draw_sample",
    "enter_dice",
    "estimate",
    "export_journal",
    "freeze",
    "import_register",
    "import_roster",
    "import_steps",
    "lock_findings",
    "match",
    "my_villages",
    "my_visits",
    "open_round",
    "people",
    "plan_county",
    "published_folder",
    "record_decision",
    "record_visit",
    "release_villages",
    "replace",
    "reply_to_order",
    "results",
    "rule_case",
    "sentence",
    "show_ceremony",
    "show_plan",
    "show_round",
    "to_rectify",
    "verify_journal",
    "verify_published_draw",
    "write_county_report",
]
