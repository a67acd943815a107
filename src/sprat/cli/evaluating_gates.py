"""When a build fails, and why: one clear line for each reason."""

import math
from typing import TYPE_CHECKING

import click

from sprat.cli.output import check_target, write_text
from sprat.errors import UsageError

if TYPE_CHECKING:
    from sprat.cli.evaluate import Gate
    from sprat.cli.reports import Targets
    from sprat.studies.asked import Asked
    from sprat.studies.evaluation.change import Change
    from sprat.studies.evaluation.result import EvaluatedModel, Evaluation


def refuse_gate(gate: "Gate", junit_file: str | None) -> None:
    """Gates that cannot be held, and a file that cannot be written, before anything is asked.

    Raises:
        UsageError: naming the option.
    """
    check_target(junit_file)
    if gate.fail_slower is not None and gate.baseline is None:
        raise UsageError("--fail-slower needs a baseline.", fix="Add --baseline RUN.")
    for option in ("significance", "fail_under", "fail_slower"):
        value = getattr(gate, option)
        if value is not None and math.isnan(value):
            name = option.replace("_", "-")
            raise UsageError(f"--{name} is not a number.", fix="Give a number.")


def refuse_twice(targets: "Targets", junit_file: str | None) -> None:
    """One place takes one result.

    Raises:
        UsageError: JUnit would be written over, or into, another result.
    """
    if junit_file is not None and junit_file in targets.all:
        place = "Standard output" if junit_file == "-" else junit_file
        raise UsageError(f"{place} can take one result only.", fix="Name a file for each.")


def refuse_itself(baseline: "Asked | None", studies: list[str]) -> None:
    """`latest` may be the very study that is resumed: against itself nothing ever got worse.

    Raises:
        UsageError: the baseline is one of these studies.
    """
    if baseline is not None and baseline.study.id in studies:
        raise UsageError(
            f"The baseline {baseline.study.id} is this evaluation itself.",
            fix="Name an earlier one: sprat runs list",
        )


def failures(found: "Evaluation", gate: "Gate") -> list[str]:
    """Why the command fails, a line for each reason; empty: it does not."""
    lines: list[str] = []
    for model in found.models:
        if gate.fail_under is not None:
            lines += _under(model, gate.fail_under)
        if gate.baseline is not None and model.change is not None:
            lines += _worse(model.change)
            if gate.fail_slower is not None:
                lines += _slower(model.change, gate.fail_slower)
    return lines


def _under(model: "EvaluatedModel", least: float) -> list[str]:
    summary = model.summary
    if summary.score is None:
        return [f"{model.name} has no score, so --fail-under {least:g} is not met."]
    if summary.score < least:
        return [f"{model.name} scores {summary.score:.3f}, below --fail-under {least:g}."]
    low = summary.score_low
    if low is not None and low < least:
        click.echo(
            f"{model.name} scores {summary.score:.3f}; the low end of its interval, {low:.3f}, "
            f"is below --fail-under {least:g}.",
            err=True,
        )
    return []


def _worse(change: "Change") -> list[str]:
    if change.decision == "regression":
        return [f"A regression against {change.before.run}: {change.why}"]
    if change.decision == "too few":
        few = f"{change.n} questions in common with {change.before.run} are too few to hold a line."
        return [f"{few} Ask the same questions as the baseline."]
    return []


def _slower(change: "Change", percent: float) -> list[str]:
    pace = change.pace
    if pace.other_machine:
        return [f"Seconds cannot be held to a line: {pace.other_machine}."]
    if pace.low is None or pace.times is None or pace.low <= 1 + percent / 100:
        return []
    longer = f"{pace.times:.2f} times as long as in {change.before.run} (at least {pace.low:.2f})"
    return [f"{change.now.model} takes {longer}: more than --fail-slower {percent:g} allows."]


def write_junit(found: "Evaluation", target: str) -> None:
    """One test case for each question.

    Raises:
        CannotWrite: the file cannot be written.
    """
    from sprat.report.evaluation.junit import render

    write_text(render(found), target)
    if target != "-":
        click.echo(f"Written: {target}", err=True)
