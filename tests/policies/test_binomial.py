"""The exact binomial against scipy."""

import pytest
from scipy.stats import beta, binom, binomtest

from sprat.policies.binomial import clopper_pearson_upper, most_errors, tail


@pytest.mark.parametrize("n", [1, 7, 60, 400, 3000])
@pytest.mark.parametrize("p", [0.001, 0.05, 0.3, 0.77, 0.999])
def test_the_tail_is_scipys(n: int, p: float) -> None:
    for errors in {0, 1, n // 20, n // 3, n // 2, n - 1, n}:
        assert tail(errors, n, p) == pytest.approx(binom.cdf(errors, n, p), rel=1e-8, abs=1e-14)


def test_the_ends_of_the_tail() -> None:
    assert (tail(-1, 5, 0.5), tail(5, 5, 0.5), tail(2, 5, 0.0), tail(2, 5, 1.0)) == (0, 1, 1, 0)


@pytest.mark.parametrize("delta", [0.01, 0.05, 0.2])
@pytest.mark.parametrize(("errors", "n"), [(0, 1), (0, 30), (1, 30), (7, 90), (29, 30), (80, 2000)])
def test_the_upper_bound_is_the_beta_quantile(errors: int, n: int, delta: float) -> None:
    wanted = beta.ppf(1 - delta, errors + 1, n - errors)
    assert clopper_pearson_upper(errors, n, delta) == pytest.approx(wanted, abs=1e-9)
    both = binomtest(errors, n).proportion_ci(1 - 2 * delta, method="exact")
    assert clopper_pearson_upper(errors, n, delta) == pytest.approx(both.high, abs=1e-9)


def test_nothing_seen_bounds_nothing() -> None:
    assert clopper_pearson_upper(0, 0, 0.05) == 1.0
    assert clopper_pearson_upper(4, 4, 0.05) == 1.0


@pytest.mark.parametrize("alpha", [0.02, 0.1, 0.3])
@pytest.mark.parametrize("delta", [0.01, 0.05])
def test_so_many_errors_pass_as_the_bound_allows(alpha: float, delta: float) -> None:
    for n in [0, 1, 5, 28, 29, 58, 59, 100, 250]:
        most = most_errors(n, alpha, delta)
        assert most < 0 or clopper_pearson_upper(most, n, delta) <= alpha + 1e-12
        assert clopper_pearson_upper(most + 1, n, delta) > alpha


def test_59_answers_without_an_error_show_a_rate_of_5_per_cent() -> None:
    assert (most_errors(58, 0.05, 0.05), most_errors(59, 0.05, 0.05)) == (-1, 0)
