"""The forecast's arithmetic: what must hold whatever is assumed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sprat.cost.assumptions import Assumptions, assumptions_of
from sprat.cost.draws import base_world, drawn_worlds, resampled_columns, varied_worlds
from sprat.cost.forecast import MONTH_S, Way, break_even, ledger, purchases
from sprat.cost.rates import PerSecond
from sprat.settings import CostSettings
from sprat.types import Timing

PLAIN = {
    "requests_per_month": 10_000, "machine_usd": 1500, "machine_months": 48, "residual_pct": 0,
    "electricity_usd_per_kwh": 0.3, "idle_watts": 0, "load_watts": 65, "overhead_factor": 1,
    "setup_hours": 0, "upkeep_hours_per_month": 0, "hour_usd": 60, "cloud_price_change_pct": 0,
}  # fmt: skip
LOCAL = Way(busy_s=np.asarray([2.0]))
CLOUD = Way(cloud_usd=np.asarray([0.002]))


def assumed(**changes: float) -> Assumptions:
    found = assumptions_of(CostSettings())
    for name, value in {**PLAIN, **changes}.items():
        found = found.with_value(name, value, "a test")
    return found


def spent(way: Way, months: int = 24, **changes: float) -> np.ndarray:
    return ledger(way, base_world(assumed(**changes), ""), months).cumulative_usd[0]


def test_without_growth_the_cloud_costs_as_much_every_month():
    steps = np.diff(spent(CLOUD))
    assert steps == pytest.approx([20.0] * 24)


def test_without_growth_a_machine_costs_as_much_every_month_once_it_is_bought():
    found = spent(LOCAL)
    assert found[0] == 1500
    assert np.diff(found) == pytest.approx([10_000 * 2 * 65 / 3.6e6 * 0.3] * 24)


def test_a_machine_fully_told_costs_what_the_price_of_one_answer_adds_up_to():
    """One formula, two ways: per busy second (docs/cost.md) and month by month."""
    found = ledger(LOCAL, base_world(assumed(), ""), 48)
    share = float(found.busy[0, 0])
    rate = PerSecond(CostSettings(
        machine_usd=1500, machine_years=4, busy_share=share, electricity_usd_per_kwh=0.3, watts=65
    ))  # fmt: skip
    two_seconds = Timing(scheduled_ns=0, sent_ns=0, done_ns=2 * 10**9)
    one = rate.usd(None, two_seconds, None)  # pyright: ignore[reportArgumentType] # tokens have no part in it
    assert found.usd_per_1000[0] == pytest.approx(1000 * one)


@given(st.floats(0.01, 1000), st.floats(1.0, 3.0))
def test_a_dearer_machine_never_costs_less(price: float, times: float):
    cheap, dear = (spent(LOCAL, machine_usd=usd) for usd in (price, price * times))
    assert (dear >= cheap).all()


@given(st.floats(-20, 50), st.floats(0, 30))
def test_more_growth_never_costs_less(growth: float, more: float):
    for way in (LOCAL, CLOUD):
        assert (spent(way, growth_pct=growth + more) >= spent(way, growth_pct=growth) - 1e-9).all()


@given(st.integers(1, 500_000))
def test_machines_are_bought_as_soon_as_they_are_needed_and_never_earlier(requests: int):
    found = ledger(LOCAL, base_world(assumed(requests_per_month=requests), ""), 12)
    needed = np.ceil(requests * 2 / (MONTH_S * 0.3) - 1e-9)
    assert found.machines[0] == pytest.approx([max(1, needed)] * 12)
    assert (found.busy <= 0.3 + 1e-9).all()


def test_a_machine_is_replaced_after_its_life_and_sold_for_what_it_is_worth():
    needed = np.ones((1, 10))
    bought, retired, owned = purchases(needed, np.asarray([4]))
    assert bought[0].tolist() == [1, 0, 0, 0, 1, 0, 0, 0, 1, 0]
    assert retired[0].tolist() == [0, 0, 0, 0, 1, 0, 0, 0, 1, 0]
    assert (owned == 1).all()
    found = spent(LOCAL, months=10, machine_months=6, residual_pct=20, electricity_usd_per_kwh=0)
    assert found[5] == 1500
    assert found[6] == 1500 + 1500 - 300


def test_money_spent_later_is_worth_less_when_it_is_discounted():
    now, later = spent(CLOUD), spent(CLOUD, discount_pct=10)
    assert later[-1] < now[-1]
    assert later[1] == pytest.approx(20 / 1.1 ** (1 / 12))


def test_the_break_even_is_where_the_lines_cross_and_do_not_cross_back():
    theirs = np.asarray([[0.0, 10, 20, 30, 40]])
    assert break_even(np.asarray([[5.0, 10, 15, 20, 25]]), theirs)[0] == 1
    assert break_even(np.asarray([[5.0, 9, 25, 30, 35]]), theirs)[0] == 3
    assert break_even(np.asarray([[0.0, 1, 2, 3, 4]]), theirs)[0] == 0
    assert np.isinf(break_even(np.asarray([[0.0, 1, 2, 3, 41]]), theirs)[0])


def test_one_changed_assumption_is_a_world_of_its_own():
    worlds = varied_worlds(assumed(), "", [("machine_usd", 1000), ("load_watts", 100)])
    assert worlds["machine_usd"].tolist() == [1500, 1000, 1500]
    assert worlds["load_watts"].tolist() == [65, 65, 100]
    assert worlds["hour_usd"].tolist() == [60, 60, 60]


def test_a_sides_own_machine_beats_the_others():
    both = assumed()
    both = both.with_value("machine_usd@large", 6000, "a test")
    assert base_world(both, "large")["machine_usd"][0] == 6000
    assert base_world(both, "small")["machine_usd"][0] == 1500


def test_draws_are_triangular_within_the_spread_and_the_same_for_the_same_seed():
    found = assumed().with_value("hour_usd", 60, "a test", low=40, high=100)
    first, second = (drawn_worlds(found, "", 4000, seed)["hour_usd"] for seed in (1, 1))
    other = drawn_worlds(found, "", 4000, 2)["hour_usd"]
    assert (first == second).all()
    assert (first != other).any()
    assert first.min() >= 40
    assert first.max() <= 100
    # The triangular distribution's mean and variance.
    assert first.mean() == pytest.approx((40 + 60 + 100) / 3, abs=0.8)
    assert first.var() == pytest.approx(
        (40**2 + 60**2 + 100**2 - 40 * 60 - 40 * 100 - 60 * 100) / 18, rel=0.08
    )


def test_resampled_means_spread_as_the_standard_error_says():
    random = np.random.default_rng(7)
    values = random.exponential(2.0, size=200)
    names = [str(place) for place in range(200)]
    means = resampled_columns({"one": {"busy_s": values}}, {"one": names}, 4000, 0)["one"]["busy_s"]
    assert means.mean() == pytest.approx(values.mean(), rel=0.01)
    assert means.std() == pytest.approx(values.std() / np.sqrt(200), rel=0.06)


def test_sides_with_the_same_questions_are_resampled_together():
    values = np.arange(20.0)
    names = [str(place) for place in range(20)]
    both = {"small": {"busy_s": values}, "large": {"busy_s": 3 * values}}
    means = resampled_columns(both, {"small": names, "large": names}, 100, 0)
    assert means["large"]["busy_s"] == pytest.approx(3 * means["small"]["busy_s"])


def test_what_is_not_known_of_an_answer_is_left_out_of_its_mean():
    values = np.asarray([1.0, np.nan, 3.0])
    means = resampled_columns({"one": {"busy_s": values}}, {"one": ["a", "b", "c"]}, 500, 0)
    found = means["one"]["busy_s"]
    assert not np.isnan(found).any()
    assert found.min() >= 1
    assert found.max() <= 3
