"""Both models as one: what kept policies, or one learned now, would have done on these answers."""

from pathlib import Path
from typing import NamedTuple

from sprat.errors import PolicyError, RunError
from sprat.models.kept import kept_policies
from sprat.policies.spec import Policy
from sprat.runs.store import Store
from sprat.settings import Settings
from sprat.studies.brief.contest import Contest
from sprat.studies.brief.footnotes import Footnotes
from sprat.studies.brief.result import Said
from sprat.studies.hybrid.recorded import Recorded
from sprat.studies.hybrid.result import Evaluation
from sprat.studies.plan import KIND as COMPARE

TARGET_ERROR = 0.1
"""Of the answers that a policy keeps, so many may be wrong: what `sprat calibrate` aims at too."""


class Replayed(NamedTuple):
    """One policy on the recorded answers."""

    name: str
    """Of a kept policy; empty: it was learned now, and is not kept."""
    said: tuple[Said, ...]
    worth: bool
    certified: bool
    command: str


async def replayed(
    contest: Contest, store: Store, settings: Settings, notes: Footnotes
) -> list[Replayed]:
    """Kept policies of these very weights first; one learned from these answers if there is none.

    Only a comparison keeps what a policy reads, both sides of it in one study.
    """
    study = contest.small.study
    if study.kind != COMPARE or study.id != contest.large.study.id:
        return [_unknown(contest, "only a comparison that keeps log-probabilities tells")]
    from sprat.studies.hybrid.recorded import of_study

    recorded = of_study(store, study.id)
    fitting = _fitting(contest, settings)
    kept = [await _kept(*each, recorded, study.id, settings, notes) for each in fitting.items()]
    return kept or [await _learned(contest, recorded, settings, notes)]


def _fitting(contest: Contest, settings: Settings) -> dict[str, tuple[Path, Policy]]:
    """The signed policies over both models, whose weights are those of the study."""
    from sprat.policies.file import read_policy

    found: dict[str, tuple[Path, Policy]] = {}
    for name, path in kept_policies(settings).items():
        try:
            policy = read_policy(path)
        except PolicyError:
            continue  # edited, or of a later version: `sprat policy list` says which
        sides = ((policy.small, contest.small), (policy.large, contest.large))
        if all(
            side.model == asked.model.name and side.identity in ({}, asked.model.identity)
            for side, asked in sides
        ):
            found[name] = (path, policy)
    return found


async def _kept(
    name: str,
    kept: tuple[Path, Policy],
    recorded: Recorded,
    run: str,
    settings: Settings,
    notes: Footnotes,
) -> Replayed:
    from sprat.cost import Prices
    from sprat.studies.hybrid.evaluate import evaluate
    from sprat.studies.hybrid.seen import only_unseen
    from sprat.studies.hybrid.verdict import objections

    _, policy = kept
    sealed = _certificate(policy, notes)
    command = f"sprat policy evaluate {name} --from {run} --unseen"
    try:
        unseen = only_unseen(policy, recorded)
        found = await evaluate(policy, unseen, price=Prices(settings).of)
    except (PolicyError, RunError) as error:
        text = f"The policy {name} cannot be replayed on these answers: {error.message}"
        return Replayed(name, (Said(text), *sealed), worth=False, certified=False, command=command)
    against = objections(found)
    came = _came_to(name, found, run, command, notes)
    said = (came, *(Said(one, came.marks) for one in against), *sealed)
    certified = policy.certificate is not None
    return Replayed(name, said, worth=not against, certified=certified, command=command)


def _certificate(policy: Policy, notes: Footnotes) -> tuple[Said, ...]:
    sealed = policy.certificate or {}
    target, delta = sealed.get("target_error"), sealed.get("delta")
    if not isinstance(target, float) or not isinstance(delta, float):
        return (Said(f"Nothing about the mistakes of {policy.name} is certified."),)
    wrong, kept = sealed.get("errors"), sealed.get("accepted")
    how = f"certificate in the policy's file: {wrong} wrong of {kept} kept to certify on"
    mark = notes.cite("", "Certificate", how, command=f"sprat policy show {policy.name}")
    text = (
        f"Certified: of the answers of {policy.small.model} that it keeps at most {target:.0%} are "
        f"wrong, with {1 - delta:.0%} confidence, on questions like those it was made with."
    )
    return (Said(text, (mark,)),)


def _unknown(contest: Contest, why: str) -> Replayed:
    """What is not known is said, with what would tell it."""
    text = (
        "Whether both as one would do better (the large model only where the small one is unsure) "
        f"is not known: {why}."
    )
    pair = f"--small {contest.small.model.name} --large {contest.large.model.name}"
    command = f"sprat compare {pair} --logprobs"
    return Replayed("", (Said(text),), worth=False, certified=False, command=command)


async def _learned(
    contest: Contest, recorded: Recorded, settings: Settings, notes: Footnotes
) -> Replayed:
    """What `sprat calibrate` would make of these answers; nothing is written."""
    from sprat.cost import Prices
    from sprat.studies.hybrid.calibrate import calibrate
    from sprat.studies.hybrid.wish import Wish, name_of

    small, large, run = contest.small.model.name, contest.large.model.name, contest.small.study.id
    name = name_of(small, large)
    command = f"sprat calibrate --from {run} --name {name}"
    if not any(one.model == small and one.tokens is not None for one in recorded.log.outcomes):
        lacks = "the study kept no log-probabilities, which tell how sure a model was"
        return _unknown(contest, lacks)
    wish = Wish(name=name, small=small, large=large, target_error=TARGET_ERROR)
    try:
        _, found = await calibrate(wish, recorded, price=Prices(settings).of)
    except (PolicyError, RunError) as error:
        text = f"Whether both as one would do better is not known: {error.message}"
        mark = notes.cite(
            run, "Policy", "what sprat calibrate says of these answers", command=command
        )
        return Replayed("", (Said(text, (mark,)),), worth=False, certified=False, command=command)
    said = _came_to("A policy learned from these answers", found.evaluation, run, command, notes)
    against = tuple(Said(one, said.marks) for one in found.refusals)
    worth, certified = not found.refusals, found.certificate is not None
    return Replayed("", (said, *against), worth=worth, certified=certified, command=command)


def _came_to(name: str, found: Evaluation, run: str, command: str, notes: Footnotes) -> Said:
    """In one sentence; the questions are those that taught the policy nothing."""
    kept = next((line.share for line in found.paths if line.path == "accepted"), 0.0)
    unit = "seconds" if found.curves.unit == "seconds" else "dollars"
    spent = "" if found.saved.value is None else f" for {1 - found.saved.value:.0%} of its {unit}"
    how = "the policy itself, replayed over the recorded answers, on questions that taught it none"
    mark = notes.cite(run, "Policy", how, n=found.n, command=command)
    text = (
        f"{name}: on {found.n} questions it scores {found.score.value or 0:.0%} beside "
        f"{found.large.score:.0%} of {found.large.model} alone{spent}, and keeps {kept:.0%} of the "
        "small model's answers."
    )
    return Said(text, (mark,))
