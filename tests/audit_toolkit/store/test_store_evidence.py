"""Evidence comes in pieces; it is whole and named by its digest, or it is not there."""

from __future__ import annotations

import hashlib
import stat

import pytest

from audit_toolkit import store as stores
from audit_toolkit.store import Store

NAME = "ab" * 32


@pytest.fixture
def place(tmp_path):
    with Store.open(tmp_path / "store", create=True) as store:
        yield store


def test_pieces_in_order_make_the_file(place):
    assert stores.add_piece(place, NAME, 0, b"first ") == 6
    assert stores.add_piece(place, NAME, 6, b"second") == 12
    assert stores.read_unfinished(place, NAME) == b"first second"
    digest = stores.keep_evidence(place, NAME)
    assert digest == hashlib.sha256(b"first second").hexdigest()
    assert stores.evidence_path(place, digest).read_bytes() == b"first second"
    assert stores.count_unfinished(place) == 0


def test_piece_sent_twice_is_kept_once_and_a_gap_is_not_taken(place):
    stores.add_piece(place, NAME, 0, b"first ")
    assert stores.add_piece(place, NAME, 0, b"first ") == 6
    assert stores.add_piece(place, NAME, 60, b"later") == 6
    assert stores.read_unfinished(place, NAME) == b"first "


def test_file_is_for_its_owner_alone(place):
    stores.add_piece(place, NAME, 0, b"x")
    path = stores.evidence_path(place, stores.keep_evidence(place, NAME))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["../../etc/passwd", "AB" * 32, "", "a" * 63, "/" + "a" * 63])
def test_name_cannot_lead_elsewhere(place, name):
    with pytest.raises(ValueError, match="hexadecimal"):
        stores.add_piece(place, name, 0, b"x")
    with pytest.raises(ValueError, match="hexadecimal"):
        stores.evidence_path(place, name)


def test_unfinished_file_can_be_dropped(place):
    stores.add_piece(place, NAME, 0, b"x")
    stores.drop_unfinished(place, NAME)
    assert stores.kept_bytes(place, NAME) == 0
