"""What is shown on standard error while a judge grades."""

import click

from sprat.cli.bar import Bar
from sprat.studies.judging.study import Event


class JudgeLive(Bar):
    """A bar on a terminal, a line for every tenth elsewhere."""

    _tenths = -1

    def show(self, event: Event) -> None:
        """Take in one event."""
        self.study = event.study or self.study
        if event.what == "warming":
            click.echo("Loading the judge…", err=True)
            return
        self._errors += event.error is not None
        failed = f" · {self._errors} failed" if self._errors else ""
        if self._console.is_terminal:
            self._draw(event, f"opinions{failed}")
        else:
            self._line(event, failed)

    def _draw(self, event: Event, text: str) -> None:
        if not self._bar.task_ids:
            self._bar.add_task("", total=event.total, completed=max(0, event.done - 1))
        self._bar.update(
            self._bar.task_ids[0], completed=event.done, description=text, refresh=True
        )

    def _line(self, event: Event, failed: str) -> None:
        tenth = event.done * 10 // max(1, event.total)
        if tenth > self._tenths:
            self._tenths = tenth
            click.echo(f"{event.done}/{event.total} opinions{failed}", err=True)
