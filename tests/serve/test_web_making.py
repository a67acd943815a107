"""A model is made ready for the page beside the gateway: told of, one at a time, killed with it."""

import asyncio
import errno
import json
import logging
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import aiohttp
import msgspec
import psutil
import pytest
from tests.page.tiny import tiny_gguf
from tests.serve.process import Process, serve_process
from tests.serve.running import At, gateway, serving

from sprat.models.disk import export_folder, locked, sha256_of
from sprat.models.export.web import RECIPE
from sprat.models.progress import silent
from sprat.serve.observe.log import LOG
from sprat.serve.page import making
from sprat.settings import Settings

MANIFEST = "/api/web/models/tiny/manifest.json"
KEY = "a-key-of-more-than-16-characters"
HEAVY = ("gguf", "numpy", "onnx", "onnxruntime", "onnxruntime_genai", "tokenizers")


@pytest.fixture
def gguf(tmp_path: Path) -> Path:
    return tiny_gguf(tmp_path / "tiny.gguf")


@asynccontextmanager
async def offering(gguf: Path, **fields: object) -> AsyncIterator[At]:
    """A gateway whose page has the tiny llama."""
    async with gateway(serving(gguf.parent, models={"tiny": str(gguf)}, **fields)) as at:
        yield at


@contextmanager
def held_up(gguf: Path) -> Iterator[None]:
    """Nobody else can export it while the block lasts: whoever tries, waits, and says so."""
    settings = Settings(home=str(gguf.parent))
    folder = export_folder(settings, sha256_of(gguf), RECIPE)
    with locked(folder, "", silent):
        yield


async def asked(at: At, path: str = MANIFEST) -> tuple[int, str]:
    async with await at.get(path, Authorization=f"Bearer {KEY}") as answer:
        return answer.status, await answer.text()


def errands() -> list[psutil.Process]:
    """The processes of this one that make a model ready."""
    return [one for one in psutil.Process().children() if "errand" in " ".join(one.cmdline())]


async def waiting_errand(caplog: pytest.LogCaptureFixture) -> psutil.Process:
    """The one that has come to the lock, and has told of it."""
    async with asyncio.timeout(60):
        while "Another sprat is exporting tiny for browsers" not in caplog.text:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    (errand,) = errands()
    return errand


@pytest.fixture
def caplog(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, LOG.name)
    return caplog


async def test_a_model_is_made_by_another_process_and_how_far_it_is_is_told(
    gguf: Path, caplog: pytest.LogCaptureFixture
):
    async with offering(gguf) as at:
        status, manifest = await asked(at)
        assert status == 200
        assert json.loads(manifest)["name"] == "tiny"
        assert not errands()
    assert "tiny: exporting for browsers" in caplog.text


async def test_the_gateway_answers_while_a_model_is_made_and_its_order_is_no_public_argument(
    gguf: Path, caplog: pytest.LogCaptureFixture
):
    async with offering(gguf, key=KEY) as at:
        with held_up(gguf):
            asking = asyncio.create_task(asked(at))
            errand = await waiting_errand(caplog)
            assert KEY not in " ".join(errand.cmdline())
            assert "Hello there" in json.dumps(await chatted(at))
            assert not asking.done()
        assert (await asking)[0] == 200


async def chatted(at: At) -> object:
    body = {"model": "echo", "messages": [{"role": "user", "content": "Hello"}]}
    headers = {"Authorization": f"Bearer {KEY}"}
    async with await at.post("/v1/chat/completions", body, **headers) as answer:
        return await answer.json()


async def test_a_gateway_that_stops_ends_what_is_being_made(
    gguf: Path, caplog: pytest.LogCaptureFixture
):
    with held_up(gguf):
        async with offering(gguf) as at:
            asking = asyncio.create_task(asked(at))
            errand = await waiting_errand(caplog)
            at.running.stop()
            status, told = await asking
            assert (status, json.loads(told)["error"]["code"]) == (503, "stopping")
            assert (await asked_late(at))[0] in {0, 503}
        assert not errand.is_running() or errand.status() == psutil.STATUS_ZOMBIE


async def asked_late(at: At) -> tuple[int, str]:
    try:
        return await asked(at)
    except aiohttp.ClientConnectionError:  # it listens no more
        return 0, ""


async def test_a_process_that_was_killed_is_told_in_one_line_and_the_next_makes_it(
    gguf: Path, caplog: pytest.LogCaptureFixture
):
    async with offering(gguf) as at:
        with held_up(gguf):
            asking = asyncio.create_task(asked(at))
            (await waiting_errand(caplog)).kill()
            status, told = await asking
        error = json.loads(told)["error"]["message"]
        assert status == 503
        assert "The process that prepared tiny for the page ended" in error
        assert "\n" not in error
        assert (await asked(at))[0] == 200


@pytest.fixture
def cut(gguf: Path) -> Path:
    gguf.write_bytes(gguf.read_bytes()[:2000])
    return gguf


async def test_why_it_cannot_be_made_is_told_in_one_line_and_where_it_lies_to_the_log_alone(
    cut: Path, caplog: pytest.LogCaptureFixture
):
    async with offering(cut) as at:
        status, told = await asked(at)
    assert str(cut.parent) not in told
    assert str(cut) in " ".join(str(vars(record).get("error")) for record in caplog.records)
    error = json.loads(told)["error"]["message"]
    assert status == 503
    assert "tiny.gguf" in error
    assert "\n" not in error
    assert "Traceback" not in error


async def test_a_process_that_cannot_be_started_is_told_in_one_line(
    gguf: Path, monkeypatch: pytest.MonkeyPatch
):
    async def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOMEM, "Cannot allocate memory")

    monkeypatch.setattr(making.asyncio, "create_subprocess_exec", full)
    async with offering(gguf) as at:
        status, told = await asked(at)
    assert status == 503
    assert "cannot be started: Cannot allocate memory" in json.loads(told)["error"]["message"]


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
async def test_what_is_being_made_does_not_outlive_the_gateway(gguf: Path, number: signal.Signals):
    home = {"SPRAT_HOME": str(gguf.parent)}
    with held_up(gguf):
        async with serve_process(gguf.parent, f"--model=tiny={gguf}", environ=home) as here:
            asking = asyncio.create_task(here.get(MANIFEST))
            errand = await begun(here)
            here.process.send_signal(number)
            assert await here.ended() in {0, -number}
            _, alive = await asyncio.to_thread(psutil.wait_procs, [errand], 30)
            assert not alive
            await asyncio.gather(asking, return_exceptions=True)


async def begun(here: Process) -> psutil.Process:
    """The errand, once it waits for the lock."""
    async with asyncio.timeout(60):
        while "Another sprat is exporting tiny for browsers" not in here.log:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    (errand,) = psutil.Process(here.process.pid).children()
    return errand


PROGRAM = """
import asyncio, json, sys, urllib.request
import msgspec
from sprat.serve.port import bind
from sprat.serve.server import Running
from sprat.settings import Settings

def ask(base):
    with urllib.request.urlopen(base + "manifest.json") as answer:
        manifest = json.load(answer)
    with urllib.request.urlopen(base + manifest["variants"][0]["model"]["name"]) as answer:
        return answer.status

async def main():
    settings = msgspec.json.decode(sys.argv[1], type=Settings)
    bound, ready = bind(settings.serve), asyncio.Event()
    running = Running(settings, bound)
    serving = asyncio.create_task(running.serve(ready.set))
    await ready.wait()
    base = f"http://127.0.0.1:{bound.getsockname()[1]}/api/web/models/tiny/"
    status = await asyncio.to_thread(ask, base)
    loaded = [name for name in json.loads(sys.argv[2]) if name in sys.modules]
    running.stop()
    await serving
    print(json.dumps([status, loaded]))

asyncio.run(main())
"""


def test_the_gateway_itself_loads_nothing_of_what_an_export_needs(gguf: Path):
    settings = serving(gguf.parent, models={"tiny": str(gguf)})
    arguments = [msgspec.json.encode(settings).decode(), json.dumps(HEAVY)]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        cwd=gguf.parent, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.stdout.strip() == "[200, []]", done.stderr
