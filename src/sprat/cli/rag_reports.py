"""An evaluation of answers from documents, written wherever the user asked for it."""

import sys

import click

from sprat.cli.output import write_json, write_text
from sprat.cli.reports import Targets
from sprat.runs.store import Store
from sprat.studies.grounded.result import GroundedEvaluation


def emit(store: Store, study: str, targets: Targets) -> None:
    """Write every file that was asked for, and the table unless standard output is taken.

    Raises:
        RunError: no such study, or it is none of answers from documents.
        CannotWrite: a file cannot be written.
    """
    from sprat.studies.grounded.summary import summarise

    found = summarise(store, study)
    if "-" not in (targets.json, targets.markdown, targets.html):
        _print_table(found)
    if targets.json:
        write_json(found, targets.json)
    if targets.markdown:
        from sprat.report.grounded import markdown

        write_text(markdown.render(found), targets.markdown)
    if targets.html:
        from sprat.report.grounded import html

        write_text(html.render(found), targets.html)
    for target in (targets.html, targets.markdown, targets.json):
        if target and target != "-":
            click.echo(f"Written: {target}", err=True)


def _print_table(found: GroundedEvaluation) -> None:
    from rich.console import Console

    from sprat.report.grounded.terminal import print_evaluation

    # Into a pipe or a file the table keeps one width, whatever the terminal of the day.
    width = None if sys.stdout.isatty() else 100
    print_evaluation(found, Console(width=width, highlight=False))
