"""benchmarks/hybrid_tables.py certifies what could be served: nothing is learned of the test."""

import random
import sys
from pathlib import Path
from types import ModuleType

import msgspec
import pytest

from sprat.policies.fit import PENALTIES
from sprat.studies.hybrid.forks import Fork, Way

BENCHMARKS = str(Path(__file__).parent.parent / "benchmarks")


@pytest.fixture
def tables(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(BENCHMARKS)
    monkeypatch.setattr("sprat.policies.fit.PENALTIES", PENALTIES[::4])
    import hybrid_tables

    return hybrid_tables


def made(tables: ModuleType, seed: int, n: int = 200, error: float = 0.3):
    """A policy whose features tell nothing."""
    draw = random.Random(seed)
    rows = {f"q{k}": {f"f{j}": draw.gauss(0, 1) for j in range(8)} for k in range(n)}
    forks = [fork(name, right=draw.random() >= error) for name in rows]
    policies = sys.modules["hybrid_policies"]
    return policies.Tried(policies.WAYS[0], forks, None, rows=rows, features=tuple(rows["q0"]))


def fork(name: str, *, right: bool) -> Fork:
    small = Way(float(right), right, 1.0, 0.5, None)
    large = Way(1.0, True, 5.0, 0.5, None)
    return Fork(
        question=name, kind="k", group=name, confidence=0.0, calibrated=True,
        small=small, large=large, accepted=small, escalated=large,
    )  # fmt: skip


def test_what_is_right_on_the_rest_has_no_say_in_how_sure_one_is_of_it(tables: ModuleType) -> None:
    one = made(tables, 0)
    tune, rest = one.forks[:80], one.forks[80:]
    flipped = [
        msgspec.structs.replace(fork, small=fork.large if not fork.small.right else wrong(fork))
        for fork in rest
    ]
    first, other = tables.served(one, tune, rest), tables.served(one, tune, flipped)
    assert [f.confidence for f in first[0]] == [f.confidence for f in other[0]]
    assert [f.confidence for f in first[1]] == [f.confidence for f in other[1]]
    assert len({f.confidence for f in first[1]}) > 100


def wrong(fork: Fork) -> Way:
    return msgspec.structs.replace(fork.small, score=0.0, right=False)


def test_noise_at_just_the_target_is_certified_no_oftener_than_delta(tables: ModuleType) -> None:
    told = [tables.certified(made(tables, seed), 0.3)[0] for seed in range(60)]
    assert sum(one == "yes" for one in told) <= 6  # 3 are expected, more than 6 once in 30


def test_too_few_to_learn_from_is_said(tables: ModuleType) -> None:
    assert "too few to learn from" in tables.certified(made(tables, 0, n=40), 0.3)[0]
