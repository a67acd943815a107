"""What is shown on standard error while a study runs."""

from typing import TYPE_CHECKING

import click
from rich.console import Console

from sprat.cli.bar import Bar
from sprat.studies.compare import Event

if TYPE_CHECKING:
    from rich.progress import TaskID


class Live(Bar):
    """A bar on a terminal, a line now and then elsewhere."""

    def __init__(self, console: Console | None = None) -> None:
        super().__init__(console)
        self._scores: dict[str, list[float]] = {"small": [], "large": []}
        self._task: TaskID | None = None
        self._tenths = -1

    def show(self, event: Event) -> None:
        """Take in one event."""
        self.study = event.study or self.study
        if event.what == "warming":
            self._say(f"Loading {event.model} ({event.side})…")
            return
        if event.what == "bare":
            self._say(f"{event.model} gives no log-probabilities: it is asked without them.")
            return
        if event.what == "asked":
            self._count(event)
        if self._console.is_terminal:
            self._draw(event)
        elif event.what == "asked":
            self._line(event)

    def _count(self, event: Event) -> None:
        if event.score is not None:
            self._scores[event.side].append(event.score)
        self._errors += event.error is not None

    def _draw(self, event: Event) -> None:
        if self._task is None:
            # Only what is left is timed: the answers of an earlier session took no time now.
            self._task = self._bar.add_task("", total=event.total, completed=event.done)
        text = f"{self._standing()} · {event.question} → {event.side}"
        self._bar.update(self._task, completed=event.done, description=text, refresh=True)

    def _line(self, event: Event) -> None:
        tenth = event.done * 10 // max(1, event.total)
        if tenth > self._tenths:
            self._tenths = tenth
            self._say(f"{event.done}/{event.total} answers · {self._standing()}")

    def _standing(self) -> str:
        parts = [
            f"{side} {100 * sum(scores) / len(scores):.0f}%"
            for side, scores in self._scores.items()
            if scores
        ]
        if self._errors:
            parts.append(f"{self._errors} failed")
        return " · ".join(parts) or "no score yet"

    def _say(self, text: str) -> None:
        if self._console.is_terminal:
            self._bar.console.print(text, markup=False)
        else:
            click.echo(text, err=True)
