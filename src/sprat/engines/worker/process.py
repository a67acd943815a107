"""The parent's end of one worker process, whatever it computes."""

import asyncio
import contextlib
import os
import sys
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator
from typing import ClassVar, Generic, Protocol, Self, TypeVar, cast

import msgspec

from sprat import errors
from sprat.engines.worker.taken import NeverTaken
from sprat.engines.worker.wire import LENGTH, MOST_BYTES, Cancel, Fault, Ready, Taken, frame
from sprat.errors import EngineDied, EngineError, SpratError, UnsupportedRequest

_STOP_S = 2.0
_TAIL_BYTES = 2000


class Numbered(Protocol):
    """A message that belongs to one request."""

    @property
    def id(self) -> int:
        """The request's number."""
        ...


class Options(Protocol):
    """How a worker runs its model; a struct, its one argument as JSON."""

    @property
    def folder(self) -> str:
        """Where the model is."""
        ...


Heard = TypeVar("Heard", bound=Numbered)
"""What a worker says about a request."""


class WorkerProcess(ABC, Generic[Heard]):
    """A worker that was started, with the requests that it holds."""

    module: ClassVar[str]
    """What is started: `python -m` this."""

    @abstractmethod
    def _decode(self, body: bytes) -> Ready | Taken | Fault | Heard:
        """A message of the worker's."""

    @abstractmethod
    def _is_last(self, message: Heard) -> bool:
        """Whether nothing follows about its request."""

    def __init__(self, process: asyncio.subprocess.Process, what: str) -> None:
        self._process = process
        self._stdin = cast("asyncio.StreamWriter", process.stdin)
        self._stdout = cast("asyncio.StreamReader", process.stdout)
        self._stderr = cast("asyncio.StreamReader", process.stderr)
        self._what = what
        self._loop = asyncio.get_running_loop()
        self._answers: dict[int, asyncio.Queue[Heard | SpratError]] = {}
        self._untaken: set[int] = set()
        """Requests that were sent, and not read yet as far as is known."""
        self._ready: asyncio.Future[Ready] = self._loop.create_future()
        self._tail = b""
        self._closing = False
        self._tasks = (
            self._loop.create_task(self._listen()),
            self._loop.create_task(self._keep_tail()),
        )

    @classmethod
    async def start(cls, options: Options, name: str) -> Self:
        """Start a worker of the model `name`; it loads while you go on: `ready` waits for it.

        Raises:
            EngineError: this event loop cannot start processes (Windows' selector loop).
        """
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",  # the folder it is started in is no place to import from
                "-m",
                cls.module,
                msgspec.json.encode(options).decode(),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env={**os.environ, "PYTHONUTF8": "1"},
            )
        except NotImplementedError as error:
            loop = type(asyncio.get_running_loop()).__name__
            raise EngineError(
                f"The event loop in use, {loop}, cannot start a model's process.",
                fix="Use asyncio's own default: on Windows that is the ProactorEventLoop.",
            ) from error
        return cls(process, name)

    @property
    def pid(self) -> int:
        """The worker's process number."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it can be asked: it runs, and was started in the running event loop."""
        return (
            self._process.returncode is None
            and not self._tasks[0].done()
            and self._loop is asyncio.get_running_loop()
        )

    async def ready(self) -> Ready:
        """Wait until the model is loaded.

        Raises:
            SpratError: it cannot be loaded.
        """
        return await asyncio.shield(self._ready)

    async def answers(self, ask: Numbered) -> AsyncGenerator[Heard]:
        """Send a request; yield what comes back. Leaving early cancels it.

        Raises:
            SpratError: the worker refused the request, failed, or died.
        """
        queue = self._answers[ask.id] = asyncio.Queue()
        self._untaken.add(ask.id)
        finished = False
        try:
            await self._send(ask)
            while not finished:
                message = await queue.get()
                finished = isinstance(message, SpratError) or self._is_last(message)
                if isinstance(message, SpratError):
                    raise message
                yield message
        finally:
            del self._answers[ask.id]
            self._untaken.discard(ask.id)
            if not finished:
                self._write(Cancel(ask.id))

    async def _send(self, message: Numbered) -> None:
        if self._process.returncode is not None:
            raise self._died(NeverTaken)
        self._write(message)
        with contextlib.suppress(ConnectionError):
            await self._stdin.drain()

    def _write(self, message: Numbered) -> None:
        if self._stdin.is_closing() or self._loop.is_closed():
            return
        try:
            self._stdin.write(frame(message))
        except ValueError as error:
            raise UnsupportedRequest(f"The request cannot be sent: {error}.") from error

    async def _listen(self) -> None:
        try:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                while True:
                    self._deliver(await self._read())
        except msgspec.MsgspecError:  # out of step: nothing after this can be understood
            self._process.kill()
        await self._process.wait()
        await asyncio.wait([self._tasks[1]], timeout=_STOP_S)
        self._bury()

    async def _read(self) -> Ready | Taken | Fault | Heard:
        (length,) = LENGTH.unpack(await self._stdout.readexactly(LENGTH.size))
        if length > MOST_BYTES:
            raise msgspec.DecodeError(f"a frame of {length} bytes")
        return self._decode(await self._stdout.readexactly(length))

    def _deliver(self, message: Ready | Taken | Fault | Heard) -> None:
        if isinstance(message, Ready):
            self._ready.set_result(message)
        elif isinstance(message, Taken):
            self._untaken.discard(message.id)
        elif isinstance(message, Fault):
            self._fail(message.id, error_of(message))
        elif (queue := self._answers.get(message.id)) is not None:
            queue.put_nowait(message)

    def _fail(self, number: int | None, error: SpratError) -> None:
        if number is not None:
            if (queue := self._answers.get(number)) is not None:
                queue.put_nowait(error)
        elif not self._ready.done():
            self._ready.set_exception(error)
            self._ready.exception()  # it may be that nobody waits

    def _bury(self) -> None:
        self._fail(None, self._died())
        for number, queue in self._answers.items():
            queue.put_nowait(self._died(NeverTaken if number in self._untaken else EngineDied))

    def _died(self, kind: type[EngineDied] = EngineDied) -> EngineDied:
        if self._closing:
            return EngineDied(f"The worker of {self._what} was stopped.")
        code = self._process.returncode
        lines = self._tail.decode("utf-8", "replace").strip().splitlines()
        said = f" Its last words: {lines[-1][:300]}" if lines else ""
        return kind(
            f"The worker process {self.pid} of {self._what} ended (exit status {code}).{said}",
            fix="Ask again: the next request starts a new one.",
        )

    async def _keep_tail(self) -> None:
        while data := await self._stderr.read(4096):
            self._tail = (self._tail + data)[-_TAIL_BYTES:]

    async def stop(self) -> None:
        """End the worker; kill it when it does not go by itself."""
        self._closing = self._process.returncode is None  # else it died, which is another story
        if self._loop is not asyncio.get_running_loop():
            with contextlib.suppress(ProcessLookupError, RuntimeError):
                self._process.kill()
            return
        self._stdin.close()
        done, _ = await asyncio.wait([self._tasks[0]], timeout=_STOP_S)
        if not done:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await asyncio.wait([self._tasks[0]], timeout=_STOP_S)


def error_of(fault: Fault) -> SpratError:
    """The exception that a worker told of."""
    kind = getattr(errors, fault.error, EngineError)
    made: SpratError = kind(fault.message, fix=fault.fix)
    if isinstance(made, UnsupportedRequest):
        made.param = fault.param
    return made
