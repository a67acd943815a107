"""What a risk is read from: the studies, and what was made of them so far."""

from typing import NamedTuple

from sprat.studies.asked import Asked
from sprat.studies.brief.advice import better_of
from sprat.studies.brief.contest import Field
from sprat.studies.brief.footnotes import Footnotes
from sprat.studies.brief.material import Material
from sprat.studies.brief.result import Advice, ModelLine, Money


class Seen(NamedTuple):
    """Everything so far."""

    material: Material
    field: Field
    advice: Advice
    lines: tuple[ModelLine, ...]
    money: Money
    notes: Footnotes

    @property
    def answering(self) -> tuple[Asked, ...]:
        """The models that would answer if the advice is followed; of neither the better one."""
        contest = self.field.contest
        if contest is None:
            return self.field.models
        if self.advice.use == "small":
            return (contest.small,)
        if self.advice.use == "neither":
            return (better_of(contest),)
        both = (contest.small, contest.large)
        return both if self.advice.use in {"hybrid", "unknown"} else (contest.large,)

    def cite(self, asked: Asked, what: str, how: str, n: int | None = None) -> tuple[int, ...]:
        """The footnote of something read from one model's answers."""
        return (self.notes.cite(asked.study.id, what, f"{asked.model.name}: {how}", n=n),)
