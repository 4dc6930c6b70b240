"""The one-page record to print and sign."""

import pytest
from sealed_round import COMMITMENTS, ROUND, SHARES, Sealed

from audit_toolkit.drawing import record_page, void

SEALED = Sealed(lost=[("province", "介质损坏")])


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_record_shows_what_is_fixed_and_where_the_dice_go(language):
    page = record_page(SEALED.committed, ROUND, SEALED.freeze, language)
    assert SEALED.freeze.root in page
    assert SEALED.freeze.public_frame_sha256 in page
    assert SEALED.committed.design_digest in page
    assert ROUND.institution in page and all(c.county_code in page for c in ROUND.counties)
    places = [page.index(text) for pair in COMMITMENTS.items() for text in pair]
    assert places[1::2] == sorted(places[1::2])
    assert page.count("[ ]") == 20
    assert page.count("______________________") >= 4
    assert len(page.splitlines()) < 60


@pytest.mark.parametrize("language", ["zh", "en"])
def test_after_the_dice_the_record_shows_them_and_who_witnessed(language):
    page = record_page(SEALED.diced, ROUND, SEALED.freeze, language)
    assert "38471 92056 10293 84756" in page
    assert "20" in page and "[ ]" not in page
    assert "见证人" in page and "Witness B" in page
    assert "2019-11-25T03:00:00Z" in page


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_state_of_the_record_shows_a_share_or_the_seed(language):
    for ceremony in (SEALED.diced, SEALED.drawn, SEALED.disclosed):
        page = record_page(ceremony, ROUND, SEALED.freeze, language)
        assert SEALED.drawn.seed_sha256 not in page
        assert not any(share in page for share in SHARES.values())


def test_a_lost_share_and_a_void_ceremony_are_said():
    assert "介质损坏" in record_page(SEALED.disclosed, ROUND, SEALED.freeze, "zh")
    voided = void(SEALED.diced, "holder refused")
    assert "void. Reason: holder refused" in record_page(voided, ROUND, SEALED.freeze, "en")
