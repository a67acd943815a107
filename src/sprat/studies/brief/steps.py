"""What to type next: each command answers something that the brief had to leave open.

Names are quoted: they come from whoever made the study, and the commands are pasted into a shell.
"""

import shlex
from collections.abc import Iterable

from sprat.studies.brief.contest import Contest
from sprat.studies.brief.result import Step
from sprat.studies.brief.risks_of_verdict import OURS
from sprat.studies.brief.seen import Seen
from sprat.studies.hybrid.wish import name_of

MOST = 4


def steps_of(seen: Seen) -> tuple[Step, ...]:
    """The most useful first."""
    found = [*_finish(seen), *_use(seen), *_ask(seen), *_learn(seen), *_price(seen), *_load(seen)]
    return tuple({step.command: step for step in found}.values())[:MOST]


def _finish(seen: Seen) -> Iterable[Step]:
    for study in seen.material.studies:
        if study.kind in {"compare", "evaluate"} and study.status != "done":
            yield Step(f"sprat {study.kind} --resume {study.id}", "finish the study first")


def _use(seen: Seen) -> Iterable[Step]:
    advice = seen.advice
    if advice.command and advice.use == "neither":
        yield Step(advice.command, "hold the better one against a larger MODEL")
    if advice.command and advice.use in {"small", "hybrid"}:
        yield Step(advice.command, "put it to use")


def _ask(seen: Seen) -> Iterable[Step]:
    """More questions, or the reader's own."""
    contest = seen.field.contest
    if contest is None:
        if seen.field.models:
            name = seen.field.models[0].model.name
            yield Step(
                f"sprat compare --small {shlex.quote(name)}", "hold it against a larger model"
            )
        else:
            names = list(dict.fromkeys(line.name for line in seen.lines))[:2]
            sides = " ".join(
                f"--{side} {shlex.quote(name)}"
                for side, name in zip(("small", "large"), names, strict=False)
            )
            yield Step(f"sprat compare {sides}".rstrip(), "find out whether the answers are right")
        return
    verdict = contest.verdict
    command = f"sprat compare {_pair(contest)} --questions FILE --logprobs"
    if verdict is not None and verdict.n_needed:
        yield Step(command, f"about {verdict.n_needed:,} questions of your own would settle it")
    elif contest.small.study.questions_name == OURS:
        yield Step(command, "ask your own questions (docs/questions.md says how they are written)")


def _pair(contest: Contest) -> str:
    small, large = contest.small.model.name, contest.large.model.name
    return f"--small {shlex.quote(small)} --large {shlex.quote(large)}"


def _learn(seen: Seen) -> Iterable[Step]:
    """A policy, where small alone does not do and none was worth having yet."""
    contest = seen.field.contest
    if contest is None or seen.advice.use not in {"large", "neither"}:
        return
    small, large = contest.small.model.name, contest.large.model.name
    yield Step(
        f"sprat calibrate {_pair(contest)} --questions FILE --name {name_of(small, large)}",
        "learn from some hundred questions when the small model can be trusted",
    )


def _price(seen: Seen) -> Iterable[Step]:
    if seen.money.missing:
        yield Step(
            "sprat cost --write-assumptions costs.toml",
            "say what the machine costs: fill in this file, then make the brief again with "
            "--assumptions costs.toml",
        )


def _load(seen: Seen) -> Iterable[Step]:
    names = shlex.join(dict.fromkeys(one.model.name for one in seen.answering))
    tried = any(
        (cell.concurrency or 0) > 1 for bench in seen.material.benches for cell in bench.cells
    )
    if names and not tried:
        yield Step(f"sprat bench {names} --concurrency 1,2,4", "see how it bears several users")
