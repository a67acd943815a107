"""Starting and stopping, by a real process: `sprat serve`."""

import asyncio
import json
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest
import uvicorn
from tests.serve.process import Process, serve_process, slow_model, until
from tests.serve.running import At, gateway, serving

from sprat.errors import EngineError, UnknownModel
from sprat.serve import gateway as gateways
from sprat.serve import greeting
from sprat.serve.port import bind
from sprat.serve.server import Running

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")


async def begun(here: Process, model: str = "slow", **fields: object):
    """A stream whose first bytes have come."""
    response = await here.stream(model, **fields)
    assert response.status == 200, await response.text()
    await response.content.readline()
    return response


async def status_is(here: Process, path: str, status: int) -> bool:
    return await here.get(path) == status


async def reasons_are(at: At, reasons: list[str]) -> bool:
    async with await at.get("/readyz") as response:
        assert (response.status == 503) is bool((await response.json())["reasons"])
        return (await response.json())["reasons"] == reasons


async def all_of(response) -> str:
    return (await response.read()).decode()


@posix
async def test_an_answer_under_way_ends_before_the_process_does(tmp_path: Path):
    async with serve_process(tmp_path, slow_model(tmp_path, words=30)) as here:
        response = await begun(here)
        here.process.send_signal(signal.SIGTERM)
        text = await all_of(response)
        assert "[DONE]" in text
        assert await here.ended() == 0
    assert "Stopping: 1 answer under way, at most 10 s; Ctrl-C again stops at once" in here.log
    assert "stopped" in here.log


@posix
async def test_while_it_drains_new_requests_are_told_to_come_later(tmp_path: Path):
    async with serve_process(tmp_path, slow_model(tmp_path, words=40)) as here:
        response = await begun(here)
        assert await here.get("/readyz") == 200
        here.process.send_signal(signal.SIGTERM)
        await until(lambda: status_is(here, "/readyz", 503))
        assert await here.get("/healthz") == 200
        async with await here.stream() as refused:
            assert refused.status == 503
            assert int(refused.headers["retry-after"]) > 0
            assert (await refused.json())["error"]["code"] == "stopping"
        assert "[DONE]" in await all_of(response)
        assert await here.ended() == 0


@posix
async def test_what_does_not_end_in_time_ends_with_an_explicit_error(tmp_path: Path):
    options = (slow_model(tmp_path, words=400), "--drain-s", "0.3")
    async with serve_process(tmp_path, *options) as here:
        response = await begun(here)
        here.process.send_signal(signal.SIGTERM)
        text = await all_of(response)
        last = json.loads(text.strip().splitlines()[-1].removeprefix("data: "))
        assert last["error"]["code"] == "stopping"
        assert "[DONE]" not in text
        assert await here.ended() == 0


@posix
async def test_the_second_ctrl_c_does_not_wait(tmp_path: Path):
    options = (slow_model(tmp_path, words=600), "--drain-s", "30")
    async with serve_process(tmp_path, *options) as here:
        response = await begun(here)
        begun_s = time.monotonic()
        here.process.send_signal(signal.SIGINT)
        await asyncio.sleep(0.3)
        here.process.send_signal(signal.SIGINT)
        assert '"stopping"' in await all_of(response)
        assert await here.ended() == 0
        assert time.monotonic() - begun_s < 10


@posix
async def test_idle_connections_do_not_keep_it_alive(tmp_path: Path):
    async with serve_process(tmp_path, slow_model(tmp_path, words=3)) as here:
        host, port = here.url.removeprefix("http://").split(":")
        _, writer = await asyncio.open_connection(host, int(port))
        assert await here.get("/healthz") == 200
        here.process.send_signal(signal.SIGTERM)
        assert await here.ended(10) == 0
        writer.close()


async def workers_of(here: Process) -> list[psutil.Process]:
    response = await begun(here, "smollm2-135m", max_tokens=400)
    found = psutil.Process(here.process.pid).children(recursive=True)
    assert found
    del response
    return found


@pytest.mark.real
@posix
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
async def test_no_worker_outlives_the_gateway(tmp_path: Path, number: signal.Signals):
    async with serve_process(tmp_path, "--drain-s", "0.2") as here:
        workers = await workers_of(here)
        here.process.send_signal(number)
        await here.ended()
        _, alive = await asyncio.to_thread(psutil.wait_procs, workers, 10)
        assert not alive


async def test_it_is_ready_when_what_is_to_be_loaded_is(tmp_path: Path):
    async with gateway(serving(tmp_path, load=("echo",))) as at:
        await until(lambda: reasons_are(at, []))
        (standing,) = at.gateway.standings
        assert standing.state == "loaded"


async def test_it_is_not_ready_while_a_model_is_being_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from sprat.serve.gateway import Gateway

    go_on = asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow(*_: object) -> None:
        asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result(10)
        raise EngineError("The test says so.")

    monkeypatch.setattr(Gateway, "_open_engine", slow)
    async with gateway(serving(tmp_path, load=("echo",))) as at:
        async with await at.get("/readyz") as response:
            assert response.status == 503
            assert (await response.json())["reasons"] == ["echo is not loaded yet"]
        go_on.set()
        await until(lambda: reasons_are(at, ["echo could not be loaded: see the log"]))


def test_a_model_to_load_that_does_not_exist_is_refused_before_anything_serves(tmp_path: Path):
    with pytest.raises(UnknownModel, match="no-such-model"):
        gateways.Gateway(serving(tmp_path, load=("no-such-model",)))


def test_the_greeting_has_a_command_to_try_and_says_how_to_stop(tmp_path: Path):
    from sprat.serve.gateway import Gateway

    said = greeting.greeting(Gateway(serving(tmp_path, key="k" * 20)), "0.0.0.0", 5273)
    assert "http://127.0.0.1:5273/v1" in said
    assert "Ctrl-C" in said
    assert "curl http://127.0.0.1:5273/v1/chat/completions" in said
    assert "k" * 20 not in said
    assert "echo" in said


async def test_a_server_that_cannot_start_says_so_and_does_not_wait_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    async def broken(*_: object) -> None:
        raise OSError("There is no such socket.")

    monkeypatch.setattr(uvicorn.Server, "startup", broken)
    settings, told = serving(tmp_path), list[str]()
    with bind(settings.serve) as bound, pytest.raises(OSError, match="no such socket"):
        async with asyncio.timeout(20):
            await Running(settings, bound).serve(lambda: told.append("ready"))
    assert not told


async def test_a_round_of_tidying_that_fails_is_not_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(gateways, "_TIDY_EVERY_S", 0.01)
    rounds = asyncio.Queue[int]()

    def stumbling(longest_ns: int) -> None:
        rounds.put_nowait(longest_ns)
        raise ValueError("Something nobody foresaw.")

    async with gateway(serving(tmp_path)) as at:
        monkeypatch.setattr(at.gateway.ledger, "cancel_stalled", stumbling)
        async with asyncio.timeout(20):
            for _ in range(3):
                await rounds.get()
    assert "unforeseen" in caplog.text
