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
        _of_no_side(sides, assumed),
        *(_unfinished(study) for study in studies),
        *(line for side in sides for line in _of_side(side)),
        *(_lengths(study) for study in studies if study.kind == BENCH),
        _tokenizer(sides, assumed, options),
        _thinking(assumed, options),
        _energy(sides),
        _less_under_load(assumed),
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


def _of_no_side(sides: Sequence[Side], assumed: Assumptions) -> str:
    """A misspelt side would leave the reader with the other machine's price."""
    roles = roles_of(sides)
    unused = [name for name in assumed.values if name.partition("@")[2] not in {"", *roles}]
    if not unused:
        return ""
    return f"Not used: {', '.join(unused)}. The sides here are {', '.join(roles)}."


def roles_of(sides: Sequence[Side]) -> tuple[str, ...]:
    """Sides that may have a machine of their own."""
    return tuple(dict.fromkeys((*(side.measured.role for side in sides), "hybrid")))


def _thinking(assumed: Assumptions, options: Sequence[OptionCost]) -> str:
    """The default is kind to clouds that think first, as the best known ones do."""
    factor = assumed.of("cloud_output_factor")
    if factor.origin != "assumed" or not any(option.kind == "cloud" for option in options):
        return ""
    return (
        "The cloud's answers are taken to be as long as those measured here. A model that thinks "
        "first bills what it thinks, often several times as much: set cloud_output_factor then."
    )


def _less_under_load(assumed: Assumptions) -> str:
    idle, load = assumed.of("idle_watts").value, assumed.of("load_watts").value
    if idle is None or load is None or load >= idle:
        return ""
    return (
        f"load_watts ({load:g}) is less than idle_watts ({idle:g}), which it includes: answering "
        "is reckoned to draw nothing on top."
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
        f"Energy was not measured ({'; '.join(reasons)}): electricity is reckoned from declared "
        "watts, while busy."
    )


def _one_at_a_time(sides: Sequence[Side]) -> str:
    if not any(side.measured.here for side in sides):
        return ""
    return (
        "A machine is taken to answer one request at a time, as it was measured; one that answers "
        "several at once needs fewer machines."
    )
