"""Foundry Local's service, where it is wanted or there."""

from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

from sprat.cli.checks.finding import Check, fault, note, ok
from sprat.settings import Settings

if TYPE_CHECKING:
    from sprat.engines.foundry.service.troubles import Trouble

LOOK_S = 1.0
COMMAND_S = 2.0
LISTS_S = 1.0
TOTAL_S = 4.0
"""Less than the doctor waits for a look (`PATIENCE_S`)."""
_NAME = "Foundry Local"


def check_foundry(settings: Settings) -> Iterable[Check]:
    """The service answers where it should; nothing is wrong where nobody wants it."""
    from sprat.engines.foundry.service.examine import examine

    found = examine(
        settings,
        within_s=LOOK_S,
        command_s=COMMAND_S,
        lists_s=LISTS_S,
        total_s=TOTAL_S,
        brief=True,
    )
    if "foundry" not in settings.endpoints and not found.address:
        (trouble,) = found.troubles
        yield _absent(settings, trouble)
        return
    if found.usable:
        yield ok(_NAME, f"{found.address}, by {found.found_by}")
    for trouble in found.troubles:
        make = fault if trouble.state == "fault" else note
        yield make(_NAME, trouble.what, fix=trouble.fix)


def _absent(settings: Settings, trouble: "Trouble") -> Check:
    """Without a service: no matter, unless a model that is set can run nowhere else."""
    from sprat.engines.foundry.catalogue import installed

    wanted = _wanted(settings)
    if not wanted:
        return ok(_NAME, "no service on this machine; no model of yours needs one")
    if installed():
        return note(_NAME, trouble.what, fix=trouble.fix)
    return fault(_NAME, f"{' and '.join(wanted)} cannot run. {trouble.what}", fix=trouble.fix)


def _wanted(settings: Settings) -> list[str]:
    """The models that are set and that are Foundry Local's, under whatever name."""
    from sprat.errors import SpratError
    from sprat.models.names import FoundryModel, resolve

    found: list[str] = []
    for name in dict.fromkeys((settings.small, settings.large)):
        with suppress(SpratError):  # a name that means nothing is told with the models
            if isinstance(resolve(name, settings), FoundryModel):
                found.append(name)
    return found
