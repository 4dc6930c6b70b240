import pandas as pd
import pytest

from sampling import ArgumentError, Design, FrameTooSmallError
from sampling.layout import lay_out

DATA = pd.DataFrame(
    {
        "s": ["a", "a", "b", "b"],
        "v": [1, 2, 3, 4],
        "again": [1, 2, 1, 2],
        "N": [5, 5, 8, 8],
        "mixed": [0.5, 0.5, 8, 8],
        "varies": [5, 6, 8, 8],
        "few": [1.5, 1.5, 8, 8],
        "gap": [1.0, None, 1.0, 1.0],
    }
)


def test_layout_names_places():
    layout = lay_out(DATA, Design(strata="s", psu="v", fpc="N"))
    assert layout.stratum_name == ("a", "b")
    assert layout.psu_count.tolist() == [2, 2]
    assert layout.open_share.tolist() == [1 - 2 / 5, 1 - 2 / 8]
    assert layout.weight.tolist() == [2.5, 2.5, 4, 4]


def test_data_are_left_alone():
    before = DATA.copy()
    lay_out(DATA, Design(strata="s", psu="v", fpc="N"))
    pd.testing.assert_frame_equal(DATA, before)


@pytest.mark.parametrize(
    ("call", "code", "phrase"),
    [
        (lambda: Design(lonely_psu="drop"), "choice-unknown", "'raise'"),
        (lambda: Design(psu=["v", 5]), "column-not-text", "one column"),
        (
            lambda: lay_out(DATA, Design(strata="s", psu="again")),
            "psu-in-two-strata",
            "unique over strata",
        ),
        (lambda: lay_out(DATA, Design(strata="s", fpc="varies")), "fpc-varies", "'a'"),
        (lambda: lay_out(DATA, Design(strata="s", fpc="few")), "fpc-too-small", "stratum 'a'"),
        (lambda: lay_out(DATA, Design(strata="s", fpc="mixed")), "fpc-too-small", "throughout"),
        (lambda: lay_out(DATA, Design(weight="gap")), "values-missing", "1 missing in 4 rows"),
    ],
)
def test_refusals(call, code, phrase):
    with pytest.raises((ArgumentError, FrameTooSmallError), match=phrase) as caught:
        call()
    assert caught.value.code == code


def test_unknown_parts_of_a_design_are_not_taken():
    with pytest.raises(TypeError, match="household"):
        Design(household="household")
