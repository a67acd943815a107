"""Where the service is: as it was set, at its usual port, or as its own command says."""

import os
import time

import msgspec

from sprat.engines.foundry.service.command import ask_command
from sprat.engines.foundry.service.seen import look
from sprat.settings import Endpoint, Settings, root_of

USUAL = "http://127.0.0.1:5273/v1"
"""Where the workshop has it; the service itself takes a free port unless it is told one."""
VARIABLE = "FOUNDRY_LOCAL_ENDPOINT"

_LOOK_S = 1.0


def find_service(settings: Settings, *, within_s: float = 1.0) -> Endpoint | None:
    """The endpoint of Foundry Local's service; None when there is none on this machine.

    An address that was set is taken as it is, whether anything answers there or not: asking it
    tells what is wrong. Blocks for at most `within_s` seconds. Sprat's own gateway, which shares
    the usual port, is not taken for it.
    """
    if given := configured(settings):
        return given
    ends_at = time.monotonic() + within_s
    if look(USUAL, within_s=min(_LOOK_S, within_s / 2)).is_foundry:
        return Endpoint(url=USUAL)
    told = ask_command(ends_at - time.monotonic())
    if told.address is None:
        return None
    found = look(told.address, within_s=ends_at - time.monotonic())
    return Endpoint(url=found.api) if found.is_foundry else None


def configured(settings: Settings) -> Endpoint | None:
    """The endpoint that was set, with its address up to and with `/v1`; None when none was."""
    given = settings.endpoints.get("foundry")
    return msgspec.structs.replace(given, url=f"{root_of(given.url)}/v1") if given else None


def where_set() -> str:
    """What an endpoint that was set is set by."""
    return VARIABLE if os.environ.get(VARIABLE, "").strip() else "[endpoints.foundry] in sprat.toml"
