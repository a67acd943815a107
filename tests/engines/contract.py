"""What every engine promises, as sentences. `test_contract.py` runs them over each."""

import asyncio
import json
import math
from contextlib import aclosing
from itertools import pairwise

import msgspec
import pytest

from sprat.engines.base import Engine, ask
from sprat.errors import ContextTooLong, UnsupportedRequest
from sprat.types import ChatRequest, Delta, Message, Prediction, Reply, ResponseFormat

COUNT = "Count from 1 to 40 in digits, separated by spaces."
OTHER = "Write a sentence about the sea."


def request(text: str = COUNT, **fields) -> ChatRequest:
    return ChatRequest(messages=(Message("user", text),), **{"max_tokens": 24, **fields})


async def played(engine: Engine, asked: ChatRequest) -> tuple[list[Delta], Reply]:
    got = [piece async for piece in engine.stream(asked)]
    deltas = [piece for piece in got if isinstance(piece, Delta)]
    assert len(got) == len(deltas) + 1
    assert isinstance(got[-1], Reply)
    return deltas, got[-1]


async def refused(engine: Engine, asked: ChatRequest) -> None:
    """The engine refuses the request's prediction, and names it; some refuse more than that."""
    asked = msgspec.structs.replace(asked, logprobs=None)
    with pytest.raises(UnsupportedRequest) as caught:
        await ask(engine, asked)
    assert caught.value.param == "prediction"
    assert "\n" not in str(caught.value)


@pytest.mark.asyncio(loop_scope="class")
class EngineContract:
    """Subclasses say which engine by their `named`."""

    predicts = True
    """Whether it takes a prediction; who does not refuses it by name."""

    async def predicted(self, engine: Engine, asked: ChatRequest) -> Reply | None:
        if self.predicts:
            return await ask(engine, asked)
        await refused(engine, asked)
        return None

    async def test_a_stream_ends_in_exactly_one_reply(self, engine: Engine):
        deltas, reply = await played(engine, request())
        assert deltas
        assert reply.text
        assert reply.model == engine.name

    async def test_the_pieces_joined_are_the_text(self, engine: Engine):
        deltas, reply = await played(engine, request())
        assert "".join(piece.text for piece in deltas) == reply.text
        assert "".join(piece.reasoning for piece in deltas) == reply.reasoning

    async def test_greedy_answers_are_the_same_twice(self, engine: Engine):
        first = await ask(engine, request(OTHER))
        assert (await ask(engine, request(OTHER))).text == first.text

    async def test_the_same_seed_gives_the_same_answer(self, engine: Engine):
        asked = request(OTHER, temperature=0.9, top_p=0.95, seed=7)
        first = await ask(engine, asked)
        assert (await ask(engine, asked)).text == first.text

    async def test_generation_ends_before_a_stop_string(self, engine: Engine):
        whole = (await ask(engine, request())).text
        stop = whole[len(whole) // 2 :][:3]
        reply = await ask(engine, request(stop=(stop, "never said")))
        assert reply.text == whole[: whole.index(stop)]
        assert reply.finish == "stop"

    async def test_max_tokens_is_kept_and_said(self, engine: Engine):
        reply = await ask(engine, request(max_tokens=5))
        assert reply.finish == "length"
        assert reply.usage.output_tokens == 5

    async def test_usage_is_counted_not_guessed(self, engine: Engine):
        usage = (await ask(engine, request())).usage
        assert usage.counted_by in {"engine", "tokenizer"}
        assert usage.input_tokens > 5
        assert 0 < usage.output_tokens <= 24
        assert 0 <= usage.cached_tokens <= usage.input_tokens

    async def test_log_probabilities_come_only_when_asked_for(self, engine: Engine):
        assert (await ask(engine, request(max_tokens=3))).logprobs is None

    async def test_log_probabilities_are_those_of_the_tokens(self, engine: Engine):
        deltas, reply = await played(engine, request(max_tokens=8, logprobs=3))
        assert reply.logprobs is not None
        assert tuple(entry for piece in deltas for entry in piece.logprobs) == reply.logprobs
        assert len(reply.logprobs) == reply.usage.output_tokens
        assert "".join(entry.token for entry in reply.logprobs) == reply.text
        for entry in reply.logprobs:
            assert entry.logprob <= 1e-6
            assert sum(math.exp(value) for _, value in entry.top) <= 1.001
            assert entry.top[0][0] == entry.token  # greedy: the likeliest was chosen

    async def test_zero_alternatives_still_give_the_chosen_one(self, engine: Engine):
        reply = await ask(engine, request(max_tokens=3, logprobs=0))
        assert reply.logprobs is not None
        assert all(entry.logprob <= 1e-6 for entry in reply.logprobs)

    @pytest.mark.parametrize(
        "edited", [lambda t: t, lambda t: t[: len(t) // 2], lambda t: f"So {t}"]
    )
    async def test_a_prediction_changes_no_answer(self, engine: Engine, edited):
        plain = await ask(engine, request())
        draft = Prediction(text=edited(plain.text))
        if reply := await self.predicted(engine, request(prediction=draft)):
            assert (reply.text, reply.finish) == (plain.text, plain.finish)
            assert reply.usage.output_tokens == plain.usage.output_tokens
            assert reply.usage.accepted_prediction_tokens <= reply.usage.output_tokens

    async def test_a_prediction_can_be_read(self, engine: Engine):
        draft = "1 2 3 4 6"
        asked = request(prediction=Prediction(text=draft, read_only=True), logprobs=1)
        if reply := await self.predicted(engine, asked):
            assert reply.read is not None
            assert "".join(entry.token for entry in reply.read) == draft
            assert all(entry.logprob <= 1e-6 and len(entry.top) == 1 for entry in reply.read)
            assert (reply.text, reply.usage.output_tokens) == ("", 0)
            assert reply.usage.input_tokens > (await ask(engine, request())).usage.input_tokens
            assert reply.timing.first_token_ns is None

    async def test_a_prediction_is_kept_within_its_tolerance(self, engine: Engine):
        draft = Prediction(text="1 2 3 4 6", tolerance=1000.0)
        if reply := await self.predicted(engine, request(prediction=draft)):
            assert reply.text.startswith(draft.text)
            assert reply.usage.rejected_prediction_tokens == 0

    async def test_a_prediction_of_a_sampled_answer_is_refused(self, engine: Engine):
        asked = request(prediction=Prediction(text="1 2 3"), temperature=1.0)
        await refused(engine, asked)

    async def test_stamps_are_in_order(self, engine: Engine):
        asked = request()
        timing = (await ask(engine, asked)).timing
        order = [
            timing.scheduled_ns,
            timing.sent_ns,
            timing.prepared_ns,
            timing.started_ns,
            timing.first_token_ns,
            timing.first_answer_ns,
            timing.last_token_ns,
            timing.done_ns,
        ]
        known = [at for at in order if at is not None]
        assert known == sorted(known)
        assert timing.first_token_ns == timing.chunks_ns[0]
        assert timing.last_token_ns == timing.chunks_ns[-1]
        assert all(early <= late for early, late in pairwise(timing.chunks_ns))

    async def test_a_scheduled_moment_is_kept(self, engine: Engine):
        assert (await ask(engine, request(scheduled_ns=5))).timing.scheduled_ns == 5

    async def test_two_at_once_both_get_their_answer(self, engine: Engine):
        first, second = await asyncio.gather(
            ask(engine, request(COUNT)), ask(engine, request(OTHER))
        )
        assert "1" in first.text
        assert first.text != second.text

    async def test_abandoned_answers_free_their_places(self, engine: Engine):
        long = request(max_tokens=1500)
        for _ in range(4):  # more than any of them has places
            async with aclosing(engine.stream(long)) as pieces:
                assert isinstance(await anext(pieces), Delta)
        async with asyncio.timeout(60):
            assert (await ask(engine, request(OTHER))).text

    async def test_a_cancelled_task_frees_its_place(self, engine: Engine):
        begun = asyncio.Event()

        async def listen() -> None:
            async with aclosing(engine.stream(request(max_tokens=1500))) as pieces:
                async for _ in pieces:
                    begun.set()

        tasks = [asyncio.create_task(listen()) for _ in range(3)]
        await begun.wait()
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(result, asyncio.CancelledError) for result in results)
        async with asyncio.timeout(60):
            assert (await ask(engine, request(OTHER))).text

    async def test_too_long_a_prompt_is_refused_before_the_first_piece(self, engine: Engine):
        with pytest.raises(ContextTooLong):
            await anext(engine.stream(request("word " * 9000)))
        assert (await ask(engine, request())).text

    async def test_warming_twice_is_safe(self, engine: Engine):
        for _ in range(2):
            load = await engine.warm()
            assert load.load_s is None or load.load_s >= 0


class GuidedContract(EngineContract):
    """The contract of engines that compute, which can be held to a shape."""

    async def test_a_schema_is_kept(self, engine: Engine):
        colour = {"type": "string", "enum": ["red", "green"]}
        schema = {
            "type": "object",
            "properties": {"colour": colour},
            "required": ["colour"],
            "additionalProperties": False,
        }
        shape = ResponseFormat("json_schema", schema=schema)
        reply = await ask(engine, request("The colour of blood?", response_format=shape))
        assert json.loads(reply.text)["colour"] in {"red", "green"}
