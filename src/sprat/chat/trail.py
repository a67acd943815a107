"""Shows what happens behind an answer, step by step, while it happens."""

import asyncio
import logging
from collections.abc import Iterable

import chainlit as cl
from chainlit.utils import utc_now

from sprat.chat.words import ASIDE, step_icon, step_name, step_text
from sprat.types import Step

LOG = logging.getLogger("sprat.chat")


class Trail:
    """Takes steps from an engine, which does not wait, and shows them in order.

    A step that tells nothing but its role and engine has begun; the same one with more has ended.
    """

    def __init__(self) -> None:
        """Inside a chat's task: the steps stand under the question that it answers."""
        run = cl.context.current_run
        self._parent = run.id if run else None
        self._coming: asyncio.Queue[Step | None] = asyncio.Queue()
        self._open: dict[tuple[str, str], cl.Step] = {}
        self._shown = 0
        self._task = asyncio.create_task(self._follow())

    def watch(self, step: Step) -> None:
        """Told by an engine."""
        self._coming.put_nowait(step)

    async def caught_up(self) -> None:
        """Wait until all that was told is shown: it stands above what comes next."""
        await self._coming.join()

    async def close(self, steps: Iterable[Step] = ()) -> None:
        """Show what has not been shown: all of `steps`, if the engine told none while it worked."""
        self._coming.put_nowait(None)
        await self._task
        if not self._shown:
            for step in steps:
                await self._show(step)
        for shown in self._open.values():
            shown.is_error, shown.end = True, utc_now()
            shown.output = "Stopped."
            await shown.update()
        self._open.clear()

    async def _follow(self) -> None:
        while (step := await self._coming.get()) is not None:
            try:
                await self._show(step)
            except Exception:  # a step that cannot be shown is no reason to hold up the answer
                LOG.exception("a step was not shown")
            finally:
                self._coming.task_done()

    async def _show(self, step: Step) -> None:
        self._shown += 1
        key = (step.role, step.engine)
        ended = step != Step(role=step.role, engine=step.engine)
        shown = self._open.pop(key, None)
        is_new = shown is None
        if shown is None:
            shown = cl.Step(
                name=step_name(step),
                type="tool",
                parent_id=self._parent,
                show_input=False,
                icon=step_icon(step),
            )
            shown.start = utc_now()
        shown.name, shown.output = step_name(step), step_text(step)
        shown.is_error = step.error is not None and step.role not in ASIDE
        if ended:
            shown.end = utc_now()
        else:
            self._open[key] = shown
        await (shown.send() if is_new else shown.update())
