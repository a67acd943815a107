"""Progress on standard error: a bar on a terminal, now and then a line elsewhere."""

import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from sprat.models.progress import Progress, megabytes

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

_EVERY_S = 10.0
"""Seconds between two plain lines of the same stage."""


@contextmanager
def progress_bar() -> Generator[Progress]:
    """A listener for work that takes a while; what it draws is gone when the block ends."""
    if not sys.stderr.isatty():
        yield Lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as drawn:
        yield _Bars(drawn)


class _Bars:
    """One bar at a time: a new stage takes the place of the one before."""

    def __init__(self, drawn: "RichProgress") -> None:
        self._drawn = drawn
        self._stage = ""
        self._task: TaskID | None = None

    def __call__(self, stage: str, done: int, total: int | None) -> None:
        if total is None and done == 0:
            self._drawn.console.print(stage, highlight=False, markup=False)
            return
        if stage != self._stage or self._task is None:
            self._begin(stage, total)
        if self._task is not None:
            self._drawn.update(self._task, completed=done, total=total)

    def _begin(self, stage: str, total: int | None) -> None:
        if self._task is not None:
            self._drawn.remove_task(self._task)
        self._stage, self._task = stage, self._drawn.add_task(stage, total=total)


class Lines:
    """Plain lines: each remark, each new stage, and one every ten seconds of a long one."""

    def __init__(self) -> None:
        self._stage = ""
        self._last_s = 0.0

    def __call__(self, stage: str, done: int, total: int | None) -> None:
        """Print the remark, or where the stage stands when it is time to."""
        if total is None and done == 0:
            click.echo(stage, err=True)
        elif stage != self._stage or time.monotonic() - self._last_s >= _EVERY_S:
            self._stage, self._last_s = stage, time.monotonic()
            of = f"{done / total:4.0%} of {megabytes(total)}" if total else megabytes(done)
            click.echo(f"{stage}: {of}", err=True)
