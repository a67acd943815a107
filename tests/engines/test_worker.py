"""The worker process: its death, its parent's death, and the purity of its pipe."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import psutil
import pytest
from msgspec.json import encode

from sprat.engines.base import ask
from sprat.engines.onnx import OnnxEngine
from sprat.engines.onnx.wire import Options, decode_from_worker
from sprat.engines.onnx.worker import Worker
from sprat.engines.worker.wire import Cancel, frame, read_frame
from sprat.errors import EngineDied
from sprat.types import ChatRequest, Delta, Message, Reply

LONG = ChatRequest(messages=(Message("user", "the quick brown fox"),), max_tokens=400)
ENDLESS = msgspec.structs.replace(LONG, max_tokens=100_000, ignore_end=True)
PARENT = """
import asyncio, sys
from pathlib import Path
from sprat.engines.onnx import OnnxEngine

async def main():
    engine = OnnxEngine("tiny", Path(sys.argv[1]))
    await engine.warm()
    print(*engine.pids, flush=True)
    await asyncio.sleep(120)

asyncio.run(main())
"""
NOISE = """
import os, sys
from sprat.engines.worker.serve import _say, take_stdout
from sprat.engines.worker.wire import Ready

out = take_stdout()
print("printed")
os.write(1, b"written by native code")
sys.stdout.flush()
_say(out, [Ready(1, "cpu", 2)])
"""


def gone(pid: int, within_s: float = 20.0) -> bool:
    end = time.monotonic() + within_s
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


async def test_a_killed_worker_fails_its_requests_and_the_next_starts_another(local: OnnxEngine):
    await local.warm()
    (first,) = local.pids
    held = [local.stream(ENDLESS) for _ in range(3)]
    for pieces in held:
        await anext(pieces)
    psutil.Process(first).kill()
    for error in await asyncio.gather(*map(_to_its_end, held), return_exceptions=True):
        assert isinstance(error, EngineDied)
        assert str(first) in str(error)
        assert "\n" not in str(error)
    assert (await ask(local, LONG)).text
    assert local.pids != (first,)


async def test_a_request_that_a_dead_worker_never_read_is_asked_of_the_next(local: OnnxEngine):
    await local.warm()
    (first,) = local.pids
    psutil.Process(first).kill()  # and nobody here has heard of it yet
    assert (await ask(local, LONG)).text
    assert local.pids != (first,)


async def test_a_request_that_a_dead_worker_had_read_is_not_repeated(local: OnnxEngine):
    await local.warm()
    (first,) = local.pids
    pieces = local.stream(ENDLESS)
    await anext(pieces)
    psutil.Process(first).kill()
    with pytest.raises(EngineDied, match=f"{first} of {local.name} ended"):
        async for _ in pieces:
            pass
    assert local.pids in {(), (first,)}


async def _to_its_end(pieces: AsyncIterator[Delta | Reply]) -> None:
    async for _ in pieces:
        pass


async def test_closing_ends_the_worker_and_can_be_done_twice(local: OnnxEngine):
    await local.warm()
    (pid,) = local.pids
    await local.aclose()
    await local.aclose()
    assert gone(pid)
    assert local.pids == ()


async def test_closing_tells_those_who_wait(local: OnnxEngine):
    await local.warm()
    pieces = local.stream(ENDLESS)
    await anext(pieces)
    held = asyncio.ensure_future(_to_its_end(pieces))
    local._numbers = iter(())  # no request after this one
    await local.aclose()
    with pytest.raises((EngineDied, RuntimeError)):
        await held


def test_no_worker_outlives_a_killed_parent(tiny: Path):
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tiny)], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        assert psutil.pid_exists(worker)
        parent.kill()
    assert gone(worker)


def test_what_native_code_prints_does_not_reach_the_frames():
    done = subprocess.run([sys.executable, "-c", NOISE], capture_output=True, check=True)
    assert decode_from_worker(done.stdout[4:]).provider == "cpu"
    assert len(done.stdout) == 4 + int.from_bytes(done.stdout[:4], "little")
    assert b"printed" in done.stderr
    assert b"written by native code" in done.stderr


def test_a_worker_whose_input_ends_at_once_ends_too(tiny: Path):
    options = Options(
        folder=str(tiny), provider="cpu", threads=1, batching=True, reuse_prefix=False
    )
    done = subprocess.run(
        [sys.executable, "-m", "sprat.engines.onnx.worker", encode(options).decode()],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0


def test_frames_go_through_a_real_pipe():
    reader, writer = os.pipe()
    os.write(writer, frame(Cancel(7)))
    os.close(writer)
    with os.fdopen(reader, "rb", buffering=0) as stream:
        assert read_frame(stream) is not None
        assert read_frame(stream) is None


async def test_a_worker_out_of_step_fails_its_requests_instead_of_leaving_them_waiting(
    local: OnnxEngine, monkeypatch: pytest.MonkeyPatch
):
    await local.warm()
    monkeypatch.setattr("sprat.engines.worker.process.MOST_BYTES", 1)
    with pytest.raises(EngineDied):
        await ask(local, LONG)
    monkeypatch.undo()
    assert (await ask(local, LONG)).text


@pytest.mark.parametrize("serving", [True, False])
def test_only_a_serving_worker_prepares_for_grammars_while_it_rests(tiny: Path, serving: bool):
    options = Options(
        folder=str(tiny), provider="cpu", threads=1, batching=True, reuse_prefix=serving
    )
    worker = Worker(options)
    worker.rest()
    assert (worker._intake._guides is not None) == serving
