"""What each way to answer would cost, worked by hand from runs put into a store."""

import asyncio
from collections.abc import Callable

import msgspec
import pytest

from sprat.cost.assumptions import Assumptions, Cloud, assumptions_of
from sprat.cost.forecast import MONTH_S
from sprat.cost.result import CostForecast
from sprat.errors import RunError, SettingsError
from sprat.policies.spec import Decision, Policy, Side
from sprat.runs.store import Store
from sprat.runs.study import JUDGE, Study, StudyModel
from sprat.settings import CostSettings, Endpoint, Settings, TokenPrice
from sprat.studies.asked import asked_of
from sprat.studies.costing import costing
from sprat.studies.costs.passed import passed_on
from sprat.studies.heuristics_cells import energy_cell, money_cell
from sprat.types import (
    ChatRequest,
    Message,
    Question,
    Reply,
    Resources,
    Run,
    Step,
    Timing,
    Usage,
    Verdict,
)

S = 10**9
N = 40
QUESTIONS = tuple(
    Question(
        id=f"q{n}", kind="classify", messages=(Message("user", f"{n:>4}" * 100),), scorer="exact",
        expected="yes",
    )
    for n in range(N)
)  # fmt: skip
GIVEN = {
    "requests_per_month": 10_000, "machine_usd": 1000, "machine_months": 50, "residual_pct": 0,
    "electricity_usd_per_kwh": 0.36, "idle_watts": 0, "load_watts": 50, "overhead_factor": 1,
    "setup_hours": 2, "upkeep_hours_per_month": 1, "hour_usd": 50, "cloud_price_change_pct": 0,
    "cloud_chars_per_token": 4, "cloud_output_factor": 1, "utilisation_ceiling_pct": 50,
}  # fmt: skip
OURS = Cloud(model="ours", input_usd_per_mtok=10, output_usd_per_mtok=50)


def assumed(*clouds: Cloud, **changes: float) -> Assumptions:
    found = assumptions_of(CostSettings())
    for name, value in {**GIVEN, **changes}.items():
        found = found.with_value(name, value, "a test")
    return msgspec.structs.replace(found, clouds=clouds or (OURS,), clouds_declared=True, months=10)


def timing(seconds: float) -> Timing:
    return Timing(scheduled_ns=0, sent_ns=0, done_ns=round(seconds * S))


def answered(role: str, model: str, seconds: float, text: str, **changes: object) -> list[Run]:
    """One answer to each question, right for small in the first ten and for large in all."""
    return [
        Run(
            study="one", question=question.id, kind="classify", model=model, role=role,
            request=ChatRequest(messages=question.messages),
            reply=msgspec.structs.replace(
                Reply(text=text, finish="stop", usage=Usage(100, 20), timing=timing(seconds)),
                **changes,
            ),
            verdicts=(Verdict(scorer="exact", value=float(role == "large" or place < 10)),),
            elapsed_s=seconds, position=place,
        )
        for place, question in enumerate(QUESTIONS)
    ]  # fmt: skip


def metered(runs: list[Run], joules: float) -> list[Run]:
    used = Resources(energy_joules=joules, energy_noise_joules=0.1, energy_source="RAPL")
    return [msgspec.structs.replace(run, resources=used) for run in runs]


@pytest.fixture
def recorded(settings: Settings) -> Callable[..., Store]:
    """A store with one study of these sides."""

    def make(**sides: list[Run]) -> Store:
        store = Store(settings.runs_file, create=True)
        store.add_study(Study(
            id="one", kind="compare", created="2026-11-26T10:00:00+00:00", status="done",
            questions_name="mine", questions_sha256="0", questions=QUESTIONS,
            settings={"margin": 0.05, "seed": 0}, environment={"cpu": "Some CPU"},
            models=tuple(StudyModel(role=role, name=runs[0].model) for role, runs in sides.items()),
        ))  # fmt: skip
        for runs in sides.values():
            store.add_runs(runs)
        return store

    return make


def forecast(store: Store, made: Assumptions | None = None, **changes: object) -> CostForecast:
    settings = changes.pop("settings", Settings())
    return costing(store, ["one"], settings, made or assumed(), draws=200, **changes)  # pyright: ignore[reportArgumentType] # by name


def test_a_machine_and_a_cloud_cost_what_they_cost_by_hand(recorded) -> None:
    store = recorded(
        small=answered("small", "tiny", 2, "y" * 40), large=answered("large", "big", 6, "y" * 80)
    )
    found = forecast(store)
    small, cloud = found.option("small"), found.option("cloud:ours")
    # 10 months: a machine, 2 h + 10 · 1 h at 50; 10,000 · 2 s · 50 W a month at 1e-7 USD a joule.
    electricity = 10 * 10_000 * 2 * 50 * 1e-7
    assert small.total_usd.value == pytest.approx(1000 + 600 + electricity)
    assert small.usd_per_1000.value == pytest.approx((200 + 600 + electricity) / 100)
    assert small.right == 0.25
    assert small.usd_per_1000_right == pytest.approx(small.usd_per_1000.value * 4)
    assert small.machines == (1, 1)
    assert small.busy[0] == pytest.approx(20_000 / MONTH_S)
    # 400 characters are 100 tokens in; the large model's 80 are 20 tokens out.
    assert cloud.usd_per_1000.value == pytest.approx(1000 * (100 * 10 + 20 * 50) / 1e6)
    assert cloud.total_usd.value == pytest.approx(200)
    assert cloud.right is None
    assert found.rival == "cloud:ours"


def test_joules_that_were_measured_beat_declared_watts(recorded) -> None:
    store = recorded(small=metered(answered("small", "tiny", 2, "yes"), 30))
    found = forecast(store)
    by_part = {part.what: part.usd_per_1000 for part in found.option("small").parts}
    assert by_part["electricity"] == pytest.approx(1000 * 30 * 1e-7)
    assert found.measured[0].joules.mean == 30
    assert found.measured[0].energy_source == "RAPL"
    assert not any("Energy was not measured" in note for note in found.warnings)


def test_without_a_counter_energy_is_said_to_be_declared_and_is_never_shown_as_measured(
    recorded,
) -> None:
    found = forecast(recorded(small=answered("small", "tiny", 2, "yes")))
    assert found.measured[0].joules is None
    assert any("Energy was not measured" in note for note in found.warnings)


def test_what_is_missing_is_asked_for_and_nothing_is_guessed(recorded) -> None:
    store = recorded(small=answered("small", "tiny", 2, "yes"))
    bare = msgspec.structs.replace(
        assumptions_of(CostSettings()), clouds=(OURS,), clouds_declared=True
    )
    found = forecast(store, bare)
    assert found.option("small").total_usd is None
    assert {line.name for line in found.asked} == {
        "requests_per_month", "machine_usd", "electricity_usd_per_kwh", "idle_watts", "load_watts",
        "setup_hours", "upkeep_hours_per_month", "hour_usd",
    }  # fmt: skip
    assert found.break_evens == ()
    assert found.utilisation[0].usd_per_1000 is None
    assert found.utilisation[0].requests_per_month == pytest.approx(0.01 * MONTH_S / 2)
    assert found.option("cloud:ours").total_usd is None
    assert found.option("cloud:ours").usd_per_1000.value > 0


def test_nobodys_hours_need_no_wage(recorded) -> None:
    store = recorded(small=answered("small", "tiny", 2, "yes"))
    made = assumed(setup_hours=0, upkeep_hours_per_month=0)
    values = {**made.values, "hour_usd": msgspec.structs.replace(made.of("hour_usd"), value=None)}
    found = forecast(store, msgspec.structs.replace(made, values=values))
    assert found.asked == ()
    assert found.option("small").total_usd.value == pytest.approx(1000 + 1)


def test_a_failure_costs_its_time_and_counts_as_wrong(recorded) -> None:
    runs = answered("large", "big", 2, "yes")
    runs[0] = msgspec.structs.replace(runs[0], reply=None, error="it died", elapsed_s=42.0)
    found = forecast(recorded(large=runs))
    assert found.measured[0].busy_s.mean == pytest.approx((39 * 2 + 42) / 40)
    assert found.measured[0].right == pytest.approx(39 / 40)
    assert any("1 of 40 failed" in note for note in found.warnings)


def test_the_break_even_and_the_volume_from_which_a_machine_pays_agree(recorded) -> None:
    store = recorded(small=answered("small", "tiny", 2, "y" * 40))
    short = forecast(store)
    assert short.break_evens[0].month is None
    assert short.break_evens[0].never == 1
    volume = short.volumes[0].requests_per_month
    for requests, pays in ((volume * 1.001, True), (volume * 0.95, False)):
        found = forecast(store, assumed(requests_per_month=requests))
        assert (found.break_evens[0].month is not None) is pays


def test_the_volume_is_that_from_which_on_it_pays_though_one_more_machine_undoes_an_earlier_one(
    recorded,
) -> None:
    store = recorded(small=answered("small", "tiny", 2, "y" * 40))
    cheap = Cloud(model="cheap", input_usd_per_mtok=0, output_usd_per_mtok=21)
    idle = {"setup_hours": 0, "upkeep_hours_per_month": 0}
    pays = {
        requests: forecast(store, assumed(cheap, requests_per_month=requests, **idle))
        for requests in (600_000, 800_000, 3_000_000)
    }
    met = {requests: found.break_evens[0].month for requests, found in pays.items()}
    assert met[600_000] is not None  # one machine, nearly full
    assert met[800_000] is None  # the second one is not worth it yet
    assert met[3_000_000] is not None
    assert 1_400_000 < pays[600_000].volumes[0].requests_per_month < 3_000_000


def test_a_machine_of_a_side_that_is_not_there_is_named_and_not_listed_as_used(recorded) -> None:
    store = recorded(small=answered("small", "tiny", 2, "yes"))
    found = forecast(store, assumed().with_value("machine_usd@smal", 5, "a test"))
    assert "Not used: machine_usd@smal. The sides here are small, hybrid." in found.warnings
    assert "machine_usd@smal" not in {line.name for line in found.assumptions}


def test_watts_that_cannot_be_and_a_cloud_that_may_think_are_said(recorded) -> None:
    store = recorded(small=answered("small", "tiny", 2, "yes"))
    odd = forecast(store, assumed(idle_watts=60, load_watts=15))
    assert any(note.startswith("load_watts (15) is less than idle_watts (60)")
               for note in odd.warnings)  # fmt: skip
    made = assumed()
    default = assumptions_of(CostSettings()).of("cloud_output_factor")
    values = {**made.values, "cloud_output_factor": default}
    found = forecast(store, msgspec.structs.replace(made, values=values))
    assert any("set cloud_output_factor" in note for note in found.warnings)
    assert not any("set cloud_output_factor" in note for note in odd.warnings)


def test_bands_hold_the_value_and_widen_with_what_is_uncertain(recorded) -> None:
    store = recorded(small=answered("small", "tiny", 2, "y" * 40))
    sure = forecast(store).option("small").total_usd
    assert sure.low == pytest.approx(sure.value)
    assert sure.high == pytest.approx(sure.value)
    made = assumed().with_value("hour_usd", 50, "a test", low=10, high=120)
    unsure = forecast(store, made).option("small").total_usd
    assert unsure.low < unsure.value < unsure.high


def test_the_same_seed_gives_the_same_forecast(recorded) -> None:
    runs = [
        msgspec.structs.replace(
            run, reply=msgspec.structs.replace(run.reply, timing=timing(1 + place % 5))
        )
        for place, run in enumerate(answered("small", "tiny", 2, "y" * 40))
    ]
    store = recorded(small=runs)
    made = assumed().with_value("requests_per_month", 10_000, "a test", low=5000, high=20_000)
    assert forecast(store, made, seed=3) == forecast(store, made, seed=3)
    assert forecast(store, made, seed=3) != forecast(store, made, seed=4)


def test_what_is_only_assumed_comes_first_and_of_that_what_matters_most(recorded) -> None:
    store = recorded(small=answered("small", "tiny", 2, "y" * 40))
    made = assumed()
    defaults = assumptions_of(CostSettings()).values
    values = {**made.values, **{n: defaults[n] for n in ("cloud_output_factor", "residual_pct")}}
    found = forecast(store, msgspec.structs.replace(made, values=values))
    origins = [line.origin for line in found.assumptions]
    assert origins == sorted(origins)  # "assumed" before "declared"
    moved = [line.moves_usd for line in found.assumptions if line.moves_usd is not None]
    assert moved == sorted(moved, reverse=True)
    assert found.assumptions[0].name == "cloud_output_factor"


def test_an_assumption_at_its_end_is_the_forecast_made_with_it(recorded) -> None:
    store = recorded(small=answered("small", "tiny", 2, "y" * 40))
    made = assumed().with_value("hour_usd", 50, "a test", low=10, high=120)
    swing = next(one for one in forecast(store, made).sensitivity if one.term == "hour_usd")
    for value, per_1000, saved in (
        (10, swing.usd_per_1000_low, swing.saved_usd_low),
        (120, swing.usd_per_1000_high, swing.saved_usd_high),
    ):
        alone = forecast(store, assumed(hour_usd=value))
        ours, theirs = alone.option("small"), alone.option("cloud:ours")
        assert per_1000 == pytest.approx(ours.usd_per_1000.value)
        assert saved == pytest.approx(theirs.total_usd.value - ours.total_usd.value)


def test_a_hybrid_is_the_small_one_and_its_share_of_the_large_one(recorded) -> None:
    store = recorded(
        small=answered("small", "tiny", 2, "y" * 40), large=answered("large", "big", 6, "y" * 80)
    )
    found = forecast(store, assumed(escalation_pct=25))
    hybrid, away = found.option("hybrid"), found.option("hybrid+ours")
    assert hybrid.busy[0] == pytest.approx(10_000 * (2 + 0.25 * 6) / MONTH_S)
    assert hybrid.right is None
    cloud = {part.what: part.usd_per_1000 for part in away.parts}["cloud"]
    assert cloud == pytest.approx(0.25 * found.option("cloud:ours").usd_per_1000.value)
    assert away.busy[0] == pytest.approx(10_000 * 2 / MONTH_S)


def test_of_two_models_measured_alone_the_one_named_first_is_the_small_one(recorded) -> None:
    store = recorded(first=answered("first", "tiny", 2, "y" * 40),
                     second=answered("second", "big", 6, "y" * 80))  # fmt: skip
    found = costing(
        store, ["one:first", "one:second"], Settings(), assumed(escalation_pct=25), draws=50
    )
    assert found.option("hybrid").name == "hybrid: tiny + big"
    assert found.option("hybrid").busy[0] == pytest.approx(10_000 * (2 + 0.25 * 6) / MONTH_S)


def test_a_hybrid_without_a_share_asks_for_one(recorded) -> None:
    store = recorded(
        small=answered("small", "tiny", 2, "yes"), large=answered("large", "big", 6, "yes")
    )
    found = forecast(store)
    assert [line.name for line in found.asked] == ["escalation_pct"]
    assert found.option("hybrid").total_usd is None
    assert found.option("small").total_usd is not None


def test_a_policys_own_answers_pay_for_every_attempt(recorded) -> None:
    steps = (
        Step(role="draft", engine="tiny", usage=Usage(100, 5), timing=timing(2)),
        Step(role="answer", engine="big", usage=Usage(100, 20), timing=timing(6), kept=True),
    )
    runs = answered("small", "policy:mine", 8, "yes", steps=steps, path="escalated")
    found = forecast(recorded(small=runs))
    assert found.measured[0].kind == "hybrid"
    assert found.measured[0].escalated == 1
    assert found.measured[0].busy_s.mean == pytest.approx(8)
    assert found.measured[0].output_tokens.mean == 25


def test_an_answer_from_documents_that_was_withheld_is_paid_once(recorded) -> None:
    steps = (
        Step(role="retrieve", engine="documents", timing=timing(1)),
        Step(role="answer", engine="big", usage=Usage(900, 20), timing=timing(6)),
    )
    runs = answered("grounded", "big", 7, "", steps=steps, usage=Usage(900, 20), answered=False)
    found = forecast(recorded(grounded=runs))
    assert found.measured[0].busy_s.mean == pytest.approx(7)
    assert found.measured[0].input_tokens.mean == 900


def doubtful(runs: list[Run]) -> list[Run]:
    """Every fourth answer does not know."""
    unsure = "I do not know."
    return [
        run
        if place % 4
        else msgspec.structs.replace(run, reply=msgspec.structs.replace(run.reply, text=unsure))
        for place, run in enumerate(runs)
    ]


FALLBACK = Policy(
    name="mine", kind="fallback", small=Side(model="tiny"), large=Side(model="big"),
    decision=Decision(),
)  # fmt: skip
"""An answer that does not know is passed on."""


def test_a_policy_is_replayed_over_the_answers_of_its_two_models(recorded) -> None:
    small = doubtful(metered(answered("small", "tiny", 2, "yes"), 10))
    large = metered(answered("large", "big", 6, "It is yes, surely."), 50)
    store = recorded(small=small, large=large)
    passed = asyncio.run(passed_on(FALLBACK, store, ["one"]))
    found = forecast(store, passed=passed)
    whole = next(side for side in found.measured if side.role == "hybrid")
    assert whole.escalated == 0.25
    assert whole.busy_s.mean == pytest.approx(2 + 6 / 4)
    assert whole.joules.mean == pytest.approx(10 + 50 / 4)
    away = found.option("hybrid+ours")
    assert away.busy[0] == pytest.approx(10_000 * 2 / MONTH_S)
    cloud = {part.what: part.usd_per_1000 for part in away.parts}["cloud"]
    assert cloud == pytest.approx(found.option("cloud:ours").usd_per_1000.value / 4)


def test_a_policy_is_replayed_over_two_evaluations_on_what_both_were_asked(
    settings: Settings,
) -> None:
    store = Store(settings.runs_file, create=True)
    large = metered(answered("model", "big", 6, "It is yes, surely."), 50)[:32]
    small = doubtful(metered(answered("model", "tiny", 2, "yes"), 10))
    for name, runs in (("of-big", large), ("of-tiny", small)):
        store.add_study(alone(name, runs))
        store.add_runs([msgspec.structs.replace(run, study=name) for run in runs])
    ids = ["of-big", "of-tiny"]
    passed = asyncio.run(passed_on(FALLBACK, store, ids))
    assert passed.studies == ("of-tiny", "of-big")
    found = costing(store, ids, Settings(), assumed(), passed=passed, draws=200)
    whole = next(side for side in found.measured if side.role == "hybrid")
    assert (whole.asked, whole.escalated) == (32, 0.25)
    assert whole.busy_s.mean == pytest.approx(2 + 6 / 4)
    assert whole.joules.mean == pytest.approx(10 + 50 / 4)
    cloud = {part.what: part.usd_per_1000 for part in found.option("hybrid+ours").parts}["cloud"]
    # Of every fourth question: 400 characters in, 18 out, four to a token.
    assert cloud == pytest.approx(1000 / 4 * (100 * 10 + 18 / 4 * 50) / 1e6)


def alone(name: str, runs: list[Run]) -> Study:
    asked = QUESTIONS[: len(runs)]
    return Study(
        id=name, kind="evaluate", created="2026-11-26T10:00:00+00:00", status="done",
        questions_name="mine", questions_sha256=str(len(asked)), questions=asked,
        settings={"seed": 0}, environment={"cpu": "Some CPU"},
        models=(StudyModel(role="model", name=runs[0].model),),
    )  # fmt: skip


def test_an_endpoint_is_paid_by_the_token_and_needs_no_machine(recorded) -> None:
    store = recorded(large=answered("large", "cloud/big", 6, "yes"))
    settings = Settings(
        endpoints={"cloud": Endpoint(url="https://api.example.com/v1")},
        cost=CostSettings(
            models={"cloud": TokenPrice(input_usd_per_mtok=1, output_usd_per_mtok=5)}
        ),
    )
    large = forecast(store, settings=settings).option("large")
    assert large.machines is None
    assert large.usd_per_1000.value == pytest.approx(1000 * (100 * 1 + 20 * 5) / 1e6)


def test_an_endpoint_that_nobody_prices_has_no_price_and_says_so(recorded) -> None:
    store = recorded(large=answered("large", "cloud/big", 6, "yes"))
    settings = Settings(endpoints={"cloud": Endpoint(url="https://api.example.com/v1")})
    large = forecast(store, settings=settings).option("large")
    assert large.total_usd is None
    assert "not priced" in large.basis


def test_a_judges_work_is_not_a_way_to_answer(recorded) -> None:
    store = recorded(
        small=answered("small", "tiny", 2, "yes"), judge=answered(JUDGE, "stern", 9, "5")
    )
    found = forecast(store)
    assert [side.role for side in found.measured] == ["small"]


def test_list_prices_are_those_of_the_list(recorded) -> None:
    from genai_prices import Usage as Counted
    from genai_prices import calc_price

    store = recorded(small=answered("small", "tiny", 2, "y" * 80))
    found = forecast(store, assumed(Cloud(model="openai/gpt-4o-mini")))
    price = calc_price(Counted(input_tokens=100, output_tokens=20), "gpt-4o-mini",
                       provider_id="openai")  # fmt: skip
    cloud = found.option("cloud:openai/gpt-4o-mini")
    assert cloud.usd_per_1000.value == pytest.approx(float(price.total_price) * 1000)
    assert "genai-prices" in found.prices


def test_a_cloud_that_is_not_listed_names_the_nearest(recorded) -> None:
    store = recorded(small=answered("small", "tiny", 2, "yes"))
    with pytest.raises(SettingsError, match="openai/gpt-4o-mini"):
        forecast(store, assumed(Cloud(model="openai/gpt4o-mini")))


def test_a_study_without_answers_is_refused(recorded) -> None:
    store = recorded(small=answered("small", "tiny", 2, "yes"))
    store.withdraw(list(store.runs("one")))
    with pytest.raises(RunError, match="No answer is recorded"):
        forecast(store)


def test_electricity_is_priced_as_in_the_evaluation_table(recorded) -> None:
    store = recorded(small=metered(answered("small", "tiny", 2, "yes"), 30))
    found = forecast(store)
    (asked,) = asked_of(store, "one")
    cell = money_cell(energy_cell(asked), GIVEN["electricity_usd_per_kwh"])
    by_part = {part.what: part.usd_per_1000 for part in found.option("small").parts}
    assert cell.value == pytest.approx(by_part["electricity"])
