"""What a reader must know before believing a forecast."""

from collections.abc import Sequence

from sprat.cost.assumptions import Assumptions
from sprat.cost.result import OptionCost
from sprat.runs.study import Study
from sprat.studies.bench.plan import KIND as BENCH
from sprat.studies.costs.clouds import NO_LIST
from sprat.studies.costs.measured import Side

FEW = 30
"""Below this many answers the means of a side are coarse."""


def notes_of(
    studies: Sequence[Study],
    sides: Sequence[Side],
    assumed: Assumptions,
    options: Sequence[OptionCost],
) -> tuple[str, ...]:
    """One line each, the ones that matter to most readers first."""
    found = [
        _quality(options),
        "" if any(option.kind == "cloud" for option in options) else NO_LIST,
        *(_unfinished(study) for study in studies),
        *(line for side in sides for line in _of_side(side)),
        *(_lengths(study) for study in studies if study.kind == BENCH),
        _tokenizer(sides, assumed, options),
        _energy(sides),
        _one_at_a_time(sides),
    ]
    return tuple(line for line in found if line)


def _quality(options: Sequence[OptionCost]) -> str:
    unmeasured = [
        option.name.removeprefix("cloud: ") for option in options if option.kind == "cloud"
    ]
    if not unmeasured:
        return ""
    return (
        f"How good the answers of {' and '.join(unmeasured)} are was not measured: compare them as "
        "an endpoint before choosing by price."
    )


def _unfinished(study: Study) -> str:
    if study.status == "done":
        return ""
    return f"{study.id} was not finished: only its answers so far are reckoned with."


def _of_side(side: Side) -> list[str]:
    one = side.measured
    lines: list[str] = []
    if one.asked < FEW:
        lines.append(f"{one.model}: only {one.asked} answers, so its means are coarse.")
    if one.errors:
        lines.append(
            f"{one.model}: {one.errors} of {one.asked} failed; their time is paid, and they count "
            "as wrong."
        )
    return lines


def _lengths(study: Study) -> str:
    return (
        f"{study.id} is a benchmark: its prompts and answers are as long as it was told, not as "
        "long as your users'."
    )


def _tokenizer(sides: Sequence[Side], assumed: Assumptions, options: Sequence[OptionCost]) -> str:
    ratios = [
        f"{one.chars_per_token:.2f} at {one.model}"
        for one in (side.measured for side in sides)
        if one.chars_per_token is not None and one.kind != "hybrid"
    ]
    if not ratios or not any(option.kind == "cloud" for option in options):
        return ""
    return (
        f"The cloud's tokens are an estimate, {assumed.of('cloud_chars_per_token').value:g} "
        f"characters each; measured here: {', '.join(ratios)}. Its cached input is reckoned at "
        "full price."
    )


def _energy(sides: Sequence[Side]) -> str:
    here = [side.measured for side in sides if side.measured.here]
    if not here or all(one.joules for one in here):
        return ""
    reasons = dict.fromkeys(
        one.energy_source.removeprefix("unavailable: ") for one in here if not one.joules
    )
    return (
        f"Energy was not measured ({'; '.join(reasons)}): electricity is reckoned from the watts "
        "that were declared, while busy."
    )


def _one_at_a_time(sides: Sequence[Side]) -> str:
    if not any(side.measured.here for side in sides):
        return ""
    return (
        "A machine is taken to answer one request at a time, as it was measured; one that answers "
        "several at once needs fewer machines."
    )
