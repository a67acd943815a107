"""Figures of stored requests, held against their definitions and against numpy."""

import msgspec
import numpy as np
import pytest
from tests.studies.bench.made import S, Told, measured, plan

from sprat.report.bench import facts
from sprat.runs.study import StudyModel
from sprat.studies.bench.cells import side_of
from sprat.studies.bench.figures import backlog_grows, per_second, spread, window_s
from sprat.studies.bench.times import phases_of
from sprat.types import ChatRequest, Reply, Resources, Run, Timing, Usage

WHOLE = Timing(
    scheduled_ns=0,
    sent_ns=1 * S,
    loaded_ns=3 * S,
    prepared_ns=4 * S,
    started_ns=6 * S,
    first_token_ns=7 * S,
    last_token_ns=10 * S,
    done_ns=11 * S,
)


def run(timing, tokens=10):
    reply = Reply(text="", finish="length", usage=Usage(5, tokens), timing=timing)
    return Run(study="s", question="q", kind="warm", model="a", role="a",
               request=ChatRequest(messages=()), reply=reply)  # fmt: skip


def answered(due_s, took_s, tokens=10):
    begin = round(due_s * S)
    return run(Timing(scheduled_ns=begin, sent_ns=begin, done_ns=begin + round(took_s * S)), tokens)


def failed(due_s, took_s):
    begin = round(due_s * S)
    return Run(study="s", question="q", kind="warm", model="a", role="a", error="gone",
               request=ChatRequest(messages=(), scheduled_ns=begin), elapsed_s=took_s)  # fmt: skip


def test_the_phases_are_the_gaps_between_the_stamps():
    assert list(phases_of(WHOLE).values()) == [1.0, 2.0, 1.0, 2.0, 1.0, 3.0, 1.0]


@pytest.mark.parametrize(
    "unknown",
    [(), ("loaded_ns",), ("prepared_ns", "started_ns"), ("first_token_ns", "last_token_ns")],
)
def test_the_phases_add_up_to_the_whole_whatever_the_engine_does_not_say(unknown):
    timing = msgspec.structs.replace(WHOLE, **dict.fromkeys(unknown))
    phases = phases_of(timing)
    assert sum(value or 0 for value in phases.values()) == pytest.approx(timing.total_s)
    assert sum(value is None for value in phases.values()) == len(unknown)


def test_a_model_loaded_before_the_request_was_sent_makes_no_negative_phase():
    early = msgspec.structs.replace(WHOLE, loaded_ns=S // 2)
    phases = phases_of(early)
    assert phases["load_s"] == 0
    assert sum(value or 0 for value in phases.values()) == pytest.approx(early.total_s)


def test_a_spread_is_numpys_and_its_tail_needs_a_hundred():
    random = np.random.default_rng(0)
    values = list(random.lognormal(size=99))
    found = spread([values[:50], values[50:]], seed=0)
    assert found is not None
    assert (found.n, found.p99, found.p50_low) == (99, None, None)
    assert [found.p50, found.p90, found.p95] == pytest.approx(np.percentile(values, [50, 90, 95]))
    assert found.mean == pytest.approx(np.mean(values))
    more = spread([[*values, 1.0]], seed=0)
    assert more is not None
    assert more.p99 == pytest.approx(np.percentile([*values, 1.0], 99))
    assert spread([[]], seed=0) is None


def test_tokens_a_second_are_all_tokens_over_the_time_in_which_they_came():
    together = [answered(0, 2, tokens=10), answered(0, 4, tokens=30)]
    assert window_s(together) == 4.0
    rate = per_second([together], lambda reply: reply.usage.output_tokens, seed=0)
    assert rate is not None
    assert (rate.value, rate.low) == (10.0, None)
    assert per_second([[]], lambda _: 1, seed=0) is None


def test_the_time_of_what_failed_counts_though_it_has_no_tokens():
    """By hand: 40 tokens in 4 s; a failure from 3 s before to 1 s after; a round of errors."""
    mixed = [answered(3, 4, tokens=40), failed(0, 2), failed(7, 1)]
    assert window_s(mixed) == 8.0
    rate = per_second([mixed, [failed(20, 2)]], lambda reply: reply.usage.output_tokens, seed=0)
    assert rate is not None
    assert rate.value == pytest.approx(40 / (8 + 2))
    assert per_second([[failed(0, 2)]], lambda _: 1, seed=0) is None


def measured_as(kind, joules, tokens):
    one = answered(0, 1, tokens)
    used = Resources(energy_joules=joules, energy_noise_joules=0.1, energy_source="a counter")
    return msgspec.structs.replace(one, kind=kind, resources=used)


def test_the_joules_of_a_side_are_of_one_condition_and_never_with_those_of_a_load():
    model = StudyModel(role="a", name="a")
    warm, cold = measured_as("warm", 20.0, 10), measured_as("cold", 500.0, 10)
    cached = measured_as("prefix-cached", 5.0, 10)
    side = side_of(model, [cold, warm, cached], 0)
    assert (side.requests, side.energy.joules, side.energy.joules_per_token) == (3, 20.0, 2.0)
    assert side_of(model, [cold], 0).energy.joules_per_answer == 500.0
    pooled = side_of(model, [cold, cached], 0).energy
    assert (pooled.joules, pooled.joules_per_token) == (None, None)
    assert "not pooled" in (pooled.source or "")
    why = Resources(energy_source="unavailable: no counter")
    blind = [msgspec.structs.replace(one, resources=why) for one in (cold, cached)]
    assert side_of(model, blind, 0).energy.source == "unavailable: no counter"


def test_a_backlog_grows_when_answers_take_longer_than_requests_need_to_arrive():
    slow = [answered(n, 2.5 * n + 3) for n in range(24)]  # one server, 3.5 s an answer
    steady = [answered(n, 3.0) for n in range(24)]  # always three under way, none at first
    assert backlog_grows([slow])
    assert not backlog_grows([steady])
    assert not backlog_grows([[]])


async def test_a_cell_holds_what_its_engine_said(store):
    result = await measured(store, plan(rounds=3), {"a": Told(first_s=0.25, gap_s=0.01)})
    (cell,) = result.cells
    assert cell.id == "warm/in40/out8/c1"
    assert (cell.input_tokens, cell.real_output_tokens, cell.counted_by) == (40, 8, "engine")
    medians = [s.p50 for s in (cell.ttft_s, cell.inter_token_s, cell.decode_tokens_per_s) if s]
    assert medians == pytest.approx([0.25, 0.01, 100])
    assert cell.ttft_s is not None
    assert (cell.ttft_s.p50_low, cell.ttft_s.p50_high) == pytest.approx((0.25, 0.25))
    assert cell.answer_s is not None
    assert cell.answer_s.p50 == pytest.approx(0.25 + 7 * 0.01 + 0.001)
    assert cell.phases.queue_s == pytest.approx(0.01)
    assert cell.phases.first_token_s == pytest.approx(0.23)
    assert (cell.backlog_grows, cell.against, cell.energy.joules) == (None, None, None)


async def test_the_second_side_is_held_against_the_first_in_the_same_rounds(store):
    def mood(number):
        """The machine's, the same for both."""
        return 1.0 + number % 5

    engines = {
        "a": Told(first_s=mood, gap_s=0.0),
        "b": Told(first_s=lambda n: 2 * mood(n), gap_s=0.0),
    }
    result = await measured(store, plan(rounds=10), engines)
    first, second = result.cells
    assert (first.ratios, second.against) == ((), "a")
    (ratio,) = [one for one in second.ratios if one.metric == "ttft_s"]
    assert ratio.value == pytest.approx(2.0)


async def test_the_workshops_fields_say_what_its_script_would(store):
    result = await measured(store, plan(rounds=3), {"a": Told(first_s=0.25, gap_s=0.01)})
    (line,) = msgspec.to_builtins(result.workshop)
    whole = 0.25 + 7 * 0.01 + 0.001
    assert line == {
        "alias": "a",
        "latency_avg": pytest.approx(whole),
        "latency_p95": pytest.approx(whole),
        "tokens_per_sec_avg": pytest.approx((40 + 8) / whole),
        "rounds": 3,
        "first_token_latency_avg": pytest.approx(0.25),
    }


async def test_without_the_stream_nothing_is_said_of_first_tokens(store):
    result = await measured(store, plan(rounds=3, stream=False), {"a": Told()})
    (cell,) = result.cells
    assert (cell.ttft_s, cell.inter_token_s, cell.scheduled_ttft_s) == (None, None, None)
    assert cell.answer_s is not None
    assert "first_token_latency_avg" not in msgspec.to_builtins(result.workshop)[0]
    assert {request.ttft_s for request in result.requests} == {None}
    assert (cell.phases.first_token_s, cell.phases.decode_s, cell.ratios) == (None, None, ())
    assert cell.answer_s.mean == pytest.approx(0.02 + (cell.phases.finish_s or 0))
    assert "first token" not in facts.headline(result)
    assert [name for _, name, _ in facts.seen_phases(result.cells)][-1] == "Answer"


async def test_an_engine_that_does_not_keep_to_the_length_is_said(store):
    class Short(Told):
        async def stream(self, request):
            fewer = msgspec.structs.replace(request, max_tokens=min(3, request.max_tokens))
            async for piece in super().stream(fewer):
                yield piece

    result = await measured(store, plan(rounds=3), {"a": Short()})
    assert any("answers 3, not 8" in warning for warning in result.warnings)


async def test_tokens_that_came_several_at_a_time_are_said(store):
    class Bundling(Told):
        def _timing(self, request, number):
            timing = super()._timing(request, number)
            return msgspec.structs.replace(timing, chunks_ns=(1, 2, 3))

    result = await measured(store, plan(rounds=3), {"a": Bundling()})
    assert result.cells[0].pieces == 3
    assert any("8 tokens came in 3 pieces" in warning for warning in result.warnings)
