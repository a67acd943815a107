"""One call under way: its texts are read first, all of them, and then computed in batches."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sprat.engines.embedding.wire import Embed, Embedded, Vectors
from sprat.errors import ContextTooLong, UnsupportedRequest
from sprat.measure.clock import now_ns

if TYPE_CHECKING:
    from sprat.engines.embedding.model import Model

STEP_TOKENS = 256
"""Computed in one step, padding included. A step is what a cancellation or another call waits for;
on a CPU larger ones are no faster: docs/benchmarks.md."""
STEP_CHARS = 50_000
"""Read in one step."""


class Job:
    """The texts of a call, and how far it came."""

    def __init__(self, ask: Embed, context_tokens: int) -> None:
        self.id = ask.id
        self._texts = ask.texts
        self._context_tokens = context_tokens
        self._rows: list[list[int]] = []
        self._batches: list[list[int]] = []
        self._prepared_ns = self._started_ns = 0

    def step(self, model: "Model") -> list[Vectors | Embedded]:
        """Do a little; ends with `Embedded`.

        Raises:
            ContextTooLong: a text has more tokens than the model reads.
            UnsupportedRequest: a text has none.
        """
        if len(self._rows) < len(self._texts):
            self._read(model)
            return []
        return self._compute(model)

    def _read(self, model: "Model") -> None:
        left = STEP_CHARS
        while left > 0 and len(self._rows) < len(self._texts):
            text = self._texts[len(self._rows)]
            self._rows.append(self._tokens(model, text))
            left -= max(1, len(text))
        if len(self._rows) == len(self._texts):
            self._prepared_ns = now_ns()
            self._batches = batches([len(row) for row in self._rows])

    def _tokens(self, model: "Model", text: str) -> list[int]:
        if len(text) > STEP_CHARS:  # its beginning alone may be too long already
            self._check_start(len(model.tokens(text[:STEP_CHARS])))
        row = model.tokens(text)
        if not row:
            raise UnsupportedRequest(
                f"{self._which()} is empty: there is no word in it.",
                param="input",
                fix="Leave it out.",
            )
        if len(row) > self._context_tokens:
            raise self._too_long(f"{len(row)} tokens")
        return row

    def _check_start(self, tokens: int) -> None:
        certain = 2 * self._context_tokens  # a word cut in two may have more pieces than the whole
        if tokens > certain:
            raise self._too_long(f"more than {certain} tokens")

    def _too_long(self, counted: str) -> ContextTooLong:
        return ContextTooLong(
            f"{self._which()} has {counted}; the model reads {self._context_tokens}.",
            fix="Cut it into passages, and embed each.",
        )

    def _which(self) -> str:
        return f"Text {len(self._rows) + 1} of {len(self._texts)}"

    def _compute(self, model: "Model") -> list[Vectors | Embedded]:
        self._started_ns = self._started_ns or now_ns()
        places = self._batches.pop()
        found = model.vectors([self._rows[place] for place in places])
        said = Vectors(self.id, tuple(places), tuple(found))
        return [said] if self._batches else [said, self._done(model.dimensions)]

    def _done(self, dimensions: int) -> Embedded:
        return Embedded(
            id=self.id,
            dimensions=dimensions,
            input_tokens=sum(map(len, self._rows)),
            prepared_ns=self._prepared_ns,
            started_ns=self._started_ns,
        )


def batches(lengths: Sequence[int]) -> list[list[int]]:
    """Places of texts to compute together: of like length, so that little of it is padding."""
    made: list[list[int]] = []
    for place in sorted(range(len(lengths)), key=lambda place: -lengths[place]):
        first = lengths[made[-1][0]] if made else 0
        if made and (len(made[-1]) + 1) * first <= STEP_TOKENS:
            made[-1].append(place)
        else:
            made.append([place])
    return made
