"""What is shown on standard error while documents are asked, and questions drafted."""

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from sprat.cli.bar import Bar
from sprat.studies.grounded.study import Event

Told = Callable[[int, int], None]
"""(done, in all)."""
_EVERY_S = 10.0


@contextmanager
def counting(what: str) -> Generator[Told]:
    """A bar that counts on a terminal, a line every ten seconds elsewhere."""
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield _Lines(what)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:.0f}/{task.total:.0f}"),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        tasks: list[TaskID] = []

        def told(done: int, total: int) -> None:
            if not tasks:
                tasks.append(bar.add_task(what, total=total))
            bar.update(tasks[0], completed=done, total=total)

        yield told


class _Lines:
    def __init__(self, what: str) -> None:
        self._what = what
        self._last_s = float("-inf")

    def __call__(self, done: int, total: int) -> None:
        if time.monotonic() - self._last_s >= _EVERY_S:
            self._last_s = time.monotonic()
            click.echo(f"{self._what}: {done}/{total}", err=True)


class RagLive(Bar):
    """A bar on a terminal, a line for every tenth elsewhere."""

    def __init__(self, console: Console | None = None) -> None:
        super().__init__(console)
        self._scores: list[float] = []
        self._tasks: dict[str, TaskID] = {}
        self._tenths: dict[str, int] = {}

    def show(self, event: Event) -> None:
        """Take in one event."""
        self.study = event.study or self.study
        if event.what == "warming":
            click.echo("Loading the models…", err=True)
            return
        self._errors += event.error is not None
        if event.right is not None:
            self._scores.append(event.right)
        if self._console.is_terminal:
            self._draw(event)
        else:
            self._line(event)

    def _draw(self, event: Event) -> None:
        if event.what not in self._tasks:
            done = max(0, event.done - 1)
            self._tasks[event.what] = self._bar.add_task("", total=event.total, completed=done)
        self._bar.update(
            self._tasks[event.what],
            completed=event.done,
            description=self._standing(event),
            refresh=True,
        )

    def _line(self, event: Event) -> None:
        tenth = event.done * 10 // max(1, event.total)
        if tenth > self._tenths.get(event.what, -1):
            self._tenths[event.what] = tenth
            click.echo(f"{event.done}/{event.total} {self._standing(event)}", err=True)

    def _standing(self, event: Event) -> str:
        failed = f" · {self._errors} failed" if self._errors else ""
        if event.what == "judged":
            return f"opinions{failed}"
        mean = f" · {100 * sum(self._scores) / len(self._scores):.0f}%" if self._scores else ""
        return f"answers{mean}{failed}"
