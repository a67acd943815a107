"""The endpoint engine and everything that can go wrong on the way."""

import asyncio

import pytest
from tests.engines.endpoint import QUICK, endpoint_engine, hello
from tests.engines.stub_server import (
    CUT,
    END,
    Stub,
    event,
    failure,
    head,
    part,
    piece,
    stream,
)

from sprat.engines.base import ask
from sprat.engines.openai import Limits, OpenAIEngine
from sprat.engines.openai.session import proxy_of
from sprat.errors import (
    ContextTooLong,
    EngineDied,
    EngineRefused,
    EngineTimeout,
    SettingsError,
)
from sprat.settings import Endpoint
from sprat.types import ChatRequest, Message


async def test_a_stream_that_just_ends_is_not_taken_for_an_answer(stub: Stub, engine: OpenAIEngine):
    stub.answers([head(), piece("hi"), END])
    with pytest.raises(EngineDied, match="without saying"):
        await ask(engine, hello())


async def test_an_error_event_halfway_is_the_servers_own_words(stub: Stub, engine: OpenAIEngine):
    stub.answers([head(), piece("hi"), event({"error": {"message": "out\nof memory"}}), END])
    with pytest.raises(EngineRefused, match="out of memory"):
        await ask(engine, hello())
    stub.answers([head(), piece("hi"), part(b"event: error\ndata: boom\n\n"), END])
    with pytest.raises(EngineRefused, match="boom"):
        await ask(engine, hello())


async def test_a_lost_connection_after_the_first_byte_is_not_retried(
    stub: Stub, engine: OpenAIEngine
):
    stub.answers([head(), piece("hi"), CUT])
    with pytest.raises(EngineDied, match="middle of the answer"):
        await ask(engine, hello())
    assert len(stub.requests) == 1


@pytest.mark.parametrize("status", ["429 Slow", "502 Bad", "503 Busy", "504 Late"])
async def test_a_busy_server_is_asked_again_before_the_first_byte(
    stub: Stub, engine: OpenAIEngine, status: str
):
    stub.answers(failure(status, {"error": {"message": "busy"}}), stream(piece("ok")))
    reply = await ask(engine, hello())
    assert reply.text == "ok"
    assert [(s.role, status[:3] in s.why) for s in reply.steps] == [("retry", True)]


async def test_a_connection_that_drops_before_an_answer_is_made_again(
    stub: Stub, engine: OpenAIEngine
):
    stub.answers([CUT], stream(piece("ok")))
    assert (await ask(engine, hello())).text == "ok"


async def test_what_is_no_http_at_all_is_one_clear_line(stub: Stub, engine: OpenAIEngine):
    stub.answers([b"\x00\xff\xfe garbage\r\n\r\n", CUT])
    with pytest.raises(EngineDied, match="gave no answer in HTTP") as caught:
        await ask(engine, hello())
    assert "\n" not in str(caught.value)


async def test_retries_are_bounded(stub: Stub, engine: OpenAIEngine):
    stub.answers(failure("503 Busy", {"error": "still loading"}))
    with pytest.raises(EngineRefused, match="HTTP 503: still loading") as caught:
        await ask(engine, hello())
    assert caught.value.status == 503
    assert len(stub.requests) == QUICK.attempts


async def test_retry_after_is_obeyed_and_too_long_a_wait_is_refused(
    stub: Stub, engine: OpenAIEngine
):
    stub.answers(failure("429 Slow", "no", "Retry-After: 0\r\n"), stream(piece("ok")))
    reply = await ask(engine, hello())
    assert "Sent again after 0.00 s" in reply.steps[0].why
    stub.answers(failure("429 Slow", "no", "Retry-After: 3600\r\n"))
    with pytest.raises(EngineRefused, match="429"):
        await ask(engine, hello())
    assert len(stub.requests) == 3


async def test_how_long_a_server_asks_to_wait_is_kept(stub: Stub, engine: OpenAIEngine):
    stub.answers(failure("429 Slow", "no", "Retry-After: 3600\r\n"))
    with pytest.raises(EngineRefused) as caught:
        await ask(engine, hello())
    assert (caught.value.status, caught.value.retry_after_s) == (429, 3600.0)
    stub.answers(failure("400 Bad", "no"))
    with pytest.raises(EngineRefused) as caught:
        await ask(engine, hello())
    assert caught.value.retry_after_s is None


async def test_other_refusals_are_not_retried_and_keep_the_servers_words(
    stub: Stub, engine: OpenAIEngine
):
    stub.answers(failure("400 Bad", {"detail": [{"msg": "temperature\nis odd"}]}))
    with pytest.raises(EngineRefused, match="there refused with HTTP 400: temperature is odd"):
        await ask(engine, hello())
    assert len(stub.requests) == 1


async def test_an_unknown_model_lists_what_there_is(stub: Stub, engine: OpenAIEngine):
    offer = {"data": [{"id": "tinny"}, {"id": "other"}]}
    missing = {"error": {"message": "no such model"}}
    stub.answers(failure("404 No", missing), failure("200 OK", offer))
    with pytest.raises(EngineRefused, match=r"offers: other, tinny.*mean there/tinny\?") as caught:
        await ask(engine, hello())
    assert caught.value.status == 404
    assert stub.paths[1] == "/v1/models"


async def test_too_long_a_prompt_is_told_apart(stub: Stub, engine: OpenAIEngine):
    words = {"error": {"code": "context_length_exceeded", "message": "maximum context length"}}
    stub.answers(failure("400 Bad", words))
    with pytest.raises(ContextTooLong, match="Shorten"):
        await ask(engine, hello())


async def test_the_key_is_sent_and_never_shown(stub: Stub):
    secret = "sk-very-secret"
    engine = endpoint_engine(stub.url, key=secret)
    stub.answers(failure("401 No", {"error": f"bad key {secret}"}))
    with pytest.raises(EngineRefused, match="key_env") as caught:
        await ask(engine, hello())
    await engine.aclose()
    assert stub.headers[0]["authorization"] == f"Bearer {secret}"
    assert secret not in str(caught.value)
    assert secret not in repr(engine)


async def test_the_key_is_not_shown_when_the_server_echoes_it_halfway(stub: Stub):
    engine = endpoint_engine(stub.url, key="sk-very-secret")
    stub.answers([head(), piece("hi"), event({"error": "sk-very-secret ran out"}), END])
    with pytest.raises(EngineRefused, match="ran out") as caught:
        await ask(engine, hello())
    await engine.aclose()
    assert "sk-very-secret" not in str(caught.value)


@pytest.mark.parametrize("before", range(250, 310, 7))
async def test_a_key_is_not_shown_where_the_message_is_cut_through_it(stub: Stub, before: int):
    engine = endpoint_engine(stub.url, key="sk-very-secret-0123456789")
    stub.answers(failure("401 No", {"error": "x" * before + "sk-very-secret-0123456789"}))
    with pytest.raises(EngineRefused) as caught:
        await ask(engine, hello())
    await engine.aclose()
    assert "sk-very-s" not in str(caught.value)


async def test_a_key_is_not_shown_in_the_advice(stub: Stub):
    engine = endpoint_engine(stub.url, key="sk-very-secret")
    stub.answers(failure("307 Go", "moved", "Location: http://x/?key=sk-very-secret\r\n"))
    with pytest.raises(EngineRefused, match="http://x/") as caught:
        await ask(engine, hello())
    await engine.aclose()
    assert "sk-very-secret" not in str(caught.value)


async def test_a_key_that_is_not_in_the_environment_is_said_at_once(
    stub: Stub, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    with pytest.raises(SettingsError, match="NO_SUCH_KEY"):
        endpoint_engine(stub.url, key_env="NO_SUCH_KEY")


async def test_a_redirect_does_not_carry_the_key_elsewhere(stub: Stub, engine: OpenAIEngine):
    stub.answers(failure("307 Go", "moved", "Location: http://elsewhere/v1\r\n"))
    with pytest.raises(EngineRefused, match="elsewhere"):
        await ask(engine, hello())
    assert len(stub.requests) == 1


@pytest.mark.parametrize(
    ("script", "where"),
    [
        ([30.0], "for the first byte"),
        ([head(), piece("a"), 30.0], "after the last piece"),
    ],
)
async def test_silence_is_a_timeout_that_says_where(stub: Stub, script: list, where: str):
    limits = Limits(connect_s=1, silence_s=0.2, total_s=60)
    engine = endpoint_engine(stub.url, limits=limits)
    stub.answers(script)
    with pytest.raises(EngineTimeout, match=where):
        await ask(engine, hello())
    await engine.aclose()


async def test_an_answer_that_never_ends_is_a_timeout_too(stub: Stub):
    limits = Limits(connect_s=1, silence_s=30, total_s=0.3)
    engine = endpoint_engine(stub.url, limits=limits)
    stub.answers([head(), *[piece("a"), 0.05] * 200])
    with pytest.raises(EngineTimeout, match=r"0\.3 s in all"):
        await ask(engine, hello())
    await engine.aclose()


async def test_no_server_at_all_is_one_clear_line():
    engine = endpoint_engine("http://127.0.0.1:9/v1")
    with pytest.raises(EngineDied, match=r"could not be reached: .*refused.*running\?"):
        await ask(engine, hello())
    await engine.aclose()


async def test_a_web_page_is_not_an_answer(stub: Stub, engine: OpenAIEngine):
    page = b"<html><h1>Welcome</h1></html>"
    stub.answers([head(content_type="text/html", length=len(page)), page])
    with pytest.raises(EngineRefused, match=r"web page.*Welcome.*/v1"):
        await ask(engine, hello())


async def test_nonsense_is_shown_as_it_came(stub: Stub, engine: OpenAIEngine):
    stub.answers([head(), event("not json"), END])
    with pytest.raises(EngineRefused, match="not json"):
        await ask(engine, hello())


async def test_an_endless_answer_is_cut(stub: Stub):
    limits = Limits(answer_bytes=2000)
    engine = endpoint_engine(stub.url, limits=limits)
    stub.answers(stream(*[piece("x" * 100)] * 50))
    with pytest.raises(EngineRefused, match="over 2000 bytes"):
        await ask(engine, hello())
    await engine.aclose()


async def test_a_proxy_is_never_used_for_this_machine(stub: Stub, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    engine = endpoint_engine(stub.url)
    stub.answers(stream(piece("ok")))
    assert (await ask(engine, hello())).text == "ok"
    await engine.aclose()


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.2", "[::1]", "localhost", "box.localhost", "0.0.0.0", "far.test"]
)
def test_what_counts_as_this_machine_is_what_no_proxy_sees(
    host: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("http_proxy", "http://proxy.test:3128")
    monkeypatch.delenv("no_proxy", raising=False)
    endpoint = Endpoint(url=f"http://{host}:1/v1")
    assert (proxy_of(endpoint.url) is None) is endpoint.is_here is (host != "far.test")


async def test_a_404_is_told_even_where_the_list_of_models_is_no_http():
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readuntil(b"\r\n\r\n")
        gone = b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
        writer.write(b"garbage\r\n\r\n" if asked.startswith(b"GET") else gone)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    engine = OpenAIEngine("x/m", Endpoint(url=f"http://127.0.0.1:{port}/v1"), "m")
    try:
        with pytest.raises(EngineRefused, match="404"):
            await ask(engine, ChatRequest(messages=(Message("user", "hi"),)))
    finally:
        await engine.aclose()
        server.close()
