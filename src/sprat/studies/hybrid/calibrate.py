"""`sprat calibrate`: learn a confidence, certify its threshold, and see what came of it.

Three parts of the questions, none of which sees another one's work: `tune` teaches the confidence
and orders the thresholds, `certify` tests them, `report` says whether the policy is worth having.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from sprat.errors import PolicyError
from sprat.policies.allowance import Budgeted
from sprat.policies.attempt import Price
from sprat.policies.certify import NotCertifiable, feasibility_floor
from sprat.policies.features import EXTRA, FEATURES
from sprat.policies.logistic import Logistic
from sprat.policies.prompt import PROMPT_FEATURES
from sprat.policies.spec import Policy, Side
from sprat.studies.hybrid.beside import Pair
from sprat.studies.hybrid.evaluate import About, evaluation_of
from sprat.studies.hybrid.forks import Fork, Sides, Unit, unit_of
from sprat.studies.hybrid.learning import Pupil, taught, teaches, with_unseen
from sprat.studies.hybrid.listening import NEVER, at, deciding, heard, listening
from sprat.studies.hybrid.parts import Parts, judged, parts_of, splits_of
from sprat.studies.hybrid.recorded import Recorded
from sprat.studies.hybrid.replay import stage
from sprat.studies.hybrid.result import Calibrated, Evaluation
from sprat.studies.hybrid.seen import marks_of
from sprat.studies.hybrid.threshold import Found, Part, chosen_threshold
from sprat.studies.hybrid.verdict import objections
from sprat.studies.hybrid.wish import Wish, blank

MOST_BASELINE = 200
"""Confidences that a policy remembers, to notice when they are others."""

Rows = Mapping[str, Mapping[str, float]]


async def calibrate(
    wish: Wish, recorded: Recorded, live: Pair | None = None, price: Price | None = None
) -> tuple[Policy, Calibrated]:
    """The policy, and what was found; `Calibrated.refusals` says why not to use it.

    `live`: the models, for what the policy asks and a comparison does not record; `price`: for
    answers that were recorded without one.

    Raises:
        PolicyError: there is too little to learn from.
        RunError: the outcomes are of other models.
    """
    names = (wish.small, wish.large)
    sides = Sides(recorded.log.of(names[0]), recorded.log.of(names[1]))
    on = stage(recorded.log, names, recorded.questions, live, price)
    policy = _with_identities(blank(wish), recorded)
    splits = splits_of(recorded, sides, wish.seed)
    rows = await heard(policy, on, recorded.questions)
    parts = await parts_of(deciding(policy, NEVER, _ear(policy, rows)), on, sides, recorded, splits)
    unit = unit_of([fork for part in parts for fork in part])
    pupil = _pupil(wish, policy, rows, parts.tune, unit, recorded.worded)
    if pupil is not None:
        policy = deciding(policy, NEVER, taught(pupil))
        certify, report = await judged(policy, on, sides, recorded, (parts.certify, parts.report))
        parts = Parts(with_unseen(parts.tune, rows, pupil), certify, report)
    threshold, found = chosen_threshold(Part(wish, parts.tune, parts.certify, unit))
    policy = at(policy, threshold)
    left_out = len(recorded.questions) - sum(map(len, parts))
    about = About(recorded.set_name, left_out, held_out=True)
    evaluation = evaluation_of(policy, parts.report, about, seed=wish.seed, unit=unit)
    refusals = tuple(_refusals(found, evaluation))
    policy = _finished(policy, parts, found, evaluation, refusals, recorded)
    return policy, _told(wish, parts, found, refusals, evaluation, recorded)


def _with_identities(policy: Policy, recorded: Recorded) -> Policy:
    known = {model.name: model.identity for model in recorded.log.models}
    sides = {
        side: Side(model=name, identity=known.get(name, {}))
        for side, name in (("small", policy.small.model), ("large", policy.large.model))
    }
    return msgspec.structs.replace(policy, **sides)


def _is_learned(policy: Policy, rows: Rows) -> bool:
    """False where there is nothing to learn from but rules: no log-probabilities."""
    return policy.mode == "pre" or any("mean" in row for row in rows.values())


def _ear(policy: Policy, rows: Rows) -> Logistic | None:
    """What stands where the confidence will, so that forks tell what it will be asked about."""
    return listening() if _is_learned(policy, rows) else None


def _pupil(
    wish: Wish, policy: Policy, rows: Rows, tune: Sequence[Fork], unit: Unit, worded: bool
) -> Pupil | None:
    """What the confidence is learned from; None: there will be none, rules decide."""
    if not _is_learned(policy, rows):
        return None
    forks = [fork for fork in tune if teaches(fork, rows)]
    return Pupil(
        wish.aim,
        wish.mode,
        [rows[fork.question] for fork in forks],
        [fork.small for fork in forks],
        [fork.large for fork in forks],
        [fork.group for fork in forks],
        features_for(policy, worded),
        wish.seed,
        unit,
    )


def features_for(policy: Policy, worded: bool) -> tuple[str, ...]:
    """What the confidence may read; where only a log is there, no prompt.

    Raises:
        PolicyError: nothing is left.
    """
    if policy.mode == "pre":
        if not worded:
            raise PolicyError(
                "--mode pre reads the prompts, and the log holds no questions.",
                fix="Give them: --questions FILE",
            )
        return PROMPT_FEATURES
    return FEATURES + EXTRA + (PROMPT_FEATURES if worded else ())


def _refusals(found: Found, evaluation: Evaluation) -> list[str]:
    """Why the policy is not worth having; empty: it is."""
    said: list[str] = []
    if isinstance(found, NotCertifiable):
        said.append(_not_certifiable(found))
    if isinstance(found, Budgeted) and found.share > found.budget:
        said.append(
            f"Over the budget: on the questions to certify on it takes {found.share:.0%} of what "
            f"the large model costs, not {found.budget:.0%}."
        )
    return [*said, *objections(evaluation)]


def _not_certifiable(found: NotCertifiable) -> str:
    needed = (
        "no number of labels would do with this confidence"
        if found.labels_needed is None
        else f"about {found.labels_needed} labelled questions to certify on would do"
    )
    return f"Not certifiable: {found.why.rstrip('.')}; {needed}."


def _finished(
    policy: Policy,
    parts: Parts,
    found: Found,
    evaluation: Evaluation,
    refusals: Sequence[str],
    recorded: Recorded,
) -> Policy:
    """With all that is to be known of it later."""
    sets = msgspec.to_builtins(recorded.log.sets)
    sealed = sealed_of(found)
    seen = marks_of(recorded, [fork.question for fork in (*parts.tune, *parts.certify)])
    shadow = msgspec.structs.replace(policy.shadow, baseline=_baseline(parts))
    return msgspec.structs.replace(
        policy,
        shadow=shadow,
        certificate=None if sealed is None else {**sealed, "sets": sets},
        evaluation={
            **summary(evaluation),
            "budgeted": budgeted_of(found),
            "sets": sets,
            "refused": list(refusals),
            "seen": seen,
        },
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def sealed_of(found: Found) -> dict[str, Any] | None:
    """What stands behind the threshold, without each test that led to it; None: nothing does."""
    if isinstance(found, NotCertifiable) or not _holds(found):
        return None
    told: dict[str, Any] = msgspec.to_builtins(found)
    return {name: value for name, value in told.items() if name != "tried"}


def budgeted_of(found: Found) -> dict[str, Any] | None:
    """What was chosen for a budget, certified or not; None: there is none."""
    return msgspec.to_builtins(found) if isinstance(found, Budgeted) else None


def _holds(found: Found) -> bool:
    """A budget is certified where the bound keeps to it, not only the sample."""
    return not isinstance(found, Budgeted) or found.upper <= found.budget


def _baseline(parts: Parts) -> tuple[float, ...]:
    """Confidences of questions that taught nothing, sorted, and thinned where they are many.

    Of the certify part alone: no part of the report is in what decides.
    """
    confidences = sorted(
        round(fork.confidence, 4) for fork in parts.certify if fork.confidence is not None
    )
    return tuple(confidences[:: max(1, -(-len(confidences) // MOST_BASELINE))])


def summary(found: Evaluation) -> dict[str, Any]:
    """What a policy file keeps of its evaluation: the numbers, not the curves."""
    names = ("small", "large", "paths", "score", "gap", "saved", "apgr", "lead", "harm", "waste")
    return {
        "questions": found.questions,
        "n": found.n,
        "held_out": found.held_out,
        "unit": found.curves.unit,
        "auroc": msgspec.to_builtins(found.judgement.auroc),
        "calibration_error": found.judgement.error,
        **{name: msgspec.to_builtins(getattr(found, name)) for name in names},
    }


def _told(
    wish: Wish,
    parts: Parts,
    found: Found,
    refusals: tuple[str, ...],
    evaluation: Evaluation,
    recorded: Recorded,
) -> Calibrated:
    wrong = sum(not fork.small.right for fork in parts.tune) / max(1, len(parts.tune))
    target = wish.target_error
    return Calibrated(
        name=wish.name,
        small=wish.small,
        large=wish.large,
        questions=recorded.set_name,
        splits={name: len(part) for name, part in parts._asdict().items()},
        target_error=target,
        budget=wish.budget,
        floor=None if target is None else feasibility_floor(wrong, target),
        small_error=wrong,
        certificate=sealed_of(found),
        refusals=refusals,
        evaluation=evaluation,
        budgeted=budgeted_of(found),
    )
