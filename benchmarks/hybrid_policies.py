"""Every policy of a pair over one outcome log; every question judged by what never saw it."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from sprat.errors import PolicyError
from sprat.policies.features import FEATURES
from sprat.policies.fit import MIN_ROWS
from sprat.policies.prompt import PROMPT_FEATURES
from sprat.policies.resample import Estimate, estimate
from sprat.policies.splits import split
from sprat.studies.hybrid import mathematics
from sprat.studies.hybrid.evaluate import About, evaluation_of
from sprat.studies.hybrid.forks import Fork, Sides, alone, forks_of, unit_of
from sprat.studies.hybrid.learning import Pupil, taught, teaches, with_unseen
from sprat.studies.hybrid.listening import NEVER, at, deciding, heard, listening
from sprat.studies.hybrid.recorded import Recorded
from sprat.studies.hybrid.replay import stage
from sprat.studies.hybrid.result import Evaluation
from sprat.studies.hybrid.wish import Wish, blank

LARGE = "qwen2.5-coder-1.5b"
PAIRS = (("smollm2-135m", LARGE), ("qwen2.5-coder-0.5b", LARGE))


Rows = Mapping[str, Mapping[str, float]]


class Way(NamedTuple):
    """A kind of policy to try."""

    name: str
    kind: str = "cascade"
    mode: str = "buffer"
    learned: bool = True
    aim: str = "right"
    """What is learned: that the draft is right, or that keeping it is worth more (`worth`)."""


WAYS = (
    Way("cascade"),
    Way("cascade, worth", aim="worth"),
    Way("cascade, rules", learned=False),
    Way("probe 16", mode="probe"),
    Way("probe 16, worth", mode="probe", aim="worth"),
    Way("pre", mode="pre"),
    Way("pre, worth", mode="pre", aim="worth"),
    Way("verify", kind="verify"),
    Way("verify, worth", kind="verify", aim="worth"),
)


class Tried(NamedTuple):
    """A policy of one pair on one set; `forks` empty: it cannot be, and `why`."""

    way: Way
    forks: Sequence[Fork]
    found: Evaluation | None
    why: str = ""
    rows: Rows = MappingProxyType({})
    """What the confidence was learned from, by question; none where rules decide."""
    features: Sequence[str] = ()


class Logged(NamedTuple):
    """One set's outcomes, and what its prompts tell; their texts are not in the log."""

    name: str
    recorded: Recorded
    prompts: dict[str, dict[str, float]]


async def tried(logged: Logged, pair: tuple[str, str], way: Way) -> Tried:
    """The forks of a policy, every question judged by a confidence that never saw it."""
    name, recorded, prompts = logged
    wish = Wish(name=way.name, small=pair[0], large=pair[1], kind=way.kind, mode=way.mode)  # type: ignore[arg-type]
    policy = blank(wish)
    decision = msgspec.structs.replace(policy.decision, aim=way.aim)
    policy = msgspec.structs.replace(policy, decision=decision)
    sides = Sides(recorded.log.of(pair[0]), recorded.log.of(pair[1]))
    try:
        if way.mode == "pre":
            forks = routed(recorded, sides, prompts)
            rows, features = prompts, PROMPT_FEATURES
        else:
            on = stage(recorded.log, pair, recorded.questions)
            heard_of = await heard(policy, on, recorded.questions) if way.learned else {}
            rows = with_prompts(heard_of, prompts)
            policy = deciding(policy, NEVER, listening()) if way.learned else policy
            features = FEATURES + PROMPT_FEATURES
            asked = [q for q in recorded.questions if way.kind != "verify" or q.id in rows]
            if len(asked) < MIN_ROWS:
                return Tried(way, (), None, "The outcomes do not hold what it asks.")
            forks = await forks_of(policy, on, sides, asked)  # of a verify policy: what was read
        if way.learned:
            forks = judged(forks, rows, features, way)
        found = evaluation_of(at(policy, threshold_of(forks)), forks, About(name, 0, held_out=True))
    except PolicyError as error:
        return Tried(way, (), None, str(error))
    return Tried(way, forks, found, rows=rows, features=features)


def with_prompts(rows: Rows, prompts: Rows) -> Rows:
    """What was heard of answers, with what their prompts tell: the log itself has no prompt."""
    return {question: {**row, **prompts[question]} for question, row in rows.items()}


def routed(recorded: Recorded, sides: Sides, known: dict[str, dict[str, float]]) -> list[Fork]:
    """`pre` asks one model only: the other one is never paid for."""
    return [
        Fork(
            question=question.id,
            kind=question.kind,
            group=sides.small[question.id].group,
            confidence=0.0,
            calibrated=True,
            small=alone(sides.small[question.id]),
            large=alone(sides.large[question.id]),
            accepted=msgspec.structs.replace(alone(sides.small[question.id]), path="direct"),
            escalated=msgspec.structs.replace(alone(sides.large[question.id]), path="direct"),
        )
        for question in recorded.questions
        if question.id in known
        and all(q in side and side[q].right is not None for side in sides for q in [question.id])
    ]


def judged(forks: Sequence[Fork], rows: Rows, features: Sequence[str], way: Way) -> list[Fork]:
    """With the confidence of a model that saw neither the question nor its group."""
    return with_unseen(forks, rows, pupil_of(forks, rows, features, way))


def served(one: Tried, tune: Sequence[Fork], rest: Sequence[Fork]) -> tuple[list[Fork], list[Fork]]:
    """As a calibration judges: `tune` by what was learned without each, `rest` by what it serves.

    Raises:
        PolicyError: there is too little to learn from in `tune`.
    """
    if not one.way.learned:
        return [*tune], [*rest]
    learned = taught(pupil_of(tune, one.rows, one.features, one.way))
    others = [
        msgspec.structs.replace(fork, confidence=learned.probability(one.rows[fork.question]))
        if teaches(fork, one.rows)
        else fork
        for fork in rest
    ]
    return judged(tune, one.rows, one.features, one.way), others


def pupil_of(forks: Sequence[Fork], rows: Rows, features: Sequence[str], way: Way) -> Pupil:
    """What is learned from, of these questions alone."""
    known = [fork for fork in forks if teaches(fork, rows)]
    return Pupil(
        way.aim,  # type: ignore[arg-type]
        way.mode,  # type: ignore[arg-type]
        [rows[fork.question] for fork in known],
        [fork.small for fork in known],
        [fork.large for fork in known],
        [fork.group for fork in known],
        features,
        0,
        unit_of(forks),
    )


def threshold_of(forks: Sequence[Fork]) -> float | None:
    """The cheapest within one point of the large model, on these forks; None: accept nothing."""
    weights = mathematics.weights_of([fork.group for fork in forks], 0)
    spot = mathematics.enough_of(mathematics.operating(forks, weights[:2], "seconds"))
    return None if spot is None else spot.threshold


class HeldOut(NamedTuple):
    """At thresholds that other questions chose; intervals over questions, thresholds as chosen."""

    seconds: Estimate
    """Share of the large model's."""
    points: Estimate
    """Score beside the large model's, of 100."""
    accepted: Estimate
    """Share of the questions."""


def held_out(forks: Sequence[Fork]) -> HeldOut:
    """Each half of the groups at the threshold that the other half chose."""
    halves = split([f.question for f in forks], {f.question: f.group for f in forks}, seed=1,
                   shares=(0.5, 0.5, 0.0))  # fmt: skip
    first = [fork for fork in forks if fork.question in set(halves.tune)]
    second = [fork for fork in forks if fork.question in set(halves.certify)]
    chosen = [
        (fork, fork.at(threshold))
        for part, other in ((first, second), (second, first))
        for threshold in [threshold_of(other)]
        for fork in part
    ]
    weights = mathematics.weights_of([fork.group for fork, _ in chosen], 0)
    ours = weights @ [way.seconds for _, way in chosen]
    shares = ours / (weights @ [fork.large.seconds for fork, _ in chosen])
    return HeldOut(
        estimate(float(shares[0]), shares[1:]),
        mathematics.mean_of(
            [100 * (way.score - fork.large.score) for fork, way in chosen], weights
        ),
        mathematics.mean_of([float(way is fork.accepted) for fork, way in chosen], weights),
    )
