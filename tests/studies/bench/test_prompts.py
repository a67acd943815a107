"""Prompts: of the length that was asked for, by the engine's own count."""

import pytest
from tests.studies.bench.made import Told

from sprat.studies.bench.prompts import PROBES, fitting_words, input_tokens, sized_prompt
from sprat.studies.bench.settle import ALIKE, MOST, alike, settle


@pytest.mark.parametrize("tokens", [32, 128, 1000])
@pytest.mark.parametrize("overhead", [4, 31])
@pytest.mark.parametrize("per_word", [1.0, 1.27, 1.9])
async def test_a_prompt_is_cut_to_its_length_whatever_the_tokenizer(tokens, overhead, per_word):
    async def count(words):
        return overhead + round(per_word * words)

    words = await fitting_words(tokens, count)
    assert abs(await count(words) - tokens) <= max(1, 0.02 * tokens)


async def test_a_length_below_that_of_the_empty_prompt_is_as_near_as_it_gets():
    seen = []

    async def count(words):
        seen.append(words)
        return 30 + words

    assert await fitting_words(8, count) == 0
    assert len(seen) <= PROBES


async def test_the_nonce_has_one_length_and_stands_where_the_condition_wants_it():
    warm, cached = sized_prompt(5, "warm"), sized_prompt(5, "prefix-cached")
    first, last = (warm.request(n, 4, 0).messages[0].content for n in (7, 999_999_999))
    assert first.startswith("[000007]\n")
    assert len(first) == len(last)
    assert cached.request(7, 4, 0).messages[0].content.endswith("[000007]")


async def test_answers_go_on_to_their_length_and_the_engine_counts_the_prompt():
    engine = Told()
    assert await input_tokens(engine, 20, "warm", 1) == len(
        sized_prompt(20, "warm").request(1, 1, 0).messages[0].content.split()
    )
    assert engine.asked[0].ignore_end
    assert engine.asked[0].max_tokens == 1


def test_alike_means_the_last_few_took_nearly_the_same():
    assert not alike([1.0] * (ALIKE - 1))
    assert alike([9.0, 1.0, 1.05, 1.09])
    assert not alike([1.0, 1.0, 1.2])


async def test_a_warm_up_ends_when_times_settle_or_when_it_has_gone_on_long_enough():
    request = sized_prompt(3, "warm").request(1, 2, 0)
    settling = Told(first_s=lambda number: max(0.1, 0.8 - 0.3 * number))
    assert (await settle(settling, lambda: request)) == (
        type(await settle(Told(), lambda: request))(5, True)
    )
    restless = await settle(Told(first_s=lambda number: float(number % 2)), lambda: request)
    assert (restless.requests, restless.stable) == (MOST, False)
