"""A policy that gives up waiting is evaluated in the seconds that it would have waited."""

from tests.studies.hybrid.test_replay import log, outcome, policy

from sprat.engines.base import ask
from sprat.policies.outcome import request_of
from sprat.policies.spec import Fallback
from sprat.studies.hybrid.recorded import of_log
from sprat.studies.hybrid.replay import engine_of, replay, stage


async def test_a_late_answer_is_paid_up_to_the_limit_and_the_other_one_begins_there():
    recorded = of_log(log(outcome(1, "tiny", answer_s=60.0), outcome(1, "huge", answer_s=5.0)))
    on = stage(recorded.log, ("tiny", "huge"), recorded.questions)
    slow = policy(kind="fallback", fallback=Fallback(timeout_s=2.0))
    (found,) = await replay(slow, on, recorded.questions)
    assert (found.path, found.seconds, found.first_token_s) == ("escalated", 7.0, 4.5)
    assert on.clock() == 7_000_000_000


async def test_what_came_until_then_is_an_estimate_of_what_was_used():
    recorded = of_log(log(outcome(1, "tiny", answer_s=60.0), outcome(1, "huge", answer_s=5.0)))
    on = stage(recorded.log, ("tiny", "huge"), recorded.questions)
    for limit_s, came in ((2.0, None), (40.0, 1)):  # the first of two tokens came after 30 s
        slow = policy(kind="fallback", fallback=Fallback(timeout_s=limit_s))
        reply = await ask(engine_of(slow, on), request_of(recorded.questions[0]))
        usage, timing = reply.steps[0].usage, reply.steps[0].timing
        assert (usage and (usage.output_tokens, usage.counted_by)) == (came and (came, "estimate"))
        assert timing is not None
        assert timing.answer_s == limit_s


async def test_an_answer_in_time_is_as_it_was():
    recorded = of_log(log(outcome(1, "tiny", answer_s=60.0), outcome(1, "huge", answer_s=5.0)))
    on = stage(recorded.log, ("tiny", "huge"), recorded.questions)
    patient = policy(kind="fallback", fallback=Fallback(timeout_s=60.0))
    (found,) = await replay(patient, on, recorded.questions)
    assert (found.path, found.seconds) == ("accepted", 60.0)
