"""From a frozen frame to visits: plan, sealed ceremony, draw, assignment.

planning     the sample of one county, and what it can and cannot show
further      the second-wave rule of a plan, and what it refuses
ceremony     the acts of a sealed draw: commit, dice, seed, disclose, void
record       the one-page record of a ceremony, to print and sign
draws        the draw of the round, and the files that let outsiders redo it
assignments  who visits what, blind revisits, reserves, what an inspector is given
"""

from .assignments import assign, blind, release, replace_with_reserve
from .ceremony import (
    build_design,
    disclose,
    mark_drawn,
    open_ceremony,
    record_dice,
    seed_text,
    void,
)
from .draws import draw_round, published_files
from .further import refuse_second_wave
from .planning import make_plan, plan_sentences
from .record import record_page

__all__ = [
    "assign",
    "blind",
    "build_design",
    "disclose",
    "draw_round",
    "make_plan",
    "mark_drawn",
    "open_ceremony",
    "plan_sentences",
    "published_files",
    "record_dice",
    "record_page",
    "refuse_second_wave",
    "release",
    "replace_with_reserve",
    "seed_text",
    "void",
]
