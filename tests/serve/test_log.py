"""The log: a line per request, and nothing that must stay out of it."""

import asyncio
import io
import json
import logging
import re
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest
from tests.serve.running import At, gateway, serving

from sprat.serve.gateway import Gateway
from sprat.serve.observe import lines
from sprat.serve.observe.log import LOG, logging_to, one_line
from sprat.settings import Endpoint, Settings

SECRETS = ("sk-prompt-5d1c", "sk-gateway-7f2a-0123456789", "sk-endpoint-9b3e", "Hello there")


@asynccontextmanager
async def logged(
    folder: Path,
    form: Literal["text", "json"] = "text",
    settings: Settings | None = None,
    **fields: Any,
) -> AsyncIterator[tuple[At, Callable[[], list[str]]]]:
    """A gateway and what it has logged so far."""
    stream = io.StringIO()
    with logging_to(stream, form):
        async with gateway(settings or serving(folder, **fields)) as at:

            def said() -> list[str]:
                at.gateway.ledger.tell()
                return stream.getvalue().splitlines()

            yield at, said


def fields_of(line: str) -> dict[str, str]:
    return dict(re.findall(r"(\w+)=(\S+)", line))


async def test_a_request_is_one_line_with_what_it_took(tmp_path: Path):
    async with logged(tmp_path) as (at, said):
        answer = await at.chat()
        (line,) = [line for line in said() if " request " in line]
    assert re.match(r"\d\d:\d\d:\d\d info    request request=req-1 ", line)
    found = fields_of(line)
    assert found["route"] == "/v1/chat/completions"
    assert (found["model"], found["outcome"], found["status"]) == ("echo", "completed", "200")
    assert int(found["input_tokens"]) == answer["usage"]["prompt_tokens"]
    assert int(found["output_tokens"]) == answer["usage"]["completion_tokens"]
    assert 0 <= float(found["queue_ms"]) <= float(found["first_ms"]) <= float(found["total_ms"])


async def test_json_lines_are_json_and_hold_the_same(tmp_path: Path):
    async with logged(tmp_path, "json") as (at, said):
        await at.chat()
        await at.chat("break it")
        written = [json.loads(line) for line in said()]
    requests = [line for line in written if line["message"] == "request"]
    assert [line["outcome"] for line in requests] == ["completed", "failed"]
    assert requests[1]["code"] == "engine_died"
    assert requests[1]["level"] == "warning"
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}Z", line["time"]) for line in written)


@pytest.mark.parametrize("form", ["text", "json"])
async def test_no_secret_is_in_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form):
    prompt, key, endpoint_key, answer = SECRETS
    monkeypatch.setenv("THE_KEY", endpoint_key)
    async with logged(tmp_path, form, key=key, endpoints={"up": "http://127.0.0.1:9/v1"}) as (
        at,
        said,
    ):
        bearer = {"authorization": f"Bearer {key}"}
        for sent in (
            {"model": "echo", "messages": [{"role": "user", "content": prompt}]},
            {"model": "up/model", "messages": [{"role": "user", "content": prompt}]},
            {"model": "echo", "messages": [{"role": "user", "content": f"break {prompt}"}]},
            {"model": "echo", "messages": [{"role": "user", "content": f"refuse {prompt}"}]},
            {"model": "echo", prompt: 1},
            {"model": prompt, "messages": prompt},
        ):
            async with await at.post("/v1/chat/completions", sent, **bearer) as response:
                await response.read()
        async with await at.get("/v1/models", authorization=f"Bearer {endpoint_key}") as response:
            assert response.status == 401
        monkeypatch.setattr(at.gateway.names, "find", fail_with(prompt))
        sent = {"model": "echo", "messages": [{"role": "user", "content": prompt}]}
        async with await at.post("/v1/chat/completions", sent, **bearer) as response:
            assert response.status == 500
        text = "\n".join(said())
    assert "unforeseen" in text
    assert "RuntimeError" in text
    assert text.count("req-") >= 6
    for secret in (prompt, key, endpoint_key, answer):
        assert secret not in text


def fail_with(text: str) -> Callable[[str], None]:
    def fail(_: str) -> None:
        raise RuntimeError(text)

    return fail


async def test_where_the_unforeseen_happened_is_said_on_the_same_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    async with logged(tmp_path) as (at, said):
        monkeypatch.setattr(at.gateway.names, "find", fail_with("x"))
        await at.chat()
        (line,) = [line for line in said() if "error=RuntimeError" in line]
    assert re.search(r'where=".*test_log\.py:\d+ fail < .*answering\.py:\d+', line)


async def test_prompts_and_answers_are_there_when_asked_for_and_cannot_steer_a_terminal(
    tmp_path: Path,
):
    async with logged(tmp_path, log_prompts=True) as (at, said):
        await at.chat("one\ntwo \x1b[31mred\u202e")
        written = said()
    (line,) = [line for line in written if " request " in line]
    assert "Hello there, friend." in line
    assert "one" in line
    assert "two" in line
    assert all(c.isprintable() for c in line)


async def test_models_that_come_and_go_are_lines(tmp_path: Path):
    async with logged(tmp_path) as (at, said):
        await at.chat()
        async with await at.post("/api/models/echo/unload", {}) as response:
            assert response.status == 200
        text = "\n".join(said())
    assert re.search(r"info    loaded model=echo load_s=", text)
    assert re.search(r"info    unloaded model=echo", text)


async def test_why_a_model_cannot_be_loaded_is_a_line(tmp_path: Path):
    async with logged(tmp_path) as (at, said):
        (tmp_path / "echo.toml").write_text("no toml at all", "utf-8")
        await at.chat()
        (line,) = [line for line in said() if "could not be loaded" in line]
    assert "warning could not be loaded model=echo error=" in line
    assert "echo.toml" in line


async def test_what_the_operator_has_to_set_is_in_the_line_of_the_request_that_misses_it(
    tmp_path: Path,
):
    nobody = Endpoint(url="http://127.0.0.1:9/v1", key_env="SPRAT_TEST_NOT_SET")
    settings = msgspec.structs.replace(serving(tmp_path), endpoints={"far": nobody})
    stream = io.StringIO()
    with logging_to(stream, "text"):
        async with gateway(settings) as at:
            await at.chat(model="far/any")
    (line,) = [line for line in stream.getvalue().splitlines() if " request " in line]
    assert "code=misconfigured" in line
    assert "Set the environment variable SPRAT_TEST_NOT_SET." in line


async def test_a_load_that_a_stop_ends_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    held = threading.Event()

    def hold(*_: object) -> None:
        loop.call_soon_threadsafe(asked.set)
        held.wait(20)

    monkeypatch.setattr(Gateway, "_open_engine", hold)
    async with logged(tmp_path, load=("echo",)) as (at, said):
        await asyncio.wait_for(asked.wait(), 30)
        at.running.stop()
        await asyncio.sleep(0.5)
    held.set()
    assert not [line for line in said() if "could not be loaded" in line]


async def test_a_client_that_goes_is_no_error(tmp_path: Path):
    async with logged(tmp_path) as (at, said):
        body = {"model": "echo", "stream": True, "messages": [{"role": "user", "content": "slow"}]}
        response = await at.post("/v1/chat/completions", body)
        await response.content.readline()
        response.close()
        async with asyncio.timeout(30):
            await at.gateway.ledger.empty.wait()
        (line,) = [line for line in said() if " request " in line]
    assert "outcome=cancelled" in line
    assert "code=gone" in line
    assert " info " in line
    assert not [line for line in said() if "Traceback" in line]


def test_other_packages_warn_in_our_form_without_tracebacks():
    stream = io.StringIO()
    with logging_to(stream, "text"):
        try:
            fail_with("peer said sk-secret")("")
        except RuntimeError:
            logging.getLogger("uvicorn.error").exception("Exception in callback\nsk-secret")
        logging.getLogger("uvicorn.error").info("not worth a line")
    (line,) = stream.getvalue().splitlines()
    assert "Exception in callback" in line
    assert "error=RuntimeError" in line
    assert "sk-secret" not in line


def test_what_was_configured_before_is_restored():
    before = (LOG.level, LOG.propagate, list(LOG.handlers))
    with logging_to(io.StringIO(), "text"):
        assert not LOG.propagate
    assert (LOG.level, LOG.propagate, list(LOG.handlers)) == before


def test_a_download_is_told_now_and_then(monkeypatch: pytest.MonkeyPatch):
    clock = [0.0]
    monkeypatch.setattr(lines.time, "monotonic", lambda: clock[0])
    stream = io.StringIO()
    with logging_to(stream, "text"):
        tell = lines.fetching("smollm2-135m")
        for done in range(100):
            clock[0] += 0.25
            tell("Fetching weights", done * 1_000_000, 100_000_000)
        tell("Exporting", 0, None)
    said = stream.getvalue().splitlines()
    assert len(said) == 4
    assert "Fetching weights: 0.0 kB of 100.0 MB model=smollm2-135m" in said[0]
    assert "Exporting model=smollm2-135m" in said[-1]


@pytest.mark.parametrize("text", ["a\nb", "\x1b[2J", "\u202eevil", "\r", "\x00", "tab\t"])
def test_nothing_ends_a_line_or_steers_a_terminal(text: str):
    assert one_line(text).isprintable()
