"""`sprat policy evaluate`: one policy on recorded outcomes, beside what it is held against."""

from collections.abc import Sequence
from statistics import fmean, median
from typing import TYPE_CHECKING, NamedTuple

from sprat.errors import PolicyError
from sprat.policies.attempt import Price
from sprat.policies.curve import Spot
from sprat.policies.resample import Estimate, estimate
from sprat.policies.spec import Policy
from sprat.studies.hybrid import mathematics
from sprat.studies.hybrid.beside import Pair
from sprat.studies.hybrid.forks import Fork, Sides, Unit, Way, forks_of, unit_of
from sprat.studies.hybrid.judging import judgement_of
from sprat.studies.hybrid.recorded import Recorded
from sprat.studies.hybrid.replay import stage
from sprat.studies.hybrid.result import Curves, Evaluation, PathLine, SideLine
from sprat.studies.hybrid.seen import held_out

if TYPE_CHECKING:
    from sprat.studies.hybrid.mathematics import Floats

MIN_QUESTIONS = 20
"""Fewer say nothing about a policy."""
PATHS = ("accepted", "escalated", "direct", "degraded", "failed")


class About(NamedTuple):
    """What is known of the questions beside their answers."""

    name: str
    left_out: int
    held_out: bool | None
    warnings: tuple[str, ...] = ()


async def evaluate(
    policy: Policy,
    recorded: Recorded,
    *,
    seed: int = 0,
    live: Pair | None = None,
    price: Price | None = None,
) -> Evaluation:
    """Run the policy over recorded outcomes of its two models.

    `live`: the models, for what the policy asks and a comparison does not record; `price`: for
    answers that were recorded without one.

    Raises:
        RunError: the outcomes are of other models.
        PolicyError: it cannot be judged on these outcomes.
    """
    names = (policy.small.model, policy.large.model)
    sides = Sides(recorded.log.of(names[0]), recorded.log.of(names[1]))
    refuse_wordless(policy, recorded)
    on = stage(recorded.log, names, recorded.questions, live, price)
    forks = await forks_of(policy, on, sides, recorded.questions)
    about = About(
        recorded.set_name,
        len(recorded.questions) - len(forks),
        held_out(policy, recorded),
        tuple(_warnings(policy, recorded, forks)),
    )
    return evaluation_of(policy, forks, about, seed=seed)


def refuse_wordless(policy: Policy, recorded: Recorded) -> None:
    """A log without its questions cannot tell what a prompt tells.

    Raises:
        PolicyError: the policy reads prompts.
    """
    learned = policy.decision.logistic
    reads = learned is not None and any(name.startswith("prompt_") for name in learned.features)
    if reads and not recorded.worded:
        raise PolicyError(
            f"{policy.name} reads the prompts, and the log holds no questions.",
            fix="Give them: --questions FILE",
        )


def _warnings(policy: Policy, recorded: Recorded, forks: Sequence[Fork]) -> list[str]:
    found: list[str] = []
    if held_out(policy, recorded) is False:
        found.append(
            "Some of these questions taught or certified this policy, which flatters it: --unseen."
        )
    for side in (policy.small, policy.large):
        here = [model.identity for model in recorded.log.models if model.name == side.model]
        if side.identity and any(here) and side.identity not in here:
            found.append(f"{side.model} is not as it was when the policy was calibrated.")
    if not any(fork.calibrated for fork in forks) and policy.decision.logistic is not None:
        found.append(
            "The confidence is uncalibrated here: no log-probabilities, or other sampling."
        )
    return found


def evaluation_of(
    policy: Policy,
    forks: Sequence[Fork],
    about: About,
    *,
    seed: int = 0,
    unit: Unit | None = None,
) -> Evaluation:
    """All that is said of a policy; see `result.Evaluation`. `unit` None: as the forks tell.

    Raises:
        PolicyError: too few questions have a score.
    """
    if len(forks) < MIN_QUESTIONS:
        raise PolicyError(
            f"{len(forks)} scored questions say nothing about a policy.",
            fix=f"Take {MIN_QUESTIONS} or more.",
        )
    unit = unit or unit_of(forks)
    weights = mathematics.weights_of([fork.group for fork in forks], seed)
    found = mathematics.operating(forks, weights, unit)
    ways = [fork.at(policy.decision.threshold) for fork in forks]
    return Evaluation(
        policy=policy.name,
        kind=policy.kind,
        mode=policy.mode,
        threshold=policy.decision.threshold,
        questions=about.name,
        n=len(forks),
        left_out=about.left_out,
        held_out=about.held_out,
        small=_side(policy.small.model, [fork.small for fork in forks]),
        large=_side(policy.large.model, [fork.large for fork in forks]),
        paths=_paths(ways),
        score=mathematics.mean_of([way.score for way in ways], weights),
        gap=mathematics.mean_of(
            [way.score - f.large.score for way, f in zip(ways, forks, strict=True)], weights
        ),
        saved=_saved(ways, forks, weights, unit),
        apgr=mathematics.apgr(found),
        lead=mathematics.lead(ways, weights, unit, found),
        harm=mathematics.mean_of(
            [float(f.small.right and not w.right) for w, f in zip(ways, forks, strict=True)],
            weights,
        ),
        waste=mathematics.mean_of([float(way.wasted) for way in ways], weights),
        enough=mathematics.enough_of(found),
        judgement=judgement_of(forks, seed, aim=policy.decision.aim),
        curves=Curves(
            unit=unit,
            policy=mathematics.spots_of(found),
            oracle=mathematics.oracle(forks, unit),
            small=Spot(cost=float(found.small_cost[0]), quality=float(found.small_quality[0])),
            large=Spot(cost=float(found.large_cost[0]), quality=float(found.large_quality[0])),
            chosen=_chosen(ways, unit, policy.decision.threshold),
        ),
        warnings=about.warnings,
    )


def _saved(ways: Sequence[Way], forks: Sequence[Fork], weights: "Floats", unit: Unit) -> Estimate:
    """Of the large model's cost; resampled as a ratio of means."""
    import numpy as np

    if not any(fork.large.cost(unit) > 0 for fork in forks):
        return Estimate(None)
    ours = weights @ np.array([way.cost(unit) for way in ways])
    theirs = weights @ np.array([fork.large.cost(unit) for fork in forks])
    saved = 1 - ours / np.maximum(theirs, 1e-12)
    return estimate(float(saved[0]), saved[1:])


def _chosen(ways: Sequence[Way], unit: Unit, threshold: float | None) -> Spot:
    return Spot(
        cost=fmean(way.cost(unit) for way in ways),
        quality=fmean(way.score for way in ways),
        threshold=threshold,
    )


def _side(model: str, ways: Sequence[Way]) -> SideLine:
    return SideLine(
        model=model,
        score=fmean(way.score for way in ways),
        right=fmean(way.right for way in ways),
        seconds=fmean(way.seconds for way in ways),
        first_token_s=_median([way.first_token_s for way in ways]),
        cost_usd=_mean([way.cost_usd for way in ways]),
    )


def _paths(ways: Sequence[Way]) -> tuple[PathLine, ...]:
    """One line per path that was taken, and the whole."""
    by_path = {path: [way for way in ways if way.path == path] for path in PATHS}
    taken = [(path, members) for path, members in by_path.items() if members]
    return tuple(_path(path, members, len(ways)) for path, members in [*taken, ("all", [*ways])])


def _path(path: str, ways: Sequence[Way], of: int) -> PathLine:
    return PathLine(
        path=path,
        n=len(ways),
        share=len(ways) / of,
        score=fmean(way.score for way in ways),
        first_token_s=_median([way.first_token_s for way in ways]),
        seconds=fmean(way.seconds for way in ways),
        cost_usd=_mean([way.cost_usd for way in ways]),
    )


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known and len(known) == len(values) else None
