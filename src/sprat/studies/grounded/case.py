"""One question with what came of it: what every metric of this room looks at."""

import re
from collections.abc import Iterable, Mapping
from functools import cached_property

import msgspec

from sprat.questions.scorers.abstain import abstains
from sprat.studies.grounded.question import GroundedQuestion, from_question
from sprat.studies.grounded.ranks import held
from sprat.types import Question, Reply, Run, Source, Step

CITED = re.compile(r"\s*\[(\d{1,4})\]")
"""How an answer cites the source of that number."""
ROLE = "answer"
"""The side of the study that answers; the others judge."""


class Case(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A question, and the reply or the error."""

    question: GroundedQuestion
    reply: Reply | None = None
    error: str | None = None
    """One line; one of `reply` and `error` is set."""
    seconds: float = 0.0
    """From asking to the reply or the error."""
    energy_joules: float | None = None

    @cached_property
    def found(self) -> tuple[Source, ...]:
        """The passages found, best first by their score: not in the order in which they are cited.

        Empty for a failed one.
        """
        sources = self.reply.sources if self.reply else ()
        return tuple(sorted(sources, key=lambda source: -source.score))

    @cached_property
    def held(self) -> tuple[frozenset[int], ...]:
        """Which gold places each found passage holds."""
        return held(self.found, self.question.gold)

    @cached_property
    def cited(self) -> tuple[Source, ...]:
        """The passages that the answer cites."""
        numbers = set(self.numbers)
        return tuple(one for one in self.found if one.number is not None and one.number in numbers)

    @cached_property
    def numbers(self) -> tuple[int, ...]:
        """Every `[n]` of the answer, once, in its order; whether there is such a source or not."""
        if self.reply is None or self.abstained:
            return ()
        return tuple(dict.fromkeys(int(n) for n in CITED.findall(self.reply.text)))

    @cached_property
    def text(self) -> str:
        """The answer without its citations; empty where there is none."""
        return CITED.sub("", self.reply.text).strip() if self.reply else ""

    @cached_property
    def abstained(self) -> bool:
        """Whether it says that the documents do not; a failed one does not say so.

        An engine that does not tell (`Reply.answered`) is taken at its words.
        """
        if self.reply is None:
            return False
        if self.reply.answered is None:
            return abstains(self.text)
        return not self.reply.answered

    @cached_property
    def confidence(self) -> float | None:
        """How sure the engine was of the answer it gave; None: it gave none.

        The kept attempt's; where no attempt was judged, the best passage's score.
        """
        if self.reply is None or self.abstained:
            return None
        judged = [step for step in self.reply.steps if step.confidence is not None]
        kept = [step for step in judged if step.kept] or judged[-1:]
        return kept[-1].confidence if kept else max((s.score for s in self.found), default=0.0)

    @property
    def calibrated(self) -> bool:
        """Whether that confidence was learned from labelled answers."""
        steps: tuple[Step, ...] = self.reply.steps if self.reply else ()
        return any(step.calibrated and step.kept for step in steps)


def cases_of(questions: Iterable[Question], runs: Iterable[Run]) -> list[Case]:
    """The answered and failed questions of a study, in the order of its questions."""
    answered: Mapping[str, Run] = {run.question: run for run in runs if run.role == ROLE}
    return [
        Case(
            question=from_question(question),
            reply=run.reply,
            error=run.error,
            seconds=run.elapsed_s or 0.0,
            energy_joules=run.resources.energy_joules if run.resources else None,
        )
        for question in questions
        if (run := answered.get(question.id)) is not None
    ]
