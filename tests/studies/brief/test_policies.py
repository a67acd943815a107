"""A policy over both models is recommended where it is certified and worth having, not else."""

import asyncio

import msgspec

from sprat.policies.file import write_policy
from sprat.runs.store import Store
from sprat.settings import Settings
from sprat.studies.brief.make import BriefWish, brief_of
from sprat.studies.hybrid.calibrate import calibrate
from sprat.studies.hybrid.recorded import of_study
from sprat.studies.hybrid.wish import Wish

from .made import answer, questions, study, sure


def telling(store: Store, n: int = 400, *, knows: bool = True) -> str:
    """A comparison whose small model is right on three of five, and knows on which; or does not."""
    run = study(store, "telling", questions(n), {"small": ("little", []), "large": ("big", [])})
    fill(store, {"small": run, "large": run}, n, knows=knows)
    return run


def told_apart(store: Store, n: int = 400) -> tuple[str, str]:
    """The same answers, as two evaluations."""
    runs = [
        study(store, name, questions(n), {"model": (name, [])}, kind="evaluate")
        for name in ("little", "big")
    ]
    fill(store, {"small": runs[0], "large": runs[1]}, n)
    return runs[0], runs[1]


def fill(store: Store, runs: dict[str, str], n: int, *, knows: bool = True) -> None:
    small, large = store.study(runs["small"]).models[0], store.study(runs["large"]).models[-1]
    for number, question in enumerate(questions(n)):
        easy = number % 5 < 3
        sure_of_it = easy if knows else number % 7 < 4
        doubt = -(0.05 if sure_of_it else 1.0) - number % 9 / 100
        drafted = {"seconds": 0.5, "logprobs": sure("yes", doubt)}
        if not knows:
            drafted["text"] = "yes"  # else its words tell what its confidence does not
        store.add_run(answer(runs["small"], question, small, float(easy), **drafted))
        settled = {"seconds": 4.0, "logprobs": sure("yes", -0.1)}
        store.add_run(answer(runs["large"], question, large, 1.0, **settled))


def test_one_learned_from_the_answers_then_the_same_one_kept(tmp_path):
    settings = Settings(home=str(tmp_path))
    with Store(settings.runs_file, create=True) as store:
        run = telling(store)
        wish = BriefWish(runs=(run,))
        found = asyncio.run(brief_of(store, settings, wish))
        assert found.advice.use == "hybrid"
        assert found.advice.command == f"sprat calibrate --from {run} --name little-big"
        policy, _ = asyncio.run(
            calibrate(Wish(name="mine", small="little", large="big"), of_study(store, run))
        )
        write_policy(policy, settings.policies_dir / "mine.json")
        again = asyncio.run(brief_of(store, settings, wish))
        # All of these questions but the report's part made it, which is left to judge it by.
        assert any("Certified" in said.text for said in again.advice.why)
        other = msgspec.structs.replace(policy.small, identity={"weights": "another"})
        write_policy(
            msgspec.structs.replace(policy, small=other), settings.policies_dir / "mine.json"
        )
        third = asyncio.run(brief_of(store, settings, wish))
        assert not any("policy:mine" in said.text for said in third.advice.why)
        assert third.advice.model == ""


def test_two_evaluations_tell_what_one_comparison_of_the_same_answers_tells(tmp_path):
    settings = Settings(home=str(tmp_path))
    with Store(settings.runs_file, create=True) as store:
        once = asyncio.run(brief_of(store, settings, BriefWish(runs=(telling(store),))))
        runs = told_apart(store)
        apart = asyncio.run(brief_of(store, settings, BriefWish(runs=runs)))
    assert [said.text for said in apart.advice.why] == [said.text for said in once.advice.why]
    assert apart.advice.use == "hybrid"
    assert apart.advice.command == "sprat calibrate --from little --from big --name little-big"


def test_two_evaluations_are_replayed_on_the_questions_that_both_were_asked(tmp_path):
    settings = Settings(home=str(tmp_path))
    with Store(settings.runs_file, create=True) as store:
        small, large = told_apart(store)
        store.withdraw([run for run in store.runs(large) if run.question >= "classify-300"])
        found = asyncio.run(brief_of(store, settings, BriefWish(runs=(small, large))))
    assert found.advice.use == "hybrid"
    shared = round(0.3 * 300)  # the part that reports
    assert f"on {shared} questions it scores" in found.advice.why[0].text


def test_why_a_policy_is_not_worth_having_stands_with_the_evidence(tmp_path):
    settings = Settings(home=str(tmp_path))
    with Store(settings.runs_file, create=True) as store:
        run = telling(store, knows=False)
        found = asyncio.run(brief_of(store, settings, BriefWish(runs=(run,))))
    assert found.advice.use == "large"
    last = found.advice.why[-1]
    assert last.text.endswith("It is not worth having.")
    why = next(one for one in found.evidence if one.number == last.marks[-1])
    assert "random escalation" in why.how
