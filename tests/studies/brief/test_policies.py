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


def telling(store: Store, n: int = 400) -> str:
    """A comparison whose small model is right on three of five, and knows on which."""
    asked = questions(n)
    sides = {"small": ("little", []), "large": ("big", [])}
    run = study(store, "telling", asked, sides)
    small, large = store.study(run).models
    for number, question in enumerate(asked):
        easy = number % 5 < 3
        doubt = -(0.05 if easy else 1.0) - number % 9 / 100
        store.add_run(
            answer(run, question, small, float(easy), seconds=0.5, logprobs=sure("yes", doubt))
        )
        store.add_run(answer(run, question, large, 1.0, seconds=4.0, logprobs=sure("yes", -0.1)))
    return run


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
