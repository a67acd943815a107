"""The study: conditions apart, sides in turns, whole rounds kept, and an end that is said."""

import asyncio

import msgspec
import pytest
from tests.studies.bench.made import HERE, Told, asked, measured, plan

from sprat.errors import BadWeights, EngineDied, RunError
from sprat.studies import watching
from sprat.studies.bench.drift import drifted
from sprat.studies.bench.plan import round_order, setups_of
from sprat.studies.bench.summary import summarise
from sprat.studies.resume import MAX_STREAK
from sprat.studies.watching import DURING
from sprat.types import Reply


class Cut(Told):
    """Cannot be loaded."""

    async def warm(self):
        raise BadWeights("The weights are cut short.")


class Lasting(Told):
    """Takes a while: the clocks of the processors tick a hundred times a second."""

    async def stream(self, request):
        await asyncio.sleep(0.05)
        async for piece in super().stream(request):
            yield piece


def turns(store, study):
    """The sides in the order in which their rounds were asked."""
    rows = [(run.role, run.repeat // 2) for run in store.runs(study)]
    return [side for side, _ in dict.fromkeys(rows)]


async def test_the_sides_take_turns_forth_and_back(store):
    study = await asked(store, plan(rounds=4, precision=0.001), {"a": Told(), "b": Told()})
    first, second = turns(store, study)[:2]
    assert {first, second} == {"a", "b"}
    assert turns(store, study)[:2] * 2 == [first, second] * 2
    whole = [(run.role, run.repeat // 2) for run in store.runs(study)]
    assert [side for side, _ in dict.fromkeys(whole)] == [
        *(first, second), *(second, first), *(first, second), *(second, first),
    ]  # fmt: skip


def test_a_slowing_machine_slows_every_side_alike():
    """Over two rounds the places of each side add up to the same, whatever the seed."""
    setups, sides = setups_of(plan(), "warm"), ("a", "b", "c")
    for seed in range(8):
        places = dict.fromkeys(sides, 0)
        for number in range(2):
            ((_, order),) = round_order(setups, sides, number, seed)
            for place, side in enumerate(order):
                places[side] += place
        assert len(set(places.values())) == 1


async def test_no_two_prompts_begin_alike_unless_that_is_what_is_measured(store):
    warm, cached = Told(), Told()

    def engine(reuse_prefix):
        return cached if reuse_prefix else warm

    await asked(store, plan(conditions=("warm", "prefix-cached")), {"a": engine})
    beginnings = [request.messages[0].content[:8] for request in warm.asked]
    assert len(set(beginnings)) == len(beginnings)
    same = [request.messages[0].content.rpartition("[")[0] for request in cached.asked[-12:]]
    ends = [request.messages[0].content[-8:] for request in cached.asked]
    assert len(set(same)) == 1
    assert len(set(ends)) == len(ends)


async def test_every_cold_request_has_an_engine_of_its_own_that_is_closed(store):
    made = []

    def engine(_):
        made.append(Told(pids=HERE))
        return made[-1]

    result = await measured(store, plan(conditions=("cold",), rounds=3), {"a": engine})
    # One to cut the prompt to length, then one per request.
    assert [len(one.asked) for one in made[1:]] == [1, 1, 1]
    assert all(one.closed == 1 and one.warmed == 0 for one in made[1:])
    (cell,) = result.cells
    assert (cell.condition, cell.requests, cell.concurrency) == ("cold", 3, 1)


@pytest.mark.parametrize(("condition", "known"), [("cold", False), ("warm", True)])
async def test_where_processes_end_and_their_time_is_lost_others_are_not_blamed_for_it(
    store, monkeypatch, condition, known
):
    monkeypatch.setattr(watching, "KEEPS_ENDED", False)  # as on macOS and Windows
    study = await asked(
        store, plan(conditions=(condition,), rounds=1), {"a": lambda _: Lasting(pids=HERE)}
    )
    (stretch,) = store.study(study).environment["during"]
    assert (stretch["others_share"] is not None) == known


async def test_what_nobody_here_can_start_is_not_measured_cold_and_the_rest_is(store):
    wanted = plan(conditions=("warm", "cold"), rounds=1)
    result = await measured(store, wanted, {"a": Told(), "b": lambda _: Told(pids=HERE)})
    assert [(gap.side, gap.condition) for gap in result.unmeasured] == [("a", "cold")]
    assert "cold" in result.unmeasured[0].why
    assert {(cell.side, cell.condition) for cell in result.cells} == {
        ("a", "warm"), ("b", "warm"), ("b", "cold"),
    }  # fmt: skip


async def test_a_side_that_cannot_be_loaded_is_said_and_the_others_are_measured(store):
    broken = Cut()
    result = await measured(store, plan(rounds=1), {"a": broken, "b": Told()})
    assert [gap.why for gap in result.unmeasured] == ["The weights are cut short."]
    assert result.unmeasured[0].condition is None
    assert {cell.side for cell in result.cells} == {"b"}
    assert broken.closed == 1


async def test_where_no_side_can_be_loaded_nothing_is_recorded(store):
    with pytest.raises(BadWeights, match="cut short"):
        await asked(store, plan(), {"a": Cut()})
    assert store.studies() == []


async def test_times_that_do_not_change_end_a_row_long_before_its_rounds(store):
    result = await measured(store, plan(rounds=50), {"a": Told(), "b": Told()})
    assert {cell.ended_by for cell in result.cells} == {"precision"}
    assert {cell.rounds for cell in result.cells} == {5}
    assert not any("before every median" in warning for warning in result.warnings)


async def test_times_that_change_are_asked_to_the_last_round(store):
    wild = Told(first_s=lambda number: 0.1 + number % 7)
    result = await measured(store, plan(rounds=6, precision=0.01), {"a": wild})
    (cell,) = result.cells
    assert (cell.ended_by, cell.rounds) == ("rounds", 6)
    assert any("1 of 1 rows ended before" in warning for warning in result.warnings)


async def test_without_any_budget_the_first_round_of_every_row_is_finished(store):
    wanted = plan(budget_s=0.0, output_tokens=(8, 16), concurrency=(1, 2))
    result = await measured(store, wanted, {"a": Told(), "b": Told()})
    assert len(result.cells) == 8
    assert {(cell.rounds, cell.ended_by) for cell in result.cells} == {(1, "budget")}


async def test_a_benchmark_that_was_cut_off_keeps_whole_rounds_and_goes_on_where_it_was(store):
    wanted, seen = plan(rounds=4, precision=0.001), []

    def stop_in_the_third_round(event):
        seen.append(event)
        if event.round == 2:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await asked(store, wanted, {"a": Told(), "b": Told()}, progress=stop_in_the_third_round)
    study = seen[-1].study
    half = summarise(store, study)
    assert {cell.rounds for cell in half.cells} == {2}
    assert {cell.ended_by for cell in half.cells} == {"interrupted"}
    assert not half.complete
    assert any(f"sprat bench --resume {study}" in warning for warning in half.warnings)
    again = Told()
    assert await asked(store, wanted, {"a": again, "b": Told()}, resume=study) == study
    whole = summarise(store, study)
    assert whole.complete
    assert {(cell.rounds, cell.requests) for cell in whole.cells} == {(4, 8)}
    positions = [request.position for request in whole.requests]
    assert positions == list(range(16))


async def test_a_side_that_is_no_longer_what_it_was_is_not_gone_on_with(store):
    before, now = {"a": {"weights_sha256": "ab"}}, {"a": {"weights_sha256": "cd"}}
    study = await asked(store, plan(rounds=1), {"a": Told()}, identities=before)
    with pytest.raises(RunError, match="weights_sha256 of a was ab, and is cd now"):
        await asked(store, plan(rounds=2), {"a": Told()}, identities=now, resume=study)
    await asked(store, plan(rounds=2), {"a": Told()}, identities=before, resume=study)


async def test_an_error_has_no_time_but_is_counted(store):
    # The 8th request: past cutting the prompt to length and the warm-up.
    result = await measured(store, plan(rounds=6), {"a": Told(fails={8: EngineDied("gone")})})
    (cell,) = result.cells
    assert cell.errors == 1
    assert cell.answer_s is not None
    assert cell.answer_s.n == cell.requests - 1
    failed = [request for request in result.requests if request.error]
    assert [(one.error, one.ttft_s, one.output_tokens) for one in failed] == [("gone", None, None)]
    assert any("1 of" in warning and "failed" in warning for warning in result.warnings)


async def test_a_side_that_is_gone_stops_the_study_which_can_be_resumed(store):
    gone = {number: EngineDied("gone") for number in range(8, 60)}
    with pytest.raises(RunError, match=r"failed 6 times in a row.*--resume"):  # 3 rounds of 2
        await asked(store, plan(rounds=50), {"a": Told(fails=gone)})
    (line,) = store.studies()
    assert (line.kind, line.status) == ("bench", "stopped")


async def test_the_rounds_of_an_outage_are_asked_again_and_no_other_error_is(store):
    # Its rounds begin with the 7th request: one with an error, one that ends with one, then none.
    gone = {number: EngineDied("gone") for number in range(10, 60)}
    wanted = plan(rounds=5)
    broken = Told(fails={8: EngineDied("once"), **gone})
    with pytest.raises(RunError, match="in a row"):
        await asked(store, wanted, {"a": broken, "b": Told()})
    (line,) = store.studies()
    before = [run for run in store.runs(line.id) if run.error is None or run.error == "once"]
    await asked(store, wanted, {"a": Told(), "b": Told()}, resume=line.id)
    after = list(store.runs(line.id))
    assert [run.error for run in after if run.error] == ["once"]
    assert {cell.rounds for cell in summarise(store, line.id).cells} == {5}
    assert len({run.position for run in after}) == len(after) == 2 * 5 * 2
    kept = {(run.role, run.repeat): run.position for run in after}
    again = {(r.role, r.repeat) for r in before if kept[r.role, r.repeat] != r.position}
    assert again == {("a", 2)}  # answered in the round in which the outage began


async def test_a_server_that_refuses_part_of_a_load_is_measured_to_the_end(store):
    busy = {number: EngineDied("429") for number in range(8, 200) if number % 8}
    wanted = plan(rounds=5, requests=8)
    result = await measured(store, wanted, {"a": Told(fails=busy)})
    assert result.complete
    assert (result.cells[0].rounds, result.cells[0].requests) == (5, 40)
    assert result.cells[0].errors > MAX_STREAK


async def test_a_resumed_study_reports_the_plan_that_it_went_on_with(store):
    wild = Told(first_s=lambda number: 0.1 + number % 7)
    study = await asked(store, plan(rounds=2, precision=0.001), {"a": wild})
    await asked(store, plan(rounds=6, precision=0.001), {"a": wild}, resume=study)
    result = summarise(store, study)
    assert result.settings["rounds"] == 6
    assert (result.cells[0].rounds, result.cells[0].ended_by) == (6, "rounds")


async def test_what_could_not_be_measured_is_kept_though_the_study_is_stopped(store):
    def stop(event):
        if event.what == "asking":
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await asked(store, plan(), {"a": Cut(), "b": Told()}, progress=stop)
    (line,) = store.studies()
    assert [gap.side for gap in summarise(store, line.id).unmeasured] == ["a"]
    await asked(store, plan(), {"a": Told(), "b": Told()}, resume=line.id)
    assert summarise(store, line.id).unmeasured == ()


async def test_a_side_at_fault_in_the_beginning_is_what_it_is_when_it_is_first_there(store):
    now, other = {"a": {"weights_sha256": "ab"}}, {"a": {"weights_sha256": "cd"}}
    study = await asked(store, plan(rounds=1), {"a": Cut(), "b": Told()}, identities={})
    await asked(store, plan(rounds=1), {"a": Told(), "b": Told()}, identities=now, resume=study)
    assert summarise(store, study).sides[0].identity == now["a"]
    with pytest.raises(RunError, match="was ab, and is cd now"):
        await asked(store, plan(rounds=1), {"a": Told()}, identities=other, resume=study)


async def test_a_machine_that_changed_meanwhile_degrades_the_run(store):
    looks = iter(({"governor": "performance"}, {"governor": "powersave"}))
    result = await measured(store, plan(rounds=1), {"a": Told()}, machine=lambda: next(looks))
    assert "The frequency governor changed from performance to powersave." in result.degraded
    assert result.environment == {"governor": "performance"}
    assert result.environment_end == {"governor": "powersave"}


async def test_a_machine_that_was_busy_before_degrades_the_run(store):
    busy = {"load_average_1min": 1.4, "usable_cores": 2}
    result = await measured(store, plan(rounds=1), {"a": Told()}, machine=lambda: busy)
    assert any("busy before the first request: load 1.4 on 2" in line for line in result.degraded)


def test_a_load_before_is_not_said_where_it_is_known_what_others_used_meanwhile():
    busy = {"load_average_1min": 1.4, "usable_cores": 2}
    assert len(drifted(busy, None)) == 1
    assert drifted({**busy, DURING: [{"others_share": 0.01}]}, None) == ()


async def test_a_study_that_still_runs_is_not_said_to_have_been_stopped(store):
    def look(event):
        if event.round == 1:
            half.append(summarise(store, event.study))

    half = []
    await asked(store, plan(rounds=2), {"a": Told()}, progress=look)
    assert not half[0].complete
    assert any("Still running" in warning for warning in half[0].warnings)
    assert not any("--resume" in warning for warning in half[0].warnings)


async def test_a_cached_row_in_which_some_prompts_were_computed_says_so(store):
    class Forgetful(Told):
        async def stream(self, request):
            async for piece in super().stream(request):
                if isinstance(piece, Reply):
                    cached = 0 if len(self.asked) % 2 else 30
                    usage = msgspec.structs.replace(piece.usage, cached_tokens=cached)
                    piece = msgspec.structs.replace(piece, usage=usage)  # noqa: PLW2901
                yield piece

    wanted = plan(conditions=("warm", "prefix-cached"), rounds=3)
    result = await measured(store, wanted, {"a": lambda _: Forgetful()})
    (said,) = [warning for warning in result.warnings if "mixes answers" in warning]
    assert said.startswith("a, prefix-cached/in40/out8/c1: of 6 prompts 3 came")


async def test_what_the_watch_saw_while_the_models_were_asked_degrades_the_run(store, monkeypatch):
    monkeypatch.setattr("sprat.measure.watch.reasons", lambda _: ("the frequency fell",))
    result = await measured(store, plan(rounds=1), {"a": Told()})
    assert "While the models were asked, the frequency fell." in result.degraded


async def test_answers_that_grow_slower_degrade_the_run_though_the_machine_says_nothing(store):
    slowing = Told(first_s=lambda number: 0.2 + 0.02 * number)
    result = await measured(store, plan(rounds=12, precision=0.001), {"a": slowing})
    assert any("answers grew" in reason for reason in result.degraded)
    steady = await measured(store, plan(rounds=12, precision=0.001), {"a": Told()})
    assert not any("answers grew" in reason for reason in steady.degraded)
