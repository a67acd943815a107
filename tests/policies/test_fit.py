"""What is learned is what scikit-learn learns; what is held out is held out."""

import random

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from sprat.errors import PolicyError
from sprat.policies.features import FEATURES
from sprat.policies.fit import PENALTIES, cross_fitted, fit, folds_of
from sprat.policies.newton import solve


def drawn(
    n: int, seed: int = 0, strength: float = 1.0
) -> tuple[list[dict[str, float]], list[bool]]:
    draw = np.random.default_rng(seed)
    a, b = draw.normal(2, 3, n), draw.normal(-1, 0.1, n)
    score = strength * (a - 2) / 3 - 0.5 * strength * (b + 1) / 0.1 + 0.3
    right = draw.random(n) < 1 / (1 + np.exp(-score))
    rows = [
        {"a": float(x), "b": float(y), "noise": float(draw.normal())}
        for x, y in zip(a, b, strict=True)
    ]
    return rows, [bool(r) for r in right]


@pytest.mark.parametrize("penalty", [0.1, 1.0, 30.0, 1000.0])
def test_the_solution_is_scikit_learns(penalty: float) -> None:
    rows, right = drawn(200)
    table = StandardScaler().fit_transform([list(row.values()) for row in rows])
    oracle = LogisticRegression(C=1 / penalty, solver="newton-cholesky", tol=1e-12).fit(
        table, right
    )
    found = solve(np.asarray(table), np.asarray(right, dtype=float), penalty)
    assert found[0] == pytest.approx(oracle.intercept_[0], abs=1e-6)
    assert found[1:] == pytest.approx(oracle.coef_[0], abs=1e-6)


def test_weighted_rows_count_as_often_as_in_scikit_learn() -> None:
    rows, right = drawn(120, seed=8)
    table = StandardScaler().fit_transform([list(row.values()) for row in rows])
    weights = np.random.default_rng(1).uniform(0.2, 3, 120)
    oracle = LogisticRegression(C=0.5, solver="newton-cholesky", tol=1e-12)
    oracle.fit(table, right, sample_weight=weights)
    found = solve(np.asarray(table), np.asarray(right, dtype=float), 2.0, weights=weights)
    assert found[1:] == pytest.approx(oracle.coef_[0], abs=1e-6)


def test_a_label_between_is_two_rows_with_its_shares() -> None:
    rows, _ = drawn(60)
    table = StandardScaler().fit_transform([list(row.values()) for row in rows])
    shares = np.random.default_rng(2).uniform(0, 1, 60)
    found = solve(np.asarray(table), shares, 1.0)
    twice, labels = np.vstack([table, table]), np.repeat([1.0, 0.0], 60)
    oracle = LogisticRegression(C=1.0, solver="newton-cholesky", tol=1e-12)
    oracle.fit(twice, labels, sample_weight=np.concatenate([shares, 1 - shares]))
    assert found[1:] == pytest.approx(oracle.coef_[0], abs=1e-6)


def test_the_fitted_confidence_is_scikit_learns_with_one_of_the_penalties() -> None:
    rows, right = drawn(150, seed=4)
    learned = fit(rows, right)
    scaler = StandardScaler()
    table = scaler.fit_transform([list(row.values()) for row in rows])
    ours = [learned.probability(row) for row in rows]
    gaps = [
        np.abs(
            LogisticRegression(C=1 / penalty, solver="newton-cholesky", tol=1e-12)
            .fit(table, right)
            .predict_proba(table)[:, 1]
            - ours
        ).max()
        for penalty in PENALTIES
    ]
    assert min(gaps) < 1e-6
    assert learned.centres == pytest.approx(scaler.mean_)


def test_data_that_a_line_separates_have_a_finite_solution() -> None:
    table = np.array([[-2.0], [-1.0], [1.0], [2.0]] * 10)
    found = solve(table, (table[:, 0] > 0).astype(float), 0.1)
    assert np.isfinite(found).all()
    assert found[1] > 1


def test_labels_of_one_kind_give_their_smoothed_rate() -> None:
    found = solve(np.ones((9, 1)), np.ones(9), 1.0)
    assert found == pytest.approx([np.log(9.5 / 0.5), 0.0])


def test_noise_alone_is_hardly_believed() -> None:
    draw = random.Random(1)
    rows = [{name: draw.gauss(0, 1) for name in FEATURES} for _ in range(120)]
    right = [draw.random() < 0.3 for _ in rows]
    learned = fit(rows, right)
    found = [learned.probability(row) for row in rows]
    assert max(found) - min(found) < 0.25


def test_a_missing_value_says_nothing_either_way() -> None:
    rows, right = drawn(100)
    rows = [{k: v for k, v in row.items() if k != "b" or i % 2} for i, row in enumerate(rows)]
    learned = fit(rows, right)
    centre = learned.centres[learned.features.index("b")]
    assert centre == pytest.approx(np.mean([row["b"] for row in rows if "b" in row]))
    assert learned.probability({"a": 1.0}) == learned.probability({"a": 1.0, "b": centre})


def test_a_feature_that_never_varies_is_left_out() -> None:
    rows, right = drawn(60)
    learned = fit([{**row, "cut_off": 0.0} for row in rows], right)
    assert "cut_off" not in learned.features


def test_only_the_features_asked_for_are_used() -> None:
    rows, right = drawn(60)
    assert fit(rows, right, features=["b", "a", "gone"]).features == ("b", "a")


@pytest.mark.parametrize(
    ("labels", "what"),
    [
        ([True] * 10 + [False] * 9, "19 labelled answers, 10 right and 9 wrong"),
        ([True] * 40, "40 right and 0 wrong"),
        ([True] * 40 + [False] * 4, "40 right and 4 wrong"),
    ],
)
def test_too_little_to_learn_from_is_refused(labels: list[bool], what: str) -> None:
    with pytest.raises(PolicyError, match=what):
        fit([{"a": float(k)} for k in range(len(labels))], labels)


def test_answers_of_one_group_are_refused() -> None:
    rows, right = drawn(40)
    with pytest.raises(PolicyError, match="one group"):
        fit(rows, right, groups=["g"] * 40)


def test_folds_keep_groups_whole_and_labels_even() -> None:
    right = [k % 4 == 0 for k in range(100)]
    groups = [f"g{k // 2}" for k in range(100)]
    folds = folds_of(right, groups, seed=0)
    assert sorted(place for fold in folds for place in fold) == list(range(100))
    assert all({k ^ 1 for k in fold} == set(fold) for fold in map(list, folds))
    assert [sum(right[k] for k in fold) for fold in folds] == [5] * 5


def test_a_probability_comes_from_a_model_that_saw_nothing_of_the_group() -> None:
    from sklearn.metrics import roc_auc_score

    draw = random.Random(5)
    label = {f"g{k}": draw.random() < 0.5 for k in range(30)}
    groups = [f"g{k % 30}" for k in range(150)]
    rows = [{name: float(name == group) for name in label} for group in groups]
    right = [label[group] for group in groups]  # the group gives it away to whoever has seen it
    assert roc_auc_score(right, cross_fitted(rows, right)) > 0.95
    assert roc_auc_score(right, cross_fitted(rows, right, groups=groups)) < 0.7


def test_held_out_probabilities_of_pure_noise_separate_nothing() -> None:
    from sklearn.metrics import roc_auc_score

    draw = random.Random(3)
    rows = [{name: draw.gauss(0, 1) for name in FEATURES} for _ in range(200)]
    right = [draw.random() < 0.5 for _ in rows]
    seen = fit(rows, right)
    held_out = roc_auc_score(right, cross_fitted(rows, right))
    assert held_out < 0.6
    assert held_out < roc_auc_score(right, [seen.probability(row) for row in rows])


def test_noise_does_not_seem_to_tell_the_opposite_of_right() -> None:
    from sklearn.metrics import roc_auc_score

    found: list[float] = []
    for seed in range(12):
        draw = random.Random(seed)
        rows = [{"a": draw.gauss(0, 1), "b": draw.gauss(0, 1)} for _ in range(60)]
        groups = [f"g{k // 3}" for k in range(60)]
        right = [draw.random() < 0.3 for _ in rows]
        found.append(float(roc_auc_score(right, cross_fitted(rows, right, groups=groups))))
    assert 0.44 < sum(found) / len(found) < 0.56


def test_the_same_seed_learns_the_same() -> None:
    rows, right = drawn(60)
    assert fit(rows, right, seed=3) == fit(rows, right, seed=3)
