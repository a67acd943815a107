"""Foundry Local's service, where it is wanted or there."""

from collections.abc import Iterable

from sprat.cli.checks.finding import Check, fault, note, ok
from sprat.settings import Settings

LOOK_S = 1.0
COMMAND_S = 2.0
LISTS_S = 1.0
_NAME = "Foundry Local"


def check_foundry(settings: Settings) -> Iterable[Check]:
    """The service answers where it should; nothing is wrong where nobody wants it."""
    from sprat.engines.foundry.service.examine import examine

    found = examine(settings, within_s=LOOK_S, command_s=COMMAND_S, lists_s=LISTS_S)
    if "foundry" not in settings.endpoints and not found.address:
        (trouble,) = found.troubles
        if not _is_wanted(settings):
            yield ok(_NAME, "no service on this machine; no model of yours needs one")
        else:
            yield note(_NAME, trouble.what, fix=trouble.fix)
        return
    if found.usable:
        yield ok(_NAME, f"{found.address}, by {found.found_by}")
    for trouble in found.troubles:
        make = fault if trouble.state == "fault" else note
        yield make(_NAME, trouble.what, fix=trouble.fix)


def _is_wanted(settings: Settings) -> bool:
    return any(name.startswith("foundry") for name in (settings.small, settings.large))
