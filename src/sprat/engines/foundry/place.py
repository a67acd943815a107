"""Where a model of Foundry Local runs when no address is set: docs/decisions/foundry.md."""

from sprat.engines.foundry.catalogue import installed
from sprat.engines.foundry.registry import find
from sprat.engines.foundry.service import find_service
from sprat.models.names import EndpointModel, FoundryModel
from sprat.settings import Settings

FIND_S = 8.0
"""The service's own command, which knows its port, takes a second or two to start."""


def place_of(source: FoundryModel, settings: Settings) -> FoundryModel | EndpointModel:
    """The model itself, to be run in process, or the same at a service that was found here.

    What is held in process is run there. For anything else a service that runs is asked before
    the public catalogue, which would download what the service may have. Blocks for `FIND_S` at
    most, and for a moment where there is neither an answer at the usual port nor the command.
    """
    if installed() and find(source.alias, settings) is not None:
        return source
    service = find_service(settings, within_s=FIND_S)
    return (
        source if service is None else EndpointModel("foundry", service, source.alias, source.name)
    )
