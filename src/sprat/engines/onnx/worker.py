"""The worker process: owns the native libraries, reads requests, writes answers.

    python -m sprat.engines.onnx.worker OPTIONS

Frames of `wire` come in on standard input and leave on what was standard output; whatever native
code prints goes to standard error. The process ends when its standard input does, which the system
closes even when the parent was killed: no worker outlives its parent.
"""

import os
import queue
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import msgspec

from sprat.engines.onnx.wire import (
    Cancel,
    Fault,
    FromWorker,
    Options,
    Ready,
    ToWorker,
    decode_to_worker,
    frame,
    read_frame,
)
from sprat.errors import EngineError, SpratError, first_line
from sprat.measure.clock import now_ns

Inbox = queue.SimpleQueue[ToWorker]
Interrupt = Callable[[int], None]


class Worker:
    """One model and the requests that it answers."""

    def __init__(self, options: Options) -> None:
        """Load everything.

        Raises:
            SpratError: the folder or the provider cannot be used.
        """
        from sprat.engines.onnx.decoder import Decoder, quiet
        from sprat.engines.onnx.folder import read_folder
        from sprat.engines.onnx.intake import Intake
        from sprat.engines.onnx.scheduler import Scheduler

        quiet()
        self._folder = read_folder(Path(options.folder))
        self._intake = Intake(self._folder)
        self._decoder = Decoder(self._folder, options.provider, options.threads)
        self._scheduler = Scheduler(
            self._decoder, batching=options.batching, reuse_prefix=options.reuse_prefix
        )
        self._guesses = self._decoder.check_exact()

    def ready(self) -> Ready:
        """The first message to the parent."""
        return Ready(now_ns(), self._decoder.provider, self._folder.context_tokens)

    @property
    def idle(self) -> bool:
        """Whether there is nothing to do."""
        return self._scheduler.idle

    def interrupt(self, number: int) -> None:
        """From another thread: compute no more of this request's prompt."""
        self._scheduler.interrupt(number)

    def receive(self, message: ToWorker) -> list[FromWorker]:
        """Take in a request or a cancellation."""
        if isinstance(message, Cancel):
            self._scheduler.cancel(message.id)
            return []
        try:
            self._scheduler.add(self._intake.job(message, guesses=self._guesses))
        except SpratError as error:
            return [_fault(message.id, error)]
        except Exception as error:  # noqa: BLE001 - one bad request must not end the others
            return [_broken(message.id, error)]
        return []

    def step(self) -> list[FromWorker]:
        """Compute a little; what the parent should hear of it."""
        try:
            news = self._scheduler.step()
        except Exception as error:  # noqa: BLE001 - said to every request that it concerns
            return [_broken(job.id, error) for job in self._scheduler.clear()]
        said: list[FromWorker] = []
        for job, piece in news:
            if piece is not None:
                said.append(piece)
            if job.finish is not None:
                said.append(job.done())
        return said


def _fault(number: int | None, error: SpratError) -> Fault:
    return Fault(number, type(error).__name__, error.message, error.fix)


def _broken(number: int | None, error: Exception) -> Fault:
    what = f"The local model failed: {type(error).__name__}: {first_line(error)}"
    return Fault(number, EngineError.__name__, what)


def _take_stdout() -> BinaryIO:
    """A stream to the parent that no stray print can reach."""
    sys.stdout.flush()
    ours = os.dup(1)
    os.dup2(2, 1)
    if sys.platform == "win32":
        import msvcrt

        msvcrt.setmode(ours, os.O_BINARY)
    return os.fdopen(ours, "wb", buffering=0)


def _listen(inbox: Inbox, interrupts: list[Interrupt]) -> None:
    """Read until the parent is gone, then end the process at once.

    A cancellation does not wait for the piece of a prompt that is being computed: it ends it.
    """
    while (body := read_frame(sys.stdin.buffer)) is not None:
        message = decode_to_worker(body)
        inbox.put(message)
        if isinstance(message, Cancel):
            for interrupt in interrupts:
                interrupt(message.id)
    os._exit(0)


def _say(out: BinaryIO, messages: list[FromWorker]) -> None:
    data = memoryview(b"".join(frame(message) for message in messages))
    while data:
        data = data[out.write(data) :]


def _serve(worker: Worker, inbox: Inbox, out: BinaryIO) -> None:
    while True:
        heard = [inbox.get()] if worker.idle else []
        while not inbox.empty():
            heard.append(inbox.get())
        for message in heard:
            _say(out, worker.receive(message))
        if not worker.idle:
            _say(out, worker.step())


def main(arguments: list[str]) -> None:
    """Load, say so, serve until the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which closes our input
    out = _take_stdout()
    inbox: Inbox = queue.SimpleQueue()
    interrupts: list[Interrupt] = []
    threading.Thread(target=_listen, args=(inbox, interrupts), daemon=True).start()
    try:
        worker = Worker(msgspec.json.decode(arguments[0], type=Options))
        interrupts.append(worker.interrupt)
    except SpratError as error:
        _say(out, [_fault(None, error)])
        os._exit(1)
    except Exception as error:  # noqa: BLE001 - whatever it was, the parent must hear of it
        _say(out, [_broken(None, error)])
        os._exit(1)
    try:
        _say(out, [worker.ready()])
        _serve(worker, inbox, out)
    except BrokenPipeError:
        os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
