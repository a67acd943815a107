"""A model made ready for the page by a process of its own: this side of it.

An export computes for seconds to minutes and loads what the gateway never needs. It is killed with
whoever waits for it; what it had written by then is cleared away by the next.
"""

import asyncio
import sys
from contextlib import suppress
from pathlib import Path

import msgspec

from sprat.engines.worker.process import error_of
from sprat.engines.worker.wire import Fault
from sprat.errors import ModelError
from sprat.models.progress import Progress
from sprat.settings import Settings

_COMMAND = (sys.executable, "-P", "-m", "sprat.serve.page.errand")


class Order(msgspec.Struct, frozen=True):
    """There: the one line of standard input, as settings may hold keys and arguments are public."""

    name: str
    settings: Settings


class Working(msgspec.Struct, frozen=True, tag="working"):
    """Back: how far it is, in bytes."""

    stage: str
    done: int
    total: int | None


class Made(msgspec.Struct, frozen=True, tag="made"):
    """Back: where the model is."""

    folder: str


Back = Working | Made | Fault
_decode = msgspec.json.Decoder[Back](Back).decode


async def made_folder(name: str, settings: Settings, progress: Progress) -> Path:
    """The folder of a model for browsers, pulled and exported the first time.

    Raises:
        UnknownModel: no such model runs in the page.
        ModelError: it could not be fetched, verified, read or exported; or its process was killed.
    """
    process = await _started(name)
    try:
        return await _heard(process, Order(name, settings), progress)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


async def _started(name: str) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    try:
        return await asyncio.create_subprocess_exec(*_COMMAND, stdin=pipe, stdout=pipe)
    except OSError as error:  # no memory for one more, or too many of them
        line = f"The process that prepares {name} for the page cannot be started: {error.strerror}."
        raise ModelError(line, fix="Ask again once this machine has less to do.") from error


async def _heard(process: asyncio.subprocess.Process, order: Order, progress: Progress) -> Path:
    assert process.stdin is not None  # noqa: S101 (both are pipes)
    assert process.stdout is not None  # noqa: S101
    process.stdin.write(msgspec.json.encode(order) + b"\n")
    async for line in process.stdout:
        match _decode(line):
            case Working() as at:
                progress(at.stage, at.done, at.total)
            case Fault() as fault:
                raise error_of(fault)
            case Made() as made:
                return Path(made.folder)
            case _:
                break
    raise ModelError(
        f"The process that prepared {order.name} for the page ended "
        f"(exit status {await process.wait()}).",
        fix="Ask again; if it ends again, there may be too little memory.",
    )
