"""The worker's end of the pipe, whatever it computes.

Frames of `wire` come in on standard input and leave on what was standard output; whatever native
code prints goes to standard error. The process ends when its standard input does, which the system
closes even when the parent was killed: no worker outlives its parent.
"""

import os
import queue
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import BinaryIO, Protocol, TypeVar

from sprat.engines.worker.wire import Cancel, Fault, Ready, Taken, frame, read_frame
from sprat.errors import EngineError, SpratError, UnsupportedRequest, first_line

REST_AFTER_S = 1.0


class Numbered(Protocol):
    """A message about one request."""

    @property
    def id(self) -> int:
        """The request's number."""
        ...


Told = TypeVar("Told", bound=Numbered)
"""What the parent says."""
Interrupt = Callable[[int], None]
Hears_contra = TypeVar("Hears_contra", contravariant=True)


class Work(Protocol[Hears_contra]):
    """A loaded model and the requests that it holds."""

    @property
    def idle(self) -> bool:
        """Whether there is nothing to do."""
        ...

    def ready(self) -> Ready:
        """The first message to the parent."""
        ...

    def receive(self, message: Hears_contra) -> Sequence[object]:
        """Take in a request or a cancellation; what the parent should hear of it."""
        ...

    def step(self) -> Sequence[object]:
        """Compute a little; what the parent should hear of it."""
        ...

    def rest(self) -> None:
        """Nobody has asked for a while: prepare what would hold a request up."""
        ...

    def interrupt(self, number: int) -> None:
        """From another thread: a request was cancelled; compute no more of it than need be."""
        ...


def serve(load: Callable[[], Work[Told]], decode: Callable[[bytes], Told]) -> None:
    """Load, say so, do what the parent asks until it is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which closes our input
    out = take_stdout()
    inbox: queue.SimpleQueue[Told] = queue.SimpleQueue()
    interrupts: list[Interrupt] = []
    threading.Thread(target=_listen, args=(inbox, decode, interrupts), daemon=True).start()
    try:
        work = load()
        interrupts.append(work.interrupt)
    except Exception as error:  # noqa: BLE001 - whatever it was, the parent must hear of it
        _say(out, [fault(None, error)])
        os._exit(1)
    try:
        _say(out, [work.ready()])
        _work(work, inbox, out)
    except BrokenPipeError:
        os._exit(0)


def fault(number: int | None, error: Exception) -> Fault:
    """An exception as the parent hears of it; `number` is the request's, None the loading's."""
    if isinstance(error, SpratError):
        param = error.param if isinstance(error, UnsupportedRequest) else None
        return Fault(number, type(error).__name__, error.message, error.fix, param)
    what = f"The local model failed: {type(error).__name__}: {first_line(error)}"
    return Fault(number, EngineError.__name__, what)


def take_stdout() -> BinaryIO:
    """A stream to the parent that no stray print can reach."""
    sys.stdout.flush()
    ours = os.dup(1)
    os.dup2(2, 1)
    if sys.platform == "win32":
        import msvcrt

        msvcrt.setmode(ours, os.O_BINARY)
    return os.fdopen(ours, "wb", buffering=0)


def end_with_parent() -> None:
    """End this process when its standard input does, for one that reads nothing from there."""
    threading.Thread(target=_wait_for_the_end, daemon=True).start()


def _wait_for_the_end() -> None:
    sys.stdin.buffer.read()
    os._exit(1)


def _listen(
    inbox: "queue.SimpleQueue[Told]", decode: Callable[[bytes], Told], interrupts: list[Interrupt]
) -> None:
    """Read until the parent is gone, then end the process at once.

    A cancellation does not wait for the step that is being computed: it may end it.
    """
    while (body := read_frame(sys.stdin.buffer)) is not None:
        message = decode(body)
        inbox.put(message)
        if isinstance(message, Cancel):
            for interrupt in interrupts:
                interrupt(message.id)
    os._exit(0)


def _say(out: BinaryIO, messages: Iterable[object]) -> None:
    data = memoryview(b"".join(frame(message) for message in messages))
    while data:
        data = data[out.write(data) :]


def _work(work: Work[Told], inbox: "queue.SimpleQueue[Told]", out: BinaryIO) -> None:
    while True:
        heard = [_next(work, inbox)] if work.idle else []
        while not inbox.empty():
            heard.append(inbox.get())
        for message in heard:
            if not isinstance(message, Cancel):
                _say(out, [Taken(message.id)])
            _say(out, work.receive(message))
        if not work.idle:
            _say(out, work.step())


def _next(work: Work[Told], inbox: "queue.SimpleQueue[Told]") -> Told:
    """What the parent says next; whoever has to wait for long enough rests."""
    try:
        return inbox.get(timeout=REST_AFTER_S)
    except queue.Empty:
        with suppress(Exception):  # whoever needs it will hear what is wrong
            work.rest()
        return inbox.get()
