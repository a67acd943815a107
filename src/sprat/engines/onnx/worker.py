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
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from sprat.engines.onnx.wire import (
    Ask,
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
from sprat.errors import ContextTooLong, EngineError, SpratError, first_line
from sprat.measure.clock import now_ns
from sprat.types import ChatRequest, ResponseFormat

if TYPE_CHECKING:
    from sprat.engines.onnx.guidance import Guide, Guides
    from sprat.engines.onnx.job import Job

Inbox = queue.SimpleQueue[ToWorker]


class Worker:
    """One model and the requests that it answers."""

    def __init__(self, options: Options) -> None:
        """Load everything.

        Raises:
            SpratError: the folder or the provider cannot be used.
        """
        from sprat.engines.onnx.decoder import Decoder, quiet
        from sprat.engines.onnx.folder import read_folder
        from sprat.engines.onnx.scheduler import Scheduler
        from sprat.engines.onnx.tokens import Tokenizer
        from sprat.engines.onnx.vocabulary import read_vocabulary
        from sprat.models.template import read_template

        quiet()
        self._folder = read_folder(Path(options.folder))
        self._template = read_template(self._folder.path)
        self._tokenizer = Tokenizer(self._folder)
        self._vocabulary = read_vocabulary(self._folder.path)
        self._decoder = Decoder(self._folder, options.provider, options.threads)
        self._scheduler = Scheduler(
            self._decoder, batching=options.batching, reuse_prefix=options.reuse_prefix
        )
        self._guesses = self._decoder.check_exact()
        self._guides: Guides | None = None

    def ready(self) -> Ready:
        """The first message to the parent."""
        return Ready(now_ns(), self._decoder.provider, self._folder.context_tokens)

    @property
    def idle(self) -> bool:
        """Whether there is nothing to do."""
        return self._scheduler.idle

    def receive(self, message: ToWorker) -> list[FromWorker]:
        """Take in a request or a cancellation."""
        if isinstance(message, Cancel):
            self._scheduler.cancel(message.id)
            return []
        try:
            self._scheduler.add(self._job(message))
        except SpratError as error:
            return [_fault(message.id, error)]
        except Exception as error:  # noqa: BLE001 - one bad request must not end the others
            return [_broken(message.id, error)]
        return []

    def _job(self, ask: Ask) -> "Job":
        from sprat.engines.onnx.drafts import Drafts
        from sprat.engines.onnx.job import Job

        request = ask.request
        text = self._template.render(request.messages, request.tools)
        prompt = self._tokenizer.encode(text)
        room = self._folder.context_tokens - len(prompt)
        if room < 1 or not prompt:
            raise ContextTooLong(
                f"The prompt has {len(prompt)} tokens; the model's context is "
                f"{self._folder.context_tokens}.",
                fix="Shorten the prompt, or take a model with a longer context.",
            )
        most = room if request.max_tokens is None else min(request.max_tokens, room)
        job = Job(ask, prompt, most, self._vocabulary, self._folder.end_ids)
        if request.response_format is not None:
            job.guide = self._open_guide(request, request.response_format, most)
        elif self._guesses and job.sampler.greedy and request.logprobs is None:
            job.drafts = Drafts(prompt)
        return job

    def _open_guide(self, request: ChatRequest, wanted: ResponseFormat, most: int) -> "Guide":
        from sprat.engines.onnx.guidance import Guides

        if self._guides is None:
            self._guides = Guides(self._folder)
        return self._guides.open(request, wanted, most)

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


def _listen(inbox: Inbox) -> None:
    """Read until the parent is gone, then end the process at once."""
    while (body := read_frame(sys.stdin.buffer)) is not None:
        inbox.put(decode_to_worker(body))
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
    threading.Thread(target=_listen, args=(inbox,), daemon=True).start()
    try:
        worker = Worker(msgspec.json.decode(arguments[0], type=Options))
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
