"""The whole look at a service: where it is, what it has, what is wrong."""

import math
import time

import msgspec

from sprat.engines.foundry.service import troubles
from sprat.engines.foundry.service.command import Told, ask_command, version_told
from sprat.engines.foundry.service.find import USUAL, configured, where_set
from sprat.engines.foundry.service.models import LIST_S, ServiceModel, models_of
from sprat.engines.foundry.service.seen import Answerer, Kind, look
from sprat.engines.foundry.service.troubles import Trouble
from sprat.engines.glance import glance
from sprat.settings import Endpoint, Settings, is_here

_A_PAGE = "http://localhost:3000"
"""An origin as a page in development has it."""
_LISTS = 3
"""How many lists of models the older service has, one after the other."""


class Examination(msgspec.Struct, frozen=True, kw_only=True):
    """What was found. None: not known, because nothing answered or it does not say."""

    address: str | None = None
    """Up to and with `/v1`; None: there is none to look at."""
    found_by: str | None = None
    """What the address comes from."""
    kind: Kind = "nothing"
    version: str | None = None
    """Of this machine's command; the service itself does not say."""
    pid: int | None = None
    cache_folder: str | None = None
    """On the service's own machine."""
    pages_may_ask: bool | None = None
    """Whether a page of another origin is let in (CORS)."""
    models: tuple[ServiceModel, ...] | None = None
    troubles: tuple[Trouble, ...] = ()

    @property
    def usable(self) -> bool:
        """Whether nothing that was found keeps it from answering."""
        return all(trouble.state != "fault" for trouble in self.troubles)


def examine(
    settings: Settings,
    *,
    within_s: float = 2.0,
    command_s: float = 8.0,
    lists_s: float = LIST_S,
    total_s: float = math.inf,
    brief: bool = False,
) -> Examination:
    """Look for the service and at it: at most `within_s` for each of two looks.

    And `command_s` for the service's own command, which takes a second or two to start, where it
    is needed; and `lists_s` for each list of models, which takes seconds where there is no network.
    All together at most `total_s`: what comes last gets what is left. `brief` leaves out what
    keeps nobody from an answer: the command's version, and whether pages may ask.
    """
    ends_at = time.monotonic() + total_s

    def left(most_s: float) -> float:
        return max(0.05, min(most_s, ends_at - time.monotonic()))

    def whole(seen: Answerer, found_by: str, given: Endpoint | None) -> Examination:
        return _seen(seen, found_by, given, left(lists_s * _LISTS) / _LISTS, brief=brief)

    if given := configured(settings):
        seen = look(given.url, within_s=left(within_s), key=given.key)
        if seen.kind == "nothing":
            told = ask_command(left(command_s)) if is_here(given.url) else Told(installed=False)
            return _without(seen, where_set(), troubles.unanswered(seen, told))
        return whole(seen, where_set(), given)
    seen = look(USUAL, within_s=left(within_s))
    if seen.is_foundry:
        return whole(seen, "its usual port", None)
    told = ask_command(left(command_s))
    if told.address is None:
        wrong = troubles.unanswered(_usual(seen), told) if told.installed else None
        return Examination(troubles=(wrong or troubles.not_installed(),))
    seen = look(told.address, within_s=left(within_s))
    if seen.kind == "nothing":
        return _without(seen, told.words, troubles.unanswered(seen, told))
    return whole(seen, told.words, None)


def _usual(seen: Answerer) -> Answerer:
    """The usual port as a place where no Foundry Local is, whoever else may be there."""
    if seen.kind == "nothing":
        return seen
    return Answerer(root=seen.root, kind="nothing", why="another program is there")


def _without(seen: Answerer, found_by: str, wrong: Trouble) -> Examination:
    return Examination(address=seen.api, found_by=found_by, troubles=(wrong,))


def _seen(
    seen: Answerer, found_by: str, given: Endpoint | None, lists_s: float, *, brief: bool
) -> Examination:
    key = given.key if given else None
    models = models_of(seen, within_s=lists_s, key=key) if seen.kind != "other" else None
    asked = seen.is_foundry and not brief
    pages = _lets_pages_in(seen) if asked else None
    return Examination(
        address=seen.api,
        found_by=found_by,
        kind=seen.kind,
        version=version_told() if asked and is_here(seen.root) else None,
        pid=seen.pid,
        cache_folder=seen.cache_folder,
        pages_may_ask=pages,
        models=models,
        troubles=tuple(_troubles(seen, models, pages)),
    )


def _troubles(
    seen: Answerer, models: tuple[ServiceModel, ...] | None, pages: bool | None
) -> list[Trouble]:
    if not seen.is_foundry:
        return [troubles.not_foundry(seen)]
    found: list[Trouble] = []
    if models is not None and not any(m.cached is not False for m in models):
        found.append(troubles.no_models(seen))
    elif models and not any(m.loaded for m in models):
        found.append(troubles.cold(seen))
    if pages is False:
        found.append(troubles.pages(seen))
    return found


def _lets_pages_in(seen: Answerer) -> bool:
    answer = glance(f"{seen.api}/models", headers={"Origin": _A_PAGE})
    return answer.headers.get("access-control-allow-origin") in {"*", _A_PAGE}
