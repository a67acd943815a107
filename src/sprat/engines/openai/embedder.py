"""The embedder: one model behind an OpenAI-compatible endpoint's `/embeddings`."""

from collections.abc import Callable, Sequence

from sprat.engines.base import Load, TextKind, check_texts
from sprat.engines.openai.answer import estimated_tokens
from sprat.engines.openai.remote import Remote
from sprat.engines.openai.vectors import Vectors, read_vectors
from sprat.engines.openai.wire import Asked
from sprat.engines.stamps import Stamps
from sprat.errors import EngineRefused, UnsupportedRequest
from sprat.types import ChatRequest, Embedded, Usage

BATCH = 256
"""Texts in one request; longer lists are sent one batch after another."""


class OpenAIEmbedder(Remote):
    """One embedding model of one endpoint; its vectors are kept as the server gave them."""

    async def embed(
        self, texts: Sequence[str], *, dimensions: int | None = None, kind: TextKind = "passage"
    ) -> Embedded:
        """One vector per text. Cancelling the call closes the connection.

        `kind` is not sent: OpenAI's words have none for it.

        Raises:
            UnsupportedRequest: no text, or a number of dimensions that the server did not keep to.
            ContextTooLong: a text is longer than the model reads.
            EngineRefused: the server said no, or sent what are no vectors.
            EngineTimeout: it was silent for too long.
            EngineDied: the connection broke.
        """
        check_texts(texts)
        stamps, got = Stamps(ChatRequest(messages=())), list[Vectors]()
        for start in range(0, len(texts), BATCH):
            asked = self._asked(texts[start : start + BATCH], dimensions)
            got.append(await self._batch(asked, stamps.sent if start == 0 else _unstamped))
        vectors = tuple(vector for batch in got for vector in batch.vectors)
        return Embedded(
            vectors=vectors,
            dimensions=self._length(vectors, dimensions),
            usage=_usage(texts, got),
            timing=stamps.done(),
            model=self.name,
        )

    def _asked(self, texts: Sequence[str], dimensions: int | None) -> Asked:
        fields = {"model": self._model, "input": list(texts), "encoding_format": "base64"}
        more = {} if dimensions is None else {"dimensions": dimensions}
        return Asked("/embeddings", fields | more)

    async def _batch(self, asked: Asked, sent: Callable[[], None]) -> Vectors:
        call = await self._client.post(asked, sent, _untold)
        try:
            return read_vectors(await call.read_all(), len(asked.fields["input"]))
        except EngineRefused as error:
            raise call.censored(error) from None  # a traceback would show the key
        finally:
            call.close()

    def _length(self, vectors: tuple[bytes, ...], wanted: int | None) -> int:
        lengths = sorted({len(vector) // 4 for vector in vectors})
        if len(lengths) > 1:
            raise EngineRefused(f"{self.name} changed its vectors' length midway: {lengths}.")
        if wanted not in {None, lengths[0]}:
            raise UnsupportedRequest(
                f"{self.name} gives vectors of {lengths[0]} numbers, not of {wanted}.",
                param="dimensions",
                fix="Leave `dimensions` out.",
            )
        return lengths[0]

    async def warm(self) -> Load:
        """Embed one word, so that the server has its model in memory and we a connection.

        Raises:
            EngineError: as `embed`.
        """
        embedded = await self.embed(["ok"])
        return Load(load_s=None, warm_up_s=embedded.timing.total_s)


def _usage(texts: Sequence[str], got: list[Vectors]) -> Usage:
    """The server's counts added up; when one is missing, an estimate of the whole."""
    counts = [batch.input_tokens for batch in got if batch.input_tokens is not None]
    if len(counts) == len(got):
        return Usage(input_tokens=sum(counts), output_tokens=0, counted_by="engine")
    estimated = sum(map(estimated_tokens, texts))
    return Usage(input_tokens=estimated, output_tokens=0, counted_by="estimate")


def _unstamped() -> None:
    """Only the first batch is when the work was sent."""


def _untold(why: str) -> None:
    """An embedding has no steps in which a retry could be kept."""
