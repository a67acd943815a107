"""`sprat report brief`: the one page to decide by, from recorded studies alone."""

import asyncio
import math
import sys
from typing import TYPE_CHECKING, Any

import click
import msgspec

from sprat.cli.context import settings_of
from sprat.cli.output import write_bytes, write_json, write_text
from sprat.cli.reports import Targets, report_options
from sprat.errors import UsageError
from sprat.runs.store import Store

if TYPE_CHECKING:
    from sprat.cost.assumptions import Assumptions
    from sprat.settings import Settings
    from sprat.studies.brief.make import BriefWish
    from sprat.studies.brief.result import Brief

MOST_TITLE = 90
"""Characters: a title is one line or two."""
DEFAULT_MARGIN = 0.05


class BriefTargets(Targets, frozen=True):
    """Files to write; None: not wanted; `-` is standard output."""

    pdf: str | None = None


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """The options as typed; None: not typed."""

    runs: tuple[str, ...]
    title: str | None
    margin: float
    assumptions: str | None
    requests_per_month: float | None
    months: int | None


@click.command(epilog="Example: sprat report brief latest --html brief.html --pdf brief.pdf")
@click.argument("runs", metavar="RUN...", nargs=-1, required=True)
@click.option("--title", metavar="TEXT", help="What stands above it [the question].")
@click.option(
    "--margin",
    type=click.FloatRange(0, 1),
    default=DEFAULT_MARGIN,
    help=f"How much worse is still good enough, where no study declared it [{DEFAULT_MARGIN}].",
)
@click.option("--assumptions", metavar="FILE", help="Of the cost, as sprat cost has it.")
@click.option("--requests-per-month", type=float, metavar="N", help="Answers in the first month.")
@click.option("--months", type=int, metavar="N", help="How far the cost looks ahead [36].")
@click.option(
    "--pdf", "pdf_file", metavar="FILE", help="Print it with a Chrome or Edge that is here."
)
@click.option("--paper", type=click.Choice(["a4", "letter"]), default="a4", help="Of --pdf [a4].")
@report_options
@click.pass_context
def brief(
    ctx: click.Context,
    pdf_file: str | None,
    paper: Any,  # noqa: ANN401 (one of two words, which click has checked)
    html_file: str | None,
    markdown_file: str | None,
    json_file: str | None,
    **options: Any,  # noqa: ANN401 (click's own, named and typed by `Wanted`)
) -> None:
    """Write one page for a decision: verdict, recommendation, figures, risks, cost, next steps.

    RUN: studies of sprat compare, evaluate, bench, judge and rag evaluate, in any mixture. Every
    number leads to its evidence on the second page.
    """
    wanted = Wanted(**options)
    targets = BriefTargets(html_file, markdown_file, json_file, pdf_file)
    targets.check()
    _refuse_nonsense(wanted)
    settings = settings_of(ctx)
    wish = _wish(wanted, settings)
    from sprat.studies.brief.make import brief_of

    with Store(settings.runs_file) as store:
        made = asyncio.run(brief_of(store, settings, wish))
    _emit(made, targets)
    if targets.pdf:
        _print(made, targets.pdf, paper)


def _refuse_nonsense(wanted: Wanted) -> None:
    if math.isnan(wanted.margin):
        raise UsageError("--margin is not a number.", fix="Try: --margin 0.05")
    if wanted.title is not None and not 0 < len(wanted.title.strip()) <= MOST_TITLE:
        raise UsageError(
            f"--title has {len(wanted.title)} characters.", fix=f"Use 1 to {MOST_TITLE}."
        )


def _wish(wanted: Wanted, settings: "Settings") -> "BriefWish":
    from sprat.studies.brief.make import BriefWish

    return BriefWish(
        runs=wanted.runs,
        title=" ".join((wanted.title or "").split()),
        margin=wanted.margin,
        assumptions=_assumptions(wanted, settings),
        cost_options=_cost_options(wanted),
    )


def _assumptions(wanted: Wanted, settings: "Settings") -> "Assumptions":
    """As `sprat cost` has them: the file, `[cost]` of sprat.toml, and what was typed over both."""
    from sprat.cli.cost import Wanted as Cost
    from sprat.cli.cost import assumptions_wanted

    typed = Cost(
        requests_per_month=wanted.requests_per_month,
        growth=None,
        months=wanted.months,
        assumptions_file=wanted.assumptions,
        values=(),
        clouds=(),
        policy=None,
        seed=0,
        write_file=None,
    )
    return assumptions_wanted(typed, settings)


def _cost_options(wanted: Wanted) -> tuple[str, ...]:
    """What was typed of the cost, as `sprat cost` takes it."""
    typed = {
        "--assumptions": wanted.assumptions,
        "--requests-per-month": wanted.requests_per_month,
        "--months": wanted.months,
    }
    return tuple(
        part
        for name, value in typed.items()
        if value is not None
        for part in (name, value if isinstance(value, str) else f"{value:.12g}")
    )


def _emit(made: "Brief", targets: BriefTargets) -> None:
    """Write every file that was asked for, and the tables unless standard output is taken."""
    if "-" not in targets.all:
        _show(made)
    if targets.json:
        write_json(made, targets.json)
    if targets.markdown:
        from sprat.report.brief.markdown import render as as_markdown

        write_text(as_markdown(made), targets.markdown)
    if targets.html:
        from sprat.report.brief.html import render as as_html

        write_text(as_html(made), targets.html)
    for target in (targets.html, targets.markdown, targets.json):
        if target and target != "-":
            click.echo(f"Written: {target}", err=True)


def _show(made: "Brief") -> None:
    from rich.console import Console

    from sprat.report.brief.terminal import print_brief

    width = None if sys.stdout.isatty() else 100
    print_brief(made, Console(width=width, highlight=False))


def _print(made: "Brief", target: str, paper: Any) -> None:  # noqa: ANN401 (as above)
    from sprat.report.brief.html import render
    from sprat.report.brief.pdf import printed

    write_bytes(printed(render(made, paper=paper)), target)
    if target != "-":
        click.echo(f"Written: {target}", err=True)
