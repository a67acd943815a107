"""Requests as the store keeps them."""

from collections.abc import Sequence

import msgspec

from sprat.cost import Prices
from sprat.studies.bench.drive import Asked
from sprat.studies.bench.plan import Setup, Side
from sprat.studies.used import each
from sprat.types import Reply, Resources, Run


def runs_of(
    study: str,
    side: Side,
    setup: Setup,
    number: int,
    position: int,
    asked: Sequence[Asked],
    resources: Resources | None,
    prices: Prices | None = None,
) -> list[Run]:
    """One row per request of a round; each carries an equal share of what the round used.

    With `prices` every answer has its cost.

    Requests that run at the same time share a processor: no counter can tell them apart.
    """
    share = _share(resources, len(asked))
    return [
        Run(
            study=study,
            question=setup.id,
            kind=setup.condition,
            model=side.model,
            role=side.name,
            request=one.request,
            reply=_priced(one.reply, side, share, prices),
            error=one.error,
            elapsed_s=one.elapsed_s,
            resources=share,
            repeat=number * setup.requests + place,
            position=position + place,
        )
        for place, one in enumerate(asked)
    ]


def _priced(
    reply: Reply | None, side: Side, share: Resources | None, prices: Prices | None
) -> Reply | None:
    if reply is None or prices is None:
        return reply
    return prices.priced(side.model, reply, share.energy_joules if share else None)


def _share(resources: Resources | None, requests: int) -> Resources | None:
    if resources is None or not requests:
        return resources
    return msgspec.structs.replace(
        resources,
        processor_s=each(resources.processor_s, requests),
        energy_joules=each(resources.energy_joules, requests),
        energy_noise_joules=each(resources.energy_noise_joules, requests),
    )
