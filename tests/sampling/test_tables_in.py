"""Tables of polars and Arrow: the numbers of pandas, rows in their order, nulls where they were."""

from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sampling import (
    Design,
    Frame,
    adjust_nonresponse,
    draw_stratified,
    estimate_mean,
    estimate_proportion,
    estimate_quantile,
    estimate_ratio,
    estimate_total,
    poststratify,
    replicate_weights,
)
from sampling._tables import rows_of
from sampling.errors import ArgumentError

RNG = np.random.default_rng(1)
DATA = pd.DataFrame(
    {
        "village": [f"村{v}" for v in RNG.integers(0, 12, 240)],
        "zone": RNG.choice(["north", "east", "south"], 240),
        "weight": RNG.uniform(1, 4, 240),
        "persons": RNG.integers(1, 8, 240),
        "income": RNG.normal(4_000, 900, 240),
        "poor": RNG.random(240) < 0.2,
        "answered": RNG.random(240) < 0.8,
    }
)
DESIGN = Design(weight="weight", psu="village")


def as_polars(data):
    return pl.DataFrame({name: data[name].tolist() for name in data})


def as_arrow(data):
    return pa.Table.from_pandas(data, preserve_index=False)


@pytest.mark.parametrize("form", [as_polars, as_arrow])
@pytest.mark.parametrize(
    "ask",
    [
        lambda data: estimate_mean(data, ["income", "poor"], DESIGN, by="zone"),
        lambda data: estimate_total(data, "persons", DESIGN),
        lambda data: estimate_ratio(data, "income", "persons", DESIGN, by="zone"),
        lambda data: estimate_proportion(data, "poor", DESIGN, by="zone", icc=0.05),
        lambda data: estimate_quantile(data, "income", DESIGN),
        lambda data: estimate_mean(
            data,
            "income",
            replicate_weights(data, DESIGN, method="jackknife"),
        ),
    ],
)
def test_estimates_of_other_tables_are_those_of_pandas(form, ask):
    assert ask(form(DATA)) == ask(DATA)


@pytest.mark.parametrize("form", [as_polars, as_arrow])
def test_adjusted_weights_stand_beside_the_rows_as_they_came(form):
    found = adjust_nonresponse(form(DATA), DESIGN, responded="answered", classes="zone")
    wanted = adjust_nonresponse(DATA, DESIGN, responded="answered", classes="zone")
    name = wanted.design.weight
    assert found.data["income"].tolist() == DATA["income"].tolist()
    assert found.data[name].tolist() == wanted.data[name].tolist()
    totals = {"north": 100.0, "east": 200.0, "south": 300.0}
    one, other = (poststratify(data, DESIGN, "zone", totals) for data in (form(DATA), DATA))
    assert one.data[one.design.weight].tolist() == other.data[other.design.weight].tolist()


@pytest.mark.parametrize("form", [as_polars, as_arrow])
def test_frames_are_made_of_other_tables(form):
    data = pd.DataFrame({"unit_id": [f"u{i}" for i in range(20)], "stratum": ["a", "b"] * 10})
    sizes = {"a": 3, "b": 2}
    assert draw_stratified(form(data), sizes, seed="1") == draw_stratified(data, sizes, seed="1")
    assert Frame.from_pandas(form(data)) == Frame.from_pandas(data)


@given(
    values=st.lists(st.none() | st.integers(-(2**40), 2**40), min_size=1, max_size=30),
    texts=st.lists(st.none() | st.text(max_size=5), min_size=30, max_size=30),
)
@settings(deadline=None, max_examples=40)
def test_rows_and_nulls_stay_where_they_were(values, texts):
    texts = texts[: len(values)]
    number = pa.array(values, pa.int64())
    text = pa.array(texts, pa.string())
    for table in (
        pa.table({"n": number, "t": text}),
        pl.from_arrow(pa.table({"n": number, "t": text})),
    ):
        found = rows_of(table)
        assert [None if pd.isna(x) else int(x) for x in found["n"]] == values
        assert [None if pd.isna(x) else x for x in found["t"]] == texts


def test_types_keep_their_meaning():
    found = rows_of(
        pl.DataFrame(
            {
                "decimal": [Decimal("1.10"), None],
                "category": pl.Series(["z", "a"], dtype=pl.Categorical),
                "ordered": pl.Series(["low", "high"], dtype=pl.Enum(["low", "high"])),
                "yes": [True, False],
                "yes or null": [True, None],
                "small": pl.Series([1, 2], dtype=pl.UInt8),
            }
        )
    )
    assert found["decimal"].dtype == "float64" and found["decimal"].tolist()[0] == 1.1
    assert found["category"].tolist() == ["z", "a"] and found["category"].dtype == "str"
    assert list(found["ordered"].cat.categories) == ["low", "high"]
    assert found["yes"].dtype == "bool" and found["small"].dtype == "uint8"
    assert found["yes or null"].isna().tolist() == [False, True]


def test_a_null_is_missing_and_said_so():
    holed = DATA.assign(poor=[None, *DATA["poor"].tolist()[1:]])
    with pytest.raises(ArgumentError, match="1 missing in 240 rows"):
        estimate_proportion(as_polars(holed), "poor", DESIGN)


def test_domains_of_categories_stand_in_the_order_of_their_values():
    table = as_polars(DATA).with_columns(pl.col("zone").cast(pl.Categorical))
    found = estimate_mean(table, "income", DESIGN, by="zone")
    assert [row.domain[0] for row in found.rows] == ["east", "north", "south"]
    sized = table.with_columns(pl.col("zone").cast(pl.Enum(["south", "north", "east"])))
    found = estimate_mean(sized, "income", DESIGN, by="zone")
    assert [row.domain[0] for row in found.rows] == ["south", "north", "east"]


def test_what_is_no_table_is_refused():
    with pytest.raises(ArgumentError, match="must be a table of pandas, polars or Arrow; got dict"):
        estimate_mean({"income": [1.0]}, "income", DESIGN)
