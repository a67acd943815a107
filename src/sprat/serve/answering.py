"""Asks a model and writes its answers: whole, or as they come."""

from collections.abc import Callable
from contextlib import aclosing
from typing import Any

from sprat.measure.clock import now_ns
from sprat.serve.exchange import Exchange, Work
from sprat.serve.ledger import Record
from sprat.serve.merge import Answers, merged, patient
from sprat.serve.models.names import Served, completed
from sprat.serve.models.pool import Lease
from sprat.serve.problem import BadRequest
from sprat.serve.wire.form import WAITING, Asked, Form
from sprat.serve.wire.sprat import Told
from sprat.types import Delta, Reply

Parse = Callable[[bytes], Asked]


def answering(parse: Parse) -> Work:
    """The work behind a route whose bodies `parse` reads."""

    async def work(exchange: Exchange, raw: bytes) -> None:
        asked = parse(raw)
        gateway, record = exchange.gateway, exchange.record
        gateway.refuse_when_stopping()
        served = gateway.names.find(asked.model)
        record.model, record.stream = served.name, asked.stream
        _refuse_embedding(served)
        most = gateway.settings.max_tokens
        requests = tuple(
            completed(request, served, most, record.arrived_ns) for request in asked.requests
        )
        record.requests, record.policy = requests, served.where == "policy"
        async with gateway.lease(served, exchange.caller(asked.caller)) as lease:
            told = told_of(record, served, lease)
            send = _streamed if asked.stream else _whole
            engine = lease.engine.asked_by(exchange.trail) if record.policy else lease.engine
            async with aclosing(merged(engine, requests)) as answers:
                await send(exchange, answers, asked.form, told)

    return work


def _refuse_embedding(served: Served) -> None:
    if served.embeds:
        raise BadRequest(
            f"{served.name} turns texts into vectors; it does not answer.",
            param="model",
            code="model_not_supported",
            fix="Ask it at POST /v1/embeddings.",
        )


def told_of(record: Record, served: Served, lease: Lease[Any]) -> Told:
    """What a reply's `sprat` field says beside the reply; its times are entered into the record."""
    record.taken_ns, record.ready_ns = lease.taken_ns, lease.ready_ns
    return Told(
        model=served.name,
        source=served.source,
        arrived_ns=record.arrived_ns,
        taken_ns=lease.taken_ns,
        ready_ns=lease.ready_ns,
    )


async def _whole(exchange: Exchange, answers: Answers, form: Form, told: Told) -> None:
    replies: dict[int, Reply] = {}
    async for index, piece in answers:
        noted = _noted(exchange, piece, told)
        if isinstance(noted, Reply):
            replies[index] = noted
    ordered = [replies[index] for index in sorted(replies)]
    await exchange.whole(form.whole(ordered, told), headers_of(exchange, told, ordered[0]))


async def _streamed(exchange: Exchange, answers: Answers, form: Form, told: Told) -> None:
    replies: dict[int, Reply] = {}
    opening: bytes | None = form.begin(told)
    coming = _awake(exchange, answers, form, told) if exchange.record.policy else answers
    async with aclosing(coming) as pieces:
        async for index, piece in pieces:
            noted = _noted(exchange, piece, told)
            data = b""
            if opening is not None:  # no byte of the answer goes out before its first piece
                await _begun(exchange, form, told)
                data, opening = opening, None
            if isinstance(noted, Reply):
                replies[index] = noted
                data += form.end(index, noted, told)
            else:
                data += form.piece(index, noted)
            if data:
                await exchange.part(data)
    await exchange.end(form.finish([replies[index] for index in sorted(replies)], told))


async def _awake(exchange: Exchange, answers: Answers, form: Form, told: Told) -> Answers:
    """The answers; while a policy has not decided, comments keep proxies and clients awake."""
    every_s = exchange.gateway.settings.waiting_s
    async with aclosing(patient(answers, every_s)) as pieces:
        async for piece in pieces:
            if piece is not None:
                yield piece
                continue
            await _begun(exchange, form, told)
            await exchange.part(WAITING)


async def _begun(exchange: Exchange, form: Form, told: Told) -> None:
    if not exchange.streaming:
        await exchange.begin(headers_of(exchange, told, None), form.failed)


def _noted(exchange: Exchange, piece: Delta | Reply, told: Told) -> Delta | Reply:
    """The piece, entered into the record; a reply gets its price."""
    if isinstance(piece, Reply):
        piece = exchange.gateway.prices.priced(told.source, piece)
    exchange.note(piece)
    return piece


def headers_of(exchange: Exchange, told: Told, reply: Reply | None) -> list[tuple[bytes, bytes]]:
    """Which model answered, and the times that are known by now (W3C Server-Timing)."""
    first_ns = exchange.record.first_ns or now_ns()
    parts = [
        _metric("queue", told.taken_ns - told.arrived_ns),
        _metric("load", told.ready_ns - told.taken_ns),
        _metric("first", first_ns - told.ready_ns),
    ]
    if reply is not None:
        parts.append(_metric("total", reply.timing.done_ns - told.arrived_ns))
    return [
        (b"x-sprat-model", told.model.encode()),
        (b"server-timing", ", ".join(parts).encode()),
    ]


def _metric(name: str, ns: int) -> str:
    return f"{name};dur={ns / 1e6:.3f}"
