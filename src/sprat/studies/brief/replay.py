"""Both models as one: what kept policies, or one learned now, would have done on these answers."""

import shlex
from collections.abc import Sequence
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

TARGET_ERROR = 0.1
"""Of the answers that a policy keeps, so many may be wrong: what `sprat calibrate` aims at too."""


class Answers(NamedTuple):
    """What both models were recorded to answer, and where that stands."""

    recorded: Recorded
    runs: tuple[str, ...]
    """The comparison of both; or two studies, the small model's first."""

    @property
    def sources(self) -> str:
        """As `sprat calibrate` and `sprat policy evaluate` take them."""
        return " ".join(f"--from {run}" for run in self.runs)


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

    The answers are those of one comparison, or of two evaluations of the same questions.
    """
    from sprat.studies.hybrid.recorded import recorded

    runs = tuple(dict.fromkeys((contest.small.study.id, contest.large.study.id)))
    try:
        answers = Answers(recorded(runs, store), runs)
    except RunError as error:
        return [_unknown(contest, error.message)]
    fitting = _fitting(contest, settings)
    kept = [await _kept(*each, answers, settings, notes) for each in fitting.items()]
    return kept or [await _learned(contest, answers, settings, notes)]


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
    answers: Answers,
    settings: Settings,
    notes: Footnotes,
) -> Replayed:
    from sprat.cost import Prices
    from sprat.studies.hybrid.evaluate import evaluate
    from sprat.studies.hybrid.seen import only_unseen
    from sprat.studies.hybrid.verdict import objections

    _, policy = kept
    sealed = _certificate(policy, notes)
    command = f"sprat policy evaluate {shlex.quote(name)} {answers.sources} --unseen"
    try:
        unseen = only_unseen(policy, answers.recorded)
        found = await evaluate(policy, unseen, price=Prices(settings).of)
    except (PolicyError, RunError) as error:
        text = f"The policy {name} cannot be replayed on these answers: {error.message}"
        return Replayed(name, (Said(text), *sealed), worth=False, certified=False, command=command)
    against = objections(found)
    came = _came_to(name, found, answers, command, notes)
    said = (_rejected(came, against, answers, command, notes), *sealed)
    certified = policy.certificate is not None
    return Replayed(name, said, worth=not against, certified=certified, command=command)


def _certificate(policy: Policy, notes: Footnotes) -> tuple[Said, ...]:
    sealed = policy.certificate or {}
    target, delta = sealed.get("target_error"), sealed.get("delta")
    if not isinstance(target, float) or not isinstance(delta, float):
        return (Said(f"Nothing about the mistakes of {policy.name} is certified."),)
    wrong, kept = sealed.get("errors"), sealed.get("accepted")
    how = f"certificate in the policy's file: {wrong} wrong of {kept} kept to certify on"
    mark = notes.cite(
        "", "Certificate", how, command=f"sprat policy show {shlex.quote(policy.name)}"
    )
    text = (
        f"Certified: of the answers of {policy.small.model} that it keeps at most {target:.0%} are "
        f"wrong, with {1 - delta:.0%} confidence, on questions like those it was made with."
    )
    return (Said(text, (mark,)),)


def _unknown(contest: Contest, why: str) -> Replayed:
    """What is not known is said, with what would tell it."""
    text = (
        "Whether both as one would do better (the large model only where the small one is unsure) "
        f"is not known: {why.rstrip('.')}."
    )
    small, large = contest.small.model.name, contest.large.model.name
    command = shlex.join(["sprat", "compare", "--small", small, "--large", large, "--logprobs"])
    return Replayed("", (Said(text),), worth=False, certified=False, command=command)


async def _learned(
    contest: Contest, answers: Answers, settings: Settings, notes: Footnotes
) -> Replayed:
    """What `sprat calibrate` would make of these answers; nothing is written."""
    from sprat.cost import Prices
    from sprat.studies.hybrid.calibrate import calibrate
    from sprat.studies.hybrid.verdict import objections
    from sprat.studies.hybrid.wish import Wish, name_of

    small, large = contest.small.model.name, contest.large.model.name
    name = name_of(small, large)
    command = f"sprat calibrate {answers.sources} --name {name}"
    log = answers.recorded.log
    if not any(one.model == small and one.tokens is not None for one in log.outcomes):
        lacks = f"no log-probabilities of {small} were kept, which tell how sure it was"
        return _unknown(contest, f"{lacks} (--logprobs)")
    if len(log.models) > 2:  # else the first is the small one
        command += f" --small {shlex.quote(small)} --large {shlex.quote(large)}"
    wish = Wish(name=name, small=small, large=large, target_error=TARGET_ERROR)
    try:
        _, found = await calibrate(wish, answers.recorded, price=Prices(settings).of)
    except (PolicyError, RunError) as error:
        text = f"Whether both as one would do better is not known: {error.message}"
        mark = notes.cite(
            answers.runs[0],
            "Policy",
            "what sprat calibrate says of these answers",
            command=command,
        )
        return Replayed("", (Said(text, (mark,)),), worth=False, certified=False, command=command)
    said = _came_to(
        "A policy learned from these answers", found.evaluation, answers, command, notes
    )
    if objections(found.evaluation):  # then it does not matter that nothing of it can be certified
        why = (_rejected(said, found.refusals, answers, command, notes),)
    else:
        why = (said, *(Said(one, said.marks) for one in found.refusals))
    worth, certified = not found.refusals, found.certificate is not None
    return Replayed("", why, worth=worth, certified=certified, command=command)


def _rejected(
    came: Said, reasons: Sequence[str], answers: Answers, command: str, notes: Footnotes
) -> Said:
    """With the word that it is not worth having; why stands with the evidence, in statistics."""
    if not reasons:
        return came
    mark = notes.cite(answers.runs[0], "Policy, against it", " ".join(reasons), command=command)
    return Said(f"{came.text} It is not worth having.", (*came.marks, mark))


def _came_to(
    name: str, found: Evaluation, answers: Answers, command: str, notes: Footnotes
) -> Said:
    """In one sentence; the questions are those that taught the policy nothing."""
    kept = next((line.share for line in found.paths if line.path == "accepted"), 0.0)
    unit = "seconds" if found.curves.unit == "seconds" else "dollars"
    spent = "" if found.saved.value is None else f" for {1 - found.saved.value:.0%} of its {unit}"
    how = "the policy itself, replayed over the recorded answers, on questions that taught it none"
    mark = notes.cite(answers.runs[0], "Policy", how, n=found.n, command=command)
    text = (
        f"{name}: on {found.n} questions it scores {found.score.value or 0:.0%} beside "
        f"{found.large.score:.0%} of {found.large.model} alone{spent}, and keeps {kept:.0%} of the "
        "small model's answers."
    )
    return Said(text, (mark,))
