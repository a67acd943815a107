"""A brief says what the stored answers say: each statement is planted, then found; or not."""

import asyncio
from collections.abc import Iterator

import msgspec
import pytest

from sprat.errors import RunError
from sprat.runs.store import Store
from sprat.settings import CostSettings, Settings
from sprat.studies.brief.make import BriefWish, brief_of
from sprat.studies.brief.result import Brief
from sprat.studies.summary import summarise
from sprat.types import Verdict

from .made import NO_COUNTER, answer, ask, compared, questions, study

RIGHT, WRONG = [1.0], [0.0]


@pytest.fixture
def store(tmp_path) -> Iterator[Store]:
    with Store(tmp_path / "runs.db", create=True) as opened:
        yield opened


def brief(store: Store, *runs: str, settings: Settings | None = None, **wish) -> Brief:
    home = settings or Settings(home=str(store.path.parent))
    return asyncio.run(brief_of(store, home, BriefWish(runs=runs, **wish)))


def risks(found: Brief) -> list[str]:
    return [risk.name for risk in (*found.risks, *found.more_risks)]


# What is recommended


def test_the_verdict_is_that_of_the_comparison_and_small_alone_follows_from_good_enough(store):
    run = compared(store, RIGHT * 100, RIGHT * 100)
    found = brief(store, run)
    assert found.headline.summary == summarise(store, run).verdict
    assert found.headline.summary.decision == "good-enough"
    assert (found.advice.use, found.advice.model) == ("small", "little")
    assert "0.50 s instead of 2.00 s" in found.advice.why[0].text
    assert found.question == "Can little do the work of big?"


def test_where_small_falls_short_the_large_one_is_to_answer_alone(store):
    found = brief(store, compared(store, WRONG * 60, RIGHT * 60))
    assert (found.advice.use, found.advice.model) == ("large", "big")
    assert "no log-probabilities" in found.advice.why[1].text


def test_what_is_not_settled_leaves_the_large_one_in_place_and_says_what_would_settle_it(store):
    small = [1.0, 0.0, 1.0, 1.0, 1.0] * 6
    found = brief(store, compared(store, small, [1.0, 1.0, 1.0, 1.0, 0.0] * 6))
    assert found.headline.summary.decision == "inconclusive"
    assert found.advice.head == "Use big until it is settled"
    assert "inconclusive" in risks(found)
    assert any("questions of your own would settle it" in step.why for step in found.steps)


def test_neither_is_recommended_where_even_the_large_one_is_right_less_than_half_the_time(store):
    found = brief(store, compared(store, WRONG * 51, (RIGHT + 2 * WRONG) * 17))
    assert found.advice.use == "neither"
    assert "right on 17 of 51" in found.advice.why[0].text
    assert found.steps[0].command == "sprat compare --small big --large MODEL --logprobs"


def test_neither_names_the_one_that_is_right_more_often_whichever_it_is(store):
    found = brief(store, compared(store, (RIGHT + 2 * WRONG) * 20, WRONG * 60))
    assert found.advice.use == "neither"
    assert "Of the two little is the better: it is right on 20 of 60" in found.advice.why[0].text
    assert found.steps[0].command == "sprat compare --small little --large MODEL --logprobs"


def test_a_small_model_that_is_right_is_recommended_beside_a_large_one_that_is_not(store):
    found = brief(store, compared(store, RIGHT * 60, WRONG * 60))
    assert (found.advice.use, found.advice.model) == ("small", "little")


def test_a_command_is_safe_to_paste_whatever_the_models_are_called(store):
    sides = {"small": ("a b;$(id)", WRONG * 60), "large": ("big", RIGHT * 60)}
    found = brief(store, study(store, "odd", questions(60), sides))
    commands = [step.command for step in found.steps if "--small" in step.command]
    assert commands
    assert all("--small 'a b;$(id)'" in command for command in commands)


def test_one_model_alone_gets_its_figures_and_no_verdict(store):
    run = study(store, "one", questions(40), {"model": ("little", RIGHT * 40)}, kind="evaluate")
    found = brief(store, run)
    assert found.headline.summary is None
    assert found.advice.use == "unknown"
    assert found.models[0].figures["score"].value == 1.0
    assert found.steps[0].command == "sprat compare --small little"


def test_a_study_in_which_nothing_was_scored_says_so(store):
    asked = tuple(ask(n, scorer="none", expected=None) for n in range(12))
    found = brief(store, compared(store, [None] * 12, [None] * 12, asked=asked))
    assert found.headline.summary is None
    assert "Nothing was scored" in found.headline.said.text
    assert found.models[0].figures["score"].why == "the study scored nothing"


# Several models, each evaluated by itself


def evaluated(store: Store, model: str, scores: list[float], day: int = 22, **more) -> str:
    sides = {"model": (model, scores)}
    asked = questions(len(scores))
    return study(store, f"e-{model}-{day}", asked, sides, kind="evaluate", day=day, **more)


def test_grades_of_the_rubric_are_told_of_an_evaluation_that_has_them(store):
    from sprat.questions.rubric import grade_by_rule

    run = evaluated(store, "little", RIGHT * 12)
    assert not any("Graded" in said.text for said in brief(store, run).also)
    asked = questions(12)
    side = store.study(run).models[0]
    graded = study(store, "graded", asked, {"model": ("little", [])}, kind="evaluate")
    for question in asked:
        one = answer(graded, question, side, 1.0)
        grade = grade_by_rule("coherence", question, one.reply.text)
        more = Verdict(scorer="rule/coherence", value=(grade.value - 1) / 4, why=grade.why)
        store.add_run(msgspec.structs.replace(one, verdicts=(*one.verdicts, more)))
    (said,) = (said for said in brief(store, graded).also if "Graded" in said.text)
    assert f"little coherence {grade.value:.1f}" in said.text
    assert said.marks


def test_two_evaluations_are_paired_by_question_and_the_margin_is_said_to_have_come_late(store):
    runs = [evaluated(store, "little", RIGHT * 80), evaluated(store, "big", RIGHT * 80)]
    found = brief(store, *runs, margin=0.1)
    assert found.headline.summary.n == 80
    assert (found.headline.summary.margin, found.headline.declared) == (0.1, False)
    assert "margin set afterwards" in risks(found)
    assert "declared" not in found.headline.said.text


def test_evaluations_without_log_probabilities_cannot_tell_whether_a_policy_would_do_better(store):
    runs = [evaluated(store, "little", WRONG * 80), evaluated(store, "big", RIGHT * 80)]
    why = brief(store, *runs).advice.why[-1].text
    assert "no log-probabilities of little were kept" in why


def test_answers_that_no_policy_could_have_given_are_not_replayed(store):
    runs = [evaluated(store, "little", WRONG * 80), evaluated(store, "big", RIGHT * 80)]
    plain = store.study(runs[0])
    told = msgspec.structs.replace(
        plain, id="told", settings={**plain.settings, "system": "Be short."}
    )
    store.add_study(told)
    for run in store.runs(plain.id):
        store.add_run(msgspec.structs.replace(run, study="told"))
    why = brief(store, "told", runs[1]).advice.why[-1].text
    assert "told was asked with --system Be short." in why


def test_questions_that_differ_between_two_evaluations_are_in_no_difference(store):
    first = study(store, "a", questions(40), {"model": ("little", RIGHT * 40)}, kind="evaluate")
    other = (*questions(30), *(ask(n, expected="no") for n in range(30, 40)))
    second = study(store, "b", other, {"model": ("big", RIGHT * 40)}, kind="evaluate")
    found = brief(store, first, second)
    assert found.headline.summary.n == 30
    assert "left out" in risks(found)


def test_of_three_models_the_cheapest_that_is_good_enough_in_a_row_is_named(store):
    runs = [
        evaluated(store, "huge", RIGHT * 100, more={"seconds": 4.0}),
        evaluated(store, "middle", RIGHT * 100, more={"seconds": 2.0}),
        evaluated(store, "tiny", WRONG * 100, more={"seconds": 1.0}),
    ]
    found = brief(store, *runs)
    assert (found.headline.small, found.headline.large) == ("middle", "huge")
    assert [line.name for line in found.models] == ["tiny", "middle", "huge"]
    assert found.advice.model == "middle"


def test_a_model_that_never_answered_is_no_yardstick(store):
    silent = study(store, "silent", questions(80), {"model": ("gone", [])}, kind="evaluate")
    side = store.study(silent).models[0]
    for question in questions(80):
        store.add_run(answer(silent, question, side, None, error="The engine is gone."))
    runs = [evaluated(store, "little", RIGHT * 80), evaluated(store, "big", RIGHT * 80), silent]
    found = brief(store, *runs)
    assert {found.headline.small, found.headline.large} == {"little", "big"}
    assert "gone" in [line.name for line in found.models]
    alone = brief(store, runs[0], silent)
    assert alone.headline.summary is None
    assert alone.headline.said.text.startswith("little scores 100% on 80 questions.")


def test_a_model_that_got_worse_since_its_last_evaluation_is_the_heaviest_risk_but_unfinished(
    store,
):
    before = evaluated(store, "little", RIGHT * 60, day=21)
    now = evaluated(store, "little", (RIGHT + WRONG) * 30, day=22)
    found = brief(store, before, now)
    assert found.risks[0].name == "regression"
    assert f"sprat runs compare {before} {now}" in found.risks[0].text
    assert "regression" not in risks(brief(store, now))


# Figures


def test_every_figure_is_what_the_runs_say_and_leads_to_its_evidence(store):
    run = compared(store, (RIGHT + WRONG) * 20, RIGHT * 40, more={"joules": 7.0})
    found = brief(store, run)
    little = found.models[0].figures
    assert (little["score"].value, little["right"].value, little["right"].n) == (0.5, 20, 40)
    assert little["answer_s"].value == 0.5
    assert little["energy_joules"].value == pytest.approx(7.0)
    evidence = {one.number: one for one in found.evidence}
    for figure in little.values():
        assert (figure.mark is None) == (figure.value is None)
        assert figure.mark is None or evidence[figure.mark].run == run


def test_every_mark_has_its_footnote_and_every_footnote_a_command(store):
    found = brief(store, compared(store, WRONG * 40, RIGHT * 40))
    known = {one.number for one in found.evidence}
    used = [m for said in (found.headline.said, *found.advice.why) for m in said.marks]
    used += [m for risk in found.risks for m in risk.marks]
    assert all(said.marks for said in found.advice.why if any(c.isdigit() for c in said.text))
    assert set(used) <= known
    assert sorted(known) == list(range(1, len(known) + 1))
    assert all(one.command for one in found.evidence)


def test_a_kind_of_question_is_judged_by_its_own_interval(store):
    asked = questions(60, "passage", "classify", "extract")
    small = [1.0 if q.kind == "classify" else 0.0 for q in asked]
    large = [0.0 if q.kind == "extract" else 1.0 for q in asked]
    found = brief(store, compared(store, small, large, asked=asked))
    enough = {line.kind: line.enough for line in found.kinds}
    assert enough == {"passage": "large", "classify": "open", "extract": "neither"}
    more = questions(300, "passage", "classify", "extract")
    small = [1.0 if q.kind == "classify" else 0.0 for q in more]
    large = [0.0 if q.kind == "extract" else 1.0 for q in more]
    found = brief(store, compared(store, small, large, asked=more, id_="more"))
    assert {line.kind: line.enough for line in found.kinds}["classify"] == "small"


# Risks


def test_a_study_without_flaws_has_no_risk_but_what_was_never_tried(store):
    settings = Settings(home=str(store.path.parent), cost=CostSettings())
    found = brief(
        store, compared(store, RIGHT * 100, RIGHT * 100, more={"joules": 7.0}), settings=settings
    )
    assert set(risks(found)) == {"one user at a time", "price not known"}


@pytest.mark.parametrize(
    ("planted", "named"),
    [
        ({"environment": {"during": [{"drift": ["the clock fell by 30%"]}]}}, "machine drifted"),
        ({"environment": {"load_average_1min": 9.0, "usable_cores": 2}}, "machine drifted"),
        ({"name": "everyday"}, "not your questions"),
        ({"more": {"finish": "length"}}, "cut off"),
        ({"more": {}}, "energy not measured"),
    ],
)
def test_a_risk_is_found_where_it_was_planted(store, planted, named):
    run = compared(store, RIGHT * 100, RIGHT * 100, **{"more": {"joules": 7.0}, **planted})
    assert named in risks(brief(store, run))


def test_why_energy_was_not_measured_is_said_with_the_counter_s_own_reason(store):
    found = brief(store, compared(store, RIGHT * 40, RIGHT * 40))
    said = next(risk for risk in found.risks if risk.name == "energy not measured")
    assert NO_COUNTER.removeprefix("unavailable: ") in said.text


def test_a_model_that_never_says_that_it_does_not_know_is_named_with_how_often_it_was_asked(store):
    asked = (*questions(60), *(ask(n, "passage", scorer="abstain") for n in range(8)))
    scores = RIGHT * 60 + WRONG * 8
    found = brief(store, compared(store, scores, scores, asked=asked))
    said = next(risk for risk in found.risks if risk.name == "never says that it does not know")
    assert "on 8 questions" in said.text
    assert "0 times" in said.text


def test_a_weaker_language_is_named_where_the_intervals_are_apart_and_not_where_they_meet(store):
    asked = (*questions(40), *(ask(100 + n, language="sw") for n in range(20)))
    scores = RIGHT * 40 + (RIGHT + 3 * WRONG) * 5
    found = brief(store, compared(store, scores, scores, asked=asked))
    said = next(risk for risk in found.risks if risk.name == "weak language")
    assert "weaker in Swahili: 25% on 20 questions, 100% on the others" in said.text
    alike = RIGHT * 58 + WRONG * 2
    again = brief(store, compared(store, alike, alike, asked=asked, id_="alike"))
    assert "weak language" not in risks(again)


def test_an_unfinished_study_and_too_few_questions_come_first(store):
    run = compared(store, RIGHT * 5, RIGHT * 12, status="stopped")
    found = brief(store, run)
    assert [risk.name for risk in found.risks[:2]] == ["unfinished", "few questions"]
    assert found.steps[0].command == f"sprat compare --resume {run}"
    weights = [risk.weight for risk in (*found.risks, *found.more_risks)]
    assert weights == sorted(weights, reverse=True)
    assert len(found.risks) <= 6


def test_studies_of_two_machines_are_said_to_be_so(store):
    runs = [
        compared(store, RIGHT * 40, RIGHT * 40),
        compared(store, RIGHT * 40, RIGHT * 40, id_="other", environment={"cpu": "Another"}),
    ]
    assert "other machine" in risks(brief(store, *runs))
    assert "other machine" not in risks(brief(store, runs[0]))


def test_failed_requests_are_counted(store):
    run = compared(store, RIGHT * 40, WRONG * 40, more={"error": "It died."})
    said = next(risk for risk in brief(store, run).risks if risk.name == "failures")
    assert said.text.startswith("40 of 40 requests")


# Money, and what cannot be read


def test_without_a_price_the_cost_names_what_must_be_declared(store):
    found = brief(store, compared(store, RIGHT * 40, RIGHT * 40))
    assert found.money.missing
    assert all(option.kind == "cloud" for option in found.money.options)
    assert any(step.command.startswith("sprat cost --write-assumptions") for step in found.steps)
    said = next(risk for risk in found.risks if risk.name == "price not known")
    assert f"{len(found.money.missing)} numbers that only you can tell" in said.text


def test_with_all_assumptions_the_cost_is_the_forecast_s_own(store):
    from sprat.cost.assumptions import assumptions_of
    from sprat.studies.costing import costing

    run = compared(store, RIGHT * 40, RIGHT * 40)
    assumed = assumptions_of(CostSettings())
    declared = {
        "requests_per_month": 1e5, "machine_usd": 900, "electricity_usd_per_kwh": 0.3,
        "idle_watts": 15, "load_watts": 60, "setup_hours": 16, "upkeep_hours_per_month": 1,
        "hour_usd": 60, "escalation_pct": 50,
    }  # fmt: skip
    for name, value in declared.items():
        assumed = assumed.with_value(name, value, "typed")
    found = brief(store, run, assumptions=assumed)
    settings = Settings(home=str(store.path.parent))
    forecast = costing(store, [run], settings, assumed)
    assert found.money.options[0].usd_per_1000 == forecast.options[0].usd_per_1000
    assert found.money.mark is not None
    assert "price not known" not in risks(found)


def test_the_break_even_is_of_the_model_that_is_recommended_from_two_evaluations_too(store):
    from sprat.cost.assumptions import Cloud, assumptions_of

    assumed = assumptions_of(CostSettings())
    declared = {
        "requests_per_month": 1e5, "machine_usd": 900, "electricity_usd_per_kwh": 0.3,
        "idle_watts": 15, "load_watts": 60, "setup_hours": 0, "upkeep_hours_per_month": 0,
        "escalation_pct": 50,
    }  # fmt: skip
    for name, value in declared.items():
        assumed = assumed.with_value(name, value, "typed")
    cloud = Cloud(model="c", input_usd_per_mtok=5.0, output_usd_per_mtok=5.0)
    assumed = msgspec.structs.replace(assumed, clouds=(cloud,), clouds_declared=True)
    asked = questions(60)
    a = study(store, "a", asked, {"model": ("little", WRONG * 60)}, kind="evaluate")
    b = study(store, "b", asked, {"model": ("big", RIGHT * 60)}, kind="evaluate")
    options = ("--assumptions", "my file.toml")
    found = brief(store, a, b, assumptions=assumed, cost_options=options)
    assert found.advice.model == "big"
    met = found.money.break_even
    assert met is not None
    assert met.option == "b:model"
    evidence = next(one for one in found.evidence if one.number == found.money.mark)
    assert evidence.command.endswith("--assumptions 'my file.toml'")


def test_a_study_of_a_kind_that_holds_nothing_is_named_and_left_out(store):
    run = compared(store, RIGHT * 40, RIGHT * 40)
    odd = study(store, "odd", questions(3), {"model": ("x", RIGHT * 3)}, kind="strange")
    assert brief(store, run, odd).ignored == (
        "odd is a study of kind 'strange': nothing is read from it.",
    )
    with pytest.raises(RunError, match="no brief"):
        brief(store, odd)


def test_one_side_alone_is_briefed_without_the_other(store):
    run = compared(store, RIGHT * 40, RIGHT * 40)
    found = brief(store, f"{run}:small")
    assert [line.name for line in found.models] == ["little"]
    with pytest.raises(RunError, match="no side"):
        brief(store, f"{run}:middle")


def test_more_studies_than_anyone_reads_are_refused(store):
    with pytest.raises(RunError, match="are no brief"):
        brief(store, *(f"r{n}" for n in range(30)))


def test_the_json_is_the_brief(store):
    found = brief(store, compared(store, WRONG * 40, RIGHT * 40))
    assert msgspec.json.decode(msgspec.json.encode(found), type=Brief) == found
