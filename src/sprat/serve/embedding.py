"""Asks a model for vectors and writes them."""

import asyncio

import msgspec

from sprat.serve.answering import headers_of, told_of
from sprat.serve.exchange import Exchange
from sprat.serve.models.names import Served
from sprat.serve.problem import BadRequest
from sprat.serve.wire import embeddings
from sprat.serve.wire.embeddings import EmbeddingBody
from sprat.serve.wire.sprat import sprat_of
from sprat.types import Embedded, Reply

_AT_A_TIME = 64
"""Vectors written before others get a turn: a long list must not hold up their streams."""


async def embedding(exchange: Exchange, raw: bytes) -> None:
    """The work behind `/v1/embeddings`.

    Raises:
        BadRequest: the body, or a model that has no vectors.
        SpratError: no answer.
    """
    body = embeddings.parse(raw)
    gateway, record = exchange.gateway, exchange.record
    gateway.refuse_when_stopping()
    served = gateway.names.find(body.model)
    record.model = served.name
    _refuse_answering(served)
    async with gateway.embedding.lease(served, exchange.caller(body.user)) as lease:
        told = told_of(record, served, lease)
        embedded = await lease.engine.embed(body.texts, dimensions=body.dimensions)
    reply = gateway.prices.priced(served.source, _as_reply(embedded))
    exchange.note(reply)
    data = await _written(embedded, body)
    sprat = sprat_of(reply, told)
    whole = embeddings.list_json(data, body.model, embedded.usage.input_tokens, sprat)
    await exchange.whole(whole, headers_of(exchange, told, reply))


def _refuse_answering(served: Served) -> None:
    """An endpoint's model may be of either kind: the endpoint knows."""
    if served.where != "endpoint" and not served.embeds:
        raise BadRequest(
            f"{served.name} answers; it does not turn texts into vectors.",
            param="model",
            code="model_not_supported",
            fix="Ask for all-minilm-l6-v2, or another embedding model of GET /api/models.",
        )


def _as_reply(embedded: Embedded) -> Reply:
    """What the ledger and the `sprat` field want to know, without the vectors."""
    return Reply(
        text="",
        finish="stop",
        usage=embedded.usage,
        timing=embedded.timing,
        model=embedded.model,
    )


async def _written(embedded: Embedded, body: EmbeddingBody) -> list[msgspec.Raw]:
    data: list[msgspec.Raw] = []
    for index, vector in enumerate(embedded.vectors):
        if index and index % _AT_A_TIME == 0:
            await asyncio.sleep(0)
        data.append(embeddings.vector_json(index, vector, body.encoding_format))
    return data
