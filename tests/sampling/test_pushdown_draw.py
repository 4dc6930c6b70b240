"""Draws made where the data live: the draw of memory to the last unit, and the same refusals."""

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from pathlib import Path

import ibis
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit_toolkit import verify_draw as stand_alone
from sampling import Draw, FastDraw, Frame, draw_stratified, extend_draw, verify_draw
from sampling.errors import ArgumentError, EmptyStratumError, FrameTooSmallError
from sampling.pushdown import smallest_tickets
from sampling.pushdown.engines import ENGINES
from sampling.pushdown.tickets import ticket_rows
from sampling.results import read_result
from sampling.tickets import seed_digest, ticket

# Ibis 12 still calls what duckdb 2 has renamed.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")
SEED = "38471920561029384756"
MODEST = settings(deadline=None, max_examples=40)
CONNECTION = ibis.duckdb.connect()

TEXT = st.text(
    st.one_of(
        st.sampled_from("0123456789abcXYZ-_ 县镇村甲乙é한"),
        st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="|"),
    ),
    min_size=1,
    max_size=12,
).map(lambda text: unicodedata.normalize("NFC", text))


def in_duckdb(units, strata):
    """Table of a register in DuckDB."""
    columns = {"id": pa.array(units, pa.string()), "part": pa.array(strata, pa.string())}
    CONNECTION.con.register("register", pa.table(columns))
    return CONNECTION.table("register")


def pushed(units, strata, sizes: Mapping[str, int], **more):
    return smallest_tickets(
        in_duckdb(units, strata),
        unit_id="id",
        strata="part",
        size_by_stratum=sizes,
        seed=more.pop("seed", SEED),
        **more,
    )


@st.composite
def registers(draw):
    units = draw(st.lists(TEXT, min_size=1, max_size=40, unique=True))
    names = draw(st.lists(TEXT | st.just(""), min_size=1, max_size=4, unique=True))
    strata = [draw(st.sampled_from(names)) for _ in units]
    sizes = {name: draw(st.integers(0, strata.count(name))) for name in set(strata)}
    return units, strata, sizes, draw(TEXT)


@given(case=registers(), reserves=st.integers(0, 3))
@MODEST
def test_the_draw_in_duckdb_is_the_draw_in_memory_to_the_last_unit(case, reserves):
    units, strata, sizes, seed = case
    kept = draw_stratified(Frame.of(units, strata=strata), sizes, seed=seed, reserves=reserves)
    assert pushed(units, strata, sizes, seed=seed, reserves=reserves) == kept


@given(seed=TEXT, stratum=TEXT, unit=TEXT)
@MODEST
def test_the_three_places_that_write_a_tickets_text_agree(seed, stratum, unit):
    wanted = hashlib.sha256(
        f"{hashlib.sha256(seed.encode()).hexdigest()}|{stratum}|{unit}".encode()
    ).hexdigest()
    assert ticket(seed, stratum, unit) == wanted
    assert stand_alone.ticket(seed_digest(seed), stratum, unit) == wanted
    assert pushed([unit], [stratum], {stratum: 1}, seed=seed).units[0].ticket == wanted


def random_register(rows, parts, seed):
    rng = np.random.default_rng(seed)
    units = [f"户{number:07d}" for number in rng.permutation(rows)]
    strata = [f"县{part}" for part in (parts * rng.random(rows) ** 2).astype(int)]
    held = {name: strata.count(name) for name in set(strata)}
    return units, strata, {name: int(rng.integers(0, n + 1)) for name, n in held.items()}


def test_a_few_thousand_units_are_drawn_as_in_memory_with_reserves_of_some_strata():
    units, strata, sizes = random_register(4_000, 9, 1)
    spare = {name: place % 4 for place, name in enumerate(sorted(sizes))}
    kept = draw_stratified(Frame.of(units, strata=strata), sizes, seed=SEED, reserves=spare)
    assert pushed(units, strata, sizes, reserves=spare) == kept


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_three_hundred_thousand_units_are_drawn_as_in_memory(seed):
    units, strata, sizes = random_register(300_000, 60, seed)
    few = {name: n // 50 for name, n in sizes.items()}
    kept = draw_stratified(Frame.of(units, strata=strata), few, seed=SEED, reserves=5)
    assert pushed(units, strata, few, reserves=5) == kept


def test_strata_that_fall_short_of_a_narrow_threshold_are_asked_again(monkeypatch):
    units, strata, sizes = random_register(3_000, 5, 2)
    few = {name: n // 40 for name, n in sizes.items()}
    asked = []

    def narrow(wanted, held, room):
        asked.append(room)
        return min(1.0, wanted * 0.4 * room / held)

    monkeypatch.setattr("sampling.pushdown.draw._share", narrow)
    drawn = pushed(units, strata, few)
    assert max(asked) > 1
    assert drawn == draw_stratified(Frame.of(units, strata=strata), few, seed=SEED)


def test_a_table_without_strata_lies_in_one():
    units = [f"u{i}" for i in range(50)]
    table = in_duckdb(units, ["x"] * 50)
    drawn = smallest_tickets(table, unit_id="id", strata=None, size_by_stratum={"": 7}, seed=SEED)
    assert drawn == draw_stratified(Frame.of(units), {"": 7}, seed=SEED)


def test_what_is_drawn_is_verified_and_extended_in_memory():
    units, strata, sizes = random_register(500, 3, 3)
    few = {name: n // 2 for name, n in sizes.items()}
    frame = Frame.of(units, strata=strata)
    drawn = pushed(units, strata, few)
    assert isinstance(drawn, Draw)
    assert verify_draw(drawn, frame, seed=SEED)
    more = extend_draw(drawn, frame, {sorted(few)[0]: 1})
    assert len(more.units) == len(drawn.units) + 1


BOTH = [
    (["u1", "u|2"], ["a", "a"], {"a": 1}, ArgumentError, "frame-text"),
    (["u1", "u\n2"], ["a", "a"], {"a": 1}, ArgumentError, "frame-text"),
    (["u1", "u\x852"], ["a", "a"], {"a": 1}, ArgumentError, "frame-text"),
    (["u1", ""], ["a", "a"], {"a": 1}, ArgumentError, "frame-text"),
    (["u1", "e\u0301"], ["a", "a"], {"a": 1}, ArgumentError, "frame-text"),
    (["u1", "\u212b"], ["a", "b"], {"a": 1, "b": 0}, ArgumentError, "frame-text"),
    (["u1", "u2"], ["a", "b|"], {"a": 1, "b|": 1}, ArgumentError, "frame-text"),
    (["u1", "u2"], ["a", "e\u0301"], {"a": 1, "e\u0301": 1}, ArgumentError, "frame-text"),
    (["u1", "u1", "u2"], ["a", "a", "a"], {"a": 1}, ArgumentError, "unit-twice"),
    (["u1", "u1", "u2"], ["a", "b", "b"], {"a": 1, "b": 1}, ArgumentError, "unit-twice"),
    (["u1", "u2"], ["a", "b"], {"a": 1}, ArgumentError, "size-missing"),
    (["u1", "u2"], ["a", "b"], {"a": 1, "b": 1, "c": 0}, EmptyStratumError, "empty-stratum"),
    (["u1", "u2"], ["a", "b"], {"a": 2, "b": 1}, FrameTooSmallError, "frame-too-small"),
    (["u1", "u2"], ["a", "b"], {"a": -1, "b": 1}, ArgumentError, "count-outside"),
    (["u1", "u2"], ["a", "b"], {"a": True, "b": 1}, ArgumentError, "count-outside"),
]


@pytest.mark.parametrize(("units", "strata", "sizes", "error", "code"), BOTH)
def test_the_engine_refuses_what_memory_refuses_in_the_same_words(
    units, strata, sizes, error, code
):
    with pytest.raises(error) as in_memory:
        draw_stratified(Frame.of(units, strata=strata), sizes, seed=SEED)
    with pytest.raises(error) as caught:
        pushed(units, strata, sizes)
    assert caught.value.code == in_memory.value.code == code
    assert str(caught.value) == str(in_memory.value)


@pytest.mark.parametrize(
    ("units", "strata", "words"),
    [
        (["u1", None], ["a", "a"], "'id' must have no missing values; got 1"),
        (["u1", "u2"], ["a", None], "'part' must have no missing values; got 1"),
    ],
)
@pytest.mark.parametrize("hash", ["sha256", "fast"])
def test_missing_identifiers_and_strata_are_counted_and_refused(units, strata, words, hash):
    with pytest.raises(ArgumentError, match=words):
        pushed(units, strata, {"a": 1}, hash=hash)


def test_reserves_of_other_strata_are_refused():
    with pytest.raises(ArgumentError, match="reserves must name strata that are drawn"):
        pushed(["u"], ["a"], {"a": 1}, reserves={"z": 1})


def test_an_empty_table_and_absent_or_numeric_columns_are_refused():
    table = in_duckdb(["u"], ["a"])
    given_ = {"strata": "part", "size_by_stratum": {"a": 1}, "seed": SEED}
    with pytest.raises(ArgumentError, match="at least one unit"):
        smallest_tickets(table.filter(table.id == "z"), unit_id="id", **given_)
    with pytest.raises(ArgumentError, match="none called 'name'"):
        smallest_tickets(table, unit_id="name", **given_)
    with pytest.raises(ArgumentError, match="'n' must be text; got int"):
        smallest_tickets(table.mutate(n=7), unit_id="n", **given_)


def test_what_is_no_table_of_a_known_engine_is_refused():
    given_ = {"unit_id": "id", "strata": None, "size_by_stratum": {"": 1}, "seed": SEED}
    with pytest.raises(ArgumentError, match="must be an Ibis table; got dict"):
        smallest_tickets({}, **given_)
    with pytest.raises(ArgumentError, match="one connection"):
        smallest_tickets(ibis.table({"id": "string"}, name="nowhere"), **given_)


@given(case=registers())
@MODEST
def test_a_fast_draw_has_its_sizes_is_named_so_and_is_not_official(case):
    units, strata, sizes, seed = case
    drawn = pushed(units, strata, sizes, seed=seed, hash="fast", reserves=1)
    assert isinstance(drawn, FastDraw) and not isinstance(drawn, Draw)
    assert drawn == pushed(units[::-1], strata[::-1], sizes, seed=seed, hash="fast", reserves=1)
    assert len(drawn.sample) == sum(sizes.values())
    assert drawn.kind == "fast-draw" and "for simulations only" in str(drawn)
    held = dict(zip(units, strata, strict=True))
    assert all(held[unit.unit_id] == unit.stratum for unit in drawn.units)
    with pytest.raises(ArgumentError, match="simulations only"):
        verify_draw(drawn, Frame.of(units, strata=strata))
    with pytest.raises(ArgumentError, match="simulations only"):
        extend_draw(drawn, Frame.of(units, strata=strata), {})


def test_a_fast_draw_depends_on_the_seed_and_gives_each_place_its_chance():
    strata = [f"s{i // 40}" for i in range(8_000)]
    units = [f"u{i}" for i in range(8_000)]
    sizes = {name: 10 for name in set(strata)}
    one, other = (pushed(units, strata, sizes, seed=seed, hash="fast") for seed in ("1", "2"))
    assert {u.unit_id for u in one.units} != {u.unit_id for u in other.units}
    count = np.bincount([int(unit.unit_id[1:]) % 40 for unit in one.sample], minlength=40)
    # Each count is binomial with 200 trials of one in four.
    assert np.abs(count - 50).max() < 4.5 * np.sqrt(200 * 0.25 * 0.75)


STORED = Path(__file__).parent / "stored_results"


def test_a_stored_fast_draw_is_still_read():
    stored = json.loads((STORED / "fast-draw.json").read_text("utf-8"))
    drawn = read_result(stored)
    assert isinstance(drawn, FastDraw)
    assert drawn.to_dict() == stored
    assert list(drawn.to_frame()["unit_id"]) == [unit.unit_id for unit in drawn.sample]


class SparkOptions(ibis.config.Config):
    treat_nan_as_null: bool = False


@pytest.mark.parametrize("hash", ["sha256", "fast"])
@pytest.mark.parametrize("name", ["duckdb", "postgres", "pyspark"])
def test_the_expression_compiles_for_every_engine(monkeypatch, name, hash):
    # The options of an engine that is not installed are not there either.
    monkeypatch.setattr(ibis.options, "pyspark", SparkOptions())
    table = ibis.table({"unit": "string", "stratum": "string"}, name="register")
    rows = ticket_rows(table, ENGINES[name], seed_digest(SEED), hash, {"a": 0.1}, faults=True)
    text = ibis.to_sql(rows, dialect=name).lower()
    words = {
        ("duckdb", "sha256"): "sha256(",
        ("duckdb", "fast"): "hash(",
        ("postgres", "sha256"): "encode(sha256(convert_to(",
        ("postgres", "fast"): "hashtextextended(",
        ("pyspark", "sha256"): "sha2(",
        ("pyspark", "fast"): "xxhash64(",
    }
    assert words[name, hash] in text
    assert "over (" not in text and "order by" not in text
