"""Canaries: a known prompt, its answer and the likeliest logits, for the page to try at load."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from sprat.models.export.web.manifest import Canary, Guess
from sprat.models.export.web.rehearsal import Rehearsal
from sprat.models.export.web.song import Singer, Song, margin

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

TOKENS = 12
TOP = 5
WIDE_ENOUGH = 3.0
"""Times the tolerance: nearer than that, two tokens may change places on another machine."""


class Choice(NamedTuple):
    """A prompt, and how a graph goes on with it."""

    prompt: list[int]
    song: Song


def choose(
    singer: Singer, prompts: Sequence[list[int]], tolerance: float, ends: frozenset[int]
) -> Choice:
    """The first prompt whose answer is clear and has no end in it, else the clearest."""
    choices: list[Choice] = []
    for prompt in prompts:
        song = singer.sing(prompt, TOKENS)
        choices.append(Choice(prompt, song))
        if song.margin > WIDE_ENOUGH * tolerance and not ends & set(song.tokens):
            return choices[-1]
    whole = [choice for choice in choices if not ends & set(choice.song.tokens)]
    return max(whole or choices, key=lambda choice: choice.song.margin)


def exact(stage: Rehearsal, guess: Choice, singer: Singer) -> Choice:
    """How an exact graph goes on with the same prompt; the singer guesses, the stage decides."""
    import numpy as np

    prompt, tokens = guess.prompt, list(guess.song.tokens)
    while True:
        rows = stage.logits([*prompt, *tokens[:-1]])[len(prompt) - 1 :]
        found = [int(best) for best in rows.argmax(axis=-1)]
        wrong = next((i for i, token in enumerate(found) if token != tokens[i]), None)
        if wrong is None:
            least = min(margin(row) for row in rows)
            return Choice(prompt, Song(tuple(tokens), np.asarray(rows[0]), least))
        tokens[wrong:] = [found[wrong]]
        if rest := TOKENS - len(tokens):
            tokens += singer.sing([*prompt, *tokens], rest).tokens


def canary(choice: Choice, tolerance: float) -> Canary:
    """What the page needs of it."""
    first = choice.song.first
    top = tuple(Guess(int(i), float(first[i])) for i in first.argsort()[::-1][:TOP])
    return Canary(tuple(choice.prompt), choice.song.tokens, top, tolerance)
