"""The gateway as the clients know it that people use: the official package, `llm`, Open WebUI."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import openai
import pydantic
import pytest
from openai import AsyncOpenAI, OpenAI
from tests.serve.recording import embeds
from tests.serve.running import At, gateway, serving
from tests.serve.tools import FLAT_TOOL, TOOL, WEATHER

from sprat.settings import Settings

CAPITAL = '[[rule]]\ntext = \'{"city": "Accra", "people": 2600000}\''
KEY = "a-key-that-is-long-enough"


class City(pydantic.BaseModel):
    city: str
    people: int


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[At]:
    scripts = {"tools": WEATHER, "json": CAPITAL}
    async with gateway(serving(tmp_path, scripts, places=1, queue=1)) as here:
        yield here


@pytest.fixture
async def client(at: At) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=f"{at.url}/v1", api_key="any", max_retries=0) as found:
        yield found


def said(content: str) -> list[Any]:
    return [{"role": "user", "content": content}]


async def until_nothing_is_open(at: At) -> None:
    async with asyncio.timeout(30):
        await at.gateway.ledger.empty.wait()


async def test_models_are_listed_and_one_is_looked_up(client: AsyncOpenAI):
    names = [model.id async for model in client.models.list()]
    assert {"echo", "tools", "json"} <= set(names)
    assert (await client.models.retrieve("echo")).owned_by == "sprat"


async def test_the_blocking_client_gets_an_answer_too(at: At):
    def ask() -> str | None:
        with OpenAI(base_url=f"{at.url}/v1", api_key="any", max_retries=0) as client:
            assert client.models.list().data
            answer = client.chat.completions.create(model="echo", messages=said("Hello"))
            pieces = client.chat.completions.create(
                model="echo", messages=said("Hello"), stream=True
            )
            joined = "".join(chunk.choices[0].delta.content or "" for chunk in pieces)
            assert joined == answer.choices[0].message.content
            return joined

    assert await asyncio.to_thread(ask) == "Hello there, friend."


async def test_an_answer_and_its_headers(client: AsyncOpenAI):
    raw = await client.chat.completions.with_raw_response.create(
        model="echo", messages=said("Hello")
    )
    answer = raw.parse()
    assert answer.choices[0].message.content == "Hello there, friend."
    assert answer.usage
    assert answer.usage.completion_tokens == 3
    assert raw.headers["x-sprat-model"] == "echo"
    assert "total;dur=" in raw.headers["server-timing"]
    assert answer.model_extra
    assert answer.model_extra["sprat"]["model"] == "echo"


async def test_a_stream_put_together_by_the_package_is_the_answer(client: AsyncOpenAI):
    async with client.chat.completions.stream(
        model="echo", messages=said("Hello"), stream_options={"include_usage": True}
    ) as stream:
        kinds = [event.type async for event in stream]
        whole = await stream.get_final_completion()
    assert "content.done" in kinds
    assert whole.choices[0].message.content == "Hello there, friend."
    assert whole.choices[0].finish_reason == "stop"
    assert whole.usage
    assert whole.usage.completion_tokens == 3


async def test_several_answers(client: AsyncOpenAI):
    answer = await client.chat.completions.create(model="echo", messages=said("Hello"), n=3)
    assert [choice.index for choice in answer.choices] == [0, 1, 2]
    assert answer.usage
    assert answer.usage.completion_tokens == 9


async def test_log_probabilities(client: AsyncOpenAI):
    answer = await client.chat.completions.create(
        model="echo", messages=said("Hello"), logprobs=True, top_logprobs=0
    )
    logprobs = answer.choices[0].logprobs
    assert logprobs
    assert logprobs.content
    assert [entry.logprob for entry in logprobs.content] == [-0.1, -0.2, -0.3]
    assert "".join(entry.token for entry in logprobs.content) == "Hello there, friend."


async def test_a_function_is_called_and_its_result_sent_back(client: AsyncOpenAI):
    first = await client.chat.completions.create(
        model="tools", messages=said("What is the weather?"), tools=[TOOL]
    )
    message = first.choices[0].message
    assert first.choices[0].finish_reason == "tool_calls"
    assert message.tool_calls
    call = message.tool_calls[0]
    assert call.type == "function"
    assert (call.function.name, call.function.arguments) == ("weather", '{"city":"Accra"}')
    result = {"role": "tool", "tool_call_id": call.id, "content": "31 degrees"}
    turns: Any = [*said("Thanks"), message, result]
    second = await client.chat.completions.create(model="tools", messages=turns, tools=[TOOL])
    assert second.choices[0].message.content


async def test_calls_in_a_stream_are_put_together_by_the_package(client: AsyncOpenAI):
    async with client.chat.completions.stream(
        model="tools", messages=said("two cities"), tools=[TOOL]
    ) as stream:
        whole = await stream.get_final_completion()
    calls = whole.choices[0].message.tool_calls
    assert calls
    assert [call.function.arguments for call in calls] == [
        '{"city":"Accra"}',
        '{"city":"Lomé"}',
    ]


async def test_an_answer_is_read_into_a_class(client: AsyncOpenAI):
    answer = await client.chat.completions.parse(
        model="json", messages=said("Which?"), response_format=City
    )
    assert answer.choices[0].message.parsed == City(city="Accra", people=2_600_000)


async def test_text_completions(client: AsyncOpenAI):
    answer = await client.completions.create(model="echo", prompt="Go on", max_tokens=2)
    assert answer.choices[0].text == "Hello there,"
    assert answer.choices[0].finish_reason == "length"
    stream = await client.completions.create(model="echo", prompt="Go on", stream=True)
    assert "".join([chunk.choices[0].text async for chunk in stream]) == "Hello there, friend."


async def test_embeddings(at: At, client: AsyncOpenAI):
    embeds(at)
    answer = await client.embeddings.create(model="all-minilm-l6-v2", input=["one", "three"])
    assert [entry.embedding[0] for entry in answer.data] == [3.0, 5.0]


async def test_responses_whole_streamed_and_with_a_function(client: AsyncOpenAI):
    answer = await client.responses.create(model="echo", input="Hello", store=False)
    assert answer.output_text == "Hello there, friend."
    async with client.responses.stream(model="echo", input="Hello") as stream:
        text = "".join(
            [event.delta async for event in stream if event.type == "response.output_text.delta"]
        )
        assert (await stream.get_final_response()).output_text == text == answer.output_text
    flat: Any = FLAT_TOOL
    called = await client.responses.create(model="tools", input="the weather?", tools=[flat])
    assert [item.name for item in called.output if item.type == "function_call"] == ["weather"]


async def test_a_parameter_that_is_not_offered_is_named(client: AsyncOpenAI):
    with pytest.raises(openai.BadRequestError) as caught:
        await client.chat.completions.create(model="echo", messages=said("Hello"), store=True)
    assert caught.value.param == "store"
    assert caught.value.status_code == 400


async def test_a_model_that_is_not_there_is_not_found(client: AsyncOpenAI):
    with pytest.raises(openai.NotFoundError) as caught:
        await client.chat.completions.create(model="ecko", messages=said("Hello"))
    assert caught.value.code == "model_not_found"
    assert "echo" in caught.value.message


async def test_an_error_in_a_stream_is_raised_where_it_comes(client: AsyncOpenAI):
    stream = await client.chat.completions.create(
        model="echo", messages=said("break it"), stream=True
    )
    got: list[str] = []
    with pytest.raises(openai.APIError) as caught:
        got += [chunk.choices[0].delta.content or "" async for chunk in stream]
    assert caught.value.code == "engine_died"


async def test_too_many_requests_are_told_when_to_come_back(at: At, client: AsyncOpenAI):
    busy = [asyncio.create_task(slow(client)) for _ in range(2)]
    async with asyncio.timeout(30):
        while at.gateway.standings == [] or not at.gateway.standings[0].waiting:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    with pytest.raises(openai.RateLimitError) as caught:
        await slow(client)
    assert int(caught.value.response.headers["retry-after"]) >= 1
    patient = client.with_options(max_retries=3)
    assert await slow(patient)  # it waits as long as it was told, and then has its turn
    await asyncio.gather(*busy)


async def slow(client: AsyncOpenAI) -> str | None:
    answer = await client.chat.completions.create(model="echo", messages=said("slow"))
    return answer.choices[0].message.content


async def test_who_has_not_the_key_is_refused(tmp_path: Path):
    async with gateway(serving(tmp_path, key=KEY)) as at:
        url = f"{at.url}/v1"
        async with AsyncOpenAI(base_url=url, api_key="wrong", max_retries=0) as client:
            with pytest.raises(openai.AuthenticationError) as caught:
                await client.models.list()
        assert caught.value.code == "invalid_api_key"
        async with AsyncOpenAI(base_url=url, api_key=KEY, max_retries=0) as client:
            assert (await client.models.list()).data


async def test_who_loses_patience_frees_the_model(at: At, client: AsyncOpenAI):
    with pytest.raises(openai.APITimeoutError):
        await slow(client.with_options(timeout=0.15))
    await until_nothing_is_open(at)
    assert at.gateway.ledger.outcomes == {"completed": 0, "failed": 0, "cancelled": 1}


async def test_a_stream_that_is_closed_frees_the_model(at: At, client: AsyncOpenAI):
    stream = await client.chat.completions.create(model="echo", messages=said("slow"), stream=True)
    async for _ in stream:
        break
    await stream.close()
    await until_nothing_is_open(at)
    assert at.gateway.ledger.outcomes == {"completed": 0, "failed": 0, "cancelled": 1}


EXTRA = """
- model_id: here
  model_name: {model}
  api_base: "{url}/v1"
  supports_schema: true
  supports_tools: true
"""


def configure_llm(folder: Path, models: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "extra-openai-models.yaml").write_text(models, "utf-8")


async def run_llm(at: At, folder: Path, *arguments: str, model: str = "echo") -> str:
    """What `llm` prints, in a user folder of its own."""
    await asyncio.to_thread(configure_llm, folder, EXTRA.format(url=at.url, model=model))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "llm", *arguments, "-m", "here",
        env={"LLM_USER_PATH": str(folder), "PATH": "", "HOME": str(folder)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(60):
        printed, complained = await process.communicate()
    assert process.returncode == 0, complained.decode()
    return printed.decode().strip()


async def test_llm_streams_and_waits(at: At, tmp_path: Path):
    folder = tmp_path / "llm"
    assert await run_llm(at, folder, "prompt", "Hello") == "Hello there, friend."
    assert await run_llm(at, folder, "prompt", "--no-stream", "Hello") == "Hello there, friend."


async def test_llm_asks_for_a_schema(at: At, tmp_path: Path):
    printed = await run_llm(
        at, tmp_path / "llm", "prompt", "--schema", "city, people int", "Which?", model="json"
    )
    assert City.model_validate_json(printed).city == "Accra"


TITLE = (
    "### Task:\nGenerate a concise, 3-5 word title summarizing the chat history.\n### Output:\nJSON"
)


async def test_open_webui_finds_models_chats_and_names_the_chat(at: At):
    """As its server sends them. Source: open-webui, backend/open_webui/routers/openai.py."""
    listed = await (await at.get("/v1/models", Authorization="Bearer any")).json()
    assert {"id", "object", "created", "owned_by"} == set(listed["data"][0])
    body = {
        "model": "echo",
        "messages": [{"role": "system", "content": "Be kind."}, *said("Hello")],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    text = await (await at.post("/v1/chat/completions", body)).text()
    assert '"prompt_tokens"' in text.splitlines()[-4]
    assert text.endswith("data: [DONE]\n\n")
    titled = {
        "model": "echo",
        "messages": said(TITLE),
        "stream": False,
        "max_completion_tokens": 1000,
    }
    answer = await (await at.post("/v1/chat/completions", titled)).json()
    assert answer["choices"][0]["message"]["content"]


TASKS = {
    "title": {"max_tokens": 1000},
    "tags": {},
    "follow-ups": {},
    "query": {"max_tokens": 1000},
    "emoji": {"max_tokens": 4},
}


@pytest.mark.parametrize("task", TASKS)
async def test_open_webui_asks_for_what_stands_beside_a_chat(at: At, task: str):
    """Its tasks. Source: open-webui 0.12.4, routers/tasks.py; `metadata` stays with its server."""
    body = {"model": "echo", "messages": said(TITLE), "stream": False, **TASKS[task]}
    answer = await at.post("/v1/chat/completions", body, Authorization="Bearer any")
    assert answer.status == 200
    text = (await answer.json())["choices"][0]["message"]["content"]
    assert text == "Hello there, friend."


async def test_open_webui_sends_what_its_users_may_set(at: At):
    """Source: open-webui 0.12.4, utils/payload.py, `apply_model_params_to_body_openai`."""
    body = {
        "model": "echo",
        "messages": said("Hello"),
        "stream": True,
        "temperature": 0.8,
        "top_p": 0.9,
        "max_tokens": 128,
        "frequency_penalty": 0.1,
        "presence_penalty": 0.1,
        "seed": 7,
        "stop": ["friend"],
        "logit_bias": {"5": 1},
    }
    text = await (await at.post("/v1/chat/completions", body)).text()
    assert "Hello" in text
    assert "friend" not in text
    assert text.endswith("data: [DONE]\n\n")


async def test_open_webui_embeds_its_documents(at: At):
    """Several at a time, as lists of numbers. Source: open-webui 0.12.4, retrieval/utils.py."""
    embeds(at)
    body = {"input": ["a passage", "another"], "model": "all-minilm-l6-v2"}
    answer = await (await at.post("/v1/embeddings", body, Authorization="Bearer any")).json()
    assert [len(entry["embedding"]) for entry in answer["data"]] == [3, 3]
    assert all(isinstance(number, float) for number in answer["data"][0]["embedding"])


@pytest.mark.real
async def test_real_models_keep_to_a_class_and_to_their_words(
    real_settings: Settings, tmp_path: Path
):
    async with gateway(serving(tmp_path, base=real_settings)) as at:
        url = f"{at.url}/v1"
        async with AsyncOpenAI(base_url=url, api_key="any", max_retries=0, timeout=120) as client:
            answer = await client.chat.completions.parse(
                model="qwen2.5-coder-0.5b",
                messages=said("Accra has 2600000 people. Answer as JSON."),
                response_format=City,
                max_completion_tokens=64,
            )
            assert isinstance(answer.choices[0].message.parsed, City)
            asked: dict[str, Any] = {
                "model": "smollm2-135m",
                "messages": said("What is the capital of France?"),
                "max_completion_tokens": 16,
            }
            whole = await client.chat.completions.create(**asked)
            stream = await client.chat.completions.create(**asked, stream=True)
            pieces = [chunk.choices[0].delta.content or "" async for chunk in stream]
            assert "".join(pieces) == whole.choices[0].message.content
