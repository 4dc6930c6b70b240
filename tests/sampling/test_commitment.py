"""Commitments against RFC 6962 and the vectors of the method, and what they refuse."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sampling.commitment import (
    canonical_json,
    canonical_row,
    combine_seed,
    commit_frame,
    commit_seed_digest,
    commit_share,
    design_digest,
    inclusion_proof,
    leaf_hash,
    merkle_root,
    verify_inclusion,
)
from sampling.errors import ArgumentError

# The test leaves of Certificate Transparency (RFC 6962 reference tests): hashed as 0x00 || input.
RFC_INPUTS = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
]
RFC_LEAVES = [hashlib.sha256(b"\x00" + bytes.fromhex(text)).hexdigest() for text in RFC_INPUTS]


@pytest.mark.parametrize(
    ("count", "root"),
    [
        (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
        (2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
        (3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
        (4, "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
        (8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
    ],
)
def test_roots_are_those_of_rfc_6962(count, root):
    assert merkle_root(RFC_LEAVES[:count]) == root


@given(count=st.integers(1, 40), salt=st.binary(min_size=16, max_size=16), data=st.data())
@settings(deadline=None, max_examples=50)
def test_every_leaf_is_proved_and_no_other_place_accepts_its_proof(count, salt, data):
    tree = commit_frame([[f"u{i}"] for i in range(count)], [salt] * count)
    place = data.draw(st.integers(0, count - 1))
    proof = inclusion_proof(tree.leaves, place)
    assert verify_inclusion(tree.leaves[place], place, count, proof, tree.root)
    for other in range(count):
        if other != place:
            assert not verify_inclusion(tree.leaves[other], place, count, proof, tree.root)
    assert not verify_inclusion(tree.leaves[place], count, count, proof, tree.root)
    assert not verify_inclusion(tree.leaves[place], place, count, (*proof, tree.root), tree.root)
    if proof:
        assert not verify_inclusion(tree.leaves[place], place, count, proof[:-1], tree.root)


def test_one_changed_value_or_salt_changes_the_root():
    rows, salts = [["a", "1"], ["b", "2"], ["c", "3"]], [bytes([i]) * 16 for i in range(3)]
    root = commit_frame(rows, salts).root
    assert commit_frame([["a", "1"], ["b", "3"], ["c", "3"]], salts).root != root
    assert commit_frame(rows, [*salts[:2], bytes(16)]).root != root
    assert commit_frame(rows[::-1], salts[::-1]).root != root


def test_a_leaf_hashes_the_salt_and_the_csv_line():
    line = b'HH1,"a ""b"", c",3'
    assert canonical_row(["HH1", 'a "b", c', "3"]) == line
    assert leaf_hash(bytes(16), line) == hashlib.sha256(b"\x00" + bytes(16) + line).hexdigest()


@pytest.mark.parametrize(
    ("act", "code", "phrase"),
    [
        (lambda: canonical_row(["a", 3]), "row-not-text", "must be text"),
        (lambda: canonical_row(["e\u0301"]), "row-not-nfc", "normal form C"),
        (lambda: leaf_hash(b"short", b""), "salt-length", "16 bytes"),
        (lambda: commit_frame([["a"]], []), "salt-count", "one salt"),
        (lambda: inclusion_proof(RFC_LEAVES, 8), "leaf-position", "0..7"),
        (lambda: commit_share("a|b", "0" * 64), "bar-in-text", "without '|'"),
        (lambda: commit_share("a", "0" * 63), "share-form", "got 63 characters"),
        (lambda: commit_share("a", "0" * 64 + "\n"), "share-form", "65"),
        (lambda: commit_share("a", "A" * 64), "share-form", "lower-case"),
        (lambda: commit_seed_digest("seed"), "seed-digest-form", "got 4 characters"),
        (lambda: combine_seed("r", "d", "1|2", []), "bar-in-text", "without '|'"),
        (lambda: canonical_json({"a": [{"b": 0.5}]}), "float-in-canonical-json", "/a/0/b"),
    ],
)
def test_what_cannot_be_committed_is_refused_with_a_code(act, code, phrase):
    with pytest.raises(ArgumentError, match=phrase) as caught:
        act()
    assert caught.value.code == code


def test_a_refused_share_is_not_repeated_in_the_message():
    with pytest.raises(ArgumentError) as caught:
        commit_share("institution", "SECRET")
    assert "SECRET" not in str(caught.value)
    assert "SECRET" not in repr(caught.value.fields)


def test_a_share_is_committed_with_its_holder():
    share = "0f" * 32
    text = f"audit-toolkit-share|机构|{share}".encode()
    assert commit_share("机构", share) == hashlib.sha256(text).hexdigest()
    assert commit_share("省", share) != commit_share("机构", share)


def test_the_seed_keeps_a_bar_for_an_empty_part():
    assert combine_seed("r", "d", "", ["s1", "s2"]) == "audit-toolkit-v1|r|d||s1|s2"


def test_the_published_commitment_to_a_seed_is_not_the_digest_that_tickets_are_made_of():
    digest = hashlib.sha256(b"seed").hexdigest()
    assert commit_seed_digest(digest) != digest
    assert (
        commit_seed_digest(digest)
        == hashlib.sha256(f"audit-toolkit-seed|{digest}".encode()).hexdigest()
    )


def test_the_design_digest_does_not_depend_on_the_order_of_keys():
    one, other = (
        {"a": 1, "b": {"c": "0.05", "d": [1, 2]}},
        {"b": {"d": [1, 2], "c": "0.05"}, "a": 1},
    )
    assert design_digest(one) == design_digest(other)
    text = '{"a":1,"b":{"c":"0.05","d":[1,2]}}'
    assert design_digest(one) == hashlib.sha256(text.encode()).hexdigest()
