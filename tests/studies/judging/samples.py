"""Answers with grades, made for the tests: the grade stands in the text."""

import random

from sprat.questions.rubric import Anchor, Dimension, Rubric, Scored
from sprat.types import Message, Question

NAMES = ("coherence", "factuality")


def rubric(*names: str) -> Rubric:
    return Rubric(
        version="test",
        sha256="ab" * 32,
        dimensions=tuple(
            Dimension(
                name=name,
                asks=f"Is it good in {name}? Look at the reference.",
                anchors=tuple(Anchor(grade=k, means=f"worth {k}") for k in (1, 2, 3, 4, 5)),
            )
            for name in names or NAMES
        ),
    )


def question(name: str, expected=None) -> Question:
    message = Message(role="user", content=f"What about {name}?")
    return Question(id=name, kind="open", messages=(message,), scorer="none", expected=expected)


def answers(n: int = 40, seed: int = 1, groups: int = 10, names=NAMES) -> tuple[Scored, ...]:
    """`n` answers to `groups` questions; each text says its own grades: `coherence=3`."""
    dice = random.Random(seed)
    made = []
    for place in range(n):
        grades = {name: dice.randint(1, 5) for name in names}
        asked = question(f"q{place % groups}")
        padding = " word" * dice.randint(0, 60)
        said = " ".join(f"{name}={grade}" for name, grade in grades.items())
        tags = ("injection",) if place % 8 == 0 else ()
        made.append(
            Scored(
                id=f"a{place}", question=asked, text=f"{said}{padding}", grades=grades,
                note="as it says", group=asked.id, tags=tags,
            )
        )  # fmt: skip
    return tuple(made)


def grade_in(dimension: str, text: str) -> int:
    return int(text.split(f"{dimension}=")[1][0])
