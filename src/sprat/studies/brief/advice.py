"""Who should answer: the small model, the large one, both by a policy, or neither."""

import shlex
from collections.abc import Sequence

from sprat.runs.store import Store
from sprat.settings import Settings
from sprat.studies.asked import Asked
from sprat.studies.bestuse import USABLE
from sprat.studies.brief.contest import Contest, Field
from sprat.studies.brief.figures import ANSWER_HOW, RIGHT_HOW
from sprat.studies.brief.footnotes import Footnotes
from sprat.studies.brief.replay import Replayed, replayed
from sprat.studies.brief.result import Advice, Said
from sprat.studies.tally import right_of


async def advise(field: Field, store: Store, settings: Settings, notes: Footnotes) -> Advice:
    """From the verdict, and from what a policy over both models would have done.

    Neither, where even the better one is right less than half the time. Small is good enough: small
    alone. Else a policy, if one is worth having and certified; else the large model alone.
    """
    contest = field.contest
    if contest is None:
        return _unknown(field)
    both = await replayed(contest, store, settings, notes)
    if _hopeless(better_of(contest)):
        return _neither(contest, both, notes)
    decision = contest.verdict.decision if contest.verdict else None
    if decision == "good-enough":
        return _small(contest, notes)
    if worthy := [one for one in both if one.worth and one.certified]:
        return _hybrid(contest, worthy[0])
    return _unscored() if decision is None else _large(contest, both)


def _unknown(field: Field) -> Advice:
    name = field.models[0].model.name if field.models else ""
    text = "One model alone was scored: compare it with another before you choose."
    why = text if name else "Nothing was scored: how fast a model is does not say if it will do."
    return Advice(use="unknown", model=name, head="Nothing yet", why=(Said(why),))


def _unscored() -> Advice:
    text = "Nothing was scored, so nothing speaks for one of the two."
    return Advice(use="unknown", model="", head="Nothing yet", why=(Said(text),))


def _small(contest: Contest, notes: Footnotes) -> Advice:
    small, large = contest.small.model.name, contest.large.model.name
    text = (
        f"It is good enough beside {large}: what it may lose is within the margin"
        f"{_quicker(contest)}."
    )
    return Advice(
        use="small",
        model=small,
        head=f"Use {small} alone",
        why=(Said(text, _cited(contest.small, "Seconds per answer", ANSWER_HOW, notes)),),
        command=_serve(small),
    )


def _hybrid(contest: Contest, policy: Replayed) -> Advice:
    small, large = contest.small.model.name, contest.large.model.name
    told = f"policy:{policy.name}" if policy.name else "a policy over both"
    return Advice(
        use="hybrid",
        model=told if policy.name else "",
        head=f"Let {small} draft, and {large} answer what it is unsure of"
        + (f" ({told})" if policy.name else ""),
        why=policy.said,
        command=_serve(told) if policy.name else policy.command,
    )


def _large(contest: Contest, both: Sequence[Replayed]) -> Advice:
    small, large = contest.small.model.name, contest.large.model.name
    settled = contest.verdict is not None and contest.verdict.decision == "not-good-enough"
    text = (
        f"{small} falls short of it by more than the margin."
        if settled
        else f"Whether {small} will do is not settled, and a wrong guess would show in the answers."
    )
    return Advice(
        use="large",
        model=large,
        head=f"Use {large} alone" if settled else f"Use {large} until it is settled",
        why=(Said(text), *_of_policies(both)),
        command=_serve(large),
    )


def _neither(contest: Contest, both: Sequence[Replayed], notes: Footnotes) -> Advice:
    """The better of the two is named all the same: somebody may check its answers."""
    better = better_of(contest)
    right, n = _right(better)
    name = better.model.name
    text = (
        f"Of the two {name} is the better: it is right on {right} of {n} questions, less than "
        f"{USABLE:.0%}. Take it only where somebody checks every answer, or try a larger model."
    )
    if not right:
        text = f"Neither is right on one of {n} questions: try a larger model."
    return Advice(
        use="neither",
        model="",
        head="Let neither answer by itself",
        why=(
            Said(text, _cited(better, "Right answers", RIGHT_HOW, notes)),
            *_of_policies(both),
        ),
        command=shlex.join(["sprat", "compare", "--small", name, "--large", "MODEL", "--logprobs"]),
    )


def better_of(contest: Contest) -> Asked:
    """The side that is right on the greater share; of two alike the large one."""
    return max(contest.large, contest.small, key=_share)


def _share(asked: Asked) -> float:
    right, n = _right(asked)
    return right / n if n else 0.0


def _serve(model: str) -> str:
    return f"sprat serve  # then ask for the model {shlex.quote(model)}"


def _hopeless(asked: Asked) -> bool:
    """Whether it is right less than half the time: below what is any use."""
    right, n = _right(asked)
    return n > 0 and right / n < USABLE


def _right(asked: Asked) -> tuple[int, int]:
    """(right, scored) answers, each by its scorer's own bar; a failure is wrong."""
    known = [told for run in asked.runs if (told := right_of(run)) is not None]
    return sum(known), len(known)


def _cited(asked: Asked, what: str, how: str, notes: Footnotes) -> tuple[int, ...]:
    """The footnote that the figure has too."""
    return (notes.cite(asked.study.id, what, how),)


def _of_policies(both: Sequence[Replayed]) -> tuple[Said, ...]:
    return tuple(said for one in both[:1] for said in one.said)


def _quicker(contest: Contest) -> str:
    """`, and it answers in 0.43 s instead of 0.78 s`; empty where it does not."""
    times = [one.summary().answer_s.p50 for one in (contest.small, contest.large)]
    if times[0] is None or times[1] is None or times[0] >= times[1]:
        return ""
    return f", and it answers in {times[0]:.2f} s instead of {times[1]:.2f} s"
