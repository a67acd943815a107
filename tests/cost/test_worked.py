"""The forecast against two options that were worked out by hand, month by month: `worked.csv`."""

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sprat.cost.assumptions import Assumptions, assumptions_of
from sprat.cost.draws import base_world
from sprat.cost.forecast import Ledger, break_even, ledger
from sprat.cost.options import Leg, Option, TokenRate, way_of
from sprat.cost.terms import TERMS
from sprat.settings import CostSettings

CENT = 0.01
SHEET = Path(__file__).with_name("worked.csv").read_text("utf-8")
INPUTS, MONTHS = (part.splitlines() for part in SHEET.split("\n\n"))
GIVEN = {row[0]: float(row[1]) for row in csv.reader(INPUTS) if not row[0].startswith("#")}
ROWS = [row for row in csv.DictReader(MONTHS) if not row["month"].startswith("A")]


def column(name: str) -> list[float]:
    return [float(row[name]) for row in ROWS if row[name]]


def assumed() -> Assumptions:
    found = assumptions_of(CostSettings())
    for name, value in GIVEN.items():
        if name in TERMS:
            found = found.with_value(name, value, "the sheet")
    return found


def reckoned(*, cloud: bool) -> Ledger:
    """One of the two options over the sheet's twelve months."""
    measured = {
        name: np.asarray([GIVEN[name]])
        for name in ("busy_s", "joules", "prompt_chars", "answer_chars")
    }
    rate = TokenRate(GIVEN["input_usd_per_mtok"], GIVEN["output_usd_per_mtok"])
    leg = Leg(side="one", rate=rate if cloud else None)
    option = Option(id="one", name="one", kind="cloud" if cloud else "small", legs=(leg,))
    world = base_world(assumed(), "")
    return ledger(way_of(option, {"one": measured}, world), world, 12)


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("requests", lambda found: found.requests[0]),
        ("needed", lambda found: found.machines[0]),
        ("cumulative_usd", lambda found: found.cumulative_usd[0]),
    ],
)
def test_the_machine_costs_what_the_sheet_says_every_month(
    name: str, read: Callable[[Ledger], list[float]]
) -> None:
    assert list(read(reckoned(cloud=False))) == pytest.approx(column(name), abs=CENT)


def test_the_cloud_costs_what_the_sheet_says_every_month() -> None:
    found = reckoned(cloud=True)
    assert list(found.cumulative_usd[0]) == pytest.approx(column("cloud_cumulative_usd"), abs=CENT)


def test_the_parts_are_the_sums_of_the_sheets_columns() -> None:
    parts = reckoned(cloud=False).parts_usd
    assert parts["machines"][0] == pytest.approx(sum(column("served_usd")), abs=CENT)
    assert parts["electricity"][0] == pytest.approx(
        sum(column("idle_usd")) + sum(column("answering_usd")), abs=CENT
    )
    assert parts["upkeep"][0] == pytest.approx(sum(column("upkeep_usd")), abs=CENT)
    assert parts["set-up"][0] == 500
    assert parts["cloud"][0] == 0


def test_a_thousand_requests_cost_all_parts_over_all_requests() -> None:
    whole = 500 + sum(
        sum(column(name)) for name in ("served_usd", "idle_usd", "answering_usd", "upkeep_usd")
    )
    found = reckoned(cloud=False)
    assert found.usd_per_1000[0] == pytest.approx(whole / sum(column("requests")) * 1000, abs=1e-4)


def test_the_break_even_is_the_month_in_which_the_sheets_columns_cross_for_good() -> None:
    ours, theirs = column("cumulative_usd"), column("cloud_cumulative_usd")
    crossed = [
        month
        for month in range(13)
        if all(a <= b for a, b in zip(ours[month:], theirs[month:], strict=True))
    ]
    found = break_even(reckoned(cloud=False).cumulative_usd, reckoned(cloud=True).cumulative_usd)
    assert found[0] == crossed[0] == 4


def test_the_sheet_follows_its_own_formulas() -> None:
    there, bought = 0, [int(row["bought"]) for row in ROWS[1:]]
    for place, row in enumerate(ROWS[1:]):
        there += bought[place] - int(row["retired"])
        assert there == int(row["needed"]) == -(-float(row["busy_s"]) // 788_940)
        assert float(row["busy_s"]) == pytest.approx(float(row["requests"]) * 5, abs=CENT)
        assert int(row["retired"]) == (bought[place - 8] if place >= 8 else 0)
        spent = sum(float(row[n]) for n in ("paid_usd", "idle_usd", "answering_usd", "upkeep_usd"))
        before = float(ROWS[place]["cumulative_usd"])
        assert float(row["cumulative_usd"]) == pytest.approx(before + spent, abs=CENT)
