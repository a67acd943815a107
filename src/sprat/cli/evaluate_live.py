"""What is shown on standard error while models are evaluated."""

from typing import TYPE_CHECKING

import click
from rich.console import Console

from sprat.cli.bar import Bar
from sprat.studies.evaluation.study import Event

if TYPE_CHECKING:
    from rich.progress import TaskID


class EvaluateLive(Bar):
    """A bar on a terminal, a line now and then elsewhere."""

    def __init__(self, console: Console | None = None) -> None:
        super().__init__(console)
        self._scores: list[float] = []
        self._task: TaskID | None = None
        self._tenths = -1
        self._what = ""

    def show(self, event: Event) -> None:
        """Take in one event."""
        self.study = event.study or self.study
        if event.what == "warming":
            self._scores, self._errors = [], 0
            self._say(f"Loading {event.model}…")
            return
        if event.what == "bare":
            self._say(f"{event.model} gives no log-probabilities: it is asked without them.")
            return
        self._begin(event)
        if event.score is not None:
            self._scores.append(event.score)
        self._errors += event.error is not None
        if self._console.is_terminal:
            self._draw(event)
        else:
            self._line(event)

    def _begin(self, event: Event) -> None:
        """A new stage has its own bar, and its own tenths."""
        stage = f"{event.what} {event.model} {event.study}"
        if stage != self._what:
            if self._task is not None:
                self._bar.remove_task(self._task)
            self._what, self._task, self._tenths = stage, None, -1

    def _draw(self, event: Event) -> None:
        if self._task is None:
            self._task = self._bar.add_task("", total=event.total, completed=event.done)
        self._bar.update(
            self._task, completed=event.done, description=self._standing(event), refresh=True
        )

    def _line(self, event: Event) -> None:
        tenth = event.done * 10 // max(1, event.total)
        if tenth > self._tenths:
            self._tenths = tenth
            unit = "opinions" if event.what == "judged" else "answers"
            self._say(f"{event.done}/{event.total} {unit} · {self._standing(event)}")

    def _standing(self, event: Event) -> str:
        parts = [event.model]
        if event.what == "asked" and self._scores:
            parts.append(f"{100 * sum(self._scores) / len(self._scores):.0f}%")
        if self._errors:
            parts.append(f"{self._errors} failed")
        return " · ".join(parts)

    def _say(self, text: str) -> None:
        if self._console.is_terminal:
            self._bar.console.print(text, markup=False)
        else:
            click.echo(text, err=True)
