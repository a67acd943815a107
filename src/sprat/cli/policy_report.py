"""What is found of a policy, written wherever the user asked for it."""

import sys
from typing import TYPE_CHECKING, Any

import click

from sprat.cli.output import write_json, write_text
from sprat.cli.reports import Targets, report_options

if TYPE_CHECKING:
    from sprat.studies.hybrid.result import Calibrated, Evaluation

policy_report_options = report_options


class PolicyTargets(Targets, frozen=True):
    """Files to write; None: not wanted; `-` is standard output."""

    def emit_evaluation(self, found: "Evaluation") -> None:
        """Write every file that was asked for, and the tables unless standard output is taken.

        Raises:
            CannotWrite: a file cannot be written.
        """
        from sprat.report.policy.terminal import print_evaluation

        self._emit(found, print_evaluation, "render")

    def emit_calibrated(self, found: "Calibrated") -> None:
        """The same, for what a calibration found.

        Raises:
            CannotWrite: a file cannot be written.
        """
        from sprat.report.policy.terminal import print_calibrated

        self._emit(found, print_calibrated, "render_calibrated")

    def _emit(self, found: Any, show: Any, render: str) -> None:  # noqa: ANN401 - either of the two
        from rich.console import Console

        from sprat.report.policy import html, markdown

        if "-" not in (self.json, self.markdown, self.html):
            width = None if sys.stdout.isatty() else 100
            show(found, Console(width=width, highlight=False))
        if self.json:
            write_json(found, self.json)
        if self.markdown:
            write_text(getattr(markdown, render)(found), self.markdown)
        if self.html:
            write_text(getattr(html, render)(found), self.html)
        for target in (self.html, self.markdown, self.json):
            if target and target != "-":
                click.echo(f"Written: {target}", err=True)
