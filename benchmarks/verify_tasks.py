"""What `verify.py` asks: long answers and short ones, alike in drafts and unlike."""

import random
from pathlib import Path
from typing import NamedTuple

from sprat.questions.files import read_questions
from sprat.questions.loading import everyday
from sprat.types import Message, Question

LONG_TOKENS, SHORT_TOKENS = 320, 64

_HARBOUR = (
    "The harbour of Eastwick was built in 1872 by Mary Holm, who sold her father's ships to pay "
    "for it. Its two walls, 310 and 275 metres long, keep the north wind from the boats. In winter "
    "forty families lived from herring; in summer they let their rooms to painters from the city. "
    "The railway came in 1891 and took the fish to market in a night. After the storm of 1907 the "
    "north wall was made two metres higher, and a lamp was put on its end that can still be seen "
    "from nine miles out."
)
_BEES = (
    "A hive in May holds about forty thousand bees. Most are workers, and a worker of early summer "
    "lives for six weeks: three in the hive, where she cleans, feeds the young and builds, and "
    "three outside, where she gathers. The queen may live for four years and lays up to two "
    "thousand eggs a day. When the hive is full she leaves with half of the bees, and the others "
    "raise a new queen. Whoever keeps bees looks for the cells of new queens once a week in May "
    "and June, and gives the hive more room before it is needed."
)
_SHOP = """class Basket:
    def __init__(self, tax):
        self.tax = tax
        self.lines = []

    def add(self, name, price, count):
        self.lines.append((name, price, count))

    def total(self):
        result = 0.0
        for name, price, count in self.lines:
            result += price * count * (1 + self.tax)
        return round(result, 2)

    def receipt(self):
        rows = [f"{count} x {name}: {price * count:.2f}" for name, price, count in self.lines]
        return "\\n".join([*rows, f"total: {self.total():.2f}"])
"""
_EDITS = (
    ("Repeat the following text word for word, but change every year in it to 1901.", _HARBOUR),
    ("Repeat the following text word for word, but call the town Westwick.", _HARBOUR),
    ("Correct the spelling in the following text, and change nothing else.",
     _HARBOUR.replace("harbour", "harbor").replace("painters", "paynters")),
    ("Repeat the following text word for word, but write the numbers in digits.", _BEES),
    ("Repeat the following text word for word, but leave the last sentence out.", _BEES),
    ("Repeat the following text word for word, but write 'colony' in place of 'hive'.", _BEES),
    ("Rename the method `total` to `sum` in this code. Answer with the whole code only.", _SHOP),
    ("Let `add` take a count of 1 by default. Answer with the whole code only.", _SHOP),
    ("Add type hints to this code. Answer with the whole code only.", _SHOP),
)  # fmt: skip


class Task(NamedTuple):
    """One thing to ask."""

    kind: str
    messages: tuple[Message, ...]
    tokens: int
    source: str | None = None
    """The text that the answer is a changed copy of."""


def tasks(count: int, data: Path | None, seed: int = 1) -> list[Task]:
    """`count` tasks, as many of each kind as of the others, while they last.

    With `data`, a folder that holds GSM8K as `*gsm8k*.jsonl` and SQuAD 2.0 as `*squad*.json`.
    """
    kinds = [_edits(), _asked("everyday", everyday(), LONG_TOKENS)]
    for name, pattern, most in (
        ("gsm8k", "*gsm8k*.jsonl", LONG_TOKENS),
        ("squad", "*squad*.json", SHORT_TOKENS),
    ):
        files = sorted(data.glob(pattern))[:1] if data else []
        kinds += [_asked(name, read_questions(file), most) for file in files]
    for kind in kinds:
        random.Random(seed).shuffle(kind)
    longest = max(map(len, kinds))
    mixed = [kind[at] for at in range(longest) for kind in kinds if at < len(kind)]
    return mixed[:count]


def _edits() -> list[Task]:
    return [
        Task("edit", (Message("user", f"{wish}\n\n{text}"),), LONG_TOKENS, text)
        for wish, text in _EDITS
    ]


def _asked(kind: str, questions: list[Question], most: int) -> list[Task]:
    plain = [q for q in questions if q.response_format is None and q.language == "en"]
    return [Task(kind, q.messages, most) for q in plain]
