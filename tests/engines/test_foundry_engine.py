"""A model of Foundry Local's service, asked through its engine."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import pytest
from tests.engines.endpoint import QUICK, hello
from tests.foundry_service import DEEPSEEK, PHI, PHI_GPU, QWEN, Service, foundry_service
from tests.serve.running import gateway, serving

from sprat.door import open_engine
from sprat.engines.base import ask
from sprat.engines.foundry.service import engine as service_engine
from sprat.engines.foundry.service.engine import FoundryServiceEngine
from sprat.engines.foundry.service.seen import Answerer
from sprat.errors import ContextTooLong, EngineDied, EngineRefused, SpratError
from sprat.settings import Endpoint, Settings
from sprat.types import Delta

GENERATIONS = ["server", "service"]


class Heard(list):
    """What an engine told of its progress."""

    def __call__(self, stage: str, done: int, total: int | None) -> None:
        self.append(stage)


@asynccontextmanager
async def engine_of(
    service: Service, model: str = "phi-4-mini", heard: Heard | None = None
) -> AsyncIterator[FoundryServiceEngine]:
    made = FoundryServiceEngine(
        f"foundry:{model}",
        Endpoint(url=service.url),
        model,
        progress=Heard() if heard is None else heard,
        limits=QUICK,
    )
    try:
        yield made
    finally:
        await made.aclose()
        await made.aclose()  # safe to call twice


async def refused(service: Service, model: str = "phi-4-mini") -> SpratError:
    async with engine_of(service, model) as engine:
        with pytest.raises(SpratError) as caught:
            await ask(engine, hello())
    return caught.value


@pytest.mark.parametrize("generation", GENERATIONS)
async def test_an_alias_is_asked_by_its_full_id_and_a_cold_model_is_loaded_first(generation: str):
    heard = Heard()
    with foundry_service(generation) as service:
        async with engine_of(service, heard=heard) as engine:
            reply = await ask(engine, hello())
    assert (reply.text, reply.model) == ("Hello from Foundry.", "foundry:phi-4-mini")
    assert service.bodies[0]["model"] == PHI
    assert service.loaded == {PHI}
    assert len(heard) == 1
    assert "loading it" in heard[0]
    assert reply.timing.load_s is not None
    assert reply.timing.sent_ns < reply.timing.loaded_ns < reply.timing.first_token_ns
    assert reply.usage.output_tokens == 3


@pytest.mark.parametrize("generation", GENERATIONS)
async def test_a_warm_model_is_asked_at_once(generation: str):
    heard = Heard()
    with foundry_service(generation, loaded={PHI}) as service:
        async with engine_of(service, heard=heard) as engine:
            replies = [await ask(engine, hello()) for _ in range(2)]
    assert heard == []
    assert [reply.timing.load_s for reply in replies] == [None, None]
    assert not any("load/" in path for path in service.asked)


@pytest.mark.parametrize("generation", GENERATIONS)
async def test_warming_tells_what_the_load_took(generation: str):
    with foundry_service(generation, gap_s=0.01) as service:
        async with engine_of(service) as engine:
            cold, warm = await engine.warm(), await engine.warm()
    assert cold.load_s is not None
    assert cold.load_s >= 0.01
    assert warm.load_s is None


async def test_a_full_id_is_loaded_though_the_newer_service_loads_by_alias_alone():
    with foundry_service("server") as service:
        async with engine_of(service, PHI) as engine:
            await ask(engine, hello())
    assert service.bodies[0]["model"] == PHI


async def test_an_alias_that_no_id_resembles_is_found_by_what_its_load_brings():
    with foundry_service("server", cached={DEEPSEEK}, loaded={QWEN}) as service:
        async with engine_of(service, "deepseek-r1-7b") as engine:
            await ask(engine, hello())
    assert service.bodies[0]["model"] == DEEPSEEK


async def test_many_at_once_load_the_model_once_and_each_tells_how_long_it_waited():
    with foundry_service("server", gap_s=0.01) as service:
        async with engine_of(service) as engine:
            replies = await asyncio.gather(*(ask(engine, hello()) for _ in range(4)))
            later = await ask(engine, hello())
    assert sum("load/" in path for path in service.asked) == 1
    assert all((reply.timing.load_s or 0.0) >= 0.01 for reply in replies)
    assert later.timing.load_s is None


async def test_a_load_whose_first_asker_left_is_waited_for_by_the_next():
    with foundry_service("server", gap_s=0.2) as service:
        async with engine_of(service) as engine:
            first = asyncio.create_task(ask(engine, hello()))
            assert await asyncio.to_thread(service.loading.wait, 10)
            first.cancel()
            with pytest.raises(asyncio.CancelledError):
                await first
            reply = await ask(engine, hello())
    assert reply.text == "Hello from Foundry."
    assert sum("load/" in path for path in service.asked) == 1


async def test_a_look_that_saw_nothing_does_not_keep_a_wrong_name(monkeypatch):
    with foundry_service("server", loaded={PHI}) as service:
        async with engine_of(service) as engine:
            nothing = Answerer(root=service.root, kind="nothing", why="no answer within 5 s")
            with monkeypatch.context() as busy:
                busy.setattr(service_engine, "look", lambda *_, **__: nothing)
                with pytest.raises(EngineRefused):  # the alias is no name that answers
                    await ask(engine, hello())
            reply = await ask(engine, hello())
    assert [body["model"] for body in service.bodies][-1] == PHI
    assert reply.text == "Hello from Foundry."


async def test_a_name_that_turns_out_to_be_another_is_asked_again_under_that():
    with foundry_service("server", loaded={PHI}) as service:
        async with engine_of(service) as engine:
            nothing = Answerer(root=service.root, kind="nothing", why="no answer within 5 s")
            sights = iter([nothing])
            with pytest.MonkeyPatch.context() as busy:
                real = service_engine.look
                busy.setattr(
                    service_engine,
                    "look",
                    lambda *args, **more: next(sights, None) or real(*args, **more),
                )
                reply = await ask(engine, hello())
    assert [body["model"] for body in service.bodies] == ["phi-4-mini", PHI]
    assert [step.role for step in reply.steps] == ["retry"]


async def test_a_model_that_was_put_out_of_memory_is_loaded_again_and_the_reply_says_so():
    with foundry_service("server", gap_s=0.05) as service:
        async with engine_of(service) as engine:
            await ask(engine, hello())
            service.loaded.clear()  # nobody asked it for ten minutes
            reply = await ask(engine, hello())
    assert reply.text == "Hello from Foundry."
    assert [step.role for step in reply.steps] == ["retry"]
    assert "must be loaded" in reply.steps[0].why
    assert (reply.timing.load_s or 0.0) >= 0.05
    assert reply.timing.sent_ns < reply.timing.loaded_ns < reply.timing.first_token_ns


@pytest.mark.parametrize("generation", GENERATIONS)
async def test_an_alias_that_is_unknown_is_told_with_the_nearest(generation: str):
    with foundry_service(generation) as service:
        error = await refused(service, "phi-4-mni")
    assert "has no model 'phi-4-mni'" in str(error)
    assert "Did you mean foundry:phi-4-mini" in str(error)


async def test_a_model_that_is_not_downloaded_is_told_with_the_command_that_does():
    with foundry_service("service", cached={QWEN}) as older:
        told = await refused(older)
    with foundry_service("server", cached={QWEN}) as newer:
        refusal = await refused(newer)
    assert "not on its disk" in str(told)
    assert "foundry model download phi-4-mini" in str(told)
    assert "foundry model download phi-4-mini" in str(refusal)


async def test_an_empty_answer_is_an_error_that_explains_it():
    with foundry_service("server", says=()) as service:
        error = await refused(service)
    assert isinstance(error, EngineRefused)
    assert "before the first word" in str(error)


async def test_a_service_that_is_down_is_explained():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    gone = Service("server", root=f"http://127.0.0.1:{port}")
    error = await refused(gone)
    assert isinstance(error, EngineDied)
    assert "service is not running" in str(error)


async def test_another_server_at_the_address_is_asked_as_it_is():
    from tests.engines.stub_server import piece, stream, stub_server

    async with stub_server() as stub:
        stub.answers(stream(piece("Hello")))
        engine = FoundryServiceEngine("foundry:x", Endpoint(url=stub.url), "x", limits=QUICK)
        reply = await ask(engine, hello())
        await engine.aclose()
    assert reply.text == "Hello"
    assert stub.requests[-1]["model"] == "x"


async def test_what_another_server_refuses_is_told_in_its_own_words_and_kind():
    from tests.engines.stub_server import failure, stub_server

    too_long = {"error": {"code": "context_length_exceeded", "message": "9000 tokens"}}
    async with stub_server() as stub:
        for answer, kind in (
            (failure("400 Bad Request", too_long), ContextTooLong),
            (failure("429 Too Many Requests", {"error": "slow down"}, "Retry-After: 90\r\n"), None),
        ):
            stub.answers(answer)
            engine = FoundryServiceEngine("foundry:x", Endpoint(url=stub.url), "x", limits=QUICK)
            with pytest.raises(kind or EngineRefused) as caught:
                await ask(engine, hello())
            await engine.aclose()
    assert caught.value.status == 429
    assert caught.value.retry_after_s == 90


async def test_closing_a_stream_closes_the_connection_though_the_service_computes_on():
    with foundry_service("server", loaded={PHI}, says=("word ",) * 20, gap_s=0.01) as service:
        async with engine_of(service) as engine:
            async with aclosing(engine.stream(hello())) as pieces:
                assert isinstance(await anext(pieces), Delta)
            assert not service.computed.is_set()
            assert await asyncio.to_thread(service.computed.wait, 10)


async def test_who_gives_up_during_the_load_does_not_wait_for_it():
    with foundry_service("server", gap_s=0.5) as service:
        async with engine_of(service) as engine:
            asked = asyncio.create_task(ask(engine, hello()))
            assert await asyncio.to_thread(service.loading.wait, 10)
            asked.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asked
            assert service.loaded == set()  # it goes on loading: that cannot be called off


async def test_the_gateway_passes_the_answer_on_and_the_explanation_too(tmp_path):
    with foundry_service("server") as service:
        settings = serving(tmp_path, endpoints={"foundry": service.url})
        async with gateway(settings) as at:
            good = await at.chat("Hello", model="foundry:phi-4-mini")
            bad = await at.chat("Hello", model="foundry:phi-4-mni")
    assert good["choices"][0]["message"]["content"] == "Hello from Foundry."
    assert "Did you mean foundry:phi-4-mini" in bad["error"]["message"]


async def test_the_door_opens_it_for_every_name_of_foundry():
    with foundry_service("service") as service:
        settings = Settings(endpoints={"foundry": Endpoint(url=service.root)})
        for name in ("foundry:phi-4-mini", f"foundry/{PHI_GPU}"):
            engine = open_engine(name, settings)
            assert isinstance(engine, FoundryServiceEngine)
            await engine.aclose()
        assert service.asked == []  # opening asks nothing
