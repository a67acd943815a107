"""Outcome logs: what runs become, what a file keeps, and what it costs."""

import gzip
import json
from pathlib import Path

import msgspec
import pytest
from tests.policies.samples import (
    drawn_tokens,
    question,
    reading_run,
    reply,
    request,
    run,
    timing,
    token,
)

from sprat.errors import RunError
from sprat.policies.checks import check_request, yes_probability
from sprat.policies.features import features_of
from sprat.policies.outcome import Outcome, logprobs_of, reply_of, tokens_of
from sprat.policies.outcomes import (
    LoggedModel,
    LoggedSet,
    OutcomeLog,
    join,
    outcomes_of,
    read_log,
    write_log,
)
from sprat.types import ResponseFormat, TokenLogprob, Usage

PARIS = question("Paris")


def log_of(*outcomes: Outcome, **changes: object) -> OutcomeLog:
    names = dict.fromkeys(outcome.model for outcome in outcomes)
    models = tuple(LoggedModel(name=name, identity={"sha256": name}) for name in names)
    log = OutcomeLog(models=models, sets=(LoggedSet(name="x", sha256="0"),), outcomes=outcomes)
    return msgspec.structs.replace(log, **changes)


def test_a_run_becomes_an_outcome_with_its_verdict_and_its_seconds() -> None:
    answered = reply(token("Paris", 0.7, 0.2), timing=timing(2.0, 0.5), cost_usd=0.01)
    (outcome,) = outcomes_of([run(PARIS, "small", answered)], [PARIS])
    assert (outcome.right, outcome.score, outcome.text) == (True, 1.0, "Paris")
    assert (outcome.answer_s, outcome.ttft_s, outcome.cost_usd) == (2.0, 0.5, 0.01)


def test_an_error_is_wrong_and_took_the_time_until_it_came() -> None:
    (outcome,) = outcomes_of([run(PARIS, "small", None, error="it died")], [PARIS])
    assert (outcome.right, outcome.text, outcome.error) == (False, None, "it died")
    assert outcome.answer_s == 1.5
    with pytest.raises(RunError, match="it died"):
        reply_of(outcome)


def test_what_is_unscored_is_neither_right_nor_wrong() -> None:
    (outcome,) = outcomes_of([run(PARIS, "small", reply(token("x")), verdicts=())], [PARIS])
    assert (outcome.right, outcome.score) == (None, None)


def test_runs_of_other_questions_are_left_out() -> None:
    assert outcomes_of([run(question("Rome"), "small", reply(token("x")))], [PARIS]) == []


def test_a_reading_belongs_to_the_draft_that_was_read() -> None:
    read = reply(text="", read=(token("Par", 0.2, 0.7), token("is", 0.9, 0.05)))
    exact = reply(token("Rome"), usage=Usage(10, 1, accepted_prediction_tokens=0))
    runs = [
        run(PARIS, "small", reply(token("Paris"))),
        run(PARIS, "other", reply(token("London"))),
        run(PARIS, "large", reply(token("Rome"))),
        reading_run(PARIS, "large", "Paris", read, read_only=True),
        reading_run(PARIS, "large", "Paris", exact),
        reading_run(PARIS, "large", "Oslo", read, read_only=True),
    ]
    large = {outcome.model: outcome for outcome in outcomes_of(runs, [PARIS])}["large"]
    assert large.text == "Rome"
    assert list(large.readings) == ["small"]
    assert large.readings["small"].exact_usage == exact.usage
    recalled = logprobs_of(large.readings["small"].tokens, "Paris")
    assert [t.token for t in recalled] == ["Par", "is"]


def test_a_second_answer_tells_how_alike_the_two_are() -> None:
    drawn = request(PARIS.messages[0].content, temperature=0.7)
    runs = [
        run(PARIS, "small", reply(token("The city Paris"))),
        run(PARIS, "small", reply(token("Paris")), request=drawn),
    ]
    (outcome,) = outcomes_of(runs, [PARIS])
    assert outcome.extra["agreement"].value == pytest.approx(2 / 3, abs=1e-6)  # 1 of 1, 1 of 2


def test_a_check_tells_how_sure_the_model_is_that_it_is_right() -> None:
    check = check_request(request(PARIS.messages[0].content), "Paris")
    said = reply(TokenLogprob("Yes", -0.25, (("Yes", -0.25), ("No", -1.75), ("yes", -4.0))))
    runs = [
        run(PARIS, "small", said, request=check),
        run(PARIS, "small", reply(token("Paris"))),
    ]
    (outcome,) = outcomes_of(runs, [PARIS])
    assert outcome.text == "Paris"
    assert outcome.extra["self_check"].value == pytest.approx(yes_probability(said), abs=1e-6)


@pytest.mark.parametrize("form", [None, ResponseFormat(kind="json_object")])
def test_the_features_of_a_recorded_answer_are_exactly_those_of_the_live_one(
    form: ResponseFormat | None, tmp_path: Path
) -> None:
    live = reply(token('{"a": "'), *drawn_tokens(seed=3, count=60), token('"}', 0.4, 0.3))
    asked = request(response_format=form)
    log = log_of(*outcomes_of([run(PARIS, "small", live)], [PARIS]))
    write_log(log, tmp_path / "log.jsonl.gz")
    recorded = reply_of(read_log(tmp_path / "log.jsonl.gz").outcomes[0])
    assert features_of(recorded, asked) == features_of(live, asked)


def test_tokens_that_do_not_spell_the_text_keep_their_own() -> None:
    kept = tokens_of([token("Par"), token("is"), token("<end>")], "Paris")
    assert kept.text == "Paris<end>"
    assert [t.token for t in logprobs_of(kept, "Paris")] == ["Par", "is", "<end>"]


def test_a_log_reads_as_it_was_written(tmp_path: Path) -> None:
    live = reply(*drawn_tokens(seed=5, count=9))
    runs = [run(PARIS, "small", live), run(PARIS, "large", None, error="gone")]
    log = log_of(*outcomes_of(runs, [PARIS]), created="2026-01-01", environment={"cpu": "x"})
    write_log(log, tmp_path / "log.jsonl.gz")
    read = read_log(tmp_path / "log.jsonl.gz")
    assert sorted(read.outcomes, key=str) == sorted(log.outcomes, key=str)
    assert (read.created, read.environment, read.sets) == (log.created, log.environment, log.sets)


def test_the_same_log_is_the_same_bytes_in_any_order(tmp_path: Path) -> None:
    questions = [question(f"q{k}") for k in range(5)]
    outcomes = outcomes_of([run(q, "small", reply(token(q.id))) for q in questions], questions)
    write_log(log_of(*outcomes), tmp_path / "a.jsonl.gz")
    write_log(log_of(*reversed(outcomes)), tmp_path / "b.jsonl.gz")
    assert (tmp_path / "a.jsonl.gz").read_bytes() == (tmp_path / "b.jsonl.gz").read_bytes()


def test_the_first_line_says_what_the_log_is_of(tmp_path: Path) -> None:
    write_log(log_of(*outcomes_of([run(PARIS, "m", reply())], [PARIS])), tmp_path / "a.jsonl.gz")
    head = json.loads(gzip.decompress((tmp_path / "a.jsonl.gz").read_bytes()).splitlines()[0])
    assert head["format"] == 1
    assert head["models"] == [{"name": "m", "identity": {"sha256": "m"}}]


def test_150_answers_of_300_tokens_take_some_400_kilobytes(tmp_path: Path) -> None:
    questions = [question(f"q{k}") for k in range(150)]
    runs = [
        run(q, "small", reply(*drawn_tokens(seed=k, count=300))) for k, q in enumerate(questions)
    ]
    write_log(log_of(*outcomes_of(runs, questions)), tmp_path / "log.jsonl.gz")
    assert (tmp_path / "log.jsonl.gz").stat().st_size < 450_000


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"not gzip", "no outcome log"),
        (gzip.compress(b"", mtime=0), "it is empty"),
        (gzip.compress(b"[1]", mtime=0), "no outcome log"),
        (gzip.compress(b'{"format": 2, "models": []}', mtime=0), "format 2"),
        (gzip.compress(b'{"format": 1, "models": []}\n{"question": 3}', mtime=0), "no outcome log"),
        (gzip.compress(b'{"format": 1, "models": []}' * 99, mtime=0)[:-9], "no outcome log"),
    ],
)
def test_a_file_that_is_no_log_is_refused_in_one_line(
    content: bytes, what: str, tmp_path: Path
) -> None:
    (tmp_path / "x.jsonl.gz").write_bytes(content)
    with pytest.raises(RunError, match=what) as caught:
        read_log(tmp_path / "x.jsonl.gz")
    assert "\n" not in str(caught.value)


def test_columns_of_different_lengths_are_refused(tmp_path: Path) -> None:
    (outcome,) = outcomes_of([run(PARIS, "small", reply(token("Paris", 0.5, 0.2)))], [PARIS])
    assert outcome.tokens is not None
    broken = msgspec.structs.replace(outcome.tokens, margins=(1, 2))
    write_log(log_of(msgspec.structs.replace(outcome, tokens=broken)), tmp_path / "x.jsonl.gz")
    with pytest.raises(RunError, match="do not fit together"):
        read_log(tmp_path / "x.jsonl.gz")


def test_a_missing_log_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="sprat runs export"):
        read_log(tmp_path / "none.jsonl.gz")


def test_two_answers_of_a_model_to_one_question_are_refused(tmp_path: Path) -> None:
    outcomes = outcomes_of([run(PARIS, "small", reply(token("Paris")))], [PARIS])
    with pytest.raises(RunError, match="two answers"):
        write_log(log_of(*outcomes, *outcomes), tmp_path / "x.jsonl.gz")


def test_logs_of_the_same_models_are_joined() -> None:
    rome = question("Rome")
    logs = [log_of(*outcomes_of([run(q, "small", reply(token(q.id)))], [q])) for q in (PARIS, rome)]
    assert set(join(logs).of("small")) == {"Paris", "Rome"}
    other = msgspec.structs.replace(logs[1], models=(LoggedModel(name="small", identity={}),))
    with pytest.raises(RunError, match="not the same model"):
        join([logs[0], other])


def test_a_model_that_is_not_in_the_log_is_named_beside_those_that_are() -> None:
    log = log_of(*outcomes_of([run(PARIS, "small", reply(token("Paris")))], [PARIS]))
    with pytest.raises(RunError, match=r"'tiny'.*It holds: small"):
        log.of("tiny")


def test_a_token_without_alternatives_keeps_just_its_probability() -> None:
    kept = tokens_of([TokenLogprob("a", -0.25)], "a")
    assert (kept.logprobs, kept.margins, kept.entropies) == ((-250,), (), ())
