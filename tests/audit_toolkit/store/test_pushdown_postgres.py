"""The two computations sent to a real PostgreSQL server: the draw and the estimates of memory."""

from collections.abc import Iterator

import ibis
import numpy as np
import pandas as pd
import psycopg
import pytest

from sampling import Design, FastDraw, Frame, draw_stratified, estimate_mean, estimate_proportion
from sampling.errors import ArgumentError
from sampling.pushdown import cluster_totals, smallest_tickets

ROWS = 600
SIZES = {f"县{county}": 10 + county for county in range(5)}
SEED = "38471920561029384756"


@pytest.fixture(scope="module")
def connection(postgres_server: str) -> Iterator[ibis.BaseBackend]:
    with psycopg.connect(host=postgres_server, user="postgres", autocommit=True) as maker:
        maker.execute("create database pushdown")
    opened = ibis.postgres.connect(host=postgres_server, user="postgres", database="pushdown")
    yield opened
    opened.disconnect()


def register() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "id": [f"户{place:05d}" for place in rng.permutation(ROWS)],
            "part": [f"县{place % 5}" for place in range(ROWS)],
            "village": [f"v{place % 40}" for place in range(ROWS)],
            "weight": rng.uniform(1, 5, ROWS),
            "income": rng.normal(4_000, 900, ROWS),
            "poor": rng.random(ROWS) < 0.2,
        }
    )


def stored(connection, data: pd.DataFrame, name: str):
    kinds = {"id": "text", "part": "text", "village": "text", "poor": "boolean"}
    columns = ", ".join(f'"{c}" {kinds.get(c, "double precision")}' for c in data)
    places = ", ".join(["%s"] * len(data.columns))
    with connection.con.cursor() as cursor:
        cursor.execute(f"create table {name} ({columns})")
        cursor.executemany(f"insert into {name} values ({places})", data.values.tolist())
    connection.con.commit()
    return connection.table(name)


def test_postgresql_draws_what_memory_draws_and_sums_what_memory_sums(connection):
    data = register()
    table = stored(connection, data, "register")
    asked = {"unit_id": "id", "strata": "part", "size_by_stratum": SIZES, "seed": SEED}
    kept = draw_stratified(Frame.of(data["id"], strata=data["part"]), SIZES, seed=SEED, reserves=2)
    assert smallest_tickets(table, **asked, reserves=2) == kept
    fast = smallest_tickets(table, **asked, hash="fast")
    assert isinstance(fast, FastDraw) and len(fast.sample) == sum(SIZES.values())
    design = Design(weight="weight", psu="village")
    totals = cluster_totals(table, design, ["income", "poor"], "part")
    for found, wanted in (
        (
            estimate_mean(totals, "income", by="part", deff="with-replacement"),
            estimate_mean(data, "income", design, by="part", deff="with-replacement"),
        ),
        (estimate_proportion(totals, "poor"), estimate_proportion(data, "poor", design)),
    ):
        one, other = found.to_frame(), wanted.to_frame()
        for column in ("estimate", "std_error", "lower", "upper", "df", "n"):
            np.testing.assert_allclose(one[column], other[column], rtol=1e-12)


@pytest.mark.parametrize("place", range(4))
def test_postgresql_refuses_texts_that_memory_refuses(connection, place):
    unit = ("e\u0301", "a|b", "a\nb", "户00001")[place]
    data = register()[["id", "part"]]
    data.loc[ROWS] = [unit, "县1"]
    table = stored(connection, data, f"unfit{place}")
    with pytest.raises(ArgumentError) as in_memory:
        draw_stratified(Frame.of(data["id"], strata=data["part"]), SIZES, seed=SEED)
    with pytest.raises(ArgumentError) as caught:
        smallest_tickets(table, unit_id="id", strata="part", size_by_stratum=SIZES, seed=SEED)
    assert str(caught.value) == str(in_memory.value)
