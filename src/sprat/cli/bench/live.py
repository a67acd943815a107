"""What is shown on standard error while a benchmark runs."""

from types import TracebackType
from typing import Self

import click
from rich.console import Console

from sprat.studies.bench.study import Event


class Live:
    """A line on a terminal, drawn anew between two rounds; a line now and then elsewhere.

    Nothing is drawn while anything is timed: a drawing thread would hold the interpreter while a
    token arrives, and show up in its latency.
    """

    def __init__(self, console: Console | None = None) -> None:
        self.study = ""
        """The study under way; empty while nothing is recorded yet."""
        self._console = console or Console(stderr=True, highlight=False)
        self._tenth = (-1, "")
        self._drawn = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._wipe()

    def show(self, event: Event) -> None:
        """Take in one event."""
        self.study = event.study or self.study
        if event.what == "preparing":
            self._say(f"Preparing {event.side} ({event.condition})…")
        elif event.what == "unmeasured":
            self._say(f"{event.side} cannot be measured {event.condition}: {event.why}")
        elif self._console.is_terminal:
            self._draw(_line(event))
        else:
            self._now_and_then(event)

    def _now_and_then(self, event: Event) -> None:
        share = event.spent_s / event.budget_s if event.budget_s else 0.0
        tenth = (min(10, int(10 * share)), event.condition)
        if tenth != self._tenth:
            self._tenth = tenth
            self._say(_line(event))

    def _draw(self, text: str) -> None:
        self._wipe()
        self._console.print(text, end="\r", markup=False, no_wrap=True, overflow="ellipsis")
        self._drawn = True

    def _wipe(self) -> None:
        if self._drawn:
            self._console.print(" " * (self._console.width - 1), end="\r")
            self._drawn = False

    def _say(self, text: str) -> None:
        self._wipe()
        if self._console.is_terminal:
            self._console.print(text, markup=False)
        else:
            click.echo(text, err=True)


def _line(event: Event) -> str:
    return (
        f"{event.setup} · round {event.round + 1} · {event.spent_s:.0f} of at most "
        f"{max(0.0, event.budget_s):.0f} s → {event.side}"
    )
