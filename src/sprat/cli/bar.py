"""The bar that a study shows on standard error, on a terminal; elsewhere there are lines."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn


class Bar:
    """What all studies' bars share. What they show of an answer is their own.

    The bar is drawn only between two answers, never while one is timed: a drawing thread would
    hold the interpreter while a token arrives, and show up in its latency.
    """

    def __init__(self, console: Console | None = None) -> None:
        self.study = ""
        """The study under way; empty while nothing is recorded yet."""
        self._console = console or Console(stderr=True, highlight=False)
        self._errors = 0
        self._bar = Progress(
            TextColumn("{task.completed:.0f}/{task.total:.0f}"),
            BarColumn(bar_width=20),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.description}"),
            console=self._console,
            auto_refresh=False,
            transient=True,
        )

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._console.is_terminal:
            self._bar.stop()
