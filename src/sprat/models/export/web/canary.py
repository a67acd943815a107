"""Canaries: a known prompt, its answer and the likeliest logits, for the page to try at load."""

from collections.abc import Sequence
from pathlib import Path

from sprat.models.export.arch import Shape
from sprat.models.export.web.manifest import Canary, Guess
from sprat.models.export.web.song import Singer, Song

TOKENS = 12
TOP = 5
QUESTIONS = (
    "Write one sentence about the sea.",
    "Name the days of the week in order.",
    "Count from one to twenty.",
    "What is the capital of France?",
)
WIDE_ENOUGH = 3.0
"""Times the tolerance: nearer than that, two tokens may change places on another machine."""


def choose(
    model: Path, shape: Shape, prompts: Sequence[list[int]], tolerance: float, ends: set[int]
) -> tuple[Canary, float]:
    """The first prompt whose answer is clear, else the clearest; with its margin."""
    singer, best = Singer(model, shape), None
    for prompt in prompts:
        song = singer.sing(prompt, TOKENS)
        clear = song.margin > WIDE_ENOUGH * tolerance and not ends & set(song.tokens)
        if best is None or clear or song.margin > best[1].margin:
            best = prompt, song
        if clear:
            break
    assert best is not None  # noqa: S101 (there are prompts)
    return canary(*best, tolerance), best[1].margin


def canary(prompt: list[int], song: Song, tolerance: float) -> Canary:
    """What the page needs of a song."""
    order = song.first.argsort()[::-1][:TOP]
    top = tuple(Guess(int(i), float(song.first[i])) for i in order)
    return Canary(tuple(prompt), song.tokens, top, tolerance)


def prompts_of(folder: Path) -> list[list[int]]:
    """The questions in the model's own chat template, as tokens."""
    from tokenizers import Tokenizer

    from sprat.models.template import read_template
    from sprat.types import Message

    template = read_template(folder)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    texts = [template.render([Message(role="user", content=text)]) for text in QUESTIONS]
    return [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]
