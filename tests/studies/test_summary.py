"""Summaries worked by hand, from runs put into a store."""

import msgspec
import pytest

from sprat.errors import RunError
from sprat.runs.store import Store
from sprat.runs.study import Session, Study, StudyModel
from sprat.studies.summary import summarise
from sprat.types import (
    ChatRequest,
    Message,
    Question,
    Reply,
    Resources,
    Run,
    Timing,
    Usage,
    Verdict,
)

S = 1_000_000_000


def question(number, scorer="exact", **changes):
    whole = Question(
        id=f"q{number}",
        kind="passage" if number % 2 else "classify",
        messages=(Message("system", "Be brief."), Message("user", f"Question {number}?")),
        scorer=scorer,
        expected="yes",
    )
    return msgspec.structs.replace(whole, **changes)


def reply(answer_s=2.0, tokens=11, text="yes", finish="stop", **changes):
    whole = Reply(
        text=text,
        finish=finish,
        usage=Usage(30, tokens),
        timing=Timing(
            scheduled_ns=0,
            sent_ns=S // 10,
            prepared_ns=2 * S // 10,
            started_ns=3 * S // 10,
            first_token_ns=6 * S // 10,
            last_token_ns=16 * S // 10,
            done_ns=int((0.1 + answer_s) * S),
        ),
    )
    return msgspec.structs.replace(whole, **changes)


def store_with(path, questions, small, large, **study):
    """A store with one study; `small` and `large` are, per question, a score, None, or an error."""
    whole = Study(
        id="study",
        kind="compare",
        created="2026-11-22T07:00:00+00:00",
        questions_name="mine",
        questions_sha256="ab",
        questions=tuple(questions),
        settings={"margin": 0.05, "seed": 0},
        models=tuple(
            StudyModel(role=role, name=name, sessions=(Session(cold_load_s=1.0),))
            for role, name in (("small", "s"), ("large", "l"))
        ),
    )
    store = Store(path, create=True)
    store.add_study(msgspec.structs.replace(whole, **study))
    for role, outcomes in (("small", small), ("large", large)):
        for place, outcome in enumerate(outcomes):
            store.add_run(_run(questions[place], role, place, outcome))
    return store


def _run(asked, role, place, outcome):
    whole = Run(
        study="study",
        question=asked.id,
        kind=asked.kind,
        model=role[0],
        role=role,
        request=ChatRequest(messages=asked.messages),
        position=2 * place + (role == "large"),
        elapsed_s=2.0,
        resources=Resources(peak_rss_bytes=100 + place, energy_joules=3.0, energy_source="rapl"),
    )
    if isinstance(outcome, Run):
        return msgspec.structs.replace(
            outcome,
            **{
                k: getattr(whole, k)
                for k in ("study", "question", "kind", "model", "role", "request", "position")
            },
        )
    if isinstance(outcome, str):
        verdict = Verdict(scorer=asked.scorer, value=0.0, why=f"error: {outcome}")
        return msgspec.structs.replace(whole, error=outcome, verdicts=(verdict,))
    verdict = Verdict(scorer=asked.scorer, value=outcome, why="")
    return msgspec.structs.replace(whole, reply=reply(), verdicts=(verdict,))


def test_a_case_worked_by_hand(tmp_path):
    questions = [question(n) for n in range(4)]
    store = store_with(tmp_path / "r.db", questions, [1.0, 0.0, "gone", None], [1.0, 1.0, 1.0, 1.0])
    found = summarise(store, "study")
    small, large = found.models
    assert (small.answered, small.errors, small.unscored, small.right) == (3, 1, 1, 1)
    assert small.score == pytest.approx(1 / 3)  # right, wrong, error; the unscored one is left out
    assert large.score == 1.0
    assert large.score_high == 1.0
    assert large.score_low < 0.55  # four right answers prove little: Wilson, not a bootstrap of 1.0
    assert small.seconds_per_correct == 8.0  # four times 2 s, the failed one too, for one right
    assert large.seconds_per_correct == 2.0
    assert small.joules_per_correct == 12.0
    assert (small.energy_joules, small.energy_source) == (12.0, "rapl")
    assert small.ttft_s.p50 == pytest.approx(0.5)
    assert small.decode_tokens_per_s == pytest.approx(10.0)  # 10 gaps in 1 s
    assert small.chars_per_s == pytest.approx(1.5)  # 3 characters in 2 s
    assert (small.input_tokens, small.output_tokens) == (90, 33)
    assert small.peak_rss_bytes == 103
    assert small.cost_usd is None
    assert small.answer_p99_s is None
    verdict = found.verdict
    assert (verdict.n, verdict.both_right, verdict.small_only_right) == (3, 1, 0)
    assert (verdict.large_only_right, verdict.both_wrong) == (2, 0)
    assert verdict.difference == pytest.approx(-2 / 3)
    assert verdict.mcnemar_p == 0.5  # 2 x (1/2)^2
    assert verdict.decision == "inconclusive"
    assert "fewer than 10 pairs decide nothing" in verdict.why
    store.close()


def test_the_kinds_split_the_same_pairs(tmp_path):
    questions = [question(n) for n in range(4)]
    store = store_with(tmp_path / "r.db", questions, [1, 0.5, 1, 0.5], [1, 1, 1, 1])
    kinds = {kind.kind: kind for kind in summarise(store, "study").kinds}
    assert kinds["classify"].difference == 0
    assert kinds["passage"].difference == -0.5
    assert kinds["passage"].n == 2
    assert kinds["passage"].low < -0.5 < kinds["passage"].high
    store.close()


def test_an_answer_carries_its_breakdown_and_everything_to_judge_it(tmp_path):
    store = store_with(tmp_path / "r.db", [question(1)], [0.25], ["gone"])
    small, large = summarise(store, "study").answers
    assert small.timing == pytest.approx(
        {
            "prepare_s": 0.1,
            "queue_s": 0.1,
            "load_s": None,
            "ttft_s": 0.5,
            "decode_s": 1.0,
            "answer_s": 2.0,
            "total_s": 2.1,
        }
    )
    assert small.usage == {
        "input_tokens": 30,
        "output_tokens": 11,
        "cached_tokens": 0,
        "counted_by": "engine",
        "accepted_prediction_tokens": 0,
        "rejected_prediction_tokens": 0,
        "reasoning_tokens": None,
    }
    assert (small.prompt, small.expected, small.right) == ("Be brief.\n\nQuestion 1?", "yes", False)
    assert (large.text, large.error, large.right, large.timing) == (None, "gone", False, {})
    store.close()


def test_the_right_bar_is_the_scorers_own(tmp_path):
    graded = [question(1, scorer="f1")]
    store = store_with(tmp_path / "r.db", graded, [0.75], [0.5])
    found = summarise(store, "study")
    assert [answer.right for answer in found.answers] == [True, False]
    assert found.verdict.small_only_right == 1
    store.close()


def test_no_verdict_is_invented_where_nothing_is_scored(tmp_path):
    store = store_with(tmp_path / "r.db", [question(1, scorer="none")], [None], [None])
    found = summarise(store, "study")
    assert found.verdict is None
    assert found.kinds == ()
    assert [model.score for model in found.models] == [None, None]
    assert [model.seconds_per_correct for model in found.models] == [None, None]
    store.close()


def test_a_counter_missing_once_leaves_no_sum_but_its_reason(tmp_path):
    store = store_with(tmp_path / "r.db", [question(1), question(2)], [1.0], [1.0, 1.0])
    blind = _run(question(2), "small", 1, 1.0)
    blind = msgspec.structs.replace(blind, resources=Resources(energy_source="unavailable: no"))
    store.add_run(blind)
    small, large = summarise(store, "study").models
    assert (small.energy_joules, small.energy_source) == (None, "unavailable: no")
    assert small.joules_per_correct is None
    assert large.energy_joules == 6.0
    store.close()


def test_energy_is_given_per_token_and_per_answer_with_how_far_off_it_may_be(tmp_path):
    store = store_with(tmp_path / "r.db", [question(1), question(2)], [], [])
    for place in range(2):
        used = Resources(
            energy_joules=33.0, energy_noise_joules=2.0, energy_source="rapl", processor_s=1.5,
            gpu_memory_bytes=100 * (place + 1), gpu_memory_source="NVML",
        )  # fmt: skip
        run = _run(question(place + 1), "small", place, 1.0)
        store.add_run(msgspec.structs.replace(run, resources=used))
    small, large = summarise(store, "study").models
    assert small.energy_joules == 66.0
    assert small.energy_noise_joules == 4.0
    assert small.energy_joules_per_answer == 33.0
    assert small.energy_joules_per_token == 3.0  # 11 tokens each
    assert small.processor_s_per_answer == 1.5
    assert (small.gpu_memory_bytes, small.gpu_memory_source) == (200, "NVML")
    assert large.energy_joules_per_answer is None
    store.close()


def test_without_gpu_memory_by_process_the_growth_of_the_whole_stands_in_and_says_so(tmp_path):
    models = tuple(
        StudyModel(role=role, name=role, sessions=(Session(gpu_grown_bytes=grown),))
        for role, grown in (("small", 700), ("large", 0))
    )
    store = store_with(tmp_path / "r.db", [question(1)], [1.0], [1.0], models=models)
    small, large = summarise(store, "study").models
    assert small.gpu_memory_bytes == 700
    assert "not told by process" in small.gpu_memory_source
    assert large.gpu_memory_bytes is None
    store.close()


def test_a_model_on_the_processor_is_not_given_gpu_memory_that_others_took_meanwhile(tmp_path):
    models = tuple(
        StudyModel(
            role=role, name=role, sessions=(Session(gpu_grown_bytes=700, provider=provider),)
        )
        for role, provider in (("small", "cpu"), ("large", "cuda"))
    )
    store = store_with(tmp_path / "r.db", [question(1)], [1.0], [1.0], models=models)
    small, large = summarise(store, "study").models
    assert small.gpu_memory_bytes is None
    assert large.gpu_memory_bytes == 700
    store.close()


def test_joules_within_the_noise_of_the_idle_draw_are_not_measured_but_explained(tmp_path):
    store = store_with(tmp_path / "r.db", [question(1), question(2)], [], [1.0, 1.0])
    for place, joules in enumerate((0.4, -0.1)):
        used = Resources(energy_joules=joules, energy_noise_joules=0.3, energy_source="rapl")
        run = _run(question(place + 1), "small", place, 1.0)
        store.add_run(msgspec.structs.replace(run, resources=used))
    small, _ = summarise(store, "study").models
    assert small.energy_joules is None
    assert small.joules_per_correct is None
    assert "not told apart from the idle draw (0.3 J over 2 answers, ± 0.6 J)" in (
        small.energy_source
    )
    store.close()


def test_failures_of_the_large_side_are_said_to_flatter_the_small_one(tmp_path):
    questions = [question(n) for n in range(2)]
    store = store_with(tmp_path / "r.db", questions, ["gone", 1], [1, "gone"])
    said = summarise(store, "study").warnings
    assert "s: 1 failed, counted as wrong." in said
    assert "l: 1 failed, counted as wrong, which makes the other one look better." in said


def test_what_weakens_the_numbers_is_said(tmp_path):
    questions = [question(n, language="ms" if n == 1 else "en") for n in range(4)]
    cut = msgspec.structs.replace(
        _run(questions[0], "small", 0, 1.0),
        reply=reply(finish="length", usage=Usage(29, 5, cached_tokens=20, counted_by="estimate")),
    )
    store = store_with(
        tmp_path / "r.db",
        questions,
        [cut, "gone", None, 1.0],
        [1, 1, 1],
        status="stopped",
        note="interrupted",
        environment={"load_average_1min": 1.0, "usable_cores": 2, "power": "battery"},
    )
    said = "\n".join(summarise(store, "study").warnings)
    for part in (
        "Not finished (interrupted): 7 of 8 answers",
        "sprat compare --resume study",
        "too few for any decision",
        "s: 1 failed, counted as wrong",
        "s: 1 of 3 answers were cut off",
        "cut text into tokens differently",
        "s: 20 of 89 prompt tokens were not computed",
        "Token counts of s are estimates",
        "The machine was busy when the study began (load 1.0 on 2 cores)",
        "on battery",
    ):
        assert part in said
    store.close()


def test_what_the_machine_did_meanwhile_is_said_once_and_instead_of_what_it_did_before(tmp_path):
    drift = ["other programs used 37% of the processors", "it ran on battery"]
    store = store_with(
        tmp_path / "r.db",
        [question(1)],
        [1],
        [1],
        environment={
            "load_average_1min": 9.0,
            "usable_cores": 2,
            "power": "battery",
            "during": [{"others_share": 0.37, "drift": drift}, {"drift": drift[:1]}],
        },
    )
    said = "\n".join(summarise(store, "study").warnings)
    assert (
        "While the models were asked, other programs used 37% of the processors; it ran on" in said
    )
    assert said.count("37%") == said.count("battery") == 1
    assert "busy when the study began" not in said
    store.close()


def test_a_clean_study_has_nothing_to_confess(tmp_path):
    questions = [question(n) for n in range(40)]
    store = store_with(tmp_path / "r.db", questions, [1.0] * 40, [1.0] * 40, status="done")
    assert summarise(store, "study").warnings == ()
    store.close()


def test_translations_of_one_question_prove_less_than_as_many_questions(tmp_path):
    alone = [question(n) for n in range(30)]
    same = [
        msgspec.structs.replace(q, tags=(f"translation-of:q{3 * (n // 3)}",)) if n % 3 else q
        for n, q in enumerate(alone)
    ]
    scores = [1.0] * 15 + [0.0] * 15
    widths = []
    for name, questions in (("alone", alone), ("same", same)):
        store = store_with(tmp_path / f"{name}.db", questions, scores, [1.0] * 30)
        verdict = summarise(store, "study").verdict
        assert (verdict.n, verdict.difference) == (30, -0.5)
        widths.append(verdict.high - verdict.low)
        store.close()
    # Groups of three that always agree are worth a third of the questions: √3 times as wide, and
    # a little more as ten questions leave more room at the ends of the range than thirty.
    assert 3**0.5 < widths[1] / widths[0] < 3**0.5 * 1.25


def test_a_study_of_another_kind_is_no_comparison(tmp_path):
    store = store_with(tmp_path / "r.db", [question(1)], [], [], kind="bench")
    with pytest.raises(RunError, match="kind 'bench'"):
        summarise(store, "study")
    store.close()
