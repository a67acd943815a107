"""Two measured sides as one: the small one answers, the other one what is passed on."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from sprat.cost.options import Leg, Option, TokenRate
from sprat.cost.prices import Prices
from sprat.cost.result import MeasuredSide
from sprat.cost.terms import Origin
from sprat.studies.costs.measured import Side, narrowed, side_from, spread_of
from sprat.studies.costs.passed import Passed
from sprat.studies.tally import right_of
from sprat.types import Run

if TYPE_CHECKING:
    from sprat.cost.forecast import Floats

DRAFT, REST = "draft", "rest"


class CloudRate(msgspec.Struct, frozen=True, kw_only=True):
    """A cloud's model with its price."""

    model: str
    rate: TokenRate
    basis: str
    """Where the price is from."""
    origin: Origin


def hybrids_of(
    sides: Sequence[Side], clouds: Sequence[CloudRate], passed: Passed | None, prices: Prices
) -> tuple[list[Option], list[Side]]:
    """The hybrids of two sides, and the sides that they are reckoned from.

    With what a policy passes on; without a policy, with the share that is assumed. The first
    cloud stands in for the large model in a second hybrid.
    """
    if passed is not None:
        replayed = _replayed_pair(sides, passed)
        return _replayed(*replayed, clouds, passed, prices) if replayed else ([], [])
    pair = _pair(sides)
    return (_shared(*pair, clouds), []) if pair else ([], [])


def _replayed_pair(sides: Sequence[Side], passed: Passed) -> tuple[Side, Side] | None:
    """Both models of the policy, on the questions that it was replayed over."""
    found = [
        next((one for one in sides if _is_of(one, model, passed)), None)
        for model in (passed.small, passed.large)
    ]
    small, large = (side and narrowed(side, passed.questions) for side in found)
    return (small, large) if small and large else None


def _is_of(side: Side, model: str, passed: Passed) -> bool:
    return side.measured.model == model and side.measured.run in passed.studies


def _pair(sides: Sequence[Side]) -> tuple[Side, Side] | None:
    """Small and large of one study, the first that has both.

    Else, of two models that were measured alone, the one that was named first is the small one.
    """
    by_place = {(side.measured.run, side.measured.kind): side for side in sides}
    for run in dict.fromkeys(side.measured.run for side in sides):
        small, large = by_place.get((run, "small")), by_place.get((run, "large"))
        if small and large:
            return small, large
    alone = [side for side in sides if side.measured.kind == "model"]
    return (alone[0], alone[1]) if len(alone) == 2 else None


def _shared(small: Side, large: Side, clouds: Sequence[CloudRate]) -> list[Option]:
    every = "every answer of the small model"
    ours, theirs = small.measured.model, large.measured.model
    local = Option(
        id="hybrid",
        name=f"hybrid: {ours} + {theirs}",
        kind="hybrid",
        role="hybrid",
        legs=(Leg(side=small.key), Leg(side=large.key, shared=True)),
        basis=f"{every}, and the large one's for the share passed on",
        unpriced=small.unpriced or large.unpriced,
    )
    rest = [Leg(side=large.key, rate=cloud.rate, shared=True) for cloud in clouds]
    return [
        local,
        *_with_cloud(
            clouds,
            [(Leg(side=small.key), leg) for leg in rest],
            name=f"hybrid: {ours} +",
            basis=f"{every}, and the cloud's for the share passed on, as long as {theirs}'s",
            unpriced=small.unpriced,
        ),
    ]


def _replayed(
    small: Side, large: Side, clouds: Sequence[CloudRate], passed: Passed, prices: Prices
) -> tuple[list[Option], list[Side]]:
    whole = _policy_side(small, large, passed, prices)
    draft = _part(small, passed, passed.small, f"{whole.key}|{DRAFT}")
    rest = _part(large, passed, passed.large, f"{whole.key}|{REST}")
    replayed = f"the policy replayed over {' and '.join(passed.studies)}"
    local = Option(
        id="hybrid",
        name=f"hybrid: policy {passed.policy}",
        kind="hybrid",
        role="hybrid",
        legs=(Leg(side=whole.key),),
        basis=f"{replayed}: all of its attempts",
        right=whole.measured.right,
        unpriced=whole.unpriced,
    )
    away = _with_cloud(
        clouds,
        [(Leg(side=draft.key), Leg(side=rest.key, rate=cloud.rate)) for cloud in clouds],
        name=f"{local.name} +",
        basis=f"{replayed}; what it passes on goes to the cloud, whose answers are as long as "
        f"{passed.large}'s",
        unpriced=small.unpriced,
    )
    return [local, *away], [whole, draft, rest]


def _with_cloud(
    clouds: Sequence[CloudRate],
    legs: Sequence[tuple[Leg, Leg]],
    *,
    name: str,
    basis: str,
    unpriced: str,
) -> list[Option]:
    """The first cloud as the large model; none where there is no cloud."""
    return [
        Option(
            id=f"hybrid+{cloud.model}",
            name=f"{name} {cloud.model}",
            kind="hybrid",
            role="hybrid",
            legs=both,
            basis=basis,
            unpriced=unpriced,
        )
        for cloud, both in zip(clouds[:1], legs[:1], strict=True)
    ]


def _policy_side(small: Side, large: Side, passed: Passed, prices: Prices) -> Side:
    """The policy as if it had been asked: its replayed answers, the joules of both models'."""
    runs, groups = _replayed_runs(small, passed)
    measured = _described(small, large, runs, passed)
    side = side_from(runs, groups, "hybrid", measured, prices)
    joules = _joules(small, large, passed)
    columns = {name: values for name, values in side.columns.items() if name != "joules"}
    if joules is not None:
        columns["joules"] = joules
        measured = msgspec.structs.replace(measured, joules=spread_of(map(float, joules)))
    busy_s = spread_of(map(float, columns["busy_s"])) if "busy_s" in columns else None
    measured = msgspec.structs.replace(measured, busy_s=busy_s)
    return msgspec.structs.replace(side, columns=columns, measured=measured)


def _replayed_runs(small: Side, passed: Passed) -> tuple[list[Run], tuple[str, ...]]:
    """One run for each of the small model's: what the policy answered to the same question."""
    found = [
        msgspec.structs.replace(
            run,
            model=f"policy:{passed.policy}",
            role="hybrid",
            reply=passed.replies.get(run.question),
            error=None if run.question in passed.replies else "the policy had no answer",
            resources=None,
            verdicts=(),
        )
        for run in small.runs
    ]
    return found, small.groups


def _described(small: Side, large: Side, runs: Sequence[Run], passed: Passed) -> MeasuredSide:
    replies = [run.reply for run in runs if run.reply]
    escalated = [_asked(run, passed, passed.large) for run in runs]
    right = _right(small, large, passed)
    source = small.measured.energy_source
    return msgspec.structs.replace(
        small.measured,
        role="hybrid",
        model=f"policy:{passed.policy}",
        kind="hybrid",
        here=small.measured.here or large.measured.here,
        asked=len(runs),
        errors=sum(run.error is not None for run in runs),
        input_tokens=spread_of(float(reply.paid.input_tokens) for reply in replies),
        output_tokens=spread_of(float(reply.paid.output_tokens) for reply in replies),
        joules=None,
        energy_source=f"the sum of both models' ({source})" if small.measured.joules else source,
        right=sum(right) / len(right) if right else None,
        escalated=sum(escalated) / len(escalated) if escalated else None,
    )


def _right(small: Side, large: Side, passed: Passed) -> list[bool]:
    """Of the answers that were kept as they were recorded; a refined one was never scored."""
    by_side = {
        name: {run.question: run for run in side.runs}
        for name, side in ((passed.small, small), (passed.large, large))
    }
    found: list[bool] = []
    for question, reply in passed.replies.items():
        kept = next((step.engine for step in reply.steps if step.kept), None)
        run = by_side.get(kept or "", {}).get(question)
        same = run is not None and run.reply is not None and run.reply.text == reply.text
        value = right_of(run) if run is not None and same else None
        if value is not None:
            found.append(value)
    return found if len(found) == len(passed.replies) else []


def _part(side: Side, passed: Passed, model: str, key: str) -> Side:
    """A side's columns for the questions in which the policy asked it; nothing for the others."""
    import numpy as np

    mask = np.asarray([_asked(run, passed, model) for run in side.runs], dtype=np.float64)
    columns = {name: np.where(mask > 0, values, 0.0) for name, values in side.columns.items()}
    return msgspec.structs.replace(side, key=key, columns=columns)


def _asked(run: Run, passed: Passed, model: str) -> bool:
    reply = passed.replies.get(run.question)
    return reply is not None and any(
        step.engine == model and step.timing is not None for step in reply.steps
    )


def _joules(small: Side, large: Side, passed: Passed) -> "Floats | None":
    """Both models' for each question, as far as the policy asks them; None: one was not metered."""
    import numpy as np

    if "joules" not in small.columns or "joules" not in large.columns:
        return None
    of_large = dict(zip((run.question for run in large.runs), large.columns["joules"], strict=True))
    drafts = [_asked(run, passed, passed.small) for run in small.runs]
    rest = [
        float(of_large.get(run.question, np.nan)) if _asked(run, passed, passed.large) else 0.0
        for run in small.runs
    ]
    return np.where(drafts, small.columns["joules"], 0.0) + np.asarray(rest)
