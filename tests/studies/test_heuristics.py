"""The evaluation table, worked by hand from runs put into a store."""

import msgspec
import pytest

from sprat.errors import RunError
from sprat.runs.store import Store
from sprat.runs.study import Session, Study, StudyModel
from sprat.studies.heuristics import heuristics
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
RAPL = "RAPL, idle 5.0 W excluded"


def ask(kind, number, **changes):
    whole = Question(
        id=f"{kind}-{number}", kind=kind, messages=(Message("user", "?"),), scorer="exact",
        expected="yes",
    )  # fmt: skip
    return msgspec.structs.replace(whole, **changes)


QUESTIONS = tuple(ask(kind, n) for kind in ("passage", "classify") for n in range(12))


def study(store, id_, models, questions=QUESTIONS, kind="compare", day=22, **changes):
    """`models`: name → (kind → scores, seconds per answer, resources, cold load)."""
    roles = ("model",) if kind == "evaluate" else ("small", "large", "third")
    whole = Study(
        id=id_,
        kind=kind,
        created=f"2026-11-{day}T07:00:00+00:00",
        questions_name="mine",
        questions_sha256=f"{len(questions)}",
        questions=questions,
        settings={"margin": 0.05, "seed": 0},
        environment={"cpu": "Some CPU", "os": "Some OS"},
        models=tuple(
            StudyModel(role=role, name=name, identity={"provider": "cpu"}, sessions=(load,))
            for role, (name, (_, _, _, load)) in zip(roles, models.items(), strict=False)
        ),
    )
    store.add_study(msgspec.structs.replace(whole, **changes))
    for role, (name, (scores, seconds, used, _)) in zip(roles, models.items(), strict=False):
        for position, question in enumerate(questions):
            value = scores[question.kind][int(question.id.split("-")[1])]
            store.add_run(answer(id_, question, role, name, value, seconds, used, position))
    return id_


def answer(study_id, question, role, name, value, seconds, used, position):
    reply = Reply(
        text="yes",
        finish="stop",
        usage=Usage(10, 5),
        timing=Timing(
            scheduled_ns=0, sent_ns=0, first_token_ns=S // 4, last_token_ns=S,
            done_ns=int(seconds * S),
        ),
    )  # fmt: skip
    return Run(
        study=study_id,
        question=question.id,
        kind=question.kind,
        model=name,
        role=role,
        request=ChatRequest(messages=question.messages),
        reply=reply,
        verdicts=(Verdict(scorer=question.scorer, value=value),),
        resources=used,
        elapsed_s=seconds,
        position=2 * position + (role == "large"),
    )


def counted(joules, rss=100):
    return Resources(
        peak_rss_bytes=rss, energy_joules=joules, energy_noise_joules=0.1, energy_source=RAPL,
        processor_s=1.5,
    )  # fmt: skip


WEAK = {"passage": [0.0] * 12, "classify": [1.0] * 12}
STRONG = {"passage": [1.0] * 12, "classify": [1.0] * 12}
LOAD = Session(cold_load_s=2.0)


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "runs.db", create=True) as opened:
        yield opened


def pair(store, id_="first", **changes):
    """Two models; the small one answers passages wrongly and all else as well, and quicker."""
    models = {"s": (WEAK, 1.0, counted(36.0), LOAD), "l": (STRONG, 4.0, counted(360.0, 900), LOAD)}
    return study(store, id_, models, **changes)


def test_each_figure_is_what_the_runs_say(store):
    table = heuristics(store, [pair(store)], electricity=0.30)
    small, large = table.models
    assert small.cold_latency_s.value == 2.25  # a load of 2 s, a first token after a quarter
    assert (small.cold_latency_s.n, small.cold_latency_s.run) == (1, "first")
    assert (small.memory_bytes.value, large.memory_bytes.value) == (100, 900)
    assert (small.context_adherence.value, large.context_adherence.value) == (0.0, 1.0)
    assert small.context_adherence.n == 12
    assert 0 < large.context_adherence.low < 1.0 == large.context_adherence.high
    assert small.energy_joules_per_answer.value == pytest.approx(36.0)
    # 1000 answers of 36 J are 0.01 kWh
    assert small.money_per_1000_answers.value == pytest.approx(0.003)
    assert "0.3 per kWh" in small.money_per_1000_answers.how
    assert small.processor_s_per_answer.value == pytest.approx(1.5)


def test_best_use_goes_to_the_quickest_within_the_margin_of_the_best(store):
    small, large = heuristics(store, [pair(store)]).models
    (mine,) = small.best_use.kinds
    assert (mine.kind, mine.n, mine.score, mine.answer_s) == ("classify", 12, 1.0, 1.0)
    (theirs,) = large.best_use.kinds
    assert (theirs.kind, theirs.answer_s) == ("passage", 4.0)
    assert theirs.shown  # the quicker one is surely worse: 0 of 12 beside 12 of 12
    assert not mine.shown  # 12 of 12 each leaves room for more than five points
    assert small.best_use.among == 2


def test_what_nobody_does_well_and_what_was_asked_too_seldom_is_nobodys(store):
    questions = (*QUESTIONS, *(ask("rewrite", n) for n in range(9)))
    poor = {"passage": [1.0] * 5 + [0.0] * 7, "classify": WEAK["classify"], "rewrite": [1.0] * 9}
    models = {name: (poor, 1.0, counted(1.0), LOAD) for name in ("s", "l")}
    table = heuristics(store, [study(store, "first", models, questions)])
    nobody = {unfit.kind: unfit for unfit in table.models[0].best_use.nobody}
    assert nobody["passage"].best == pytest.approx(5 / 12)
    assert (nobody["rewrite"].best, nobody["rewrite"].n) == (None, 9)
    assert "classify" not in nobody


def test_without_a_price_or_a_counter_there_is_no_money_but_a_reason(store):
    pair(store)
    small = heuristics(store, ["first"]).models[0]
    assert small.money_per_1000_answers.value is None
    assert "--electricity" in small.money_per_1000_answers.why
    blind = Resources(processor_s=3.0, energy_source="unavailable: no counter")
    models = {"s": (WEAK, 1.0, blind, LOAD), "l": (WEAK, 1.0, Resources(), Session())}
    study(store, "second", models)
    table = heuristics(store, ["second"], electricity=0.30)
    small, large = table.models
    assert small.energy_joules_per_answer.why == "no counter"
    assert small.money_per_1000_answers.why == "no counter"
    assert small.processor_s_per_answer.value == pytest.approx(3.0)
    assert large.cold_latency_s.value is None
    assert "endpoint" in large.cold_latency_s.why
    assert large.memory_bytes.value is None
    assert "not recorded" in large.energy_joules_per_answer.why


def test_a_set_with_unanswerable_questions_tells_how_often_that_is_said(store):
    questions = [
        ask("passage", n, scorer="abstain" if n < 4 else "exact", expected=None) for n in range(12)
    ]
    half = {"passage": [1.0, 0.0, 0.0, 0.0] + [1.0] * 8}
    models = {name: (half, 1.0, counted(1.0), LOAD) for name in ("s", "l")}
    column = heuristics(store, [study(store, "first", models, tuple(questions))]).models[0]
    assert (column.abstention.value, column.abstention.n) == (0.25, 4)
    assert column.context_adherence.value == 0.75
    other = heuristics(store, [pair(store, "second")]).models[0]
    assert other.abstention.value is None
    assert "no such question" in other.abstention.why


def test_over_several_studies_a_model_is_one_column_read_where_most_was_asked(store):
    pair(store)
    few = QUESTIONS[:3]
    models = {"s": (WEAK, 9.0, counted(9.0), LOAD), "third": (WEAK, 2.0, counted(2.0), LOAD)}
    study(store, "second", models, few, day=23)
    table = heuristics(store, ["second", "first"])
    assert sorted(column.name for column in table.models) == ["l", "s", "third"]
    by_name = {column.name: column for column in table.models}
    assert by_name["s"].energy_joules_per_answer.run == "first"
    assert by_name["third"].energy_joules_per_answer.run == "second"
    assert by_name["third"].best_use.kinds == ()
    assert {run.run for run in table.runs} == {"first", "second"}


def test_of_two_equal_studies_the_newer_one_counts(store):
    pair(store)
    pair(store, "later", day=25)
    table = heuristics(store, ["first", "later"])
    assert {column.memory_bytes.run for column in table.models} == {"later"}
    assert {column.best_use.run for column in table.models} == {"later"}


def test_the_margin_is_that_of_the_study_whose_answers_are_judged(store):
    pair(store, settings={"margin": 0.5, "seed": 0})
    pair(store, "later", day=25, settings={"margin": 0.05, "seed": 0})
    table = heuristics(store, ["first", "later"])
    assert {column.best_use.margin for column in table.models} == {0.05}


def test_a_model_on_another_provider_is_another_column(store):
    pair(store)
    pair(store, "gpu")
    for role, name in (("small", "s"), ("large", "l")):
        other = StudyModel(role=role, name=name, identity={"provider": "cuda"}, sessions=(LOAD,))
        store.put_model("gpu", other)
    assert len(heuristics(store, ["first", "gpu"]).models) == 4


def test_studies_of_another_kind_are_left_out_with_a_line_and_alone_they_are_refused(store):
    pair(store)
    pair(store, "speed", kind="bench")
    table = heuristics(store, ["first", "speed"])
    assert table.ignored == (
        "speed is a study of kind 'bench': nothing of this table is read from it.",
    )
    with pytest.raises(RunError, match="kind 'bench'"):
        heuristics(store, ["speed"])


def test_evaluations_of_one_model_each_make_a_table_too(store):
    answers = {"passage": [1.0] * 12, "classify": [0.0] * 12}
    load = Session(cold_load_s=1.0)
    for day, name in enumerate(("quick", "slow"), 22):
        models = {name: (answers, day, Resources(), load)}
        settings = {"seed": 0, "temperature": 0.0}
        study(store, name, models, kind="evaluate", day=day, settings=settings)
    table = heuristics(store, ["quick", "slow"])
    assert [column.name for column in table.models] == ["slow", "quick"]
    quick = next(column for column in table.models if column.name == "quick")
    assert [use.kind for use in quick.best_use.kinds] == ["passage"]
    assert quick.best_use.among == 2
