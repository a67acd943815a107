"""`sprat cost`: what each way to answer would cost, made of what was recorded."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from sprat.cli.context import settings_of
from sprat.cli.output import check_target, write_text
from sprat.cli.reports import Targets, emit, report_options
from sprat.errors import UsageError
from sprat.settings import Settings

if TYPE_CHECKING:
    from sprat.cost.assumptions import Assumptions
    from sprat.runs.store import Store
    from sprat.studies.costs.passed import Passed

EPILOG = "Example: sprat cost latest --requests-per-month 50000 --set machine_usd=1500"
TYPED = "typed on the command line"
_SET = "NAME=VALUE[:LOW:HIGH]"


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """The options as typed; None: not typed."""

    requests_per_month: float | None
    growth: float | None
    months: int | None
    assumptions_file: str | None
    values: tuple[str, ...]
    clouds: tuple[str, ...]
    policy: str | None
    seed: int
    write_file: str | None


@click.command(epilog=EPILOG)
@click.argument("runs", metavar="RUN...", nargs=-1)
@click.option("--requests-per-month", type=float, metavar="N", help="Answers in the first month.")
@click.option("--months", type=int, metavar="N", help="How far to look [36].")
@click.option("--growth", type=float, metavar="PCT", help="More requests each month, in percent.")
@click.option(
    "--assumptions", "assumptions_file", metavar="FILE", help="What is taken for granted."
)
@click.option(
    "--set", "values", metavar=_SET, multiple=True, help="One assumption; beats the file."
)
@click.option("--cloud", "clouds", metavar="PROVIDER/MODEL", multiple=True,
              help="A cloud's model to hold it against; again for more.")  # fmt: skip
@click.option(
    "--policy", metavar="FILE|NAME", help="What it passes on, replayed over these answers."
)
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=0, help="Of the draws [0].")
@click.option("--write-assumptions", "write_file", metavar="FILE",
              help="Write them all to a file to edit; - for standard output.")  # fmt: skip
@report_options
@click.pass_context
def cost(
    ctx: click.Context,
    runs: tuple[str, ...],
    html_file: str | None,
    markdown_file: str | None,
    json_file: str | None,
    **options: Any,  # noqa: ANN401 (click's own, named and typed by `Wanted`)
) -> None:
    """Forecast what each way to answer would cost: small, large, hybrid, cloud.

    RUN is a study's id, the first characters of one, or `latest`; `latest:small` is one side of it.
    Tokens, seconds and joules are the measured ones; everything else is an assumption, listed with
    its source, and editable in a file: sprat cost --write-assumptions cost.toml
    """
    wanted, targets = Wanted(**options), Targets(html_file, markdown_file, json_file)
    targets.check()
    settings = settings_of(ctx)
    assumed = assumptions_wanted(wanted, settings)
    if wanted.write_file:
        _write(assumed, wanted.write_file)
    elif not runs:
        raise UsageError("Name what was recorded.", fix="Try: sprat cost latest")
    if runs:
        _forecast(runs, wanted, settings, assumed, targets)


def assumptions_wanted(wanted: Wanted, settings: Settings) -> "Assumptions":
    """Options over the file over `sprat.toml` over defaults.

    Raises:
        SettingsError: a file that cannot be used, or a value out of its bounds.
        UsageError: an option that cannot be read.
    """
    from sprat.cost.assumptions import assumptions_of
    from sprat.cost.written import checked_months, read_assumptions

    found = assumptions_of(settings.cost)
    if wanted.assumptions_file:
        found = read_assumptions(Path(wanted.assumptions_file), found)
    for name, value in (
        ("requests_per_month", wanted.requests_per_month),
        ("growth_pct", wanted.growth),
    ):
        if value is not None:
            found = found.with_value(name, value, TYPED)
    for text in wanted.values:
        found = _with_typed(found, text)
    if wanted.months is not None:
        found = msgspec.structs.replace(found, months=checked_months(wanted.months))
    return _with_clouds(found, wanted.clouds)


def _with_typed(found: "Assumptions", text: str) -> "Assumptions":
    name, equals, said = text.partition("=")
    try:
        numbers = [float(part) for part in said.split(":")]
    except ValueError:
        numbers = []
    if not equals or len(numbers) not in {1, 3}:
        raise UsageError(
            f"--set {text!r} is not {_SET}.", fix="Try: --set machine_usd=1500, or =1500:1200:2000"
        )
    value, low, high = numbers if len(numbers) == 3 else (*numbers, None, None)
    return found.with_value(name.strip(), value, TYPED, low=low, high=high)


def _with_clouds(found: "Assumptions", names: tuple[str, ...]) -> "Assumptions":
    from sprat.cost.assumptions import MOST_CLOUDS, Cloud

    if not names:
        return found
    if len(names) > MOST_CLOUDS:
        raise UsageError(f"{len(names)} clouds are too many.", fix=f"At most {MOST_CLOUDS}.")
    known = {cloud.model: cloud for cloud in found.clouds}
    clouds = tuple(known.get(name, Cloud(model=name)) for name in dict.fromkeys(names))
    return msgspec.structs.replace(found, clouds=clouds, clouds_declared=True)


def _write(assumed: "Assumptions", file: str) -> None:
    """Write the assumptions, over no file of the user's."""
    from sprat.cost.written import written

    if file == "-":
        click.echo(written(assumed), nl=False)
        return
    if Path(file).exists():
        raise UsageError(f"{file} is there already.", fix="Name another file, or move it away.")
    check_target(file)
    write_text(written(assumed), file)
    click.echo(f"Written: {file}", err=True)


def _forecast(
    runs: tuple[str, ...],
    wanted: Wanted,
    settings: Settings,
    assumed: "Assumptions",
    targets: Targets,
) -> None:
    from sprat.report.forms import COST
    from sprat.runs.store import Store
    from sprat.studies.costing import costing

    with Store(settings.runs_file) as store:
        passed = _passed(wanted.policy, store, runs, settings) if wanted.policy else None
        found = costing(store, runs, settings, assumed, passed=passed, seed=wanted.seed)
    emit(found, COST, targets)


def _passed(policy: str, store: "Store", runs: tuple[str, ...], settings: Settings) -> "Passed":
    """The policy replayed over those of the studies that are of its two models."""
    from sprat.policies.file import find_policy, read_policy
    from sprat.studies.costs.passed import passed_on

    studies = [store.find(run.partition(":")[0]) for run in runs]
    return asyncio.run(passed_on(read_policy(find_policy(policy, settings)), store, studies))
