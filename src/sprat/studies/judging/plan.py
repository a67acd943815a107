"""What a judge is asked, and how: fixed before the first opinion."""

from typing import Any

import msgspec

from sprat.questions.rubric import Dimension, Rubric

KIND = "judge"
MAX_TOKENS = 16
"""Of an opinion that cannot be held to one digit: `Grade: 4`."""


class JudgePlan(msgspec.Struct, frozen=True, kw_only=True):
    """The same plan on the same answers and weights gives the same opinions in the same order."""

    rubric: Rubric
    seed: int = 0
    """Of the fences, of the resampling, and of every request."""
    max_tokens: int = MAX_TOKENS
    """Of an opinion where the engine cannot be held to a digit; a model that thinks needs more."""
    command: str = "sprat judge"
    """What goes on with the study that the opinions belong to, but for `--resume ID`."""

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        """In the rubric's order."""
        return self.rubric.dimensions

    @property
    def settings(self) -> dict[str, Any]:
        """What is stored with a study, so that it can be done again."""
        return {
            "seed": self.seed,
            "temperature": 0.0,
            "concurrency": 1,
            "max_tokens": self.max_tokens,
            "orders": "the grades from 1 to 5 and from 5 to 1",
            "rubric": self.rubric.version,
            "rubric_sha256": self.rubric.sha256,
            "dimensions": [one.name for one in self.dimensions],
        }
