"""`POST /v1/embeddings`: the body, and vectors as OpenAI sends them.

Source: https://platform.openai.com/docs/api-reference/embeddings/create
"""

import base64
import sys
from array import array
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from sprat.serve.wire.fields import Caller, ModelName, read
from sprat.serve.wire.form import encode
from sprat.serve.wire.sprat import Sprat

MOST_TEXTS = 2048

Text = Annotated[str, Meta(min_length=1)]
Encoding = Literal["float", "base64"]


class EmbeddingBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Texts to turn into vectors. What is not here is refused by name."""

    model: ModelName
    input: Text | Annotated[list[Text], Meta(min_length=1, max_length=MOST_TEXTS)]
    """One text, or several."""
    encoding_format: Encoding | None = None
    """`base64` is of little-endian float32; `float`, the default, is a list of numbers."""
    dimensions: Annotated[int, Meta(ge=1, le=65_536)] | None = None
    """Refused by models whose vectors have another length."""
    user: Caller | None = None

    @property
    def texts(self) -> list[str]:
        """What to embed."""
        return [self.input] if isinstance(self.input, str) else self.input


class Embedding(msgspec.Struct, frozen=True, kw_only=True):
    """One text's vector."""

    object: Literal["embedding"] = "embedding"
    index: int
    embedding: list[float] | str


class EmbeddingUsage(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens read. `sprat.counted_by` says who counted."""

    prompt_tokens: int
    total_tokens: int


class EmbeddingList(msgspec.Struct, frozen=True, kw_only=True):
    """All vectors, in the order of the texts."""

    object: Literal["list"] = "list"
    data: list[Embedding]
    model: str
    usage: EmbeddingUsage
    sprat: Sprat


class _Written(msgspec.Struct, frozen=True, kw_only=True):
    """An `EmbeddingList` whose vectors are JSON already."""

    object: Literal["list"] = "list"
    data: list[msgspec.Raw]
    model: str
    usage: EmbeddingUsage
    sprat: Sprat


def parse(raw: bytes) -> EmbeddingBody:
    """Read a body.

    Raises:
        BadRequest: anything in it that cannot be honoured, by name.
    """
    return read(raw, EmbeddingBody)


def vector_json(index: int, vector: bytes, encoding: Encoding | None) -> msgspec.Raw:
    """One vector's JSON: they are many, and written a few at a time."""
    shown = base64.b64encode(vector).decode() if encoding == "base64" else _numbers(vector)
    return msgspec.Raw(encode(Embedding(index=index, embedding=shown)))


def list_json(data: list[msgspec.Raw], model: str, tokens: int, sprat: Sprat) -> bytes:
    """The whole answer's JSON."""
    usage = EmbeddingUsage(prompt_tokens=tokens, total_tokens=tokens)
    return encode(_Written(data=data, model=model, usage=usage, sprat=sprat))


def _numbers(vector: bytes) -> list[float]:
    numbers = array("f")
    numbers.frombytes(vector)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tolist()
