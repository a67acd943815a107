"""What is meant by good, and an opinion of it."""

import msgspec

from sprat.types import Question

GRADES = (1, 2, 3, 4, 5)
DIMENSIONS = ("coherence", "factuality", "conciseness")
"""Those of the built-in rubric, for which there is a rule; one's own rubric may have others."""
RULE = "rule"
"""Who graded, when no model did."""


class Anchor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One grade of a dimension: what earns it."""

    grade: int
    """1 (worst) to 5."""
    means: str
    example: str = ""
    """A question and an answer to it of this grade."""
    why: str = ""
    """Why the example has it."""


class Dimension(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One way in which an answer can be good, graded apart from the others."""

    name: str
    asks: str
    """What whoever grades has to ask, in full."""
    anchors: tuple[Anchor, ...]
    """One for each of `GRADES`, from 1 up."""


class Rubric(msgspec.Struct, frozen=True, kw_only=True):
    """What good means: dimensions, each with its grades."""

    version: str
    sha256: str
    """Over the content, whatever the file's comments and order of grades."""
    dimensions: tuple[Dimension, ...]


class Grade(msgspec.Struct, frozen=True, kw_only=True):
    """An opinion of one answer in one dimension."""

    dimension: str
    value: float | None
    """1 to 5; None is "unscored": left out and counted, never 1."""
    by: str
    """`rule`, or the name of the model that judged."""
    why: str = ""
    """What cost points, in one line; of an unscored one, why it could not be told."""


class Scored(msgspec.Struct, frozen=True, kw_only=True):
    """An answer with reference grades; of the built-in ones they are its author's."""

    id: str
    question: Question
    text: str
    grades: dict[str, int]
    """By dimension, 1 to 5."""
    note: str = ""
    """Why these grades, in one line."""
    group: str
    """The question it answers; a translation's is the original's. Answers of one group are not
    independent, so they are drawn together."""
    tags: tuple[str, ...] = ()
    """What is the matter with it: `injection` (it tells the judge what to reply), `loop`, …"""
