"""Every check at once, each with its own time: one that hangs or breaks is a finding itself."""

import asyncio
from functools import partial

from sprat.cli.checks.endpoints import check_endpoint
from sprat.cli.checks.finding import Check, Look, fault, note
from sprat.cli.checks.foundry import check_foundry
from sprat.cli.checks.gateway import check_gateway, check_port
from sprat.cli.checks.machine import (
    check_disk,
    check_energy,
    check_gpu,
    check_memory,
    check_processor,
)
from sprat.cli.checks.models import check_exports, check_models, check_weights
from sprat.cli.checks.network import check_network
from sprat.cli.checks.providers import check_providers
from sprat.cli.checks.software import check_environment, check_extras, check_packages, check_python
from sprat.engines.patience import aside
from sprat.errors import first_line
from sprat.models.progress import Progress, silent
from sprat.settings import Settings

PATIENCE_S = 4.5
"""The longest that any look may take; they all look at the same time."""


def check_all(
    settings: Settings, *, deep: bool = False, progress: Progress = silent
) -> tuple[Check, ...]:
    """Every finding, in the order in which a newcomer needs them.

    With `deep` all weights are hashed: about a second per gigabyte, however many there are.
    """
    found = asyncio.run(_together(settings, _looks(settings, deep)))
    if deep:
        found += tuple(check_weights(settings, deep=True, progress=progress))
    return found


def _looks(settings: Settings, deep: bool) -> list[Look]:
    return [
        check_python,
        check_environment,
        check_packages,
        check_extras,
        check_providers,
        check_processor,
        check_gpu,
        check_memory,
        check_disk,
        check_energy,
        check_models,
        *([] if deep else [check_weights]),
        check_exports,
        *(partial(check_endpoint, name=n) for n in settings.endpoints if n != "foundry"),
        check_foundry,
        check_port,
        check_gateway,
        check_network,
    ]


async def _together(settings: Settings, looks: list[Look]) -> tuple[Check, ...]:
    found = await asyncio.gather(*(_bounded(look, settings) for look in looks))
    return tuple(check for checks in found for check in checks)


async def _bounded(look: Look, settings: Settings) -> tuple[Check, ...]:
    name = getattr(look, "func", look).__name__.removeprefix("check_").capitalize()
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await aside(lambda: tuple(look(settings)))
    except TimeoutError:
        line = f"not seen: the look did not end within {PATIENCE_S:g} s"
        return (note(name, line, fix="Run sprat doctor again when the machine is less busy."),)
    except Exception as error:  # noqa: BLE001 -- whatever is broken here is what is looked for
        line = f"the look itself failed: {type(error).__name__}: {first_line(error)}"
        return (fault(name, line, fix="That should not be: please report it with this line."),)
